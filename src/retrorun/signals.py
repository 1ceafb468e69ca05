"""Array tools for sampled signals: gaps, clocks, filters, running means, runs of equal values.

Arrays in, arrays out; the first axis is time. A filter never sees a NaN: a signal is first cut
into gap-free pieces (`finite_pieces`, `uniform_pieces`), and every piece is filtered alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from retrorun.errors import BadInput

T = TypeVar("T", bound=np.floating[Any])

#: Highest usable share of the sampling rate: a little below Nyquist, where a digital filter
#: still has the shape it was designed to have. [-]
USABLE_BAND = 0.45

#: Samples this close to a uniform clock are on it, in units of its step: they are not moved. [-]
ON_GRID = 0.01


class Piece(NamedTuple):
    """A gap-free stretch on a uniform clock."""

    start_s: float
    values: NDArray[np.floating]


class Block(NamedTuple):
    """Samples [start, end) to compute on, of which [core_start, core_end) are to be kept."""

    start: int
    end: int
    core_start: int
    core_end: int


def check_rate(rate_hz: float, *, low_hz: float = 0.0, high_hz: float = np.inf) -> float:
    """Return `rate_hz` if it lies in [low_hz, high_hz] and is above zero; raise otherwise."""
    if not (rate_hz > 0 and low_hz <= rate_hz <= high_hz):
        wanted = f"between {low_hz:g} and {high_hz:g} Hz" if low_hz > 0 else "above 0"
        raise BadInput("rate_hz", rate_hz, wanted, "Resample the signal first.")
    return float(rate_hz)


def lowpass(values: NDArray[T], *, rate_hz: float, cutoff_hz: float) -> NDArray[T]:
    """Butterworth low-pass, order 2, zero phase, along the first axis; see `bandpass`.

    A cutoff above the usable band (0.45 of the rate) leaves the signal as it is: what would
    have been removed was never recorded.
    """
    if cutoff_hz >= USABLE_BAND * rate_hz:
        return values
    return _filter(values, cutoff_hz, "lowpass", rate_hz)


def highpass(values: NDArray[T], *, rate_hz: float, cutoff_hz: float) -> NDArray[T]:
    """Butterworth high-pass, order 2, zero phase, along the first axis; see `bandpass`."""
    if cutoff_hz >= USABLE_BAND * rate_hz:
        raise BadInput("cutoff_hz", cutoff_hz, f"below {USABLE_BAND * rate_hz:g} at this rate")
    return _filter(values, cutoff_hz, "highpass", rate_hz)


def bandpass(values: NDArray[T], *, rate_hz: float, low_hz: float, high_hz: float) -> NDArray[T]:
    """Butterworth band-pass, order 2, zero phase, along the first axis.

    `values` is (n, ...) without NaN; the result has its shape and type. Signals too short for
    the filter's start-up are padded less; an empty signal stays empty.
    """
    if not 0 < low_hz < high_hz:
        raise BadInput("low_hz", low_hz, f"between 0 and high_hz ({high_hz:g})")
    if high_hz >= USABLE_BAND * rate_hz:
        return highpass(values, rate_hz=rate_hz, cutoff_hz=low_hz)
    return _filter(values, (low_hz, high_hz), "bandpass", rate_hz)


def _filter(
    values: NDArray[T], cutoff_hz: float | tuple[float, float], kind: str, rate_hz: float
) -> NDArray[T]:
    if len(values) < 2:
        return values
    sections = butter(2, cutoff_hz, btype=kind, fs=rate_hz, output="sos")
    lowest_hz = cutoff_hz if isinstance(cutoff_hz, float | int) else cutoff_hz[0]
    # One period of the lowest frequency settles the start-up of an order-2 filter.
    padding = min(len(values) - 1, max(9, round(rate_hz / lowest_hz)))
    filtered: NDArray[T] = sosfiltfilt(sections, values, axis=0, padlen=padding)
    return filtered.astype(values.dtype, copy=False)


def running_mean(values: NDArray[T], *, rate_hz: float, window_s: float) -> NDArray[T]:
    """Mean of a window centred on every sample, along the first axis.

    The window is the odd number of samples nearest to `window_s`; at the ends the first and
    the last sample stand in for what was not recorded.
    """
    if len(values) == 0:
        return values
    width = _odd_samples(window_s * rate_hz)
    mean: NDArray[T] = uniform_filter1d(values, width, axis=0, mode="nearest")
    return mean


def running_minimum(values: NDArray[T], *, rate_hz: float, window_s: float) -> NDArray[T]:
    """Minimum of a window centred on every sample, along the first axis; see `running_mean`."""
    if len(values) == 0:
        return values
    width = _odd_samples(window_s * rate_hz)
    lowest: NDArray[T] = minimum_filter1d(values, width, axis=0, mode="nearest")
    return lowest


def _odd_samples(samples: float) -> int:
    return 2 * max(0, round((samples - 1) / 2)) + 1


def norm(vectors: NDArray[T]) -> NDArray[T]:
    """Length of every row of an (n, k) array, (n,)."""
    length: NDArray[T] = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return length


def runs(values: NDArray[np.generic]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Half-open sample spans [start, end) over which an (n,) array keeps one value.

    >>> runs(np.array([1, 1, 0, 2, 2]))
    (array([0, 2, 3]), array([2, 3, 5]))
    """
    if len(values) == 0:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    change = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.r_[0, change], np.r_[change, len(values)]


