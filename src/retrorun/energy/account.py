"""Adds up what a session cost, and says what could not be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.athlete import Athlete
from retrorun.curves import Curves
from retrorun.direction import Stretch
from retrorun.energy.comparison import SameHeart, answer, same_heart, same_speed
from retrorun.energy.pieces import cut
from retrorun.energy.spent import MASS_SD, Lines, Mass, Spent, mass_of, spent_in
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.intervals import Z90
from retrorun.physiology import calibration, energy
from retrorun.physiology.energy import Amount
from retrorun.recording import Problem
from retrorun.units import kilocalories

Floats = NDArray[np.float64]

METHOD = (
    "forward by speed and slope (looney2019, looney2025; how far acsm2017 and minetti2002 disagree"
    " is in the interval), backward as a ratio to it (pooled studies, `retrorun evidence calories`)"
)

#: Day to day, and the usual scatter of heart rates about a tested line (convention).
_USUAL_LINE_SD = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The energy of a session, that of each of its stretches, and that of its pieces."""

    energy: contract.Energy | None
    stretches: tuple[contract.Estimate | None, ...]
    spent: Spent | None = None  #: piece by piece; None where `energy` is
    mass: Mass | None = None  #: with which it was reckoned


def account(
    stretches: Sequence[Stretch],
    curves: Curves,
    edges_s: Floats,
    *,
    athlete: Athlete,
    lines: Lines,
    problems: list[Problem],
) -> Account:
    """What a session on foot cost. `edges_s` (n + 1,) are those of the seconds of the curves.

    `lines` come from `tested_lines` or from earlier forward running. What could not be judged is
    added to `problems`.
    """
    pieces = cut(stretches, curves, edges_s, problems)
    spent = spent_in(pieces, curves, lines, problems)
    _say_silent(spent, problems)
    if not np.any(spent.power.judged & pieces.moving):
        problems.append(
            Problem("no movement whose energy can be judged", "whole recording", "energy is null")
        )
        return Account(energy=None, stretches=(None,) * len(stretches))
    _say_extrapolated(spent, problems)
    _say_not_compared(spent, problems)
    mass = mass_of(athlete, problems)
    beats = curves.heart_rate_bpm[pieces.second[pieces.moving]]
    missing = {
        "mass_kg": athlete.mass_kg is None,
        "calibration": not lines.any and bool(np.isfinite(beats).any()),
    }
    return Account(
        energy=_energy(spent, mass, missing=[field for field in missing if missing[field]]),
        stretches=tuple(
            None if cost is None else _estimate(cost)
            for cost in spent.by_stretch(len(stretches), mass)
        ),
        spent=spent,
        mass=mass,
    )


def _energy(spent: Spent, mass: Mass, *, missing: Sequence[str]) -> contract.Energy:
    pieces, judged = spent.pieces, spent.power.judged
    rest = pieces.motion == motion.STILL
    total = spent.energy(judged, mass)
    standing = spent.energy(judged, mass, power=energy.still(len(rest)))
    speed = same_speed(spent, mass)
    heart = same_heart(spent, total=total, compared=speed.compared)
    low, high = speed.extra.difference_interval()
    return contract.Energy(
        total_kcal=_estimate(total),
        forward_kcal=_estimate(spent.energy(pieces.way == decoder.FORWARD, mass)),
        backward_kcal=_estimate(spent.energy(pieces.back, mass)),
        still_kcal=_estimate(spent.energy(rest, mass)),
        unknown_kcal=_estimate(spent.energy(pieces.unknown & ~rest, mass)),
        net_total_kcal=_estimate(total - standing),
        same_speed_all_forward_kcal=_estimate(speed.all_forward),
        backward_extra_kcal=contract.Estimate(
            value=kilocalories(speed.extra.joules), low=kilocalories(low), high=kilocalories(high)
        ),
        same_heart_rate_all_forward=None if heart is None else _hypothesis(heart),
        judged_s=pieces.seconds(judged),
        not_judged_s=pieces.seconds(~judged),
        method=METHOD + ("; joined with your own line of heart rate" if spent.by_heart else ""),
        answer=answer(spent, speed, heart),
        would_narrow=_narrowing(total, missing),
    )


def _narrowing(total: Amount, missing: Sequence[str]) -> tuple[contract.Narrowing, ...]:
    """What the interval of the total would be with each fact that is missing."""
    own = float(np.hypot(_USUAL_LINE_SD, calibration.OXYGEN_SD))
    #: What a fact takes away, and what it leaves.
    brings: dict[str, tuple[set[str], float]] = {
        "mass_kg": ({"mass"}, MASS_SD),
        "calibration": (
            {"person", "forward_walking", "forward_running", "speed", "gradient"},
            own,
        ),
    }

    def half_percent(causes: set[str], more: float = 0.0) -> float:
        share = total.without(causes).sd_j / total.joules
        return round(100 * Z90 * float(np.hypot(share, more)), 1)

    now = half_percent(set())
    found = [
        contract.Narrowing(field=field, now_percent=now, then_percent=half_percent(*brings[field]))
        for field in missing
    ]
    useful = [item for item in found if item.then_percent < item.now_percent]
    return tuple(sorted(useful, key=lambda item: item.then_percent))


def _hypothesis(heart: SameHeart) -> contract.SameHeartRate:
    return contract.SameHeartRate(
        kcal=_estimate(heart.total),
        distance_m=contract.Estimate(value=heart.value_m, low=heart.low_m, high=heart.high_m),
    )


def _estimate(amount: Amount) -> contract.Estimate:
    low, high = amount.interval()
    return contract.Estimate(
        value=kilocalories(amount.joules), low=kilocalories(low), high=kilocalories(high)
    )


# --- what could not be judged -----------------------------------------------------------------


def _say_silent(spent: Spent, problems: list[Problem]) -> None:
    """Why pieces have no energy, each piece under one reason."""
    pieces = spent.pieces
    left = ~spent.power.judged
    back = pieces.back
    reasons = (
        ("sideways", pieces.way == decoder.SIDE),
        ("neither standing, walking nor running", pieces.motion == motion.OTHER),
        ("no speed", ~np.isfinite(pieces.speed_m_s)),
        ("downhill backward, for which no figures were found",
         back & (np.nan_to_num(pieces.gradient) < energy.BACKWARD_RUNNING.gradient[0])),
        ("backward at a speed or slope for which no figures were found", back),
        ("direction unknown, at a speed or slope for which no backward figures were found",
         pieces.unknown),
        ("forward at a speed or slope for which no figures were found", left),
    )  # fmt: skip
    for reason, applies in reasons:
        chosen = left & applies
        left = left & ~chosen
        if chosen.any():
            problems.append(
                Problem(
                    f"energy: {reason}",
                    f"{pieces.seconds(chosen):,.0f} s",
                    "not judged; in no energy",
                )
            )


def _say_not_compared(spent: Spent, problems: list[Problem]) -> None:
    chosen = spent.pieces.back & spent.power.judged & ~spent.compared
    if chosen.any():
        problems.append(
            Problem(
                "energy backward by heart rate alone",
                f"{spent.pieces.seconds(chosen):,.0f} s",
                "in the sums; not in the comparison with forward at the same speed",
            )
        )


def _say_extrapolated(spent: Spent, problems: list[Problem]) -> None:
    chosen = spent.power.extrapolated & spent.power.judged
    if chosen.any():
        problems.append(
            Problem(
                "energy at speeds just beyond the measured ones",
                f"{spent.pieces.seconds(chosen):,.0f} s",
                "extrapolated; the interval is wider",
            )
        )
