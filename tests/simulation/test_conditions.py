"""What a simulated runner may be asked, and the usual cadence."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.errors import BadInput
from retrorun.simulation.conditions import (
    BACKWARD_CADENCE_RATIO,
    CADENCE_RATIOS,
    FASTEST_M_S,
    SLOWEST_M_S,
    Conditions,
    Direction,
    forward_cadence_steps_min,
    usual_cadence_steps_min,
)

speeds = st.floats(SLOWEST_M_S, FASTEST_M_S)
directions: st.SearchStrategy[Direction] = st.sampled_from(["forward", "backward"])


def asked(**changes: Any) -> Conditions:
    usual = {"speed_m_s": 2.67, "direction": "forward", "cadence_steps_min": 170.0}
    return Conditions(**{**usual, **changes})


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"speed_m_s": 1.4}, r"speed_m_s is 1\.4, but must be from 1\.5 to 4 m/s\."),
        ({"speed_m_s": 4.1}, r"from 1\.5 to 4 m/s"),
        ({"speed_m_s": -2.67}, r"speed_m_s is -2\.67, but must be from 1\.5"),
        ({"gradient": 0.12}, r"gradient is 0\.12, but must be from -0\.05 to 0\.1 rise over run"),
        ({"gradient": -0.06}, r"from -0\.05 to 0\.1"),
        ({"mass_kg": 39}, "mass_kg is 39, but must be from 40 to 120 kg"),
        ({"mass_kg": 121}, "from 40 to 120 kg"),
        ({"height_m": 1.4}, r"height_m is 1\.4, but must be from 1\.45 to 2\.05 m"),
        ({"height_m": 175}, r"height_m is 175, but must be from 1\.45 to 2\.05 m"),
        ({"direction": "sideways"}, "direction is 'sideways', but must be forward or backward"),
        ({"cadence_steps_min": 80}, r"cadence_steps_min is 80, .*from 146\.4 to 179\.9 steps"),
        ({"cadence_steps_min": 185}, "to 179.9 steps a minute forward at this speed"),
        (
            {"cadence_steps_min": 160, "direction": "backward"},
            "from 163.6 to 213.4 steps a minute backward at this speed",
        ),
        ({"speed_m_s": math.nan}, "speed_m_s is nan"),
        ({"gradient": math.nan}, "gradient is nan"),
        ({"cadence_steps_min": math.inf}, "cadence_steps_min is inf"),
    ],
)
def test_what_is_outside_is_refused_with_its_range(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        asked(**wrong)


def test_a_refusal_says_why() -> None:
    with pytest.raises(BadInput, match="does not converge or nobody was measured"):
        asked(speed_m_s=9.0)


@pytest.mark.parametrize("gradient", [-0.05, 0.10])
@pytest.mark.parametrize("speed_m_s", [1.5, 4.0])
def test_the_ends_of_the_ranges_are_inside(speed_m_s: float, gradient: float) -> None:
    for direction, ratios in CADENCE_RATIOS.items():
        for ratio in ratios:
            cadence = round(ratio * forward_cadence_steps_min(speed_m_s), 1)
            asked(
                speed_m_s=speed_m_s,
                direction=direction,
                gradient=gradient,
                cadence_steps_min=cadence,
            )


def test_published_backward_cadences_can_be_asked_for() -> None:
    """1.11 (masumoto2015) to 1.37 (brennan2026) times forward."""
    least, highest = CADENCE_RATIOS["backward"]
    assert least <= 1.11
    assert highest >= 1.37


# --- cadence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speed_m_s", "strides_s", "accept"),
    [(2.5, 1.286, 1e-9), (3.5, 1.358, 1e-9), (4.5, 1.43, 0.01)],
)
def test_forward_cadence_is_that_of_fukuchi2017(
    speed_m_s: float, strides_s: float, accept: float
) -> None:
    assert forward_cadence_steps_min(speed_m_s) == pytest.approx(120 * strides_s, rel=accept)


def test_backward_cadence_is_what_brennan2026_measured() -> None:
    """195 steps a minute at 3 m/s, against 159 forward."""
    assert usual_cadence_steps_min(speed_m_s=3.0, direction="backward") == pytest.approx(195, abs=1)
    assert usual_cadence_steps_min(speed_m_s=3.0, direction="forward") == pytest.approx(
        159, abs=0.5
    )


@given(speeds, directions)
def test_the_usual_cadence_is_always_allowed(speed_m_s: float, direction: Direction) -> None:
    cadence = usual_cadence_steps_min(speed_m_s=speed_m_s, direction=direction)
    usual = Conditions(speed_m_s=speed_m_s, direction=direction, cadence_steps_min=cadence)
    assert usual.step_length_m == pytest.approx(60 * speed_m_s / cadence)
    assert usual.step_time_s == pytest.approx(60 / cadence)


@given(speeds)
def test_backward_steps_are_quicker(speed_m_s: float) -> None:
    forward, backward = (
        usual_cadence_steps_min(speed_m_s=speed_m_s, direction=direction)
        for direction in ("forward", "backward")
    )
    assert backward == pytest.approx(BACKWARD_CADENCE_RATIO * forward)


# --- directions ------------------------------------------------------------------------------


def test_backward_uphill_is_downhill_the_way_one_faces() -> None:
    forward, backward = (asked(direction=way, gradient=0.05) for way in ("forward", "backward"))
    assert (forward.velocity_m_s, forward.tilt) == (2.67, 0.05)
    assert (backward.velocity_m_s, backward.tilt) == (-2.67, -0.05)
    # Either way one climbs: the way along x times the rise along x.
    assert forward.velocity_m_s * forward.tilt == backward.velocity_m_s * backward.tilt
    assert forward.step_length_m == backward.step_length_m > 0


def test_conditions_survive_a_file() -> None:
    before = asked(direction="backward", gradient=0.05, mass_kg=60.0, height_m=1.6)
    assert Conditions(**json.loads(json.dumps(before.as_dict()))) == before
