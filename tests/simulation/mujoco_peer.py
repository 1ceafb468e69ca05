"""A program of its own: what forces a motion takes, by MuJoCo.

It reads one JSON object from standard input, `model` (MJCF) and `motions` (each `gravity`, `q`,
`v`, `a`), and prints `mass_kg` and for each motion `forces` and `centre_m`. MuJoCo and CasADi
never meet in one process.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def answer(mujoco: Any, model: Any, motion: dict[str, list[float]]) -> dict[str, list[float]]:
    """Generalised forces of one motion, and the centre of mass of all bodies."""
    model.opt.gravity[:] = motion["gravity"]
    state = mujoco.MjData(model)
    state.qpos[:], state.qvel[:], state.qacc[:] = motion["q"], motion["v"], motion["a"]
    mujoco.mj_inverse(model, state)
    return {"forces": state.qfrc_inverse.tolist(), "centre_m": state.subtree_com[0, :2].tolist()}


def main() -> None:
    import mujoco  # here: pytest imports this module, to look for doctests

    asked = json.load(sys.stdin)
    model = mujoco.MjModel.from_xml_string(asked["model"])
    found = [answer(mujoco, model, motion) for motion in asked["motions"]]
    json.dump({"mass_kg": float(model.body_mass.sum()), "motions": found}, sys.stdout)


if __name__ == "__main__":
    main()
