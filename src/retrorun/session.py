"""From a recording to a session: the one place where the steps are joined.

`analyse` unpacks the channels, hands arrays to the rooms below (`gait`, `physiology`), decides whom
to believe where two of them disagree, and packs what they found into the public contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from retrorun import contract, direction
from retrorun.athlete import Athlete
from retrorun.curves import GRID_S, Curves
from retrorun.direction import Stretch
from retrorun.energy import Account, account, tested_lines
from retrorun.form import form_of, positive
from retrorun.gait import motion, track
from retrorun.gait.direction import decoder
from retrorun.gait.direction.baseline import (
    ForwardBaseline,
    fit_baseline,
    merge_baselines,
)
from retrorun.gait.direction.states import Said
from retrorun.gait.worn import Worn, best_of, worn_sensor
from retrorun.heart import heart_of, heart_rate_on_grid, without_steps
from retrorun.muscle import muscle_of
from retrorun.physiology import calibration, energy
from retrorun.physiology.calibration import Line
from retrorun.recording import Problem, Recording, Span
from retrorun.sports import off_foot
from retrorun.travel import SURELY_MOVING_M_S, Way, channel_on_grid, way_of

Floats = NDArray[np.float64]

#: A recording longer than this has a damaged clock, and its grid would not fit in memory. [s]
LONGEST_S = 14 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Session(contract.SessionReport):
    """The public contract, with the curves behind it and the laps as the device marked them."""

    curves: Curves
    laps: tuple[tuple[str, Span], ...] = ()


def analyse(
    recording: Recording,
    *,
    athlete: Athlete | None = None,
    labels: tuple[Said, ...] = (),
    history: History | None = None,
    rpe: float | None = None,
) -> Session:
    """What happened in a recording, as far as its channels can tell.

    `labels` are what the athlete says (`retrorun.labels.read_labels`); they override the estimate
    and change nothing else. `history` is how the athlete runs forward (`history_of`), which lets a
    watch's cadence and contact time witness the direction, and heart rate the energy. `rpe` is how
    hard it felt, 0 to 10. Raises nothing for poor recordings: what cannot be known is None, and
    `session.recording.problems` says why.
    """
    athlete = athlete or Athlete()
    problems = list(recording.problems)
    _say_beyond(labels, recording, problems)
    edges_s = _edges(recording, problems)
    time_s, n = edges_s[:-1], len(edges_s) - 1
    way = way_of(recording, edges_s, problems)
    beats, cleaned = heart_rate_on_grid(recording, time_s, problems)
    sensors = _sensors(recording, seconds=n, problems=problems)
    moves, cadence = _motion(recording, time_s, way, sensors, problems)
    beats, locked_s = without_steps(beats, cadence, problems)
    way = way.standing(moves == motion.STILL)
    altitude, slope, ascent = _terrain(recording, time_s, way, problems)
    told = {name: channel_on_grid(recording, name, time_s) for name in _TOLD_BY_WATCH}
    judged = direction.judge(
        recording,
        curves={
            "time_s": time_s,
            "motion": moves.astype(np.float64),
            "speed_m_s": way.speed_m_s,
            "cadence_steps_min": cadence,
            "gradient": slope,
            "heart_rate_bpm": beats,
            **told,
        },
        labels=labels,
        baseline=None if history is None else history.baseline,
        problems=problems,
    )
    middle = np.arange(n) * direction.PER_SECOND + direction.PER_SECOND // 2
    moves = judged.motion[middle]
    curves = Curves(
        time_s=time_s,
        motion=moves,
        way=judged.way[middle],
        backward=judged.backward[middle].astype(np.float64),
        distance_m=np.where(way.covered, way.edges_m[:-1], np.nan),
        speed_m_s=way.speed_m_s,
        altitude_m=altitude,
        gradient=slope,
        cadence_steps_min=cadence,
        heart_rate_bpm=beats,
        **told,
        power_w=channel_on_grid(recording, "power_w", time_s),
    )
    on_foot = not off_foot(recording.sport)
    stretches = direction.stretches(judged, end_s=float(edges_s[-1]))
    spent = _energy(stretches, curves, edges_s, athlete, history, problems, on_foot=on_foot)
    segments = tuple(
        _segment(stretch, cost, curves, way, edges_s, on_foot=on_foot)
        for stretch, cost in zip(stretches, spent.stretches, strict=True)
    )
    _say_outside(segments, way.total_m, problems)
    not_judged_s = _say_not_judged(moves, problems)
    any_judged = bool(np.any(moves != motion.NOT_JUDGED))
    if not any_judged:
        problems.append(
            Problem("no motion could be judged", "whole recording", "moving_s is null, no segments")
        )
    moving = np.isin(moves, (motion.WALK, motion.RUN, motion.OTHER))
    form = form_of(recording, curves, sensors, problems)
    heart = heart_of(
        recording,
        curves,
        cleaned,
        locked_s=locked_s,
        athlete=athlete,
        rpe=rpe,
        problems=problems,
    )
    by_direction = _direction(segments, problems, on_foot=on_foot)
    muscle = muscle_of(spent, curves, athlete=athlete, problems=problems)
    return Session(
        recording=_summary(recording, problems),
        segments=segments,
        distance_m=way.total_m,
        moving_s=float(np.count_nonzero(moving)) * GRID_S if any_judged else None,
        ascent_m=ascent,
        not_judged_s=not_judged_s,
        direction=by_direction,
        energy=spent.energy,
        heart=heart,
        muscle=muscle,
        form=form,
        curves=curves,
        laps=tuple(
            (lap.name or f"Lap {number}", lap.span)
            for number, lap in enumerate(recording.laps, start=1)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What earlier sessions of the same athlete tell about a new one."""

    baseline: ForwardBaseline
    heart_line: Line | None  #: heart rate against the energy of forward running


