"""The energy of a session: what it cost by direction, and what it would have cost all forward.

Here the stretches of a session meet the costs of `retrorun.physiology.energy`. The session is cut
at every whole second and at every border of a stretch, so that the parts add up to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.athlete import Athlete
from retrorun.curves import Curves
from retrorun.direction import Stretch
from retrorun.evidence.library import table
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.physiology import calibration, energy
from retrorun.physiology.calibration import Line
from retrorun.physiology.energy import CAUSES, Amount, Power
from retrorun.recording import Problem
from retrorun.units import clock, kilocalories

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Slopes that change between up and down so often belong to a barometer in the wind, not to a
#: course (convention). [1/km]
MOST_REVERSALS_KM = 10.0
#: A slope that counts as up or down. [-]
_CLEARLY_SLOPED = 0.05

#: A part of the time that is not worth a word (convention).
_FEW = 0.05

#: A mass of the scale in the bathroom (convention). [share]
_MASS_SD = 0.01

METHOD = (
    "forward by speed and slope (looney2019, looney2025; how far acsm2017 and minetti2002 disagree"
    " is in the interval), backward as a ratio to it (pooled studies, `retrorun evidence calories`)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The energy of a session, and that of each of its stretches."""

    energy: contract.Energy | None
    stretches: tuple[contract.Estimate | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The athlete's own lines of heart rate and energy, each None where there is none."""

    forward: Line | None = None
    backward: Line | None = None

    @property
    def any(self) -> bool:
        return self.forward is not None or self.backward is not None


def tested_lines(athlete: Athlete, problems: list[Problem]) -> Lines:
    """The lines through the calibration points of a profile; why there is none is a problem."""

    def line(direction: str) -> Line | None:
        points = [point for point in athlete.calibration if point.direction == direction]
        beats = np.array([point.heart_rate_bpm for point in points])
        vo2 = np.array([point.vo2_ml_kg_min for point in points])
        found = calibration.fit_tested(beats, vo2)
        if points and found is None:
            why = calibration.why_no_line(beats, vo2)
            problems.append(Problem(f"calibration {direction}", "athlete", f"not used: {why}"))
        return found

    return Lines(forward=line("forward"), backward=line("backward"))


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
    pieces = _cut(stretches, curves, edges_s)
    gradient = _believed(pieces, problems)
    spent, ahead = _powers(pieces, curves, gradient, lines, problems)
    sums = _Sums(pieces=pieces, mass=_mass(athlete, problems))
    _say_silent(pieces, spent, gradient, problems)
    if not np.any(spent.judged & pieces.moving):
        problems.append(
            Problem("no movement whose energy can be judged", "whole recording", "energy is null")
        )
        return Account(energy=None, stretches=(None,) * len(stretches))
    _say_extrapolated(pieces, spent, problems)
    _say_not_compared(pieces, spent, ahead, problems)
    return Account(
        energy=_energy(
            pieces,
            spent,
            ahead,
            gradient,
            sums,
            athlete=athlete,
            lines=lines,
            heart_known=bool(
                np.isfinite(curves.heart_rate_bpm[pieces.second[pieces.moving]]).any()
            ),
        ),
        stretches=tuple(
            None if cost is None else _estimate(cost)
            for cost in sums.by_stretch(spent, len(stretches))
        ),
    )


# --- pieces -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pieces:
    """A session cut at whole seconds and at the borders of its stretches; all (m,)."""

    duration_s: Floats
    second: NDArray[np.intp]
    stretch: NDArray[np.intp]
    motion: NDArray[np.int8]
    way: NDArray[np.int8]
    speed_m_s: Floats
    gradient: Floats
    chance_backward: Floats

    @property
    def moving(self) -> Bools:
        return np.isin(self.motion, (motion.WALK, motion.RUN))

    def seconds(self, chosen: Bools) -> float:
        return float(self.duration_s[chosen].sum())


def _cut(stretches: Sequence[Stretch], curves: Curves, edges_s: Floats) -> _Pieces:
    starts = np.array([stretch.start_s for stretch in stretches])
    ends = np.array([stretch.end_s for stretch in stretches])
    bounds = np.unique(np.concatenate([edges_s, starts, ends]))
    middle = (bounds[:-1] + bounds[1:]) / 2
    stretch = np.searchsorted(starts, middle, side="right") - 1
    second = np.searchsorted(edges_s, middle, side="right") - 1
    known = (stretch >= 0) & (second < len(curves.speed_m_s))
    known[known] &= middle[known] < ends[stretch[known]]
    stretch, second = stretch[known], second[known]
    codes = np.array([item.motion for item in stretches], dtype=np.int8)
    ways = np.array([item.way for item in stretches], dtype=np.int8)
    return _Pieces(
        duration_s=np.diff(bounds)[known],
        second=second,
        stretch=stretch,
        motion=codes[stretch],
        way=ways[stretch],
        speed_m_s=curves.speed_m_s[second],
        gradient=curves.gradient[second],
        chance_backward=np.clip(np.nan_to_num(curves.backward[second], nan=0.5), 0.0, 1.0),
    )


def _believed(pieces: _Pieces, problems: list[Problem]) -> Floats:
    """The gradient of each piece, unless it changes between up and down as no course does."""
    slope = pieces.gradient
    clear = np.sign(slope[np.abs(slope) >= _CLEARLY_SLOPED])
    reversals = np.count_nonzero(np.diff(clear))
    covered_km = float(np.nansum(pieces.speed_m_s * pieces.duration_s)) / 1000
    if reversals > MOST_REVERSALS_KM * max(covered_km, 0.5):
        problems.append(
            Problem(
                "a slope that goes up and down as no course does",
                f"{reversals:,} changes beyond {_CLEARLY_SLOPED:.0%} in {covered_km:.1f} km",
                "not believed: energy is that of a level course, and its interval is wider",
            )
        )
        return np.full(len(slope), np.nan)
    known = pieces.moving & np.isfinite(pieces.speed_m_s)
    unsloped_s = pieces.seconds(known & ~np.isfinite(slope))
    if unsloped_s > _FEW * pieces.seconds(known):
        problems.append(
            Problem(
                "no slope",
                f"{unsloped_s:,.0f} s",
                "energy is that of a level course, and its interval is wider; a treadmill that"
                " was inclined costs more",
            )
        )
    return slope


def _powers(
    pieces: _Pieces, curves: Curves, gradient: Floats, lines: Lines, problems: list[Problem]
) -> tuple[Power, Power]:
    """What was spent, and what the same speeds forward would have taken, in every piece."""
    ahead = energy.forward(pieces.motion, pieces.speed_m_s, gradient)
    back = energy.backward(pieces.motion, pieces.speed_m_s, gradient)
    is_back = pieces.way == decoder.BACKWARD
    unknown = energy.either(ahead, back, pieces.chance_backward)
    silent = energy.nothing(len(pieces.motion))
    spent = ahead.where(np.isin(pieces.way, (decoder.FORWARD, decoder.NO_WAY)), silent)
    spent = back.where(is_back, spent)
    spent = unknown.where(pieces.way == decoder.UNKNOWN, spent)
    if not lines.any:
        return spent, ahead
    told = _doubted(_told_by_heart(pieces, curves, lines), spent, pieces, problems)
    joined = calibration.joined(spent, told)
    return joined, energy.counterpart(joined, spent, ahead)


def _doubted(told: Power, spent: Power, pieces: _Pieces, problems: list[Problem]) -> Power:
    """What the heart told, less sure where it contradicts speed and slope beyond both errors."""
    both = told.judged & spent.judged
    heart, speed = (
        energy.amount(power, pieces.duration_s, both, mass_kg=1.0, mass_sd=0.0)
        for power in (told, spent)
    )
    apart = abs(heart.joules - speed.joules)
    if apart <= energy.Z90 * float(np.hypot(heart.sd_j, speed.sd_j)):
        return told
    share = apart / heart.joules
    problems.append(
        Problem(
            "your line of heart rate and the speed disagree on the energy",
            f"{pieces.seconds(both):,.0f} s, by {apart / speed.joules:.0%}",
            "both count, and the interval is wider; check the calibration points",
        )
    )
    errors = told.errors_w_kg.copy()
    column = CAUSES.index("heart_rate")
    errors[:, column] = np.hypot(errors[:, column], np.nan_to_num(told.w_kg) * share)
    return replace(told, errors_w_kg=errors)


def _told_by_heart(pieces: _Pieces, curves: Curves, lines: Lines) -> Power:
    """Power by the athlete's own lines, from the heart rate that follows the work."""
    later = np.minimum(pieces.second + calibration.LAG_S, len(curves.heart_rate_bpm) - 1)
    beats = curves.heart_rate_bpm[later]
    beats = np.where(pieces.moving, beats, np.nan)
    told = energy.nothing(len(beats))
    for line, way in ((lines.forward, decoder.FORWARD), (lines.backward, decoder.BACKWARD)):
        if line is not None:
            told = line.power(beats).where(pieces.way == way, told)
    return told


# --- sums -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mass:
    kg: float
    sd: float  #: share of it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Energy of chosen pieces for one person."""

    pieces: _Pieces
    mass: _Mass

    def of(self, power: Power, chosen: Bools) -> Amount:
        return energy.amount(
            power, self.pieces.duration_s, chosen, mass_kg=self.mass.kg, mass_sd=self.mass.sd
        )

    def by_stretch(self, power: Power, stretches: int) -> list[Amount | None]:
        return energy.amounts(
            power,
            self.pieces.duration_s,
            self.pieces.stretch,
            groups=stretches,
            mass_kg=self.mass.kg,
            mass_sd=self.mass.sd,
        )


def _mass(athlete: Athlete, problems: list[Problem]) -> _Mass:
    """The athlete's mass, or that of healthy adults (sawyer2010) with its spread."""
    if athlete.mass_kg is not None:
        return _Mass(kg=athlete.mass_kg, sd=_MASS_SD)
    rows = [row for row in table("tables/sawyer2010") if athlete.sex in (None, row["sex"])]
    n, kg, sd = (
        np.array([float(row[name]) for row in rows]) for name in ("n", "mass_kg", "mass_sd_kg")
    )
    mean = float(np.average(kg, weights=n))
    spread = float(np.sqrt(np.average(sd**2 + (kg - mean) ** 2, weights=n)))
    problems.append(
        Problem(
            "no body mass",
            "athlete",
            f"{mean:.0f} ± {spread:.0f} kg serves (sawyer2010), and the interval of the energy is"
            " wider; say it with `retrorun athlete --mass-kg`",
        )
    )
    return _Mass(kg=mean, sd=spread / mean)


def _energy(
    pieces: _Pieces,
    spent: Power,
    ahead: Power,
    gradient: Floats,
    sums: _Sums,
    *,
    athlete: Athlete,
    lines: Lines,
    heart_known: bool,
) -> contract.Energy:
    is_back, unknown = pieces.way == decoder.BACKWARD, pieces.way == decoder.UNKNOWN
    told = bool(np.any(spent.errors_w_kg[spent.judged, CAUSES.index("heart_rate")]))
    rest = pieces.motion == motion.STILL
    total = sums.of(spent, np.ones(len(rest), dtype=bool))
    back = sums.of(spent, is_back)
    turned_round = ahead.where(is_back | unknown, spent)
    comparable = spent.judged & turned_round.judged
    all_forward = sums.of(turned_round, comparable)
    turned = comparable & is_back
    compared = sums.of(spent, turned)
    extra = compared - sums.of(turned_round, turned)
    hypothesis = _same_heart_rate(pieces, spent, gradient, total, compared, turned)
    judged_s = pieces.seconds(spent.judged)
    low, high = extra.difference_interval()
    return contract.Energy(
        total_kcal=_estimate(total),
        forward_kcal=_estimate(sums.of(spent, pieces.way == decoder.FORWARD)),
        backward_kcal=_estimate(back),
        still_kcal=_estimate(sums.of(spent, rest)),
        unknown_kcal=_estimate(sums.of(spent, unknown & ~rest)),
        net_total_kcal=_estimate(total - sums.of(energy.still(len(rest)), spent.judged)),
        same_speed_all_forward_kcal=_estimate(all_forward),
        backward_extra_kcal=contract.Estimate(
            value=kilocalories(extra.joules), low=kilocalories(low), high=kilocalories(high)
        ),
        same_heart_rate_all_forward=None if hypothesis is None else hypothesis.said,
        judged_s=judged_s,
        not_judged_s=pieces.seconds(~spent.judged),
        method=METHOD + ("; joined with your own line of heart rate" if told else ""),
        answer=_answer(pieces, is_back, turned, compared, extra, hypothesis),
        would_narrow=_narrowing(total, athlete, lines, heart_known=heart_known),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SameHeartRate:
    said: contract.SameHeartRate
    further: tuple[float, float]  #: how much more way, as a share of the backward one


def _same_heart_rate(
    pieces: _Pieces,
    spent: Power,
    gradient: Floats,
    total: Amount,
    compared: Amount,
    turned: Bools,
) -> _SameHeartRate | None:
    """All forward for the same time at the same heart rate: at least the same energy.

    None where a part of the backward time cannot be compared, or where no speed forward takes as
    much for a part worth a word.
    """
    moved = pieces.moving & spent.judged & np.isfinite(pieces.speed_m_s)
    if not turned.any() or np.any(moved & ~turned & (pieces.way == decoder.BACKWARD)):
        return None
    codes, slope, w_kg = pieces.motion[turned], gradient[turned], spent.w_kg[turned]
    took_s = pieces.duration_s[turned]
    # What the two directions share cancels; what is left is the ratio, and the hypothesis.
    causes = [CAUSES.index(f"backward_{gait}") for gait in ("walking", "running")]
    causes.append(CAUSES.index("person_backward"))
    ratio_sd = np.linalg.norm(spent.errors_w_kg[turned][:, causes], axis=1) / w_kg
    unsure = np.hypot(ratio_sd, energy.SAME_HEART_SD)
    speed, slower = (
        energy.equal_power_speed(w_kg * share, codes, slope)
        for share in (energy.SAME_HEART_RATIO, energy.SAME_HEART_RATIO - unsure)
    )
    reached = np.isfinite(speed) & np.isfinite(slower)
    if took_s[reached].sum() < _MOST_OF * took_s.sum():
        return None
    others = moved & ~turned
    others_m = float(pieces.speed_m_s[others] @ pieces.duration_s[others])
    turned_m = float(pieces.speed_m_s[turned] @ took_s)
    # What no speed reaches is taken to grow like the rest.
    share = took_s.sum() / took_s[reached].sum()
    ahead_m = share * float(speed[reached] @ took_s[reached])
    half_m = share * energy.Z90 * float((speed - slower)[reached] @ took_s[reached])
    low_m, high_m = max(ahead_m - half_m, 0.0), ahead_m + half_m
    errors = total.errors_j.copy()
    errors[CAUSES.index("heart_rate")] += compared.joules * energy.SAME_HEART_SD
    more = compared.joules * (energy.SAME_HEART_RATIO - 1)
    return _SameHeartRate(
        said=contract.SameHeartRate(
            kcal=_estimate(Amount(joules=total.joules + more, errors_j=errors)),
            distance_m=contract.Estimate(
                value=others_m + ahead_m, low=others_m + low_m, high=others_m + high_m
            ),
        ),
        further=(low_m / turned_m - 1, high_m / turned_m - 1),
    )


#: A comparison may leave out so little (convention).
_MOST_OF = 0.95


def _answer(
    pieces: _Pieces,
    is_back: Bools,
    turned: Bools,
    compared: Amount,
    extra: Amount,
    hypothesis: _SameHeartRate | None,
) -> str:
    """The comparison in one sentence that is true; `turned` is the backward part compared."""
    if not is_back.any():
        return "Nothing was told or seen to be backward, so there is nothing to compare."
    if not turned.any():
        why = "at speeds or slopes for which no figures were found"
        if not np.isfinite(pieces.speed_m_s[is_back]).any():
            why = "and how fast is not known"
        return f"You moved backward, {why}, so no comparison is made."
    backward = f"your {clock(pieces.seconds(is_back))} backward"
    if pieces.seconds(turned) < pieces.seconds(is_back) - 1:
        backward = f"the {clock(pieces.seconds(turned))} of {backward} that could be compared,"
    low, high = (kilocalories(end) for end in extra.difference_interval())
    more = f"{kilocalories(extra.joules):.0f} kcal more ({low:.0f} to {high:.0f})"
    if low < 0:
        more = f"between {-low:.0f} kcal less and {high:.0f} kcal more"
    sentence = (
        f"For {backward} you spent about {kilocalories(compared.joules):.0f} kcal, {more} than"
        " forward at the same speeds"
    )
    if hypothesis is None:
        return sentence + "."
    took_m = float(pieces.speed_m_s[turned] @ pieces.duration_s[turned])
    low, high = (share * took_m for share in hypothesis.further)
    reach = f"{max(round(low, -1), 0):.0f} to {round(high, -1):.0f}"
    return (
        f"{sentence}; forward for as long at the same heart rate would, as far as anybody knows,"
        f" have cost as much or more and taken you {reach} m further."
    )


def _narrowing(
    total: Amount, athlete: Athlete, lines: Lines, *, heart_known: bool
) -> tuple[contract.Narrowing, ...]:
    """Facts that are missing, and what the interval of the total would be with each."""
    if total.joules <= 0:
        return ()

    def half_percent(amount: Amount, more: float = 0.0) -> float:
        share = float(np.hypot(amount.sd_j / amount.joules, more))
        return round(100 * energy.Z90 * share, 1)

    found = []
    if athlete.mass_kg is None:
        found.append(("mass_kg", half_percent(total.without({"mass"}), _MASS_SD)))
    if heart_known and not lines.any:
        known = {"person", "forward_walking", "forward_running", "speed", "gradient"}
        own = float(np.hypot(_USUAL_LINE_SD, calibration.OXYGEN_SD))
        found.append(("calibration", half_percent(total.without(known), own)))
    now = half_percent(total)
    return tuple(
        contract.Narrowing(field=field, now_percent=now, then_percent=then)
        for field, then in sorted(found, key=lambda item: item[1])
        if then < now
    )


#: Day to day, and the usual scatter of heart rates about a tested line (convention).
_USUAL_LINE_SD = 0.08


def _estimate(amount: Amount) -> contract.Estimate:
    low, high = amount.interval()
    return contract.Estimate(
        value=kilocalories(amount.joules), low=kilocalories(low), high=kilocalories(high)
    )


# --- what could not be judged -----------------------------------------------------------------


def _say_silent(pieces: _Pieces, spent: Power, gradient: Floats, problems: list[Problem]) -> None:
    """Why pieces have no energy, each piece under one reason."""
    left = ~spent.judged
    back = pieces.way == decoder.BACKWARD
    reasons = (
        ("sideways", pieces.way == decoder.SIDE),
        ("neither standing, walking nor running", pieces.motion == motion.OTHER),
        ("no speed", ~np.isfinite(pieces.speed_m_s)),
        ("downhill backward, for which no figures were found",
         back & (np.nan_to_num(gradient) < -0.02)),
        ("backward at a speed or slope for which no figures were found", back),
        ("direction unknown, at a speed or slope for which no backward figures were found",
         pieces.way == decoder.UNKNOWN),
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


def _say_not_compared(pieces: _Pieces, spent: Power, ahead: Power, problems: list[Problem]) -> None:
    chosen = spent.judged & ~ahead.judged & (pieces.way == decoder.BACKWARD)
    if chosen.any():
        problems.append(
            Problem(
                "energy backward by heart rate alone",
                f"{pieces.seconds(chosen):,.0f} s",
                "in the sums; not in the comparison with forward at the same speed",
            )
        )


def _say_extrapolated(pieces: _Pieces, spent: Power, problems: list[Problem]) -> None:
    chosen = spent.extrapolated & spent.judged
    if chosen.any():
        problems.append(
            Problem(
                "energy at speeds just beyond the measured ones",
                f"{pieces.seconds(chosen):,.0f} s",
                "extrapolated; the interval is wider",
            )
        )
