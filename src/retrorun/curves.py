"""The curves of a session: everything that is known second by second, on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: One cell of the grid. [s]
GRID_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The session on one grid of 1 s, all (n,): what pictures are drawn from.

    NaN where nothing was measured; `motion` holds the codes of `retrorun.gait.motion`, `way` those
    of `retrorun.gait.direction.decoder`, `backward` the probability of moving backward.
    """

    time_s: Floats
    motion: NDArray[np.int8]
    way: NDArray[np.int8]
    backward: Floats
    distance_m: Floats
    speed_m_s: Floats
    altitude_m: Floats
    gradient: Floats
    cadence_steps_min: Floats
    heart_rate_bpm: Floats
    contact_time_s: Floats
    step_length_m: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    power_w: Floats
