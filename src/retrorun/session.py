"""From a recording to a session: the one place where the steps are joined.

`analyse` unpacks the channels, hands arrays to the rooms below (`gait`, `physiology`), and packs
what they find into the public contract. It computes nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.gait import motion, track
from retrorun.gait.form import Mean, mean_of, variability_of
from retrorun.gait.strides import Strides
from retrorun.gait.worn import Worn, best_of, strides_of, worn_sensor
from retrorun.physiology import heart
from retrorun.recording import Problem, Recording, Span

Floats = NDArray[np.float64]

#: One cell of the common grid. [s]
GRID_S = 1.0

#: A recording longer than this has a damaged clock, and its grid would not fit in memory. [s]
LONGEST_S = 14 * 86_400.0

NOT_YET = Problem(
    "direction, energy, heart load and muscle work are not judged yet",
    "whole recording",
    "direction, energy, heart.zones, heart.load, heart.same_speed and muscle are null",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The session on one grid of 1 s, all (n,): what pictures are drawn from.

    NaN where nothing was measured; `motion` holds the codes of `retrorun.gait.motion`.
    """

    time_s: Floats
    motion: NDArray[np.int8]
    distance_m: Floats
    speed_m_s: Floats
    altitude_m: Floats
    gradient: Floats
    cadence_steps_min: Floats
    heart_rate_bpm: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    power_w: Floats


@dataclass(frozen=True, kw_only=True)
class Session(contract.SessionReport):
    """The public contract, with the curves behind it and the laps as the device marked them."""

    curves: Curves
    laps: tuple[tuple[str, Span], ...] = ()


def analyse(recording: Recording) -> Session:
    """What happened in a recording, as far as its channels can tell.

    Raises nothing for poor recordings: what cannot be known is None, and
    `session.recording.problems` says why.
    """
    problems = list(recording.problems)
    n = _cells(recording, problems)
    time_s = np.arange(n, dtype=np.float64) * GRID_S
    way = _way(recording, time_s, problems)
    beats, cleaned = _heart_rate(recording, time_s, problems)
    sensors = _sensors(recording, seconds=n, problems=problems)
    moves, cadence = _motion(recording, time_s, way, sensors, problems)
    altitude, slope, ascent = _terrain(recording, time_s, way.distance_m, problems)
    curves = Curves(
        time_s=time_s,
        motion=moves,
        distance_m=way.distance_m,
        speed_m_s=way.speed_m_s,
        altitude_m=altitude,
        gradient=slope,
        cadence_steps_min=cadence,
        heart_rate_bpm=beats,
        latitude_deg=_on_grid(recording, "latitude_deg", time_s),
        longitude_deg=_on_grid(recording, "longitude_deg", time_s),
        power_w=_on_grid(recording, "power_w", time_s),
    )
    segments = tuple(
        _segment(first, last, code, curves)
        for first, last, code in motion.spans(moves)
        if code != motion.NOT_JUDGED
    )
    not_judged_s = _say_not_judged(moves, problems)
    moving = np.isin(moves, (motion.WALK, motion.RUN, motion.OTHER))
    form = _form(recording, curves, sensors, problems)
    problems.append(NOT_YET)
    return Session(
        recording=_summary(recording, problems),
        segments=segments,
        distance_m=way.total_m,
        moving_s=float(np.count_nonzero(moving)) * GRID_S if n and not_judged_s < n else None,
        ascent_m=ascent,
        not_judged_s=not_judged_s,
        direction=None,
        energy=None,
        heart=_heart(beats, cleaned),
        muscle=None,
        form=form,
        curves=curves,
        laps=tuple(
            (lap.name or f"Lap {number}", lap.span)
            for number, lap in enumerate(recording.laps, start=1)
        ),
    )


# --- the common grid --------------------------------------------------------------------------


def _cells(recording: Recording, problems: list[Problem]) -> int:
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
    return int(np.ceil(duration_s / GRID_S))


def _on_grid(recording: Recording, name: str, time_s: Floats) -> Floats:
    channel = recording.get(name)
    if channel is None:
        return np.full(len(time_s), np.nan)
    return track.on_grid(
        channel.time_s,
        channel.values.astype(np.float64, copy=False),
        grid_s=time_s,
        longest_gap_s=track.longest_gap_s(channel.time_s),
    )


