"""Limits of the heart rate: published lines, told values, and what disproves them."""

from __future__ import annotations

import numpy as np
import pytest

from retrorun.errors import BadInput
from retrorun.physiology.heart_limits import (
    Limit,
    held_max_bpm,
    limits_of,
    max_bpm_from_age,
    vo2max_from_heart,
    why_max_is_disproved,
)


@pytest.mark.parametrize(("age", "bpm"), [(20, 194.0), (30, 187.0), (50, 173.0), (70, 159.0)])
def test_maximum_of_an_age_is_the_published_line(age: float, bpm: float) -> None:
    found = max_bpm_from_age(age)
    assert found is not None
    assert (found.value, found.source) == (pytest.approx(bpm), "estimated")


@pytest.mark.parametrize("age", range(20, 90, 10))
def test_another_study_s_line_lies_inside_the_interval(age: int) -> None:
    """211 - 0.64 age of 3,320 people (nes2013), of whom nine in ten are within ±17.8 bpm."""
    found = max_bpm_from_age(age)
    assert found is not None
    assert found.low < 211 - 0.64 * age < found.high
    assert (found.high - found.low) / 2 == pytest.approx(1.645 * 10.8, rel=0.001)


@pytest.mark.parametrize("age", [5, 18, 95])
def test_an_age_nobody_measured_has_no_maximum(age: float) -> None:
    assert max_bpm_from_age(age) is None
    assert limits_of(age_years=age).max_bpm is None


def test_told_values_carry_no_interval_and_go_before_estimates() -> None:
    limits = limits_of(age_years=40, resting_bpm=50, threshold_bpm=165, max_bpm=190)
    told = Limit(value=190.0, low=190.0, high=190.0, source="athlete", method="told")
    assert limits.max_bpm == told
    assert limits.resting_bpm is not None
    assert limits.resting_bpm.source == "athlete"
    assert limits_of(resting_bpm=50).max_bpm is None


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"resting_bpm": 190, "max_bpm": 185}, r"resting_bpm is 190 bpm, but must be below max"),
        ({"resting_bpm": 185, "max_bpm": 185}, r"resting_bpm is 185 bpm, but must be below max"),
        ({"threshold_bpm": 45, "resting_bpm": 50}, r"threshold_bpm is 45 bpm.* above resting_bpm"),
        ({"threshold_bpm": 185, "max_bpm": 185}, r"threshold_bpm is 185 bpm.* below max_bpm"),
        ({"max_bpm": 300}, r"max_bpm is 300 bpm, but must be between 30 and 230"),
        ({"resting_bpm": float("nan")}, r"resting_bpm is nan bpm"),
        ({"age_years": float("nan")}, r"age_years is nan"),
    ],
)
def test_what_contradicts_itself_is_refused(told: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        limits_of(**told)


def test_an_estimate_below_a_told_value_is_dropped() -> None:
    """At 80 the line says 152; a threshold of 160 was measured on this person."""
    assert limits_of(age_years=80, threshold_bpm=160).max_bpm is None


def test_a_maximum_counts_only_when_held_for_five_seconds() -> None:
    bpm = np.full(100, 150.0)
    bpm[10:14] = 199.0
    assert held_max_bpm(bpm) == 150.0
    bpm[14] = 198.0
    assert held_max_bpm(bpm) == 198.0
    bpm[12] = np.nan
    assert held_max_bpm(bpm) == 150.0


def test_a_held_higher_heart_rate_disproves_the_maximum_told_or_estimated() -> None:
    bpm = np.r_[np.full(60, 150.0), np.full(5, 189.0)]
    told, aged = limits_of(max_bpm=188).max_bpm, max_bpm_from_age(40)
    assert told is not None
    assert aged is not None
    assert why_max_is_disproved(bpm, told) == (
        "the heart rate held 189 bpm, above the athlete's maximum (188 bpm)"
    )
    assert "estimated from the age (180 bpm)" in why_max_is_disproved(bpm, aged)
    assert why_max_is_disproved(bpm[:64], told) == ""


@pytest.mark.parametrize("bpm", [[], [np.nan] * 9, [150.0], [150, 150, np.nan, 150, 150]])
def test_without_five_known_seconds_there_is_no_maximum(bpm: list[float]) -> None:
    assert held_max_bpm(np.array(bpm, float)) is None


def test_vo2max_of_the_heart_rate_ratio() -> None:
    """Four times the resting rate: 4 x 15.3 = 61.2, standard error 2.7 (uth2004)."""
    limits = limits_of(resting_bpm=48, max_bpm=192)
    assert limits.resting_bpm is not None
    assert limits.max_bpm is not None
    trained = vo2max_from_heart(
        resting_bpm=limits.resting_bpm, max_bpm=limits.max_bpm, well_trained_man=True
    )
    anybody = vo2max_from_heart(resting_bpm=limits.resting_bpm, max_bpm=limits.max_bpm)
    assert trained is not None
    assert anybody is not None
    assert trained.value == pytest.approx(61.2)
    assert trained.high - trained.value == pytest.approx(1.645 * 2.7, rel=0.001)
    assert anybody.value == pytest.approx(58.4)
    # The means of untrained men in their factor's own study: 41.3 ml/kg/min.
    assert anybody.low < 41.3 < anybody.high
    # A maximum from the age is less certain, so the result is.
    aged = max_bpm_from_age(23)
    assert aged is not None
    vaguer = vo2max_from_heart(resting_bpm=limits.resting_bpm, max_bpm=aged)
    assert vaguer is not None
    assert vaguer.high - vaguer.low > anybody.high - anybody.low


def test_a_resting_rate_above_the_maximum_gives_no_vo2max() -> None:
    high, low = limits_of(max_bpm=190).max_bpm, limits_of(max_bpm=60).max_bpm
    assert high is not None
    assert low is not None
    assert vo2max_from_heart(resting_bpm=high, max_bpm=low) is None