def history_of(sessions: Iterable[Session]) -> History | None:
    """How an athlete moves forward, from earlier sessions; what was assumed forward counts."""
    baselines, lines = [], []
    for session in sessions:
        curves = session.curves
        ahead = curves.way == decoder.FORWARD
        watched = {name: getattr(curves, name) for name in _BASELINE_CURVES}
        watched["motion"] = curves.motion.astype(np.float64)
        baselines.append(fit_baseline(watched, ahead))
        line = calibration.fit_running(
            curves.heart_rate_bpm,
            energy.forward(curves.motion, curves.speed_m_s, curves.gradient),
            ahead & (curves.motion == motion.RUN),
        )
        lines += [] if line is None else [line]
    if not baselines:
        return None
    return History(baseline=merge_baselines(baselines), heart_line=calibration.merge(lines))


#: Form as a watch or a foot pod reports it.
_TOLD_BY_WATCH = ("contact_time_s", "step_length_m", "latitude_deg", "longitude_deg")

_BASELINE_CURVES = (
    "speed_m_s", "cadence_steps_min", "contact_time_s", "step_length_m", "heart_rate_bpm",
    "gradient",
)  # fmt: skip


# --- the common grid --------------------------------------------------------------------------


def _say_beyond(labels: Sequence[Said], recording: Recording, problems: list[Problem]) -> None:
    beyond = sum(said.start_s >= recording.duration_s for said in labels)
    if beyond:
        problems.append(
            Problem(
                "labels after the end of the recording",
                f"{beyond:,} of {len(labels):,} rows",
                "left out; their times must count in seconds from its start",
            )
        )


def _edges(recording: Recording, problems: list[Problem]) -> Floats:
    """Edges of the grid's cells: whole seconds, and the end of the recording. (n + 1,) [s]"""
    duration_s = recording.duration_s
    if duration_s > LONGEST_S:
        problems.append(
            Problem(
                "longer than two weeks",
                f"{duration_s / 86_400:,.0f} days",
                "the clock is damaged; only the first two weeks are analysed",
            )
        )
        duration_s = LONGEST_S
    whole = np.arange(int(np.ceil(duration_s / GRID_S)), dtype=np.float64) * GRID_S
    return np.append(whole, duration_s)


# --- motion -----------------------------------------------------------------------------------


def _sensors(recording: Recording, *, seconds: int, problems: list[Problem]) -> list[Worn]:
    """What every body-worn accelerometer says, with its gyroscope where one ticks along."""
    found = []
    for placement in recording.placements:
        acc, gyro = recording.get(f"{placement}_acc_m_s2"), recording.get(f"{placement}_gyro_rad_s")
        if acc is None:
            continue
        worn = worn_sensor(
            acc.time_s,
            acc.values,
            placement=placement,
            seconds=seconds,
            gyro_time_s=None if gyro is None else gyro.time_s,
            gyro_rad_s=None if gyro is None else gyro.values,
        )
        if worn.reason is not None:
            problems.append(Problem("a sensor that cannot be judged", worn.reason, "left out"))
        found.append(worn)
    return found


