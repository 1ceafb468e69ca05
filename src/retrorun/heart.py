"""The heart of a session: zones and load against the athlete's limits, and how it answered.

Unpacks a recording and a profile for `retrorun.physiology.heart*`; what could not be judged goes
to the problems, with the reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.athlete import Athlete
from retrorun.curves import GRID_S, Curves
from retrorun.gait import motion, track
from retrorun.gait.direction import decoder
from retrorun.physiology import heart, heart_limits, heart_load, heart_zones
from retrorun.physiology.heart_lag import Estimate
from retrorun.physiology.heart_limits import Limit, Limits
from retrorun.physiology.heart_recovery import recoveries
from retrorun.physiology.heart_response import Response, response
from retrorun.recording import Problem, Recording
from retrorun.signals import runs

Floats = NDArray[np.float64]


def heart_rate_on_grid(
    recording: Recording, time_s: Floats, problems: list[Problem]
) -> tuple[Floats, heart.CleanHeartRate | None]:
    """Heart rate at the times of the grid, (n,), without artefacts, and what was cleaned."""
    channel = recording.get("heart_rate_bpm")
    if channel is None:
        problems.append(Problem("no heart rate", "whole recording", "heart is null"))
        return np.full(len(time_s), np.nan), None
    cleaned = heart.clean(channel.values.astype(np.float64), time_s=channel.time_s)
    if cleaned.dropouts or cleaned.spikes:
        problems.append(
            Problem(
                "heart rate with artefacts",
                f"{cleaned.dropouts:,} drop-outs and {cleaned.spikes:,} spikes"
                f" of {channel.samples:,} samples",
                "left out" if np.isfinite(cleaned.bpm).any() else "all left out: heart is null",
            )
        )
    beats = track.on_grid(
        channel.time_s,
        cleaned.bpm,
        grid_s=time_s,
        longest_gap_s=track.longest_gap_s(channel.time_s),
    )
    return beats, cleaned


def without_steps(
    heart_rate_bpm: Floats, cadence_steps_min: Floats, problems: list[Problem]
) -> tuple[Floats, float]:
    """Heart rate without the seconds in which the sensor counted steps, and how many those are."""
    locked = heart.locked_to_steps(heart_rate_bpm, cadence_steps_min=cadence_steps_min)
    locked_s = float(np.count_nonzero(locked)) * GRID_S
    if locked_s:
        problems.append(
            Problem(
                "a heart rate that follows every change of the cadence",
                f"{locked_s:,.0f} s",
                "the sensor counted steps; left out. A chest strap, wetted, does not",
            )
        )
    return np.where(locked, np.nan, heart_rate_bpm), locked_s


def heart_of(
    recording: Recording,
    curves: Curves,
    cleaned: heart.CleanHeartRate | None,
    *,
    locked_s: float,
    athlete: Athlete,
    rpe: float | None,
    problems: list[Problem],
) -> contract.Heart | None:
    """What the heart did; None where no heart rate is believable."""
    beats = curves.heart_rate_bpm
    known = np.isfinite(beats)
    if cleaned is not None and not known.any():
        problems.append(
            Problem("no believable heart rate in any second", "whole recording", "heart is null")
        )
    if not known.any() and rpe is None:
        return None
    _say_stuck(beats, problems)
    limits = _limits(recording, athlete)
    zones = heart_zones.zones(beats, limits=limits)
    answer = _response(curves)
    _say_response(curves, answer, problems)
    return contract.Heart(
        mean_bpm=float(np.mean(beats[known])) if known.any() else None,
        max_bpm=float(np.max(beats[known])) if known.any() else None,
        limits=contract.HeartLimits(
            resting_bpm=_limit(limits.resting_bpm),
            threshold_bpm=_limit(limits.threshold_bpm),
            max_bpm=_limit(limits.max_bpm),
        ),
        vo2max_ml_kg_min=_limit(_fitness(athlete, limits, beats)),
        zones_by=zones.by,
        zones=None
        if zones.zones is None
        else tuple(
            contract.Zone(
                name=zone.name, low_bpm=zone.low_bpm, high_bpm=zone.high_bpm, time_s=zone.time_s
            )
            for zone in zones.zones
        ),
        load=_load(recording, beats, limits, athlete, rpe, zones.reason, problems),
        same_speed=_same_speed(curves, answer),
        drift_bpm_h=_estimate(answer.drift_bpm_h),
        recoveries=_recoveries(curves),
        judged_s=float(np.count_nonzero(known)) * GRID_S,
        dropouts=0 if cleaned is None else cleaned.dropouts,
        spikes=0 if cleaned is None else cleaned.spikes,
        locked_s=locked_s,
    )


#: No heart keeps exactly one rate for so long (convention). [s]
_STUCK_S = 300


def _say_stuck(beats: Floats, problems: list[Problem]) -> None:
    """A rate that does not move is named, not taken out: it may be a test, or a treadmill's own."""
    starts, ends = runs(beats)
    lasted = ends - starts
    stuck = (lasted >= _STUCK_S) & np.isfinite(beats[starts])
    if stuck.any():
        problems.append(
            Problem(
                "a heart rate that does not change at all",
                f"{lasted[stuck].sum() * GRID_S:,.0f} s",
                "a stuck sensor, more likely than a heart; it is counted all the same",
            )
        )


