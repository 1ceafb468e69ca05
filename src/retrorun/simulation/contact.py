"""Ground contact: smooth spheres that resist penetration (serrancoli2019) and rub.

Normal force: stiffness times penetration to the power 1.5 (Hertz), times one plus damping times
the speed of penetration (Hunt and Crossley), never pulling. Friction grows with the tangent of
the sliding speed to its limit, so a foot at rest creeps by millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import casadi as ca

from retrorun.simulation.body import Body
from retrorun.simulation.skeleton import Expression, Posture

#: Over this depth the start of contact is rounded [m].
ROUNDED_M = 2e-3
#: A sole that sweeps at this height or lower is likely to trip its owner [m].
CLEARANCE_M = 0.03


def positive(x: Expression, rounding: float) -> Expression:
    """The positive part of x, rounded at 0 over `rounding`."""
    return 0.5 * (x + ca.sqrt(x * x + rounding * rounding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the ground does at an instant."""

    generalised: Expression  #: (11,) [N, Nm]
    force_n: dict[str, Expression]  #: (2,) for each side
    moment_x_nm: dict[str, Expression]  #: normal force times x, for the centre of pressure
    power_w: Expression  #: done on the body; negative is lost in sole and ground
    sweeping: Expression  #: square of the speed of soles near the ground, less with height [m²/s²]


def ground(body: Body, pose: Posture, q: Expression, v: Expression) -> Ground:
    """Forces of all patches of both soles."""
    generalised = ca.SX.zeros(q.shape[0])
    force: dict[str, Expression] = {"right": ca.SX.zeros(2), "left": ca.SX.zeros(2)}
    moment: dict[str, Expression] = {"right": ca.SX(0), "left": ca.SX(0)}
    power, sweeping = ca.SX(0), ca.SX(0)
    rub, creep = body.constants["friction"], body.constants["friction_speed"]
    for patch in pose.patches:
        move, turn = ca.jacobian(patch.centre, q), ca.jacobian(patch.angle, q)
        speed = move @ v
        depth = positive(patch.radius_m - patch.centre[1], ROUNDED_M)
        damped = positive(1 - body.constants["contact_damping"] * speed[1], 0.05)
        normal = patch.stiffness_n_m15 * depth**1.5 * damped
        sliding = speed[0] + patch.radius_m * (turn @ v)  # of the point that touches
        along = -rub * normal * ca.tanh(sliding / creep)
        pushed = ca.vertcat(along, normal)
        # The force acts at the bottom of the sphere: a moment about its centre.
        about = patch.radius_m * along
        generalised += move.T @ pushed + turn.T * about
        force[patch.side] += pushed
        moment[patch.side] += normal * patch.centre[0]
        power += ca.dot(pushed, speed) + about * (turn @ v)
        height = positive(patch.centre[1] - patch.radius_m, ROUNDED_M)
        sweeping += ca.exp(-height / CLEARANCE_M) * sliding**2
    return Ground(
        generalised=generalised,
        force_n=force,
        moment_x_nm=moment,
        power_w=power,
        sweeping=sweeping,
    )
