"""Data flows one way: a module imports only what stands upstream of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conftest import ROOT

#: The order in which data flow, as `docs/why/the-house.md` has it.
FLOW = [
    "errors", "units", "intervals", "sports", "athlete", "evidence", "recording", "signals",
    "formats", "gait",
    "labels", "curves", "travel", "direction", "simulation", "physiology", "contract", "energy",
    "muscle", "form", "heart", "standing", "session", "examples", "report", "coach", "archive",
    "web", "cli",
]  # fmt: skip

PACKAGE = ROOT / "src" / "retrorun"
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """The rooms of the package that a module imports, lazily or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("retrorun.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upstream(path: Path) -> None:
    if layer(path) in ("__init__", "__main__"):
        assert imported(path) <= {"cli"}
        return
    upstream = FLOW[: FLOW.index(layer(path)) + 1]
    assert imported(path) <= set(upstream)


@pytest.mark.parametrize("room", ["gait", "physiology"])
def test_rooms_of_arrays_never_see_a_recording(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert "recording" not in imported(path), path
