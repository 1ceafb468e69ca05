"""Writes the shipped table from the results of a sweep."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from retrorun.simulation import checks
from retrorun.simulation.conditions import Conditions, Variant
from retrorun.simulation.gait import measure
from retrorun.simulation.solution import problem_for
from retrorun.simulation.table import GROUPS

PLACE = Path(__file__).parent / "results"
_ASKED = ("direction", "speed_m_s", "gradient", "cadence_steps_min")


def write(results: Iterable[Mapping[str, Any]], folder: Path, place: Path = PLACE) -> None:
    """Write `muscles.csv`, `points.csv`, `guesses.npz` and `provenance.json` to `place`."""
    every = [_measured(result, folder) for result in results]
    good = [result for result in every if "failed" not in result]
    place.mkdir(parents=True, exist_ok=True)
    _csv(place / "muscles.csv", [row for result in good for row in _muscles(result)])
    _csv(place / "points.csv", [_point(result) for result in good])
    guesses = {
        result["name"]: np.load(folder / f"{result['name']}.npy").astype(np.float16)
        for result in good
        if result["variant"]["name"] == "base"
    }
    np.savez_compressed(place / "guesses.npz", **guesses)
    said = {
        "command": "python -m retrorun.simulation.sweep out/sweep --table",
        "written": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in ("retrorun", "casadi", "numpy")},
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "model": {
            result["variant"]["name"]: result["model"] for result in good
        },  # `Problem.fingerprint`
        "solved": len(good),
        "verified": sum(result["verified"] is True for result in good),
        "cpu_seconds": round(sum(result["seconds"] for result in every)),
        "failed": {result["name"]: result["failed"] for result in every if "failed" in result},
        "not_verified": {
            result["name"]: [name for name, held in result["checks"].items() if not held]
            for result in good
            if result["verified"] is False
        },
        "verification": {
            result["name"]: {
                name: [round(one, 4) for one in value] if name == "objectives" else value
                for name, value in result["verification"].items()
            }
            for result in good
            if result["verification"] is not None
        },
    }
    (place / "provenance.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _measured(result: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A result measured anew from its numbers, so that old solutions have the newest figures."""
    if "failed" in result:
        return dict(result)
    conditions, variant = Conditions(**result["conditions"]), Variant(**result["variant"])
    numbers = np.load(folder / f"{result['name']}.npy").astype(float)
    gait = measure(problem_for(conditions, variant), numbers, conditions)
    passed = checks.valid(gait, conditions, converged=result["checks"]["converged"])
    if not all(passed.values()):
        broken = ", ".join(name for name, held in passed.items() if not held)
        return {**result, "failed": f"measured anew, it fails: {broken}"}
    return {**result, "gait": asdict(gait), "checks": {**result["checks"], **passed}}


#: A version of the model is solved and checked, and not verified.
_VERIFIED = {None: "", True: "yes", False: "no"}


def _asked(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "variant": result["variant"]["name"],
        **{name: result["conditions"][name] for name in _ASKED},
    }


def _muscles(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = result["gait"]["groups"]
    return [
        {
            **_asked(result),
            "group": group,
            **{name: f"{value:.4f}" for name, value in groups[group].items()},
            "verified": _VERIFIED[result["verified"]],
        }
        for group in GROUPS
    ]


def _point(result: Mapping[str, Any]) -> dict[str, Any]:
    gait = result["gait"]
    plain = {
        name: f"{value:.4f}" if isinstance(value, float) else value
        for name, value in gait.items()
        if not isinstance(value, dict)
    }
    joints = {
        f"{joint}_{name}": f"{value:.3f}"
        for joint, found in gait["joints"].items()
        for name, value in found.items()
    }
    activity = {
        f"{muscle}_activation": f"{work['mean_activation']:.4f}"
        for muscle, work in gait["muscles"].items()
    }
    return {
        **_asked(result),
        **plain,
        **joints,
        **activity,
        "iterations": result["iterations"],
        "seconds": round(result["seconds"], 1),
        "verified": _VERIFIED[result["verified"]],
    }


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
