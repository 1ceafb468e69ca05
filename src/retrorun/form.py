"""Form for a session: how somebody moved, by direction, and how steadily.

Stride by stride where a sensor saw the feet touch the ground, second by second where a watch or a
foot pod reports it. What has too few strides is None, and the reason goes to the problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.curves import GRID_S, Curves
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.form import Mean, mean_of, variability_of
from retrorun.gait.strides import Strides
from retrorun.gait.worn import Worn, strides_of
from retrorun.physiology import balance, balance_divergence, balance_side
from retrorun.physiology.balance import Judgement
from retrorun.recording import Problem, Recording
from retrorun.travel import channel_on_grid

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: What is missing, and what it does to the result or why.
Reason = tuple[str, str]

WAYS = (
    ("forward", decoder.FORWARD), ("backward", decoder.BACKWARD), ("unknown", decoder.UNKNOWN)
)  # fmt: skip

#: Where the trunk is felt best; its lean is that of the chest, at the sacrum that of the pelvis.
TRUNK = ("chest", "sacrum", "waist")

#: Checked against annotated walking only; the ends of running contacts have no truth yet.
_LEG_CONTACT_RUNNING: Reason = (
    "contact time from a leg sensor while running",
    "not judged: nobody has measured how right it is",
)


def form_of(
    recording: Recording, curves: Curves, sensors: list[Worn], problems: list[Problem]
) -> contract.FormByDirection | None:
    """Form for each direction: while running, or while walking if there is no running."""
    seen = strides_of(sensors)
    said: dict[Reason, list[str]] = {}
    forms = {
        name: _form(recording, curves, seen, curves.way == way, name, said) for name, way in WAYS
    }
    problems += [
        Problem(what, ", ".join(f"form.{name}" for name in names), effect)
        for (what, effect), names in said.items()
    ]
    if not any(forms.values()):
        problems.append(Problem("no walking or running", "whole recording", "form is null"))
        return None
    if seen is not None and seen[1].dropped:
        problems.append(
            Problem(
                "strides over pauses, turns and missed contacts",
                f"{seen[1].dropped:,} of {seen[1].count + seen[1].dropped:,}",
                "left out of the form",
            )
        )
    return contract.FormByDirection(**forms)


def _form(
    recording: Recording,
    curves: Curves,
    seen: tuple[str, Strides] | None,
    chosen: Bools,
    name: str,
    said: dict[Reason, list[str]],
) -> contract.Form | None:
    """Form over some seconds; None where nobody walked or ran in them."""
    gait = motion.RUN if np.any(curves.motion[chosen] == motion.RUN) else motion.WALK
    during = (curves.motion == gait) & chosen
    if not during.any():
        return None
    if seen is None:
        figures = _from_channels(recording, curves, during)
        reasons: Mapping[str, str] = {}
    else:
        part, strides = seen
        second = np.minimum(strides.start_s.astype(int), len(during) - 1)
        strides = strides.chosen(during[second])
        figures = _from_strides(curves, strides)
        steady = dict(_steadiness(recording, curves, part, strides))
        figures |= {field: judged.mean for field, judged in steady.items()}
        reasons = {field: judged.reason for field, judged in steady.items() if judged.reason}
    if gait == motion.WALK:
        figures["flight_time_s"] = None  # one foot is always on the ground
    elif seen is not None and seen[0] in motion.LEGS and figures["contact_time_s"] is not None:
        said.setdefault(_LEG_CONTACT_RUNNING, []).append(name)
        figures["contact_time_s"] = figures["flight_time_s"] = None
    estimates = {field: _estimate(figures.get(field)) for field in _FIELDS}
    for reason in _absent(estimates, reasons):
        said.setdefault(reason, []).append(name)
    return contract.Form(motion="run" if gait == motion.RUN else "walk", **estimates)


_FIELDS = (
    "cadence_steps_min", "step_length_m", "contact_time_s", "flight_time_s",
    "stride_time_variability", "step_asymmetry", "harmonic_ratio", "local_divergence",
    "trunk_lean_deg",
)  # fmt: skip


def _absent(
    estimates: Mapping[str, contract.FormEstimate | None], reasons: Mapping[str, str]
) -> Iterator[Reason]:
    """What is null, and why as far as anybody says."""
    absent = [field for field, estimate in estimates.items() if estimate is None]
    for field in absent:
        if field in reasons:
            yield f"{field} is null", reasons[field]
    unsaid = [field for field in absent if field not in reasons]
    if unsaid:
        yield "no channel or too few strides for some figures", f"null: {', '.join(unsaid)}"


def _from_strides(curves: Curves, strides: Strides) -> dict[str, Mean | None]:
    """Form stride by stride, where a sensor saw the feet touch the ground."""
    n, stride_s = strides.count, strides.stride_time_s
    second = np.minimum(strides.start_s.astype(int), len(curves.speed_m_s) - 1)
    length_m = curves.speed_m_s[second] * stride_s / 2
    return {
        "cadence_steps_min": mean_of(120.0 / stride_s, strides=n),
        "step_length_m": mean_of(length_m, strides=n),
        "contact_time_s": mean_of(strides.contact_time_s, strides=n),
        "flight_time_s": mean_of(strides.flight_time_s, strides=n),
        "stride_time_variability": variability_of(stride_s),
    }


def _steadiness(
    recording: Recording, curves: Curves, part: str, strides: Strides
) -> Iterator[tuple[str, Judgement]]:
    """Asymmetry from the contacts, smoothness, stability and lean from a sensor on the trunk."""
    own = {"start_s": strides.start_s, "stride_time_s": strides.stride_time_s}
    yield (
        "step_asymmetry",
        balance.step_asymmetry(**own, step_time_s=strides.step_time_s, seen_by=part),
    )
    place = next((p for p in TRUNK if recording.get(f"{p}_acc_m_s2") is not None), None)
    felt = None if place is None else recording.get(f"{place}_acc_m_s2")
    if place is None or felt is None:
        return
    yield "harmonic_ratio", balance.harmonic_ratio(felt.time_s, felt.values, **own)
    yield (
        "local_divergence",
        balance_divergence.local_divergence(felt.time_s, felt.values, **own),
    )
    yield "trunk_lean_deg", _lean(recording, curves, place, strides)


def _lean(recording: Recording, curves: Curves, place: str, strides: Strides) -> Judgement:
    """Lean over the longest time for which the sensor sat one way and its left is known."""
    felt, turned = (recording.get(f"{place}_{kind}") for kind in ("acc_m_s2", "gyro_rad_s"))
    if felt is None or turned is None:
        return balance.not_judged("no gyroscope shows which side of the sensor is left")
    sides = balance_side.sides(
        felt.time_s, felt.values,
        gyro_time_s=turned.time_s, gyro_rad_s=turned.values, placement=place,
    )  # fmt: skip
    if not sides:
        return balance.not_judged("the turning of the trunk does not show its left")
    side = max(sides, key=lambda side: side.end_s - side.start_s)
    ends_s = strides.start_s + strides.stride_time_s
    within = strides.chosen((strides.start_s >= side.start_s) & (ends_s <= side.end_s))
    standing = [
        (first * GRID_S, last * GRID_S)
        for first, last, code in motion.spans(curves.motion)
        if code == motion.STILL and first * GRID_S >= side.start_s and last * GRID_S <= side.end_s
    ]
    return balance.trunk_lean(
        felt.time_s, felt.values,
        start_s=within.start_s, stride_time_s=within.stride_time_s,
        standing_s=np.array(standing).reshape(-1, 2), left=side.left,
    )  # fmt: skip


def _from_channels(recording: Recording, curves: Curves, during: Bools) -> dict[str, Mean | None]:
    """Form second by second, as a watch or a foot pod reports it."""
    cadence = np.where(during, positive(curves.cadence_steps_min), np.nan)
    strides = int(np.nansum(cadence) / 120 * GRID_S)
    length_m = channel_on_grid(recording, "step_length_m", curves.time_s)
    if not np.isfinite(length_m).any():
        length_m = curves.speed_m_s / (cadence / 60)
    contact_s = channel_on_grid(recording, "contact_time_s", curves.time_s)

    def figure(values: Floats) -> Mean | None:
        return mean_of(positive(values)[during], strides=strides)

    return {
        "cadence_steps_min": figure(cadence),
        "step_length_m": figure(length_m),
        "contact_time_s": figure(contact_s),
    }


def positive(values: Floats) -> Floats:
    """Values above zero; NaN for the others."""
    return np.where(values > 0, values, np.nan)


def _estimate(mean: Mean | None) -> contract.FormEstimate | None:
    if mean is None:
        return None
    return contract.FormEstimate(
        value=mean.value, low=mean.low, high=mean.high, strides=mean.strides
    )
