"""The skeleton: where its parts are, and the forces that a motion takes.

Planar: x forward (the way the runner faces), y up at right angles to the ground, angles
counterclockwise. A slope tilts gravity, not the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import casadi as ca

from retrorun.simulation.body import COORDINATES, GRAVITY_M_S2, SIDES, Body

#: Any CasADi expression; CasADi has no types.
Expression = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One rigid body in the world: centre of mass [m], angle [rad]."""

    name: str
    centre: Expression
    angle: Expression
    mass_kg: float
    inertia_kg_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One sphere of the sole in the world."""

    name: str
    side: str
    centre: Expression
    angle: Expression  #: of the body that carries it
    radius_m: float
    stiffness_n_m15: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """All parts of the body, as functions of the coordinates."""

    parts: tuple[Part, ...]
    patches: tuple[Patch, ...]
    outline: Expression  #: (2, 12): hip, head, then per leg knee, ankle, heel, ball, toe tip


def _turned(angle: Expression, x: float, y: float) -> Expression:
    """A point (x, y) of a frame that is turned by an angle."""
    cos, sin = ca.cos(angle), ca.sin(angle)
    return ca.vertcat(cos * x - sin * y, sin * x + cos * y)


def posture(body: Body, q: Expression) -> Posture:
    """Place the body's parts; `q` are the coordinates (11,) in the order of `COORDINATES`."""
    at = {name: q[index] for index, name in enumerate(COORDINATES)}
    hip, pitch = ca.vertcat(at["pelvis_x"], at["pelvis_y"]), at["trunk_pitch"]
    trunk = body.segments["trunk"]
    parts = [_part("trunk", trunk, hip + _turned(pitch, 0, trunk.centre_m), pitch)]
    patches: list[Patch] = []
    outline = [hip, hip + _turned(pitch, 0, 0.47 * body.height_m)]
    for side in SIDES:
        leg = _leg(body, side, hip, pitch, at)
        parts += leg[0]
        patches += leg[1]
        outline += leg[2]
    return Posture(parts=tuple(parts), patches=tuple(patches), outline=ca.horzcat(*outline))


def _part(name: str, segment: Any, centre: Expression, angle: Expression) -> Part:
    return Part(
        name=name,
        centre=centre,
        angle=angle,
        mass_kg=segment.mass_kg,
        inertia_kg_m2=segment.inertia_kg_m2,
    )


def _leg(
    body: Body, side: str, hip: Expression, pitch: Expression, at: dict[str, Expression]
) -> tuple[list[Part], list[Patch], list[Expression]]:
    """Parts, patches and outline of one leg."""
    thigh, shank, foot, toes = (body.segments[name] for name in ("thigh", "shank", "foot", "toes"))
    thigh_angle = pitch + at[f"{side}_hip"]
    knee = hip + _turned(thigh_angle, 0, -thigh.length_m)
    shank_angle = thigh_angle - at[f"{side}_knee"]
    ankle = knee + _turned(shank_angle, 0, -shank.length_m)
    foot_angle = shank_angle + at[f"{side}_ankle"]
    ball = ankle + _turned(foot_angle, *body.ball_m)
    toes_angle = foot_angle + at[f"{side}_toes"]
    ahead = body.constants["foot_centre_ahead"] * body.height_m
    ahead /= body.constants["reference_height"]
    parts = [
        _part(f"{side}_thigh", thigh, hip + _turned(thigh_angle, 0, -thigh.centre_m), thigh_angle),
        _part(f"{side}_shank", shank, knee + _turned(shank_angle, 0, -shank.centre_m), shank_angle),
        _part(f"{side}_foot", foot, ankle + _turned(foot_angle, ahead, -foot.centre_m), foot_angle),
        _part(f"{side}_toes", toes, ball + _turned(toes_angle, toes.centre_m, -0.005), toes_angle),
    ]
    frames = {"foot": (ankle, foot_angle), "toes": (ball, toes_angle)}
    patches = [
        Patch(
            name=f"{side}_{sphere.name}",
            side=side,
            centre=frames[sphere.on][0] + _turned(frames[sphere.on][1], *sphere.centre_m),
            angle=frames[sphere.on][1],
            radius_m=sphere.radius_m,
            stiffness_n_m15=sphere.stiffness_n_m15,
        )
        for sphere in body.spheres
    ]
    sole = -foot.length_m
    heel_m = -body.constants["heel_behind_ankle"] * body.height_m * 1.6
    heel = ankle + _turned(foot_angle, heel_m / body.constants["reference_height"], sole + 0.02)
    tip = ball + _turned(toes_angle, toes.length_m, -0.02)
    return parts, patches, [knee, ankle, heel, ball, tip]


def gravity(gradient: Expression) -> Expression:
    """Acceleration that standing on the slope feels (2,) [m/s²]: the ground pushes back."""
    slope = ca.atan(gradient)
    return GRAVITY_M_S2 * ca.vertcat(ca.sin(slope), ca.cos(slope))


def inverse_dynamics(
    pose: Posture, q: Expression, v: Expression, acceleration: Expression, *, gradient: Expression
) -> Expression:
    """Generalised forces (11,) [N, Nm] that a motion needs, ground and muscles together.

    For each part the principle of virtual power: the Jacobian of its centre times mass times
    (acceleration + gravity), plus the Jacobian of its angle times inertia times angular
    acceleration.
    """
    push = gravity(gradient)
    needed = ca.SX.zeros(q.shape[0])
    for part in pose.parts:
        move, turn = ca.jacobian(part.centre, q), ca.jacobian(part.angle, q)
        linear = move @ acceleration + ca.jtimes(move @ v, q, v)
        needed += part.mass_kg * move.T @ (linear + push)
        needed += part.inertia_kg_m2 * turn.T @ (turn @ acceleration)  # angles are linear in q
    return needed


def centre_of_mass(pose: Posture) -> Expression:
    """Of the whole body (2,) [m]."""
    total = sum(part.mass_kg for part in pose.parts)
    return sum(part.mass_kg * part.centre for part in pose.parts) / total
