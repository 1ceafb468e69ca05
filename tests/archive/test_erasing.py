"""What is erased is gone, from the disk too; what is not stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import making
from retrorun.archive.archive import Archive, opened
from retrorun.archive.checking import faults
from retrorun.archive.erasing import erase
from retrorun.archive.importing import import_paths
from retrorun.archive.reading import listed
from retrorun.errors import BadInput


@pytest.fixture
def archive(tmp_path: Path, url: str) -> Iterator[Archive]:
    for name, seconds in (("secret-place.fit", 60), ("other.fit", 90)):
        (tmp_path / name).write_bytes(making.fit(*making.run(seconds)))
    with opened(tmp_path / "home", url) as found:
        paths = [tmp_path / "secret-place.fit", tmp_path / "other.fit"]
        list(import_paths(found, paths, processes=1))
        yield found


def test_one_activity_goes_with_its_files_and_the_other_stays(archive: Archive) -> None:
    assert erase(archive, 1) == 1
    assert [one.title for one in listed(archive)] == ["other.fit"]
    assert len(list(archive.originals)) == len(list(archive.recordings)) == 1
    assert list(faults(archive)) == []


def test_nothing_of_it_stays_on_the_disk(archive: Archive) -> None:
    if archive.engine.dialect.name != "sqlite":
        pytest.skip("a server keeps its own files")
    assert erase(archive, None) == 2
    files = [path for path in archive.folder.rglob("*") if path.is_file()]
    assert files
    for path in [*files, *archive.folder.parent.glob("archive.sqlite*")]:
        assert b"secret-place" not in path.read_bytes(), path


def test_a_number_that_is_nobodys_erases_nothing(archive: Archive) -> None:
    with pytest.raises(BadInput, match="number is 7"):
        erase(archive, 7)
    assert len(list(listed(archive))) == 2
