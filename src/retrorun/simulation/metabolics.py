"""What a muscle costs: heat and work, after Bhargava et al. 2004, and after Umberger as a check."""

from __future__ import annotations

import math

import casadi as ca

from retrorun.simulation.body import Muscle
from retrorun.simulation.contact import positive
from retrorun.simulation.muscles import Fibre
from retrorun.simulation.skeleton import Expression

#: Speeds below this are rounded between shortening and lengthening [m/s].
ROUNDED_M_S = 0.01
#: Heat of slow and fast fibres [W/kg]: switching on, holding (bhargava2004).
_ACTIVATION = (40.0, 133.0)
_MAINTENANCE = (74.0, 111.0)
#: Fastest shortening of fast fibres [optimal lengths/s]; of slow ones 1/2.5 (umberger2003).
_FASTEST = 10.0


def bhargava(
    muscle: Muscle, fibre: Fibre, activation: Expression, *, lengthening_credit: float
) -> Expression:
    """Metabolic rate of a muscle [W].

    Heat of activation and of maintenance, heat of shortening, and work. `lengthening_credit` 1
    subtracts the work that a stretched fibre absorbs, as the formula was published; 0 leaves it
    out, since muscles do not get food back (umberger2010).
    """
    slow = muscle.slow_share * ca.sin(math.pi / 2 * activation)
    fast = (1 - muscle.slow_share) * (1 - ca.cos(math.pi / 2 * activation))
    switching = muscle.mass_kg * (_ACTIVATION[0] * slow + _ACTIVATION[1] * fast)
    holding = muscle.mass_kg * (_MAINTENANCE[0] * slow + _MAINTENANCE[1] * fast)
    shortening, lengthening = _ramp(-fibre.speed_m_s), _ramp(fibre.speed_m_s)
    heat = 0.16 * fibre.isometric_n + 0.18 * fibre.active_n
    paid = (heat + fibre.active_n) * shortening
    gained = lengthening_credit * 1.157 * fibre.active_n * lengthening
    return switching + holding * _maintenance_share(fibre.length) + paid - gained


def _maintenance_share(length: Expression) -> Expression:
    """Share of the holding heat: 0.5 up to 0.5 optimal lengths, 1 at 1, none from 1.5 on.

    The straight lines of bhargava2004, their corners rounded.
    """
    rising = 0.5 + positive(length - 0.5, 0.02)
    falling = positive(3 - 2 * length, 0.02)
    return rising - positive(rising - falling, 0.04)


def _ramp(speed_m_s: Expression) -> Expression:
    """The positive part of a speed, smooth, and nothing for a fibre that stands still."""
    return 0.5 * speed_m_s * (1 + ca.tanh(speed_m_s / ROUNDED_M_S))


def umberger(muscle: Muscle, fibre: Fibre, activation: Expression) -> Expression:
    """Metabolic rate of a muscle [W] after umberger2003 with the changes of umberger2010.

    Activation and maintenance heat together grow with activation to the power 0.6; heat of
    shortening with the fibre's speed, more for fast fibres; lengthening costs heat in proportion
    to speed and no work is credited.
    """
    scaled = activation**0.6
    fast = 1 - muscle.slow_share
    speed = fibre.speed_m_s / muscle.optimal_fibre_m  # optimal lengths a second
    shortening, lengthening = positive(-speed, 0.05), positive(speed, 0.05)
    at_length = fibre.isometric_n / (muscle.max_force_n * activation)
    held = 0.5 * (1 + ca.tanh((fibre.length - 1) * 8))
    length_factor = 1 - held * (1 - at_length)
    basic = (128 * fast + 25) * scaled * (0.4 + 0.6 * length_factor)
    slow_heat, fast_heat = 4 * 25 / (_FASTEST / 2.5), 153 / _FASTEST
    mixed = slow_heat * muscle.slow_share + fast_heat * fast
    moving = mixed * shortening * activation**2 + 0.3 * slow_heat * lengthening * activation
    heat = muscle.mass_kg * 1.5 * (basic + moving * length_factor)  # 1.5: aerobic
    return heat + fibre.active_n * _ramp(-fibre.speed_m_s)
