"""Importing: each file once, whole or not at all, and one bad file costs only itself."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

import making
from retrorun import formats
from retrorun.archive.archive import Archive, InUse, opened
from retrorun.archive.importing import Imported, import_paths
from retrorun.archive.recording_file import read_recording
from retrorun.archive.schema import activities, analyses, originals, recordings
from retrorun.archive.workers import Crashed, Workers
from retrorun.contract import to_json
from retrorun.session import analyse


@pytest.fixture
def archive(tmp_path: Path, url: str) -> Iterator[Archive]:
    with opened(tmp_path / "home", url) as found:
        yield found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two runs, one of them twice, a picture and a damaged file."""
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "a.fit").write_bytes(making.fit(*making.run(60)))
    (folder / "b.fit").write_bytes(making.fit(*making.run(90)))
    (folder / "copy-of-a.fit").write_bytes((folder / "a.fit").read_bytes())
    (folder / "damaged.gpx").write_bytes(b"<gpx")
    (folder / "me.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


def brought(archive: Archive, *paths: Path) -> list[Imported]:
    return list(import_paths(archive, paths, processes=1))


def count(archive: Archive, table: object) -> int:
    with archive.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def test_a_file_is_kept_as_it_came_with_all_that_it_told(archive: Archive, files: Path) -> None:
    path = files / "a.fit"
    (found,) = brought(archive, path)
    assert found.outcome == "new"
    (number,) = found.activities
    with archive.reading() as connection:
        row = connection.execute(select(recordings)).one()
        session = connection.scalar(select(analyses.c.session))
        assert row.activity_id == number
        assert connection.scalar(select(activities.c.start_time)) == making.START
    with archive.originals.open(row.original) as file:
        assert file.read() == path.read_bytes()
    again = read_recording(archive.recordings.path(row.digest))
    assert again.channels["heart_rate_bpm"].samples == 60
    assert session == to_json(analyse(again))
    assert row.duration_s == formats.read(path).duration_s


def test_a_folder_is_told_of_file_by_file(archive: Archive, files: Path) -> None:
    outcomes = {Path(one.name).name: one for one in brought(archive, files)}
    assert {name: one.outcome for name, one in outcomes.items() if name != "me.png"} == {
        "a.fit": "new", "b.fit": "new", "copy-of-a.fit": "known", "damaged.gpx": "refused",
    }  # fmt: skip
    assert "damaged.gpx" in outcomes["damaged.gpx"].refused[0]
    assert count(archive, activities) == count(archive, analyses) == 2
    assert len(list(archive.originals)) == len(list(archive.recordings)) == 2
    assert list(archive.staging.iterdir()) == []


def test_what_is_known_is_not_imported_again_by_whichever_way_it_comes(
    archive: Archive, files: Path, tmp_path: Path
) -> None:
    brought(archive, files)
    export = tmp_path / "export.zip"
    with zipfile.ZipFile(export, "w") as bundle:
        bundle.write(files / "b.fit", "activities/b.fit")
    again = brought(archive, files, export)
    assert {one.outcome for one in again} <= {"known", "refused"}
    assert count(archive, activities) == 2


def test_a_log_of_several_files_is_one_original_that_can_be_read_again(
    archive: Archive, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.mkdir()
    rows = "".join(f"{i / 50},{0.1 * i % 3},0,9.81\n" for i in range(500))
    for name in ("Accelerometer", "Gyroscope"):
        (log / f"{name}.csv").write_text(
            "Time (s),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2)\n" + rows
            if name == "Accelerometer"
            else "Time (s),Gyroscope x (rad/s),Gyroscope y (rad/s),Gyroscope z (rad/s)\n" + rows
        )
    (found,) = brought(archive, log)
    assert found.outcome == "new", found.refused
    (digest,) = archive.originals
    with archive.originals.open(digest) as file:
        inside = zipfile.ZipFile(io.BytesIO(file.read()))
    assert set(inside.namelist()) == {"Accelerometer.csv", "Gyroscope.csv"}
    (again,) = brought(archive, log)
    assert again.outcome == "known"


def test_two_writers_do_not_mix(archive: Archive, files: Path) -> None:
    first = import_paths(archive, [files], processes=1)
    next(first)
    with pytest.raises(InUse, match="another retrorun writes"):
        brought(archive, files)
    assert sum(one.outcome == "new" for one in first) >= 1


def test_what_a_kill_left_is_cleared_away_by_the_next_writer(archive: Archive, files: Path) -> None:
    brought(archive, files / "a.fit")
    archive.originals.keep(io.BytesIO(b"kept, and then killed"))
    archive.recordings.keep(io.BytesIO(b"this too"))
    (archive.staging / "half.parquet").write_bytes(b"PAR1")
    assert [one.outcome for one in brought(archive, files / "a.fit")] == ["known"]
    assert len(list(archive.originals)) == len(list(archive.recordings)) == 1
    assert list(archive.staging.iterdir()) == []
    with archive.reading() as connection:
        assert connection.scalar(select(originals.c.name)) == "a.fit"


def test_a_task_that_dies_takes_nothing_along() -> None:
    with Workers(1) as workers:
        bad, good = workers.submit(os._exit, 3), workers.submit(abs, -1)
        with pytest.raises(Crashed, match="reading it crashed"):
            bad.result()
        assert good.result() == 1
        assert workers.submit(abs, -2).result() == 2
