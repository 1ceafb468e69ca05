"""A small slice of each slow benchmark, so that none can rot."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import distance, inertial, reading, salvage


def test_reading_compares_readers(data: Path) -> None:
    files = sorted((data / "activities" / "fit").glob("fitparse__activity-small-*.fit"))
    peers = [reading.Reader("fitdecode", reading._fitdecode)]
    (row,) = reading.compare(files, peers, label="a few")
    assert row["both read"] == len(files)
    assert float(str(row["times faster"])) > 0


def test_positions_are_near_the_device_on_one_real_run(data: Path) -> None:
    from retrorun import formats
    from retrorun.travel import position_distance_m

    path = data / "activities" / "fit" / "fitparse__activity-small-fenix2-run.fit"
    recording = formats.read(path)
    counted = distance.counted_where_there_were_positions_m(recording)
    assert position_distance_m(recording) == pytest.approx(counted, rel=distance.TOLERANCE)


def test_salvage_gives_what_fitdecode_gives(data: Path) -> None:
    path = data / "activities" / "fit" / "fitparse__activity-unexpected-eof.fit"
    records, loss = salvage.ours(path)
    assert records == salvage.of_fitdecode(path) > 0
    assert "cut or damaged" in loss


def test_a_long_log_is_made_and_analysed(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    inertial.write_recording(path, hours=1 / 6)
    figures = inertial.analyse_once(path)
    assert figures["read_s"] + figures["analyse_s"] < 10
