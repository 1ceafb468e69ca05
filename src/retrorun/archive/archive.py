"""An archive: a folder of files, a database of what is known, and who may write to them.

What the database names is there: files are kept before a transaction names them, and forgotten
after one has ceased to. A kill in between leaves files that nobody names; whoever writes next
removes them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, insert, select

from retrorun.archive import database
from retrorun.archive.content import ContentStore
from retrorun.archive.schema import athletes, originals, recordings
from retrorun.athlete.file import home
from retrorun.errors import RetrorunError

if TYPE_CHECKING:
    from retrorun.archive.preparing import Analysis

#: The athlete of an archive that is nobody else's.
OWNER = 1


class InUse(RetrorunError):
    """Another retrorun writes to the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An open archive; `opened` makes one."""

    folder: Path
    engine: Engine
    originals: ContentStore
    recordings: ContentStore

    @property
    def staging(self) -> Path:
        """Where files wait to be kept; emptied by whoever writes next."""
        return self.folder / "staging"

    def reading(self) -> Connection:
        """A connection that sees one state of the database."""
        return self.engine.connect()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one that adds and removes files; first clear away what a kill has left.

        Raises
        ------
        InUse
            When another process does so now.
        """
        self.staging.mkdir(parents=True, exist_ok=True)
        with (self.folder / "writer.lock").open("w") as file:
            if not _locked(file):
                raise InUse(
                    f"another retrorun writes to {self.folder}. Wait until it has ended; "
                    "reading goes on meanwhile."
                )
            for left in self.staging.iterdir():
                left.unlink()
            self.sweep()
            yield

    def sweep(self) -> None:
        """Remove every file that the database does not name. Only while `alone`."""
        named = self.named()
        self.originals.sweep(named[0])
        self.recordings.sweep(named[1])

    def named(self) -> tuple[set[str], set[str]]:
        """Hashes of the originals and of the recordings that the database names."""
        with self.reading() as connection:
            return (
                set(connection.scalars(select(originals.c.digest))),
                set(connection.scalars(select(recordings.c.digest))),
            )


@contextmanager
def opened(folder: Path | None = None, url: str | None = None) -> Iterator[Archive]:
    """The archive in a folder, by default the user's own; it is made where there is none.

    Raises what `database.connect` raises, and `OSError` where the folder cannot be used.
    """
    folder = folder or home()
    folder.mkdir(parents=True, exist_ok=True)
    engine = database.connect(url or database.address(folder))
    try:
        _ensure_owner(engine)
        yield Archive(
            folder=folder,
            engine=engine,
            originals=ContentStore(folder / "originals"),
            recordings=ContentStore(folder / "recordings"),
        )
    finally:
        engine.dispose()


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def program() -> str:
    """The version of retrorun, by which analyses are dated."""
    return version("retrorun")


def dated(analysis: Analysis) -> dict[str, Any]:
    """An analysis as columns of `analyses`, with what made it, and when."""
    return {"program": program(), "made_at": now(), **asdict(analysis)}


def _ensure_owner(engine: Engine) -> None:
    present = select(athletes.c.id).where(athletes.c.id == OWNER)
    with engine.connect() as connection:
        if connection.scalar(present) is not None:
            return
    with database.writing(engine) as connection:
        if connection.scalar(present) is None:  # another process may have been quicker
            connection.execute(insert(athletes).values(id=OWNER, name="me", made_at=now()))


def _locked(file: IO[str]) -> bool:
    """Whether the file could be locked; the system lets go of it when this process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
