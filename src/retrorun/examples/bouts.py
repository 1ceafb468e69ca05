"""Bouts: what the simulated person does one after the other, and at which cadence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from retrorun.errors import BadInput
from retrorun.examples import styles
from retrorun.examples.cycle import Gait
from retrorun.examples.skeleton import Body
from retrorun.examples.styles import Style

Motion = Literal["still", "walk", "run", "sidestep", "shuffle", "jump", "turn", "stairs"]
Direction = Literal["forward", "backward", "left", "right", ""]

#: One bout fades into the next over this time, centred on the border. [s]
BLEND_S = 1.0

#: Cadence backward at equal speed (x1.113, treadmill, n = 13; see SCIENCE section 4). [-]
BACKWARD_CADENCE = 1.11

#: What the example's people do: motion and direction -> style.
STYLES: Mapping[tuple[str, str], Style] = MappingProxyType(
    {
        ("still", ""): styles.STAND,
        ("walk", "forward"): styles.WALK,
        ("walk", "backward"): styles.BACK_WALK,
        ("run", "forward"): styles.RUN,
        ("run", "backward"): styles.BACK_RUN,
        ("sidestep", "left"): styles.SIDESTEP,
        ("sidestep", "right"): styles.SIDESTEP,
        ("shuffle", "backward"): styles.SHUFFLE,
        ("jump", ""): styles.JUMP,
        ("turn", ""): styles.STEP_IN_PLACE,
        ("stairs", "forward"): styles.STAIRS,
    }
)

#: Direction of travel against the way the body faces, counterclockwise. [deg]
WAY_DEG = {"": 0.0, "forward": 0.0, "left": 90.0, "backward": 180.0, "right": 270.0}

#: Rise of a step of stairs over its depth: 0.17 m over 0.28 m, usual in houses. [-]
STAIRS_SLOPE = 0.17 / 0.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """One motion at one speed for some time.

    `turn_deg` (clockwise) turns the body against the path: at the start of the bout (in the
    first bout, before it), for the motion "turn" throughout. Forward and then backward with
    `turn_deg=180` goes on the same way along the path; without, it comes back.
    """

    duration_s: float
    motion: Motion
    direction: Direction = ""
    speed_m_s: float = 0.0
    cadence_steps_min: float | None = None  #: None: usual at that speed; for jumps, jumps
    turn_deg: float = 0.0

    def __post_init__(self) -> None:
        if (self.motion, self.direction) not in STYLES:
            known = ", ".join(" ".join(pair).strip() for pair in STYLES)
            raise BadInput("motion", f"{self.motion} {self.direction}".strip(), f"one of {known}")
        if not self.duration_s >= 2 * BLEND_S:
            raise BadInput("duration_s", self.duration_s, f"at least {2 * BLEND_S:g}")
        if not (0 < self.speed_m_s <= 6 if self.direction else self.speed_m_s == 0):
            wanted = "above 0 and at most 6" if self.direction else "0: it goes nowhere"
            raise BadInput("speed_m_s", self.speed_m_s, wanted)

    @property
    def style(self) -> Style:
        return STYLES[self.motion, self.direction]

    @property
    def steps_min(self) -> float:
        """Cadence as asked for, or usual at the speed. [steps/min]"""
        if self.cadence_steps_min is not None:
            return self.cadence_steps_min
        return usual_cadence(self.motion, self.direction, speed_m_s=self.speed_m_s)

    def gait(self, body: Body) -> Gait:
        way = np.radians(WAY_DEG[self.direction])
        ahead, left = np.round([np.cos(way), np.sin(way)], 12) * self.speed_m_s
        up = STAIRS_SLOPE * self.speed_m_s if self.motion == "stairs" else 0.0
        return Gait(
            style=self.style,
            velocity_m_s=(float(ahead), float(left), up),
            cadence_steps_min=self.steps_min,
            body=body,
        )


def usual_cadence(motion: str, direction: str, *, speed_m_s: float) -> float:
    """A plausible cadence: walking grows with the root of the speed, running slowly. [steps/min]

    112 at 1.4 m/s and 165 at 2.7 m/s are everyday values, chosen for the example.
    """
    fixed = {"still": 0.0, "sidestep": 100.0, "shuffle": 150.0, "jump": 100.0, "turn": 100.0}
    if motion in fixed:
        return fixed[motion]
    if motion == "stairs":
        return 60.0 * speed_m_s / 0.28
    forward = 112.0 * np.sqrt(speed_m_s / 1.4) if motion == "walk" else 144.0 + 8.0 * speed_m_s
    return float(forward * (BACKWARD_CADENCE if direction == "backward" else 1.0))
