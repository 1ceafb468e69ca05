"""FIT: known messages in, known channels out; written by a writer that is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import garmin_fit_sdk
import numpy as np
import pytest

from making import at, fit, record, run, session
from retrorun import formats
from retrorun.errors import NotAnActivity, SeveralRecordings
from retrorun.recording import Recording


def reading(tmp_path: Path, data: bytes) -> Recording:
    path = tmp_path / "a.fit"
    path.write_bytes(data)
    return formats.read(path)


def test_a_plain_run_has_its_channels_in_our_units(tmp_path: Path) -> None:
    recording = reading(
        tmp_path,
        fit(
            record(0, position_lat=2**30, position_long=-(2**29), enhanced_altitude=12.4,
                   heart_rate=141, speed=3.21, distance=0.0, cadence=85, fractional_cadence=0.5,
                   stance_time=240.5, step_length=1105.0, vertical_oscillation=84.0, power=255,
                   vertical_ratio=7.6, stance_time_balance=49.5, temperature=21),
            record(1, heart_rate=142, distance=3.21),
            session(0, 1),
        ),
    )  # fmt: skip
    first = {name: float(c.values[0]) for name, c in recording.channels.items()}
    assert first == {
        "latitude_deg": 90.0, "longitude_deg": -45.0, "altitude_m": pytest.approx(12.4),
        "heart_rate_bpm": 141, "speed_m_s": 3.21, "distance_m": 0.0, "power_w": 255,
        "cadence_steps_min": 171.0, "contact_time_s": pytest.approx(0.2405),
        "step_length_m": pytest.approx(1.105), "vertical_oscillation_m": pytest.approx(0.084),
        "vertical_ratio": pytest.approx(0.076), "contact_balance": pytest.approx(0.495),
        "temperature_c": 21,
    }  # fmt: skip
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2026-05-01T08:00:00+00:00"


def test_developer_fields_keep_their_name_and_stryds_become_our_channels(tmp_path: Path) -> None:
    def about(number: int, name: str, units: str) -> dict[str, Any]:
        return {
            "message_type": "field_description", "developer_data_index": 0,
            "field_definition_number": number, "fit_base_type_id": "uint16", "field_name": name,
            "units": units, "native_mesg_num": "record",
        }  # fmt: skip

    recording = reading(
        tmp_path,
        fit(
            {"message_type": "developer_data_id", "developer_data_index": 0,
             "application_id": list(range(16))},
            about(0, "Ground Time", "Milliseconds"),
            about(1, "Leg Spring Stiffness", "kN/m"),
            about(2, "Doughnuts Earned", "doughnuts"),
            record(0, developer_field_0=231, developer_field_1=11, developer_field_2=3),
            session(0, 1),
        ),
    )  # fmt: skip
    assert recording.channels["contact_time_s"].values[0] == pytest.approx(0.231)
    assert recording.channels["leg_stiffness_n_m"].values[0] == 11_000
    doughnuts = recording.channels["developer.doughnuts_earned"]
    assert (doughnuts.values[0], doughnuts.unit) == (3, "doughnuts")


def test_laps_know_the_workout_step_they_executed(tmp_path: Path) -> None:
    recording = reading(
        tmp_path,
        fit(
            {"message_type": "workout", "wkt_name": "First metres", "num_valid_steps": 2},
            {"message_type": "workout_step", "message_index": 0, "wkt_step_name": "Forward easy",
             "duration_type": "time", "duration_value": 30000, "intensity": "active"},
            {"message_type": "workout_step", "message_index": 1, "wkt_step_name": "Backward",
             "notes": "short steps", "duration_type": "time", "duration_value": 30000},
            *run(60)[:-1],
            {"message_type": "lap", "timestamp": at(30), "start_time": at(0),
             "total_elapsed_time": 30.0, "wkt_step_index": 0},
            {"message_type": "lap", "timestamp": at(60), "start_time": at(30),
             "total_elapsed_time": 30.0, "wkt_step_index": 1},
            session(0, 60),
        ),
    )  # fmt: skip
    assert recording.workout_name == "First metres"
    assert [step.name for step in recording.workout] == ["Forward easy", "Backward"]
    second = recording.laps[1]
    assert (second.span.start_s, second.span.end_s) == (30, 60)
    assert (second.name, second.notes, second.step_index) == ("Backward", "short steps", 1)


def test_a_stopped_timer_is_a_pause(tmp_path: Path) -> None:
    def timer(second: int, kind: str) -> dict[str, Any]:
        return {
            "message_type": "event",
            "timestamp": at(second),
            "event": "timer",
            "event_type": kind,
        }

    rows = run(60)
    recording = reading(
        tmp_path,
        fit(timer(0, "start"), *rows[:20], timer(20, "stop_all"), timer(45, "start"), *rows[45:],
            timer(60, "stop_all")),
    )  # fmt: skip
    assert [(p.start_s, p.end_s) for p in recording.pauses] == [(20, 45)]


def test_beats_are_counted_on_from_the_start(tmp_path: Path) -> None:
    recording = reading(tmp_path, fit({"message_type": "hrv", "time": [0.8, 0.75, 0.85]}, *run(10)))
    beats = recording.channels["rr_interval_s"]
    np.testing.assert_allclose(beats.values, [0.8, 0.75, 0.85])
    np.testing.assert_allclose(beats.time_s, [0.8, 1.55, 2.4])


def packed(ticks: list[int]) -> list[int]:
    """12-bit numbers in bytes, two in three, as `event_timestamp_12` has them."""
    out: list[int] = []
    for a, b in zip(ticks[::2], ticks[1::2], strict=True):
        out += [a & 0xFF, a >> 8 | (b & 0xF) << 4, b >> 4]
    return out


def test_hr_messages_roll_over_and_keep_their_moments(tmp_path: Path) -> None:
    beats_s = 2.0 + 0.9 * np.arange(1, 9)
    ticks = [round(b * 1024) % 4096 for b in beats_s]
    recording = reading(
        tmp_path,
        fit(
            {"message_type": "hr", "timestamp": at(0), "fractional_timestamp": 0.5,
             "filtered_bpm": [66], "event_timestamp": [2.0]},
            {"message_type": "hr", "filtered_bpm": [67] * 8, "event_timestamp_12": packed(ticks)},
            record(0, distance=0.0), record(9, distance=20.0), session(0, 10),
        ),
    )  # fmt: skip
    heart = recording.channels["heart_rate_bpm"]
    np.testing.assert_allclose(heart.time_s, 0.5 + np.array([2.0, *beats_s]) - 2.0, atol=1 / 1024)
    np.testing.assert_array_equal(heart.values, [66] + [67] * 8)
    intervals = recording.channels["rr_interval_s"].values
    np.testing.assert_allclose(intervals[1:], 0.9, atol=2 / 1024)


def test_sensor_batches_are_calibrated(tmp_path: Path) -> None:
    """16 counts times 5/82 is 0.976 g on x, by the arithmetic of the FIT profile."""
    recording = reading(
        tmp_path,
        fit(
            {"message_type": "three_d_sensor_calibration", "timestamp": at(0),
             "sensor_type": "accelerometer", "calibration_factor": 5, "calibration_divisor": 82,
             "level_shift": 32768, "offset_cal": [1, 2, 3],
             "orientation_matrix": [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]},
            {"message_type": "accelerometer_data", "timestamp": at(1), "timestamp_ms": 250,
             "sample_time_offset": [0, 40, 80], "accel_x": [32768 + 17] * 3,
             "accel_y": [32768 + 2] * 3, "accel_z": [32768 + 3] * 3},
            *run(10),
        ),
    )  # fmt: skip
    acc = recording.channels["phone_acc_m_s2"]
    np.testing.assert_allclose(acc.time_s, [1.25, 1.29, 1.33])
    np.testing.assert_allclose(acc.values, [[0, 16 * 5 / 82 * 9.80665, 0]] * 3, atol=1e-5)


def test_compressed_speed_and_distance_equal_the_official_reader(tmp_path: Path) -> None:
    """12 bits of 1/16 m roll over every 256 m; Garmin's own reader is the witness."""
    metres = np.arange(0, 900, 3.0)
    data = fit(
        *(
            record(s, heart_rate=120, compressed_speed_distance=_compressed(3.0, float(m)))
            for s, m in enumerate(metres)
        ),
        session(0, len(metres)),
    )
    recording = reading(tmp_path, data)
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(data))
    messages, errors = garmin_fit_sdk.Decoder(stream).read(convert_datetimes_to_dates=False)
    assert errors == []
    wanted = [row["distance"] for row in messages["record_mesgs"]]
    np.testing.assert_allclose(recording.channels["distance_m"].values, wanted)
    np.testing.assert_allclose(recording.channels["distance_m"].values, metres)
    np.testing.assert_allclose(recording.channels["speed_m_s"].values, 3.0)


