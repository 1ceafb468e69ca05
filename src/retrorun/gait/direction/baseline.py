"""What this athlete's watch shows while moving forward, against speed: the measure of anything odd.

A baseline is fitted from seconds that are known to be forward (the athlete's word, a lap's name, a
sensor on the body), walking and running apart. Each quantity is summed up in bins of speed, which
is robust and small, so that recordings can be merged: what differs between them, beyond their
speeds, is the difference between days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from retrorun.errors import BadInput
from retrorun.gait import motion, track

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A watch counts steps over some seconds, and its speed lags as much: all is averaged. [s]
SMOOTH_S = 11
#: Steeper either way nothing is read: step and heart answer to the slope. Convention. [-]
LEVEL = 0.03

#: The heart follows the work with a time constant of about half a minute: a second's work is read
#: in the heart rate this much later, and against the mean speed around it. Convention. [s]
HEART_LAG_S, HEART_WINDOW_S = 30, 61
#: It is read in steady stretches only: speed within this over the window, and within this of the
#: mean of the three minutes before (neither starting nor recovering). Conventions. [m/s, s]
STEADY_M_S, BEFORE_S = 0.3, 181

#: Bins of speed and how much a bin needs, two independent readings of a watch. Conventions.
#: [m/s, s]
BIN_M_S, BIN_S = 0.1, 60
#: Five minutes of forward movement make a line: some thirty independent readings, or five of the
#: heart. Convention. [s]
ENOUGH_S = 300
#: A slope is fitted where one recording spans this much speed, a bend where it spans that. [m/s]
SLOPE_FROM_M_S, BEND_FROM_M_S = 0.5, 1.5
#: The line holds this share of its span of speeds further out; beyond, nothing is judged. [-]
WIDER = 0.1

#: Where 90 % of a normal distribution lie, in standard deviations: of a tail that is heavier this
#: makes a wider spread than the quartiles would. [-]
NINETY = 1.645


class _Quantity(NamedTuple):
    """How a quantity is treated. The floors are conventions: no baseline is trusted further."""

    spread: float  #: floor of the spread of one reading about the line
    between_days: float  #: floor of the spread between days: shoes, ground, heat, tiredness
    bends: bool  #: whether a parabola may be fitted


#: Cadence and contact time in natural logarithms [-], heart rate in beats a minute.
QUANTITIES: Mapping[str, _Quantity] = {
    "cadence": _Quantity(0.03, 0.015, True),
    "contact_time": _Quantity(0.045, 0.02, True),
    "heart_rate": _Quantity(4.0, 5.0, False),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """What one second says of one quantity, (m,); NaN in both where it cannot be read."""

    speed_m_s: Floats
    value: Floats  #: log(steps/min), log(s), or bpm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """The readings of one recording in bins of speed, all (k,)."""

    speed_m_s: Floats
    value: Floats  #: median
    spread: Floats  #: standard deviation about it, from 90 % of the readings
    seconds: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One quantity of forward movement against speed."""

    coefficients: Floats  #: (3,) of 1, x, x² with x = speed − `middle_m_s`
    middle_m_s: float
    low_m_s: float  #: the slowest and the fastest speed observed
    high_m_s: float
    spread: float  #: of one reading about the line of its day
    between_days: float
    seconds: int
    parts: tuple[Bins, ...] = field(repr=False)  #: one for each recording


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaitBaseline:
    """The lines of one gait; None where too little was seen."""

    cadence: Line | None = None
    contact_time: Line | None = None
    heart_rate: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForwardBaseline:
    """This athlete's own forward walking and running."""

    walk: GaitBaseline = GaitBaseline()
    run: GaitBaseline = GaitBaseline()


def fit_baseline(curves: Mapping[str, Floats], forward: Bools) -> ForwardBaseline:
    """The baseline from one recording.

    Parameters
    ----------
    curves
        (m,) on whole seconds: `speed_m_s`, `motion` (codes of `motion.NAMES`), and what there is
        of `cadence_steps_min`, `step_length_m`, `contact_time_s`, `heart_rate_bpm`, `gradient`.
        Without the first two the baseline is empty. The speed must be measured (positions, a
        belt), not counted from steps.
    forward : (m,)
        The seconds known to be forward. Nothing else is learned from.
    """
    if any(len(curve) != len(forward) for curve in curves.values()):
        lengths = sorted({len(curve) for curve in curves.values()})
        raise BadInput("curves", lengths, f"as long as forward ({len(forward)})")
    walk, run = (
        {name: [_bins(read(curves, name, gait=int(gait), only=forward))] for name in QUANTITIES}
        for gait in (motion.WALK, motion.RUN)
    )
    return ForwardBaseline(walk=_baseline(walk), run=_baseline(run))


