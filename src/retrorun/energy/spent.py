"""What each piece of a session cost, by its speed and slope and by the athlete's own heart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrorun.athlete import Athlete
from retrorun.curves import Curves
from retrorun.energy.pieces import Pieces
from retrorun.evidence.library import table
from retrorun.gait.direction import decoder
from retrorun.intervals import Z90
from retrorun.physiology import calibration, energy
from retrorun.physiology.calibration import Line
from retrorun.physiology.energy import CAUSES, Amount, Power
from retrorun.recording import Problem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A mass of the scale in the bathroom (convention). [share]
MASS_SD = 0.01


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """Of the athlete, and how far it may be off as a share of it."""

    kg: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was spent in every piece, and what the same speeds forward would have taken."""

    pieces: Pieces
    power: Power
    ahead: Power

    @property
    def compared(self) -> Bools:
        """What was backward and can be compared with forward."""
        return self.pieces.back & self.power.judged & self.ahead.judged

    @property
    def by_heart(self) -> bool:
        """Whether the athlete's own line had a word in it."""
        told = self.power.errors_w_kg[self.power.judged, CAUSES.index("heart_rate")]
        return bool(np.any(told))

    def energy(self, chosen: Bools, mass: Mass, *, power: Power | None = None) -> Amount:
        """Of some pieces; `power` is another one than what was spent."""
        return energy.amount(
            self.power if power is None else power,
            self.pieces.duration_s,
            chosen,
            mass_kg=mass.kg,
            mass_sd=mass.sd,
        )

    def by_stretch(self, stretches: int, mass: Mass) -> list[Amount | None]:
        """Of every stretch, None where nothing of it is judged."""
        return energy.amounts(
            self.power,
            self.pieces.duration_s,
            self.pieces.stretch,
            groups=stretches,
            mass_kg=mass.kg,
            mass_sd=mass.sd,
        )


def spent_in(pieces: Pieces, curves: Curves, lines: Lines, problems: list[Problem]) -> Spent:
    """What every piece cost; where the athlete's heart contradicts the speed is a problem."""
    ahead = energy.forward(pieces.motion, pieces.speed_m_s, pieces.gradient)
    back = energy.backward(pieces.motion, pieces.speed_m_s, pieces.gradient)
    unknown = energy.either(ahead, back, pieces.chance_backward)
    silent = energy.nothing(len(pieces.motion))
    spent = ahead.where(np.isin(pieces.way, (decoder.FORWARD, decoder.NO_WAY)), silent)
    spent = back.where(pieces.back, spent)
    spent = unknown.where(pieces.unknown, spent)
    if not lines.any:
        return Spent(pieces=pieces, power=spent, ahead=ahead)
    told = _doubted(_told_by_heart(pieces, curves, lines), spent, pieces, problems)
    joined = calibration.joined(spent, told)
    ahead = energy.counterpart(joined, spent, ahead)
    return Spent(pieces=pieces, power=joined, ahead=ahead)


def _doubted(told: Power, spent: Power, pieces: Pieces, problems: list[Problem]) -> Power:
    """What the heart told, less sure where it contradicts speed and slope beyond both errors."""
    both = told.judged & spent.judged
    heart, speed = (
        energy.amount(power, pieces.duration_s, both, mass_kg=1.0, mass_sd=0.0)
        for power in (told, spent)
    )
    apart = abs(heart.joules - speed.joules)
    if apart <= Z90 * float(np.hypot(heart.sd_j, speed.sd_j)):
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


def _told_by_heart(pieces: Pieces, curves: Curves, lines: Lines) -> Power:
    """Power by the athlete's own lines, from the heart rate that follows the work."""
    later = np.minimum(pieces.second + calibration.LAG_S, len(curves.heart_rate_bpm) - 1)
    beats = curves.heart_rate_bpm[later]
    beats = np.where(pieces.moving, beats, np.nan)
    told = energy.nothing(len(beats))
    for line, way in ((lines.forward, decoder.FORWARD), (lines.backward, decoder.BACKWARD)):
        if line is not None:
            told = line.power(beats).where(pieces.way == way, told)
    return told


def mass_of(athlete: Athlete, problems: list[Problem]) -> Mass:
    """The athlete's mass, or that of healthy adults (sawyer2010) with its spread."""
    if athlete.mass_kg is not None:
        return Mass(kg=athlete.mass_kg, sd=MASS_SD)
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
    return Mass(kg=mean, sd=spread / mean)
