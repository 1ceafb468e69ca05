"""What is predicted for a published row: by our model without the row's study, and by others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.energy_rows import ASSUMED_N, MET_W_KG, PEOPLE, Row
from retrorun.evidence.library import table
from retrorun.gait import motion
from retrorun.physiology import energy, forward_cost
from retrorun.physiology.energy import CAUSES, Amount, Power, Ratios
from retrorun.physiology.forward_cost import STANDING_W_KG

Floats = NDArray[np.float64]

SEED, DRAWS = 1, 4000
CODE = {"walk": motion.WALK, "run": motion.RUN, "still": motion.STILL}
#: Errors that do not cancel in a ratio of backward to forward.
OF_RATIO = ("backward_walking", "backward_running", "person_backward", "extrapolated")
#: How near a speed must be to one that the compendia have backward.
COMPENDIUM_REACH_M_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What the model says of a row's group, with its 90 % interval."""

    value: float
    low: float
    high: float


def predict(row: Row, without: Collection[str] | None = None) -> Predicted:
    """The prediction without the row's own study, or `without` those named instead."""
    ratio = energy.ratios(frozenset({row.study} if without is None else without))
    if row.quantity == "m/s":
        return _transition(row, ratio)
    power = _power(row, ratio)
    if row.quantity == "ratio":
        return _ratio(row, power, _power(replace(row, direction="forward"), ratio))
    value, errors = float(power.w_kg[0]), power.errors_w_kg[0]
    if row.quantity == "J/kg/m net":
        rest = energy.still(1)
        value, errors = value - float(rest.w_kg[0]), errors - rest.errors_w_kg[0]
    if row.quantity != "W/kg gross":
        value, errors = value / row.speed_m_s, errors / row.speed_m_s
    errors = _of_group(errors, row.n)
    errors[CAUSES.index("mass")] += value * row.mass_sd / np.sqrt(row.n or ASSUMED_N)
    return _predicted(value, errors)


def _predicted(value: float, errors: Floats) -> Predicted:
    low, high = Amount(joules=value, errors_j=errors).interval()
    return Predicted(value=value, low=low, high=high)


def _of_group(errors: Floats, n: int | None) -> Floats:
    """Errors of the mean of `n` people; along the last axis are the causes."""
    return np.where(np.isin(CAUSES, energy.PERSONAL), errors / np.sqrt(n or ASSUMED_N), errors)


def _power(row: Row, ratio: Ratios, speed_m_s: Floats | None = None) -> Power:
    speed = np.array([row.speed_m_s]) if speed_m_s is None else speed_m_s
    codes, slope = np.full(len(speed), CODE[row.gait]), np.full(len(speed), row.gradient)
    if row.direction == "backward":
        return energy.backward(codes, speed, slope, ratio=ratio)
    power = energy.forward(codes, speed, slope)
    if row.study == "minetti2002":
        _leave_out_minetti(power, row, speed, slope)
    if row.gait == "still" and row.study == "abe2015":  # one end of `STANDING_SD_W_KG`
        power.errors_w_kg[:, CAUSES.index("standing")] = (STANDING_W_KG - MET_W_KG) / 2
    return power


def _leave_out_minetti(power: Power, row: Row, speed: Floats, slope: Floats) -> None:
    """Leave the disagreement of acsm2017 alone; where it is silent, the least of all."""
    if row.gait == "run":
        other, least = forward_cost.acsm_running, forward_cost.LEAST_DISAGREEMENT_RUNNING
        column = CAUSES.index("forward_running")
    else:
        other, least = forward_cost.acsm_walking, forward_cost.LEAST_DISAGREEMENT_WALKING
        column = CAUSES.index("forward_walking")
    away = np.abs(other(speed, slope) / power.w_kg - 1)
    power.errors_w_kg[:, column] = power.w_kg * np.fmax(away, least)


def _ratio(row: Row, back: Power, ahead: Power) -> Predicted:
    """What the forward value is wrong by cancels; the ratio's own errors stay."""
    base = STANDING_W_KG if row.gait == "run" else 0.0
    value = float((back.w_kg[0] - base) / (ahead.w_kg[0] - base))
    own = np.isin(CAUSES, OF_RATIO)
    errors = _of_group(back.errors_w_kg[0], row.n)[own] / (back.w_kg[0] - base)
    return _predicted(value, value * errors)


