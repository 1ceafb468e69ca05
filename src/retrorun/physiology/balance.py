"""How even and how upright somebody moves: step asymmetry, harmonic ratio, trunk lean.

All figures are about one person, one day and one way of wearing the sensor: their intervals hold
no systematic error of the device or of how it sits. None is a verdict about anybody's balance.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.special import stdtrit

from retrorun.gait.form import Mean, mean_of
from retrorun.gait.motion import STILL_M_S2
from retrorun.signals import USABLE_BAND

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

#: Symmetry of walking settled after 15 to 20 strides, those of starting and stopping among them
#: (tura2012). Nobody published a number for the harmonic ratio itself: it takes the same.
FEWEST_STRIDES = 20

#: Mean posture needs fewer: means over 10 cycles repeat well from day to day (konig2014).
FEWEST_LEAN_STRIDES = 10

#: Two times that should be the same contact differ by less: no contact is that sharp. [s]
SAME_S = 1e-3

#: No sensor on a body measures more (100 g): damaged numbers. [m/s²]
LARGEST_M_S2 = 981.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A figure with its 90 % interval, or why there is none."""

    mean: Mean | None
    reason: str | None = None


def not_judged(reason: str) -> Judgement:
    return Judgement(mean=None, reason=reason)


def too_few(strides: int, *, wanted: int) -> Judgement:
    return not_judged(f"{strides} whole steady strides, wanted at least {wanted}")


# --- step asymmetry ---------------------------------------------------------------------------

#: Shortest batch of steps: an error of one contact reaches into three neighbouring differences,
#: and six hold that (their spread is then 7 % too small at most).
BATCH = 6

#: Batches that a long recording is cut into, each of the same number of steps (law2015).
BATCHES = 20

#: Fewest degrees of freedom of the spread between batches (convention).
FEWEST_FREE = 3

#: How far the signed asymmetry of detected contacts lay from that of annotated ones: root mean
#: square over six people who walked forward, in shares of a step (measured here). Shank, waist and
#: chest are taken to be like foot and sacrum; running and backward were never measured.
DETECTOR_ERROR = MappingProxyType(
    {"foot": 0.055, "shank": 0.055, "sacrum": 0.016, "waist": 0.016, "chest": 0.016}
)

#: Student's 95 % quantile for an error known from six people.
_SIX_PEOPLE = float(stdtrit(6, 0.95))


