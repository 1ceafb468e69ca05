"""The runner at one instant: what must be zero, what it costs, and what can be seen.

An instant is one column of numbers: the state (coordinates, their rates, activations, tendon
forces) and the controls (accelerations, rates of activation and of tendon force). `Layout` says
where each stands, so that no other room counts indices.
"""

from __future__ import annotations

from dataclasses import dataclass

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.body import COORDINATES, JOINTS, SIDES, Body
from retrorun.simulation.conditions import Variant
from retrorun.simulation.contact import Ground, ground, positive
from retrorun.simulation.metabolics import bhargava, umberger
from retrorun.simulation.muscles import Fibre, fibre
from retrorun.simulation.skeleton import (
    Expression,
    Posture,
    centre_of_mass,
    inverse_dynamics,
    posture,
)

COORDINATE_COUNT = len(COORDINATES)
#: Small terms that make a single optimum likelier: 2 % of the objective forward, 8 % backward.
SMOOTHNESS_WEIGHT, RATE_WEIGHT = 0.02, 0.002
#: People do not press harder at these speeds (cavagna2012: 2.35 forward, 2.60 backward; keller1996:
#: 2.5 at 6 m/s); without it the optimum at quick steps is a stiff-legged hop of six body weights.
HARDEST_BW, HARD_LANDING_WEIGHT = 3.0, 400.0
#: People lift their feet; without it the swinging foot skims the ground on a straight leg.
SWEEPING_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an instant stand in its column, and the size each has (its scale)."""

    muscles: int  #: of both legs

    @property
    def state(self) -> int:
        """Numbers in a state."""
        return 2 * COORDINATE_COUNT + 2 * self.muscles

    @property
    def controls(self) -> int:
        """Numbers in the controls."""
        return COORDINATE_COUNT + 2 * self.muscles

    @property
    def size(self) -> int:
        """Numbers in an instant."""
        return self.state + self.controls

    @property
    def equations(self) -> int:
        """Equations that hold at an instant: of motion and of each muscle."""
        return COORDINATE_COUNT + self.muscles

    def slices(self) -> dict[str, slice]:
        """Names of the parts."""
        n, m = COORDINATE_COUNT, self.muscles
        sizes = {
            "coordinates": n,
            "rates": n,
            "activation": m,
            "force": m,
            "acceleration": n,
            "activation_rate": m,
            "force_rate": m,
        }
        ends = np.cumsum(list(sizes.values()))
        return {
            name: slice(int(end - size), int(end))
            for (name, size), end in zip(sizes.items(), ends, strict=True)
        }

    def scale(self) -> NDArray[np.float64]:
        """Usual size of each number (size,): the solver sees numbers about 1."""
        usual = {
            "coordinates": 1.0,
            "rates": 10.0,
            "activation": 1.0,
            "force": 1.0,
            "acceleration": 200.0,
            "activation_rate": 20.0,
            "force_rate": 25.0,
        }
        scale = np.empty(self.size)
        for name, part in self.slices().items():
            scale[part] = usual[name]
        return scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """CasADi functions of one instant `z` (size,), in SI units, and of the gradient."""

    layout: Layout
    z: Expression
    gradient: Expression
    equations: Expression  #: (11 + muscles,), zero for a motion that can be; in body weights
    running_cost: Expression  #: W/kg and its like, to be integrated over the step
    ground_bw: Expression  #: vertical force of the right and the left foot (2,) [body weights]
    seen: ca.Function  #: everything that `gait` measures


def instant(body: Body, variant: Variant) -> Instant:
    """Join skeleton, muscles, contact and metabolics for a person and a version of the model."""
    layout = Layout(muscles=2 * len(body.muscles))
    z, gradient = ca.SX.sym("z", layout.size), ca.SX.sym("gradient")
    part = {name: z[place] for name, place in layout.slices().items()}
    q, v = part["coordinates"], part["rates"]
    pose = posture(body, q)
    soles = ground(body, pose, q, v)
    needed = inverse_dynamics(pose, q, v, part["acceleration"], gradient=gradient)
    stops = _joint_stops(body, q, v)
    fibres = _fibres(body, part)
    pull = ca.SX.zeros(COORDINATE_COUNT)
    for side, one in fibres:
        for joint, moment in one.moments_nm.items():
            pull[COORDINATES.index(f"{side}_{joint}")] += moment
    unbalanced = needed - soles.generalised - stops - pull
    weight = np.full(COORDINATE_COUNT, 0.1 * body.weight_n)
    weight[:3] = body.weight_n * np.array([1.0, 1.0, 0.3])
    rates = ca.vertcat(
        *(
            bhargava(
                body.muscles[index % len(body.muscles)],
                one,
                part["activation"][index],
                lengthening_credit=variant.lengthening_credit,
            )
            for index, (_, one) in enumerate(fibres)
        )
    )
    return Instant(
        layout=layout,
        z=z,
        gradient=gradient,
        equations=ca.vertcat(unbalanced / weight, *(one.unbalanced for _, one in fibres)),
        running_cost=_running_cost(body, variant, part, ca.sum1(rates), soles),
        ground_bw=ca.vertcat(*(soles.force_n[side][1] for side in SIDES)) / body.weight_n,
        seen=_seen(
            z, gradient, body, pose, soles, fibres, part, rates, stops, needed - soles.generalised
        ),
    )


def _fibres(body: Body, part: dict[str, Expression]) -> list[tuple[str, Fibre]]:
    """The muscles of both legs, right first."""
    found = []
    for number, side in enumerate(SIDES):
        places = {joint: COORDINATES.index(f"{side}_{joint}") for joint in JOINTS}
        angles = {joint: part["coordinates"][place] for joint, place in places.items()}
        turning = {joint: part["rates"][place] for joint, place in places.items()}
        for place, muscle in enumerate(body.muscles, start=number * len(body.muscles)):
            one = fibre(
                muscle,
                body,
                angles=angles,
                rates=turning,
                activation=part["activation"][place],
                force=part["force"][place],
                force_rate=part["force_rate"][place],
            )
            found.append((side, one))
    return found


def _joint_stops(body: Body, q: Expression, v: Expression) -> Expression:
    """Moments (11,) of ligaments near the ends of a joint's range, and of the arch of the foot.

    Exponential towards the ends, the shape that riener1999 measured.
    """
    moments = ca.SX.zeros(COORDINATE_COUNT)
    steep = body.constants["joint_stop_steepness"]
    for side in SIDES:
        for joint in JOINTS:
            at = COORDINATES.index(f"{side}_{joint}")
            lowest, highest = (
                np.radians(body.constants[f"{joint}_{end}"]) for end in ("lowest", "highest")
            )
            moments[at] += ca.exp((lowest - q[at]) * steep) - ca.exp((q[at] - highest) * steep)
            moments[at] -= body.constants["joint_damping"] * v[at]
        toes = COORDINATES.index(f"{side}_toes")
        moments[toes] -= body.constants["toe_stiffness"] * q[toes]
        moments[toes] -= body.constants["toe_damping"] * v[toes]
    return moments


def _running_cost(
    body: Body,
    variant: Variant,
    part: dict[str, Expression],
    metabolic_w: Expression,
    soles: Ground,
) -> Expression:
    """What a gait minimises, per second; divided by the distance it is per metre."""
    effort = ca.sum1(part["activation"] ** 3)
    cost = variant.metabolic_weight * metabolic_w / body.mass_kg + variant.effort_weight * effort
    cost += SWEEPING_WEIGHT * soles.sweeping
    for force in soles.force_n.values():
        over = positive(force[1] / body.weight_n - HARDEST_BW, 0.01)
        cost += HARD_LANDING_WEIGHT * over**2
    if variant.force_rate_weight:
        bulk = [muscle.max_force_n * muscle.optimal_fibre_m for muscle in body.muscles] * 2
        building = sum(
            size * positive(part["force_rate"][index], 1.0) for index, size in enumerate(bulk)
        )
        cost += variant.force_rate_weight * building / body.mass_kg
    smooth = ca.sumsqr(part["acceleration"] / 20) / COORDINATE_COUNT
    quick = ca.sumsqr(part["force_rate"] / 25) + ca.sumsqr(part["activation_rate"] / 20)
    return cost + SMOOTHNESS_WEIGHT * smooth + RATE_WEIGHT * quick


def _seen(
    z: Expression,
    gradient: Expression,
    body: Body,
    pose: Posture,
    soles: Ground,
    fibres: list[tuple[str, Fibre]],
    part: dict[str, Expression],
    rates: Expression,
    stops: Expression,
    moments: Expression,
) -> ca.Function:
    """Named outputs of an instant; columns are muscles or sides."""
    only = [one for _, one in fibres]
    second = [
        umberger(body.muscles[index % len(body.muscles)], one, part["activation"][index])
        for index, one in enumerate(only)
    ]
    outputs = {
        "centre_of_mass_m": centre_of_mass(pose),
        "outline_m": pose.outline,
        "ground_force_n": ca.horzcat(*(soles.force_n[side] for side in SIDES)),
        "ground_moment_nm": ca.horzcat(*(soles.moment_x_nm[side] for side in SIDES)),
        "ground_power_w": soles.power_w,
        "joint_moment_nm": moments,
        "stop_power_w": ca.dot(stops, part["rates"]),
        "metabolic_w": rates.T,
        "umberger_w": ca.horzcat(*second),
        "fibre_length": ca.horzcat(*(one.length for one in only)),
        "fibre_speed_m_s": ca.horzcat(*(one.speed_m_s for one in only)),
        "active_n": ca.horzcat(*(one.active_n for one in only)),
        "damping_n": ca.horzcat(*(one.damping_n for one in only)),
        "tendon_n": ca.horzcat(*(one.tendon_n for one in only)),
    }
    return ca.Function(
        "seen", [z, gradient], list(outputs.values()), ["z", "gradient"], list(outputs)
    )
