"""How far the heart rate falls in the minute after a repetition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.signals import runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Way = Literal["forward", "backward", "unknown"]

#: The fall is taken over the first minute, the usual measure (cole1999). [s]
RECOVERY_S = 60
#: A repetition takes at least this long, and so does the rest after it (convention). [s]
LEAST_S = 60
#: Shorter slips of the motion within either are overlooked (convention). [s]
SLIP_S = 5
#: The heart rate at either end is the mean of this long, of which so much is known (convention).
WINDOW_S, LEAST_KNOWN_S = 5, 3
#: The share of the repetition's last minute that must have gone one way (convention). [-]
LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A repetition's end and the fall after it."""

    end_s: int  #: end of the repetition, in seconds from the start of the arrays
    way: Way  #: of its last minute
    drop_bpm: float | None  #: None where the heart rate at either end is not known


def recoveries(
    heart_rate_bpm: Floats,
    *,
    running: Bools,
    walking: Bools,
    forward: Bools,
    backward: Bools,
) -> tuple[Recovery, ...]:
    """The fall of the heart rate in the 60 s after each repetition, in the order of time.

    All are (n,) on a grid of one second; `heart_rate_bpm` is clean, NaN where not known, and
    seconds that are neither running nor walking count as still. A repetition is a minute or more
    of running before a minute or more without, or of walking before standing. Slower running
    after faster running is none: how far the heart then falls is told by the pace.
    """
    effort = _without_slips(np.where(running, 2, np.where(walking, 1, 0)))
    starts, ends = runs(effort)
    found = []
    for start, end in zip(starts, ends, strict=True):
        level = effort[start]
        if level == 0 or end + RECOVERY_S > len(effort) or end - LEAST_S < 0:
            continue
        # Before, the effort may have been higher for a part; after, lower in any mixture.
        if (effort[end - LEAST_S : end] < level).any() or (
            effort[end : end + LEAST_S] >= level
        ).any():
            continue
        found.append(
            Recovery(
                end_s=int(end),
                way=_way(forward[end - LEAST_S : end], backward[end - LEAST_S : end]),
                drop_bpm=_drop_bpm(heart_rate_bpm, int(end)),
            )
        )
    return tuple(found)


def _without_slips(effort: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stretches of up to `SLIP_S` between two of one kind become that kind."""
    starts, ends = runs(effort)
    whole = effort.copy()
    for before in range(len(starts) - 2):
        start, end = starts[before + 1], ends[before + 1]
        kind = effort[starts[before]]
        if end - start <= SLIP_S and kind == effort[starts[before + 2]]:
            whole[start:end] = kind
    return whole


def _way(forward: Bools, backward: Bools) -> Way:
    if forward.mean() >= LEAST_SHARE:
        return "forward"
    return "backward" if backward.mean() >= LEAST_SHARE else "unknown"


def _drop_bpm(heart_rate_bpm: Floats, end: int) -> float | None:
    """Mean of the last seconds before `end` minus the mean of the last of the minute after it."""
    ends_bpm = []
    for until in (end, end + RECOVERY_S):
        window = heart_rate_bpm[until - WINDOW_S : until]
        known = window[np.isfinite(window)]
        if len(known) < LEAST_KNOWN_S:
            return None
        ends_bpm.append(float(known.mean()))
    return ends_bpm[0] - ends_bpm[1]