def step_asymmetry(
    start_s: ArrayLike,
    *,
    stride_time_s: ArrayLike,
    step_time_s: ArrayLike,
    seen_by: str | None,
    left: ArrayLike | None = None,
) -> Judgement:
    """Difference of the mean left and right step time over the mean step time, never negative.

    The size of a noisy difference is positive even where both sides are alike. So the signed
    difference is averaged, with its spread from batches, and the size most likely under both is
    given: 0 where the difference is below its own standard error. The interval (90 %, by
    likelihood) begins at 0 wherever no difference is possible.

    Parameters
    ----------
    start_s, stride_time_s, step_time_s : (k,)
        Of `strides_of_both_feet` or `strides_of_two_feet`, sorted by start; step times are NaN
        where the other foot was not seen. [s]
    seen_by : str or None
        Part of the body whose sensor found the contacts, as `strides_of` names it; the interval
        is widened by what that detector is known to err. None: contacts without such an error.
    left : (k,) of bool, optional
        Whether a stride begins with the left foot. Without it sides are known within each
        unbroken run of steps alone, and runs may be joined either way round.

    Returns
    -------
    Judgement, [-]. Two sensors whose clocks differ by 10 ms make an asymmetry of 0.06 in running
    that is not in the interval.
    """
    if seen_by is not None and seen_by not in DETECTOR_ERROR:
        return not_judged(f"nobody measured how well {seen_by} tells left from right")
    start, stride, step = _columns(start_s, stride_time_s, step_time_s)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(start) & (stride > 0) & (step > 0) & (step < stride)
    side = None if left is None else np.asarray(left, dtype=bool)[known]
    alone = bool(len(step)) and not np.isfinite(step).any()
    start, stride, step = start[known], stride[known], step[known]
    strides = len(_in_turn(start, stride))
    if strides < FEWEST_STRIDES:
        if alone:
            return not_judged("one foot alone: when the other one lands is not known")
        return too_few(strides, wanted=FEWEST_STRIDES)
    difference = (2 * step - stride) / (stride / 2)
    runs = _runs(start, step)
    if side is None:
        signed = [_alternating(difference[a:b]) for a, b in runs]
    else:
        signed = [difference[a:b] * np.where(side[a:b], 1.0, -1.0) for a, b in runs]
    size = max(BATCH, len(difference) // BATCHES)
    batches = [_batch_means(run, size) for run in signed if len(run) >= size]
    if side is not None and batches:
        batches = [np.concatenate(batches)]
    found = _size_of(batches)
    if found is None:
        return not_judged("steps come in too short runs to know their spread")
    value, low, high = found
    detector = 0.0 if seen_by is None else _SIX_PEOPLE * DETECTOR_ERROR[seen_by]
    low = max(value - float(np.hypot(value - low, detector)), 0.0)
    high = value + float(np.hypot(high - value, detector))
    return Judgement(mean=Mean(value=value, low=low, high=high, strides=strides))


def _runs(start: Floats, step: Floats) -> list[tuple[int, int]]:
    """Half-open spans of strides each of which begins where the step of the last one ended."""
    broken = np.abs(start[1:] - start[:-1] - step[:-1]) > SAME_S
    edges = [0, *(np.flatnonzero(broken) + 1).tolist(), len(start)]
    return list(itertools.pairwise(edges))


def _alternating(values: Floats) -> Floats:
    return values * np.where(np.arange(len(values)) % 2 == 0, 1.0, -1.0)


def _batch_means(values: Floats, size: int) -> Floats:
    return np.array([part.mean() for part in np.array_split(values, len(values) // size)])


def _size_of(groups: Sequence[Floats]) -> tuple[float, float, float] | None:
    """Likeliest |mean| and its 90 % interval from groups of batches, each of unknown sign.

    The likelihood of a size is the mean of the normal densities at plus and minus it. Where
    groups differ by more than their spread allows, the spread is widened to that (birge1932).
    """
    free = sum(len(group) - 1 for group in groups)
    if free < FEWEST_FREE:
        return None
    middles = np.array([group.mean() for group in groups])
    pooled = sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / free
    errors = np.sqrt(pooled / np.array([len(group) for group in groups]))
    if errors.max() < 1e-9:
        value = float(np.average(np.abs(middles), weights=1 / np.maximum(errors, 1e-12)))
        return value, value, value
    if len(groups) > 1:
        centre = float(np.average(np.abs(middles), weights=errors**-2))
        spread = float((((np.abs(middles) - centre) / errors) ** 2).sum()) / (len(groups) - 1)
        errors = errors * np.sqrt(max(spread, 1.0))
    reach = 6 * errors.max()
    sizes = np.linspace(
        max(float(np.abs(middles).min() - reach), 0.0), np.abs(middles).max() + reach, 4001
    )
    near, far = (-0.5 * ((middles[:, None] + s * sizes) / errors[:, None]) ** 2 for s in (-1, 1))
    likelihood = np.logaddexp(near, far).sum(axis=0)
    inside = sizes[likelihood >= likelihood.max() - 0.5 * stdtrit(free, 0.95) ** 2]
    return float(sizes[likelihood.argmax()]), float(inside[0]), float(inside[-1])


# --- harmonic ratio ---------------------------------------------------------------------------

#: Harmonics of the stride: the sums are over ten even and ten odd ones (menz2003, after smidt1971).
HARMONICS = 20

#: Points a stride: more than twice the highest harmonic.
POINTS = 128

#: A vertical acceleration with less in it is a constant. [m/s²]
FLAT_M_S2 = 1e-3

#: Odd harmonics below this share of the even ones are rounding, not a person. [-]
ROUNDING = 1e-9


def harmonic_ratio(
    time_s: ArrayLike, acc_m_s2: ArrayLike, *, start_s: ArrayLike, stride_time_s: ArrayLike
) -> Judgement:
    """Even over odd harmonics of the trunk's vertical acceleration, stride by stride.

    A trunk that does the same in both steps has even harmonics of the stride alone; what differs
    between the steps is odd. So this is a symmetry of the two steps (bellanca2013), often called
    smoothness. It falls at speeds away from the preferred one (lowry2012): compare like speeds. Up
    is the direction of the mean acceleration of each stride, which is gravity.

    Parameters
    ----------
    time_s, acc_m_s2 : (n,), (n, 3)
        Specific force of a sensor on the trunk, axes any way, gravity included.
    start_s, stride_time_s : (k,)
        Steady strides on the same clock; of strides that overlap every other one is used.

    Returns
    -------
    Judgement, [-]; 1 where both steps share nothing, with no upper end. Strides with a gap, and
    strides so quick for the rate that not all 20 harmonics were recorded, are left out.
    """
    time, acc, start, stride = clean(time_s, acc_m_s2, start_s, stride_time_s)
    rate_hz = rate_of(time)
    turn = _in_turn(start, stride)
    start, stride = start[turn], stride[turn]
    recorded = USABLE_BAND * rate_hz * stride >= HARMONICS
    if np.count_nonzero(recorded) < FEWEST_STRIDES <= len(stride):
        need_hz = HARMONICS / USABLE_BAND / float(np.median(stride))
        return not_judged(
            f"sampled at {rate_hz:.0f} Hz; {HARMONICS} harmonics of these strides need"
            f" {need_hz:.0f}"
        )
    acc = on_grid(time, acc, start[recorded], stride[recorded], points=POINTS)
    if len(acc) < FEWEST_STRIDES:
        return too_few(len(acc), wanted=FEWEST_STRIDES)
    size = np.abs(np.fft.rfft(_vertical(acc), axis=1))[:, 1 : HARMONICS + 1] * 2 / POINTS
    odd, even = size[:, 0::2].sum(axis=1), size[:, 1::2].sum(axis=1)
    if np.median(odd + even) < FLAT_M_S2:
        return not_judged("the vertical acceleration does not change")
    lasting = odd > ROUNDING * even
    if np.count_nonzero(lasting) < FEWEST_STRIDES:
        return not_judged("no odd harmonics at all: no person moves so evenly")
    ratio = even[lasting] / odd[lasting]
    return Judgement(mean=mean_of(ratio, strides=len(ratio)))


def _vertical(acc: Floats) -> Floats:
    """(k, points) of (k, points, 3) along each stride's mean."""
    mean = acc.mean(axis=1)
    up = mean / np.maximum(np.linalg.norm(mean, axis=1), 1e-9)[:, None]
    vertical: Floats = np.einsum("kpi,ki->kp", acc, up)
    return vertical


# --- trunk lean -------------------------------------------------------------------------------

#: Standing that counts: seconds of one stretch after its ends are cut, and of all (convention).
STRETCH_S, ENDS_S, STANDING_S = 2.0, 0.5, 5.0

#: One stretch of standing alone does not tell how differently its owner stands; this much from
#: one to the next is taken to be usual (convention: nobody's measurement). [deg]
POSTURE_DEG = 1.5

#: The mean specific force of whole steady strides is gravity. Where its length differs more from
#: that of standing the sensor was clipped or the strides were not steady (convention). [-]
SAME_GRAVITY = 0.05

#: Nobody runs upright on a lean of more: the sensor slipped or the standing was no standing
#: (convention). [deg]
LARGEST_LEAN_DEG = 45.0


def trunk_lean(
    time_s: ArrayLike,
    acc_m_s2: ArrayLike,
    *,
    start_s: ArrayLike,
    stride_time_s: ArrayLike,
    standing_s: ArrayLike,
    left: ArrayLike | None,
) -> Judgement:
    """How far the trunk leans while moving, against the same person's standing; forward positive.

    Over whole steady strides the acceleration of the body averages out and gravity remains, so
    the tilt of the sensor between standing and moving is the tilt of the trunk; where the sensor
    sits and how it is turned cancels out. A speed that changes by 1 m/s in 30 s adds 0.2 degrees,
    and the trunk's own turning about half a degree; neither is in the interval. At the sacrum the
    tilt is the pelvis's, at the chest the upper trunk's.

    Parameters
    ----------
    time_s, acc_m_s2 : (n,), (n, 3)
        Specific force of a sensor on the trunk.
    start_s, stride_time_s : (k,)
        Steady strides on the same clock.
    standing_s : (m, 2)
        Begin and end of stretches of quiet standing, the sensor worn as in the strides. [s]
    left : (3,) or None
        Unit vector to the wearer's left in the axes of the sensor (`balance_side`). Without it
        there is no lean: the size of a tilt alone mixes forward, backward and sideways, and noise
        makes it grow.

    Returns
    -------
    Judgement, [deg]; the interval holds the spread of strides and of standing.
    """
    time, acc, start, stride = clean(time_s, acc_m_s2, start_s, stride_time_s)
    if left is None:
        return not_judged("which way the sensor faces is not known, so a lean has no sign")
    turn = _in_turn(start, stride)
    moving = on_grid(time, acc, start[turn], stride[turn], points=POINTS)
    if len(moving) < FEWEST_LEAN_STRIDES:
        return too_few(len(moving), wanted=FEWEST_LEAN_STRIDES)
    standing, seconds = _standing(time, acc, standing_s)
    if seconds < STANDING_S:
        return not_judged(f"{seconds:.0f} s of quiet standing, wanted at least {STANDING_S:.0f}")
    gravity = moving.mean(axis=1)
    still, away = np.linalg.norm(standing, axis=1), np.linalg.norm(gravity, axis=1)
    apart = float(np.median(away) / max(float(np.median(still)), 1e-9)) - 1
    if abs(apart) > SAME_GRAVITY:
        return not_judged(
            f"whole strides average {1 + apart:.0%} of gravity: clipped, or not steady strides"
        )
    upright = np.median(standing / still[:, None], axis=0)
    side = _across(np.asarray(left, dtype=np.float64), upright)
    if side is None:
        return not_judged("the side given is no horizontal direction")
    lean, posture = (_forward_deg(rows, upright, side) for rows in (gravity, standing))
    if abs(float(np.median(lean))) > LARGEST_LEAN_DEG:
        return not_judged(
            f"more than {LARGEST_LEAN_DEG:.0f} degrees from standing: worn anew in between?"
        )
    mean = mean_of(lean, strides=len(lean))
    if mean is None:
        return too_few(len(lean), wanted=FEWEST_LEAN_STRIDES)
    own = _half_interval(posture)
    value, half = mean.value - float(posture.mean()), float(np.hypot(mean.high - mean.value, own))
    return Judgement(
        mean=Mean(value=value, low=value - half, high=value + half, strides=mean.strides)
    )


def _standing(time: Floats, acc: Floats, standing_s: ArrayLike) -> tuple[Floats, float]:
    """Mean acceleration of every usable stretch of standing, (m, 3), and how long they last."""
    means, seconds = [], 0.0
    for begin, end in np.asarray(standing_s, dtype=np.float64).reshape(-1, 2):
        inside = (time >= begin + ENDS_S) & (time < end - ENDS_S)
        rows, clock = acc[inside], time[inside]
        if len(rows) < 2 or clock[-1] - clock[0] < STRETCH_S - 2 / rate_of(time):
            continue
        if float(np.sqrt(rows.var(axis=0).sum())) < STILL_M_S2 and rows.any():
            means.append(rows.mean(axis=0))
            seconds += float(clock[-1] - clock[0]) + 1 / rate_of(time)
    return np.array(means).reshape(-1, 3), seconds


def _across(left: Floats, upright: Floats) -> Floats | None:
    """The part of `left` that is perpendicular to up, as a unit vector."""
    if left.shape != (3,) or not np.isfinite(left).all():
        return None
    up = upright / max(float(np.linalg.norm(upright)), 1e-9)
    level = left - (left @ up) * up
    length = float(np.linalg.norm(level))
    # More than 60 degrees off the horizontal plane, it was no direction to the side.
    return level / length if length > 0.5 * float(np.linalg.norm(left)) > 0 else None


def _forward_deg(rows: Floats, upright: Floats, side: Floats) -> Floats:
    """Lean of each row about the side axis: a trunk that leans ahead sees up move behind it."""
    ahead = np.cross(side, upright)
    return np.degrees(np.arctan2(-(rows @ ahead), rows @ upright * np.linalg.norm(ahead)))


def _half_interval(posture_deg: Floats) -> float:
    """Half of the 90 % interval of the mean posture of standing, never less than convention."""
    n = len(posture_deg)
    usual = 1.645 * POSTURE_DEG / np.sqrt(n)
    if n < 3:
        return float(usual)
    return float(max(stdtrit(n - 1, 0.95) * posture_deg.std(ddof=1) / np.sqrt(n), usual))


# --- what they share --------------------------------------------------------------------------


def clean(
    time_s: ArrayLike, values: ArrayLike, start_s: ArrayLike, stride_time_s: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Samples with rising times and believable values; strides with a beginning and a length."""
    time, rows = believable(time_s, values)
    if len(time) > 1:  # two samples at nearly one time would bend the spline
        apart = np.r_[True, np.diff(time) > 0.2 / rate_of(time)]
        time, rows = time[apart], rows[apart]
    start, stride = _columns(start_s, stride_time_s)
    with np.errstate(invalid="ignore"):
        real = np.isfinite(start) & (stride > 0) & np.isfinite(stride)
    order = np.argsort(start[real], kind="stable")
    return time, rows, start[real][order], stride[real][order]


def believable(time_s: ArrayLike, vectors: ArrayLike) -> tuple[Floats, Floats]:
    """Rows (n,), (n, 3) whose times rise and whose values a sensor can give."""
    time = np.asarray(time_s, dtype=np.float64).ravel()
    rows = np.asarray(vectors, dtype=np.float64).reshape(-1, 3)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(time) & (np.abs(rows) <= LARGEST_M_S2).all(axis=1)
    time, rows = time[known], rows[known]
    rising = np.diff(np.maximum.accumulate(time), prepend=-np.inf) > 0
    return time[rising], rows[rising]


def _columns(*columns: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(column, dtype=np.float64).ravel() for column in columns)


def rate_of(time_s: Floats) -> float:
    """Median sampling rate; 1 Hz where there is none to be had."""
    steps = np.diff(time_s)
    steps = steps[steps > 0]
    return float(1 / np.median(steps)) if len(steps) else 1.0


def _in_turn(start: Floats, stride: Floats) -> Whole:
    """Strides that do not overlap, the earliest first: left and right strides share their time."""
    chosen, free_s = [], -np.inf
    for k, (begin, end) in enumerate(zip(start.tolist(), (start + stride).tolist(), strict=True)):
        if begin >= free_s - SAME_S:
            chosen.append(k)
            free_s = end
    return np.array(chosen, dtype=np.intp)


#: Points worked at a time, so that memory stays bounded, and samples beyond them at both ends:
#: what a spline does there has faded by 0.27 a sample.
CHUNK, MARGIN = 64_000, 20


def on_grid(time: Floats, values: Floats, start: Floats, length: Floats, *, points: int) -> Floats:
    """(k, points, ...) at equal phases of [start, start + length); stretches with gaps are out.

    Cubic, as lines between samples would take a quarter off the highest harmonics.
    """
    empty: Floats = np.empty((0, points, *values.shape[1:]))
    if len(time) < 4 or not len(start):
        return empty
    gap = np.flatnonzero(np.diff(time) > 2.5 / rate_of(time))
    end = start + length
    # A gap lies within a stretch if it ends after the beginning and begins before the end.
    whole = np.searchsorted(time[gap], end) == np.searchsorted(time[gap + 1], start, side="right")
    whole &= (start >= time[0]) & (end <= time[-1] + 1 / rate_of(time))
    if not whole.any():
        return empty
    start, length, end = start[whole], length[whole], end[whole]
    phase = np.arange(points) / points
    parts = []
    at_once = max(CHUNK // points, 1)
    for k in range(0, len(start), at_once):
        own = slice(k, k + at_once)
        a, b = np.searchsorted(time, (start[own].min(), end[own].max()))
        near = slice(max(a - MARGIN, 0), b + MARGIN)
        at = start[own, None] + length[own, None] * phase
        parts.append(CubicSpline(time[near], values[near])(np.minimum(at, time[-1])))
    grid: Floats = np.concatenate(parts)
    return grid
