"""What physics says to the claims: ratios backward over forward, and a sentence for a runner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from retrorun.simulation.table import GROUPS, load, versions_at
from retrorun.simulation.variants import POINTS

#: Claims are about running on the level.
LEVEL = tuple(point for point in POINTS if point[1] == 0.0)

QUANTITIES = {
    "metabolic_j_kg_m": "energy",
    "concentric_j_kg_m": "work while shortening",
    "eccentric_j_kg_m": "work while being stretched",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Backward over forward at the same speed, over versions of the model and points."""

    group: str
    quantity: str
    base: float  #: on the level; NaN where forward has next to nothing
    low: float
    high: float
    versions: int
    above: int  #: versions in which it is above one

    @property
    def words(self) -> str:
        """The ratio and its range, for people."""
        if not np.isfinite(self.base):
            return "not comparable: next to nothing forward"
        return f"×{self.base:.2g} ({self.low:.2g} to {self.high:.2g})"

    @property
    def side(self) -> str:
        """Whether all versions agree on the side of one."""
        if self.low > 1:
            return "more"
        if self.high < 1:
            return "less"
        more = 2 * self.above > self.versions
        count = self.above if more else self.versions - self.above
        return f"{'more' if more else 'less'} in {count} of {self.versions} versions"


@cache
def ratios() -> tuple[Ratio, ...]:
    """Every group and quantity of the shipped table, in the order of its groups."""
    table = load()
    found = []
    for quantity in QUANTITIES:
        per_point = [
            table.ratios(quantity, speed_m_s=speed, gradient=gradient) for speed, gradient in LEVEL
        ]
        for index, group in enumerate(GROUPS):
            values = [one[index] for point in per_point for one in point.values()]
            known = np.array([value for value in values if np.isfinite(value)])
            base = per_point[0].get("base")
            found.append(
                Ratio(
                    group=group,
                    quantity=quantity,
                    base=float("nan") if base is None else float(base[index]),
                    low=float(known.min()) if len(known) else float("nan"),
                    high=float(known.max()) if len(known) else float("nan"),
                    versions=len(known),
                    above=int((known > 1).sum()),
                )
            )
    return tuple(sorted(found, key=lambda ratio: GROUPS.index(ratio.group)))


def of(group: str, quantity: str) -> Ratio:
    """One ratio by name."""
    return next(one for one in ratios() if one.group == group and one.quantity == quantity)


def physics_of(claim: str) -> tuple[str, ...]:
    """What the simulated runner says to a claim, in sentences; nothing where it has no word."""
    if claim not in _SAYING:
        return ()
    return (*_SAYING[claim](), _CAVEAT)


_CAVEAT = (
    "A model, not a measurement: ranges are over versions of it, both directions at the same speed "
    "and each at its usual cadence. Where it differs from measurements: docs/reference/truth.md."
)


def _quadriceps() -> tuple[str, ...]:
    energy, push, brake = (of("quadriceps", quantity) for quantity in QUANTITIES)
    return (
        f"Backward, the simulated quadriceps push {push.side} ({push.words} the work while "
        f"shortening) and brake {brake.side} ({brake.words} the work while being stretched); they "
        f"use {energy.words} the energy.",
    )


def _glutes() -> tuple[str, ...]:
    energy = of("glutes", "metabolic_j_kg_m")
    said = "less, not more" if energy.high < 1 else energy.side
    return (
        f"The simulated gluteus maximus uses {energy.words} the energy of forward running: {said}. "
        "It is one muscle in one plane and nothing measured stands behind it, so this is a "
        "question, not an answer; sessions say nothing of glutes.",
    )


def _eccentric() -> tuple[str, ...]:
    brake = of("quadriceps", "eccentric_j_kg_m")
    calves = of("calves", "eccentric_j_kg_m")
    moved = f" Being stretched moves to the calf: {calves.words}." if calves.low > 1 else ""
    return (f"The quadriceps are stretched {brake.side}: {brake.words} as much.{moved}",)


def _calories() -> tuple[str, ...]:
    found = {
        variant: both["backward"]["cost_j_kg_m"] / both["forward"]["cost_j_kg_m"]
        for variant, both in versions_at(*LEVEL[0]).items()
    }
    return (
        f"The simulated runner's total cost is ×{found['base']:.2f} ({min(found.values()):.2f} to "
        f"{max(found.values()):.2f}) of forward at usual cadences: it does not reproduce what is "
        "measured. retrorun takes totals from measurements and only the distribution over muscles "
        "from the model.",
    )


_SAYING = {
    "quadriceps": _quadriceps,
    "glutes": _glutes,
    "eccentric": _eccentric,
    "calories": _calories,
}
