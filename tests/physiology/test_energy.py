"""Power of moving forward and backward: against published figures, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrorun.gait import motion
from retrorun.physiology import energy, forward_cost
from retrorun.physiology.calibration import fit_running, fit_tested, joined, merge

LEVEL = np.zeros(1)


def power(way: str, gait: int, speed_m_s: float, gradient: float = 0.0) -> energy.Power:
    cost = {"forward": energy.forward, "backward": energy.backward}[way]
    return cost(np.array([gait]), np.array([speed_m_s]), np.array([gradient]))


def watts(way: str, gait: int, speed_m_s: float, gradient: float = 0.0) -> float:
    return float(power(way, gait, speed_m_s, gradient).w_kg[0])


def sd(found: energy.Power) -> float:
    return float(np.linalg.norm(found.errors_w_kg[0]))


def oxygen(w_kg: float) -> float:
    """ml/kg/min of a power, by the same energy of oxygen."""
    return w_kg * 60 / 20.9


# --- forward ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "published"),
    [
        # acsm2017 at six miles an hour, level: 3.5 + 0.2 * 160.8
        (forward_cost.acsm_running(np.array([2.68]), LEVEL), 35.66),
        # and walking at 80 m/min up 5 %: 3.5 + 8 + 7.2
        (forward_cost.acsm_walking(np.array([80 / 60]), np.array([0.05])), 18.7),
    ],
)
def test_the_college_equations_give_their_worked_examples(
    found: NDArray[np.float64], published: float
) -> None:
    assert oxygen(float(found[0])) == pytest.approx(published, rel=1e-3)


@pytest.mark.parametrize(
    ("gait", "speed_m_s", "vo2"),
    [(motion.WALK, 1.341, 12.42), (motion.RUN, 2.235, 27.15), (motion.WALK, 1.389, 15.9)],
    ids=["williford1998 walk", "williford1998 run", "kim2001 walk"],
)
def test_measured_forward_oxygen_lies_in_the_interval(
    gait: int, speed_m_s: float, vo2: float
) -> None:
    found = power("forward", gait, speed_m_s)
    assert abs(oxygen(float(found.w_kg[0])) - vo2) < 1.645 * oxygen(sd(found))


@pytest.mark.parametrize(
    ("gradient", "net_j_kg_m", "accept"),
    [(0.0, 3.40, 0.10), (0.45, 18.93, 0.15), (-0.2, 1.73, 0.20), (-0.45, 3.92, 0.25)],
)
def test_running_on_slopes_against_minetti2002(
    gradient: float, net_j_kg_m: float, accept: float
) -> None:
    speed = 2.5 if gradient <= 0 else 1.2  # nobody runs faster up 45 %
    net = (watts("forward", motion.RUN, speed, gradient) - 1.44) / speed
    assert net == pytest.approx(net_j_kg_m, rel=accept)


def test_forward_walking_and_running_change_over_where_abe2015_found_it() -> None:
    """Gross cost of walking and running is equal at 7.49 km/h, standard deviation 0.32."""
    speeds = np.linspace(1.8, 2.3, 501)
    walk = forward_cost.walking_w_kg(speeds, 0 * speeds)
    run = forward_cost.running_w_kg(speeds, 0 * speeds)
    crossing = speeds[np.argmin(np.abs(walk - run))] * 3.6
    assert crossing == pytest.approx(7.49, abs=2 * 0.32)


# --- backward ---------------------------------------------------------------------------------


def test_the_studied_range_is_judged_and_nothing_beyond() -> None:
    for gait, speeds in (
        (motion.WALK, {0.79: None, 0.85: True, 1.3: False, 1.9: True, 2.11: None}),
        (motion.RUN, {1.39: None, 1.5: True, 2.5: False, 3.5: False, 3.51: None}),
    ):
        for speed, extrapolated in speeds.items():
            found = power("backward", gait, speed)
            assert found.judged[0] == (extrapolated is not None), (gait, speed)
            if extrapolated is not None:
                assert found.extrapolated[0] == extrapolated


def test_nobody_measured_backward_downhill() -> None:
    assert not power("backward", motion.RUN, 2.5, -0.03).judged[0]
    assert power("backward", motion.RUN, 2.5, -0.01).judged[0]
    assert not power("backward", motion.RUN, 2.5, 0.26).judged[0]
    assert not power("backward", motion.WALK, 1.2, 0.13).judged[0]


def test_extrapolation_is_wider_than_measurement() -> None:
    inside, outside = power("backward", motion.RUN, 1.76), power("backward", motion.RUN, 1.74)
    assert sd(outside) / outside.w_kg[0] > 1.1 * sd(inside) / inside.w_kg[0]


def test_other_motions_and_unknown_speeds_have_no_power() -> None:
    assert not power("forward", motion.OTHER, 2.0).judged[0]
    assert not power("backward", motion.RUN, np.nan).judged[0]
    assert power("backward", motion.STILL, np.nan).judged[0]


@pytest.mark.parametrize("study", ["wright2001", "rasica2020", "masumoto2015", "williford1998"])
def test_a_study_left_out_leaves_a_ratio_near(study: str) -> None:
    without = energy.ratios(frozenset({study}))
    assert study not in without.running.studies
    assert without.running.value == pytest.approx(energy.ratios().running.value, rel=0.05)


@given(st.floats(0.85, 2.05), st.floats(0.0, 0.12))
def test_unknown_direction_lies_between_the_two(speed_m_s: float, gradient: float) -> None:
    ahead, back = (power(way, motion.WALK, speed_m_s, gradient) for way in ("forward", "backward"))
    for chance in (0.0, 0.3, 0.9, 1.0):
        found = energy.either(ahead, back, np.array([chance]))
        assert ahead.w_kg[0] <= found.w_kg[0] <= back.w_kg[0]
    certain = energy.either(ahead, back, np.array([1.0]))
    np.testing.assert_allclose(certain.errors_w_kg, back.errors_w_kg)


def test_an_unknown_direction_that_might_be_unmeasured_is_not_judged() -> None:
    ahead, back = (power(way, motion.RUN, 5.0) for way in ("forward", "backward"))
    assert not energy.either(ahead, back, np.array([0.5])).judged[0]
    assert energy.either(ahead, back, np.array([0.01])).judged[0]


# --- amounts ----------------------------------------------------------------------------------

pieces = st.lists(
    st.tuples(
        st.sampled_from([motion.STILL, motion.WALK, motion.RUN]),
        st.booleans(),
        st.floats(0.0, 4.0),
        st.floats(-0.1, 0.2),
        st.floats(0.1, 30.0),
    ),
    min_size=1,
    max_size=20,
)


def spent(
    rows: list[tuple[int, bool, float, float, float]], *, mass_kg: float = 70.0
) -> energy.Amount:
    codes, back, speed, slope, took = (np.array(column) for column in zip(*rows, strict=True))
    both = energy.backward(codes, speed, slope).where(back, energy.forward(codes, speed, slope))
    return energy.amount(both, took, np.ones(len(rows), bool), mass_kg=mass_kg, mass_sd=0.01)


@given(pieces, st.integers(0, 20))
def test_energy_adds_up_over_any_split(
    rows: list[tuple[int, bool, float, float, float]], at: int
) -> None:
    at = min(at, len(rows))
    whole = spent(rows)
    parts = [spent(part) for part in (rows[:at], rows[at:]) if part]
    assert sum(part.joules for part in parts) == pytest.approx(whole.joules, abs=1e-6)
    np.testing.assert_allclose(sum(p.errors_j for p in parts), whole.errors_j, atol=1e-6)


@given(pieces)
def test_energy_is_never_negative_and_grows_with_mass(
    rows: list[tuple[int, bool, float, float, float]],
) -> None:
    light, heavy = spent(rows, mass_kg=50.0), spent(rows, mass_kg=100.0)
    low, high = light.interval()
    assert 0 <= low <= light.joules <= high
    assert heavy.joules == pytest.approx(2 * light.joules)


def test_errors_of_one_person_do_not_average_out() -> None:
    """A hundred equal seconds are as uncertain, in per cent, as one."""
    one = spent([(motion.RUN, True, 2.5, 0.0, 1.0)])
    many = spent([(motion.RUN, True, 2.5, 0.0, 1.0)] * 100)
    assert many.sd_j / many.joules == pytest.approx(one.sd_j / one.joules)


def test_what_two_directions_share_cancels_in_their_difference() -> None:
    back, ahead = (spent([(motion.RUN, way, 2.5, 0.0, 60.0)]) for way in (True, False))
    more = back - ahead
    assert more.sd_j < 0.65 * np.hypot(back.sd_j, ahead.sd_j)
    # The ratio's own error above standing is what must be left, and nearly all that is left.
    own = np.linalg.norm([back.errors_j[energy.CAUSES.index(c)] for c in
                          ("backward_running", "person_backward")])  # fmt: skip
    assert own < more.sd_j < 1.3 * own


# --- equal effort -----------------------------------------------------------------------------


@given(st.floats(1.5, 3.4))
def test_the_speed_of_equal_power_costs_as_much(speed_m_s: float) -> None:
    codes = np.array([motion.RUN])
    back = watts("backward", motion.RUN, speed_m_s)
    faster = energy.equal_power_speed(np.array([back]), codes, LEVEL)
    gait = motion.RUN if faster[0] > 2.1 else motion.WALK
    assert faster[0] > speed_m_s
    assert watts("forward", gait, float(faster[0])) == pytest.approx(back, rel=0.02)


# --- by heart rate ----------------------------------------------------------------------------

BEATS = np.array([100.0, 120.0, 140.0, 160.0])
VO2 = np.array([15.0, 22.0, 29.0, 36.0])


def test_a_tested_line_gives_back_its_points() -> None:
    line = fit_tested(BEATS, VO2)
    assert line is not None
    np.testing.assert_allclose(line.power(BEATS).w_kg * 60 / 20.9, VO2)


def test_a_line_is_silent_beyond_its_points() -> None:
    line = fit_tested(BEATS, VO2)
    assert line is not None
    judged = line.power(np.array([89.0, 91.0, 169.0, 171.0])).judged
    np.testing.assert_array_equal(judged, [False, True, True, False])


@pytest.mark.parametrize(
    ("beats", "vo2"),
    [([140.0, 150.0], [20.0, 30.0]), ([140.0, 145.0, 150.0], [20.0, 25.0, 30.0]),
     ([100.0, 120.0, 140.0], [30.0, 25.0, 20.0]), ([], [])],
    ids=["two points", "too narrow", "falling", "none"],
)  # fmt: skip
def test_poor_points_make_no_line(beats: list[float], vo2: list[float]) -> None:
    assert fit_tested(np.array(beats), np.array(vo2)) is None


def test_running_makes_a_line_that_keeps_the_errors_of_its_equations() -> None:
    speed = np.repeat([2.2, 2.8, 3.4], 600).astype(float)
    codes = np.full(len(speed), motion.RUN)
    told = energy.forward(codes, speed, np.zeros(len(speed)))
    beats = 60 + 6.0 * told.w_kg
    line = fit_running(beats, told, np.ones(len(speed), bool))
    assert line is not None
    assert line.slope_w_kg_bpm == pytest.approx(1 / 6.0, rel=1e-6)
    found = line.power(beats[:1])
    both = joined(energy.forward(codes[:1], speed[:1], LEVEL), found)
    assert sd(both) > 0.9 * sd(energy.forward(codes[:1], speed[:1], LEVEL))
    assert merge([line, line]) is not None


def test_a_tested_line_narrows_and_pulls_the_estimate() -> None:
    line = fit_tested(BEATS, VO2)
    assert line is not None
    mechanical = power("forward", motion.RUN, 2.5)
    told = line.power(np.array([150.0]))
    both = joined(mechanical, told)
    between = sorted((float(mechanical.w_kg[0]), float(told.w_kg[0])))
    assert between[0] <= both.w_kg[0] <= between[1]
    assert sd(both) < min(sd(mechanical), sd(told))


def test_each_speaks_alone_where_the_other_is_silent() -> None:
    line = fit_tested(BEATS, VO2)
    assert line is not None
    mechanical = energy.forward(
        np.array([motion.RUN] * 3), np.array([2.5, np.nan, np.nan]), np.zeros(3)
    )
    told = line.power(np.array([np.nan, 150.0, np.nan]))
    both = joined(mechanical, told)
    assert both.w_kg[0] == mechanical.w_kg[0]
    assert both.w_kg[1] == told.w_kg[1]
    assert not both.judged[2]


def test_a_line_of_two_sessions_holds_where_both_do() -> None:
    low, high = (fit_tested(BEATS + more, VO2) for more in (0.0, 20.0))
    assert low is not None
    assert high is not None
    both = merge([low, high])
    assert both is not None
    assert (both.low_bpm, both.high_bpm) == (120.0, 160.0)
    assert both.power(np.array([140.0])).w_kg[0] * 60 / 20.9 == pytest.approx(25.5)


def test_more_power_than_anybody_has_is_not_judged() -> None:
    """Both the speed and the slope were studied, but not together."""
    assert not power("backward", motion.RUN, 3.5, 0.25).judged[0]
    steep = power("backward", motion.RUN, 3.0, 0.05)
    assert (steep.judged[0], steep.extrapolated[0]) == (True, False)