# --- distance and speed -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    distance_m: Floats  #: since the start, never falling, NaN before the first value
    speed_m_s: Floats
    total_m: float | None


def _way(recording: Recording, time_s: Floats, problems: list[Problem]) -> _Way:
    """Distance by the device's odometer, else from positions, else by adding up the speed."""
    from_position = _position_distance(recording)
    odometer = recording.get("distance_m")
    speed = _on_grid(recording, "speed_m_s", time_s)
    total: float | None = None
    if odometer is not None:
        advance_m, resets = track.advance(odometer.values.astype(np.float64))
        if resets:
            problems.append(
                Problem("the odometer falls", f"{resets} times", "only its advances are counted")
            )
        clock_s, travelled_m = odometer.time_s, np.cumsum(advance_m)
    elif from_position is not None:
        clock_s, travelled_m = from_position
    elif np.isfinite(speed).any():
        clock_s, travelled_m = time_s, np.cumsum(np.nan_to_num(speed)) * GRID_S
        problems.append(
            Problem("no distance, no position", "whole recording", "distance is speed added up")
        )
    else:
        problems.append(
            Problem("no position, distance or speed", "whole recording", "distance is null")
        )
        return _Way(distance_m=np.full(len(time_s), np.nan), speed_m_s=speed, total_m=None)
    total = float(travelled_m[-1]) if len(travelled_m) else None
    distance = track.on_grid(clock_s, travelled_m, grid_s=time_s, longest_gap_s=np.inf)
    if not np.isfinite(speed).any():
        speed = track.speed_from_distance(clock_s, travelled_m, grid_s=time_s)
    if odometer is not None and from_position is not None:
        _compare_distances(total, from_position[1], problems)
    return _Way(distance_m=distance, speed_m_s=speed, total_m=total)


def _position_distance(recording: Recording) -> tuple[Floats, Floats] | None:
    """Times and distance travelled by positions, pauses left out; None without positions."""
    latitude, longitude = recording.get("latitude_deg"), recording.get("longitude_deg")
    if latitude is None or longitude is None or len(latitude.values) != len(longitude.values):
        return None
    known = np.isfinite(latitude.values) & np.isfinite(longitude.values)
    if not known.any():
        return None
    clock_s = latitude.time_s[known]
    step_m = track.step_distance_m(
        latitude.values[known].astype(np.float64), longitude.values[known].astype(np.float64)
    )
    odometer = recording.get("distance_m")
    paused = track.moved_in_pause(
        clock_s,
        pauses=np.array([(p.start_s, p.end_s) for p in recording.pauses]).reshape(-1, 2),
        odometer_m=None
        if odometer is None
        else track.on_grid(
            odometer.time_s,
            odometer.values.astype(np.float64),
            grid_s=clock_s,
            longest_gap_s=np.inf,
        ),
    )
    return clock_s, np.cumsum(np.where(paused, 0.0, step_m))


def position_distance_m(recording: Recording) -> float | None:
    """Distance from positions alone, to compare with what the device counted. [m]"""
    travelled = _position_distance(recording)
    return None if travelled is None else float(travelled[1][-1])


#: Two ways to measure the same distance that differ by more are worth a word.
_DISAGREEMENT = 0.05


