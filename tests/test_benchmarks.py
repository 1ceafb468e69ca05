"""A small slice of each slow benchmark, so that none can rot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks import direction, distance, energy, energy_rows, inertial, reading, salvage


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


def test_direction_is_scored_on_one_computed_clip(data: Path) -> None:
    clips = direction.clips(data, most=1)
    tables = dict(direction.computed_tables(clips, direction.by_sources, worn=("shank",)))
    (row,) = (
        row for row in tables[direction.ABOUT] if row["axes"] == "random" and row["clips"] == "all"
    )
    assert row["back s"] == 38  # both shanks, 19.0 s each as the index of the clips has it
    assert row["F1"] > 0.5
    assert row["edge s"] <= 0.5


def test_changes_of_direction_are_timed_amid_what_lies_between() -> None:
    way = np.array([0] * 20 + [3] * 10 + [1] * 20 + [4] * 40 + [0] * 5, dtype=np.int8)
    when_s, to = direction.changes(way)
    assert when_s.tolist() == pytest.approx([2.5])  # the break of 4 s is no change of direction
    assert to.tolist() == [1]


def test_energy_of_a_study_is_predicted_from_the_others() -> None:
    from retrorun.physiology.energy import ratios

    rows = [row for row in energy_rows.published() if row.study in energy.QUICK]
    tables = dict(energy.tables(rows))
    (run,) = (
        line
        for line in tables[energy.ROWS]
        if line["unit"] == "ratio" and line["what"].startswith("run")
    )
    without = ratios(frozenset({"williford1998"})).running.value
    assert run["ours"] == pytest.approx(without, abs=0.006)
    assert run["ours"] > ratios().running.value  # its own low ratio does not pull it down
    everything = tables[energy.SUMMARY][0]
    assert everything["studies"] == 2
    assert everything["median error %"] < 15


def test_no_remembered_figure_judges_the_energy() -> None:
    from retrorun.evidence.library import studies, table

    for row in energy_rows.published():
        assert studies()[row.study].flag in ("S", "S2")
    for name in ("abe2015", "dasgupta2019", "heath2001", "margaria1963", "minetti1994", "paes2016"):
        assert {line["flag"] for line in table(f"tables/{name}")} <= {"S", "S2", "D"}
