"""The archive from the command line: import, list, show, check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import making
from test_cli import one_line, retrorun


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RETRORUN_DATABASE", raising=False)
    return tmp_path / "home"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "morning.fit"
    path.write_bytes(making.fit(*making.run(120)))
    return path


def test_a_run_is_imported_listed_shown_and_checked(home: Path, run: Path) -> None:
    done = retrorun("import", run)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 new, 0 known already, 0 not readable"
    again = retrorun("import", run)
    assert again.stdout.splitlines()[-1] == "0 new, 1 known already, 0 not readable"
    listed = retrorun("list")
    assert "2026-05-01 08:00" in listed.stdout
    assert "morning.fit" in listed.stdout
    (row,) = (json.loads(line) for line in retrorun("list", "--json").stdout.splitlines())
    assert row["number"] == 1
    session: dict[str, Any] = json.loads(retrorun("show", "1", "--json").stdout)
    assert session == json.loads(retrorun("analyze", run, "--json").stdout) | {
        "recording": session["recording"]
    }
    assert "morning.fit" in retrorun("show", "1").stdout
    checked = retrorun("check")
    assert checked.returncode == 0
    assert checked.stdout.startswith("Whole")


def test_damage_is_told_with_what_to_do(home: Path, run: Path) -> None:
    retrorun("import", run)
    (original,) = (home / "originals").glob("??/*")
    original.write_bytes(b"other")
    (recording,) = (home / "recordings").glob("??/*")
    recording.unlink()
    done = retrorun("check")
    assert done.returncode == 1
    assert f"original {original.parent.name}{original.name[:10]} is damaged" in done.stdout
    assert "is missing. Run `retrorun reanalyze`." in done.stdout


def test_what_cannot_be_done_is_one_line(home: Path, tmp_path: Path) -> None:
    done = retrorun("show", "7")
    assert done.returncode == 2
    assert "number is 7, but must be that of an activity" in one_line(done.stderr)
    done = retrorun("import", tmp_path / "absent.fit")
    assert done.returncode == 2


def test_an_archive_that_cannot_be_opened_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRORUN_DATABASE", "mysql://localhost/x")
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path))
    done = retrorun("list")
    assert done.returncode == 2
    assert "RETRORUN_DATABASE is 'mysql://localhost/x'" in one_line(done.stderr)
    monkeypatch.delenv("RETRORUN_DATABASE")
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("a file in the way")
    done = retrorun("list")
    assert done.returncode == 2
    assert "wanted a place that can be written" in one_line(done.stderr)