def _compare_distances(total_m: float | None, travelled_m: Floats, problems: list[Problem]) -> None:
    position_m = float(travelled_m[-1])
    if total_m and position_m and abs(position_m / total_m - 1) > _DISAGREEMENT:
        problems.append(
            Problem(
                "positions and odometer disagree",
                f"{position_m:,.0f} m and {total_m:,.0f} m",
                "the odometer is used",
            )
        )


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
    way: _Way,
    sensors: Sequence[Worn],
    problems: list[Problem],
) -> tuple[NDArray[np.int8], Floats]:
    """Motion and cadence of each second: sensors first, then speed, then what the sport allows."""
    n = len(time_s)
    cadence = _on_grid(recording, "cadence_steps_min", time_s)
    code, sensed = best_of(list(sensors), seconds=n)
    cadence = np.where(np.isfinite(cadence), cadence, sensed)
    by_speed = motion.motion_from_speed(way.speed_m_s, cadence_steps_min=cadence)
    # A sensor that sees movement without rhythm leaves the word to the speed.
    unsure = (code == motion.NOT_JUDGED) | (
        (code == motion.OTHER) & (by_speed != motion.NOT_JUDGED)
    )
    code = np.where(unsure, by_speed, code)
    code[_paused(recording, time_s)] = motion.NOT_JUDGED
    if recording.sport is not None and not _on_foot(recording.sport):
        moving = np.isin(code, (motion.WALK, motion.RUN))
        code[moving] = motion.OTHER
        problems.append(
            Problem(f"the sport is {recording.sport}", "whole recording", "no walking or running")
        )
    return code.astype(np.int8), cadence


#: Parts of the names of sports in which nobody walks or runs; all others may be on foot.
_NOT_ON_FOOT = (
    "cycl", "bik", "rid", "swim", "row", "ski", "div", "padd", "snork", "skat", "driv", "sail",
)  # fmt: skip


def _on_foot(sport: str) -> bool:
    return not any(word in sport.lower() for word in _NOT_ON_FOOT)


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


# --- terrain and heart ------------------------------------------------------------------------


def _terrain(
    recording: Recording, time_s: Floats, distance_m: Floats, problems: list[Problem]
) -> tuple[Floats, Floats, float | None]:
    """Smoothed altitude, gradient (the belt's own where it tells), and metres climbed."""
    raw = _on_grid(recording, "altitude_m", time_s)
    smoothed = track.smooth_altitude(raw, distance_m)
    slope = track.gradient(smoothed, distance_m)
    if recording.get("gradient") is not None:
        slope = _on_grid(recording, "gradient", time_s)
    climbed = track.ascent_m(smoothed) if np.isfinite(smoothed).any() else None
    if climbed is None and recording.get("gradient") is None:
        problems.append(Problem("no altitude", "whole recording", "ascent and gradient are null"))
    return smoothed, slope, climbed


def _heart_rate(
    recording: Recording, time_s: Floats, problems: list[Problem]
) -> tuple[Floats, heart.CleanHeartRate | None]:
    channel = recording.get("heart_rate_bpm")
    if channel is None:
        problems.append(Problem("no heart rate", "whole recording", "heart is null"))
        return np.full(len(time_s), np.nan), None
    cleaned = heart.clean(channel.values.astype(np.float64), rate_hz=channel.rate_hz)
    if cleaned.dropouts or cleaned.spikes:
        problems.append(
            Problem(
                "heart rate with artefacts",
                f"{cleaned.dropouts:,} drop-outs and {cleaned.spikes:,} spikes"
                f" of {channel.samples:,} samples",
                "left out",
            )
        )
    beats = track.on_grid(
        channel.time_s,
        cleaned.bpm,
        grid_s=time_s,
        longest_gap_s=track.longest_gap_s(channel.time_s),
    )
    return beats, cleaned


def _heart(beats: Floats, cleaned: heart.CleanHeartRate | None) -> contract.Heart | None:
    known = np.isfinite(beats)
    if cleaned is None or not known.any():
        return None
    return contract.Heart(
        mean_bpm=float(np.mean(beats[known])),
        max_bpm=float(np.max(beats[known])),
        zones=None,
        load=None,
        same_speed=None,
        judged_s=float(np.count_nonzero(known)) * GRID_S,
        dropouts=cleaned.dropouts,
        spikes=cleaned.spikes,
    )


# --- what people read -------------------------------------------------------------------------