def _motion(
    recording: Recording,
    time_s: Floats,
    way: Way,
    sensors: Sequence[Worn],
    problems: list[Problem],
) -> tuple[NDArray[np.int8], Floats]:
    """Motion and cadence of each second: sensors first, then speed, then what the sport allows."""
    n = len(time_s)
    cadence = channel_on_grid(recording, "cadence_steps_min", time_s)
    code, sensed = best_of(list(sensors), seconds=n)
    cadence = np.where(np.isfinite(cadence), cadence, sensed)
    if not np.any(cadence > 0):
        problems.append(
            Problem("no cadence and no steps", "whole recording", "cadence of segments is null")
        )
    by_speed = motion.motion_from_speed(way.speed_m_s, cadence_steps_min=cadence)
    # A sensor that sees movement without rhythm leaves the word to the speed.
    unsure = (code == motion.NOT_JUDGED) | (
        (code == motion.OTHER) & (by_speed != motion.NOT_JUDGED)
    )
    at_rest = (code == motion.STILL) & (way.speed_m_s > SURELY_MOVING_M_S)
    if np.count_nonzero(at_rest) > 0.05 * max(n, 1):
        problems.append(
            Problem(
                "a sensor at rest while the way goes on",
                f"{np.count_nonzero(at_rest):,} s",
                "not worn there, it seems; the speed is believed",
            )
        )
    code = np.where(unsure | at_rest, by_speed, code)
    code[_paused(recording, time_s)] = motion.NOT_JUDGED
    moving = np.isin(code, (motion.WALK, motion.RUN))
    for first, last, gait in motion.spans(code):
        # By the metres covered, whatever the speed channel says.
        covered_m = way.edges_m[last] - way.edges_m[first]
        if gait in (motion.WALK, motion.RUN) and covered_m > motion.FASTEST_M_S * (last - first):
            code[first:last] = motion.OTHER
    too_fast = moving & (track.running_mean(way.speed_m_s, samples=301) > _FASTEST_FOR_LONG_M_S)
    code[too_fast] = motion.OTHER
    if off_foot(recording.sport):
        code[moving] = motion.OTHER
        problems.append(
            Problem(f"the sport is {recording.sport}", "whole recording", "no walking or running")
        )
    elif too_fast.any():
        problems.append(
            Problem(
                "faster for five minutes than anybody runs",
                f"{np.count_nonzero(too_fast):,} s",
                "neither walking nor running",
            )
        )
    return code.astype(np.int8), cadence


#: World records over 2,000 m are run at 7 m/s; whoever keeps that up for longer has wheels. [m/s]
_FASTEST_FOR_LONG_M_S = 7.2


def _paused(recording: Recording, time_s: Floats) -> NDArray[np.bool_]:
    paused = np.zeros(len(time_s), dtype=bool)
    for pause in recording.pauses:
        paused |= (time_s >= pause.start_s) & (time_s < pause.end_s)
    return paused


def _say_not_judged(code: NDArray[np.int8], problems: list[Problem]) -> float:
    seconds = float(np.count_nonzero(code == motion.NOT_JUDGED)) * GRID_S
    if seconds:
        problems.append(
            Problem(
                "pauses, gaps, or no channel that tells the motion",
                f"{seconds:,.0f} of {len(code) * GRID_S:,.0f} s",
                "not judged; in no segment",
            )
        )
    return seconds


# --- terrain ------------------------------------------------------------------------


def _terrain(
    recording: Recording, time_s: Floats, way: Way, problems: list[Problem]
) -> tuple[Floats, Floats, float | None]:
    """Smoothed altitude, gradient (the belt's own where it tells), and metres climbed."""
    raw = channel_on_grid(recording, "altitude_m", time_s)
    smoothed = track.smooth_altitude(raw, way.edges_m[:-1])
    slope = track.gradient(smoothed, way.edges_m[:-1])
    slope[np.abs(slope) > _STEEPEST] = np.nan
    if recording.get("gradient") is not None:
        slope = channel_on_grid(recording, "gradient", time_s)
    climbed = track.ascent_m(smoothed) if np.isfinite(smoothed).any() else None
    if climbed is None:
        known = "gradient" in recording.channels
        effect = "ascent is null" if known else "ascent and gradient are null"
        problems.append(Problem("no altitude along the way", "whole recording", effect))
    return smoothed, slope, climbed


#: Steeper than anybody was ever measured running (minetti2002): noise. [-]
_STEEPEST = 0.45


# --- energy -----------------------------------------------------------------------------------


def _energy(
    stretches: Sequence[Stretch],
    curves: Curves,
    edges_s: Floats,
    athlete: Athlete,
    history: History | None,
    problems: list[Problem],
    *,
    on_foot: bool,
) -> Account:
    if not on_foot:
        problems.append(Problem("not a sport on foot", "whole recording", "energy is null"))
        return Account(energy=None, stretches=(None,) * len(stretches))
    lines = tested_lines(athlete, problems)
    if lines.forward is None and history is not None:
        lines = replace(lines, forward=history.heart_line)
    return account(stretches, curves, edges_s, athlete=athlete, lines=lines, problems=problems)


