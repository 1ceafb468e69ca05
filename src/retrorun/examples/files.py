"""The files a watch and a phone would have written of a story."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from retrorun.examples.story import Story

#: The readers look for this word in the device's name and mark the recording.
MARK = "retrorun simulated"

START = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)
_ZONE_S = 7200
_SEMICIRCLES_PER_DEGREE = 2**31 / 180


def write_watch_file(out: Path, story: Story) -> None:
    """A FIT activity with one record a second and a lap for every step of its workout."""
    from pyfitparsernative import write_fit_file

    latitude, longitude = story.position(seed=story.seed + 2, noise_m=1.0)
    records = [
        {
            "message_type": "record",
            "timestamp": _at(second),
            "position_lat": round(latitude[second] * _SEMICIRCLES_PER_DEGREE),
            "position_long": round(longitude[second] * _SEMICIRCLES_PER_DEGREE),
            "altitude": 12.0,
            "speed": round(float(story.speed_m_s[second]), 3),
            "distance": round(float(story.distance_m[second]), 2),
            "cadence": round(float(story.cadence_steps_min[second]) / 2),
            "heart_rate": int(story.heart_rate_bpm[second]),
        }
        for second in range(story.duration_s + 1)
    ]
    write_fit_file(str(out), [*_head(story), *records, *_laps(story), *_tail(story)])


def _at(second: float) -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def _head(story: Story) -> list[dict[str, Any]]:
    file_id = {
        "message_type": "file_id", "type": "activity", "manufacturer": "development",
        "product": 0, "product_name": MARK, "time_created": _at(0),
    }  # fmt: skip
    start = {"message_type": "event", "timestamp": _at(0), "event": "timer", "event_type": "start"}
    workout = {
        "message_type": "workout", "wkt_name": "8 x backward", "sport": "running",
        "num_valid_steps": len(story.parts),
    }  # fmt: skip
    steps = [
        {
            "message_type": "workout_step", "message_index": index, "wkt_step_name": part.name,
            "duration_type": "time", "duration_value": part.duration_s * 1000,
            "target_type": "open", "intensity": "rest" if part.motion == "still" else "active",
        }
        for index, part in enumerate(story.parts)
    ]  # fmt: skip
    return [file_id, start, workout, *steps]


def _laps(story: Story) -> list[dict[str, Any]]:
    return [
        {
            "message_type": "lap", "message_index": index, "timestamp": _at(end),
            "start_time": _at(start), "total_elapsed_time": float(end - start),
            "total_timer_time": float(end - start), "wkt_step_index": index,
            "total_distance": float(story.distance_m[end] - story.distance_m[start]),
        }
        for index, (start, end) in enumerate(
            zip(story.starts_s[:-1], story.starts_s[1:], strict=True)
        )
    ]  # fmt: skip


def _tail(story: Story) -> list[dict[str, Any]]:
    end = story.duration_s
    stop = {
        "message_type": "event",
        "timestamp": _at(end),
        "event": "timer",
        "event_type": "stop_all",
    }
    session = {
        "message_type": "session", "timestamp": _at(end), "start_time": _at(0), "sport": "running",
        "total_elapsed_time": float(end), "total_timer_time": float(end),
        "total_distance": float(story.distance_m[-1]), "num_laps": len(story.parts),
    }  # fmt: skip
    activity = {
        "message_type": "activity", "timestamp": _at(end), "num_sessions": 1, "type": "manual",
        "local_timestamp": _at(end + _ZONE_S), "total_timer_time": float(end),
    }  # fmt: skip
    return [stop, session, activity]


def write_phone_log(out: Path, story: Story) -> None:
    """A zip in the layout of the app Sensor Logger: position and heart rate, one row a second."""
    latitude, longitude = story.position(seed=story.seed + 3, noise_m=2.0)
    start_ns = int(START.timestamp()) * 1_000_000_000
    clock = [(start_ns + int(s) * 1_000_000_000, float(s)) for s in story.time_s]
    speed = np.round(story.speed_m_s, 2)
    location = [
        (ns, s, 2.5, round(float(speed[i]), 2), 3.0, 12.0, longitude[i], latitude[i])
        for i, (ns, s) in enumerate(clock)
    ]
    heart = [(ns, s, int(story.heart_rate_bpm[i])) for i, (ns, s) in enumerate(clock)]
    metadata = [(MARK, "0", START.isoformat(), int(START.timestamp() * 1000), "Europe/Amsterdam")]
    tables: dict[str, tuple[Sequence[str], Sequence[Sequence[object]]]] = {
        "Metadata.csv": (
            ("device name", "version", "recording time", "recording epoch time",
             "recording timezone"), metadata,
        ),
        "Location.csv": (
            ("time", "seconds_elapsed", "verticalAccuracy", "speed", "horizontalAccuracy",
             "altitude", "longitude", "latitude"), location,
        ),
        "HeartRate.csv": (("time", "seconds_elapsed", "bpm"), heart),
    }  # fmt: skip
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, (header, rows) in tables.items():
            archive.writestr(name, _csv(header, rows))


def write_truth(out: Path, story: Story) -> None:
    """What really happened, in the layout of `labels.csv`."""
    rows = [
        (start, end, part.motion, part.direction)
        for part, start, end in zip(
            story.parts, story.starts_s[:-1], story.starts_s[1:], strict=True
        )
    ]
    with out.open("x", encoding="utf-8") as stream:
        stream.write(_csv(("start_s", "end_s", "motion", "direction"), rows))


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
