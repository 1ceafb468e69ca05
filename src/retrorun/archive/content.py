"""Files kept under the hash of their bytes: never changed, never kept twice.

A file is there whole or not at all: it is written beside its place, brought to the disk, and only
then given its name. A kill leaves at most a `.part`, which the next `sweep` removes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Set
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from retrorun.errors import BadInput

_CHUNK_BYTES = 1 << 20
_PART = ".part"


class ContentStore:
    """A folder of files named by the SHA-256 of what is in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where the file of a hash lies, whether or not it is there."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise BadInput("digest", repr(digest), "64 hexadecimal digits of a SHA-256")
        return self.folder / digest[:2] / digest[2:]

    def __contains__(self, digest: str) -> bool:
        return self.path(digest).exists()

    def __iter__(self) -> Iterator[str]:
        """Every hash that is there."""
        for place in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            if place.suffix != _PART:
                yield place.parent.name + place.name

    def open(self, digest: str) -> BufferedReader:
        """The bytes of a file."""
        return self.path(digest).open("rb")

    def keep(self, source: BinaryIO) -> str:
        """Keep a stream of bytes; its hash.

        What is there already is replaced by the same bytes: that mends a file that was damaged.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        found = hashlib.sha256()
        with NamedTemporaryFile(dir=self.folder, suffix=_PART, delete=False) as part:
            try:
                while chunk := source.read(_CHUNK_BYTES):
                    found.update(chunk)
                    part.write(chunk)
                part.flush()
                os.fsync(part.fileno())
            except BaseException:
                Path(part.name).unlink()
                raise
        place = self.path(found.hexdigest())
        place.parent.mkdir(exist_ok=True)
        Path(part.name).replace(place)
        _to_disk(place.parent)
        return found.hexdigest()

    def forget(self, digest: str) -> None:
        """Remove a file; that it is gone already is no error."""
        self.path(digest).unlink(missing_ok=True)
        with suppress(OSError):  # others share the folder
            self.path(digest).parent.rmdir()

    def damaged(self) -> Iterator[str]:
        """Every hash whose file holds other bytes now."""
        for digest in self:
            with self.open(digest) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    yield digest

    def sweep(self, wanted: Set[str]) -> int:
        """Remove what an interrupted writer left: parts, and files that nobody wants; how many.

        Only while nobody else writes.
        """
        parts = list(self.folder.glob(f"*{_PART}"))
        for part in parts:
            part.unlink()
        orphans = [digest for digest in self if digest not in wanted]
        for digest in orphans:
            self.forget(digest)
        return len(parts) + len(orphans)


def _to_disk(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
