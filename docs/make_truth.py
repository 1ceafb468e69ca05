"""Write the page of truth: measured against simulated, row by row: `python docs/make_truth.py`.

Measurements come from `src/retrorun/evidence/running_mechanics.csv`, the simulated runner from its
shipped table, at the usual cadence of each direction. A row agrees when the base model lies in the
measured spread, and is reached by versions when only their range touches it; where a study printed
no spread, ten percent of the value stand in and are marked. Rows that chose the model, or that its
limits hold, are marked and not counted. Ranges come from the level at 2.67 m/s: what a version
differs there from the base is added everywhere.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from retrorun.evidence.library import studies
from retrorun.simulation import table
from retrorun.simulation.conditions import (
    FASTEST_M_S,
    SLOWEST_M_S,
    STEEPEST_DOWN,
    STEEPEST_UP,
    Direction,
    usual_cadence_steps_min,
)

PAGE = Path(__file__).parent / "reference" / "truth.md"
#: Where a study gives no speed.
USUAL_SPEED_M_S = 2.67
#: Of a value whose spread was not printed.
UNPRINTED_SHARE = 0.10
GRAVITY = 9.81
MASS_KG = 70.0

Figures = dict[str, float]

#: How a measured quantity is read off the simulated gait.
READ: dict[str, Callable[[Figures], float]] = {
    "contact_time": lambda gait: gait["contact_time_s"],
    "flight_time": lambda gait: gait["flight_time_s"],
    "duty_factor": lambda gait: (
        gait["contact_time_s"] / (2 * (gait["contact_time_s"] + gait["flight_time_s"]))
    ),
    "peak_vertical_force": lambda gait: gait["peak_force_bw"],
    "highest_upward_acceleration": lambda gait: (gait["peak_force_bw"] - 1) * GRAVITY,
    "vertical_oscillation": lambda gait: gait["oscillation_m"],
    "knee_moment_peak": lambda gait: -gait["knee_least_moment_nm_kg"] * MASS_KG,
    "knee_flexion_at_peak_knee_moment": lambda gait: gait["knee_angle_at_least_moment_deg"],
    "knee_flexion_at_touchdown": lambda gait: gait["landing_knee_deg"],
    "knee_flexion_at_takeoff": lambda gait: gait["takeoff_knee_deg"],
    "ankle_plantarflexion_at_touchdown": lambda gait: -gait["landing_ankle_deg"],
    "knee_extensor_negative_work": lambda gait: -gait["knee_extensor_negative_j_kg_m"],
    "knee_extensor_positive_work": lambda gait: gait["knee_extensor_positive_j_kg_m"],
    "ankle_share_of_positive_stance_work": lambda gait: _share(gait, "ankle"),
    "knee_share_of_positive_stance_work": lambda gait: _share(gait, "knee"),
    "hip_share_of_positive_stance_work": lambda gait: _share(gait, "hip"),
    "rectus_femoris_activity": lambda gait: gait["rectus_femoris_activation"],
    "net_metabolic_cost": lambda gait: gait["cost_j_kg_m"],
    "metabolic_cost": lambda gait: gait["cost_j_kg_m"],
}
#: Said once here, since the words of the file are short.
WORDS = {
    "knee_moment_peak": "peak knee extension moment (70 kg)",
    "knee_flexion_at_peak_knee_moment": "knee flexion under the peak moment",
    "rectus_femoris_activity": "rectus femoris activity (EMG; simulated: activation)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the page."""

    what: str
    where: str
    measured: str
    simulated: str
    verdict: str
    source: str


def _share(gait: Figures, joint: str) -> float:
    total = sum(gait[f"{name}_stance_positive_j_kg_m"] for name in ("hip", "knee", "ankle"))
    return gait[f"{joint}_stance_positive_j_kg_m"] / total


def lines() -> tuple[list[Line], list[str]]:
    """All rows that the model can answer, and the measured quantities that it cannot."""
    found, silent = [], []
    place = resources.files("retrorun.evidence") / "running_mechanics.csv"
    for row in csv.DictReader(place.read_text(encoding="utf-8").splitlines()):
        line = _line(row)
        if line is None:
            silent.append(_words(row["quantity"]) + f", {_where(row)} ({_cite(row['study'])})")
        else:
            found.append(line)
    return found, silent


