"""What came from outside as one stream of bytes: the file itself, or a zip of a log's files.

A file is taken as it came, with the gzip around it. A phone writes a log as several files that mean
nothing alone: they become one zip, the same bytes whenever the same files come again.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from retrorun.formats import Input
from retrorun.formats.sources import Source

#: The earliest that a zip can name.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@contextmanager
def original(item: Input) -> Iterator[BinaryIO]:
    """The bytes of an input, from their start.

    Raises what reading them raises: `OSError`, `zipfile.BadZipFile`, `zlib.error`.
    """
    sources = {name: source.packed_source or source for name, source in item.sources.items()}
    if len(sources) == 1:
        (only,) = sources.values()
        with only.open() as stream:
            yield stream
        return
    with TemporaryFile() as file:
        _pack(sources, file)
        file.seek(0)
        yield cast(BinaryIO, file)


def original_name(item: Input) -> str:
    """The last part of its name; a bundle is called a zip."""
    name = Path(item.name).name or "recording"
    return name if len(item.sources) == 1 else f"{Path(name).stem}.zip"


def _pack(sources: Mapping[str, Source], file: object) -> None:
    with zipfile.ZipFile(cast(BinaryIO, file), "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(sources):
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else the platform's own
            with sources[name].open() as stream, bundle.open(entry, "w", force_zip64=True) as into:
                shutil.copyfileobj(stream, into, 1 << 20)
