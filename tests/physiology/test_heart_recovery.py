"""The fall of the heart rate in the minute after a repetition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retrorun.physiology.heart_recovery import Recovery, recoveries

#: Seconds and motion, r run, w walk, s still; capitals are backward.
Plan = list[tuple[int, str]]


def told(plan: Plan, bpm: NDArray[np.float64] | None = None) -> tuple[Recovery, ...]:
    kind = np.repeat([what for _, what in plan], [s for s, _ in plan])
    beats = np.full(len(kind), 150.0) if bpm is None else bpm
    lower = np.char.lower(kind) if len(kind) else kind
    moving = lower != "s"
    return recoveries(
        beats,
        running=lower == "r",
        walking=lower == "w",
        forward=moving & (kind == lower),
        backward=moving & (kind != lower),
    )


def test_the_fall_of_an_exponential_is_the_known_one() -> None:
    """From 180 towards 100 with 60 s: after 60 s, 80 (1 - 1/e) = 50.6 have gone."""
    after = 100 + 80 * np.exp(-np.arange(1, 121) / 60)
    bpm = np.r_[np.full(120, 180.0), after]
    (found,) = told([(120, "R"), (120, "s")], bpm)
    # The mean of 56 to 60 s stands for 60 s: on this curve 0.99 bpm less has gone.
    assert found == Recovery(end_s=120, way="backward", drop_bpm=found.drop_bpm)
    assert found.drop_bpm == pytest.approx(50.6, abs=1.1)


@pytest.mark.parametrize(
    ("plan", "ends"),
    [
        ([(60, "r"), (60, "s")], [(60, "forward")]),
        ([(59, "r"), (60, "s")], []),
        ([(60, "r"), (59, "s")], []),
        ([(60, "r"), (30, "w"), (30, "s")], [(60, "forward")]),
        ([(90, "r"), (90, "w"), (90, "s")], [(90, "forward"), (180, "forward")]),
        ([(60, "w"), (60, "r")], []),
        ([(60, "W"), (60, "s")], [(60, "backward")]),
        ([(60, "r"), (60, "R"), (60, "w")], [(120, "backward")]),
        ([(30, "r"), (30, "R"), (60, "s")], [(60, "unknown")]),
        ([(40, "r"), (4, "w"), (40, "r"), (30, "w"), (3, "r"), (30, "w")], [(84, "forward")]),
        ([(120, "r"), (30, "s"), (120, "r"), (60, "s")], [(270, "forward")]),
        ([(600, "s")], []),
        ([], []),
    ],
)
def test_repetitions_end_where_the_plan_says(plan: Plan, ends: list[tuple[int, str]]) -> None:
    assert [(one.end_s, one.way) for one in told(plan)] == ends


def test_where_the_heart_rate_is_missing_the_repetition_stays_without_a_fall() -> None:
    bpm = np.r_[np.full(60, 180.0), np.full(60, 140.0)]
    bpm[116:120] = np.nan
    assert told([(60, "r"), (60, "s")], bpm) == (Recovery(end_s=60, way="forward", drop_bpm=None),)


def test_a_belt_that_falls_off_says_nothing() -> None:
    assert all(one.drop_bpm is None for one in told([(60, "r"), (60, "s")], np.full(120, np.nan)))
