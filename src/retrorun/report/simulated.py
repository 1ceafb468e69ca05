"""A simulated gait on the terminal: what the runner did, and which muscles did it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_WORDS = {
    "quadriceps": "front of the thigh (quadriceps)",
    "glutes": "buttock (gluteus maximus) *",
    "hamstrings": "back of the thigh (hamstrings)",
    "hip_flexors": "hip flexors",
    "calves": "calf",
    "tibialis_anterior": "shin (tibialis anterior)",
}


def show(result: dict[str, Any], *, console: Console) -> None:
    """Print a summary of `retrorun.simulation.summary`."""
    asked = result["conditions"]
    console.print(
        f"[bold]A simulated runner, {asked['direction']}[/bold] at {asked['speed_m_s']:g} m/s, "
        f"{asked['cadence_steps_min']:.0f} steps a minute, slope {asked['gradient']:+.0%}, "
        f"{asked['mass_kg']:g} kg, {asked['height_m']:g} m"
    )
    if result["muscle"] is None:
        console.print("Not judged: outside the table, or beside a point of it that was not solved.")
        return
    _say_checks(result, console)
    if result["gait"] is not None:
        _say_gait(result["gait"], console)
    console.print(_muscles(result["muscle"]["groups"], asked["direction"]))
    console.print(
        "Ranges are over versions of the model: what is not known about muscles.\n"
        f"* {result['muscle']['glutes']}.\n"
        "The total cost of backward running is measured, not simulated: `retrorun evidence "
        "calories`.\nWhere the model disagrees with measurements: docs/reference/truth.md"
    )


def _say_checks(result: dict[str, Any], console: Console) -> None:
    if not result["checks"]:
        console.print(f"From {result['start']}; nothing was solved.")
        return
    verified = {
        None: "not verified (--verify does it)",
        True: "verified on a finer mesh and from a second start",
        False: "NOT verified: "
        + ", ".join(name for name, held in result["checks"].items() if not held),
    }[result["verified"]]
    took = f"{result['seconds']:.0f} s from {result['start']}"
    console.print(
        f"Valid, {verified}; {took}, {result['iterations']} iterations. "
        f"Cost {result['cost_j_kg_m']:.2f} J/kg/m, net."
    )


def _say_gait(gait: dict[str, Any], console: Console) -> None:
    knee = gait["joints"]["knee"]
    console.print(
        f"On the ground {gait['contact_time_s']:.3f} s, in the air {gait['flight_time_s']:.3f} s; "
        f"peak force {gait['peak_force_bw']:.1f} body weights, "
        f"loading {gait['loading_rate_bw_s']:.0f} body weights a second; "
        f"knee work {knee['positive_j_kg_m']:+.2f} / {knee['negative_j_kg_m']:+.2f} J/kg/m."
    )


def _muscles(groups: dict[str, Any], direction: str) -> Table:
    table = Table(title=f"Work of the muscles running {direction}, kJ a kilometre", expand=False)
    table.add_column("muscle")
    for head in ("energy used", "shortening", "being stretched", "force held [%]"):
        table.add_column(head, justify="right")
    for group, work in groups.items():
        table.add_row(
            _WORDS[group],
            _range(work["metabolic_kj"]),
            _range(work["concentric_kj"]),
            _range(work["eccentric_kj"]),
            _range(work["isometric_share"], scale=100.0, digits=0),
        )
    return table


def _range(found: dict[str, float], *, scale: float = 1.0, digits: int = 1) -> str:
    value, low, high = (found[name] * scale for name in ("value", "low", "high"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
