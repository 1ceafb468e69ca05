"""A simulated gait in the words of the contract: estimates with their range over versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.conditions import Conditions
from retrorun.simulation.table import GROUPS, QUANTITIES, Quantity, load

if TYPE_CHECKING:
    from retrorun.simulation.solution import Solution

#: Names in the contract; J/kg/m times kg is J/m, which is kJ/km.
_NAMES: dict[Quantity, str] = {
    "metabolic_j_kg_m": "metabolic_kj",
    "concentric_j_kg_m": "concentric_kj",
    "eccentric_j_kg_m": "eccentric_kj",
    "isometric_share": "isometric_share",
    "peak_force_bw": "peak_force_bw",
}
GLUTES = (
    "no measurement of gluteal work in backward running exists to compare with, and the model has "
    "one gluteal muscle in one plane: take its figure as a question"
)


def summary(found: Solution) -> dict[str, Any]:
    """One solution: whether it is valid, its cost, its gait and its muscles, per kilometre."""
    gait = asdict(found.gait)
    for name in ("muscles", "groups"):
        gait.pop(name)
    values = {
        quantity: np.array([getattr(found.gait.groups[group], quantity) for group in GROUPS])
        for quantity in QUANTITIES
    }
    return {
        "conditions": found.conditions.as_dict(),
        "valid": all(held for name, held in found.checks.items() if name not in _LATER),
        "verified": found.verified,
        "checks": dict(found.checks),
        "cost_j_kg_m": found.gait.cost_j_kg_m,
        "iterations": found.iterations,
        "gait": gait,
        "muscle": _muscle(values, found.conditions),
    }


_LATER = ("mesh", "second_start")


def tabulated(conditions: Conditions) -> dict[str, Any]:
    """What the shipped table says, without solving; scaled to the mass."""
    at = load().at(
        direction=conditions.direction,
        speed_m_s=conditions.speed_m_s,
        gradient=conditions.gradient,
        cadence_steps_min=conditions.cadence_steps_min,
    )
    values = {quantity: found[0] for quantity, found in at.items()}
    judged = bool(np.isfinite(values["metabolic_j_kg_m"]).all())
    return {
        "conditions": conditions.as_dict(),
        "valid": judged,
        "verified": None,
        "checks": {},
        "cost_j_kg_m": float(values["metabolic_j_kg_m"].sum()) if judged else None,
        "gait": None,
        "muscle": _muscle(values, conditions) if judged else None,
        "start": "the shipped table",
    }


def _muscle(values: dict[Quantity, NDArray[np.float64]], conditions: Conditions) -> dict[str, Any]:
    spread = load().spread(conditions.direction)
    groups: dict[str, dict[str, dict[str, float]]] = {group: {} for group in GROUPS}
    for quantity, found in values.items():
        shares = quantity == "isometric_share"
        scale = conditions.mass_kg if quantity.endswith("_j_kg_m") else 1.0
        for index, group in enumerate(GROUPS):
            value = float(found[index]) * scale
            ends = sorted(
                value + factor if shares else value * factor for factor in spread[quantity][index]
            )
            if shares:
                ends = [min(max(end, 0.0), 1.0) for end in ends]
            groups[group][_NAMES[quantity]] = {
                "value": round(value, 4),
                "low": round(ends[0], 4),
                "high": round(ends[1], 4),
            }
    return {
        "groups": groups,
        "unit": "kJ a kilometre; peak force in body weights",
        "interval": "variants",
        "glutes": GLUTES,
    }
