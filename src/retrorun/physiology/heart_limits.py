"""Limits of the athlete's heart rate: told, or estimated with their spread, never guessed.

Zones and load are measured against them, so they are checked against the session: a heart that
beat faster than the maximum disproves the maximum, and what rests on it is then not judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d

from retrorun.errors import BadInput
from retrorun.intervals import Z90
from retrorun.physiology.heart import HIGHEST_BPM, LOWEST_BPM

Floats = NDArray[np.float64]

#: Maximum of healthy adults, 208 - 0.7 age, men and women alike (tanaka2001). [bpm], [bpm/year]
MAX_AT_BIRTH_BPM, MAX_LOSS_BPM_YEAR = 208.0, 0.7
#: People of one age differ by this standard error, measured in 3,320 of them (nes2013). [bpm]
MAX_ERROR_BPM = 10.8
#: Ages that the measurements cover: tested people were between 19 and 89 (nes2013). [years]
YOUNGEST_YEARS, OLDEST_YEARS = 19.0, 89.0

#: VO2max over the ratio of maximum and resting heart rate (uth2004). [ml/kg/min]
RATIO_FACTOR = 15.3
#: Its standard error in well-trained men, with the maximum measured and with it estimated from
#: the age (uth2004). [ml/kg/min]
TRAINED_ERROR, TRAINED_ERROR_BY_AGE = 2.7, 4.7
#: The factor of untrained men of 39 years, and how much they differ (castagna2022). [ml/kg/min]
UNTRAINED_FACTOR, UNTRAINED_FACTOR_SD = 14.6, 2.6

#: A heart rate counts as reached when it was held for so long (convention). [s]
HELD_S = 5


#: Why what is measured against the maximum is not judged.
NO_MAX = (
    "the maximum heart rate is not known, nor an age of 19 to 89 on a known date to estimate it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit; without an interval (low = value = high) where the athlete told it."""

    value: float
    low: float
    high: float
    source: Literal["athlete", "estimated"]
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What zones and load are measured against; None where neither told nor estimable."""

    resting_bpm: Limit | None
    threshold_bpm: Limit | None
    max_bpm: Limit | None


def max_bpm_from_age(age_years: float) -> Limit | None:
    """Maximum heart rate of a healthy adult, 208 - 0.7 age, with the 90 % interval of a person.

    None outside 19 to 89 years, where nobody was measured. The spread is that of single people
    around the line, not of the line: two in ten are outside ±14 bpm.

    >>> limit = max_bpm_from_age(40)
    >>> limit.value, round(limit.low), round(limit.high)
    (180.0, 162, 198)
    """
    _check_finite("age_years", age_years)
    if not YOUNGEST_YEARS <= age_years <= OLDEST_YEARS:
        return None
    value = MAX_AT_BIRTH_BPM - MAX_LOSS_BPM_YEAR * age_years
    half = Z90 * MAX_ERROR_BPM
    return Limit(
        value=value,
        low=value - half,
        high=value + half,
        source="estimated",
        method="208 - 0.7 age (tanaka2001), spread of people (nes2013)",
    )


def limits_of(
    *,
    age_years: float | None = None,
    resting_bpm: float | None = None,
    threshold_bpm: float | None = None,
    max_bpm: float | None = None,
) -> Limits:
    """Limits as the athlete tells them; an untold maximum is estimated from the age.

    A resting heart rate and a threshold are never estimated. What contradicts itself raises
    `BadInput`: resting and threshold must lie in order below a told maximum. An estimated one is
    too vague to refuse a told value; where it lies below a told value it is dropped (None).
    """
    for name, told in (
        ("resting_bpm", resting_bpm),
        ("threshold_bpm", threshold_bpm),
        ("max_bpm", max_bpm),
    ):
        if told is not None and not LOWEST_BPM <= told <= HIGHEST_BPM:
            raise BadInput(name, f"{told:g} bpm", f"between {LOWEST_BPM:g} and {HIGHEST_BPM:g}")
    if resting_bpm is not None and max_bpm is not None and resting_bpm >= max_bpm:
        raise BadInput("resting_bpm", f"{resting_bpm:g} bpm", f"below max_bpm ({max_bpm:g})")
    if threshold_bpm is not None:
        if resting_bpm is not None and threshold_bpm <= resting_bpm:
            wanted = f"above resting_bpm ({resting_bpm:g})"
            raise BadInput("threshold_bpm", f"{threshold_bpm:g} bpm", wanted)
        if max_bpm is not None and threshold_bpm >= max_bpm:
            raise BadInput(
                "threshold_bpm", f"{threshold_bpm:g} bpm", f"below max_bpm ({max_bpm:g})"
            )
    highest = max_bpm_from_age(age_years) if age_years is not None else None
    if max_bpm is not None:
        highest = _told(max_bpm)
    elif highest is not None and highest.value <= max(resting_bpm or 0.0, threshold_bpm or 0.0):
        highest = None
    return Limits(
        resting_bpm=None if resting_bpm is None else _told(resting_bpm),
        threshold_bpm=None if threshold_bpm is None else _told(threshold_bpm),
        max_bpm=highest,
    )


def _told(value: float) -> Limit:
    value = float(value)
    return Limit(value=value, low=value, high=value, source="athlete", method="told")


def _check_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise BadInput(name, value, "a finite number")


def held_max_bpm(heart_rate_bpm: Floats) -> float | None:
    """Highest heart rate held for five seconds without a gap; `heart_rate_bpm` is (n,) on 1 s.

    None where no five seconds on end are known. A single high reading is no maximum.
    """
    if len(heart_rate_bpm) < HELD_S:
        return None
    known = np.where(np.isfinite(heart_rate_bpm), heart_rate_bpm, -np.inf)
    half = HELD_S // 2
    held = float(minimum_filter1d(known, HELD_S)[half : len(known) - half].max())
    return held if math.isfinite(held) else None


def why_max_is_disproved(heart_rate_bpm: Floats, max_bpm: Limit) -> str:
    """Why the recorded heart rate, (n,) on 1 s, disproves the maximum; empty where it does not.

    Also an estimate is disproved, not lifted: that the heart reached 190 says that the maximum
    is at least 190, and how far above it lies is not known from this session.

    >>> limit = max_bpm_from_age(40)
    >>> why_max_is_disproved(np.full(60, 184.0), limit)
    'the heart rate held 184 bpm, above the maximum estimated from the age (180 bpm)'
    """
    held = held_max_bpm(heart_rate_bpm)
    if held is None or held <= max_bpm.value:
        return ""
    told = (
        "the athlete's maximum"
        if max_bpm.source == "athlete"
        else ("the maximum estimated from the age")
    )
    return f"the heart rate held {held:.0f} bpm, above {told} ({max_bpm.value:.0f} bpm)"


def vo2max_from_heart(
    *, resting_bpm: Limit, max_bpm: Limit, well_trained_man: bool = False
) -> Limit | None:
    """VO2max [ml/kg/min] from the ratio of maximum and resting heart rate: a rough estimate.

    The factor 15.3 holds for well-trained men of 21 to 51 years. For anybody else the factor
    14.6 ± 2.6 of untrained men is used, with their wide spread; women were not measured in
    either. The resting heart rate is one taken lying, after rest. The error of an estimated
    maximum is included. None where maximum and resting rate are out of order.

    >>> told = limits_of(resting_bpm=48, max_bpm=192)
    >>> found = vo2max_from_heart(
    ...     resting_bpm=told.resting_bpm, max_bpm=told.max_bpm, well_trained_man=True)
    >>> round(found.value, 1), round(found.low, 1), round(found.high, 1)
    (61.2, 56.8, 65.6)
    """
    if not 0 < resting_bpm.value < max_bpm.value:
        return None
    ratio = max_bpm.value / resting_bpm.value
    if well_trained_man:
        factor = RATIO_FACTOR
        error = TRAINED_ERROR if max_bpm.source == "athlete" else TRAINED_ERROR_BY_AGE
        method = "15.3 maximum / resting heart rate, measured in trained men only (uth2004)"
    else:
        factor = UNTRAINED_FACTOR
        by_max = factor * (max_bpm.high - max_bpm.low) / (2 * Z90) / resting_bpm.value
        error = math.hypot(UNTRAINED_FACTOR_SD * ratio, by_max)
        method = "14.6 maximum / resting heart rate, measured in men only (castagna2022)"
    value, half = factor * ratio, Z90 * error
    return Limit(
        value=value, low=value - half, high=value + half, source="estimated", method=method
    )
