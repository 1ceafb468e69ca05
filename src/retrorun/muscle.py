"""Work of muscle groups in a session, and over weeks.

The pieces and their measured energy are those of `retrorun.energy`; what muscles do in each of them
is told by the simulated runner (`retrorun.physiology.muscle`). What it cannot tell is counted, each
piece under one reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.athlete import Athlete
from retrorun.curves import Curves
from retrorun.energy import Account
from retrorun.energy.pieces import Pieces
from retrorun.energy.spent import Spent
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.intervals import Z90
from retrorun.physiology.forward_cost import STANDING_W_KG
from retrorun.physiology.muscle import (
    KINDS,
    Kind,
    Running,
    Sums,
    Versions,
    Work,
    outside,
    ratios,
    summed,
    totals,
    work,
)
from retrorun.recording import Problem
from retrorun.simulation.table import GROUPS, Range, Table, load

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MUSCLES: tuple[contract.MuscleGroup, ...] = get_args(contract.MuscleGroup)
#: What nobody measured backward is not told, whatever a model says of it.
NOT_TOLD: Mapping[contract.MuscleGroup, Problem] = {
    "glutes": Problem(
        "glutes: no measurement of gluteal work in backward running exists",
        "muscle.groups",
        "glutes are null; the simulated runner's page shows what the model says",
    )
}
CONFIDENCE = (
    "From a simulated runner, which agrees with measurements on the sign of the knee's work and on"
    " the softer landing backward but not on the total cost, which is taken from measurements"
    " instead (docs/reference/truth.md)."
)
#: A part of the time that is not worth a word (convention).
_FEW = 0.05
_KILO = 1e-3


def muscle_of(
    account: Account,
    curves: Curves,
    *,
    athlete: Athlete,
    problems: list[Problem],
    table: Table | None = None,
) -> contract.Muscle | None:
    """What the muscle groups did while running; None where nothing of it can be judged.

    `account` is the energy of the same session; `table` is another one than the shipped one. A
    session with nothing backward in it is its own comparison: its ratios are exactly 1, as its
    energy is that of the same session all forward. Where there was backward movement but none of
    it can be compared, a 1 would hide it: then the ratios are None, with the reason.
    """
    if account.spent is None or account.mass is None:
        problems.append(
            Problem("no energy to share among muscles", "whole recording", "muscle is null")
        )
        return None
    table = _shipped(problems) if table is None else table
    if table is None:
        return None
    pieces, mass_kg = account.spent.pieces, account.mass.kg
    known = (pieces.motion == motion.RUN) & np.isin(pieces.way, (decoder.FORWARD, decoder.BACKWARD))
    running = _running(account.spent, curves, known)
    done = work(table, running, mass_kg=mass_kg)
    judged = np.zeros(len(known), dtype=bool)
    judged[known] = done.judged
    _say_silent(pieces, known, judged, outside(table, running), problems)
    if not judged.any():
        problems.append(
            Problem(
                "no running whose muscle work can be judged", "whole recording", "muscle is null"
            )
        )
        return None
    _say_usual(running, done.judged, problems)
    problems += NOT_TOLD.values()
    versions = Versions.of(table)
    ahead = account.spent.ahead.w_kg[known] - STANDING_W_KG
    turned = work(table, running.turned(ahead), mass_kg=mass_kg)
    any_backward = bool(np.any(pieces.back & pieces.moving))
    session, part = _compared(done, turned, running, versions, any_backward, problems)
    moved = pieces.moving | (pieces.motion == motion.OTHER)
    # What the mass may be off by stands in the range only where it is not the athlete's own.
    reach = Z90 * account.mass.sd if athlete.mass_kg is None else 0.0
    return contract.Muscle(
        groups=_groups(totals(summed(done, done.judged), versions), reach),
        compared_with_all_forward=_ratios(session),
        backward_against_forward=None if part is None else _ratios(part),
        interval="variants",
        confidence=CONFIDENCE,
        judged_s=pieces.seconds(judged),
        not_judged_s=pieces.seconds(moved & ~judged),
    )


def _shipped(problems: list[Problem]) -> Table | None:
    try:
        return load()
    except FileNotFoundError:  # a checkout in which the sweep never ran
        problems.append(
            Problem("no table of the simulated runner", "installation", "muscle is null")
        )
        return None


def _running(spent: Spent, curves: Curves, known: Bools) -> Running:
    """The pieces that are running in a known direction."""
    pieces = spent.pieces
    cadence = curves.cadence_steps_min[pieces.second[known]]
    return Running(
        backward=pieces.back[known],
        duration_s=pieces.duration_s[known],
        speed_m_s=pieces.speed_m_s[known],
        gradient=pieces.gradient[known],
        cadence_steps_min=np.where(cadence > 0, cadence, np.nan),
        net_w_kg=spent.power.w_kg[known] - STANDING_W_KG,
    )


def _compared(
    done: Work,
    turned: Work,
    running: Running,
    versions: Versions,
    any_backward: bool,
    problems: list[Problem],
) -> tuple[dict[Kind, Range] | None, dict[Kind, Range] | None]:
    """The session, and its backward part, over the same all forward."""

    def sums(chosen: Bools) -> tuple[Sums, Sums]:
        return summed(done, chosen), summed(turned, chosen)

    both = done.judged & turned.judged
    part = both & running.backward
    left = done.judged & ~both
    if any_backward and not part.any():
        problems.append(
            Problem(
                "muscle: nothing backward that can be compared with forward",
                "muscle.compared_with_all_forward",
                "its groups are null",
            )
        )
        return None, None
    if left.any():
        problems.append(
            Problem(
                "muscle: backward at a speed or slope for which forward is not judged",
                _extent(running.duration_s[left], running.metres[left]),
                "in the work; not in the comparison with forward",
            )
        )
    session = ratios(*sums(both), versions)
    return session, ratios(*sums(part), versions) if part.any() else None


# --- into the contract ------------------------------------------------------------------------


def _groups(
    found: Mapping[Kind, Range], reach: float
) -> dict[contract.MuscleGroup, contract.MuscleWork | None]:
    def kilojoules(kind: Kind, index: int) -> contract.Estimate:
        value, low, high = _numbers(found[kind], index)
        return contract.Estimate(
            value=_KILO * value,
            low=_KILO * (low - reach * abs(low)),
            high=_KILO * (high + reach * abs(high)),
        )

    told: dict[contract.MuscleGroup, contract.MuscleWork | None] = dict.fromkeys(MUSCLES)
    for group in MUSCLES:
        if group not in NOT_TOLD:
            index = GROUPS.index(group)
            told[group] = contract.MuscleWork(
                metabolic_kj=kilojoules("metabolic", index),
                concentric_kj=kilojoules("concentric", index),
                eccentric_kj=kilojoules("eccentric", index),
                isometric_share=_estimate(found["isometric"], index),
            )
    return told


def _ratios(
    found: Mapping[Kind, Range] | None,
) -> dict[contract.MuscleGroup, contract.MuscleRatios | None]:
    told: dict[contract.MuscleGroup, contract.MuscleRatios | None] = dict.fromkeys(MUSCLES)
    if found is None:
        return told
    for group in MUSCLES:
        if group not in NOT_TOLD:
            metabolic, concentric, eccentric, isometric = (
                None
                if np.isnan(found[kind].value[GROUPS.index(group)])
                else _estimate(found[kind], GROUPS.index(group))
                for kind in KINDS
            )
            told[group] = contract.MuscleRatios(
                metabolic_kj=metabolic,
                concentric_kj=concentric,
                eccentric_kj=eccentric,
                isometric_share=isometric,
            )
    return told


def _estimate(found: Range, index: int) -> contract.Estimate:
    value, low, high = _numbers(found, index)
    return contract.Estimate(value=value, low=low, high=high)


def _numbers(found: Range, index: int) -> tuple[float, float, float]:
    return float(found.value[index]), float(found.low[index]), float(found.high[index])


# --- what could not be judged -----------------------------------------------------------------


def _say_silent(
    pieces: Pieces,
    known: Bools,
    judged: Bools,
    silent: Mapping[str, Bools],
    problems: list[Problem],
) -> None:
    """Why pieces on the move are in no work, each piece under one reason.

    `silent` says it for those that were asked for, `known`.
    """
    reasons = {
        "walking": pieces.motion == motion.WALK,
        "neither walking nor running": pieces.motion == motion.OTHER,
        "sideways": pieces.way == decoder.SIDE,
        "direction unknown": pieces.unknown,
    }
    for reason, applies in silent.items():
        reasons[reason] = np.zeros(len(known), dtype=bool)
        reasons[reason][known] = applies
    left = (pieces.moving | (pieces.motion == motion.OTHER)) & ~judged
    for reason, applies in reasons.items():
        chosen = left & applies
        left &= ~chosen
        if chosen.any():
            problems.append(
                Problem(
                    f"muscle: {reason}",
                    _extent(pieces.duration_s[chosen], pieces.metres[chosen]),
                    "not judged; in no work of muscles",
                )
            )


def _say_usual(running: Running, judged: Bools, problems: list[Problem]) -> None:
    """What was taken as usual because it was not measured."""
    for what, values, effect in (
        ("slope", running.gradient, "taken as level"),
        ("cadence", running.cadence_steps_min, "the usual one of the direction serves"),
    ):
        missing = judged & np.isnan(values)
        seconds = running.duration_s[missing].sum()
        if seconds > _FEW * running.duration_s[judged].sum():
            where = _extent(running.duration_s[missing], running.metres[missing])
            problems.append(Problem(f"muscle: no {what}", where, effect))


def _extent(duration_s: Floats, metres: Floats) -> str:
    return f"{duration_s.sum():,.0f} s, {np.nansum(metres):,.0f} m"


# --- weeks ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfGroup:
    """What one muscle group did in a week. [kJ]"""

    metabolic_kj: contract.Estimate
    concentric_kj: contract.Estimate
    eccentric_kj: contract.Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One ISO week of somebody's running."""

    year: int  #: of the ISO calendar, which may differ from the civil one around new year
    week: int
    sessions: int
    not_judged: int  #: of these sessions, those whose muscle work is null
    backward_min: float  #: on the move backward, whether its muscle work is judged or not
    groups: Mapping[contract.MuscleGroup, WeekOfGroup]