def true_runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Half-open sample spans [start, end) in which an (n,) mask is true."""
    edges = np.diff(np.concatenate(([0], mask.view(np.int8), [0])))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def finite_pieces(
    values: NDArray[np.floating], *, rate_hz: float, bridge_s: float = 0.1
) -> list[Piece]:
    """Cut a uniformly sampled (n,) or (n, k) array at its gaps; fill only the short ones.

    A gap is a run of rows with a NaN or an infinity. Gaps up to `bridge_s` between two valid
    rows are bridged by straight lines (0.1 s: shorter than any phase of a step); longer ones
    separate pieces. Nothing is copied where nothing is missing.
    """
    valid = _complete(values)
    if valid.all():
        return [Piece(0.0, values)] if len(values) else []
    start, end = true_runs(valid)
    if len(start) == 0:
        return []
    joined = start[1:] - end[:-1] <= bridge_s * rate_hz
    first, last = start[np.r_[True, ~joined]], end[np.r_[~joined, True]]
    return [
        Piece(float(a / rate_hz), _bridged(values[a:b], valid[a:b]))
        for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]


def _complete(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows of an (n,) or (n, k) array have neither a NaN nor an infinity, (n,)."""
    if np.isfinite(np.sum(values)):  # one pass: a single one of them would show in the sum
        return np.ones(len(values), dtype=np.bool_)
    finite = np.isfinite(values).reshape(len(values), -1)
    complete: NDArray[np.bool_] = finite.all(axis=1)
    return complete


def _bridged(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.floating]:
    if valid.all():
        return values
    known, missing = np.flatnonzero(valid), np.flatnonzero(~valid)
    filled = values.copy()
    filled[missing] = _interpolate(missing, known, values[known])
    return filled


def _interpolate(
    at: NDArray[Any], known: NDArray[Any], values: NDArray[np.floating]
) -> NDArray[np.floating]:
    """`numpy.interp` for (n,) and (n, k) arrays."""
    if values.ndim == 1:
        straight: NDArray[np.floating] = np.interp(at, known, values)
        return straight
    return np.column_stack([np.interp(at, known, column) for column in values.T])


def uniform_pieces(
    time_s: ArrayLike, values: ArrayLike, *, rate_hz: float, gap_s: float = 0.1
) -> list[Piece]:
    """Put an irregularly sampled (n,) or (n, k) signal onto uniform clocks, gap by gap.

    Rows with a NaN are left out; where two neighbouring rows are more than `gap_s` apart a new
    piece begins. Inside a piece values are interpolated linearly at `rate_hz`, after a running
    mean over one new sample where the new rate is lower than half the old one. A time that
    occurs twice keeps its first row. `time_s` never falls. Type float32 stays float32. Nothing
    is copied where nothing is missing and the samples are on the new clock already.
    """
    check_rate(rate_hz)
    clock, rows = np.asarray(time_s, dtype=np.float64), np.asarray(values)
    if len(clock) != len(rows):
        raise BadInput("values", len(rows), f"as long as time_s ({len(clock)})")
    step_s = np.diff(clock)
    if np.any(step_s < 0):
        raise BadInput("time_s", "falling somewhere", "sorted", "Sort the samples by time.")
    keep = _complete(rows)
    keep[1:] &= step_s > 0
    if not keep.all():
        clock, rows = clock[keep], rows[keep]
        step_s = np.diff(clock)
    cuts = np.flatnonzero(step_s > gap_s) + 1
    edges = [0, *cuts.tolist(), len(clock)]
    return [
        Piece(float(clock[a]), _on_grid(clock[a:b], rows[a:b], rate_hz))
        for a, b in itertools.pairwise(edges)
        if b > a
    ]


