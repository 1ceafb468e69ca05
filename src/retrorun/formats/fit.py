"""FIT, the file of most sports watches: messages to recordings, one for each session in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.cadence import steps_or_revolutions
from retrorun.formats.fit_messages import (
    DEVELOPER,
    NATIVE,
    Decoded,
    Message,
    Messages,
    decode,
    is_fit,
    sequences,
)
from retrorun.formats.sources import Limits, Source
from retrorun.recording import Device, DeviceTotals, Problem, Recording, WorkoutStep

NAME = "FIT"

Floats = NDArray[np.float64]

#: Channel <- fields of `record`, the first that is present, times a factor to our unit.
_RECORD: dict[str, tuple[tuple[str, ...], float]] = {
    "latitude_deg": (("position_lat",), 180 / 2**31),
    "longitude_deg": (("position_long",), 180 / 2**31),
    "altitude_m": (("enhanced_altitude", "altitude"), 1),
    "speed_m_s": (("enhanced_speed", "speed"), 1),
    "distance_m": (("distance",), 1),
    "heart_rate_bpm": (("heart_rate",), 1),
    "power_w": (("power",), 1),
    "temperature_c": (("temperature",), 1),
    "position_accuracy_m": (("gps_accuracy",), 1),
    "gradient": (("grade",), 0.01),
    "contact_time_s": (("stance_time",), 0.001),
    "contact_balance": (("stance_time_balance",), 0.01),
    "step_length_m": (("step_length",), 0.001),
    "vertical_oscillation_m": (("vertical_oscillation",), 0.001),
    "vertical_ratio": (("vertical_ratio",), 0.01),
    "respiration_rate_breaths_min": (("enhanced_respiration_rate", "respiration_rate"), 1),
}

#: Developer fields that are one of our channels under another name (Stryd writes these).
_DEVELOPER: dict[tuple[str, str], tuple[str, float]] = {
    ("Power", "Watts"): ("power_w", 1),
    ("Form Power", "Watts"): ("form_power_w", 1),
    ("Form Power", "W"): ("form_power_w", 1),
    ("Ground Time", "Milliseconds"): ("contact_time_s", 0.001),
    ("Vertical Oscillation", "Centimeters"): ("vertical_oscillation_m", 0.01),
    ("Leg Spring Stiffness", "kN/m"): ("leg_stiffness_n_m", 1000),
}

_STANDARD_GRAVITY_M_S2 = 9.80665
_TIMER_STOPS = {"stop", "stop_all", "stop_disable", "stop_disable_all"}


def recognises(head: bytes) -> bool:
    return is_fit(head)


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """Every session of every FIT sequence in the file."""
    data = source.read(limit_bytes=limits.fit_bytes)
    parts = list(sequences(data))
    lost: list[Unreadable] = []
    other_kinds: list[str] = []
    given = 0
    for index, part in enumerate(parts):
        try:
            decoded = decode(part, name=source.name)
        except Unreadable as error:
            lost.append(error)
            continue
        if not decoded.messages.get("record") and not decoded.messages.get("session"):
            other_kinds.append(_kind(decoded.messages))
            continue
        chained = _chain_problem(index, len(parts))
        for recording in _recordings(decoded, source=source, problems=chained):
            given += 1
            yield recording
    if not given:
        if lost:
            raise lost[0]
        raise NotAnActivity(source.name, f"a FIT file of kind {', '.join(other_kinds)}")


def _chain_problem(index: int, count: int) -> tuple[Problem, ...]:
    if count == 1:
        return ()
    return (
        Problem(
            "several FIT files in one", f"part {index + 1} of {count}", "each is its own recording"
        ),
    )


def _kind(messages: Messages) -> str:
    return str(next((m["type"] for m in messages.get("file_id", []) if "type" in m), "unknown"))


def _recordings(
    decoded: Decoded, *, source: Source, problems: Sequence[Problem]
) -> Iterator[Recording]:
    messages = decoded.messages
    sessions = sorted(
        (s for s in messages.get("session", []) if _number(s.get("start_time"))),
        key=lambda s: float(s["start_time"]),
    ) or [next(iter(messages.get("session", [])), {})]
    bounds = [-np.inf, *(float(s["start_time"]) for s in sessions[1:]), np.inf]
    columns = [part for part in _columns(messages) if len(part.unix_s)]
    for session, (begin, end) in zip(sessions, pairwise(bounds), strict=True):
        sport = session.get("sport") or _first(messages, "sport", "sport")
        yield assemble(
            columns=[_within(part, begin, end, sport=sport) for part in columns],
            problems=[
                *problems,
                *decoded.problems,
                *_kind_problem(messages),
                *_beat_problem(messages),
            ],
            start_unix_s=_number(session.get("start_time")),
            laps=[lap for lap in _laps(messages) if begin <= lap.start_unix_s < end],
            pauses=[p for p in _pauses(messages) if begin <= p.start_unix_s < end],
            file=source.file,
            format=NAME,
            utc_offset_s=_utc_offset_s(messages),
            sport=str(sport) if sport is not None else None,
            device=_device(messages),
            workout=_workout(messages),
            workout_name=_first(messages, "workout", "wkt_name"),
            totals=DeviceTotals(
                distance_m=_number(session.get("total_distance")),
                timer_s=_number(session.get("total_timer_time")),
                elapsed_s=_number(session.get("total_elapsed_time")),
                energy_kcal=_number(session.get("total_calories")),
                ascent_m=_number(session.get("total_ascent")),
            ),
        )


def _kind_problem(messages: Messages) -> list[Problem]:
    kind = _kind(messages)
    if kind == "activity":
        return []
    return [Problem(f"a FIT file of kind {kind}", "whole file", "may be a plan, not a recording")]


def _beat_problem(messages: Messages) -> list[Problem]:
    if not messages.get("hrv"):
        return []
    return [
        Problem(
            "beat intervals without a clock",
            "rr_interval_s",
            "counted on from the start: pauses and lost beats shift them",
        )
    ]


# --- samples ---------------------------------------------------------------------------------


def _columns(messages: Messages) -> Iterator[Columns]:
    """Every clock in the file: records, heart beats, body sensors."""
    records = messages.get("record", [])
    values: dict[str, NDArray[np.floating]] = {}
    for channel, (names, factor) in _RECORD.items():
        for name in names:
            column = _column(records, name)
            if column is not None:
                values[channel] = column * factor
                break
    values |= _compressed_speed_distance(records)
    cadence = _column(records, "cadence")
    if cadence is not None:
        fraction = _column(records, "fractional_cadence")
        values["cadence_rev_min"] = cadence + (0 if fraction is None else np.nan_to_num(fraction))
    developer, units = _developer_fields(messages, records, taken=values)
    values |= developer
    yield Columns(_moments(records), values, units, what="records")
    yield from _beats(messages)
    yield from _sensor(messages, "accelerometer", "accel", "acc_m_s2", _STANDARD_GRAVITY_M_S2)
    yield from _sensor(messages, "gyroscope", "gyro", "gyro_rad_s", np.pi / 180)


def _within(part: Columns, begin: float, end: float, *, sport: object) -> Columns:
    """The rows of one session; rows without a time stay with the row before."""
    inside = np.ones(len(part.unix_s), dtype=bool)
    if np.isfinite(begin) or np.isfinite(end):
        times = part.unix_s
        inside = ~(times < begin) & ~(times >= end) & (np.isfinite(times) | (begin == -np.inf))
    values = {name: column[inside] for name, column in part.values.items()}
    if "cadence_rev_min" in values:
        name, cadence = steps_or_revolutions(values.pop("cadence_rev_min"), sport=sport)
        values[name] = cadence
    return Columns(part.unix_s[inside], values, part.units, part.what)


def _column(rows: Sequence[Message], name: str) -> Floats | None:
    """One numeric field of every row, NaN where absent; None if no row has it as a number."""
    values = [row.get(name) for row in rows]
    kinds = set(map(type, values)) - {type(None)}
    if not kinds or not kinds <= {int, float}:
        if not kinds & {int, float}:
            return None
        values = [v if isinstance(v, (int, float)) else None for v in values]
    return np.array(values, dtype=np.float64)


def _moments(rows: Sequence[Message]) -> Floats:
    times = _column(rows, "timestamp")
    return np.full(len(rows), np.nan) if times is None else times


def _compressed_speed_distance(records: Sequence[Message]) -> dict[str, NDArray[np.floating]]:
    """Speed (12 bits, 1/100 m/s) and distance (12 bits, 1/16 m, rolling over) in three bytes."""
    packed = [(i, r["compressed_speed_distance"]) for i, r in enumerate(records)
              if len(r.get("compressed_speed_distance") or b"") == 3]  # fmt: skip
    if not packed:
        return {}
    rows = np.array([i for i, _ in packed])
    low, middle, high = np.array([list(b) for _, b in packed]).T
    valid = ~((low == 255) & (middle == 255) & (high == 255))
    rows, low, middle, high = rows[valid], low[valid], middle[valid], high[valid]
    speed, distance = np.full((2, len(records)), np.nan)
    speed[rows] = (low | (middle & 0x0F) << 8) / 100
    ticks = middle >> 4 | high << 4
    distance[rows] = np.cumsum(np.diff(ticks, prepend=0) % 4096) / 16
    return {"speed_m_s": speed, "distance_m": distance}


def _developer_fields(
    messages: Messages, records: Sequence[Message], *, taken: dict[str, Any]
) -> tuple[dict[str, NDArray[np.floating]], dict[str, str]]:
    """Fields that apps and pods add, by the name they give."""
    values: dict[str, NDArray[np.floating]] = {}
    units: dict[str, str] = {}
    for about in messages.get("field_description", []):
        name, unit = _text(about.get("field_name")), _text(about.get("units")) or ""
        if not name:
            continue
        column = _column(records, DEVELOPER + name if name in NATIVE else name)
        if column is None or np.all(np.isnan(column)):
            continue
        channel, factor = _DEVELOPER.get((name, unit), ("", 1.0))
        if channel and channel not in taken:
            values[channel] = column * factor
        else:
            channel = "developer." + re.sub(r"\W+", "_", name.lower()).strip("_")
            values[channel], units[channel] = column, unit
    return values, units


def _beats(messages: Messages) -> Iterator[Columns]:
    """Beat-by-beat heart data: `hrv` intervals, or `hr` messages that a strap stored itself."""
    intervals = [
        value
        for row in messages.get("hrv", [])
        for value in _numbers(row.get("time"))
        if np.isfinite(value) and value < 65  # the sentinel is 65.535 s
    ]
    start_s = _number(_first(messages, "session", "start_time")) or _first_moment(messages)
    if intervals and start_s is not None:
        # `hrv` has no clock of its own: beats are counted on from the start of the timer.
        interval_s = np.array(intervals, dtype=np.float64)
        yield Columns(start_s + np.cumsum(interval_s), {"rr_interval_s": interval_s}, what="beats")
    beat_s, rate_bpm = _hr_messages(messages.get("hr", []))
    if len(beat_s):
        values: dict[str, NDArray[np.floating]] = {}
        if rate_bpm is not None and _column(messages.get("record", []), "heart_rate") is None:
            values["heart_rate_bpm"] = rate_bpm
        if not intervals:
            gap_s = np.diff(beat_s, prepend=np.nan)
            values["rr_interval_s"] = np.where((gap_s > 0.2) & (gap_s < 3), gap_s, np.nan)
        yield Columns(beat_s, values, what="beats")


def _hr_messages(rows: Sequence[Message]) -> tuple[Floats, Floats | None]:
    """Moments [Unix s] and rates of beats whose times roll over in 12 bits of 1/1024 s."""
    anchor_unix_s = anchor_tick_s = last_s = None
    moments: list[float] = []
    rates: list[float] = []
    for row in rows:
        ticks_s: list[float] = []
        events = _numbers(row.get("event_timestamp"))
        moment = _number(row.get("timestamp"))
        if events and moment is not None:
            anchor_unix_s = moment + (_number(row.get("fractional_timestamp")) or 0.0)
            anchor_tick_s = events[0]
        if events:
            ticks_s = events
            last_s = ticks_s[-1]
        elif last_s is not None:
            for tick in _twelve_bits(row.get("event_timestamp_12")):
                last_s += ((tick - round(last_s * 1024)) % 4096) / 1024
                ticks_s.append(last_s)
        if anchor_unix_s is None or anchor_tick_s is None:
            continue
        bpm = _as_list(row.get("filtered_bpm"))
        for index, tick_s in enumerate(ticks_s):
            moments.append(anchor_unix_s + tick_s - anchor_tick_s)
            known = index < len(bpm) and isinstance(bpm[index], (int, float))
            rates.append(float(bpm[index]) if known else np.nan)
    return np.array(moments), np.array(rates) if rates else None


def _twelve_bits(packed: object) -> Iterator[int]:
    if not isinstance(packed, (bytes, list)):
        return
    for low, middle, high in zip(*[iter(packed)] * 3, strict=False):
        yield low | (middle & 0x0F) << 8
        yield middle >> 4 | high << 4


def _sensor(
    messages: Messages, kind: str, field: str, channel: str, unit: float
) -> Iterator[Columns]:
    """Batches of raw counts, calibrated by the device's own calibration messages.

    A watch does not say where it is worn, so the placement is `phone`, the one for "unknown".
    """
    batches = messages.get(f"{kind}_data", [])
    calibrations = [
        c for c in messages.get("three_d_sensor_calibration", [])
        if c.get("sensor_type") == kind
    ]  # fmt: skip
    times: list[Floats] = []
    samples: list[Floats] = []
    for batch in batches:
        axes = _axes(batch, f"calibrated_{field}")
        raw = _axes(batch, field)
        moment = _number(batch.get("timestamp"))
        offsets_ms = np.array(_numbers(batch.get("sample_time_offset")))
        if moment is None or (axes is None and raw is None):
            continue
        xyz = axes if axes is not None else _calibrate(raw, calibrations, at_s=moment)
        count = min(len(xyz), len(offsets_ms))
        start_s = moment + (_number(batch.get("timestamp_ms")) or 0.0) / 1000
        times.append(start_s + offsets_ms[:count] / 1000)
        samples.append(xyz[:count] * unit)
    if times:
        name = f"phone_{channel}"
        yield Columns(np.concatenate(times), {name: np.concatenate(samples)}, what="sensor samples")


def _axes(batch: Message, field: str) -> Floats | None:
    """Samples (n, 3) of a batch; None unless all three axes are there, equally long."""
    axes = [_numbers(batch.get(f"{field}_{axis}")) for axis in "xyz"]
    if not axes[0] or len({len(axis) for axis in axes}) != 1:
        return None
    return np.array(axes).T


def _calibrate(raw: Floats | None, calibrations: Sequence[Message], *, at_s: float) -> Floats:
    """(counts - level shift - offset) x factor / divisor, turned by the orientation matrix."""
    if raw is None or not calibrations:
        return np.full((0 if raw is None else len(raw), 3), np.nan)
    earlier = [c for c in calibrations if (_number(c.get("timestamp")) or 0.0) <= at_s]
    about = (earlier or calibrations)[-1]
    names = ("accel_cal_factor", "gyro_cal_factor", "calibration_factor")
    factor = next((f for n in names if (f := _number(about.get(n))) is not None), np.nan)
    scale = factor / (_number(about.get("calibration_divisor")) or 1.0)
    offset = _numbers(about.get("offset_cal"))
    matrix = _numbers(about.get("orientation_matrix"))
    centred = raw - (_number(about.get("level_shift")) or 0.0)
    if len(offset) == 3:
        centred = centred - np.array(offset)
    turn = np.array(matrix).reshape(3, 3) if len(matrix) == 9 else np.eye(3)
    return centred @ turn.T * scale


# --- marks -----------------------------------------------------------------------------------


def _laps(messages: Messages) -> Iterator[Stretch]:
    steps = {
        _number(s.get("message_index", i)): s
        for i, s in enumerate(messages.get("workout_step", []))
    }
    for lap in messages.get("lap", []):
        start_s, elapsed_s = _number(lap.get("start_time")), _number(lap.get("total_elapsed_time"))
        if start_s is None or elapsed_s is None:
            continue
        index = _number(lap.get("wkt_step_index"))
        step = steps.get(index, {}) if index is not None else {}
        yield Stretch(
            start_s,
            start_s + elapsed_s,
            {
                "name": _text(step.get("wkt_step_name")),
                "notes": _text(step.get("notes")),
                "intensity": _text(step.get("intensity") or lap.get("intensity")),
                "step_index": int(index) if index is not None else None,
            },
        )


def _pauses(messages: Messages) -> Iterator[Stretch]:
    stopped_s: float | None = None
    for event in messages.get("event", []):
        moment = _number(event.get("timestamp"))
        if event.get("event") != "timer" or moment is None:
            continue
        kind = _text(event.get("event_type"))
        if kind in _TIMER_STOPS and stopped_s is None:
            stopped_s = moment
        elif kind == "start" and stopped_s is not None:
            if moment > stopped_s:
                yield Stretch(stopped_s, moment)
            stopped_s = None


def _workout(messages: Messages) -> tuple[WorkoutStep, ...]:
    return tuple(
        WorkoutStep(
            _text(step.get("wkt_step_name")), _text(step.get("notes")), _text(step.get("intensity"))
        )
        for step in messages.get("workout_step", [])
    )


# --- facts -----------------------------------------------------------------------------------


def _device(messages: Messages) -> Device:
    about = next(iter(messages.get("file_id", [])), {})
    product = about.get("product_name") or about.get("garmin_product") or about.get("product")
    return Device(_text(about.get("manufacturer")), _text(product))


def _utc_offset_s(messages: Messages) -> float | None:
    """The watch writes one moment on both clocks; zones are multiples of 15 minutes."""
    for activity in messages.get("activity", []):
        local, utc = _number(activity.get("local_timestamp")), _number(activity.get("timestamp"))
        if local is not None and utc is not None:
            offset_s = round((local - utc) / 900) * 900
            if abs(offset_s) <= 14 * 3600:
                return float(offset_s)
    return None


def _first(messages: Messages, message: str, field: str) -> Any:
    return next((m[field] for m in messages.get(message, []) if m.get(field) is not None), None)


def _first_moment(messages: Messages) -> float | None:
    return _number(_first(messages, "record", "timestamp"))


def _numbers(value: Any) -> list[float]:
    """The numbers of a field that may hold one value, several, or none."""
    return [float(part) for part in _as_list(value) if isinstance(part, (int, float))]


def _as_list(value: Any) -> list[Any]:
    """A field that may hold one value, several, or none."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _text(value: object) -> str | None:
    return str(value) if value is not None and value != "" else None
