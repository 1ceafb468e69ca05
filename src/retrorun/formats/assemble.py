"""From what a file said to a `Recording`: the one place where clocks and values are made sane.

Every reader hands over columns with absolute times; whatever had to be changed on the way is
counted and listed as a `Problem`, so that nothing is repaired in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.recording import Channel, Lap, Problem, Recording, Span

#: Values outside were never measured on a person who runs: sentinels, noise or damage.
POSSIBLE: Mapping[str, tuple[float, float]] = {
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
    "altitude_m": (-500.0, 20_000.0),
    "distance_m": (0.0, 1e7),
    "speed_m_s": (0.0, 150.0),
    "gradient": (-2.0, 2.0),
    "heart_rate_bpm": (1.0, 254.0),
    "rr_interval_s": (0.1, 10.0),
    "cadence_steps_min": (0.0, 500.0),
    "cadence_rev_min": (0.0, 300.0),
    "power_w": (0.0, 5_000.0),
    "temperature_c": (-90.0, 90.0),
    "contact_time_s": (0.0, 5.0),
    "contact_balance": (0.0, 1.0),
    "step_length_m": (0.0, 5.0),
    "vertical_oscillation_m": (0.0, 1.0),
    "vertical_ratio": (0.0, 1.0),
}

#: Before this moment consumer devices have no clock; FIT counts from the end of 1989. [Unix s]
CLOCK_SET_SINCE_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
#: Clocks that say more are damaged. [Unix s]
LATEST_DATE_S = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
#: Two samples this far apart are not of one activity: one of them has a wrong date. [s]
STRAY_S = 30 * 86_400.0
#: Samples swapped within this time are put in order; a larger jump back is a reset clock. [s]
SHUFFLE_S = 5.0
#: A device's own start, or a lap, further than this from any sample is damaged. [s]
NEAR_S = 6 * 3600.0


@dataclass(slots=True)
class Columns:
    """Channels of one clock as a file gives them: `unix_s` (n,), values (n,) or (n, axes)."""

    unix_s: NDArray[np.float64]
    values: dict[str, NDArray[np.floating]]
    units: dict[str, str] = field(default_factory=dict)
    what: str = "samples"  #: how the file calls its rows, for the list of problems


@dataclass(frozen=True, slots=True)
class Stretch:
    """A lap or a pause as a file gives it, in absolute time; `about` are fields of `Lap`."""

    start_unix_s: float
    end_unix_s: float
    about: Mapping[str, Any] = field(default_factory=dict)


def assemble(
    *,
    columns: Iterable[Columns],
    problems: Iterable[Problem] = (),
    start_unix_s: float | None = None,
    laps: Iterable[Stretch] = (),
    pauses: Iterable[Stretch] = (),
    **facts: Any,
) -> Recording:
    """Put clocks in order, refuse impossible values, make times relative, and freeze.

    `start_unix_s` is the device's own start, if it gave one; samples before it make the recording
    start earlier, so that no sample has a negative time. `facts` are further fields of
    `Recording`.
    """
    found = list(problems)
    clocks = [(part, repair_clock(part.unix_s, what=part.what)) for part in columns]
    for _, clock in clocks:
        found += clock.problems
    ticks = [clock.unix_s for _, clock in clocks if len(clock.unix_s)]
    start_s = origin_s(ticks, start_unix_s=start_unix_s)
    if start_unix_s is not None and start_s > start_unix_s:
        found.append(Problem("start far before the first sample", "session", "left out"))
    last_s = max((float(tick[-1]) for tick in ticks), default=np.inf)
    channels: dict[str, Channel] = {}
    for part, clock in clocks:
        time_s = clock.unix_s - start_s
        for name, raw in part.values.items():
            values = raw[clock.order] if clock.order is not None else raw
            values, impossible = refuse_impossible(name, values)
            found += impossible
            if not values.size or np.all(np.isnan(values)):
                continue
            if name in channels:
                found.append(Problem(f"{name} is there twice", part.what, "the first is used"))
            else:
                channels[name] = Channel(time_s, values, part.units.get(name))
    found += _refuse_null_island(channels)
    start_time = None
    if CLOCK_SET_SINCE_S <= start_s <= LATEST_DATE_S:
        start_time = datetime.fromtimestamp(start_s, UTC)
    elif any(np.ptp(c.time_s) > 0 for c in channels.values()):
        found.append(_clock_not_set(start_s))
    lap_spans, lost_laps = _relative(laps, start_s=start_s, last_s=last_s, what="laps")
    pause_spans, lost_pauses = _relative(pauses, start_s=start_s, last_s=last_s, what="pauses")
    return Recording(
        channels=channels,
        start_time=start_time,
        laps=tuple(Lap(span, **stretch.about) for span, stretch in lap_spans),
        pauses=tuple(span for span, _ in pause_spans),
        problems=(*found, *lost_laps, *lost_pauses),
        simulated="simulated" in str(facts.get("device", "")).lower(),
        **facts,
    )


def _relative(
    stretches: Iterable[Stretch], *, start_s: float, last_s: float, what: str
) -> tuple[list[tuple[Span, Stretch]], list[Problem]]:
    """Spans relative to the start; those that end before they begin or lie far off are lost."""
    given = list(stretches)
    kept = [
        (Span(max(s.start_unix_s - start_s, 0.0), s.end_unix_s - start_s), s)
        for s in given
        if max(s.start_unix_s, start_s) <= s.end_unix_s <= last_s + NEAR_S
    ]
    if len(kept) == len(given):
        return kept, []
    lost = Problem(
        f"{what} with impossible times", f"{len(given) - len(kept)} of {len(given)}", "left out"
    )
    return kept, [lost]


def origin_s(clocks: Iterable[NDArray[np.float64]], *, start_unix_s: float | None) -> float:
    """Unix time of the first moment of the recording; 0 where nothing tells. [s]"""
    first = min((float(clock[0]) for clock in clocks if len(clock)), default=None)
    if first is None:
        return start_unix_s or 0.0
    if start_unix_s is None or first - start_unix_s > NEAR_S:
        return first
    return min(first, start_unix_s)


@dataclass(frozen=True, slots=True)
class Clock:
    """Times that never fall, and the order in which the samples were put for it."""

    unix_s: NDArray[np.float64]
    order: NDArray[np.intp] | None
    problems: tuple[Problem, ...]


def repair_clock(unix_s: NDArray[np.float64], *, what: str = "samples") -> Clock:
    """Make times never fall, keep every sample, and say what was wrong.

    A sample without a believable time takes the one before it. Parts whose dates lie far apart
    (a clock that was set on the way) are joined to the longest. A clock that was set back goes
    on from where it was, in the order recorded; samples shuffled within seconds are sorted.
    """
    times = np.array(unix_s, dtype=np.float64)
    # No clock counts beyond; such numbers would only overflow below.
    times[~(np.abs(times) < 1e11)] = np.nan
    n, known = len(times), np.isfinite(times)
    if n and not known.any():
        lost = Problem(
            f"{what} without any time", f"all {n:,}", "order kept; no duration, no speed"
        )
        return Clock(np.zeros(n), None, (lost,))
    problems: list[Problem] = []
    if not known.all():
        problems.append(_counted(f"{what} without a time", ~known, "placed by their order"))
        times = _carry_forward(times, known)
    far = np.flatnonzero(np.abs(np.diff(times)) > STRAY_S)
    if len(far):
        times, moved = _join_parts(times, far)
        problems.append(_counted("dates far from the rest", moved, "moved to join the others"))
    order: NDArray[np.intp] | None = None
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        largest_s = float(-np.diff(times).min())
        shuffled = largest_s <= SHUFFLE_S or len(back) > max(3, 0.02 * n)
        problems.append(
            Problem(
                "clock jumps back",
                f"{len(back):,} of {n:,} {what}, by up to {largest_s:,.0f} s",
                "put in order" if shuffled else "order kept; the clock goes on from where it was",
            )
        )
        if shuffled:
            order = np.argsort(times, kind="stable")
            times = times[order]
        else:
            times = _go_on(times, back)
    if n > 2 and times[0] == times[-1]:
        problems.append(Problem("clock stands still", f"all {n:,} {what}", "no duration, no speed"))
    return Clock(times, order, tuple(problems))


def zone_offset_s(zone: str | None, *, at_unix_s: float | None) -> float | None:
    """The clock of a named time zone minus UTC at a moment; None where either is not known. [s]

    >>> zone_offset_s("Europe/Amsterdam", at_unix_s=1_777_622_400)
    7200.0
    """
    from zoneinfo import ZoneInfo

    if not zone or at_unix_s is None:
        return None
    try:
        offset = datetime.fromtimestamp(at_unix_s, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError, OverflowError):
        return None  # a zone that this computer does not know
    return offset.total_seconds() if offset is not None else None


def refuse_impossible(
    name: str, values: NDArray[np.floating]
) -> tuple[NDArray[np.floating], list[Problem]]:
    """Values outside what is physically possible become NaN; how many is a problem."""
    low, high = POSSIBLE.get(name, (-np.inf, np.inf))
    with np.errstate(invalid="ignore"):
        wrong = (values < low) | (values > high) | np.isinf(values)
    if not wrong.any():
        return values, []
    values = np.where(wrong, np.nan, values)
    rows = wrong if wrong.ndim == 1 else wrong.any(axis=1)
    return values, [_counted(f"{name} outside {low:g} to {high:g}", rows, "left out")]


def _usual_step_s(times: NDArray[np.float64]) -> float:
    """Median of the steps forward; 0 where there is none. [s]"""
    step = np.diff(times)
    step = step[(step > 0) & (step <= STRAY_S)]
    return float(np.median(step)) if len(step) else 0.0


def _go_on(times: NDArray[np.float64], back: NDArray[np.intp]) -> NDArray[np.float64]:
    """A clock set back, as if it had ticked on: each step back becomes one usual step."""
    step = np.diff(times)
    step[back] = _usual_step_s(times)
    ticking = np.empty_like(times)
    ticking[0] = times[0]
    ticking[1:] = times[0] + np.cumsum(step)
    return ticking


def _join_parts(
    times: NDArray[np.float64], far: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Parts dated far from the main part, moved to follow the part before (or precede it).

    The main part is the longest; one from before clocks were set only if no other is of size.
    """
    bounds = [0, *(far + 1).tolist(), len(times)]
    parts = [slice(a, b) for a, b in pairwise(bounds)]
    sizes = np.diff(bounds)
    is_set = times[bounds[:-1]] >= CLOCK_SET_SINCE_S
    believable = is_set & (sizes >= 0.1 * len(times))
    anchor = times[bounds[int(np.argmax(np.where(believable, sizes + len(times), sizes)))]]
    strays = [bool(abs(times[part][0] - anchor) > STRAY_S) for part in parts]
    usual_s = _usual_step_s(times)
    joined = times.copy()
    first = strays.index(False)
    for part, stray in zip(parts[first:], strays[first:], strict=True):
        if stray:
            joined[part] += joined[part.start - 1] + usual_s - joined[part][0]
    for part in reversed(parts[:first]):
        joined[part] += joined[part.stop] - usual_s - joined[part][-1]
    moved = np.repeat(strays, sizes)
    return joined, moved


