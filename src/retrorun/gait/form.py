"""Figures of form with their uncertainty: a mean over strides that do not come independently."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, stdtrit

Floats = NDArray[np.float64]

#: Fewer strides than this give no interval worth the name (convention).
FEWEST_STRIDES = 10

#: The spread of stride times levels off after fifty strides in a row (konig2014).
FEWEST_FOR_VARIABILITY = 50

#: Neighbouring strides resemble each other, so the interval rests on means of batches: enough of
#: them for a spread, long enough to be nearly independent (batch means, law2015).
BATCHES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with its 90 % interval, and the number of strides it rests on."""

    value: float
    low: float
    high: float
    strides: int


def mean_of(values: NDArray[np.floating], *, strides: int) -> Mean | None:
    """Mean of the finite values in the order of time, with a 90 % interval by batch means.

    The interval is about the mean of this person on this day: it holds no systematic error of
    the device. None below `FEWEST_STRIDES` strides or values.

    Examples
    --------
    >>> mean_of(np.full(40, 3.0), strides=40)
    Mean(value=3.0, low=3.0, high=3.0, strides=40)
    """
    known = values[np.isfinite(values)].astype(np.float64)
    if strides < FEWEST_STRIDES or len(known) < FEWEST_STRIDES:
        return None
    batches = np.array([batch.mean() for batch in np.array_split(known, BATCHES)])
    error = float(batches.std(ddof=1)) / np.sqrt(BATCHES)
    half = float(stdtrit(BATCHES - 1, 0.95) * error)
    value = float(known.mean())
    return Mean(value=value, low=value - half, high=value + half, strides=strides)


def variability_of(stride_time_s: Floats) -> Mean | None:
    """Coefficient of variation of stride times (standard deviation over mean), 90 % interval.

    The interval is that of a standard deviation of independent normal values. None below
    `FEWEST_FOR_VARIABILITY` strides.
    """
    known = stride_time_s[np.isfinite(stride_time_s)]
    n = len(known)
    if n < FEWEST_FOR_VARIABILITY:
        return None
    variability = float(known.std(ddof=1) / known.mean())
    low, high = (variability * float(np.sqrt((n - 1) / chdtri(n - 1, p))) for p in (0.05, 0.95))
    return Mean(value=variability, low=low, high=high, strides=n)
