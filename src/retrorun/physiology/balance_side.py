"""Where the wearer's left is in the axes of a sensor on the trunk, for as long as it sits so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrorun.gait.direction.sensors import (
    BEHIND,
    TRUNK_TURNS_RAD_S,
    TRUST,
    carried,
)
from retrorun.gait.motion import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from retrorun.physiology.balance import believable, rate_of
from retrorun.signals import at_times, norm, uniform_pieces

Floats = NDArray[np.float64]

#: Placements that lie for certain before or behind the axis of the trunk: a belt goes all round.
SIDED = ("sacrum", "chest")

#: Share of full trust from which a side is told (convention). [-]
TRUSTED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """The wearer's left in sensor axes while the sensor sat one way, [start_s, end_s)."""

    start_s: float
    end_s: float
    left: Floats  #: (3,) unit vector


def sides(
    time_s: ArrayLike,
    acc_m_s2: ArrayLike,
    *,
    gyro_time_s: ArrayLike,
    gyro_rad_s: ArrayLike,
    placement: str,
) -> list[Side]:
    """Left for every way a trunk sensor was worn; wearings that do not show it are left out.

    The trunk turns with every stride and flings a sensor behind its axis to one side and a sensor
    in front of it to the other (see `direction.trunk`); forward or backward makes no difference.
    Nothing is told for other placements than `SIDED`, below 25 Hz, or where the sensor moves
    unlike one worn there.
    """
    time, acc = believable(time_s, acc_m_s2)
    clock, turning = believable(gyro_time_s, gyro_rad_s)
    rate_hz = rate_of(time)
    if placement not in SIDED or len(clock) < 2 or rate_hz < 0.98 * LOWEST_RATE_HZ:
        return []
    rate_hz = min(max(rate_hz, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
    rows = np.hstack([acc, at_times(time, clock, turning)]).astype(np.float32)
    found = []
    for piece in uniform_pieces(time, rows, rate_hz=rate_hz, gap_s=max(0.1, 2.5 / rate_hz)):
        whole = carried(piece, rate_hz=rate_hz, on_trunk=True)
        if whole is None:
            continue
        none, full = TRUST[placement]
        for worn in whole.wearings:
            inside = slice(worn.start, worn.end)
            if (worn.constancy - none) / (full - none) < TRUSTED:
                continue
            active = whole.gyro_rad_s[inside][whole.moves[inside]]
            if float(np.sqrt(np.mean(norm(active) ** 2))) > TRUNK_TURNS_RAD_S:
                continue
            found.append(
                Side(
                    start_s=piece.start_s + worn.start / whole.rate_hz,
                    end_s=piece.start_s + worn.end / whole.rate_hz,
                    left=np.asarray(BEHIND[placement] * worn.side, dtype=np.float64),
                )
            )
    return found