def _carry_forward(times: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    last_known = np.maximum.accumulate(np.where(known, np.arange(len(times)), -1))
    first_known = int(np.argmax(known))
    return times[np.where(last_known < 0, first_known, last_known)]


def _refuse_null_island(channels: dict[str, Channel]) -> list[Problem]:
    """Position 0, 0 lies in the Gulf of Guinea: a receiver without a fix."""
    latitude, longitude = channels.get("latitude_deg"), channels.get("longitude_deg")
    if latitude is None or longitude is None or latitude.time_s is not longitude.time_s:
        return []
    nowhere = (latitude.values == 0) & (longitude.values == 0)
    if not nowhere.any():
        return []
    for name in ("latitude_deg", "longitude_deg"):
        kept = channels[name]
        values = np.where(nowhere, np.nan, kept.values)
        if np.all(np.isnan(values)):
            del channels[name]
        else:
            channels[name] = Channel(kept.time_s, values)
    return [_counted("position 0, 0", nowhere, "left out: the receiver had no fix")]


def _clock_not_set(start_s: float) -> Problem:
    if start_s == 0.0:
        return Problem("no date in the file", "whole file", "time of day unknown; durations hold")
    beyond = start_s > LATEST_DATE_S
    year = "a far future" if beyond else datetime.fromtimestamp(max(start_s, 0.0), UTC).year
    return Problem(
        "the device's clock was not set",
        f"starts in {year}",
        "date and time of day unknown; durations hold",
    )


def _counted(what: str, wrong: NDArray[np.bool_], effect: str) -> Problem:
    return Problem(what, f"{np.count_nonzero(wrong):,} of {wrong.size:,} samples", effect)
