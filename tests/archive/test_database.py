"""The database opens as it should: new, older, newer, locked, absent; SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from retrorun.archive import database
from retrorun.archive.database import NoDatabase, connect, writing
from retrorun.archive.schema import activities, athletes, metadata
from retrorun.errors import BadInput

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_new_database_has_the_tables_of_the_schema(url: str) -> None:
    engine = connect(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == database.HEAD
    engine.dispose()
    connect(url).dispose()  # a second time there is nothing to do


def test_the_newest_migration_is_the_one_this_program_names() -> None:
    scripts = ScriptDirectory(str(database._migrations()))
    assert scripts.get_heads() == [database.HEAD]


def test_keys_hold(url: str) -> None:
    engine = connect(url)
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(activities).values(athlete_id=7, title="nobody's"))
    with writing(engine) as connection:
        connection.execute(insert(athletes).values(id=1, name="Ada", made_at=NOW))
        connection.execute(insert(activities).values(athlete_id=1, title="a run"))
        connection.execute(athletes.delete())
        assert connection.scalar(select(func.count()).select_from(activities)) == 0
    engine.dispose()


def test_times_come_back_aware_and_to_the_microsecond(url: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(insert(athletes).values(id=1, name="Ada", made_at=NOW))
    with engine.connect() as connection:
        assert connection.scalar(select(athletes.c.made_at)) == NOW
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(url: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NoDatabase, match=r"newer retrorun .*9999"):
        connect(url)
    with engine.connect() as connection:
        assert database._version(connection) == "9999"
    engine.dispose()


def test_a_transaction_that_fails_changes_nothing(url: str) -> None:
    engine = connect(url)

    def half() -> None:
        with writing(engine) as connection:
            connection.execute(insert(athletes).values(id=1, name="Ada", made_at=NOW))
            connection.execute(insert(activities).values(athlete_id=2, title="nobody's"))

    with pytest.raises(IntegrityError):
        half()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(athletes)) == 0
    engine.dispose()


def test_tables_and_their_version_come_together_or_not_at_all(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that breaks half way leaves the database as it was."""
    from alembic import command

    upgrade = command.upgrade

    def broken(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(KeyboardInterrupt):
        connect(url)
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_two_processes_may_open_a_new_database_at_once(url: str) -> None:
    program = "import sys; from retrorun.archive.database import connect; connect(sys.argv[1])"
    both = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(3)
    ]
    for one in both:
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0, said


def test_many_writers_wait_for_each_other(url: str) -> None:
    """Every one reads and then writes what it read plus one; none is lost, none is refused."""
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(insert(athletes).values(id=1, name="Ada", made_at=NOW))
        connection.execute(insert(activities).values(id=1, athlete_id=1, title="a run"))

    def count() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                rows = select(activities.c.revision).where(activities.c.id == 1)
                found = connection.scalar(rows.with_for_update())
                assert found is not None
                connection.execute(update(activities).values(revision=found + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.scalar(select(activities.c.revision)) == 80
    engine.dispose()


def test_a_database_locked_by_another_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_S", 0.2)
    path = tmp_path / "archive.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(NoDatabase, match=r"archive\.sqlite: database is locked"):
        connect(f"sqlite:///{path}")
    other.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    path.write_text("a letter to grandmother, which is long enough to be no database at all")
    with pytest.raises(NoDatabase, match="not a database"):
        connect(f"sqlite:///{path}")
    assert path.read_text().startswith("a letter")


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(NoDatabase, match="postgresql") as caught:
        connect("postgresql+psycopg://ada:secret@127.0.0.1:1/retrorun")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["mysql://localhost/x", "nonsense", "", "oracle+oracledb://x"])
def test_an_address_of_another_kind_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput, match=r"postgresql\+psycopg"):
        connect(wrong)


def test_the_address_is_the_folder_or_what_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETRORUN_DATABASE", raising=False)
    assert database.address(tmp_path) == f"sqlite:///{tmp_path}/archive.sqlite"
    monkeypatch.setenv("RETRORUN_DATABASE", "postgresql+psycopg://x")
    assert database.address(tmp_path) == "postgresql+psycopg://x"
