"""The heart: cleaning what straps and wrists report, and telling steps from beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from retrorun.signals import true_runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Nobody exercises outside: below are drop-outs, above electrical noise (convention). [bpm]
LOWEST_BPM, HIGHEST_BPM = 30.0, 230.0
#: What leaves the median of its surroundings by more, with a jump, is an artefact (convention).
SPIKE_BPM = 20.0
SPIKE_WINDOW_S = 31.0
#: Hearts change by up to some 4 bpm a second in a sprint and after it; a faster step is a jump
#: of the sensor (convention). [bpm/s]
JUMP_BPM_S = 8.0

#: A sensor that counts steps ("cadence lock") shows the cadence itself; displays smooth and round
#: both by up to this much (convention). [bpm]
LOCKED_WITHIN_BPM = 3.0
#: It is looked for in windows of two minutes, in which it must show for most of the time
#: (convention). [s], [-]
LOCK_WINDOW_S, LOCKED_SHARE = 120, 0.85
#: Being close is no proof: hearts often beat as fast as feet step. The proof is that every change
#: of the cadence shows, from one mean of 5 s to the next. Of 23 such changes of two quantities that
#: know nothing of each other, a correlation of 0.7 is 3.9 standard errors from none (Fisher's z),
#: once in some 20,000 windows; and they go together in the whole stretch, where chance has less
#: room. Convention. [s], [-]
LOCK_BLOCK_S, LOCK_CORRELATION, LOCK_CORRELATION_ALL = 5, 0.7, 0.5
#: ... and that it shows in full: the regression of one on the other lies between (convention). [-]
LOCK_SLOPES = (0.6, 1.4)
#: The display of either may be late against the other by up to this much (convention). [s]
LOCK_DELAYS_S = (-2, 0, 2, 4, 6)
#: A lock goes on around its proof while both stay close, but for slips of this long (convention).
LOCK_SLIP_S = 5
#: Nobody walks with fewer steps a minute for long: a lower cadence is standing (convention).
LOWEST_CADENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanHeartRate:
    """Heart rate without artefacts, and how many were taken out."""

    bpm: Floats  #: (n,), NaN where nothing believable was given
    dropouts: int
    spikes: int


def clean(heart_rate_bpm: Floats, *, time_s: Floats) -> CleanHeartRate:
    """Take out drop-outs and spikes; nothing is put in their place.

    `heart_rate_bpm` and `time_s` are (n,), times never falling; NaN are drop-outs that the
    reader already refused. A spike leaves the median of half a minute by more than 20 bpm and
    does so in a jump, at its beginning or its end. Plateaus longer than half the window are
    believed: a strap that locks to the cadence is another matter.
    """
    bpm = np.array(heart_rate_bpm, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        believable = (bpm >= LOWEST_BPM) & (bpm <= HIGHEST_BPM)
    dropouts = int(np.count_nonzero(~believable))
    bpm[~believable] = np.nan
    known = np.flatnonzero(believable)
    if len(known) < 3:
        return CleanHeartRate(bpm=bpm, dropouts=dropouts, spikes=0)
    spikes = _spikes(bpm[known], time_s[known])
    bpm[known[spikes]] = np.nan
    return CleanHeartRate(bpm=bpm, dropouts=dropouts, spikes=int(np.count_nonzero(spikes)))


def _spikes(bpm: Floats, time_s: Floats) -> NDArray[np.bool_]:
    """Which of these known samples belong to a stretch that jumps away from its surroundings."""
    step_s = np.diff(time_s)
    usual_s = float(np.median(step_s[step_s > 0])) if np.any(step_s > 0) else 1.0
    samples = min(int(SPIKE_WINDOW_S / usual_s) | 1, 2 * len(bpm) - 1)
    away = np.abs(bpm - median_filter(bpm, size=max(samples, 3), mode="nearest")) > SPIKE_BPM
    jump = np.abs(np.diff(bpm)) > JUMP_BPM_S * np.maximum(step_s, usual_s)
    # A stretch away from the median is a spike if a jump leads into it or out of it.
    group = np.cumsum(np.diff(away, prepend=False))
    jumps_in = np.concatenate([[False], jump]) & away
    jumps_out = np.concatenate([jump, [False]]) & away
    jumping = np.bincount(group, weights=jumps_in | jumps_out) > 0
    spikes: NDArray[np.bool_] = away & jumping[group]
    return spikes


def locked_to_steps(heart_rate_bpm: Floats, *, cadence_steps_min: Floats) -> Bools:
    """Seconds in which the sensor counted steps instead of beats, (n,).

    Both are (n,) on a grid of one second, NaN where not known. A second is taken when heart rate
    and cadence stay close around it and, in two minutes of that stretch at least, the heart rate
    shows every change of the cadence: a heart that happens to beat as fast as the feet step does
    not. So a lock is found only where the cadence changes: on a treadmill at a perfectly even
    cadence nobody can tell. Nor is a lock to half the cadence, the strides, looked for.
    """
    n = len(heart_rate_bpm)
    locked = np.zeros(n, bool)
    if n < LOCK_WINDOW_S:
        return locked
    stepping = np.where(cadence_steps_min >= LOWEST_CADENCE, cadence_steps_min, np.nan)
    for delay_s in LOCK_DELAYS_S:
        # What the heart rate shows at a second is the cadence of `delay_s` before.
        steps = np.full(n, np.nan)
        if delay_s >= 0:
            steps[delay_s:] = stepping[: n - delay_s]
        else:
            steps[:delay_s] = stepping[-delay_s:]
        locked |= _following(heart_rate_bpm, steps)
    return locked


def _following(bpm: Floats, steps: Floats) -> Bools:
    """Seconds of stretches that stay close and have a window that follows."""
    close = np.abs(bpm - steps) <= LOCKED_WITHIN_BPM
    found = np.zeros(len(bpm), bool)
    if np.count_nonzero(close) < LOCKED_SHARE * LOCK_WINDOW_S:
        return found
    blocks = len(bpm) // LOCK_BLOCK_S
    cut = slice(0, blocks * LOCK_BLOCK_S)
    both = np.isfinite(bpm) & np.isfinite(steps)
    known = both[cut].reshape(blocks, -1).sum(axis=1)
    beats, feet = (
        np.where(both, values, 0.0)[cut].reshape(blocks, -1).sum(axis=1) / np.maximum(known, 1)
        for values in (bpm, steps)
    )
    near = close[cut].reshape(blocks, -1).mean(axis=1)
    # Changes from block to block; where one of the two is not known, there is none to compare.
    pair = (known[1:] > 0) & (known[:-1] > 0)
    heart, foot = (np.where(pair, np.diff(values), 0.0) for values in (beats, feet))
    width = LOCK_WINDOW_S // LOCK_BLOCK_S
    both_changes, of_heart, of_foot, pairs = (
        _window_sums(values, width - 1) for values in (heart * foot, heart**2, foot**2, pair)
    )
    size = np.sqrt(of_heart * of_foot)
    slope = both_changes / np.maximum(of_foot, 1e-9)
    follows = (
        (_window_sums(near, width) >= LOCKED_SHARE * width)
        & (pairs >= LOCKED_SHARE * (width - 1))
        & (both_changes > LOCK_CORRELATION * size)
        & (slope >= LOCK_SLOPES[0])
        & (slope <= LOCK_SLOPES[1])
    )
    proven = np.zeros(len(bpm) + 1, np.int64)
    starts = np.flatnonzero(follows) * LOCK_BLOCK_S
    np.add.at(proven, starts, 1)
    np.add.at(proven, starts + LOCK_WINDOW_S, -1)
    shown = (np.cumsum(proven[:-1]) > 0) & close
    for start, end in _bridged(close):
        if shown[start:end].any():
            part = slice(-(-start // LOCK_BLOCK_S), max(end // LOCK_BLOCK_S - 1, 0))
            size_all = np.sqrt(float(heart[part] @ heart[part]) * float(foot[part] @ foot[part]))
            found[start:end] = float(heart[part] @ foot[part]) > LOCK_CORRELATION_ALL * size_all
    return found


def _window_sums(values: NDArray[np.generic], width: int) -> Floats:
    """Sums of every `width` values in a row, (n - width + 1,)."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return total[width:] - total[:-width]


def _bridged(close: Bools) -> list[tuple[int, int]]:
    """Stretches of true seconds, joined over slips of up to `LOCK_SLIP_S`."""
    starts, ends = true_runs(close)
    part = np.flatnonzero(starts[1:] - ends[:-1] > LOCK_SLIP_S) + 1
    firsts, lasts = np.r_[0, part], np.r_[part, len(starts)] - 1
    return [(int(starts[a]), int(ends[b])) for a, b in zip(firsts, lasts, strict=True)]
