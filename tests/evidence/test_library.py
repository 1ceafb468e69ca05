"""The evidence as data: every key leads somewhere, and nothing remembered is used or shown."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from conftest import ROOT
from retrorun.errors import BadInput
from retrorun.evidence import library, pooled, pooling
from retrorun.evidence.library import (
    Finding,
    Flag,
    Scale,
    Use,
    Verdict,
    claims,
    findings,
    outcomes,
    repeats,
    shown,
    studies,
    visible,
)

FOLDER = ROOT / "src" / "retrorun" / "evidence"
TABLES = sorted(path.stem for path in (FOLDER / "tables").glob("*.csv"))
PARAMETERS = sorted((ROOT / "src" / "retrorun" / "simulation" / "parameters").glob("*.csv"))
MECHANICS = FOLDER / "running_mechanics.csv"
KEY = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d\b|\b(?:dbpia|tasks)\d+\b")


def keys_of_studies(*patterns: str) -> set[str]:
    """Keys of studies, as `minetti2002`, in the files that the patterns name."""
    paths = (path for pattern in patterns for path in ROOT.glob(pattern))
    text = (path.read_text(encoding="utf-8") for path in paths if path.name != "references.md")
    return {key for content in text for key in KEY.findall(content)}


def column(path: Path, *names: str) -> set[str]:
    """What the cells of some columns of a table say, those that it has."""
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {row[name] for row in rows for name in names if name in row}


def missing_from(known: Collection[str], cited: Collection[str]) -> list[str]:
    return sorted(set(cited) - set(known))


def remembered() -> list[Finding]:
    return [finding for finding in findings().values() if finding.flag == "R"]


@cache
def every_finding_of_claims() -> dict[str, str]:
    return {key: claim.key for claim in claims().values() for key in (*claim.for_, *claim.against)}


# --- keys ------------------------------------------------------------------------------------


def test_every_key_of_a_study_in_the_code_is_a_study() -> None:
    assert missing_from(studies(), keys_of_studies("src/**/*.py")) == []


def test_a_key_of_a_study_that_is_nowhere_would_be_seen() -> None:
    code = "#: Nobody measured it (nobody1999), as minetti2002 says; see dbpia8826885."
    assert missing_from(studies(), KEY.findall(code)) == ["nobody1999"]


def test_every_study_is_used_by_a_finding_a_table_the_code_or_a_page() -> None:
    used = {finding.study for finding in findings().values()}
    used |= {*TABLES, *keys_of_studies("src/**/*.py", "docs/**/*.md", "benchmarks/**/*.py")}
    used |= column(MECHANICS, "study")
    used |= {key for path in PARAMETERS for key in column(path, "study", "fibre_study")}
    # A repeat is kept so that nobody takes it for a replication.
    used |= {study.key for study in studies().values() if study.duplicate_of}
    assert missing_from(used, studies()) == []


def test_every_table_and_every_finding_has_its_study() -> None:
    assert missing_from(studies(), TABLES) == []
    assert missing_from(studies(), {finding.study for finding in findings().values()}) == []


@pytest.mark.parametrize("path", PARAMETERS, ids=lambda p: p.stem)
def test_every_parameter_of_the_simulated_runner_has_its_study(path: Path) -> None:
    """`chosen` where nobody measured it: then the row says why."""
    named = column(path, "study", "fibre_study")
    assert named
    assert missing_from([*studies(), "chosen"], named) == []
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        assert row["study"] != "chosen" or row["what"]
    assert missing_from(studies(), KEY.findall(path.read_text(encoding="utf-8"))) == []


def test_every_measured_figure_of_running_has_its_study_and_says_how_it_was_seen() -> None:
    rows = list(csv.DictReader(MECHANICS.read_text(encoding="utf-8").splitlines()))
    assert missing_from(studies(), {row["study"] for row in rows}) == []
    for row in rows:
        assert row["flag"] in ("S", "S2", "D"), row
        assert row["value"] or (row["low"] and row["high"]), row
        assert row["direction"] in ("forward", "backward", "ratio"), row
        assert not (row["low"] and row["high"]) or float(row["low"]) <= float(row["high"]), row


def test_every_finding_is_named_by_its_study_and_bears_on_an_outcome_that_exists() -> None:
    for finding in findings().values():
        assert finding.key.split(".")[0] == finding.study
        assert finding.outcome in ("", *outcomes())
        assert finding.outcome or finding.use != "pool"


def test_every_claim_names_findings_and_outcomes_that_exist() -> None:
    assert missing_from(findings(), every_finding_of_claims()) == []
    for claim in claims().values():
        assert missing_from(outcomes(), claim.outcomes) == []


def test_every_outcome_is_asked_for_by_a_claim_and_borrows_from_one_that_exists() -> None:
    asked = {outcome for claim in claims().values() for outcome in claim.outcomes}
    assert set(outcomes()) == asked
    for outcome in outcomes().values():
        assert outcome.spread_from in ("", *outcomes())
        assert outcome.spread_from != outcome.key


# --- words and numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [*sorted(FOLDER.rglob("*.csv")), *PARAMETERS], ids=lambda p: p.stem
)
def test_the_table_is_well_formed(path: Path) -> None:
    """As many cells in each row as names above, no name or key twice, no stray blanks."""
    raw = path.read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    names, *rows = csv.reader(raw.decode("utf-8").splitlines(), strict=True)
    assert len(set(names)) == len(names)
    assert rows
    for row in rows:
        assert len(row) == len(names), row
        assert all(cell == cell.strip() for cell in row), row
    if names[0] == "key":
        assert len({row[0] for row in rows}) == len(rows)


def test_flags_uses_verdicts_and_scales_are_known_words() -> None:
    for finding in findings().values():
        assert finding.flag in get_args(Flag)
        assert finding.use in get_args(Use)
        assert finding.spread_kind in ("", "se", "ci95", "ci90", "range")
    assert {study.flag for study in studies().values()} <= set(get_args(Flag))
    assert {outcome.scale for outcome in outcomes().values()} <= set(get_args(Scale))
    for claim in claims().values():
        assert claim.verdict in get_args(Verdict)
        assert claim.claim
        assert claim.in_short
        assert claim.unknown
        assert claim.would_change


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_table_says_how_it_was_seen_and_none_is_remembered(name: str) -> None:
    assert all(row["flag"] in ("S", "S2", "D") for row in library.table(f"tables/{name}"))


def test_figures_and_their_spreads_belong_together() -> None:
    for finding in findings().values():
        ends = finding.low, finding.high
        if finding.spread_kind in ("ci95", "ci90", "range"):
            assert None not in ends, finding.key
            assert finding.value is not None
            assert finding.low <= finding.value <= finding.high  # type: ignore[operator]
        else:
            assert ends == (None, None), finding.key
        assert (finding.se is not None) == (finding.spread_kind == "se"), finding.key
        if finding.outcome and outcomes()[finding.outcome].scale == "ratio":
            assert finding.value is not None
            assert finding.value > 0


def test_a_derived_figure_is_what_its_formula_gives() -> None:
    """`5.8/4.5` beside 1.29: the arithmetic is done again here."""
    checked = 0
    for finding in findings().values():
        if finding.value is not None and re.fullmatch(r"[\d.+\-*/() ]+", finding.derived):
            again = eval(finding.derived, {"__builtins__": {}})  # noqa: S307  digits only
            assert finding.value == pytest.approx(again, abs=0.006), finding.key
            checked += 1
    assert checked >= 10
    for finding in findings().values():
        assert finding.flag != "D" or finding.derived, finding.key


def test_where_it_was_seen_is_told_of_all_but_the_remembered() -> None:
    for finding in findings().values():
        assert bool(finding.seen_at) == (finding.flag != "R"), finding.key


# --- remembered and repeated -----------------------------------------------------------------


def test_nothing_remembered_is_used_or_shown() -> None:
    assert remembered()
    for finding in remembered():
        assert finding.use == "no"
        assert finding.key not in every_finding_of_claims()
        assert visible([finding.key]) == ()
        assert finding.outcome == "" or finding not in shown(finding.outcome)


def test_a_remembered_figure_marked_for_pooling_by_mistake_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slip = replace(findings()["flynn1994.run_ratio"], use="pool")
    planted = {**findings(), slip.key: slip}
    monkeypatch.setattr(library, "findings", lambda: planted)
    assert slip not in shown("cost_ratio_running")
    found = pooling.pool("cost_ratio_running")
    assert found is not None
    assert "flynn1994" not in [effect.finding.study for effect in found.effects]


def test_repeats_point_at_an_original_and_have_no_figures_of_their_own() -> None:
    for study in studies().values():
        if study.duplicate_of:
            assert studies()[study.duplicate_of].duplicate_of == ""
            assert study.note
            assert not [f for f in findings().values() if f.study == study.key]
    assert [study.key for study in repeats("flynn1994")] == ["adesola2009"]
    assert [study.key for study in repeats("hooper2004")] == ["lee2016"]


def test_a_repeat_planted_beside_its_original_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    original = replace(
        findings()["flynn1994.run_ratio"], flag="S", use="pool", key="flynn1994.planted"
    )
    again = replace(original, key="adesola2009.planted", study="adesola2009")
    alone = {**findings(), again.key: again}
    monkeypatch.setattr(library, "findings", lambda: alone)
    assert pooling.pool("cost_ratio_running") is not None
    both = {**alone, original.key: original}
    monkeypatch.setattr(library, "findings", lambda: both)
    with pytest.raises(BadInput, match=r"two pooled findings of flynn1994.*one a study"):
        pooling.pool("cost_ratio_running")


def test_two_figures_of_one_study_are_not_two_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    again = replace(findings()["kim2001.walk_ratio"], key="kim2001.again")
    monkeypatch.setattr(library, "findings", lambda: {**findings(), again.key: again})
    with pytest.raises(BadInput, match="two pooled findings of kim2001"):
        pooling.pool("cost_ratio_walking")


# --- the table of pooled effects -------------------------------------------------------------


def test_the_table_of_pooled_effects_is_fresh() -> None:
    kept = (FOLDER / "pooled.csv").read_text(encoding="utf-8")
    assert kept == pooled.fresh(), "write it again: python -m retrorun.evidence.pooled"


def test_the_table_of_pooled_effects_says_what_pooling_says() -> None:
    for outcome in outcomes():
        found, kept = pooling.pool(outcome), pooled.pooled().get(outcome)
        assert (found is None) == (kept is None)
        if found is not None and kept is not None:
            for name in ("value", "se", "tau", "person_sd"):
                assert getattr(kept, name) == pytest.approx(getattr(found, name), abs=5e-5)


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "cite"),
    [
        ("wright2001", "Wright & Weyand 2001"),
        ("cavagna2011", "Cavagna et al. 2011"),
        ("williford1998", "Williford et al. 1998"),
        ("masumoto2015", "Weight support, no year"),
        ("dbpia8826885", "Korean study, no year"),
    ],
)
def test_a_study_is_named_as_people_name_it(key: str, cite: str) -> None:
    assert studies()[key].cite == cite


def test_the_formula_and_the_remark_of_a_derived_figure_are_told_apart() -> None:
    finding = findings()["williford1998.run_ratio"]
    assert finding.derived == "(31.33-3.5)/(27.15-3.5)"
    assert finding.remark.startswith("standard error from both standard deviations")
    plain = findings()["rasica2020.ratio"]
    assert (plain.derived, plain.remark) == ("", "no spread in the abstract: imputed")
