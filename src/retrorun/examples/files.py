"""The files a watch, a phone and sensors on the body would have written of a story."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from retrorun.examples.story import Floats, Story
from retrorun.examples.worn import SensorNoise, phone_heading, worn

#: The readers look for this word in the device's name and mark the recording.
MARK = "retrorun simulated"

START = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)

#: Sampling rates of the phone's sensors and of those on the body. [Hz]
PHONE_HZ, BODY_HZ = 50.0, 100.0

BODY_SENSORS = ("left_shank", "right_foot", "sacrum")

#: Sensors strapped on: they tick as one, a little slow, and wobble less than a phone in a belt.
BODY_NOISE = SensorNoise(jitter_s=0.0, wobble_rad=0.01, clock_drift_ppm=-20.0)

#: Steps in which they count, powers of two near 16 bits over 16 g and 2000 deg/s, which also
#: lets the file shrink. [m/s², rad/s]
ACC_STEP, GYRO_STEP = 1 / 256, 1 / 1024

#: A column each: values, or one value for all rows.
Table = dict[str, Any]

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
    """A zip in Sensor Logger's layout on Android, of a phone in a belt at the lower back."""
    felt_s, acc, gyro = worn(
        story.moved, "sacrum", rate_hz=PHONE_HZ, mounting=_mounting(story, 5), seed=story.seed
    )
    heading_s, heading_deg = phone_heading(
        story.moved, rate_hz=5.0, offset_deg=20.0, disturbance_deg=5.0, seed=story.seed
    )
    latitude, longitude = story.position(seed=story.seed + 3, noise_m=2.0)
    location = {
        "verticalAccuracy": 2.5, "speed": np.round(story.speed_m_s, 2), "horizontalAccuracy": 3.0,
        "altitudeAboveMeanSeaLevel": 12.0, "altitude": 55.0,
        "longitude": np.round(longitude, 7), "latitude": np.round(latitude, 7),
    }  # fmt: skip
    metadata = {
        "device name": [MARK], "version": 0, "recording time": START.isoformat(),
        "recording epoch time": int(START.timestamp() * 1000),
        "recording timezone": "Europe/Amsterdam",
    }  # fmt: skip
    tables = {
        "Metadata.csv": metadata,
        "Location.csv": _ticks(story.time_s) | location,
        "HeartRate.csv": _ticks(story.time_s) | {"bpm": story.heart_rate_bpm.astype(int)},
        "TotalAcceleration.csv": _ticks(felt_s) | _vectors(acc),
        "Gyroscope.csv": _ticks(felt_s) | _vectors(gyro),
        "Compass.csv": _ticks(heading_s) | {"magneticBearing": np.round(heading_deg, 1)},
    }
    with zipfile.ZipFile(out, "x") as archive:
        for name, table in tables.items():
            # With the moment of writing in it, no two files would be the same.
            member = zipfile.ZipInfo(name, date_time=START.timetuple()[:6])
            archive.writestr(member, _csv(table), zipfile.ZIP_DEFLATED)


def _mounting(story: Story, number: int) -> Rotation:
    """A sensor turned any way at all on its segment: every rotation is equally likely."""
    return Rotation.from_quat(np.random.default_rng([story.seed, number]).normal(size=4))


def _ticks(time_s: Floats) -> Table:
    """The app's two clocks, to the microsecond."""
    elapsed_us = np.round(time_s * 1e6).astype(np.int64)
    start_ns = int(START.timestamp()) * 1_000_000_000
    return {"time": start_ns + elapsed_us * 1000, "seconds_elapsed": elapsed_us / 1e6}


def _vectors(values: Floats) -> Table:
    """The axes in the app's order."""
    return {axis: np.round(values[:, "xyz".index(axis)], 4) for axis in "zyx"}


def write_sensor_log(out: Path, story: Story) -> None:
    """An inertial log in Parquet, of three sensors on the body that tick together."""
    import polars as pl

    table: Table = {}
    for number, placement in enumerate(BODY_SENSORS):
        time_s, acc, gyro = worn(
            story.moved,
            placement,
            rate_hz=BODY_HZ,
            mounting=_mounting(story, 10 + number),
            noise=BODY_NOISE,
            seed=story.seed + 4,
        )
        table |= {"time_s": START.timestamp() + time_s}
        for kind, values, step in (
            ("acc_{}_m_s2", acc, ACC_STEP),
            ("gyro_{}_rad_s", gyro, GYRO_STEP),
        ):
            steps = (np.round(values / step) * step).astype(np.float32)
            table |= {f"{placement}_{kind.format(a)}": steps[:, k] for k, a in enumerate("xyz")}
    pl.DataFrame(table).write_parquet(out, compression="zstd", metadata={"device": MARK})


def write_truth(out: Path, story: Story) -> None:
    """What really happened, in the layout of `labels.csv`."""
    truth = {
        "start_s": story.starts_s[:-1],
        "end_s": story.starts_s[1:],
        "motion": [part.motion for part in story.parts],
        "direction": [part.direction for part in story.parts],
    }
    with out.open("x", encoding="utf-8") as stream:
        stream.write(_csv(truth))


def _csv(columns: Table) -> str:
    import polars as pl

    return pl.DataFrame(columns).write_csv(quote_style="never")
