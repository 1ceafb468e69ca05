"""A recording comes back from Parquet as it was: every number, name and gap."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import real_files
from retrorun import formats
from retrorun.archive.recording_file import KEY, read_recording, write_recording
from retrorun.errors import Unreadable
from retrorun.recording import (
    Channel,
    Device,
    DeviceTotals,
    Lap,
    Problem,
    Recording,
    Span,
    WorkoutStep,
)


def same(one: Recording, other: Recording) -> None:
    for field in fields(Recording):
        if field.name != "channels":
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert list(one.channels) == list(other.channels)
    for name, channel in one.channels.items():
        again = other.channels[name]
        assert again.values.dtype == channel.values.dtype, name
        assert again.unit == channel.unit
        np.testing.assert_array_equal(again.time_s, channel.time_s)
        np.testing.assert_array_equal(again.values, channel.values)


def round_trip(recording: Recording, folder: Path) -> Recording:
    write_recording(recording, folder / "one.parquet")
    return read_recording(folder / "one.parquet")


def full() -> Recording:
    """Everything that a recording can hold, with awkward values."""
    watch = np.array([0.0, 1.0, 1.0, 3.5])
    body = np.arange(7) / 100
    return Recording(
        file='läufe "2026"/1.fit',
        format="fit",
        channels={
            "speed_m_s": Channel(watch, np.array([3.0, np.nan, 0.1 + 0.2, np.inf])),
            "heart_rate_bpm": Channel(watch, np.array([120, np.nan, 121, 122], dtype=np.float32)),
            "sacrum_acc_m_s2": Channel(body, np.random.default_rng(1).normal(size=(7, 3))),
            "sacrum_orientation": Channel(body, np.eye(7, 4, dtype=np.float32)),
            "developer.Stryd power, é": Channel(watch, np.arange(4.0), unit="Watts"),
            "rr_interval_s": Channel(np.empty(0), np.empty(0)),
        },
        start_time=datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
        utc_offset_s=7200.0,
        sport="running",
        device=Device("garmin", None),
        pauses=(Span(1.0, 2.25),),
        laps=(Lap(Span(0.0, 3.5), name="rückwärts", step_index=0),),
        workout=(WorkoutStep(name="backward", intensity="active"),),
        workout_name="retro",
        totals=DeviceTotals(distance_m=10.1, energy_kcal=3.0),
        simulated=True,
        problems=(Problem("a gap", "at 2 s", "less is known"),),
    )


def test_everything_comes_back(tmp_path: Path) -> None:
    recording = full()
    again = round_trip(recording, tmp_path)
    same(recording, again)
    assert again.channels["speed_m_s"].time_s is again.channels["heart_rate_bpm"].time_s
    assert not again.channels["speed_m_s"].values.flags.writeable


def test_a_recording_of_nothing_but_laps_comes_back(tmp_path: Path) -> None:
    recording = replace(full(), channels={})
    same(recording, round_trip(recording, tmp_path))


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=20),
    st.lists(st.floats(0, 1e6), max_size=20).map(sorted),
)
def test_any_numbers_come_back(values: list[float], times: list[float]) -> None:
    import tempfile

    count = min(len(values), len(times))
    channel = Channel(np.array(times[:count]), np.array(values[:count], dtype=np.float32))
    recording = replace(full(), start_time=datetime.now(UTC), channels={"power_w": channel})
    with tempfile.TemporaryDirectory() as folder:
        same(recording, round_trip(recording, Path(folder)))


def test_others_read_it_too(tmp_path: Path) -> None:
    """What a stranger with Polars sees: one row a sample, a column a channel or axis."""
    write_recording(full(), tmp_path / "one.parquet")
    table = pl.read_parquet(tmp_path / "one.parquet")
    assert table.height == 4 + 7
    body = table.filter(pl.col("sacrum_acc_m_s2.z").is_not_null())
    assert body["time_s"].to_list() == [i / 100 for i in range(7)]
    assert body["speed_m_s"].null_count() == 7


@pytest.mark.parametrize("path", real_files("activities/*")[::12], ids=lambda path: path.name)
def test_real_files_come_back(path: Path, tmp_path: Path) -> None:
    for recording in formats.read_all(path, failures=[]):
        same(recording, round_trip(recording, tmp_path))


@pytest.mark.parametrize("damage", ["cut", "other", "newer", "absent", "text"])
def test_what_is_not_whole_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    write_recording(full(), path)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "other":
        pl.DataFrame({"a": [1]}).write_parquet(path)
    elif damage == "newer":
        head = pl.read_parquet_metadata(path)[KEY].replace('"version":1', '"version":2')
        pl.read_parquet(path).write_parquet(path, metadata={KEY: head})
    elif damage == "absent":
        path.unlink()
    else:
        path.write_text("no parquet")
    with pytest.raises(Unreadable, match=r"newer retrorun" if damage == "newer" else "one.parquet"):
        read_recording(path)
