"""Cadence is written in three ways; this is the one place that tells them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.sports import foot_sport

#: Files count the strides of one foot or the steps of both. Nobody strides faster than this for
#: half of an activity (runners 70-110, walkers 40-70), so a higher median means steps. [1/min]
MOST_STRIDES_MIN = {"run": 125.0, "walk": 80.0}


def steps_or_revolutions(
    per_minute: NDArray[np.floating], *, sport: object
) -> tuple[str, NDArray[np.floating]]:
    """Name and values of the cadence channel: steps of both feet on foot, revolutions else."""
    gait = foot_sport(sport)
    if gait is None:
        return "cadence_rev_min", per_minute
    moving = per_minute[per_minute > 0]
    counts_both_feet = len(moving) > 0 and np.median(moving) > MOST_STRIDES_MIN[gait]
    return "cadence_steps_min", per_minute if counts_both_feet else per_minute * 2