# --- what people read -------------------------------------------------------------------------


def _segment(
    stretch: Stretch,
    cost: contract.Estimate | None,
    curves: Curves,
    way: Way,
    edges_s: Floats,
    *,
    on_foot: bool,
) -> contract.Segment:
    """One stretch as the contract has it; its means are over the seconds it mostly covers."""
    part = slice(*np.searchsorted(edges_s[:-1] + GRID_S / 2, (stretch.start_s, stretch.end_s)))
    if part.start == part.stop:  # shorter than a second: the one it lies in
        part = slice(part.start - 1, part.start) if part.start else slice(0, 1)
    covered_share = float(np.mean(way.covered[part]))
    start_m, end_m = np.interp((stretch.start_s, stretch.end_s), edges_s, way.edges_m)
    distance_m = float(end_m - start_m) if covered_share else None
    covered_s = covered_share * (stretch.end_s - stretch.start_s)
    said = on_foot and stretch.way != decoder.NO_WAY
    known = said and stretch.way != decoder.UNKNOWN
    unheard = stretch.source == decoder.ASSUMED and not known
    return contract.Segment(
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        motion=motion.NAMES[int(stretch.motion)],  # type: ignore[arg-type]
        direction=decoder.WAYS[int(stretch.way)] if said else None,  # type: ignore[arg-type]
        probability=round(stretch.probability, 4) if known else None,
        source=decoder.SOURCES[int(stretch.source)] if said and not unheard else None,  # type: ignore[arg-type]
        distance_m=distance_m,
        speed_m_s=distance_m / covered_s
        if distance_m is not None and covered_share >= 0.5
        else None,
        gradient=_mean(curves.gradient[part]),
        cadence_steps_min=_mean(positive(curves.cadence_steps_min[part])),
        heart_rate_bpm=_mean(curves.heart_rate_bpm[part]),
        energy_kcal=cost,
    )


def _direction(
    segments: Sequence[contract.Segment], problems: list[Problem], *, on_foot: bool
) -> contract.DirectionTotals | None:
    """Time and distance by direction; None where nobody moved on foot."""
    moving = [segment for segment in segments if segment.direction is not None]
    if not moving:
        why = "no movement that could be judged" if on_foot else "not a sport on foot"
        problems.append(Problem(why, "whole recording", "direction is null"))
        return None

    def total(way: str, field: str) -> float:
        chosen = [segment for segment in moving if segment.direction == way]
        if field == "s":
            return sum(segment.end_s - segment.start_s for segment in chosen)
        return sum(segment.distance_m or 0.0 for segment in chosen)

    assumed_s = sum(s.end_s - s.start_s for s in moving if s.source == "assumed")
    if assumed_s:
        problems.append(
            Problem(
                "no channel that could tell the direction",
                f"{assumed_s:,.0f} s",
                f"assumed forward ({decoder.ASSUMED_FORWARD:.0%})",
            )
        )
    return contract.DirectionTotals(
        assumed_s=assumed_s,
        **{
            f"{way}_{field}": total(way, field)
            for way in decoder.WAYS.values()
            for field in ("s", "m")
        },
    )


def _say_outside(
    segments: Sequence[contract.Segment], total_m: float | None, problems: list[Problem]
) -> None:
    """Metres that belong to no segment, because they were covered in a pause or not judged."""
    outside_m = (total_m or 0.0) - sum(segment.distance_m or 0.0 for segment in segments)
    if total_m and outside_m > max(10.0, 0.01 * total_m):
        problems.append(
            Problem(
                "distance outside every segment",
                f"{outside_m:,.0f} of {total_m:,.0f} m",
                "covered in a pause or a stretch not judged; in the total only",
            )
        )


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _local_start(recording: Recording) -> datetime | None:
    """The start on the athlete's own clock, where the file tells its zone."""
    if recording.start_time is None or recording.utc_offset_s is None:
        return recording.start_time
    return recording.start_time.astimezone(timezone(timedelta(seconds=recording.utc_offset_s)))


def _summary(recording: Recording, problems: Sequence[Problem]) -> contract.RecordingSummary:
    return contract.RecordingSummary(
        file=recording.file,
        format=recording.format,
        device=str(recording.device),
        sport=recording.sport,
        start_time=_local_start(recording),
        duration_s=recording.duration_s,
        simulated=recording.simulated,
        channels={
            name: contract.ChannelSummary(
                rate_hz=channel.rate_hz, samples=channel.samples, missing=channel.missing
            )
            for name, channel in recording.channels.items()
        },
        problems=tuple(problems),
    )
