"""Whether everything that the database names is there and whole, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from retrorun.archive.archive import Archive
from retrorun.archive.content import ContentStore
from retrorun.archive.schema import activities, analyses, originals, recordings


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be, and what can be done."""

    what: str
    remedy: str


def faults(archive: Archive) -> Iterator[Fault]:
    """Everything that is wrong; nothing for a sound archive. Reads every file once.

    Files that an import adds meanwhile would look as if they belonged to nothing: be `alone`.
    """
    with archive.reading() as connection:
        yield from _database(connection)
        yield from _unlisted(connection)
    named, kept = archive.named()
    yield from _files(archive.originals, named, "original", "Import the file again.")
    yield from _files(archive.recordings, kept, "recording", "Run `retrorun reanalyze`.")


def _database(connection: Connection) -> Iterator[Fault]:
    if connection.dialect.name != "sqlite":
        return  # a server looks after itself
    for line in connection.scalars(text("PRAGMA integrity_check")):
        if line != "ok":
            yield Fault(f"the database is damaged: {line}", "Restore a copy of archive.sqlite.")


def _unlisted(connection: Connection) -> Iterator[Fault]:
    """Activities without an analysis or without a recording."""
    for table, name in ((analyses, "analysis"), (recordings, "recording")):
        lacking = select(activities.c.id).where(
            ~select(table.c.activity_id).where(table.c.activity_id == activities.c.id).exists()
        )
        for number in connection.scalars(lacking):
            yield Fault(f"activity {number} has no {name}", "Run `retrorun reanalyze`.")
    orphans = select(recordings.c.original).where(
        recordings.c.original.not_in(select(originals.c.digest))
    )
    for digest in connection.scalars(orphans.distinct()):
        yield Fault(f"a recording's original {digest[:12]} is not known", "Import it again.")


def _files(store: ContentStore, wanted: set[str], kind: str, remedy: str) -> Iterator[Fault]:
    present = set(store)
    for digest in sorted(wanted - present):
        yield Fault(f"{kind} {digest[:12]} is missing", remedy)
    for digest in sorted(present - wanted):
        yield Fault(f"{kind} {digest[:12]} belongs to nothing", "The next import removes it.")
    for digest in store.damaged():
        if digest in wanted:
            yield Fault(f"{kind} {digest[:12]} is damaged", remedy)