def _segment(first: int, last: int, code: int, curves: Curves) -> contract.Segment:
    """One stretch [first, last) of the grid as the contract has it."""
    part = slice(first, last)
    end = min(last, len(curves.time_s) - 1)
    covered_m = float(curves.distance_m[end] - curves.distance_m[first])
    distance_m = covered_m if np.isfinite(covered_m) else None
    duration_s = (end - first) * GRID_S
    return contract.Segment(
        start_s=first * GRID_S,
        end_s=last * GRID_S,
        motion=motion.NAMES[code],  # type: ignore[arg-type]
        direction=None,
        probability=None,
        source=None,
        distance_m=distance_m,
        speed_m_s=distance_m / duration_s if distance_m is not None and duration_s else None,
        gradient=_mean(curves.gradient[part]),
        cadence_steps_min=_mean(_positive(curves.cadence_steps_min[part])),
        heart_rate_bpm=_mean(curves.heart_rate_bpm[part]),
        energy_kcal=None,
    )


def _form(
    recording: Recording, curves: Curves, sensors: list[Worn], problems: list[Problem]
) -> contract.FormByDirection | None:
    """Form while running, or while walking if there is no running; direction is not known yet."""
    gait = motion.RUN if np.any(curves.motion == motion.RUN) else motion.WALK
    during = curves.motion == gait
    if not during.any():
        return None
    seen = strides_of(sensors)
    if seen is None:
        figures = _form_from_channels(recording, curves, during)
    else:
        figures = _form_from_strides(curves, during, seen[1])
    if gait == motion.WALK:
        figures["flight_time_s"] = None  # one foot is always on the ground
    elif seen is not None and seen[0] in motion.LEGS and figures["contact_time_s"] is not None:
        problems.append(_LEG_CONTACT_RUNNING)
        figures["contact_time_s"] = figures["flight_time_s"] = None
    estimates = {name: _form_estimate(mean) for name, mean in figures.items()}
    form = contract.Form(motion="run" if gait == motion.RUN else "walk", **estimates)
    return contract.FormByDirection(forward=None, backward=None, unknown=form)


#: Checked against annotated walking only; the ends of running contacts have no truth yet.
_LEG_CONTACT_RUNNING = Problem(
    "contact time from a leg sensor while running",
    "form",
    "not judged: nobody has measured how right it is",
)


def _form_from_strides(
    curves: Curves, during: NDArray[np.bool_], strides: Strides
) -> dict[str, Mean | None]:
    """Form stride by stride, where a sensor saw the feet touch the ground."""
    second = np.minimum(strides.start_s.astype(int), len(during) - 1)
    chosen = during[second]
    n = int(np.count_nonzero(chosen))
    stride_s = strides.stride_time_s[chosen]
    length_m = curves.speed_m_s[second[chosen]] * stride_s / 2
    return {
        "cadence_steps_min": mean_of(120.0 / stride_s, strides=n),
        "step_length_m": mean_of(length_m, strides=n),
        "contact_time_s": mean_of(strides.contact_time_s[chosen], strides=n),
        "flight_time_s": mean_of(strides.flight_time_s[chosen], strides=n),
        "stride_time_variability": variability_of(stride_s),
    }


def _form_from_channels(
    recording: Recording, curves: Curves, during: NDArray[np.bool_]
) -> dict[str, Mean | None]:
    """Form second by second, as a watch or a foot pod reports it."""
    cadence = np.where(during, _positive(curves.cadence_steps_min), np.nan)
    strides = int(np.nansum(cadence) / 120 * GRID_S)
    length_m = _on_grid(recording, "step_length_m", curves.time_s)
    if not np.isfinite(length_m).any():
        length_m = curves.speed_m_s / (cadence / 60)
    contact_s = _on_grid(recording, "contact_time_s", curves.time_s)

    def figure(values: Floats) -> Mean | None:
        return mean_of(_positive(values)[during], strides=strides)

    return {
        "cadence_steps_min": figure(cadence),
        "step_length_m": figure(length_m),
        "contact_time_s": figure(contact_s),
        "flight_time_s": None,
        "stride_time_variability": None,
    }


def _form_estimate(mean: Mean | None) -> contract.FormEstimate | None:
    if mean is None:
        return None
    return contract.FormEstimate(
        value=mean.value, low=mean.low, high=mean.high, strides=mean.strides
    )


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _summary(recording: Recording, problems: Sequence[Problem]) -> contract.RecordingSummary:
    return contract.RecordingSummary(
        file=recording.file,
        format=recording.format,
        device=str(recording.device),
        sport=recording.sport,
        start_time=recording.start_time,
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
