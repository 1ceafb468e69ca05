"""What all tests share: the real recordings, where there are any."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same inputs in every run: a failure can be met again.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# A defect of ours must fail its test, not become the polite error of a file.
os.environ["RETRORUN_DEBUG"] = "1"

# Nobody's own profile may change what the tests see.
os.environ["RETRORUN_HOME"] = tempfile.mkdtemp(prefix="retrorun-tests-")

ROOT = Path(__file__).parents[1]


def data_folder() -> Path:
    """Real recordings that may not be copied into the repository; see docs/why."""
    return Path(os.environ.get("RETRORUN_DATA", ROOT.parent / "shared" / "data"))


def real_files(pattern: str) -> list[Path]:
    """Real recordings for `parametrize`; without any, one missing path that skips its test."""
    return sorted(data_folder().glob(pattern)) or [Path("no-real-recordings")]


@pytest.fixture
def real(request: pytest.FixtureRequest) -> Path:
    """One real recording (parametrize indirectly), or a skip with its reason."""
    path: Path = request.param
    if not path.exists():
        pytest.skip("no real recordings here: set RETRORUN_DATA to a folder that has them")
    return path


@pytest.fixture(scope="session")
def data() -> Path:
    folder = data_folder()
    if not folder.exists():
        pytest.skip("no real recordings here: set RETRORUN_DATA to a folder that has them")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many damaged and arbitrary inputs the fuzz tests tried, whoever ran them."""
    reports = [r for group in terminalreporter.stats.values() for r in group]
    tried = sum(
        int(str(value))
        for report in reports
        for name, value in getattr(report, "user_properties", [])
        if name == "inputs_tried" and getattr(report, "when", "") == "call"
    )
    if tried:
        terminalreporter.write_line(f"fuzzing: {tried:,} damaged or arbitrary inputs tried")
