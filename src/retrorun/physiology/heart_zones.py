"""Time in zones of heart rate: by maximum, by reserve, or by threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.physiology.heart import HIGHEST_BPM
from retrorun.physiology.heart_limits import NO_MAX, Limit, Limits, why_max_is_disproved

Floats = NDArray[np.float64]
Scheme = Literal["max", "reserve", "threshold"]

#: Zones begin at these shares of the maximum (edwards1993). The same shares of the reserve, from
#: resting to maximum (karvonen1957), are a common use and no finding (convention). [-]
TENTHS = (0.5, 0.6, 0.7, 0.8, 0.9)
TENTHS_NAMES = ("below", "1", "2", "3", "4", "5")
#: Zones of runners begin at these shares of the heart rate at threshold (friel2009). [-]
THRESHOLD_SHARES = (0.85, 0.90, 0.95, 1.00, 1.03, 1.06)
THRESHOLD_NAMES = ("1", "2", "3", "4", "5a", "5b", "5c")

#: What is most the athlete's own comes first (convention).
PREFERRED: tuple[Scheme, ...] = ("threshold", "reserve", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Seconds with a heart rate in [low, high).

    The lowest begins at 0. The highest is open: its `high_bpm` is the maximum it is made from, or
    where there is none the highest heart rate that is believed; seconds above count in it.
    """

    name: str
    low_bpm: float
    high_bpm: float
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Time in zones; both None where not judged, and then `reason` says why."""

    by: Scheme | None
    zones: tuple[Zone, ...] | None
    reason: str


def zones(heart_rate_bpm: Floats, *, limits: Limits, by: Scheme | None = None) -> Zones:
    """Seconds in every zone; `heart_rate_bpm` is clean, (n,) on a grid of 1 s, NaN not judged.

    The seconds of all zones together are the judged seconds. `by` is what the athlete wishes;
    without a wish it is the first of threshold, reserve and maximum whose limits are known. A
    maximum that the recording disproves is used for nothing.
    """
    schemes = PREFERRED if by is None else (by,)
    reasons = {scheme: _why_not(heart_rate_bpm, limits, scheme) for scheme in schemes}
    chosen = next((scheme for scheme in schemes if not reasons[scheme]), None)
    if chosen is None:
        # The last one wants the least: its reason is what to mend.
        return Zones(by=None, zones=None, reason=reasons[schemes[-1]])
    if not np.isfinite(heart_rate_bpm).any():
        return Zones(by=None, zones=None, reason="no heart rate")
    names, low_bpm, top_bpm = _bounds(limits, chosen)
    high_bpm = (*low_bpm[1:], max(top_bpm, low_bpm[-1]))
    seconds = seconds_between(heart_rate_bpm, low_bpm[1:])
    found = zip(names, low_bpm, high_bpm, seconds, strict=True)
    return Zones(
        by=chosen,
        zones=tuple(
            Zone(name=name, low_bpm=low, high_bpm=high, time_s=float(time_s))
            for name, low, high, time_s in found
        ),
        reason="",
    )


def seconds_between(heart_rate_bpm: Floats, bounds_bpm: tuple[float, ...]) -> NDArray[np.int64]:
    """Known seconds below, between and from `bounds_bpm` (k, rising) up: (k + 1,)."""
    known = heart_rate_bpm[np.isfinite(heart_rate_bpm)]
    zone = np.searchsorted(np.array(bounds_bpm), known, side="right")
    return np.bincount(zone, minlength=len(bounds_bpm) + 1)


def _why_not(heart_rate_bpm: Floats, limits: Limits, scheme: Scheme) -> str:
    if scheme == "threshold":
        return (
            "" if limits.threshold_bpm is not None else "the heart rate at threshold is not known"
        )
    if scheme not in ("reserve", "max"):
        raise BadInput("by", scheme, "max, reserve or threshold")
    if limits.max_bpm is None:
        return NO_MAX
    if scheme == "reserve" and limits.resting_bpm is None:
        return "the resting heart rate is not known"
    return why_max_is_disproved(heart_rate_bpm, limits.max_bpm)


def _bounds(limits: Limits, scheme: Scheme) -> tuple[tuple[str, ...], tuple[float, ...], float]:
    """Names, lower bounds and the nominal top of the zones of a scheme."""
    if scheme == "threshold":
        threshold = _value(limits.threshold_bpm)
        top = HIGHEST_BPM if limits.max_bpm is None else limits.max_bpm.value
        return THRESHOLD_NAMES, (0.0, *(s * threshold for s in THRESHOLD_SHARES)), top
    rest = _value(limits.resting_bpm) if scheme == "reserve" else 0.0
    top = _value(limits.max_bpm)
    return TENTHS_NAMES, (0.0, *(rest + s * (top - rest) for s in TENTHS)), top


def _value(limit: Limit | None) -> float:
    assert limit is not None  # noqa: S101 - `_why_not` has seen to it
    return limit.value
