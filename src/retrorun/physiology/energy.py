"""Metabolic energy of moving forward and backward, with the errors it carries.

Everything is per kilogram and gross (standing included) until the mass comes in. The backward part
is a ratio to the same model's forward value: running on the energy above standing, walking on the
whole, as the studies have it. Errors are kept by their cause and signed, so that they add up over
a session as one person's errors do (they do not average out) and cancel in a comparison.

Not in it: the debt after a sprint, accelerations and turns, wind, sand or snow under the feet.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from retrorun.evidence.library import findings, shown
from retrorun.evidence.pooled import PooledEffect, pooled
from retrorun.gait import motion
from retrorun.intervals import Z90
from retrorun.physiology import forward_cost
from retrorun.physiology.forward_cost import STANDING_SD_W_KG, STANDING_W_KG

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Causes of error, one column each of `Power.errors_w_kg` and one number each of `Amount`.
CAUSES = (
    "standing", "forward_walking", "forward_running", "person", "backward_walking",
    "backward_running", "person_backward", "extrapolated", "gradient", "speed", "direction",
    "heart_rate", "mass",
)  # fmt: skip
_COLUMN = {cause: column for column, cause in enumerate(CAUSES)}

#: Causes that differ from person to person and average out over a group.
PERSONAL = ("person", "person_backward")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Speeds and slopes for which a cost is known, and the wider ones for which it is guessed."""

    measured_m_s: tuple[float, float]
    wider_m_s: tuple[float, float]
    gradient: tuple[float, float]

    def judged(self, speed_m_s: Floats, gradient: Floats) -> Bools:
        """Whether anything is said at all. (n,)"""
        return _within(speed_m_s, self.wider_m_s) & _within(gradient, self.gradient)

    def extrapolated(self, speed_m_s: Floats) -> Bools:
        """Whether it is said without a measurement at that speed. (n,)"""
        return ~_within(speed_m_s, self.measured_m_s)


#: Upper end: looney2019; below, its curve ends in standing.
FORWARD_WALKING = Range(measured_m_s=(0.0, 1.96), wider_m_s=(0.0, 2.3), gradient=(-0.40, 0.45))
#: From the slowest forward run of wright2001 to two standard deviations above the mean speed of
#: looney2023; wider by convention.
FORWARD_RUNNING = Range(measured_m_s=(1.75, 5.22), wider_m_s=(1.1, 6.0), gradient=(-0.45, 0.45))
#: Slopes of dbpia8826885, speeds of myatt1995; no figure was found downhill, and a watch cannot
#: tell two per cent down from level (convention).
BACKWARD_WALKING = Range(measured_m_s=(0.89, 1.79), wider_m_s=(0.8, 2.1), gradient=(-0.02, 0.125))
#: Speeds of wright2001, slopes of rasica2020.
BACKWARD_RUNNING = Range(measured_m_s=(1.75, 3.50), wider_m_s=(1.4, 3.5), gradient=(-0.02, 0.25))

