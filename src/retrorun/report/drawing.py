"""What drawings share: round values, the axis of a curve, lines through points, the legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrorun.report.markup import TONES, Markup, el, join, swatch
from retrorun.report.picture import Band, Floats, Panel
from retrorun.report.scale import nice


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What a panel reaches from bottom to top, and the round values in it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def height(self, value: float) -> float:
        """Share of the panel from the top down."""
        return (self.high - value) / (self.high - self.low)


def axis_of(panel: Panel) -> Axis:
    """An axis that holds the curve with a little air.

    A spike that would flatten all the rest leaves the picture; the numbers beside it keep it.
    """
    known = panel.values[np.isfinite(panel.values)]
    usual_low, usual_high = np.percentile(known, [0.5, 99.5])
    beyond = max(0.6 * (usual_high - usual_low), 0.5 * panel.least_range)
    low = max(float(known.min()), float(usual_low) - beyond)
    high = min(float(known.max()), float(usual_high) + beyond)
    lacking = max(panel.least_range - (high - low), 0.0) / 2
    air = 0.06 * (high - low + 2 * lacking)
    low, high = low - lacking - air, high + lacking + air
    if panel.from_zero:
        low = 0.0
    step = nice((high - low) / 5)
    ticks = range(math.ceil(low / step), math.floor(high / step) + 1)
    return Axis(low=low, high=high, ticks=tuple(n * step for n in ticks))


def path(x: Floats, y: Floats) -> str:
    """A line through the points, broken where one is NaN; a lone point becomes a dot."""
    known = np.isfinite(x) & np.isfinite(y)
    return "".join(_piece(x[run], y[run]) for run in runs(known.astype(int)) if known[run.start])


def _piece(x: Floats, y: Floats) -> str:
    """One unbroken line; points that would fall on the one before are left out."""
    rounded = np.rint(np.column_stack((x, y))).astype(int)
    moved = np.concatenate(([True], np.any(np.diff(rounded, axis=0) != 0, axis=1)))
    points = [f"{a} {b}" for a, b in rounded[moved]]
    return "M" + " ".join(points) + ("h0" if len(points) == 1 else "")


def runs(keys: NDArray[np.int_]) -> Iterator[slice]:
    """Stretches of one key.

    >>> list(runs(np.array([0, 0, 1])))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    edges = np.flatnonzero(np.diff(keys)) + 1
    ends = [0, *edges.tolist(), len(keys)] if len(keys) else []
    return (slice(a, b) for a, b in pairwise(ends))


def legend(*rows: Sequence[Band]) -> Markup:
    """The names of all tones in some rows of bands, in one order on every page."""
    used = {band.tone for row in rows for band in row}
    items = (el("li", swatch(tone, TONES[tone])) for tone in TONES if tone in used)
    return el("ul", join(items), class_="legend")
