"""The inertial log: columns of any table with the agreed names, in any honest spelling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from retrorun import formats
from retrorun.errors import Unreadable

N = 500
TIME_S = np.arange(N) / 100
AXES = {
    f"left_foot_acc_{axis}_m_s2": value + np.zeros(N)
    for axis, value in zip("xyz", (1, 2, 9.5), strict=True)
}


def log(**more: object) -> pl.DataFrame:
    return pl.DataFrame({"time_s": TIME_S, **AXES, **more})


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_log_reads_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log.{suffix}"
    table = log(heart_rate_bpm=150.0, label=["forward_run"] * N)
    getattr(table, f"write_{suffix}")(path)
    recording = formats.read(path)
    force = recording.channels["left_foot_acc_m_s2"]
    np.testing.assert_allclose(force.values, [[1, 2, 9.5]] * N)
    np.testing.assert_allclose(force.time_s, TIME_S)
    assert force.rate_hz == pytest.approx(100)
    assert set(recording.channels) == {"left_foot_acc_m_s2", "heart_rate_bpm"}
    assert recording.placements == ("left_foot",)


def test_parquet_tells_the_device_and_with_it_whether_it_is_simulated(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    log().write_parquet(path, metadata={"device": "retrorun simulated"})
    recording = formats.read(path)
    assert str(recording.device) == "retrorun simulated"
    assert recording.simulated
    log().write_parquet(path)
    assert str(formats.read(path).device) == "unknown"
    assert not formats.read(path).simulated


@pytest.mark.parametrize(
    "text",
    [
        "time_s;speed_m_s\n0,0;2,5\n1,0;3,5\n",
        "time_s\tspeed_m_s\n0,0\t2,5\n1,0\t3,5\n",
        "time_s, speed_m_s\n0, 2.5\n1, 3.5\n",
        '"time_s","speed_m_s"\n"0","2.5"\n"1","3.5"\n',
        "\ufefftime_s,speed_m_s\r\n0,2.5\r\n1,3.5\r\n",
        "time_s;speed_m_s\n0.0;2.5\n1.0;3.5\n",
    ],
)
def test_spellings_of_csv(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    speed = formats.read(path).channels["speed_m_s"]
    np.testing.assert_allclose(speed.values, [2.5, 3.5])
    np.testing.assert_allclose(speed.time_s, [0, 1])


def test_a_scalar_filled_in_now_and_then_has_its_own_clock(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    rate = np.where(np.arange(N) % 100 == 0, 140.0, np.nan)
    log(heart_rate_bpm=rate).write_parquet(path)
    heart = formats.read(path).channels["heart_rate_bpm"]
    assert (heart.samples, heart.missing, heart.rate_hz) == (5, 0, pytest.approx(1))


@pytest.mark.parametrize("scale", [1e3, 1e6, 1e9])
def test_times_since_1970_in_finer_units_are_recognised_and_said(
    tmp_path: Path, scale: float
) -> None:
    path = tmp_path / "log.parquet"
    log().with_columns(time_s=pl.lit(pl.Series((1.75e9 + TIME_S) * scale))).write_parquet(path)
    recording = formats.read(path)
    assert recording.duration_s == pytest.approx(TIME_S[-1], abs=1e-3)
    assert recording.start_time is not None
    assert any("time_s counts" in p.what for p in recording.problems)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pl.DataFrame({"time_s": TIME_S}), "no column is a channel"),
        (log().drop("left_foot_acc_y_m_s2"), "without all its axes"),
        (log().with_columns(time_s=pl.lit("noon")), "time_s without a number"),
        (log().with_columns(time_s=pl.lit(None)), "time_s without a number"),
        (log().head(0), "without rows"),
        (pl.DataFrame({"a": [1]}), "without a column time_s"),
    ],
)
def test_tables_without_a_channel_are_refused_with_the_reason(
    tmp_path: Path, table: pl.DataFrame, says: str
) -> None:
    path = tmp_path / "log.parquet"
    table.write_parquet(path)
    with pytest.raises(Unreadable, match=says):
        formats.read(path)


@pytest.mark.parametrize(
    "odd",
    [
        pl.Series([b"x"] * N),
        pl.Series([[1.0]] * N),
        pl.Series([{"a": 1}] * N),
        pl.Series(["a"] * N, dtype=pl.Categorical),
        pl.Series([True] * N),
        pl.Series(["152"] * N),
    ],
)
def test_odd_types_of_a_column_stop_nothing(tmp_path: Path, odd: pl.Series) -> None:
    path = tmp_path / "log.parquet"
    log(heart_rate_bpm=odd).write_parquet(path)
    recording = formats.read(path)
    assert "left_foot_acc_m_s2" in recording.channels
    heart = recording.get("heart_rate_bpm")
    assert (heart is not None) == (odd.dtype in (pl.Boolean, pl.String))


def test_damaged_parquet_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    log().write_parquet(path)
    good = path.read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(150):
        bad = bytearray(good)
        for at in rng.integers(0, len(bad), 3):
            bad[at] = rng.integers(0, 256)
        path.write_bytes(bytes(bad))
        list(formats.outcomes(path))