def _line(row: dict[str, str]) -> Line | None:
    read = READ.get(row["quantity"])
    speeds = _speeds(row)
    if read is None or speeds is None or row["unit"] in ("J/kg a stance",):
        return None
    gradients = [float(row[name] or 0) for name in ("gradient_low", "gradient_high")]
    if min(gradients) < STEEPEST_DOWN - 1e-9:
        return None
    gradients = [min(one, STEEPEST_UP) for one in gradients]
    if max(gradients) < float(row["gradient_low"] or 0) - 1e-9:
        return None
    by_slope = [_simulated(read, row["direction"], speeds, slope) for slope in gradients]
    simulated = np.mean(by_slope, axis=0)
    if not np.isfinite(simulated).all():
        return None
    measured = _measured(row)
    low, high = min(simulated), max(simulated)
    return Line(
        what=_words(row["quantity"]),
        where=_where(row),
        measured=measured[2],
        simulated=f"{simulated[0]:.3g} ({low:.3g} to {high:.3g})",
        verdict=_verdict(row, simulated, measured),
        source=_cite(row["study"]),
    )


#: Figures of forward running with a look at which the base model was chosen.
CHOSE = ("contact_time", "flight_time", "duty_factor", "peak_vertical_force")
#: Held by a bound or a penalty of the model, in both directions.
IMPOSED = ("peak_vertical_force", "highest_upward_acceleration")


AGREES, REACHED, DIFFERS = "agrees", "reached by versions", "**differs**"
JUDGED = (AGREES, REACHED, DIFFERS)


def _verdict(row: dict[str, str], simulated: np.ndarray, measured: tuple[float, float, str]) -> str:
    """How the base model and its versions stand to the figure, unless it was put into the model."""
    level_cost = row["quantity"] == "net_metabolic_cost" and row["gradient_low"] in ("", "0")
    if row["direction"] == "forward" and (row["quantity"] in CHOSE or level_cost):
        return "chose the model"
    if row["quantity"] in IMPOSED:
        return "limited by the model"
    if measured[0] <= simulated[0] <= measured[1]:
        return AGREES
    touches = min(simulated) <= measured[1] and max(simulated) >= measured[0]
    return REACHED if touches else DIFFERS


def _measured(row: dict[str, str]) -> tuple[float, float, str]:
    """Low, high and the words: value ± SD, a printed range, or ten percent about the value."""
    unit = "" if row["unit"] in ("1", "") else f" {row['unit']}"
    if row["sd"]:
        value, sd = float(row["value"]), float(row["sd"])
        return value - sd, value + sd, f"{value:g} ± {sd:g}{unit}"
    if row["low"] and row["high"]:
        middle = f"{row['value']} " if row["value"] else ""
        return (
            float(row["low"]),
            float(row["high"]),
            f"{middle}({row['low']} to {row['high']}){unit}",
        )
    value = float(row["value"])
    return (
        value * (1 - UNPRINTED_SHARE),
        value * (1 + UNPRINTED_SHARE),
        f"{value:g}{unit} †",
    )


def _speeds(row: dict[str, str]) -> list[float] | None:
    """Speeds to simulate; None where the study ran outside the table."""
    if "top speed" in row["note"]:
        return None
    if not row["speed_low_m_s"]:
        return [USUAL_SPEED_M_S]
    low, high = float(row["speed_low_m_s"]), float(row["speed_high_m_s"])
    if low == high:
        return [low] if SLOWEST_M_S <= low <= FASTEST_M_S else None
    inside = np.clip([low, high], SLOWEST_M_S, FASTEST_M_S)
    return [float(one) for one in np.linspace(*inside, 5)]


