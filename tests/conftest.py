"""What all tests share: the real recordings, where there are any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# A defect of ours must fail its test, not become the polite error of a file.
os.environ["RETRORUN_DEBUG"] = "1"

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
