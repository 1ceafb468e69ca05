"""Heart rate at the same speed in both directions, against made sessions whose truth is known."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from retrorun.physiology.heart_response import Response, response

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Session(NamedTuple):
    """One made session on a grid of 1 s, and the arguments of `response`."""

    bpm: Floats
    speed_m_s: Floats
    gradient: Floats
    moving: Bools
    forward: Bools
    backward: Bools

    def judged(self) -> Response:
        return response(
            self.bpm,
            speed_m_s=self.speed_m_s,
            gradient=self.gradient,
            moving=self.moving,
            forward=self.forward,
            backward=self.backward,
        )


def made(
    seed: int,
    *,
    difference_bpm: float = 12.0,
    drift_bpm_h: float = 5.0,
    repetitions: int = 8,
    repetition_s: int = 120,
    rest_s: int = 0,
    backward_m_s: float = 2.5,
    slope_bpm: float = 0.0,
) -> Session:
    """Standing, then forward and backward in turn; the heart rises with 25 s, falls with 60 s.

    Steady it is 75 bpm at rest and 135 bpm at 2.5 m/s forward, 25 bpm more a m/s, plus
    `slope_bpm` for a gradient of 0.05. Noise of 2 bpm remembers itself for 20 s; the display
    rounds to whole beats.
    """
    rng = np.random.default_rng(seed)
    rows = [(300, 0.0, 0)]
    for _ in range(repetitions):
        for way, speed_m_s in ((1, 2.5), (2, backward_m_s)):
            rows.append((repetition_s, speed_m_s + rng.normal(0, 0.15), way))
            rows.append((rest_s, 0.0, 0))
    last_s, speed, way = (
        np.repeat(column, [row[0] for row in rows]) for column in zip(*rows, strict=True)
    )
    n = len(last_s)
    gradient = (
        np.where((np.arange(n) // 90) % 3 == 0, 0.05, 0.0) if slope_bpm else np.full(n, np.nan)
    )
    moving = way > 0
    steady = np.where(moving, 135 + 25 * (speed - 2.5) + difference_bpm * (way == 2), 75)
    steady = steady + drift_bpm_h * np.arange(n) / 3600
    steady = steady + slope_bpm * moving * (np.nan_to_num(gradient) > 0)
    bpm, state = np.empty(n), steady[0]
    for at, target in enumerate(steady):
        state += (target - state) / (25 if target > state else 60)
        bpm[at] = state
    kept = np.exp(-1 / 20)
    noise = lfilter([np.sqrt(1 - kept**2)], [1, -kept], rng.normal(0, 2, n + 200))[200:]
    return Session(np.round(bpm + noise), speed, gradient, moving, way == 1, way == 2)


@pytest.mark.parametrize(
    ("difference_bpm", "rest_s"), [(12.0, 0), (0.0, 0), (12.0, 60)], ids=["", "none", "rests"]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(
    difference_bpm: float, rest_s: int
) -> None:
    """40 sessions: fewer than 31 of 40 hits would come once in 100 times from a 90 % interval."""
    hits, drift_hits, halves = 0, 0, []
    for seed in range(40):
        found = made(seed, difference_bpm=difference_bpm, rest_s=rest_s).judged()
        assert found.same_speed is not None
        assert found.drift_bpm_h is not None
        told = found.same_speed.difference_bpm
        hits += told.low <= difference_bpm <= told.high
        drift_hits += found.drift_bpm_h.low <= 5.0 <= found.drift_bpm_h.high
        halves.append((told.high - told.low) / 2)
    assert hits >= 31
    assert drift_hits >= 31
    assert np.mean(halves) < 2.5


def test_both_values_and_the_heart_s_own_times_are_found() -> None:
    found = made(5, rest_s=60).judged()
    assert found.same_speed is not None
    same = found.same_speed
    # The truth at the mean backward speed, half way through the drift of 5 bpm/h.
    hours = 0.5 * (300 + 16 * 180) / 3600
    forward = 135 + 25 * (same.speed_m_s - 2.5) + 5 * hours
    assert same.forward_bpm.value == pytest.approx(forward, abs=2.5)
    assert same.backward_bpm.value == pytest.approx(forward + 12, abs=2.5)
    assert same.difference_bpm.value == pytest.approx(
        same.backward_bpm.value - same.forward_bpm.value
    )
    assert found.rise_s == pytest.approx(25, rel=0.25)
    assert found.fall_s == pytest.approx(60, rel=0.25)
    assert found.spread_bpm == pytest.approx(2, rel=0.3)


def test_plain_means_of_the_stretches_would_miss_the_truth() -> None:
    """Why there is a model: without rests the means differ by far less than the 12 bpm."""
    plain, modelled = [], []
    for seed in range(20):
        session = made(seed)
        known = session.judged().same_speed
        assert known is not None
        modelled.append(known.difference_bpm.value)
        later = session.forward & (np.cumsum(session.backward) > 0)
        plain.append(session.bpm[session.backward].mean() - session.bpm[later].mean())
    assert np.mean(plain) < 8
    assert np.mean(modelled) == pytest.approx(12, abs=0.6)


def test_a_known_slope_is_taken_out() -> None:
    session = made(3, slope_bpm=10.0, rest_s=60)
    told = session.judged().same_speed
    untold = session._replace(gradient=np.full(len(session.bpm), np.nan)).judged().same_speed
    assert told is not None
    assert untold is not None
    width = told.difference_bpm.high - told.difference_bpm.low
    assert told.difference_bpm.low <= 12 <= told.difference_bpm.high
    assert width < untold.difference_bpm.high - untold.difference_bpm.low


def test_gaps_in_heart_rate_and_speed_change_little() -> None:
    whole = made(4, rest_s=60)
    bpm, speed = whole.bpm.copy(), whole.speed_m_s.copy()
    bpm[700:800] = np.nan
    speed[1500:1505] = np.nan
    speed[2000:2060] = np.nan
    full = whole.judged().same_speed
    holed = whole._replace(bpm=bpm, speed_m_s=speed).judged().same_speed
    assert full is not None
    assert holed is not None
    assert holed.difference_bpm.low <= 12 <= holed.difference_bpm.high
    assert holed.difference_bpm.value == pytest.approx(full.difference_bpm.value, abs=1.0)


def test_one_long_block_of_each_is_not_told_from_time() -> None:
    session = made(6, repetitions=1, repetition_s=600)
    found = session.judged()
    assert found.same_speed is None
    assert "only 1 backward stretch of 30 s or more" in found.same_speed_reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"backward_m_s": 1.5}, "forward was always faster than the mean backward speed of 1.5"),
        ({"backward_m_s": 3.5}, "forward was always slower than the mean backward speed of 3.5"),
        ({"repetitions": 1, "repetition_s": 110}, "only 110 s forward with heart rate and speed"),
    ],
)
def test_what_cannot_be_compared_says_why(changes: dict[str, float], reason: str) -> None:
    found = made(0, **changes).judged()  # type: ignore[arg-type]
    assert found.same_speed is None
    assert reason in found.same_speed_reason


def test_a_heart_rate_that_follows_nothing_is_refused() -> None:
    session = made(0)
    noise = np.random.default_rng(0).uniform(60, 200, len(session.bpm) // 5 + 1)
    found = session._replace(bpm=np.repeat(noise, 5)[: len(session.bpm)]).judged()
    assert (found.same_speed, found.drift_bpm_h) == (None, None)
    assert "strays by" in found.same_speed_reason


def test_drift_needs_no_backward_running() -> None:
    session = made(2, difference_bpm=0.0)
    nowhere = np.zeros(len(session.bpm), bool)
    found = session._replace(forward=session.moving, backward=nowhere).judged()
    assert found.same_speed is None
    assert found.same_speed_reason.startswith("only 0 s backward")
    assert found.drift_bpm_h is not None
    assert found.drift_bpm_h.low <= 5 <= found.drift_bpm_h.high


def test_a_short_session_has_no_drift() -> None:
    found = made(2, repetitions=3, repetition_s=60).judged()
    assert found.drift_bpm_h is None
    assert "less than 10 min of motion" in found.drift_reason


@pytest.mark.parametrize("n", [0, 1, 4, 300])
@pytest.mark.parametrize("bpm", [np.nan, 0.0, 255.0, 150.0])
@pytest.mark.parametrize("speed_m_s", [np.nan, 2.5])
def test_bad_input_gives_reasons_and_nothing_else(n: int, bpm: float, speed_m_s: float) -> None:
    yes = np.ones(n, bool)
    for backward in (yes, ~yes, np.arange(n) % 100 < 50):
        found = response(
            np.full(n, bpm),
            speed_m_s=np.full(n, speed_m_s),
            gradient=np.full(n, np.nan),
            moving=yes,
            forward=~backward,
            backward=backward,
        )
        assert bool(found.same_speed_reason) == (found.same_speed is None)
        assert found.drift_bpm_h is None


@pytest.mark.parametrize("seed", range(12))
def test_holes_anywhere_leave_an_interval_or_a_reason(seed: int) -> None:
    rng = np.random.default_rng(seed)
    session = made(seed, repetitions=int(rng.integers(1, 9)), rest_s=int(rng.integers(0, 90)))
    n = len(session.bpm)
    bpm, speed = session.bpm.copy(), session.speed_m_s.copy()
    bpm[rng.random(n) < 0.1 * (seed % 5)] = np.nan
    speed[rng.random(n) < 0.05 * (seed % 3)] = np.nan
    for hole in rng.integers(0, n, 4):
        bpm[hole : hole + 120] = np.nan
        speed[hole + 300 : hole + 340] = np.nan
    found = session._replace(bpm=bpm, speed_m_s=speed, gradient=rng.normal(0, 0.05, n)).judged()
    assert bool(found.same_speed_reason) == (found.same_speed is None)
    assert bool(found.drift_reason) == (found.drift_bpm_h is None)
    if found.same_speed is not None:
        for one in (found.same_speed.difference_bpm, found.same_speed.forward_bpm):
            assert -np.inf < one.low < one.value < one.high < np.inf


def test_a_backward_stretch_without_heart_rate_does_not_count() -> None:
    session = made(0, repetitions=2, repetition_s=150)
    bpm = session.bpm.copy()
    bpm[750:900] = np.nan
    found = session._replace(bpm=bpm).judged()
    assert "only 1 backward stretch" in found.same_speed_reason


def test_a_constant_belt_over_a_whole_session_does_not_crash() -> None:
    session = made(0)
    found = session._replace(bpm=np.full(len(session.bpm), 150.0)).judged()
    if found.same_speed is not None:
        assert found.same_speed.difference_bpm.value == pytest.approx(0, abs=0.01)


def test_six_hours_take_a_moment() -> None:
    session = made(0, repetitions=89)
    assert len(session.bpm) > 21_600
    spent = []
    for _ in range(3):
        before = time.process_time()
        session.judged()
        spent.append(time.process_time() - before)
    assert min(spent) < 0.6
