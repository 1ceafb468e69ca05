"""Where bytes come from: a file, a gzip, a folder, or a zip in a zip; never written to disk.

A `Source` is one stream of bytes with the name a person knows it by. A `Tree` is a folder or a
zip: sources with relative names, which some readers want as a whole (a phone app writes one file
a sensor). Everything here treats its input as hostile: sizes are bounded while reading, not
believed, and a name that points outside its archive is refused.
"""

from __future__ import annotations

import gzip
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self, cast

from retrorun.errors import TooLarge, Unreadable

MB = 1_000_000
HEAD_BYTES = 4096
#: What shrinks more than this is a bomb: text deflates 5- to 40-fold.
ARCHIVE_RATIO = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest input accepted of each kind, once decompressed. [bytes]

    The defaults are several times what a 24-hour activity needs, and low enough that what is
    built of them in memory (up to 40 times their size) fits; `--limit-mb` changes all.
    """

    fit_bytes: int = 64 * MB
    xml_bytes: int = 128 * MB
    table_bytes: int = 8_000 * MB
    health_export_bytes: int = 16_000 * MB
    nested_archive_bytes: int = 2_000 * MB
    archive_members: int = 200_000
    archive_depth: int = 3
    archive_ratio: int = ARCHIVE_RATIO

    @classmethod
    def of_megabytes(cls, megabytes: float) -> Self:
        """The same limit for every kind of file."""
        size = int(megabytes * MB)
        return cls(**{f.name: size for f in fields(cls) if f.name.endswith("_bytes")})


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of bytes."""

    name: str  #: as shown to a person: `export.zip/activities/12.fit`
    open: Callable[[], BinaryIO]
    path: Path | None = None  #: where it lies on disk, uncompressed
    size: int | None = None  #: bytes, where known without reading
    packed: int | None = None  #: bytes of the gzip around it, where there is one
    damage: list[str] = field(default_factory=list)  #: what went wrong while unpacking it
    packed_source: Source | None = None  #: the gzip that it was unpacked from

    @classmethod
    def of_path(cls, path: Path, *, name: str | None = None) -> Self:
        shown = printable(name or str(path))
        return cls(shown, lambda: path.open("rb"), path, path.stat().st_size)

    @classmethod
    def of_bytes(cls, data: bytes, *, name: str) -> Self:
        import io

        return cls(name, lambda: io.BytesIO(data), None, len(data))

    @property
    def file(self) -> str:
        """The last part of the name."""
        return PurePosixPath(self.name).name

    def head(self) -> bytes:
        """The first 4 KiB."""
        return self._guarded(lambda stream: stream.read(HEAD_BYTES))

    def read(self, *, limit_bytes: int) -> bytes:
        """Everything; raises `TooLarge` as soon as the limit is passed, whatever the file says."""
        if self.size is not None and self.size > limit_bytes:
            raise self.too_large(limit_bytes)
        if self.packed is not None:
            limit_bytes = min(limit_bytes, max(self.packed * ARCHIVE_RATIO, MB))
        data = self._guarded(lambda stream: stream.read(limit_bytes + 1))
        if len(data) > limit_bytes:
            raise self.too_large(limit_bytes)
        return data

    def too_large(self, limit_bytes: int) -> TooLarge:
        return TooLarge(
            self.name,
            f"larger than {limit_bytes / MB:,.0f} MB",
            "a file below the limit for its kind",
            "If it really is one recording, raise the limit with --limit-mb.",
        )

    def gunzipped(self) -> Source:
        """What is inside, if this is a gzip; itself otherwise."""
        if not self.head().startswith(b"\x1f\x8b"):
            return self
        name = self.name.removesuffix(".gz").removesuffix(".GZ")
        damage: list[str] = []
        return Source(
            name,
            lambda: cast(BinaryIO, _Gunzip(self.open(), damage)),
            packed=self.size,
            damage=damage,
            packed_source=self,
        )

    def _guarded(self, use: Callable[[BinaryIO], bytes]) -> bytes:
        try:
            with self.open() as stream:
                return use(stream)
        except PermissionError:
            raise Unreadable(
                self.name, "permission denied", "a file you may read", "Check its permissions."
            ) from None
        except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise Unreadable(
                self.name,
                f"the compressed data are damaged ({error})",
                "an intact archive",
                "Download or copy it again.",
            ) from None
        except (NotImplementedError, RuntimeError) as error:  # zipfile: method or password
            raise Unreadable(
                self.name,
                f"cannot be unpacked ({error})",
                "an archive without a password, deflated or stored",
                "Unpack it yourself and give the folder.",
            ) from None
        except OSError as error:
            raise Unreadable(
                self.name, f"cannot be read ({error.strerror or error})", "a readable file"
            ) from None