def _compressed(speed_m_s: float, distance_m: float) -> list[int]:
    speed, ticks = round(speed_m_s * 100), round(distance_m * 16) % 4096
    return [speed & 0xFF, speed >> 8 | (ticks & 0xF) << 4, ticks >> 4]


def test_chained_files_and_several_sports_are_several_recordings(tmp_path: Path) -> None:
    path = tmp_path / "chain.fit"
    path.write_bytes(fit(*run(30)) + fit(*run(40)))
    assert [round(r.duration_s) for r in formats.read_all(path)] == [29, 39]
    with pytest.raises(SeveralRecordings, match=r"Use retrorun\.formats\.read_all"):
        formats.read(path)

    rows = run(60)[:-1]
    path.write_bytes(fit(*rows, session(0, 30, sport="running"), session(30, 60, sport="cycling")))
    first, second = formats.read_all(path)
    assert (first.sport, second.sport) == ("running", "cycling")
    assert (
        first.channels["heart_rate_bpm"].samples + second.channels["heart_rate_bpm"].samples == 60
    )
    assert "cadence_steps_min" in first.channels
    assert "cadence_rev_min" in second.channels


def test_a_workout_file_is_no_activity(tmp_path: Path) -> None:
    path = tmp_path / "plan.fit"
    path.write_bytes(fit({"message_type": "workout", "wkt_name": "x"}, kind="workout"))
    with pytest.raises(NotAnActivity, match="kind workout; wanted a recorded activity"):
        formats.read(path)


def test_the_local_clock_tells_the_zone(tmp_path: Path) -> None:
    recording = reading(
        tmp_path,
        fit(*run(5), {"message_type": "activity", "timestamp": at(5),
                      "local_timestamp": at(5 - 3600 * 7)}),
    )  # fmt: skip
    assert recording.utc_offset_s == -7 * 3600


@pytest.mark.parametrize("field", ["step_length", "vertical_oscillation", "stance_time"])
def test_real_running_dynamics_equal_the_official_reader(data: Path, field: str) -> None:
    path = data / "activities" / "fit" / "fitparse__activity-small-fenix2-run.fit"
    stream = garmin_fit_sdk.Stream.from_file(str(path))
    messages, _ = garmin_fit_sdk.Decoder(stream).read(convert_datetimes_to_dates=False)
    wanted = np.array([row.get(field, np.nan) for row in messages["record_mesgs"]], dtype=float)
    name = {"stance_time": "contact_time_s"}.get(field, f"{field}_m")
    channel = formats.read(path).channels.get(name)
    if not np.nansum(wanted):
        assert channel is None
        return
    assert channel is not None
    np.testing.assert_allclose(np.nansum(channel.values), np.nansum(wanted) / 1000)