def _on_grid(
    clock: NDArray[np.float64], rows: NDArray[np.floating], rate_hz: float
) -> NDArray[np.floating]:
    samples = int((clock[-1] - clock[0]) * rate_hz + 1e-6) + 1
    off = (clock - clock[0]) * rate_hz - np.arange(len(clock))
    if max(off.max(), -off.min()) < ON_GRID:
        return rows
    grid = clock[0] + np.arange(samples) / rate_hz
    if len(clock) > 1:
        own_rate_hz = (len(clock) - 1) / (clock[-1] - clock[0])
        if own_rate_hz > 2 * rate_hz:
            rows = running_mean(rows, rate_hz=own_rate_hz, window_s=1 / rate_hz)
    return _interpolate(grid, clock, rows).astype(rows.dtype, copy=False)


def at_times(
    wanted_s: NDArray[np.float64],
    time_s: NDArray[np.float64],
    values: NDArray[T],
    *,
    within_s: float = 0.1,
) -> NDArray[T]:
    """Each axis of (n, k) vectors at other times, linear; NaN further from any than `within_s`.

    `time_s` (n,) never falls; `wanted_s` (m,) may be in any order.
    """
    if time_s is wanted_s or np.array_equal(time_s, wanted_s):
        return values
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return np.full((len(wanted_s), values.shape[1]), np.nan, dtype=values.dtype)
    clock, rows = time_s[known], values[known]
    after = np.clip(np.searchsorted(clock, wanted_s), 0, len(clock) - 1)
    before = np.maximum(after - 1, 0)
    nearest_s = np.minimum(np.abs(clock[after] - wanted_s), np.abs(clock[before] - wanted_s))
    out = _interpolate(wanted_s, clock, rows)
    out[~(nearest_s <= within_s)] = np.nan
    return out.astype(values.dtype)


def usual_step_s(time_s: NDArray[np.float64]) -> float:
    """Median time between samples (n,) that do not share one; 0 where there is none. [s]"""
    step_s = np.diff(time_s)
    rises = step_s > 0
    if not rises.all():
        step_s = step_s[rises]
    return float(np.median(step_s)) if len(step_s) else 0.0


def blocks(samples: int, *, rate_hz: float, block_s: float, margin_s: float) -> Iterator[Block]:
    """Cut a long signal into blocks that overlap by a margin, so that memory stays bounded.

    The cores tile [0, samples) exactly; each block reaches `margin_s` beyond its core.
    """
    core, margin = max(1, round(block_s * rate_hz)), round(margin_s * rate_hz)
    for start in range(0, samples, core):
        end = min(start + core, samples)
        yield Block(max(0, start - margin), min(samples, end + margin), start, end)


def decimate(values: NDArray[T], *, rate_hz: float, lowest_hz: float) -> tuple[NDArray[T], float]:
    """Average whole groups of samples so that the rate falls as far as `lowest_hz` allows.

    Takes (n,) or (n, k), gives the averages and their rate (`lowest_hz` to twice that, or the
    rate as it was). A group with a NaN is NaN; samples that fill no group are left out. The
    average of the group is the low-pass that keeps higher frequencies from folding down.
    """
    group = max(1, int(rate_hz / lowest_hz + 1e-9))
    if group == 1:
        return values, rate_hz
    whole = len(values) // group * group
    mean: NDArray[T] = values[:whole:group].copy()
    for k in range(1, group):
        mean += values[k:whole:group]
    mean /= group
    return mean, rate_hz / group
