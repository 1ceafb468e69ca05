"""Reads the evidence: studies, what each found, the outcomes they bear on, and the claims.

Every figure travels with a flag that says how it was seen:

* ``S``   in an abstract or on the journal's page;
* ``S2``  on a secondary page: a newspaper, a public code, another paper's citation;
* ``D``   derived by arithmetic from flagged figures, with the formula beside it;
* ``R``   remembered, not seen: kept to be looked up, never shown and never computed with.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Flag = Literal["S", "S2", "D", "R"]
Use = Literal["pool", "show", "no"]
Scale = Literal["ratio", "difference", "smd"]
#: ``prudent``: good sense, not measured.
Verdict = Literal["supported", "partly", "prudent", "contradicted", "unproven"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One publication, and how much of it was seen."""

    key: str
    authors: str
    year: str
    title: str
    published: str  #: journal, volume, pages
    doi: str
    design: str
    n: int | None
    population: str
    seen: str
    flag: Flag
    remembered: str  #: fields that were not seen: title, doi, pages, co-authors
    duplicate_of: str  #: key of the study whose data or words this one repeats
    note: str

    @property
    def cite(self) -> str:
        """The way people name it: first authors and year, `no year` where none was seen."""
        authors = self.authors.split(" (")[0]
        if "," in authors:
            authors = f"{authors.split(',')[0]} et al."
        return f"{authors} {self.year}" if self.year.isdigit() else f"{authors}, no year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure or statement of one study.

    `value` and its spread are in the unit of the outcome; `spread_kind` is ``se`` (of the mean of
    the differences or ratios), ``ci95`` or ``ci90`` (then `low` and `high`), ``range`` (over
    conditions: no sampling error) or empty where nothing was published.
    """

    key: str
    study: str
    outcome: str
    says: str
    value: float | None
    se: float | None
    low: float | None
    high: float | None
    spread_kind: str
    n: int | None
    speed_m_s: float | None
    condition: str
    flag: Flag
    use: Use
    because: str  #: how it was derived (first, up to a semicolon), and why it is not pooled
    seen_at: str

    @property
    def derived(self) -> str:
        """The arithmetic of a derived figure; empty where it was read as it stands."""
        return self.because.split(";")[0].strip() if self.flag == "D" else ""

    @property
    def remark(self) -> str:
        """What to keep in mind: why it is not pooled, what was not seen."""
        return self.because.removeprefix(self.derived).removeprefix(";").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A quantity that several studies measured, so that it can be pooled."""

    key: str
    title: str
    scale: Scale
    unit: str
    below: str  #: what a value below "no difference" means
    above: str
    spread_from: str  #: outcome whose spread between persons serves where none was published

    @property
    def no_difference(self) -> float:
        return 1.0 if self.scale == "ratio" else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What people say, and what the studies make of it."""

    key: str
    claim: str
    verdict: Verdict
    in_short: str
    for_: tuple[str, ...]  #: keys of findings
    against: tuple[str, ...]
    outcomes: tuple[str, ...]
    unknown: str
    would_change: str


@cache
def studies() -> Mapping[str, Study]:
    """All publications by key."""
    return {
        row["key"]: Study(**{**row, "n": _whole(row["n"])})  # type: ignore[arg-type]
        for row in table("studies")
    }


@cache
def findings() -> Mapping[str, Finding]:
    """All findings by key, remembered ones too; show only what `shown` gives."""
    numbers = ("value", "se", "low", "high", "speed_m_s")
    return {
        row["key"]: Finding(
            **{**row, "n": _whole(row["n"]), **{name: _number(row[name]) for name in numbers}}  # type: ignore[arg-type]
        )
        for row in table("findings")
    }


@cache
def outcomes() -> Mapping[str, Outcome]:
    """All outcomes by key."""
    return {row["key"]: Outcome(**row) for row in table("outcomes")}  # type: ignore[arg-type]


@cache
def claims() -> Mapping[str, Claim]:
    """All claims by key, in the order in which people should read them."""
    return {
        row["key"]: Claim(
            key=row["key"],
            claim=row["claim"],
            verdict=row["verdict"],  # type: ignore[arg-type]
            in_short=row["in_short"],
            for_=tuple(row["for"].split()),
            against=tuple(row["against"].split()),
            outcomes=tuple(row["outcomes"].split()),
            unknown=row["unknown"],
            would_change=row["would_change"],
        )
        for row in table("claims")
    }


def shown(outcome: str) -> tuple[Finding, ...]:
    """The findings of an outcome that a person may see: none that is only remembered."""
    return visible(key for key, finding in findings().items() if finding.outcome == outcome)


def visible(keys: Iterable[str]) -> tuple[Finding, ...]:
    """The findings of these keys that a person may see."""
    found = (findings()[key] for key in keys)
    return tuple(finding for finding in found if finding.use != "no" and finding.flag != "R")


def repeats(study: str) -> tuple[Study, ...]:
    """Publications that repeat a study's data or words, so that they count with it, once."""
    return tuple(other for other in studies().values() if other.duplicate_of == study)


def table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV of this room, `studies` or `tables/minetti2002`, as they stand."""
    return list(_rows(name))


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""), strict=True)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None
