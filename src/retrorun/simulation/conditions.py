"""What a simulated runner is asked to do, and which model does it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput

Direction = Literal["forward", "backward"]
Speed = TypeVar("Speed", float, NDArray[np.float64])

#: Speeds for which the model converges and people were measured running both ways [m/s].
SLOWEST_M_S, FASTEST_M_S = 1.5, 4.0
#: Rise over run: the slopes of the table; backward running downhill was measured by nobody.
STEEPEST_DOWN, STEEPEST_UP = -0.05, 0.10
LIGHTEST_KG, HEAVIEST_KG = 40.0, 120.0
SHORTEST_M, TALLEST_M = 1.45, 2.05
#: Backward cadence over forward at the same speed: 195 against 159 steps a minute at 3 m/s
#: (brennan2026 over fukuchi2017); published ratios reach from 1.11 to 1.37.
BACKWARD_CADENCE_RATIO = 1.23
#: Least and highest cadence of each direction, over the usual forward one.
CADENCE_RATIOS: dict[Direction, tuple[float, float]] = {
    "forward": (0.94, 1.155),
    "backward": (1.05, 1.37),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One version of the model; the defaults are the base from which the others differ.

    The objective, per metre and kilogram, is the metabolic energy times `metabolic_weight`, the
    sum of activations cubed times `effort_weight`, and the rate at which force is built up times
    `force_rate_weight`.
    """

    name: str = "base"
    metabolic_weight: float = 1.0
    effort_weight: float = 4.0
    force_rate_weight: float = 0.0  #: J per (N m) of force change times fibre length
    lengthening_credit: float = 0.0  #: 1 counts absorbed work as energy gained (Bhargava 2004)
    specific_tension_n_cm2: float | None = None
    least_activation: float = 0.02
    toe_stiffness_nm_rad: float | None = None
    achilles_strain: float | None = None
    trunk_lean_deg: float | None = 7.3  #: forward; held within 3.6; None: free (teng2014)
    flight_share: float = 0.06  #: least part of a step without ground force: it is running


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Speed, slope, cadence and the person; refused outside what converges or was studied."""

    speed_m_s: float
    direction: Direction
    cadence_steps_min: float
    gradient: float = 0.0
    mass_kg: float = 70.0
    height_m: float = 1.75

    def __post_init__(self) -> None:
        if self.direction not in ("forward", "backward"):
            raise BadInput("direction", repr(self.direction), "forward or backward")
        _within("speed_m_s", self.speed_m_s, SLOWEST_M_S, FASTEST_M_S, "m/s")
        _within("gradient", self.gradient, STEEPEST_DOWN, STEEPEST_UP, "rise over run")
        _within("mass_kg", self.mass_kg, LIGHTEST_KG, HEAVIEST_KG, "kg")
        _within("height_m", self.height_m, SHORTEST_M, TALLEST_M, "m")
        usual = forward_cadence_steps_min(self.speed_m_s)
        least, highest = CADENCE_RATIOS[self.direction]
        _within(
            "cadence_steps_min",
            self.cadence_steps_min,
            round(least * usual, 1),
            round(highest * usual, 1),
            f"steps a minute {self.direction} at this speed",
        )

    @property
    def step_time_s(self) -> float:
        """Time from one foot's contact to the other's."""
        return 60.0 / self.cadence_steps_min

    @property
    def velocity_m_s(self) -> float:
        """Along x, in which the runner faces: negative backward."""
        return self.speed_m_s if self.direction == "forward" else -self.speed_m_s

    @property
    def tilt(self) -> float:
        """Rise over run along x: a gradient is of the way one runs, x is where one faces."""
        return self.gradient if self.direction == "forward" else -self.gradient

    @property
    def step_length_m(self) -> float:
        """Distance covered in a step, never negative."""
        return self.speed_m_s * self.step_time_s

    def apart(self, speed_m_s: float, gradient: float, cadence_steps_min: float) -> float:
        """How unlike other conditions are, one for a step of the table; a neighbour is a guess."""
        return (
            abs(self.speed_m_s - speed_m_s) / 0.67
            + abs(self.gradient - gradient) / 0.05
            + abs(self.cadence_steps_min - cadence_steps_min) / 30.0
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for files."""
        return asdict(self)


def _within(name: str, given: float, lowest: float, highest: float, unit: str) -> None:
    if not lowest - 1e-9 <= given <= highest + 1e-9:  # catches NaN too
        raise BadInput(
            name,
            f"{given:g}",
            f"from {lowest:g} to {highest:g} {unit}",
            "Outside, the model does not converge or nobody was measured.",
        )


def forward_cadence_steps_min(speed_m_s: Speed) -> Speed:
    """Usual cadence of running forward [steps/min], 1.5 to 4.0 m/s.

    The straight line of 28 runners at 2.5 to 4.5 m/s (fukuchi2017): 1.286 strides a second at
    2.5 m/s and 0.072 more for each m/s.

    Examples
    --------
    >>> round(forward_cadence_steps_min(2.67))
    156
    """
    return 120.0 * (1.286 + 0.072 * (speed_m_s - 2.5))


def usual_cadence_steps_min(*, speed_m_s: float, direction: Direction) -> float:
    """Usual cadence [steps/min]: backward it is 1.23 times forward.

    Examples
    --------
    >>> round(usual_cadence_steps_min(speed_m_s=2.67, direction="backward"))
    192
    """
    forward = forward_cadence_steps_min(speed_m_s)
    return forward if direction == "forward" else BACKWARD_CADENCE_RATIO * forward


def is_usual(*, speed_m_s: float, direction: Direction, cadence_steps_min: float) -> bool:
    """Whether a cadence is the usual one; the sweep rounds cadences to tenths of a step."""
    usual = usual_cadence_steps_min(speed_m_s=speed_m_s, direction=direction)
    return abs(cadence_steps_min - usual) < 0.2
