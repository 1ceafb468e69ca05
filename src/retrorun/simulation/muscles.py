"""Muscles: Hill's three elements with the smooth curves of De Groote et al. 2016.

Lengths are in optimal fibre lengths, speeds in the fastest shortening, forces in the largest
force. The state is the tendon's force; the fibre takes what length the tendon leaves it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import casadi as ca

from retrorun.simulation.body import Body, Muscle
from retrorun.simulation.skeleton import Expression

_FORCE_LENGTH = (
    (0.815, 1.055, 0.162, 0.063),
    (0.433, 0.717, -0.030, 0.200),
    (0.100, 1.000, 0.354, 0.000),
)
_FORCE_VELOCITY = (-0.3211346127989808, -8.149, -0.374, 0.8825327733249912)
_PASSIVE_SHAPE, _PASSIVE_STRAIN, _PASSIVE_FROM = 4.0, 0.6, 0.2
_TENDON_FACTOR, _TENDON_SHIFT, _TENDON_OFFSET = 0.2, 0.995, 0.25


def force_length(length: Expression) -> Expression:
    """Active force of a fibre of a length [optimal lengths]: 1 at 1 (degroote2016)."""
    return sum(
        height * ca.exp(-0.5 * ((length - centre) / (width + growth * length)) ** 2)
        for height, centre, width, growth in _FORCE_LENGTH
    )


def force_velocity(speed: Expression) -> Expression:
    """Force at a speed of lengthening [fastest shortening]: 0 at -1, 1 at 0 (degroote2016)."""
    d1, d2, d3, d4 = _FORCE_VELOCITY
    inner = d2 * speed + d3
    return d1 * ca.log(inner + ca.sqrt(inner * inner + 1)) + d4


def passive_force(length: Expression) -> Expression:
    """Force of a fibre at rest: 0 at 0.2 and 1 at 1.6 optimal lengths (degroote2016)."""

    def grown(at: Expression) -> Expression:
        return ca.exp(_PASSIVE_SHAPE * (at - 1) / _PASSIVE_STRAIN)

    lowest = math.exp(_PASSIVE_SHAPE * (_PASSIVE_FROM - 1) / _PASSIVE_STRAIN)
    return (grown(length) - lowest) / (math.exp(_PASSIVE_SHAPE) - lowest)


def tendon_stiffness(strain: float) -> float:
    """Exponent that makes a tendon stretch by `strain` at the largest force."""
    return math.log((1 + _TENDON_OFFSET) / _TENDON_FACTOR) / (1 + strain - _TENDON_SHIFT)


def tendon_length(force: Expression, stiffness: float) -> Expression:
    """Length of a tendon [slack lengths] under a force [largest force] (degroote2016)."""
    return ca.log((force + _TENDON_OFFSET) / _TENDON_FACTOR) / stiffness + _TENDON_SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fibre:
    """One muscle at an instant."""

    unbalanced: Expression  #: fibre's minus tendon's force [largest force]; zero in equilibrium
    length: Expression  #: [optimal lengths]
    speed_m_s: Expression  #: lengthening is positive
    active_n: Expression
    isometric_n: Expression  #: active force at this length if it stood still
    damping_n: Expression
    tendon_n: Expression
    moments_nm: dict[str, Expression]  #: at each joint


def fibre(
    muscle: Muscle,
    body: Body,
    *,
    angles: dict[str, Expression],
    rates: dict[str, Expression],
    activation: Expression,
    force: Expression,
    force_rate: Expression,
) -> Fibre:
    """State of a muscle from joint angles [rad], their rates, activation and tendon force.

    `force` is the tendon's [largest force], `force_rate` its change a second.
    """
    path, path_rate = muscle.neutral_length_m, 0.0
    moments = {}
    for joint, cubic in muscle.moment_arms_m.items():
        angle = angles[joint]
        arm = sum(c * angle**power for power, c in enumerate(cubic))
        path = path - sum(c * angle ** (power + 1) / (power + 1) for power, c in enumerate(cubic))
        path_rate = path_rate - arm * rates[joint]
        moments[joint] = arm * force * muscle.max_force_n
    stiffness = tendon_stiffness(muscle.tendon_strain)
    along = path - muscle.tendon_slack_m * tendon_length(force, stiffness)
    width = muscle.optimal_fibre_m * math.sin(muscle.pennation_rad)
    length_m = ca.sqrt(along**2 + width**2)
    cosine = along / length_m
    tendon_rate = muscle.tendon_slack_m * force_rate / (stiffness * (force + _TENDON_OFFSET))
    speed_m_s = (path_rate - tendon_rate) * cosine
    length = length_m / muscle.optimal_fibre_m
    speed = speed_m_s / (body.constants["fastest_shortening"] * muscle.optimal_fibre_m)
    standing = activation * force_length(length)
    active = standing * force_velocity(speed)
    damping = body.constants["fibre_damping"] * speed
    return Fibre(
        unbalanced=(active + passive_force(length) + damping) * cosine - force,
        length=length,
        speed_m_s=speed_m_s,
        active_n=active * muscle.max_force_n,
        isometric_n=standing * muscle.max_force_n,
        damping_n=damping * muscle.max_force_n,
        tendon_n=force * muscle.max_force_n,
        moments_nm=moments,
    )