def weekly(sessions: Iterable[contract.SessionReport]) -> tuple[Week, ...]:
    """Muscle work added up by ISO week of the local start, the earliest first.

    Weeks without a session are not there; sessions without a date are left out. Lows add to lows
    and highs to highs: the versions of the model are the same every week, so what is not known
    about muscles does not average out over sessions as chance would.
    """
    by_week: dict[tuple[int, int], list[contract.SessionReport]] = {}
    for session in sessions:
        start = session.recording.start_time
        if start is not None:
            by_week.setdefault(start.isocalendar()[:2], []).append(session)
    return tuple(_week(*key, by_week[key]) for key in sorted(by_week))


def _week(year: int, week: int, sessions: Sequence[contract.SessionReport]) -> Week:
    judged = [session.muscle for session in sessions if session.muscle is not None]
    groups: dict[contract.MuscleGroup, WeekOfGroup] = {}
    for group in MUSCLES:
        told = [work for muscle in judged if (work := muscle.groups.get(group)) is not None]
        if told:
            groups[group] = WeekOfGroup(
                metabolic_kj=_added(work.metabolic_kj for work in told),
                concentric_kj=_added(work.concentric_kj for work in told),
                eccentric_kj=_added(work.eccentric_kj for work in told),
            )
    moved = [session.direction for session in sessions if session.direction is not None]
    return Week(
        year=year,
        week=week,
        sessions=len(sessions),
        not_judged=len(sessions) - len(judged),
        backward_min=sum(direction.backward_s for direction in moved) / 60,
        groups=groups,
    )


def _added(estimates: Iterable[contract.Estimate]) -> contract.Estimate:
    every = list(estimates)
    return contract.Estimate(
        value=sum(item.value for item in every),
        low=sum(item.low for item in every),
        high=sum(item.high for item in every),
    )
