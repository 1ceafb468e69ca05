"""The same session all forward: at the same speeds, and at the same heart rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.energy.pieces import Pieces
from retrorun.energy.spent import Mass, Spent
from retrorun.intervals import Z90
from retrorun.physiology import energy
from retrorun.physiology.energy import CAUSES, Amount
from retrorun.units import clock, kilocalories

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A comparison may leave out so little (convention).
_MOST_OF = 0.95

_BACKWARD = [
    CAUSES.index(cause) for cause in ("backward_walking", "backward_running", "person_backward")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SameSpeed:
    """Every part at its own speed, forward."""

    all_forward: Amount
    compared: Amount  #: what the backward part cost
    extra: Amount  #: how much more that is than forward


@dataclass(frozen=True, slots=True, kw_only=True)
class SameHeart:
    """As long at the same heart rate, forward: a hypothesis."""

    total: Amount
    low_m: float
    value_m: float
    high_m: float
    further: tuple[float, float]  #: how much more way, as a share of the backward one


def same_speed(spent: Spent, mass: Mass) -> SameSpeed:
    """What the session would have cost with what was backward, or unknown, turned round."""
    pieces = spent.pieces
    turned = spent.ahead.where(pieces.back | pieces.unknown, spent.power)
    compared = spent.energy(spent.compared, mass)
    return SameSpeed(
        all_forward=spent.energy(spent.power.judged, mass, power=turned),
        compared=compared,
        extra=compared - spent.energy(spent.compared, mass, power=turned),
    )


def same_heart(spent: Spent, *, total: Amount, compared: Amount) -> SameHeart | None:
    """All forward for the same time at the same heart rate: at least the same energy.

    None where a part of the backward time cannot be compared, or where no speed forward takes as
    much for a part worth a word.
    """
    pieces, turned = spent.pieces, spent.compared
    moved = pieces.moving & spent.power.judged & np.isfinite(pieces.speed_m_s)
    if not turned.any() or np.any(moved & pieces.back & ~turned):
        return None
    w_kg, took_s = spent.power.w_kg[turned], pieces.duration_s[turned]
    # What the two directions share cancels; what is left is the ratio, and the hypothesis.
    ratio_sd = np.linalg.norm(spent.power.errors_w_kg[turned][:, _BACKWARD], axis=1) / w_kg
    unsure = np.hypot(ratio_sd, energy.SAME_HEART_SD)
    speed, slower = (
        energy.equal_power_speed(w_kg * share, pieces.motion[turned], pieces.gradient[turned])
        for share in (energy.SAME_HEART_RATIO, energy.SAME_HEART_RATIO - unsure)
    )
    reached = np.isfinite(speed) & np.isfinite(slower)
    if took_s[reached].sum() < _MOST_OF * took_s.sum():
        return None
    # What no speed reaches is taken to grow like the rest.
    grown = took_s.sum() / took_s[reached].sum()
    ahead_m = grown * float(speed[reached] @ took_s[reached])
    half_m = grown * Z90 * float((speed - slower)[reached] @ took_s[reached])
    low_m, high_m = max(ahead_m - half_m, 0.0), ahead_m + half_m
    others_m, turned_m = (float(pieces.metres[part].sum()) for part in (moved & ~turned, turned))
    errors = total.errors_j.copy()
    errors[CAUSES.index("heart_rate")] += compared.joules * energy.SAME_HEART_SD
    more = compared.joules * (energy.SAME_HEART_RATIO - 1)
    return SameHeart(
        total=Amount(joules=total.joules + more, errors_j=errors),
        low_m=others_m + low_m,
        value_m=others_m + ahead_m,
        high_m=others_m + high_m,
        further=(low_m / turned_m - 1, high_m / turned_m - 1),
    )


def answer(spent: Spent, speed: SameSpeed, heart: SameHeart | None) -> str:
    """The comparison in one sentence that is true."""
    pieces, turned = spent.pieces, spent.compared
    if not pieces.back.any():
        return "Nothing was told or seen to be backward, so there is nothing to compare."
    if not turned.any():
        return f"You moved backward, {_why_not(pieces)}, so no comparison is made."
    backward = f"your {clock(pieces.seconds(pieces.back))} backward"
    if pieces.seconds(turned) < pieces.seconds(pieces.back) - 1:
        backward = f"the {clock(pieces.seconds(turned))} of {backward} that could be compared,"
    low, high = (kilocalories(end) for end in speed.extra.difference_interval())
    reach = f"{low:.0f} to {high:.0f}" if low >= 0 else f"from {-low:.0f} less to {high:.0f} more"
    sentence = (
        f"For {backward} you spent about {kilocalories(speed.compared.joules):.0f} kcal, some"
        f" {kilocalories(speed.extra.joules):.0f} more than forward at the same speeds ({reach})"
    )
    if heart is None:
        return sentence + "."
    turned_m = float(pieces.metres[turned].sum())
    low_m, high_m = (round(share * turned_m, -1) for share in heart.further)
    return (
        f"{sentence}; forward for as long at the same heart rate would, as far as anybody knows,"
        f" have cost as much or more and taken you {max(low_m, 0):.0f} to {high_m:.0f} m further."
    )


def _why_not(pieces: Pieces) -> str:
    if not np.isfinite(pieces.speed_m_s[pieces.back]).any():
        return "and how fast is not known"
    return "at speeds or slopes for which no figures were found"
