"""Cadence is written in three ways; this is the one place that tells them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ON_FOOT = ("run", "walk", "hik", "jog", "trek", "treadmill", "trail")

#: Files of runs count the strides of one foot. Nobody strides faster than this for half of an
#: activity, so a higher median means that the file counts steps of both feet. [1/min]
MOST_STRIDES_MIN = 125.0


def is_on_foot(sport: object) -> bool:
    return any(word in str(sport).lower() for word in _ON_FOOT)


def steps_or_revolutions(
    per_minute: NDArray[np.floating], *, sport: object
) -> tuple[str, NDArray[np.floating]]:
    """Name and values of the cadence channel: steps of both feet on foot, revolutions else."""
    if not is_on_foot(sport):
        return "cadence_rev_min", per_minute
    moving = per_minute[per_minute > 0]
    counts_both_feet = len(moving) > 0 and np.median(moving) > MOST_STRIDES_MIN
    return "cadence_steps_min", per_minute if counts_both_feet else per_minute * 2
