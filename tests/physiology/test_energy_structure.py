"""What energy must do whatever its constants are."""

from __future__ import annotations

import numpy as np
import pytest

from retrorun.gait import motion
from retrorun.physiology import calibration, energy
from retrorun.physiology.forward_cost import STANDING_W_KG

RUN_M_S = np.linspace(1.75, 3.5, 8)
MYATT_M_S = np.array([0.89, 1.12, 1.34, 1.56, 1.79])
NOTHING = frozenset[str]()
TRANSITION = frozenset({"hreljac2005"})
WOMEN_UPHILL = frozenset({"dbpia8826885"})


def _forward(code: int, speed_m_s: np.ndarray, gradient: float | np.ndarray = 0.0) -> np.ndarray:
    slope = np.broadcast_to(gradient, speed_m_s.shape).astype(float)
    return energy.forward(np.full(len(speed_m_s), code), speed_m_s, slope).w_kg


def _backward(
    code: int,
    speed_m_s: np.ndarray,
    gradient: float | np.ndarray = 0.0,
    *,
    without: frozenset[str] = NOTHING,
) -> np.ndarray:
    slope = np.broadcast_to(gradient, speed_m_s.shape).astype(float)
    codes = np.full(len(speed_m_s), code)
    return energy.backward(codes, speed_m_s, slope, ratio=energy.ratios(without)).w_kg


def test_equal_oxygen_is_equal_energy_whatever_the_heart_rate_and_direction() -> None:
    vo2 = np.array([20.0, 32.0, 44.0])
    ahead = calibration.fit_tested(np.array([110.0, 140.0, 170.0]), vo2)
    back = calibration.fit_tested(np.array([120.0, 155.0, 190.0]), vo2)
    assert ahead is not None
    assert back is not None
    np.testing.assert_allclose(
        ahead.power(np.array([140.0])).w_kg, back.power(np.array([155.0])).w_kg, rtol=1e-12
    )


def test_the_forward_speed_of_equal_power_costs_the_same() -> None:
    codes, level = np.full(8, motion.RUN), np.zeros(8)
    back = _backward(motion.RUN, RUN_M_S)
    speed = energy.equal_power_speed(back, codes, level)
    fast = speed > energy.FORWARD_WALKING.wider_m_s[1]  # below, walking is cheaper
    assert fast.any()
    assert np.all(speed > RUN_M_S)
    ahead = energy.forward(codes, speed, level).w_kg
    np.testing.assert_allclose(ahead[fast], back[fast], rtol=1e-6)


@pytest.mark.parametrize("rest_w_kg", [STANDING_W_KG, 0.0])
def test_at_seven_tenths_of_the_speed_a_minute_backward_saves_a_little(rest_w_kg: float) -> None:
    # 0.90 to 0.95 where a metre costs the same at every speed. Here slow running is dearer a metre,
    # and fast running too: 0.87 to 0.98 from 2.2 to 4.0 m/s, inside only from 2.8 to 3.4 m/s.
    ahead_m_s = np.linspace(2.2, 4.0, 19)
    share = (_backward(motion.RUN, 0.7 * ahead_m_s) - rest_w_kg) / (
        _forward(motion.RUN, ahead_m_s) - rest_w_kg
    )
    assert np.all((share > 0.85) & (share < 1.0))
    middle = (ahead_m_s > 2.75) & (ahead_m_s < 3.45)
    assert np.all((share[middle] >= 0.90) & (share[middle] <= 0.95))


def test_a_kilometre_backward_costs_nearly_a_third_more() -> None:
    more = (_backward(motion.RUN, RUN_M_S) - STANDING_W_KG) / (
        _forward(motion.RUN, RUN_M_S) - STANDING_W_KG
    )
    assert np.all((more > 1.25) & (more < 1.35))


@pytest.mark.parametrize(
    ("without", "low", "high"),
    # Where people change over, and where they cost the same, with room. Without the study that
    # measured it, the curves cross at 2.03 m/s: a tenth off, and outside.
    [(NOTHING, 1.63, 2.0), (TRANSITION, 1.63, 2.07)],
)
def test_walking_backward_gives_way_to_running_where_people_found_it(
    without: frozenset[str], low: float, high: float
) -> None:
    speed = np.arange(1.4, 2.1, 0.002)
    walk, run = (_backward(code, speed, without=without) for code in (motion.WALK, motion.RUN))
    dearer = walk > run
    assert dearer.any()
    assert low < speed[dearer.argmax()] < high


@pytest.mark.parametrize("without", [NOTHING, TRANSITION])
def test_at_the_preferred_transition_running_backward_is_dearer(without: frozenset[str]) -> None:
    speed = np.array([1.63])
    walk, run = (_backward(code, speed, without=without) for code in (motion.WALK, motion.RUN))
    assert run[0] > walk[0]


def test_walking_backward_bends_upward_with_speed() -> None:
    slopes = np.diff(_backward(motion.WALK, MYATT_M_S)) / np.diff(MYATT_M_S)
    assert np.all(np.diff(slopes) > 0)


# Faster up such slopes takes more oxygen than anybody has, and is not judged.
@pytest.mark.parametrize("speed_m_s", [1.4, 1.6, 1.75])
def test_running_backward_uphill_is_a_straight_line(speed_m_s: float) -> None:
    slope = np.linspace(0.0, 0.25, 6)
    cost = _backward(motion.RUN, np.full(6, speed_m_s), slope)
    assert np.corrcoef(slope, cost)[0, 1] ** 2 > 0.98


@pytest.mark.parametrize(
    ("without", "low"),
    # Left out, it is predicted at 1.300, just below what they had.
    [(NOTHING, 1.31), (WOMEN_UPHILL, 1.29), (WOMEN_UPHILL | TRANSITION, 1.31)],
)
def test_walking_backward_uphill_costs_what_women_on_slopes_had(
    without: frozenset[str], low: float
) -> None:
    slope, speed = np.array([0.025, 0.05, 0.075, 0.10, 0.125]), np.full(5, 4 / 3.6)
    ratio = _backward(motion.WALK, speed, slope, without=without) / _forward(
        motion.WALK, speed, slope
    )
    assert np.all((ratio >= low) & (ratio <= 1.41))
