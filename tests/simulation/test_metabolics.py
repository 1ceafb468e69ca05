"""What muscles cost: worked examples of both published formulas, and what must always hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("casadi")

from retrorun.simulation.body import Muscle, body
from retrorun.simulation.metabolics import bhargava, umberger
from retrorun.simulation.muscles import Fibre, force_length, force_velocity

PERSON = body(mass_kg=70, height_m=1.75)
MUSCLES = pytest.mark.parametrize("muscle", PERSON.muscles, ids=lambda muscle: muscle.name)
FASTEST = PERSON.constants["fastest_shortening"]

activations, lengths = st.floats(0.02, 1.0), st.floats(0.4, 1.6)
#: In optimal lengths a second; lengthening is positive.
shortening, lengthening = st.floats(-9.0, -0.5), st.floats(0.5, 9.0)
some_muscle = st.sampled_from(PERSON.muscles)

#: One kilogram, half of it slow fibres of 10 cm: figures that a hand can follow.
SIMPLE = Muscle(
    name="simple",
    group="simple",
    max_force_n=2000.0,
    mass_kg=1.0,
    optimal_fibre_m=0.1,
    tendon_slack_m=0.2,
    pennation_rad=0.0,
    neutral_length_m=0.3,
    tendon_strain=0.049,
    slow_share=0.5,
    moment_arms_m={},
)


def fibre_of(
    muscle: Muscle,
    *,
    activation: float,
    length: float = 1.0,
    speed: float = 0.0,
    active_n: float | None = None,
    isometric_n: float | None = None,
) -> Fibre:
    """A fibre at a length [optimal lengths] and speed [optimal lengths/s]."""
    if isometric_n is None:
        isometric_n = muscle.max_force_n * activation * float(force_length(length))
    if active_n is None:
        active_n = isometric_n * float(force_velocity(speed / FASTEST))
    return Fibre(
        unbalanced=0.0,
        length=length,
        speed_m_s=speed * muscle.optimal_fibre_m,
        active_n=active_n,
        isometric_n=isometric_n,
        damping_n=0.0,
        tendon_n=active_n,
        moments_nm={},
    )


def cost_w(muscle: Muscle, fibre: Fibre, activation: float, credit: float = 0.0) -> float:
    return float(bhargava(muscle, fibre, activation, lengthening_credit=credit))


def activation_w(muscle: Muscle, activation: float) -> float:
    """Heat of switching on, from the text of bhargava2004."""
    slow, fast = muscle.slow_share, 1 - muscle.slow_share
    angle = math.pi / 2 * activation
    return muscle.mass_kg * (40 * slow * math.sin(angle) + 133 * fast * (1 - math.cos(angle)))


def maintenance_w(muscle: Muscle, activation: float) -> float:
    slow, fast = muscle.slow_share, 1 - muscle.slow_share
    angle = math.pi / 2 * activation
    return muscle.mass_kg * (74 * slow * math.sin(angle) + 111 * fast * (1 - math.cos(angle)))


# --- worked by hand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "credit", "watts"),
    [
        # Switching on (40 + 133) / 2, holding (74 + 111) / 2, heat (0.16 1500 + 0.18 1000) 0.2
        # and work 1000 0.2.
        ({"speed": -2.0}, 0.0, 86.5 + 92.5 + 84 + 200),
        ({"speed": 2.0}, 0.0, 86.5 + 92.5),
        ({"speed": 2.0}, 1.0, 86.5 + 92.5 - 1.157 * 200),  # 0.157 of heat and all of the work
        ({"speed": -2.0, "length": 0.4}, 0.0, 86.5 + 46.25 + 84 + 200),
    ],
    ids=["shortening", "lengthening", "lengthening with credit", "shortening when short"],
)
def test_bhargava2004_by_hand(told: dict[str, Any], credit: float, watts: float) -> None:
    fibre = fibre_of(SIMPLE, activation=1.0, active_n=1000.0, isometric_n=1500.0, **told)
    assert cost_w(SIMPLE, fibre, 1.0, credit) == pytest.approx(watts, abs=2.0)


@pytest.mark.parametrize(
    ("told", "activation", "watts"),
    [
        # 1.5 (1.28 50 + 25) of activation and maintenance, 1.5 (25 2 / 2 + 15.3 2 / 2) of
        # shortening, 1000 0.2 of work.
        ({"speed": -2.0, "length": 0.7}, 1.0, 133.5 + 60.45 + 200),
        # Lengthening: 1.5 times 0.3 times the 25 of slow fibres, at 2 lengths a second; no work.
        ({"speed": 2.0, "length": 0.7}, 1.0, 133.5 + 22.5),
        # Long, at 0.6 of the isometric force: 0.4 + 0.6 0.6 of the first, 0.6 of the second.
        ({"speed": -2.0, "length": 1.5, "isometric_n": 1200.0}, 1.0, 101.46 + 36.27 + 200),
        # A quarter active: 0.25^0.6 of the first and 0.25² of the second; all of the work.
        ({"speed": -2.0, "length": 0.7, "isometric_n": 500.0}, 0.25, 58.11 + 3.78 + 200),
        # and 0.25 of the heat of lengthening.
        ({"speed": 2.0, "length": 0.7, "isometric_n": 500.0}, 0.25, 58.11 + 5.625),
    ],
    ids=["shortening", "lengthening", "long", "a quarter active", "a quarter, lengthening"],
)
def test_umberger2003_as_changed_in_umberger2010_by_hand(
    told: dict[str, Any], activation: float, watts: float
) -> None:
    settings = {"isometric_n": 2000.0, "active_n": 1000.0, **told}
    fibre = fibre_of(SIMPLE, activation=activation, **settings)
    assert float(umberger(SIMPLE, fibre, activation)) == pytest.approx(watts, rel=0.01)


# --- holding ---------------------------------------------------------------------------------


@MUSCLES
def test_holding_costs_the_heat_of_activation_and_maintenance_alone(muscle: Muscle) -> None:
    heat = activation_w(muscle, 1.0) + maintenance_w(muscle, 1.0)
    assert cost_w(muscle, fibre_of(muscle, activation=1.0), 1.0) == pytest.approx(heat, rel=0.02)


@pytest.mark.parametrize(
    ("length", "share"), [(0.4, 0.5), (0.75, 0.75), (1.0, 1.0), (1.25, 0.5), (1.5, 0.0), (1.7, 0.0)]
)
def test_maintenance_follows_the_length_of_the_fibre(length: float, share: float) -> None:
    """The corners of bhargava2004."""
    assert held_share(length) == pytest.approx(share, abs=0.03)


def held_share(length: float) -> float:
    """Share of the full heat of maintenance, without force."""
    fibre = fibre_of(SIMPLE, activation=1.0, length=length, active_n=0.0, isometric_n=0.0)
    return (cost_w(SIMPLE, fibre, 1.0) - 86.5) / 92.5


# --- shortening and lengthening --------------------------------------------------------------


def efficiencies(muscle: Muscle, activation: float) -> np.ndarray:
    """Work over metabolic energy at speeds to nine tenths of the fastest."""
    found = []
    for speed in np.linspace(0.02, 0.9, 45) * FASTEST:
        fibre = fibre_of(muscle, activation=activation, speed=-speed)
        work = float(fibre.active_n) * speed * muscle.optimal_fibre_m
        found.append(work / cost_w(muscle, fibre, activation))
    return np.array(found)


@MUSCLES
@pytest.mark.parametrize(("activation", "best"), [(0.1, 0.65), (0.5, 0.6), (1.0, 0.6)])
def test_shortening_turns_less_than_six_tenths_into_work(
    muscle: Muscle, activation: float, best: float
) -> None:
    """At a whisper a muscle of 50 N/cm² turns up to 0.62 into work: heat grows with its mass."""
    found = efficiencies(muscle, activation)
    assert (found > 0).all()
    assert found.max() < best


@MUSCLES
def test_the_best_speed_of_shortening_is_a_fifth_of_the_fastest(muscle: Muscle) -> None:
    speeds = np.linspace(0.02, 0.9, 45)
    assert speeds[efficiencies(muscle, 1.0).argmax()] == pytest.approx(0.2, abs=0.05)


@given(some_muscle, activations, lengths, lengthening)
def test_being_stretched_never_costs_less_than_switching_on(
    muscle: Muscle, activation: float, length: float, speed: float
) -> None:
    fibre = fibre_of(muscle, activation=activation, length=length, speed=speed)
    # Corners are rounded: a slow stretch gives back some thousandths.
    assert cost_w(muscle, fibre, activation) >= 0.99 * activation_w(muscle, activation)


@given(some_muscle, activations, lengths, lengthening)
def test_with_credit_being_stretched_costs_less_than_holding(
    muscle: Muscle, activation: float, length: float, speed: float
) -> None:
    still, stretched = (
        fibre_of(muscle, activation=activation, length=length, speed=rate) for rate in (0.0, speed)
    )
    credited = cost_w(muscle, stretched, activation, credit=1.0)
    assert credited < cost_w(muscle, still, activation, credit=1.0)
    assert credited < cost_w(muscle, stretched, activation)


@given(some_muscle, activations, lengths, shortening)
def test_shortening_costs_more_than_its_work(
    muscle: Muscle, activation: float, length: float, speed: float
) -> None:
    fibre = fibre_of(muscle, activation=activation, length=length, speed=speed)
    work = -float(fibre.active_n) * float(fibre.speed_m_s)
    assert cost_w(muscle, fibre, activation) > work
    assert float(umberger(muscle, fibre, activation)) > work


@given(some_muscle, activations, lengths, st.floats(-10, 10))
def test_a_muscle_always_costs_something(
    muscle: Muscle, activation: float, length: float, speed: float
) -> None:
    fibre = fibre_of(muscle, activation=activation, length=length, speed=speed)
    assert cost_w(muscle, fibre, activation) > 0
    assert float(umberger(muscle, fibre, activation)) > 0


@given(some_muscle, st.floats(0.02, 0.95), lengths, st.floats(-9, 9))
def test_more_activation_costs_more(
    muscle: Muscle, activation: float, length: float, speed: float
) -> None:
    less, more = (
        cost_w(muscle, fibre_of(muscle, activation=level, length=length, speed=speed), level)
        for level in (activation, activation + 0.05)
    )
    assert less < more
