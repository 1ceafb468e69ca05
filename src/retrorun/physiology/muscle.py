"""Work of muscle groups while running, from the table of the simulated runner.

How far muscles shorten and are stretched under load is mechanics: joules of the table, a kilogram
and metre, times mass and distance. It is never scaled by what the running cost. What the muscles
cost is measured: of the net energy of the whole body the legs take a part, and the table says only
how the groups share it, since its total backward is not what people were measured to need.

Groups are in the order of `retrorun.simulation.table.GROUPS`, directions forward, backward. Ranges
are over versions of the model; they are no 90 % intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.conditions import (
    BACKWARD_CADENCE_RATIO,
    FASTEST_M_S,
    SLOWEST_M_S,
    STEEPEST_DOWN,
    STEEPEST_UP,
    Direction,
    forward_cadence_steps_min,
)
from retrorun.simulation.table import BASE, GROUPS, NOTHING_J_KG_M, Quantity, Range, Table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Kind = Literal["metabolic", "concentric", "eccentric", "isometric"]

#: What is told of each group, and its name in the table.
KINDS: dict[Kind, Quantity] = {
    "metabolic": "metabolic_j_kg_m",
    "concentric": "concentric_j_kg_m",
    "eccentric": "eccentric_j_kg_m",
    "isometric": "isometric_share",
}
_WORKS: tuple[Kind, ...] = ("concentric", "eccentric")
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")

#: Part of the net energy of running that is spent in the legs. Supporting the weight, pulling
#: forward and helping the legs to swing together took away all but 12.9 % of it in ten adults at
#: 3.0 m/s (tasks10411596). The same tasks one by one add up to 131 % (arellano2014), so such parts
#: are rough; low and high are a convention.
LEGS_PART, LEGS_PART_LOW, LEGS_PART_HIGH = 0.87, 0.80, 0.95
#: A ratio of isometric shares to less than this would be noise (convention).
LEAST_SHARE = 0.01


# --- what was run -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Pieces of running in a known direction, all (n,).

    `gradient` is rise over run in the way one runs, NaN is taken as level; a `cadence_steps_min`
    that is NaN is taken as the usual one of the direction. `net_w_kg` is the measured power of the
    whole body above standing.
    """

    backward: Bools
    duration_s: Floats
    speed_m_s: Floats
    gradient: Floats
    cadence_steps_min: Floats
    net_w_kg: Floats

    @property
    def metres(self) -> Floats:
        return self.speed_m_s * self.duration_s

    def turned(self, net_w_kg: Floats) -> Running:
        """The same way all forward, what was backward at the usual forward cadence and this power.

        What was forward stays exactly as it was.
        """
        return replace(
            self,
            backward=np.zeros(len(self.backward), dtype=bool),
            cadence_steps_min=np.where(self.backward, np.nan, self.cadence_steps_min),
            net_w_kg=np.where(self.backward, net_w_kg, self.net_w_kg),
        )

    def asked(self) -> tuple[Floats, Floats]:
        """Slope and cadence with which the table is asked. (n,)"""
        forward = forward_cadence_steps_min(self.speed_m_s)
        usual = np.where(self.backward, BACKWARD_CADENCE_RATIO * forward, forward)
        cadence = np.where(np.isfinite(self.cadence_steps_min), self.cadence_steps_min, usual)
        return np.nan_to_num(self.gradient), cadence

    def usual(self) -> Running:
        """The same at the usual cadence of each direction."""
        return replace(self, cadence_steps_min=np.full(len(self.speed_m_s), np.nan))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Work of each group in each piece, (n, 6) [J]; NaN in all where a piece is not judged."""

    backward: Bools  #: (n,)
    kg_m: Floats  #: (n,), mass times distance
    metabolic_j: Floats
    concentric_j: Floats
    eccentric_j: Floats  #: negative
    weight_j: Floats  #: metabolic cost by the table alone: the weight of the isometric share
    held_j: Floats  #: the isometric part of that weight

    @property
    def judged(self) -> Bools:
        judged: Bools = np.isfinite(self.kg_m)
        return judged


def work(table: Table, running: Running, *, mass_kg: float) -> Work:
    """Work of each muscle group in pieces of running.

    .. math:: W = w_{table} m d, \\quad E = \\frac{e_g}{\\sum_g e_g} L \\, E_{net}

    Concentric and eccentric work W is the table's, times mass and distance; metabolic energy E is
    the group's share in the table's cost of all six groups, times `LEGS_PART` of the net energy.
    A piece is judged where the table answers for all groups and its net energy is known.
    """
    found = _told(table, running)
    judged = _whole(found) & np.isfinite(running.net_w_kg)
    kg_m = np.where(judged, mass_kg * running.metres, np.nan)
    net_j = np.where(judged, mass_kg * running.net_w_kg * running.duration_s, np.nan)
    weight_j = found["metabolic"] * kg_m[:, None]
    return Work(
        backward=running.backward,
        kg_m=kg_m,
        metabolic_j=_share_of(found["metabolic"]) * LEGS_PART * net_j[:, None],
        concentric_j=found["concentric"] * kg_m[:, None],
        eccentric_j=found["eccentric"] * kg_m[:, None],
        weight_j=weight_j,
        held_j=found["isometric"] * weight_j,
    )


def outside(table: Table, running: Running) -> dict[str, Bools]:
    """Why pieces are not judged, the most telling reason first. (n,) each

    Reasons overlap; a piece belongs to its first. That the cadence is to blame is known from the
    table itself, which tells of the same piece at the usual one.
    """
    speed, slope = running.speed_m_s, np.nan_to_num(running.gradient)
    told, at_usual = (_whole(_told(table, asked)) for asked in (running, running.usual()))
    return {
        "no speed": ~np.isfinite(speed),
        f"slower than {SLOWEST_M_S} m/s": speed < SLOWEST_M_S,
        f"faster than {FASTEST_M_S} m/s": speed > FASTEST_M_S,
        f"a slope beyond {STEEPEST_DOWN:.0%} or {STEEPEST_UP:.0%}": (slope < STEEPEST_DOWN)
        | (slope > STEEPEST_UP),
        "a cadence far from the usual one": at_usual & ~told,
        "no gait of the simulated runner at that speed and slope": ~told,
        "its energy is not judged": ~np.isfinite(running.net_w_kg),
    }


def _told(table: Table, running: Running) -> dict[Kind, Floats]:
    """What the table says of each piece, (n, 6); NaN where it says nothing."""
    slope, cadence = running.asked()
    found = {kind: np.full((len(slope), len(GROUPS)), np.nan) for kind in KINDS}
    for direction in DIRECTIONS:
        rows = running.backward == (direction == "backward")
        if rows.any():
            at = table.at(
                direction=direction,
                speed_m_s=running.speed_m_s[rows],
                gradient=slope[rows],
                cadence_steps_min=cadence[rows],
            )
            for kind, quantity in KINDS.items():
                found[kind][rows] = at[quantity]
    return found


def _whole(found: dict[Kind, Floats]) -> Bools:
    """Whether everything is told of every group. (n,)"""
    each = np.isfinite(np.stack(list(found.values()), axis=-1))
    whole: Bools = np.logical_and.reduce(each, axis=(1, 2))
    return whole


# --- sums -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Work of some pieces, by direction and group, (2, 6) [J]."""

    kg_m: float
    metabolic_j: Floats
    concentric_j: Floats
    eccentric_j: Floats
    weight_j: Floats
    held_j: Floats


