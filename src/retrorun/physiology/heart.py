"""The heart: cleaning what straps and wrists report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Floats = NDArray[np.float64]

#: Nobody exercises outside: below are drop-outs, above electrical noise (convention). [bpm]
LOWEST_BPM, HIGHEST_BPM = 30.0, 230.0
#: A heart needs some 10 s for a change of this size, even at the start of a sprint; what leaves
#: the median of its surroundings by more, and comes back, is an artefact (convention). [bpm]
SPIKE_BPM = 20.0
SPIKE_WINDOW_S = 31.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanHeartRate:
    """Heart rate without artefacts, and how many were taken out."""

    bpm: Floats  #: (n,), NaN where nothing believable was given
    dropouts: int
    spikes: int


def clean(heart_rate_bpm: Floats, *, rate_hz: float | None) -> CleanHeartRate:
    """Take out drop-outs and spikes; nothing is put in their place.

    `heart_rate_bpm` is (n,); NaN are drop-outs that the reader already refused. Plateaus longer
    than half the window are believed: a strap that locks to the cadence is another matter.
    """
    bpm = np.array(heart_rate_bpm, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        believable = (bpm >= LOWEST_BPM) & (bpm <= HIGHEST_BPM)
    dropouts = int(np.count_nonzero(~believable))
    bpm[~believable] = np.nan
    known = np.flatnonzero(believable)
    samples = int(SPIKE_WINDOW_S * (rate_hz or 1.0)) | 1
    if len(known) < 3:
        return CleanHeartRate(bpm=bpm, dropouts=dropouts, spikes=0)
    usual = median_filter(bpm[known], size=min(max(samples, 3), 2 * len(known) - 1), mode="nearest")
    spikes = np.abs(bpm[known] - usual) > SPIKE_BPM
    bpm[known[spikes]] = np.nan
    return CleanHeartRate(bpm=bpm, dropouts=dropouts, spikes=int(np.count_nonzero(spikes)))