def merge_baselines(baselines: Sequence[ForwardBaseline]) -> ForwardBaseline:
    """One baseline from those of several recordings of the same athlete, fitted anew.

    Slopes come from within the recordings, so that an easy hot day and a fast cold one do not
    make a slope; their levels give the mean and the spread between days. A recording that was
    too short for a line of its own is lost.
    """
    walk, run = (
        {name: _parts(gaits, name) for name in QUANTITIES}
        for gaits in ([one.walk for one in baselines], [one.run for one in baselines])
    )
    return ForwardBaseline(walk=_baseline(walk), run=_baseline(run))


def forward_at(line: Line, speed_m_s: Floats) -> Floats:
    """What the line says at (m,) speeds; NaN beyond its speeds, widened by a tenth of the span."""
    x = speed_m_s - line.middle_m_s
    value: Floats = line.coefficients[0] + x * (line.coefficients[1] + x * line.coefficients[2])
    margin = WIDER * (line.high_m_s - line.low_m_s) + BIN_M_S / 2
    within = (speed_m_s >= line.low_m_s - margin) & (speed_m_s <= line.high_m_s + margin)
    return np.where(within, value, np.nan)


def read(
    curves: Mapping[str, Floats], name: str, *, gait: int, only: Bools | None = None
) -> Readings:
    """The readings of one of `QUANTITIES` in the seconds of a gait that are level.

    A gradient that is not known counts as level for the steps, not for the heart. Where there is
    no cadence it is made of speed and step length, which is the same said over again.
    """
    length = len(next(iter(curves.values()), ()))
    missing = np.full(length, np.nan)
    speed, gradient = (curves.get(key, missing) for key in ("speed_m_s", "gradient"))
    steep = np.abs(gradient) > LEVEL
    use = (curves.get("motion", missing) == gait) & (speed > 0) & ~steep
    use &= np.ones(length, dtype=bool) if only is None else only
    if name == "heart_rate":
        return _heart(curves.get("heart_rate_bpm", missing), speed, use & np.isfinite(gradient))
    value = (
        _cadence(curves, missing) if name == "cadence" else curves.get("contact_time_s", missing)
    )
    use &= value > 0
    log = np.log(value, out=missing.copy(), where=use)
    return _known(_smooth(speed, use), _smooth(log, use))


def _cadence(curves: Mapping[str, Floats], missing: Floats) -> Floats:
    """Steps a minute as counted, or else from speed and step length; NaN where no human steps."""
    counted = curves.get("cadence_steps_min", missing)
    step_m = curves.get("step_length_m", missing)
    made = 60 * np.divide(
        curves.get("speed_m_s", missing), step_m, out=missing.copy(), where=step_m > 0
    )
    cadence = np.where(np.isfinite(counted), counted, made)
    human = (cadence >= motion.LOWEST_CADENCE) & (cadence <= motion.HIGHEST_CADENCE)
    return np.where(human, cadence, np.nan)