def summed(pieces: Work, chosen: Bools) -> Sums:
    """The sums over those pieces that are chosen and judged. `chosen` is (n,)."""
    rows = [chosen & pieces.judged & (pieces.backward == back) for back in (False, True)]
    return Sums(
        kg_m=float(pieces.kg_m[rows[0] | rows[1]].sum()),
        **{
            field.name: np.stack([getattr(pieces, field.name)[row].sum(axis=0) for row in rows])
            for field in fields(Sums)
            if field.name != "kg_m"
        },
    )


# --- versions of the model --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """How versions of the model differ from the base, (versions, 2, 6) each.

    A version is one variant at one of the points where variants were solved, each direction at its
    usual cadence. NaN where it has no gait there, or the base next to nothing to compare with.
    """

    metabolic: Floats  #: factors of the share in the cost of all six groups; Umberger's count too
    concentric: Floats  #: factors
    eccentric: Floats  #: factors
    isometric: Floats  #: differences of the isometric share

    @classmethod
    def of(cls, table: Table) -> Versions:
        """The versions of a table.

        Shares are computed within each version: if muscles are dearer in one, all groups are, and
        their shares need not change. Factors of the single groups would not know that.
        """
        every: dict[Kind, list[Floats]] = {kind: [] for kind in KINDS}
        for point in _points(table):
            base = {kind: _figures(table, BASE, point, name) for kind, name in KINDS.items()}
            for variant in table.variants:
                for cost in ("metabolic_j_kg_m", "umberger_j_kg_m"):
                    share = _share_of(_figures(table, variant, point, cost))
                    every["metabolic"].append(share / _share_of(base["metabolic"]))
                for kind in _WORKS:
                    found = _figures(table, variant, point, KINDS[kind])
                    every[kind].append(found / _something(base[kind]))
                found = _figures(table, variant, point, KINDS["isometric"])
                every["isometric"].append(found - base["isometric"])
        shape = (-1, len(DIRECTIONS), len(GROUPS))
        return cls(
            **{kind: np.array(rows, dtype=float).reshape(shape) for kind, rows in every.items()}
        )


def _points(table: Table) -> list[tuple[float, float]]:
    """Speeds and slopes at which the base was solved at a usual cadence."""
    return sorted({(speed, slope) for name, _, speed, slope, _ in table.usual if name == BASE})


def _figures(table: Table, variant: str, point: tuple[float, float], quantity: str) -> Floats:
    """One quantity of one version, (2, 6); NaN where it has no gait."""
    speed, slope = point
    empty: dict[str, float] = {}
    return np.array(
        [
            [
                table.usual.get((variant, way, speed, slope, group), empty).get(quantity, np.nan)
                for group in GROUPS
            ]
            for way in DIRECTIONS
        ]
    )


def _share_of(cost: Floats) -> Floats:
    """Share of each group in the cost of all six; groups on the last axis.

    NaN where a group costs nothing or less, as where absorbed work counts as energy regained.
    """
    plain = np.where((cost > 0).all(axis=-1, keepdims=True), cost, np.nan)
    share: Floats = plain / plain.sum(axis=-1, keepdims=True)
    return share


def _something(values: Floats) -> Floats:
    return np.where(np.abs(values) < NOTHING_J_KG_M, np.nan, values)


def totals(sums: Sums, versions: Versions) -> dict[Kind, Range]:
    """Work of each group, (6,): energies [J] and the isometric share, with their ranges.

    Low and high take the extreme version of each direction, so those of two sessions add up to
    those of both together. The range of the metabolic energy holds that of the legs' part too, but
    not the error of the net energy itself. The isometric share is of the impulse of force; pieces
    are weighted by the table's metabolic cost, for which alone the table has a sum over a metre.
    """
    low, high = _ends(versions.metabolic, neutral=1.0)
    found: dict[Kind, Range] = {
        "metabolic": _range(
            sums.metabolic_j,
            low * LEGS_PART_LOW / LEGS_PART,
            high * LEGS_PART_HIGH / LEGS_PART,
        ),
        "concentric": _range(sums.concentric_j, *_ends(versions.concentric, neutral=1.0)),
        "eccentric": _range(sums.eccentric_j, *_ends(versions.eccentric, neutral=1.0)),
    }
    low, high = _ends(versions.isometric, neutral=0.0)
    found["isometric"] = Range(
        value=_share(sums, np.zeros_like(low)), low=_share(sums, low), high=_share(sums, high)
    )
    return found


def ratios(actual: Sums, turned: Sums, versions: Versions) -> dict[Kind, Range]:
    """What was run over the same all forward, (6,), each version with itself.

    NaN where forward has next to nothing to compare with. The range is that of the ratio over
    versions, narrower than the ratio of two ranges, since a version is the same muscles both ways.
    The legs' part is taken to be the same both ways, so it cancels.
    """
    found: dict[Kind, Range] = {}
    energies: tuple[Kind, ...] = ("metabolic", *_WORKS)
    for kind in energies:
        factors: Floats = getattr(versions, kind)
        above, below = getattr(actual, f"{kind}_j"), getattr(turned, f"{kind}_j")
        found[kind] = _over(
            above.sum(axis=0), below.sum(axis=0), least=NOTHING_J_KG_M * turned.kg_m,
            others=((above * factors).sum(axis=1), (below * factors).sum(axis=1)),
        )  # fmt: skip
    same = np.zeros((len(DIRECTIONS), len(GROUPS)))
    found["isometric"] = _over(
        _share(actual, same), _share(turned, same), least=LEAST_SHARE,
        others=(_share(actual, versions.isometric), _share(turned, versions.isometric)),
    )  # fmt: skip
    return found


def _ends(rows: Floats, *, neutral: float) -> tuple[Floats, Floats]:
    """Least and largest of the versions, the base among them. (2, 6)"""
    base = np.full((1, len(DIRECTIONS), len(GROUPS)), neutral)
    every = np.concatenate([base, np.where(np.isnan(rows), neutral, rows)])
    return every.min(axis=0), every.max(axis=0)


def _range(joules: Floats, low: Floats, high: Floats) -> Range:
    ends = np.stack([(joules * low).sum(axis=0), (joules * high).sum(axis=0)])
    return Range(value=joules.sum(axis=0), low=ends.min(axis=0), high=ends.max(axis=0))


def _share(sums: Sums, differences: Floats) -> Floats:
    """Isometric share over both directions, with `differences` (..., 2, 6) added. (..., 6)"""
    held = (sums.held_j + differences * sums.weight_j).sum(axis=-2)
    with np.errstate(invalid="ignore"):  # nothing was run
        share: Floats = np.clip(held / sums.weight_j.sum(axis=0), 0.0, 1.0)
    return share


def _over(above: Floats, below: Floats, *, least: float, others: tuple[Floats, Floats]) -> Range:
    """A ratio (6,) and its range over the versions (versions, 6)."""
    tops, bottoms = np.vstack([above, others[0]]), np.vstack([below, others[1]])
    rows = tops / np.where(np.abs(bottoms) < max(least, np.finfo(float).tiny), np.nan, bottoms)
    value = rows[0]
    rows[:, np.isnan(value)] = np.nan
    return Range(value=value, low=np.fmin.reduce(rows), high=np.fmax.reduce(rows))
