"""Training load of a session: by heart rate (TRIMP, Edwards) and by what it felt like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.physiology.heart_limits import NO_MAX, Limits, why_max_is_disproved
from retrorun.physiology.heart_zones import TENTHS, seconds_between

Floats = NDArray[np.float64]
Sex = Literal["male", "female"]

#: Weight of a minute at the share x of the heart rate reserve, a exp(b x): it follows lactate in
#: tests of men and of women (banister1991). Much public code takes 0.64 for women as well. [-]
TRIMP_WEIGHTS: dict[Sex, tuple[float, float]] = {"male": (0.64, 1.92), "female": (0.86, 1.67)}

#: A minute in one of the five zones by maximum counts 1 to 5, below them nothing (edwards1993).
EDWARDS_WEIGHTS = np.array([0, 1, 2, 3, 4, 5])

#: Sums over less than this share of the session would pass for an easier session (convention).
LEAST_JUDGED = 0.9

#: The scale of effort that the session method uses (foster2001). [-]
LOWEST_RPE, HIGHEST_RPE = 0.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A training load in its own unit; None where not judged, and then `reason` says why."""

    value: float | None
    reason: str


def trimp(heart_rate_bpm: Floats, *, limits: Limits, sex: Sex | None) -> Load:
    """Training impulse: minutes x share of reserve x weight, summed over the seconds.

    `heart_rate_bpm` is clean, (n,) on a grid of 1 s, NaN where not judged. At a constant heart
    rate it is the published formula; over a varying one it is more than the formula gives for
    the mean, since hard minutes weigh more. A second below the resting heart rate is no exercise
    and adds nothing. Not judged without resting and maximum heart rate or sex, or where the
    recording disproves the maximum.
    """
    if sex is None:
        return _without("the sex, whose weights differ, is not known")
    if sex not in TRIMP_WEIGHTS:
        raise BadInput("sex", sex, "male or female")
    if limits.resting_bpm is None:
        return _without("the resting heart rate is not known")
    if reason := _why_not_by_max(heart_rate_bpm, limits):
        return _without(reason)
    assert limits.max_bpm is not None  # noqa: S101 - for mypy; the reason above has seen to it
    rest, top = limits.resting_bpm.value, limits.max_bpm.value
    share = (heart_rate_bpm[np.isfinite(heart_rate_bpm)] - rest) / (top - rest)
    share = share[share > 0]
    a, b = TRIMP_WEIGHTS[sex]
    return Load(value=float(np.sum(share * a * np.exp(b * share))) / 60.0, reason="")


def edwards(heart_rate_bpm: Floats, *, limits: Limits) -> Load:
    """Minutes in the five zones by maximum times 1 to 5; arguments as for `trimp`."""
    if reason := _why_not_by_max(heart_rate_bpm, limits):
        return _without(reason)
    assert limits.max_bpm is not None  # noqa: S101 - for mypy; the reason above has seen to it
    bounds = tuple(share * limits.max_bpm.value for share in TENTHS)
    seconds = seconds_between(heart_rate_bpm, bounds)
    return Load(value=float(seconds @ EDWARDS_WEIGHTS) / 60.0, reason="")


def session_rpe(*, rpe: float, duration_s: float) -> float:
    """Effort of the whole session, 0 to 10 as the athlete tells it, times its minutes.

    >>> session_rpe(rpe=5, duration_s=30 * 60)
    150.0
    """
    if not LOWEST_RPE <= rpe <= HIGHEST_RPE:
        raise BadInput("rpe", rpe, "between 0 and 10", "Tell how hard the whole session was.")
    if not 0 <= duration_s < np.inf:
        raise BadInput("duration_s", duration_s, "a finite time, not negative")
    return float(rpe) * duration_s / 60.0


def _without(reason: str) -> Load:
    return Load(value=None, reason=reason)


def _why_not_by_max(heart_rate_bpm: Floats, limits: Limits) -> str:
    if limits.max_bpm is None:
        return NO_MAX
    known = np.isfinite(heart_rate_bpm)
    if not known.any():
        return "no heart rate"
    if known.mean() < LEAST_JUDGED:
        return f"a heart rate is known for only {100 * known.mean():.0f} % of the time"
    return why_max_is_disproved(heart_rate_bpm, limits.max_bpm)
