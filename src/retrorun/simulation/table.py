"""The table of the simulated runner: work of muscle groups by speed, slope, cadence, direction.

It was computed by `sweep` and is read here with NumPy and SciPy alone. Between its points it is
interpolated in straight lines; outside them it says NaN. The versions of the model, solved at a
few points, give a range: how much a figure depends on what is not known about muscles.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrorun.errors import BadInput
from retrorun.simulation.conditions import (
    Direction,
    forward_cadence_steps_min,
    is_usual,
)

Array = NDArray[np.float64]
Quantity = Literal[
    "metabolic_j_kg_m",
    "concentric_j_kg_m",
    "eccentric_j_kg_m",
    "isometric_share",
    "peak_force_bw",
]

GROUPS = ("quadriceps", "glutes", "hamstrings", "hip_flexors", "calves", "tibialis_anterior")
QUANTITIES: tuple[Quantity, ...] = (
    "metabolic_j_kg_m",
    "concentric_j_kg_m",
    "eccentric_j_kg_m",
    "isometric_share",
    "peak_force_bw",
)
BASE = "base"
#: Work below this is nothing [J/kg/m]: a ratio to it would be noise.
NOTHING_J_KG_M = 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """One group at one point."""

    variant: str
    direction: Direction
    speed_m_s: float
    gradient: float
    cadence_steps_min: float
    group: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Range:
    """A figure and how far the versions of the model carry it."""

    value: Array
    low: Array
    high: Array


class Table:
    """Rows of the sweep, ready to be asked."""

    def __init__(self, rows: Iterable[Row]) -> None:
        rows = tuple(rows)
        base = [row for row in rows if row.variant == BASE]
        self.usual = {
            (row.variant, row.direction, row.speed_m_s, row.gradient, row.group): row.values
            for row in rows
            if is_usual(
                speed_m_s=row.speed_m_s,
                direction=row.direction,
                cadence_steps_min=row.cadence_steps_min,
            )
        }
        self.variants = tuple(dict.fromkeys(row.variant for row in rows))
        self._grids: dict[Direction, Grid] = {}
        for direction in ("forward", "backward"):
            mine = [row for row in base if row.direction == direction]
            if mine:
                self._grids[direction] = _grid_of_groups(mine)

    def at(
        self,
        *,
        direction: Direction,
        speed_m_s: ArrayLike,
        gradient: ArrayLike,
        cadence_steps_min: ArrayLike,
    ) -> dict[Quantity, Array]:
        """Each quantity of each group (n, 6) in the order of `GROUPS`; NaN outside the table.

        Parameters
        ----------
        direction : forward or backward
        speed_m_s, gradient, cadence_steps_min : array_like, (n,) or scalar
            NaN gives NaN. `gradient` is rise over run in the way one runs.
        """
        if direction not in self._grids:
            raise BadInput("direction", repr(direction), "forward or backward")
        speed, slope, cadence = np.broadcast_arrays(
            np.atleast_1d(np.asarray(speed_m_s, dtype=float)), gradient, cadence_steps_min
        )
        found = self._grids[direction].at(speed, slope, cadence)
        found = found.reshape(len(speed), len(QUANTITIES), len(GROUPS))
        return {quantity: found[:, index] for index, quantity in enumerate(QUANTITIES)}

    def spread(self, direction: Direction) -> dict[Quantity, Array]:
        """Factors (6, 2), least and largest, by which versions of the model differ from the base.

        For the isometric share the differences instead of factors. Versions in which a muscle gains
        energy, since absorbed work counts as regained, say nothing of its energy.
        """
        return {
            quantity: np.array([self._spread_of(group, quantity, direction) for group in GROUPS])
            for quantity in QUANTITIES
        }

    def _spread_of(
        self, group: str, quantity: Quantity, direction: Direction
    ) -> tuple[float, float]:
        shares = quantity == "isometric_share"
        found = [0.0 if shares else 1.0]
        for key, values in self.usual.items():
            if key[1] != direction or key[4] != group:
                continue
            base = self.usual.get((BASE, *key[1:]))
            if base is None:
                continue
            if shares:
                found.append(values[quantity] - base[quantity])
            elif abs(base[quantity]) >= NOTHING_J_KG_M and values[quantity] * base[quantity] > 0:
                found.append(values[quantity] / base[quantity])
                if quantity == "metabolic_j_kg_m":
                    # Umberger's formula on the same gait is one more version.
                    found.append(values["umberger_j_kg_m"] / base[quantity])
        return min(found), max(found)

    def ratios(self, quantity: str, *, speed_m_s: float, gradient: float) -> dict[str, Array]:
        """Backward over forward (6,) of each version, each at its usual cadence.

        NaN where forward has next to nothing to compare with, and where the two have different
        signs: where absorbed work counts as energy regained, a muscle may seem to cost nothing.
        """
        found: dict[str, Array] = {}
        for variant in self.variants:
            sides = [
                [
                    self.usual.get((variant, direction, speed_m_s, gradient, group), {}).get(
                        quantity, np.nan
                    )
                    for group in GROUPS
                ]
                for direction in ("backward", "forward")
            ]
            backward, forward = np.array(sides, dtype=float)
            if np.isnan(backward).all():
                continue
            nothing = (np.abs(forward) < NOTHING_J_KG_M) | (backward * forward < 0)
            found[variant] = backward / np.where(nothing, np.nan, forward)
        return found


def _grid_of_groups(rows: Sequence[Row]) -> Grid:
    """Rows of all groups gathered to one place each: quantities, then groups."""
    at: dict[tuple[float, float, float], Array] = {}
    for row in rows:
        place = (row.speed_m_s, row.gradient, row.cadence_steps_min)
        values = at.setdefault(place, np.full((len(QUANTITIES), len(GROUPS)), np.nan))
        values[:, GROUPS.index(row.group)] = [row.values[quantity] for quantity in QUANTITIES]
    return Grid(_places(at), np.array([values.ravel() for values in at.values()]))


class Grid:
    """Figures of the base model in one direction, between the points where it was solved.

    `places` are (n, 3): speed, slope, cadence over the usual forward one; `values` (n, k).
    """

    def __init__(self, places: Array, values: Array) -> None:
        axes, snapped = [], []
        for column, apart in zip(places.T, (1e-3, 1e-3, _SAME_RATIO), strict=True):
            levels = _levels(column, apart)
            nearest = np.abs(column[:, None] - levels).argmin(axis=1)
            counts = np.bincount(nearest, minlength=len(levels))
            kept = counts >= counts.max() / 2  # points off the grid stand alone
            axes.append(levels[kept])
            snapped.append(np.where(kept[nearest], np.cumsum(kept)[nearest] - 1, -1))
        self._axes = axes
        self._values = np.full((*(len(axis) for axis in axes), values.shape[1]), np.nan)
        for index, value in zip(np.transpose(snapped), values, strict=True):
            if (index >= 0).all():
                self._values[tuple(index)] = value

    def at(self, speed_m_s: Array, gradient: Array, cadence_steps_min: Array) -> Array:
        """Values (n, k) by straight lines; NaN outside, and between points of which one failed."""
        from scipy.interpolate import RegularGridInterpolator

        usual = forward_cadence_steps_min(speed_m_s)
        where = np.column_stack([speed_m_s, gradient, cadence_steps_min / usual])
        for end in self._axes[2][[0, -1]]:  # cadences were rounded when they were solved
            where[np.abs(where[:, 2] - end) < _SAME_RATIO, 2] = end
        failed = np.isnan(self._values)
        look, missing = (
            RegularGridInterpolator(self._axes, filled, bounds_error=False, fill_value=np.nan)
            for filled in (np.where(failed, 0.0, self._values), failed.astype(float))
        )
        return np.where(missing(where) < 1e-9, look(where), np.nan)


#: Cadences are rounded to tenths of a step: ratios this near are one level.
_SAME_RATIO = 0.002


def _levels(column: Array, apart: float) -> Array:
    """The distinct values of a column, those nearer than `apart` taken as one."""
    ordered = np.sort(column)
    starts = np.concatenate([[True], np.diff(ordered) > apart])
    return np.array([group.mean() for group in np.split(ordered, np.flatnonzero(starts)[1:])])


def _places(asked: Iterable[tuple[float, float, float]]) -> Array:
    return np.array(
        [
            [speed, gradient, cadence / forward_cadence_steps_min(speed)]
            for speed, gradient, cadence in asked
        ]
    )


def _place() -> Any:
    return resources.files("retrorun.simulation") / "results"


@cache
def load() -> Table:
    """The table that is shipped."""
    text = (_place() / "muscles.csv").read_text(encoding="utf-8")
    keys = (
        "variant",
        "direction",
        "speed_m_s",
        "gradient",
        "cadence_steps_min",
        "group",
        "verified",
    )
    return Table(
        Row(
            variant=row["variant"],
            direction=row["direction"],  # type: ignore[arg-type]
            speed_m_s=float(row["speed_m_s"]),
            gradient=float(row["gradient"]),
            cadence_steps_min=float(row["cadence_steps_min"]),
            group=row["group"],
            values={name: float(value) for name, value in row.items() if name not in keys},
        )
        for row in csv.DictReader(text.splitlines())
    )


def gaits(direction: Direction) -> tuple[tuple[str, ...], Grid]:
    """Names and the grid of every figure of the base model's gait."""
    mine = [row for row in points() if row["variant"] == BASE and row["direction"] == direction]
    keys = ("variant", "direction", "speed_m_s", "gradient", "cadence_steps_min", "verified")
    names = tuple(name for name in mine[0] if name not in keys)
    asked = [
        (float(row["speed_m_s"]), float(row["gradient"]), float(row["cadence_steps_min"]))
        for row in mine
    ]
    values = np.array([[float(row[name]) for name in names] for row in mine])
    return names, Grid(_places(asked), values)


@cache
def points() -> tuple[dict[str, str], ...]:
    """The gait of every point, as text: cost, contact, force, joints, checks."""
    text = (_place() / "points.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def versions_at(speed_m_s: float, gradient: float) -> dict[str, dict[Direction, dict[str, float]]]:
    """Every version of the model solved both ways there at the usual cadences, with its figures."""
    found: dict[str, dict[Direction, dict[str, float]]] = {}
    for row in points():
        direction: Direction = "forward" if row["direction"] == "forward" else "backward"
        figures = {
            name: float(value)
            for name, value in row.items()
            if name not in ("variant", "direction", "verified")
        }
        if (figures["speed_m_s"], figures["gradient"]) == (speed_m_s, gradient) and is_usual(
            speed_m_s=speed_m_s,
            direction=direction,
            cadence_steps_min=figures["cadence_steps_min"],
        ):
            found.setdefault(row["variant"], {})[direction] = figures
    return {variant: both for variant, both in found.items() if len(both) == 2}
