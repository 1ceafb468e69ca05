"""Local dynamic stability: how fast neighbouring strides part (short-term Lyapunov exponent).

After rosenstein1993. The value depends on the number of strides, the sampling and the state
space, so all of them are fixed here, and values compare only with values of this room, from the
same sensor at the same place: backward against forward, this month against last. It rises with
speed (mehdizadeh2014): compare like speeds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.special import stdtrit

from retrorun.gait.form import Mean
from retrorun.physiology.balance import (
    SAME_S,
    Judgement,
    clean,
    not_judged,
    on_grid,
    rate_of,
    too_few,
)

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

#: Strides a window holds, and fewest windows: three repetitions of 35 strides agreed with an
#: intraclass correlation of 0.77 (of 70 strides 0.84; reynard2014). More than 150 strides in all
#: add little (bruijn2009).
STRIDES, WINDOWS = 35, 3

#: Windows beyond these add time and little certainty; they are spread over the recording.
MOST_WINDOWS = 12

#: Samples a stride after resampling. The window is resampled as a whole: strides keep their
#: differences in time, and errors of single contacts do not enter the signal (raffalt2019 found a
#: fixed number of strides and of points best for this method).
SAMPLES = 100

#: State space of a signal and its delayed copies, in samples (bruijn2009).
DIMENSION, DELAY = 5, 10

#: Neighbours lie at least a stride apart in time (rosenstein1993: the mean period).
APART = SAMPLES

#: The exponent is the slope over the first half stride, which is one step (bruijn2013).
AHEAD = SAMPLES // 2

#: Sampling from which the method was studied, with a little room for a slow clock. [Hz]
LOWEST_RATE_HZ = 0.98 * 50.0

#: Distances below this share of the signal's spread are rounding, not motion. [-]
RESOLUTION = 1e-6


def local_divergence(
    time_s: ArrayLike, acc_m_s2: ArrayLike, *, start_s: ArrayLike, stride_time_s: ArrayLike
) -> Judgement:
    """Rate at which neighbouring strides part within one step, a stride; higher is less stable.

    Parameters
    ----------
    time_s, acc_m_s2 : (n,), (n, 3)
        Specific force of a sensor on the trunk. Its length is the signal, so that its axes
        may point anywhere.
    start_s, stride_time_s : (k,)
        Steady strides on the same clock, of either or both feet.

    Returns
    -------
    Judgement [1/stride], the mean over windows of 35 unbroken strides, 3 to 12 of them, with the
    interval of their spread. `strides` are those within the windows. Noise of the sensor drowns
    small distances, which lowers the value of a person and raises that of a machine.
    """
    time, acc, start, stride = clean(time_s, acc_m_s2, start_s, stride_time_s)
    rate_hz = rate_of(time)
    if len(time) > 1 and rate_hz < LOWEST_RATE_HZ:
        return not_judged(f"sampled at {rate_hz:.0f} Hz, wanted at least 50")
    begin, end = _windows(start, stride)
    signal = np.linalg.norm(acc, axis=1)
    windows = on_grid(time, signal, begin, end - begin, points=STRIDES * SAMPLES)
    if len(windows) < WINDOWS:
        few = too_few(len(windows) * STRIDES, wanted=WINDOWS * STRIDES)
        return not_judged(f"{few.reason} in unbroken runs of {STRIDES}")
    if len(windows) > MOST_WINDOWS:
        windows = windows[np.linspace(0, len(windows) - 1, MOST_WINDOWS).round().astype(int)]
    if float(np.median(windows.std(axis=1))) < 1e-3:
        return not_judged("the acceleration does not change")
    exponents = np.array([_exponent(window) for window in windows])
    error = float(exponents.std(ddof=1)) / np.sqrt(len(exponents))
    value, half = float(exponents.mean()), float(stdtrit(len(exponents) - 1, 0.95) * error)
    strides = STRIDES * len(exponents)
    return Judgement(mean=Mean(value=value, low=value - half, high=value + half, strides=strides))


def _exponent(signal: Floats) -> float:
    floor = RESOLUTION * max(float(signal.std()), 1e-9)
    states = delayed(signal, dimension=DIMENSION, delay=DELAY)
    curve = log_divergence(states, apart=APART, ahead=AHEAD, floor=floor)
    return slope(curve) * SAMPLES


def delayed(signal: Floats, *, dimension: int, delay: int) -> Floats:
    """State space (n - (dimension - 1) delay, dimension) of a signal and its delayed copies."""
    count = len(signal) - (dimension - 1) * delay
    return np.stack([signal[k * delay : k * delay + count] for k in range(dimension)], axis=1)


def log_divergence(states: Floats, *, apart: int, ahead: int, floor: float = 1e-12) -> Floats:
    """Mean logarithm of the distance between neighbours after 0, 1 ... `ahead` samples.

    `states` is (n, d). The neighbour of a state is the nearest one at least `apart` samples
    before or after it; distances below `floor` count as that.
    """
    followed = len(states) - ahead
    nearest = _neighbours(states[:followed], apart=apart)
    own = np.flatnonzero(nearest >= 0)
    other = nearest[own]
    curve = np.empty(ahead + 1)
    for k in range(ahead + 1):
        away = states[own + k] - states[other + k]
        distance = np.sqrt(np.einsum("ij,ij->i", away, away))
        curve[k] = np.log(np.maximum(distance, floor)).mean()
    return curve


def slope(curve: Floats) -> float:
    """Slope of a curve of equal steps by least squares, a step."""
    at = np.arange(len(curve)) - (len(curve) - 1) / 2
    return float(at @ curve / (at @ at))


def _neighbours(states: Floats, *, apart: int) -> Whole:
    """Index of the nearest state at least `apart` away in time; -1 where there is none."""
    nearest = np.full(len(states), -1, dtype=np.intp)
    tree = cKDTree(states)
    most = min(2 * apart, len(states))  # one of so many is far enough in time, if any is
    count, open_ = min(8, most), np.arange(len(states))
    while len(open_):
        found = tree.query(states[open_], k=np.arange(1, count + 1))[1]
        far = np.abs(found - open_[:, None]) >= apart
        has = far.any(axis=1)
        nearest[open_[has]] = found[has, far[has].argmax(axis=1)]
        open_ = open_[~has]
        if count == most:
            break
        count = min(4 * count, most)
    return nearest


def _windows(start: Floats, stride: Floats) -> tuple[Floats, Floats]:
    """Begin and end of runs of `STRIDES` strides of one foot, unbroken and not overlapping."""
    end = start + stride
    follower = np.searchsorted(start, end - SAME_S)
    linked = follower < len(start)
    linked[linked] &= np.abs(start[follower[linked]] - end[linked]) <= SAME_S
    run = np.ones(len(start), dtype=np.intp)
    for k in range(len(start) - 1, -1, -1):
        if linked[k] and follower[k] > k:
            run[k] += run[follower[k]]
    begins, ends, free_s = [], [], -np.inf
    for k in np.flatnonzero(run >= STRIDES).tolist():
        if start[k] < free_s - SAME_S:
            continue
        last = k
        for _ in range(STRIDES - 1):
            last = int(follower[last])
        begins.append(start[k])
        ends.append(end[last])
        free_s = end[last]
    return np.array(begins, dtype=np.float64), np.array(ends, dtype=np.float64)
