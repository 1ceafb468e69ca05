"""Content: the same bytes once, whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrorun.archive.content import ContentStore
from retrorun.errors import BadInput


def test_what_is_kept_comes_back_under_the_hash_that_sha256sum_prints(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    digest = kept.keep(io.BytesIO(b"abc"))
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180
    with kept.open(digest) as file:
        assert file.read() == b"abc"
    assert list(kept) == [digest]
    assert digest in kept


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    data = random.Random(1).randbytes(3_000_000)
    assert {kept.keep(io.BytesIO(data)) for _ in range(3)} == {hashlib.sha256(data).hexdigest()}
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_what_is_forgotten_is_gone_and_leaves_no_folder(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    digest = kept.keep(io.BytesIO(b"abc"))
    kept.forget(digest)
    kept.forget(digest)
    assert list(kept) == list(tmp_path.iterdir()) == []


class Breaks(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(28, "No space left on device")


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        kept.keep(Breaks())
    assert list(tmp_path.iterdir()) == []


def test_damage_is_found(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    digests = [kept.keep(io.BytesIO(bytes([n]) * 10)) for n in range(5)]
    assert list(kept.damaged()) == []
    kept.path(digests[2]).write_bytes(b"other")
    assert list(kept.damaged()) == [digests[2]]


@pytest.mark.parametrize("wrong", ["", "abc", "../../etc/passwd", "A" * 64, "é" * 64, "0" * 65])
def test_a_name_that_is_no_hash_leads_nowhere(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="64 hexadecimal digits"):
        ContentStore(tmp_path).path(wrong)


WRITER = """
import io, random, sys
from pathlib import Path
from retrorun.archive.content import ContentStore
kept, number = ContentStore(Path(sys.argv[1])), 0
while True:
    number += 1
    print(kept.keep(io.BytesIO(random.Random(number).randbytes(300_000))), flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_killed_at_any_moment_it_has_lost_nothing_that_it_told(tmp_path: Path) -> None:
    kept, moment = ContentStore(tmp_path), random.Random(5)
    for _ in range(8):
        with subprocess.Popen(  # noqa: S603 -- our own text
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline().strip()]
            time.sleep(moment.uniform(0.0, 0.05))
            writer.send_signal(signal.SIGKILL)
            told += writer.stdout.read().split()
        assert all(digest in kept for digest in told if len(digest) == 64)
        assert list(kept.damaged()) == []
        kept.sweep(wanted=set(kept))
        assert not list(tmp_path.rglob("*.part"))


def test_what_nobody_wants_is_swept_away(tmp_path: Path) -> None:
    kept = ContentStore(tmp_path)
    wanted, *_ = [kept.keep(io.BytesIO(bytes([n]))) for n in range(3)]
    assert kept.sweep({wanted}) == 2
    assert list(kept) == [wanted]
    assert kept.sweep({wanted}) == 0
