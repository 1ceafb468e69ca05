"""Analysing again: what another version computed is replaced, what the athlete said stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

import making
from retrorun.archive.archive import Archive, now, opened, program
from retrorun.archive.database import writing
from retrorun.archive.importing import import_paths
from retrorun.archive.reanalyzing import reanalyze
from retrorun.archive.schema import activities, analyses, corrections, recordings
from retrorun.athlete import Athlete


@pytest.fixture
def archive(tmp_path: Path, url: str) -> Iterator[Archive]:
    """Two runs of some minutes."""
    for name, seconds in (("a.fit", 300), ("b.fit", 240)):
        (tmp_path / name).write_bytes(making.fit(*making.run(seconds)))
    with opened(tmp_path / "home", url) as found:
        list(import_paths(found, [tmp_path / "a.fit", tmp_path / "b.fit"], processes=1))
        yield found


def session(archive: Archive, number: int) -> dict[str, object]:
    with archive.reading() as connection:
        text = connection.scalar(select(analyses.c.session).where(analyses.c.activity_id == number))
    found: dict[str, object] = json.loads(text or "")
    return found


def older(archive: Archive, number: int) -> None:
    with writing(archive.engine) as connection:
        connection.execute(
            update(analyses)
            .where(analyses.c.activity_id == number)
            .values(program="0.0.1", session="{}", backward_s=99.0)
        )


def test_only_what_another_version_analysed_is_analysed_again(archive: Archive) -> None:
    before = session(archive, 1)
    assert list(reanalyze(archive, processes=1)) == []
    older(archive, 1)
    (done,) = reanalyze(archive, processes=1)
    assert (done.number, done.title, done.failed) == (1, "a.fit", None)
    assert session(archive, 1) == before
    with archive.reading() as connection:
        row = connection.execute(select(analyses).where(analyses.c.activity_id == 1)).one()
    assert (row.program, row.backward_s) == (program(), 0.0)
    assert len(list(reanalyze(archive, everything=True, processes=1))) == 2


def test_what_the_athlete_said_stays_and_what_was_undone_does_not(archive: Archive) -> None:
    said = {"activity_id": 1, "motion": "run", "direction": "backward", "made_at": now()}
    with writing(archive.engine) as connection:
        connection.execute(insert(corrections).values(start_s=60.0, end_s=160.0, **said))
        connection.execute(
            insert(corrections).values(start_s=200.0, end_s=250.0, undone=True, **said)
        )
        connection.execute(update(activities).where(activities.c.id == 1).values(rpe=7.0))
    athlete = Athlete(mass_kg=61.0)
    assert all(
        one.failed is None
        for one in reanalyze(archive, athlete=athlete, everything=True, processes=1)
    )
    found = session(archive, 1)
    assert found["direction"]["backward_s"] == pytest.approx(100.0, abs=1.0)  # type: ignore[index]
    assert found["heart"]["load"]["session_rpe"] == pytest.approx(7 * 5.0, rel=0.05)  # type: ignore[index]
    with archive.reading() as connection:
        assert connection.scalar(
            select(analyses.c.backward_s).where(analyses.c.activity_id == 1)
        ) == pytest.approx(100.0, abs=1.0)


def test_one_that_cannot_be_read_keeps_its_old_analysis_and_is_told(archive: Archive) -> None:
    with archive.reading() as connection:
        digest = connection.scalar(select(recordings.c.digest).where(recordings.c.activity_id == 2))
    assert digest is not None
    archive.recordings.path(digest).write_bytes(b"PAR1")
    before = session(archive, 2)
    done = list(reanalyze(archive, everything=True, processes=1))
    assert [one.failed is None for one in done] == [True, False]
    assert "a Parquet file written by retrorun" in (done[1].failed or "")
    assert session(archive, 2) == before