def _heart(bpm: Floats, speed: Floats, use: Bools) -> Readings:
    """Heart rate half a minute later against the speed around each second, where all is steady."""
    pace = _smooth(speed, use)
    around = _mean(pace, HEART_WINDOW_S)
    square = _mean(pace**2, HEART_WINDOW_S) - around**2
    before = _later(_mean(speed, BEFORE_S), -(BEFORE_S // 2))
    steady = (square <= STEADY_M_S**2) & (np.abs(around - before) <= STEADY_M_S)
    value = _later(_smooth(bpm, bpm > 0), HEART_LAG_S)
    return _known(np.where(steady & use, around, np.nan), value)


def _later(values: Floats, seconds: int) -> Floats:
    """What is there so many seconds later (or before, where negative); NaN beyond the ends."""
    at = np.arange(len(values)) + seconds
    inside = (at >= 0) & (at < len(values))
    out = np.full(len(values), np.nan)
    out[inside] = values[at[inside]]
    return out


def _mean(values: Floats, seconds: int) -> Floats:
    """Centred mean; NaN wherever the window holds one or reaches over an end."""
    bad = (~np.isfinite(values)).astype(np.float64)
    touched = uniform_filter1d(bad, seconds, mode="constant", cval=1.0) > 1e-9
    return np.where(touched, np.nan, track.running_mean(values, samples=seconds))


def _smooth(values: Floats, use: Bools) -> Floats:
    """Mean of the used values over `SMOOTH_S`, at used seconds with at least half of them."""
    kept = np.where(use, values, np.nan)
    share = track.running_mean(np.isfinite(kept).astype(np.float64), samples=SMOOTH_S)
    mean = track.running_mean(kept, samples=SMOOTH_S)
    return np.where(use & (share >= 0.5), mean, np.nan)


def _known(speed: Floats, value: Floats) -> Readings:
    both = np.isfinite(speed) & np.isfinite(value)
    return Readings(speed_m_s=np.where(both, speed, np.nan), value=np.where(both, value, np.nan))


# --- from readings to lines --------------------------------------------------------------------


def _bins(found: Readings) -> Bins:
    known = np.isfinite(found.value)
    speed, value = found.speed_m_s[known], found.value[known]
    number = np.floor(speed / BIN_M_S).astype(np.intp)
    order = np.argsort(number, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    rows = [
        (speed[g].mean(), middle, np.quantile(np.abs(value[g] - middle), 0.9) / NINETY, len(g))
        for g in groups
        if len(g) >= BIN_S
        for middle in (np.median(value[g]),)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Bins(speed_m_s=table[:, 0], value=table[:, 1], spread=table[:, 2], seconds=table[:, 3])


def _parts(gaits: Sequence[GaitBaseline], name: str) -> list[Bins]:
    lines: list[Line | None] = [getattr(one, name) for one in gaits]
    return [part for line in lines if line is not None for part in line.parts]


def _baseline(parts: Mapping[str, Sequence[Bins]]) -> GaitBaseline:
    return GaitBaseline(**{name: _line(parts[name], how) for name, how in QUANTITIES.items()})


def _line(parts: Sequence[Bins], how: _Quantity) -> Line | None:
    """One slope and bend for all recordings and a level for each; None where too little is known.

    Weighted least squares of the bins' medians.
    """
    parts = [part for part in parts if len(part.seconds)]
    speed, value, spread, seconds = (
        np.concatenate([getattr(part, name) for part in parts] or [np.empty(0)])
        for name in ("speed_m_s", "value", "spread", "seconds")
    )
    if seconds.sum() < ENOUGH_S:
        return None
    middle = float(np.average(speed, weights=seconds))
    day = np.repeat(np.arange(len(parts)), [len(part.seconds) for part in parts])
    levels = (day[:, None] == np.arange(len(parts))).astype(np.float64)
    shape = (speed - middle)[:, None] ** np.arange(1, 1 + _degree(parts, how))
    design, weight = np.hstack([levels, shape]), np.sqrt(seconds)[:, None]
    solved = np.linalg.lstsq(design * weight, value * weight[:, 0], rcond=None)[0]
    level, curved = solved[: len(parts)], solved[len(parts) :]
    variance = np.average(spread**2 + (value - design @ solved) ** 2, weights=seconds)
    days = float(np.std(level, ddof=1)) if len(parts) > 1 else 0.0
    return Line(
        coefficients=np.concatenate([[level.mean()], curved, np.zeros(2 - len(curved))]),
        middle_m_s=middle,
        low_m_s=float(speed.min()),
        high_m_s=float(speed.max()),
        spread=max(float(np.sqrt(variance)), how.spread),
        between_days=max(days, how.between_days),
        seconds=int(seconds.sum()),
        parts=tuple(parts),
    )


def _degree(parts: Sequence[Bins], how: _Quantity) -> int:
    """0 for a level, 1 for a slope, 2 for a bend, by the widest span of speed in one recording."""
    span = max(float(np.ptp(part.speed_m_s)) for part in parts)
    return int(span >= SLOPE_FROM_M_S) + int(how.bends and span >= BEND_FROM_M_S)
