"""kill -9 in the middle of an import: nothing told is lost, nothing stray stays, it goes on."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import making
from test_cli import retrorun

#: `RETRORUN_KILLS=200` makes the long run of it.
KILLS = int(os.environ.get("RETRORUN_KILLS", "10"))
FILES = 12


def told(output: str) -> set[str]:
    """Names of the files of which the import said that they are safe; a cut line says nothing."""
    return {
        Path(line.split(": activity")[0]).name
        for line in output.splitlines(keepends=True)
        if re.search(r": activity \d+\n$", line)
    }


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_kill_at_any_moment_loses_nothing_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RETRORUN_DATABASE", raising=False)
    files = tmp_path / "files"
    files.mkdir()
    moment, number, safe = random.Random(3), 0, set[str]()
    for _ in range(KILLS):
        for _ in range(FILES):
            number += 1
            data = making.fit(*making.run(60 + number))
            (files / f"{number:05}.fit").write_bytes(data)
        with subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-m", "retrorun.cli", "import", str(files)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as importing:
            assert importing.stdout is not None
            first = importing.stdout.readline()
            time.sleep(moment.uniform(0.0, 0.2))
            os.killpg(importing.pid, signal.SIGKILL)
            safe |= told(first + importing.stdout.read())
        checked = retrorun("check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        listed = retrorun("list").stdout
        assert all(name in listed for name in safe)
    done = retrorun("import", files)
    assert done.returncode == 0, done.stderr
    assert len(retrorun("list", "--json").stdout.splitlines()) == number
    assert safe, "no kill came after a file was told"