# --- limits and load --------------------------------------------------------------------------


def _limits(recording: Recording, athlete: Athlete) -> Limits:
    day = None if recording.start_time is None else recording.start_time.date()
    return heart_limits.limits_of(
        age_years=None if day is None else athlete.age_years(day),
        resting_bpm=athlete.resting_heart_rate_bpm,
        threshold_bpm=athlete.threshold_heart_rate_bpm,
        max_bpm=athlete.max_heart_rate_bpm,
    )


def _fitness(athlete: Athlete, limits: Limits, beats: Floats) -> Limit | None:
    """Maximum oxygen uptake as the athlete knows it, or a rough estimate from the heart."""
    told = athlete.vo2max_ml_kg_min
    if told is not None:
        return Limit(value=told, low=told, high=told, source="athlete", method="as told")
    if limits.resting_bpm is None or limits.max_bpm is None:
        return None
    if heart_limits.why_max_is_disproved(beats, limits.max_bpm):
        return None
    return heart_limits.vo2max_from_heart(resting_bpm=limits.resting_bpm, max_bpm=limits.max_bpm)


def _load(
    recording: Recording,
    beats: Floats,
    limits: Limits,
    athlete: Athlete,
    rpe: float | None,
    zones_reason: str,
    problems: list[Problem],
) -> contract.Load:
    trimp = heart_load.trimp(beats, limits=limits, sex=athlete.sex)
    edwards = heart_load.edwards(beats, limits=limits)
    missing = {
        "zones": zones_reason,
        "load.trimp": trimp.reason,
        "load.edwards": edwards.reason,
        "load.session_rpe": "" if rpe is not None else "how hard it felt was not said (--rpe)",
    }
    by_reason: dict[str, list[str]] = {}
    for name, reason in missing.items():
        if reason:
            by_reason.setdefault(reason, []).append(f"heart.{name}")
    problems += [
        Problem(reason, "athlete", f"null: {', '.join(names)}")
        for reason, names in by_reason.items()
    ]
    worked_s = recording.duration_s - sum(pause.duration_s for pause in recording.pauses)
    return contract.Load(
        trimp=trimp.value,
        edwards=edwards.value,
        session_rpe=None
        if rpe is None
        else heart_load.session_rpe(rpe=rpe, duration_s=max(worked_s, 0.0)),
    )


# --- how it answered --------------------------------------------------------------------------


def _gait(curves: Curves) -> np.int8:
    """The gait in which directions are compared: running, where anybody ran backward."""
    back = curves.way == decoder.BACKWARD
    ran = curves.motion == motion.RUN
    return motion.RUN if np.any(back & ran) or not np.any(back) else motion.WALK


def _response(curves: Curves) -> Response:
    moving = curves.motion == _gait(curves)
    return response(
        curves.heart_rate_bpm,
        speed_m_s=curves.speed_m_s,
        gradient=curves.gradient,
        moving=moving,
        forward=moving & (curves.way == decoder.FORWARD),
        backward=moving & (curves.way == decoder.BACKWARD),
    )


def _say_response(curves: Curves, answer: Response, problems: list[Problem]) -> None:
    if answer.same_speed is None and np.any(curves.way == decoder.BACKWARD):
        problems.append(
            Problem(answer.same_speed_reason, "whole recording", "null: heart.same_speed")
        )
    if answer.drift_bpm_h is None:
        problems.append(Problem(answer.drift_reason, "whole recording", "null: heart.drift_bpm_h"))


def _same_speed(curves: Curves, answer: Response) -> contract.SameSpeed | None:
    same = answer.same_speed
    if same is None:
        return None
    return contract.SameSpeed(
        motion="run" if _gait(curves) == motion.RUN else "walk",
        speed_m_s=same.speed_m_s,
        forward_bpm=_known(same.forward_bpm),
        backward_bpm=_known(same.backward_bpm),
        difference_bpm=_known(same.difference_bpm),
    )


def _recoveries(curves: Curves) -> tuple[contract.Recovery, ...]:
    found = recoveries(
        curves.heart_rate_bpm,
        running=curves.motion == motion.RUN,
        walking=curves.motion == motion.WALK,
        forward=curves.way == decoder.FORWARD,
        backward=curves.way == decoder.BACKWARD,
    )
    return tuple(
        contract.Recovery(end_s=item.end_s * GRID_S, direction=item.way, drop_bpm=item.drop_bpm)
        for item in found
        if item.drop_bpm is not None
    )


def _known(estimate: Estimate) -> contract.Estimate:
    return contract.Estimate(value=estimate.value, low=estimate.low, high=estimate.high)


def _estimate(estimate: Estimate | None) -> contract.Estimate | None:
    return None if estimate is None else _known(estimate)


def _limit(limit: Limit | None) -> contract.HeartLimit | None:
    if limit is None:
        return None
    return contract.HeartLimit(
        value=limit.value,
        low=limit.low,
        high=limit.high,
        source=limit.source,
        method=limit.method,
    )
