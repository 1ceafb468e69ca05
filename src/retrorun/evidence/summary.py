"""What the studies of one outcome say, row by row, and what they say together.

The terminal, the picture and the JSON all show this, so that none can tell another story.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from retrorun.evidence.library import Finding, Outcome, Study, outcomes, shown, studies
from retrorun.evidence.pooling import (
    Effect,
    Pooled,
    Variation,
    interval90,
    pool,
    published_interval,
    sensitivity,
    spread_sources,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One study's figure, in the outcome's unit, with 90 % intervals."""

    finding: Finding
    value: float
    low: float | None  #: None where no spread was published and none was imputed
    high: float | None
    imputed: bool
    weight: float | None  #: share in the pooled effect; None where it is only shown

    @property
    def study(self) -> Study:
        return studies()[self.finding.study]

    @property
    def pooled(self) -> bool:
        return self.weight is not None

    @property
    def over_conditions(self) -> tuple[float, float] | None:
        """The published range over speeds or slopes, which is no sampling error."""
        low, high = self.finding.low, self.finding.high
        if self.finding.spread_kind != "range" or low is None or high is None:
            return None
        return low, high

    @property
    def why_not(self) -> str:
        """Why it is shown and not pooled; empty where it is pooled."""
        if self.pooled:
            return ""
        over = "a range over conditions tells nothing of the persons"
        return self.finding.remark or (over if self.over_conditions else "nothing to pool it with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All rows of an outcome, pooled ones first, and what they give together."""

    outcome: Outcome
    rows: tuple[Row, ...]
    pooled: Pooled | None
    variations: tuple[Variation, ...]
    spread_from: tuple[Finding, ...]  #: where the imputed spread comes from, if any was imputed
    why_not: str  #: why nothing is pooled; empty where it is

    @property
    def range(self) -> tuple[float, float]:
        """From the lowest to the highest figure."""
        values = [row.value for row in self.rows]
        return min(values), max(values)

    def ends(self) -> Iterator[float]:
        """Every value that a drawing should hold, but for the prediction interval."""
        yield self.outcome.no_difference
        for row in self.rows:
            yield from (row.value, *(row.over_conditions or ()))
            yield from (end for end in (row.low, row.high) if end is not None)
        for pooled in (self.pooled, *(variation.pooled for variation in self.variations)):
            if pooled is not None:
                yield from (pooled.low, pooled.high) if pooled is self.pooled else (pooled.value,)


def summarise(outcome: str) -> Summary:
    """The rows of an outcome and what they give together.

    Raises
    ------
    BadInput
        Where the outcome is not known.
    """
    pooled = pool(outcome)
    effects = {effect.finding.key: effect for effect in pooled.effects} if pooled else {}
    weights = _weights(pooled)
    rows = [
        _row(finding, finding.value, effects.get(finding.key), weights.get(finding.key))
        for finding in shown(outcome)
        if finding.value is not None
    ]
    imputed = any(row.imputed for row in rows)
    return Summary(
        outcome=outcomes()[outcome],
        rows=tuple(sorted(rows, key=lambda row: not row.pooled)),
        pooled=pooled,
        variations=sensitivity(outcome),
        spread_from=spread_sources(outcome) if imputed else (),
        why_not="" if pooled else _why_not(outcome, rows),
    )


def _weights(pooled: Pooled | None) -> dict[str, float]:
    if pooled is None:
        return {}
    raw = {e.finding.key: 1 / (e.se**2 + pooled.tau**2) for e in pooled.effects}
    return {key: weight / sum(raw.values()) for key, weight in raw.items()}


def _row(finding: Finding, value: float, effect: Effect | None, weight: float | None) -> Row:
    ends = interval90(finding, effect.se) if effect else published_interval(finding)
    return Row(
        finding=finding,
        value=value,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        imputed=effect is not None and effect.imputed,
        weight=weight,
    )


def _why_not(outcome: str, rows: list[Row]) -> str:
    studied = {row.finding.study for row in rows}
    if not rows:
        return "No study gives a figure."
    if len(studied) == 1:
        return "Only one study gives a figure, so there is nothing to pool it with."
    if not spread_sources(outcome):
        return (
            "No study published how far its figure may be off, so nothing tells how much to trust"
            " one beside another."
        )
    return "Fewer than two of the figures are fit to be pooled."
