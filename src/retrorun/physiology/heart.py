"""The heart: cleaning what straps and wrists report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Floats = NDArray[np.float64]

#: Nobody exercises outside: below are drop-outs, above electrical noise (convention). [bpm]
LOWEST_BPM, HIGHEST_BPM = 30.0, 230.0
#: What leaves the median of its surroundings by more, with a jump, is an artefact (convention).
SPIKE_BPM = 20.0
SPIKE_WINDOW_S = 31.0
#: Hearts change by up to some 4 bpm a second in a sprint and after it; a faster step is a jump
#: of the sensor (convention). [bpm/s]
JUMP_BPM_S = 8.0


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