def _transition(row: Row, ratio: Ratios) -> Predicted:
    """Where walking becomes dearer than running; the interval by drawing the causes."""
    speed = np.arange(1.40, 2.30, 0.002)
    walk = _power(replace(row, gait="walk"), ratio, speed)
    run = _power(replace(row, gait="run"), ratio, speed)
    judged = walk.judged & run.judged
    speed, apart = speed[judged], (walk.w_kg - run.w_kg)[judged]
    errors = _of_group((walk.errors_w_kg - run.errors_w_kg)[judged], row.n)
    z = np.random.default_rng(SEED).normal(size=(DRAWS, len(CAUSES)))
    low, high = np.quantile(_crossing(speed, apart + z @ errors.T), [0.05, 0.95])
    (value,) = _crossing(speed, apart[None])
    return Predicted(value=float(value), low=float(low), high=float(high))


def _crossing(speed: Floats, apart: Floats) -> Floats:
    """First speed at which each row of `apart` is positive; the last speed where none is."""
    above = apart > 0
    return speed[np.where(above.any(axis=1), above.argmax(axis=1), len(speed) - 1)]


# --- others -----------------------------------------------------------------------------------

Comparator = Callable[[Row], float | None]


def acsm(row: Row) -> float | None:
    """The equations of acsm2017, which know no direction."""
    if row.quantity == "ratio":
        return 1.0
    formula = forward_cost.acsm_walking if row.gait == "walk" else forward_cost.acsm_running
    return _of_power(row, float(formula(np.array([row.speed_m_s]), np.array([row.gradient]))[0]))


def compendium(row: Row, *, edition: str) -> float | None:
    """MET by speed on the level; backward walking at its few speeds and slopes, forward else."""
    if row.study.startswith("compendium") or row.quantity == "m/s":
        return None
    met = _met(edition, row)
    if row.quantity == "ratio":
        ahead = _met(edition, replace(row, direction="forward"))
        return 1.0 if met is None or ahead is None else met / ahead
    return None if met is None else _of_power(row, met * MET_W_KG)


def _met(edition: str, row: Row) -> float | None:
    lines = [line for line in table(f"tables/{edition}") if line["gait"] == row.gait]
    if row.direction == "backward":
        for line in lines:
            near = abs(float(line["speed_m_s"]) - row.speed_m_s) <= COMPENDIUM_REACH_M_S
            same = line["direction"] == "backward" and float(line["gradient"]) == row.gradient
            if near and same:
                return float(line["met"])
    level = [line for line in lines if line["direction"] == "forward"]
    speeds = [float(line["speed_m_s"]) for line in level]
    if row.gradient or not level or not min(speeds) - 1e-3 <= row.speed_m_s <= max(speeds) + 1e-3:
        return None
    return float(np.interp(row.speed_m_s, speeds, [float(line["met"]) for line in level]))


def keytel(row: Row) -> float | None:
    """The heart-rate equation of keytel2005 without VO2max; no independent VO2max was published."""
    if not row.heart_bpm:
        return None
    people = PEOPLE[row.study]
    beats = np.array(row.heart_bpm)
    men = -55.0969 + 0.6309 * beats + 0.1988 * people.mass_kg + 0.2017 * people.age
    women = -20.4022 + 0.4472 * beats - 0.1263 * people.mass_kg + 0.074 * people.age
    kj_min = people.men * men + (1 - people.men) * women
    w_kg = 1000 / 60 * kj_min / people.mass_kg
    if row.quantity == "ratio":
        base = MET_W_KG if row.gait == "run" else 0.0
        return float((w_kg[0] - base) / (w_kg[1] - base))
    return _of_power(row, float(w_kg[0]))


def blind(row: Row) -> float | None:
    """Our own forward formula whatever the direction, as watches have it."""
    if row.quantity == "ratio":
        return 1.0
    return predict(replace(row, direction="forward")).value


def _of_power(row: Row, w_kg: float) -> float | None:
    if row.gait == "still" or row.quantity == "m/s" or not np.isfinite(w_kg):
        return None
    if row.quantity == "W/kg gross":
        return w_kg
    return (w_kg - (MET_W_KG if row.quantity == "J/kg/m net" else 0.0)) / row.speed_m_s


COMPARATORS: Mapping[str, Comparator] = {
    "acsm2017": acsm,
    "compendium2011": partial(compendium, edition="compendium2011"),
    "compendium2024": partial(compendium, edition="compendium2024"),
    "keytel2005": keytel,
    "ours, direction ignored": blind,
}
