from __future__ import annotations

from collections.abc import Iterator, Set

from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Recording

NAME = ""


def recognises(head: bytes) -> bool:
    return False


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    yield from ()


def recognises_folder(names: Set[str]) -> bool:
    return False


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    yield from ()