#: Spread between persons at the same speed. Running: 0.06 to 0.09 (fletcher2009), 0.07
#: (minetti2002) and a range of 0.20 (lacour2015) in trained people, 0.24 (masumoto2015) in mixed
#: ones; walking: 0.12 (dasgupta2019), 0.18 (williford1998). Between these by convention.
PERSON_RUNNING_SD, PERSON_WALKING_SD = 0.12, 0.15
#: What a guess beyond the measured speeds may be off by (convention).
EXTRAPOLATED_SD = 0.10
#: Power that few hearts deliver for minutes, and that none does: 70 and 90 ml/kg/min of oxygen
#: (convention). No study measured above, whatever its speeds and slopes taken each alone. [W/kg]
HIGHEST_MEASURED_W_KG, HIGHEST_W_KG = 24.4, 31.4
#: Watches and belts tell the speed to so much (convention; `docs/why/distance.md`).
SPEED_SD = 0.02
#: One per cent of slope changes the cost by some 5 %; a barometer over a run is off by less than
#: half of that, an unknown but about level course by most of it (convention).
GRADIENT_SD, GRADIENT_UNKNOWN_SD = 0.015, 0.04
#: What the same heart rate means forward, in energy over that backward. Williford's own forward
#: line gives 1.18 running and 1.31 walking (williford1998); others saw oxygen a beat unchanged
#: (dbpia8826885), which allows less. From nothing to both: a hypothesis (convention).
SAME_HEART_RATIO, SAME_HEART_SD = 1.15, 0.09
#: With less than this chance of backward, an unknown direction counts as forward (convention).
SURELY_FORWARD = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Backward over forward: running on the energy above standing, walking on all of it."""

    running: PooledEffect
    walking: PooledEffect
    walking_at_m_s: float  #: speed at which the walking ratio was measured, on average
    walking_slope: float  #: its growth with speed, on the logarithm. [s/m]


@cache
def ratios(without: frozenset[str] = frozenset()) -> Ratios:
    """The pooled ratios; the tests and the benchmark leave studies out to predict them.

    That the walking ratio grows with the speed follows from where walking and running backward
    cost the same (hreljac2005) and agrees with the bend of myatt1995; without that study it does
    not grow.
    """
    running, walking = (
        _pooled("cost_ratio_running", without),
        _pooled("cost_ratio_walking", without),
    )
    speeds = [
        finding.speed_m_s
        for finding in shown("cost_ratio_walking")
        if finding.study in walking.studies.split() and finding.speed_m_s is not None
    ]
    at_m_s = float(np.mean(speeds))
    slope = 0.0
    crossing = findings()["hreljac2005.transition"]
    if crossing.study not in without and crossing.value is not None:
        v, level = np.array([crossing.value]), np.zeros(1)
        above = forward_cost.running_w_kg(v, level) - STANDING_W_KG
        run = STANDING_W_KG + running.value * above
        walk = walking.value * forward_cost.walking_w_kg(v, level)
        slope = float(np.log(run / walk)[0] / (v[0] - at_m_s))
    return Ratios(running=running, walking=walking, walking_at_m_s=at_m_s, walking_slope=slope)


def _pooled(outcome: str, without: frozenset[str]) -> PooledEffect:
    if not without & set(pooled()[outcome].studies.split()):
        return pooled()[outcome]
    from retrorun.evidence.pooling import pool

    found = pool(outcome, without=sorted(without))
    if found is None:
        raise ValueError(f"nothing is left to pool in {outcome} without {sorted(without)}")
    return PooledEffect(
        outcome=outcome,
        value=found.value,
        se=found.se,
        tau=found.tau,
        person_sd=found.person_sd,
        studies=" ".join(effect.finding.study for effect in found.effects),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Gross metabolic power of pieces of time, NaN where it is not judged."""

    w_kg: Floats  #: (n,)
    errors_w_kg: Floats  #: (n, causes), signed standard deviations
    extrapolated: Bools  #: (n,), beyond the measured speeds

    @property
    def judged(self) -> Bools:
        judged: Bools = np.isfinite(self.w_kg)
        return judged

    def only(self, chosen: Bools) -> Power:
        """This power where `chosen`, not judged elsewhere."""
        return self.where(chosen, nothing(len(chosen)))

    def where(self, chosen: Bools, other: Power) -> Power:
        """This power where `chosen`, the other elsewhere."""
        return Power(
            w_kg=np.where(chosen, self.w_kg, other.w_kg),
            errors_w_kg=np.where(chosen[:, None], self.errors_w_kg, other.errors_w_kg),
            extrapolated=np.where(chosen, self.extrapolated, other.extrapolated),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount of energy with its errors by cause; amounts of one person add up."""

    joules: float
    errors_j: Floats  #: (causes,), signed standard deviations

    def __add__(self, other: Amount) -> Amount:
        return Amount(joules=self.joules + other.joules, errors_j=self.errors_j + other.errors_j)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(joules=self.joules - other.joules, errors_j=self.errors_j - other.errors_j)

    @property
    def sd_j(self) -> float:
        return float(np.linalg.norm(self.errors_j))

    def without(self, causes: Collection[str]) -> Amount:
        """The same amount, had these causes no error."""
        kept = np.array([cause not in causes for cause in CAUSES])
        return Amount(joules=self.joules, errors_j=self.errors_j * kept)

    def interval(self) -> tuple[float, float]:
        """The 90 % interval of an energy, which is never negative (log-normal). [J]"""
        if self.joules <= 0:
            return 0.0, 0.0
        reach = Z90 * float(np.sqrt(np.log1p((self.sd_j / self.joules) ** 2)))
        return self.joules * float(np.exp(-reach)), self.joules * float(np.exp(reach))

    def difference_interval(self) -> tuple[float, float]:
        """The 90 % interval of a difference of energies (normal). [J]"""
        return self.joules - Z90 * self.sd_j, self.joules + Z90 * self.sd_j


# --- power ------------------------------------------------------------------------------------


def nothing(n: int) -> Power:
    """No power is judged. (n,)"""
    return _plain(np.full(n, np.nan))


def still(n: int) -> Power:
    """Standing, as between repetitions. (n,)"""
    power = _plain(np.full(n, STANDING_W_KG))
    power.errors_w_kg[:, _COLUMN["standing"]] = STANDING_SD_W_KG
    return power


def forward(codes: NDArray[np.integer], speed_m_s: Floats, gradient: Floats) -> Power:
    """Power of moving forward. (n,)

    `codes` are motions (`retrorun.gait.motion`); `gradient` is NaN where it is not known, and the
    course is then taken as about level. NaN for other motions than standing, walking, running.
    """
    slope, walks, runs = np.nan_to_num(gradient), codes == motion.WALK, codes == motion.RUN
    walk = _moving(
        forward_cost.walking_w_kg(_in(speed_m_s, FORWARD_WALKING), slope),
        forward_cost.walking_disagreement(_in(speed_m_s, FORWARD_WALKING), slope),
        cause="forward_walking", person=PERSON_WALKING_SD,
        within=FORWARD_WALKING, speed_m_s=speed_m_s, gradient=gradient,
    )  # fmt: skip
    run = _moving(
        forward_cost.running_w_kg(_in(speed_m_s, FORWARD_RUNNING), slope),
        forward_cost.running_disagreement(_in(speed_m_s, FORWARD_RUNNING), slope),
        cause="forward_running", person=PERSON_RUNNING_SD,
        within=FORWARD_RUNNING, speed_m_s=speed_m_s, gradient=gradient,
    )  # fmt: skip
    moving = walk.where(walks, run.where(runs, nothing(len(codes))))
    return still(len(codes)).where(codes == motion.STILL, moving)


def backward(
    codes: NDArray[np.integer],
    speed_m_s: Floats,
    gradient: Floats,
    *,
    ratio: Ratios | None = None,
) -> Power:
    """Power of moving backward: the forward power times the studies' ratio. (n,)

    Not judged downhill, where no figure was found, nor outside `BACKWARD_WALKING` and
    `BACKWARD_RUNNING`. Standing is standing.
    """
    ratio = ratios() if ratio is None else ratio
    ahead = forward(codes, speed_m_s, gradient)
    walks, runs = codes == motion.WALK, codes == motion.RUN
    grown = ratio.walking_slope * (speed_m_s - ratio.walking_at_m_s)
    times = np.where(walks, ratio.walking.value * np.exp(grown), ratio.running.value)
    base = np.where(walks, 0.0, STANDING_W_KG)
    power = _scaled(ahead, times, base)
    above = power.w_kg - base
    # The growth of the walking ratio rests on one study: trusted by half.
    walking_sd = np.hypot(_ratio_sd(ratio.walking), 0.5 * grown)
    running_sd = _ratio_sd(ratio.running)
    person_sd = np.where(walks, ratio.walking.person_sd, ratio.running.person_sd)
    power.errors_w_kg[:, _COLUMN["backward_walking"]] = np.where(walks, above * walking_sd, 0.0)
    power.errors_w_kg[:, _COLUMN["backward_running"]] = np.where(runs, above * running_sd, 0.0)
    power.errors_w_kg[:, _COLUMN["person_backward"]] = above * person_sd
    _guess(power, walks, BACKWARD_WALKING, speed_m_s, gradient)
    _guess(power, runs, BACKWARD_RUNNING, speed_m_s, gradient)
    return still(len(codes)).where(codes == motion.STILL, power)


def either(ahead: Power, back: Power, chance_backward: Floats) -> Power:
    """Power where the direction is unknown: between the two, as far as each is likely. (n,)

    `chance_backward` is in [0, 1]. Not judged where backward is not and might well be.
    """
    p = np.where(chance_backward < SURELY_FORWARD, 0.0, chance_backward)
    away = np.where(p > 0, back.w_kg - ahead.w_kg, 0.0)
    share = p[:, None]
    errors = (1 - share) * ahead.errors_w_kg + share * np.where(share > 0, back.errors_w_kg, 0.0)
    errors[:, _COLUMN["direction"]] = np.sqrt(p * (1 - p)) * away
    return Power(
        w_kg=ahead.w_kg + p * away,
        errors_w_kg=errors,
        extrapolated=ahead.extrapolated | (back.extrapolated & (p > 0)),
    )


def counterpart(joined: Power, spent: Power, ahead: Power) -> Power:
    """Forward power at the same speed for a person whose heart said more than the speed. (n,)

    `spent` and `ahead` are by speed alone. Who spends a tenth more than the equations backward is
    taken to spend a tenth more forward too; where only the heart spoke, forward is by speed.
    """
    with np.errstate(invalid="ignore"):
        times = ahead.w_kg / spent.w_kg
    only_backward = np.isin(
        CAUSES,
        ("backward_walking", "backward_running", "person_backward", "direction"),
    )  # fmt: skip
    scaled = Power(
        w_kg=joined.w_kg * times,
        errors_w_kg=np.where(only_backward, 0.0, joined.errors_w_kg * times[:, None]),
        extrapolated=ahead.extrapolated,
    )
    return scaled.where(spent.judged, ahead)


def equal_power_speed(w_kg: Floats, codes: NDArray[np.integer], gradient: Floats) -> Floats:
    """Speed forward that costs a power in the cheaper gait, NaN where none does. (n,) [m/s]"""
    low = np.full(len(w_kg), 0.1)
    high = np.full(len(w_kg), FORWARD_RUNNING.wider_m_s[1])
    slope = np.nan_to_num(gradient)
    reachable = (
        np.isfinite(w_kg) & (_cheapest(low, slope) <= w_kg) & (_cheapest(high, slope) >= w_kg)
    )
    for _ in range(40):
        middle = (low + high) / 2
        dearer = _cheapest(middle, slope) > w_kg
        low, high = np.where(dearer, low, middle), np.where(dearer, middle, high)
    return np.where(reachable & (codes != motion.STILL), low, np.nan)


def amount(
    power: Power, duration_s: Floats, chosen: Bools, *, mass_kg: float, mass_sd: float
) -> Amount:
    """Energy of some pieces of time for one person. `mass_sd` is a share of the mass."""
    group = np.where(chosen, 0, 1)
    found = amounts(power, duration_s, group, groups=2, mass_kg=mass_kg, mass_sd=mass_sd)[0]
    return Amount(joules=0.0, errors_j=np.zeros(len(CAUSES))) if found is None else found


def amounts(
    power: Power,
    duration_s: Floats,
    group: NDArray[np.integer],
    *,
    groups: int,
    mass_kg: float,
    mass_sd: float,
) -> list[Amount | None]:
    """Energy of every group of pieces, None where none of it is judged. `group` is (n,)."""
    known = power.judged
    weight, group = duration_s[known] * mass_kg, group[known]

    def summed(w_kg: Floats) -> Floats:
        sums = np.bincount(group, weights=weight * w_kg[known], minlength=groups)
        return sums.astype(np.float64)  # without any piece they come as whole numbers

    joules = summed(power.w_kg)
    errors = np.stack([summed(column) for column in power.errors_w_kg.T], axis=1)
    errors[:, _COLUMN["mass"]] += joules * mass_sd
    return [
        Amount(joules=float(total), errors_j=error) if n else None
        for n, total, error in zip(
            np.bincount(group, minlength=groups), joules, errors, strict=True
        )
    ]


def _ratio_sd(effect: PooledEffect) -> float:
    """Spread of the mean ratio of another group, on the logarithm.

    That of the prediction interval (inthout2016): of so few studies neither the mean nor the
    spread between them is sure, so Student's quantile stands for the normal one.
    """
    few = float(stdtrit(len(effect.studies.split()) - 1, 0.95)) / Z90
    return few * float(np.hypot(effect.se, effect.tau))


# --- pieces -----------------------------------------------------------------------------------


def _plain(w_kg: Floats) -> Power:
    n = len(w_kg)
    return Power(
        w_kg=w_kg, errors_w_kg=np.zeros((n, len(CAUSES))), extrapolated=np.zeros(n, dtype=bool)
    )


def _moving(
    w_kg: Floats,
    disagreement: Floats,
    *,
    cause: str,
    person: float,
    within: Range,
    speed_m_s: Floats,
    gradient: Floats,
) -> Power:
    """Power of one forward gait, with the errors that every moving piece carries."""
    power = _plain(w_kg.copy())
    above = np.maximum(w_kg - STANDING_W_KG, 0.0)
    known = np.isfinite(gradient)
    errors = power.errors_w_kg
    errors[:, _COLUMN[cause]] = w_kg * disagreement
    errors[:, _COLUMN["person"]] = w_kg * person
    errors[:, _COLUMN["speed"]] = above * SPEED_SD
    errors[:, _COLUMN["gradient"]] = above * np.where(known, GRADIENT_SD, GRADIENT_UNKNOWN_SD)
    _guess(power, np.ones(len(w_kg), dtype=bool), within, speed_m_s, gradient)
    return power


def _guess(power: Power, rows: Bools, within: Range, speed_m_s: Floats, gradient: Floats) -> None:
    """Widen what is beyond the measured speeds, and empty what no study reaches."""
    beyond = rows & within.extrapolated(speed_m_s)
    beyond |= rows & (power.w_kg > HIGHEST_MEASURED_W_KG)
    power.extrapolated[rows] = beyond[rows]
    column = power.errors_w_kg[:, _COLUMN["extrapolated"]]
    column[beyond] = np.hypot(column[beyond], power.w_kg[beyond] * EXTRAPOLATED_SD)
    silent = rows & ~within.judged(speed_m_s, np.nan_to_num(gradient))
    silent |= rows & (power.w_kg > HIGHEST_W_KG)
    power.w_kg[silent] = np.nan


def _scaled(power: Power, times: Floats, base: Floats) -> Power:
    """`base` plus `times` what lies above it; the errors of the forward value grow with it."""
    return Power(
        w_kg=base + times * (power.w_kg - base),
        errors_w_kg=power.errors_w_kg * times[:, None],
        extrapolated=np.zeros(len(times), dtype=bool),
    )


def _cheapest(speed_m_s: Floats, gradient: Floats) -> Floats:
    """Power of the gait that costs less; nobody walks beyond `FORWARD_WALKING`. (n,) [W/kg]"""
    walk = forward_cost.walking_w_kg(speed_m_s, gradient)
    walk = np.where(speed_m_s <= FORWARD_WALKING.wider_m_s[1], walk, np.inf)
    cheapest: Floats = np.minimum(walk, forward_cost.running_w_kg(speed_m_s, gradient))
    return cheapest


def _in(speed_m_s: Floats, within: Range) -> Floats:
    """Speeds at which an equation may be computed at all; the others are emptied by `_guess`."""
    return np.where(_within(speed_m_s, within.wider_m_s), speed_m_s, np.nan)


def _within(values: Floats, ends: tuple[float, float]) -> Bools:
    with np.errstate(invalid="ignore"):
        inside: Bools = (values >= ends[0]) & (values <= ends[1])
    return inside
