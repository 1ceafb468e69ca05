"""Opens the database of an archive: SQLite in its folder, or PostgreSQL by an address.

A new database gets its tables, an older one is brought up to date, a newer one is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from retrorun.errors import BadInput, RetrorunError

#: The migration that this program was written for.
HEAD = "0001"
#: How long one process waits for another that writes. [s]
PATIENCE_S = 10.0
#: Any number, the same in every retrorun.
_LOCK = 7_237_001


class NoDatabase(RetrorunError):
    """The database cannot be used; nothing was changed in it."""


def address(folder: Path) -> str:
    """`RETRORUN_DATABASE`, or the SQLite file in the archive's folder."""
    return os.environ.get("RETRORUN_DATABASE") or f"sqlite:///{folder / 'archive.sqlite'}"


def connect(url: str) -> Engine:
    """An engine on a database whose tables are those of `schema`.

    Raises
    ------
    BadInput
        For an address of a kind that is not known.
    NoDatabase
        When the database cannot be reached or comes from a newer version.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, **_settings(parsed.get_backend_name()))
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInput(
            "RETRORUN_DATABASE",
            repr(url),
            "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _as_we_want)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:  # whoever only reads waits for no writer
            present = _version(connection)
        if present != HEAD:
            with writing(engine) as connection:
                _bring_up_to_date(connection, parsed.render_as_string(hide_password=True))
    except DBAPIError as error:
        engine.dispose()
        raise NoDatabase(f"{parsed.render_as_string()}: {error.orig}") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write: all of it or nothing, one writer after the other.

    SQLite is told at the start: one that began by reading and then wants to write may be refused.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def forget_deleted(engine: Engine) -> None:
    """Let the files of a SQLite database lose what was deleted from it; a server does so itself."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")  # free pages still hold what was deleted
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _begin(connection: Connection) -> None:
    """Transactions are ours to begin: by itself the driver leaves changes of tables outside."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _settings(kind: str) -> dict[str, Any]:
    if kind == "sqlite":
        return {"connect_args": {"timeout": PATIENCE_S}}
    if kind == "postgresql":
        return {"pool_pre_ping": True}
    raise ArgumentError(kind)


def _as_we_want(connection: Any, record: object) -> None:
    """Readers and a writer side by side, keys that hold, and commits that reach the disk."""
    del record
    connection.isolation_level = None  # else the driver begins transactions of its own
    for setting in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {setting}")


def _bring_up_to_date(connection: Connection, name: str) -> None:
    """Create the tables, or change those of an older version, in one transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))  # two that open at once
    present = _version(connection)
    if present == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise NoDatabase(
            f"{name} was written by a newer retrorun (its tables are of version {present}, "
            f"this one knows {HEAD}). Install the newer retrorun; nothing was changed."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _migrations() -> Path:
    return Path(str(resources.files("retrorun.archive") / "migrations"))


def _version(connection: Connection) -> str | None:
    """The migration that a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