class _Gunzip(gzip.GzipFile):
    """A gzip that closes what it reads from, and gives what comes before any damage."""

    def __init__(self, packed: BinaryIO, damage: list[str]) -> None:
        super().__init__(fileobj=packed)
        self._packed, self._damage = packed, damage

    def read(self, size: int | None = -1) -> bytes:
        parts: list[bytes] = []
        wanted = sys.maxsize if size is None or size < 0 else size
        try:
            while wanted > 0 and (part := self.read1(min(wanted, 1 << 18))):
                parts.append(part)
                wanted -= len(part)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            if not parts:
                raise
            if str(error) not in self._damage:
                self._damage.append(str(error))
        return b"".join(parts)

    def close(self) -> None:
        super().close()
        self._packed.close()


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder or an archive: relative name -> source, in the order of the names."""

    name: str
    members: dict[str, Source] = field(default_factory=dict)
    refused: tuple[Unreadable, ...] = ()

    def under(self, folder: str) -> Tree:
        """The part of the tree below one folder, names made relative to it."""
        if not folder:
            return self
        inside = {
            n[len(folder) + 1 :]: s for n, s in self.members.items() if n.startswith(folder + "/")
        }
        return Tree(f"{self.name}/{folder}", inside)

    def folders_with(self, *suffixes: str) -> list[str]:
        """Folders that directly hold a file with one of these endings; "" is the top."""
        return sorted(
            {name.rpartition("/")[0] for name in self.members if name.lower().endswith(suffixes)}
        )


def open_path(path: Path, *, limits: Limits) -> Source | Tree:
    """A path of the file system as a source (gzip opened) or a tree (folder or zip)."""
    try:
        if path.is_dir():
            return _folder(path)
        if not stat.S_ISREG(path.stat().st_mode):
            raise Unreadable(str(path), "a pipe or a device", "a file or folder")
        source = Source.of_path(path)
    except FileNotFoundError:
        raise Unreadable(
            printable(str(path)), "there is no such file", "a file or folder", "Check the path."
        ) from None
    except PermissionError:
        raise Unreadable(
            str(path), "permission denied", "a file you may read", "Check its permissions."
        ) from None
    except OSError as error:  # a file in the place of a folder, a circle of links, a long name
        why = error.strerror or "cannot be opened"
        raise Unreadable(printable(str(path)), why.lower(), "a file or folder") from None
    return open_source(source, limits=limits)


def printable(name: str) -> str:
    """A name that can be shown and written: no control characters, no half characters."""
    whole = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)


def open_source(source: Source, *, limits: Limits, depth: int = 0) -> Source | Tree:
    """A source with its gzip opened, or the tree inside it if it is a zip."""
    head = source.head()
    if head.startswith(b"\x1f\x8b"):
        source = source.gunzipped()
        head = source.head()
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return source
    if depth >= limits.archive_depth:
        raise TooLarge(
            source.name,
            f"archives nested more than {limits.archive_depth} deep",
            "an export as its maker gives it",
        )
    return _zip(source, limits=limits)


def _folder(path: Path) -> Tree:
    members: dict[str, Source] = {}
    refused: list[Unreadable] = []

    def lost(error: OSError) -> None:
        why = (error.strerror or "cannot be opened").lower()
        refused.append(Unreadable(printable(str(error.filename)), why, "a folder you may read"))

    for folder, folders, names in os.walk(path, onerror=lost):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            relative = file.relative_to(path).as_posix()
            try:
                if not _hidden(relative) and stat.S_ISREG(file.stat().st_mode):
                    members[relative] = Source.of_path(file, name=f"{path}/{relative}")
            except OSError as error:
                lost(error)
    return Tree(printable(str(path)), dict(sorted(members.items())), tuple(refused))


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _zip(source: Source, *, limits: Limits) -> Tree:
    try:
        archive = zipfile.ZipFile(source.path or _seekable(source, limits=limits))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise Unreadable(
            source.name,
            f"the zip is damaged ({error})",
            "an intact archive",
            "Download or copy it again.",
        ) from None
    entries = [info for info in archive.infolist() if not info.is_dir()]
    if len(entries) > limits.archive_members:
        raise TooLarge(
            source.name,
            f"{len(entries):,} members",
            f"an archive of at most {limits.archive_members:,}",
        )
    members: dict[str, Source] = {}
    refused: list[Unreadable] = []
    for info in sorted(entries, key=lambda entry: entry.filename):
        if _hidden(info.filename) and ".." not in info.filename:
            continue
        try:
            members[info.filename] = _member(source, archive, info, limits=limits)
        except Unreadable as error:
            refused.append(error)
    return Tree(source.name, members, tuple(refused))


def _seekable(source: Source, *, limits: Limits) -> BinaryIO:
    """A zip inside a zip: it is read into memory, bounded, since a zip is read from its end."""
    data = source.read(limit_bytes=limits.nested_archive_bytes)
    return Source.of_bytes(data, name=source.name).open()


def _member(
    source: Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, limits: Limits
) -> Source:
    name = printable(f"{source.name}/{info.filename}")
    parts = PurePosixPath(info.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise Unreadable(
            name, "its name points outside the archive", "an archive that stays in its own folder"
        )
    if info.file_size > max(info.compress_size, 1) * limits.archive_ratio and info.file_size > MB:
        raise TooLarge(
            name,
            f"{info.compress_size:,} bytes that claim to hold {info.file_size:,}",
            f"a file that shrinks at most {limits.archive_ratio}-fold",
            "This looks like a zip bomb and was not opened.",
        )
    return Source(name, lambda: cast(BinaryIO, archive.open(info)), None, info.file_size)
