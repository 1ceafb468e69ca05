"""A session in pieces: cut at whole seconds and at the borders of its stretches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrorun.curves import Curves
from retrorun.direction import Stretch
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.recording import Problem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Slopes that change between up and down so often belong to a barometer in the wind, not to a
#: course (convention). [1/km]
MOST_REVERSALS_KM = 10.0
#: A slope that counts as up or down. [-]
_CLEARLY_SLOPED = 0.05
#: A part of the time that is not worth a word (convention).
_FEW = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What is known of each piece; all (m,). `gradient` is NaN where it is not believed."""

    duration_s: Floats
    second: NDArray[np.intp]
    stretch: NDArray[np.intp]
    motion: NDArray[np.int8]
    way: NDArray[np.int8]
    speed_m_s: Floats
    gradient: Floats
    chance_backward: Floats

    @property
    def moving(self) -> Bools:
        return np.isin(self.motion, (motion.WALK, motion.RUN))

    @property
    def back(self) -> Bools:
        back: Bools = self.way == decoder.BACKWARD
        return back

    @property
    def unknown(self) -> Bools:
        unknown: Bools = self.way == decoder.UNKNOWN
        return unknown

    @property
    def metres(self) -> Floats:
        """Covered in each piece, NaN where the speed is not known."""
        return self.speed_m_s * self.duration_s

    def seconds(self, chosen: Bools) -> float:
        return float(self.duration_s[chosen].sum())


def cut(
    stretches: Sequence[Stretch], curves: Curves, edges_s: Floats, problems: list[Problem]
) -> Pieces:
    """The pieces of a session. `edges_s` (n + 1,) are those of the seconds of the curves."""
    starts = np.array([stretch.start_s for stretch in stretches])
    ends = np.array([stretch.end_s for stretch in stretches])
    bounds = np.unique(np.concatenate([edges_s, starts, ends]))
    middle = (bounds[:-1] + bounds[1:]) / 2
    stretch = np.searchsorted(starts, middle, side="right") - 1
    second = np.searchsorted(edges_s, middle, side="right") - 1
    known = (stretch >= 0) & (second < len(curves.speed_m_s))
    known[known] &= middle[known] < ends[stretch[known]]
    stretch, second = stretch[known], second[known]
    codes = np.array([item.motion for item in stretches], dtype=np.int8)
    ways = np.array([item.way for item in stretches], dtype=np.int8)
    pieces = Pieces(
        duration_s=np.diff(bounds)[known],
        second=second,
        stretch=stretch,
        motion=codes[stretch],
        way=ways[stretch],
        speed_m_s=curves.speed_m_s[second],
        gradient=curves.gradient[second],
        chance_backward=np.clip(np.nan_to_num(curves.backward[second], nan=0.5), 0.0, 1.0),
    )
    return replace(pieces, gradient=_believed(pieces, problems))


def _believed(pieces: Pieces, problems: list[Problem]) -> Floats:
    """The gradient of each piece, unless it changes between up and down as no course does."""
    slope = pieces.gradient
    clear = np.sign(slope[np.abs(slope) >= _CLEARLY_SLOPED])
    reversals = np.count_nonzero(np.diff(clear))
    covered_km = float(np.nansum(pieces.speed_m_s * pieces.duration_s)) / 1000
    if reversals > MOST_REVERSALS_KM * max(covered_km, 0.5):
        problems.append(
            Problem(
                "a slope that goes up and down as no course does",
                f"{reversals:,} changes beyond {_CLEARLY_SLOPED:.0%} in {covered_km:.1f} km",
                "not believed: energy is that of a level course, and its interval is wider",
            )
        )
        return np.full(len(slope), np.nan)
    known = pieces.moving & np.isfinite(pieces.speed_m_s)
    unsloped_s = pieces.seconds(known & ~np.isfinite(slope))
    if unsloped_s > _FEW * pieces.seconds(known):
        problems.append(
            Problem(
                "no slope",
                f"{unsloped_s:,.0f} s",
                "energy is that of a level course, and its interval is wider; a treadmill that"
                " was inclined costs more",
            )
        )
    return slope