def _simulated(
    read: Callable[[Figures], float], direction: str, speeds: list[float], gradient: float
) -> np.ndarray:
    """Base, least and largest over versions, averaged over speeds."""
    sides: dict[str, np.ndarray] = {side: _along(read, side, speeds, gradient) for side in _SIDES}
    # A mean over speeds needs most of them, and a ratio the same speeds in both directions.
    wanted = list(_SIDES) if direction == "ratio" else [direction]
    known = np.all([np.isfinite(sides[side]) for side in wanted], axis=0)
    if known.sum() <= len(speeds) / 2:
        return np.full(3, np.nan)
    if direction == "ratio":
        base = float((sides["backward"][known] / sides["forward"][known]).mean())
        apart = _apart(lambda gait: read(gait["backward"]) / read(gait["forward"]))
    else:
        base = float(sides[direction][known].mean())
        apart = _apart(lambda gait: read(gait[direction]))
    return np.array([base, base + min(apart), base + max(apart)])


_SIDES: tuple[Direction, Direction] = ("backward", "forward")


def _along(
    read: Callable[[Figures], float], side: Direction, speeds: list[float], gradient: float
) -> np.ndarray:
    """The base model's figure at each speed (n,); NaN where the table has none."""
    names, grid = table.gaits(side)
    cadence = [usual_cadence_steps_min(speed_m_s=one, direction=side) for one in speeds]
    values = grid.at(np.array(speeds), np.full(len(speeds), gradient), np.array(cadence))
    return np.array([read(dict(zip(names, one, strict=True))) for one in values])


def _apart(read: Callable[[dict[Direction, Figures]], float]) -> list[float]:
    """What versions of the model differ from the base, level at the usual speed and cadence.

    Differences, since a factor of an angle near zero would say nothing.
    """
    versions = table.versions_at(USUAL_SPEED_M_S, 0.0)
    base = read(versions["base"])
    return [read(both) - base for both in versions.values()]


def _words(quantity: str) -> str:
    return WORDS.get(quantity, quantity.replace("_", " "))


def _where(row: dict[str, str]) -> str:
    low, high = row["speed_low_m_s"], row["speed_high_m_s"]
    speed = "speed not given" if not low else f"{low} m/s" if low == high else f"{low}-{high} m/s"
    slopes = {row["gradient_low"] or "0", row["gradient_high"] or "0"}
    slope = "" if slopes == {"0"} else f", slope {'-'.join(sorted(slopes))}"
    direction = "backward / forward" if row["direction"] == "ratio" else row["direction"]
    return f"{direction}, {speed}{slope}"


def _cite(key: str) -> str:
    return studies()[key].cite


def page() -> str:
    """The whole page in Markdown."""
    found, silent = lines()
    count = {verdict: sum(line.verdict == verdict for line in found) for verdict in JUDGED}
    judged = sum(count.values())
    head = [
        "# Measured and simulated, row by row",
        "",
        "Written by `python docs/make_truth.py` from the measurements in"
        " `src/retrorun/evidence/running_mechanics.csv` and the shipped table of the simulated"
        " runner: every measured row that the model answers stands here, in the order of the file.",
        "",
        f"**Of {judged} measured figures that may judge the simulated runner it agrees with"
        f" {count[AGREES]}, reaches {count[REACHED]} more with one of its versions, and differs"
        f" from {count[DIFFERS]}.** {len(found) - judged} more chose the model or are held by its"
        " limits, and are not counted. Several rows share their data (contact, flight and duty;"
        " force and acceleration). A row agrees when the base model lies within the measured spread"
        " († no spread printed: ten percent stand in). Both run at their usual cadence; where a"
        f" study names no speed, the runner runs at {USUAL_SPEED_M_S:g} m/s.",
        "",
        "| quantity | direction, speed | measured | simulated (versions) | | source |",
        "|---|---|---|---|---|---|",
    ]
    body = [
        f"| {line.what} | {line.where} | {line.measured} | {line.simulated} |"
        f" {line.verdict} | {line.source} |"
        for line in found
    ]
    tail = ["", "## Measured, but not answered by this model", ""]
    tail += [f"* {one}" for one in dict.fromkeys(silent)]
    return "\n".join([*head, *body, *tail]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
