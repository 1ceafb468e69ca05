"""A table of a runner whose figures are a straight line in everything: truth by arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from retrorun.simulation.conditions import (
    Direction,
    forward_cadence_steps_min,
    usual_cadence_steps_min,
)
from retrorun.simulation.table import GROUPS, Row, Table

SPEEDS, SLOPES, CADENCES = (1.5, 2.0, 2.67, 3.33, 4.0), (-0.05, 0.0, 0.10), (0.94, 1.16, 1.37)
POINTS = ((2.67, 0.0), (2.0, 0.10))

#: What a version makes of the figures of the base: (direction, group, figures) -> figures.
Change = Callable[[Direction, str, dict[str, float]], dict[str, float]]


def truth(
    direction: Direction, speed_m_s: float, gradient: float, cadence_steps_min: float, group: str
) -> dict[str, float]:
    """What the base does: each figure a straight line, another one for every group and way."""
    number, back = GROUPS.index(group), direction == "backward"
    share = cadence_steps_min / forward_cadence_steps_min(speed_m_s)
    line = 0.1 * speed_m_s + gradient + 0.2 * share
    size = 1.0 + 0.3 * number
    return {
        "metabolic_j_kg_m": size * (0.5 + line) * (1.5 if back and number == 0 else 1.0),
        "umberger_j_kg_m": size * (0.5 + line) * (1.5 if back and number == 0 else 1.0),
        "concentric_j_kg_m": size * (0.2 + line) * (2.0 if back else 1.0),
        "eccentric_j_kg_m": -size * (0.3 + line) * (0.5 if back else 1.0),
        "isometric_share": 0.2 + 0.05 * number + 0.1 * line + (0.1 if back else 0.0),
        "peak_force_bw": size,
    }


def table(versions: Mapping[str, Change] | None = None, *, base: Change | None = None) -> Table:
    """The whole table, with these versions at the usual points; `base` changes the base itself."""
    return Table(_rows(versions or {}, base or (lambda way, group, figures: figures)))


def _rows(versions: Mapping[str, Change], base: Change) -> Iterator[Row]:
    ways: Iterable[Direction] = ("forward", "backward")
    for way in ways:
        for speed in SPEEDS:
            for slope in SLOPES:
                for ratio in CADENCES:
                    cadence = ratio * forward_cadence_steps_min(speed)
                    yield from _point("base", way, speed, slope, cadence, base)
        for speed, slope in POINTS:
            cadence = usual_cadence_steps_min(speed_m_s=speed, direction=way)
            yield from _point("base", way, speed, slope, cadence, base)
            for name, change in versions.items():
                yield from _point(name, way, speed, slope, cadence, change)


def _point(
    name: str, way: Direction, speed: float, slope: float, cadence: float, change: Change
) -> Iterator[Row]:
    for group in GROUPS:
        figures = change(way, group, truth(way, speed, slope, cadence, group))
        yield Row(name, way, speed, slope, cadence, group, figures)


def times(**factors: float) -> Change:
    """A version in which some figures of all groups, both ways, are so many times the base's."""
    return lambda way, group, figures: {
        name: value * factors.get(name, 1.0) for name, value in figures.items()
    }


def truths(direction: Direction, speed: float, slope: float, cadence: float, figure: str):
    """One figure of all groups. (6,)"""
    return np.array([truth(direction, speed, slope, cadence, group)[figure] for group in GROUPS])
