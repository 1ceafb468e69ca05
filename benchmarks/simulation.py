"""How long a simulated step takes: ``python -m benchmarks.simulation`` (about five minutes).

Each solve runs in a process of its own on one core: from a shipped neighbour (the default of
`retrorun simulate`) and cold from textbook angles. OpenSim Moco solves the nearest model that it
can in its own process (`benchmarks.moco_peer`), where `OPENSIM_PYTHON` names a Python that has the
package `opensim`; the two cannot be imported together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.common import print_table, save

ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
AIM_S = {"neighbour": 40.0, "cold": 120.0}
MOCO_SECONDS = 300


def ours(direction: str, *, cold: bool) -> dict[str, Any]:
    """One run of the command, as a person starts it."""
    words = ["simulate", "--speed-m-s", "2.67", "--direction", direction, "--json"]
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "retrorun.cli", *words, *(["--cold"] if cold else [])],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_CORE},
    )
    told = json.loads(done.stdout)
    start = "cold" if cold else "neighbour"
    return {
        "program": "retrorun",
        "direction": direction,
        "start": start,
        "valid": told["valid"],
        "iterations": told["iterations"],
        "seconds": told["seconds"],
        "s / iteration": round(told["seconds"] / told["iterations"], 3),
        "aim [s]": AIM_S[start],
        "cost J/kg/m": round(told["cost_j_kg_m"], 3),
    }


def moco(seconds: int = MOCO_SECONDS) -> dict[str, Any] | None:
    """OpenSim Moco on its nearest model; None where there is no OpenSim."""
    python = os.environ.get("OPENSIM_PYTHON")
    if not python:
        return None
    peer = Path(__file__).parent / "moco_peer.py"
    done = subprocess.run(  # noqa: S603  our own script
        [python, str(peer), "--seconds", str(seconds)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_CORE},
    )
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def main() -> None:
    rows = [
        ours(direction, cold=cold)
        for direction in ("forward", "backward")
        for cold in (False, True)
    ]
    print_table(rows)
    peer = moco()
    kept: list[dict[str, Any]] = list(rows)
    if peer is None:
        print("OpenSim Moco: not measured; set OPENSIM_PYTHON to a Python with `opensim`")
    else:
        print(f"OpenSim Moco: {json.dumps(peer)}")
        mine = sum(row["s / iteration"] for row in rows) / len(rows)
        print(f"an iteration of Moco takes {peer['seconds_per_iteration'] / mine:.0f} times ours")
        kept.append(peer)
    save("simulation", kept)


if __name__ == "__main__":
    main()
