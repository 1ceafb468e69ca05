"""The documentation says what the code does: commands, channels, limits, links, examples."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from retrorun.cli import app
from retrorun.evidence.library import studies
from retrorun.formats import Limits
from retrorun.recording import CHANNELS, PLACEMENTS

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()
FORMATS = (ROOT / "docs" / "reference" / "formats.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()


def test_every_command_stands_in_the_readme() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"retrorun {command.name or command.callback.__name__}" in README


def test_every_channel_stands_in_the_glossary_with_its_meaning() -> None:
    for name, meaning in CHANNELS.items():
        assert f"| `{name}` | {meaning} |" in GLOSSARY


def test_every_placement_stands_in_the_formats() -> None:
    for placement in PLACEMENTS:
        assert f"`{placement.removeprefix('left_').removeprefix('right_')}`" in FORMATS


def test_limits_are_the_ones_in_force() -> None:
    limits = Limits()
    for size in (
        limits.fit_bytes,
        limits.xml_bytes,
        limits.table_bytes,
        limits.health_export_bytes,
    ):
        assert f"{size / 1e6:,.0f} MB" in FORMATS
    assert (
        f"{limits.archive_members:,} members, each shrunk at most {limits.archive_ratio}" in FORMATS
    )


def test_the_page_of_truth_is_what_its_script_writes_from_the_shipped_table() -> None:
    spec = importlib.util.spec_from_file_location("make_truth", ROOT / "docs" / "make_truth.py")
    assert spec is not None
    assert spec.loader is not None
    make_truth = importlib.util.module_from_spec(spec)
    sys.modules["make_truth"] = make_truth  # its dataclasses look for their module
    spec.loader.exec_module(make_truth)
    assert make_truth.PAGE.read_text() == make_truth.page(), "run: python docs/make_truth.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_page_of_reasons_is_listed() -> None:
    index = (ROOT / "docs" / "why" / "README.md").read_text()
    for page in (ROOT / "docs" / "why").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index


def test_every_key_of_a_study_is_among_the_studies() -> None:
    """In code and pages alike."""
    texts = [*(ROOT / "src").rglob("*.py"), *PAGES]
    found = "\n".join(path.read_text() for path in texts)
    keys = set(re.findall(r"\b[a-z]{3,}(?:19|20)\d\d\b", found))
    assert {"looney2019", "wright2001"} <= keys
    assert keys <= set(studies())
