"""The claims and what is behind them as plain dictionaries, for `retrorun evidence --json`.

The keys are stable: all of them are always there, with null where nothing is known. Remembered
findings are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retrorun.evidence.library import Claim, Finding, Study, claims, repeats, studies, visible

if TYPE_CHECKING:
    from retrorun.evidence.pooling import Pooled
    from retrorun.evidence.summary import Row, Summary

#: What the flags of findings mean.
FLAGS = {
    "S": "seen in the abstract or on the journal's page",
    "S2": "second hand",
    "D": "derived by arithmetic from such figures",
}


def all_claims() -> dict[str, Any]:
    """Every claim with its verdict."""
    keys = ("key", "claim", "verdict", "in_short")
    return {"claims": [{key: getattr(claim, key) for key in keys} for claim in claims().values()]}


def one_claim(claim: Claim) -> dict[str, Any]:
    """A claim with its findings, the figures of its outcomes, and their studies."""
    from retrorun.evidence.summary import summarise  # heavy: numpy, scipy, statsmodels

    summaries = [summarise(outcome) for outcome in claim.outcomes]
    found = [*visible(claim.for_), *visible(claim.against)]
    found += [row.finding for summary in summaries for row in summary.rows]
    return {
        "key": claim.key,
        "claim": claim.claim,
        "verdict": claim.verdict,
        "in_short": claim.in_short,
        "for": [_finding(finding) for finding in visible(claim.for_)],
        "against": [_finding(finding) for finding in visible(claim.against)],
        "outcomes": [_outcome(summary) for summary in summaries],
        "unknown": claim.unknown,
        "would_change": claim.would_change,
        "studies": [_study(studies()[key]) for key in dict.fromkeys(f.study for f in found)],
        "flags": FLAGS,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key,
        "study": finding.study,
        "says": finding.says,
        "n": finding.n,
        "speed_m_s": finding.speed_m_s,
        "condition": finding.condition or None,
        "flag": finding.flag,
        "derived": finding.derived or None,
        "remark": finding.remark or None,
        "seen_at": finding.seen_at,
    }


def _study(study: Study) -> dict[str, Any]:
    return {
        "key": study.key,
        "cite": study.cite,
        "authors": study.authors,
        "year": study.year,
        "title": study.title,
        "published": study.published or None,
        "doi": study.doi or None,
        "design": study.design,
        "n": study.n,
        "population": study.population,
        "seen": study.seen,
        "note": study.note or None,
        "repeated_by": [other.key for other in repeats(study.key)],
    }


def _outcome(summary: Summary) -> dict[str, Any]:
    of = summary.outcome
    return {
        "key": of.key,
        "title": of.title,
        "scale": of.scale,
        "unit": of.unit,
        "no_difference": of.no_difference,
        "below": of.below,
        "above": of.above,
        "interval": 0.9,
        "figures": [_figure(row) for row in summary.rows],
        "range": list(summary.range) if summary.rows else None,
        "pooled": _pooled(summary.pooled),
        "why_not_pooled": summary.why_not or None,
        "imputed_spread_from": [finding.key for finding in summary.spread_from],
        "sensitivity": [
            {"what": variation.what, "pooled": _pooled(variation.pooled)}
            for variation in summary.variations
        ],
    }


def _figure(row: Row) -> dict[str, Any]:
    return {
        "finding": row.finding.key,
        "study": row.finding.study,
        "n": row.finding.n,
        "condition": row.finding.condition or None,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "over_conditions": list(row.over_conditions) if row.over_conditions else None,
        "imputed": row.imputed,
        "pooled": row.pooled,
        "weight": row.weight,
        "why_not_pooled": row.why_not or None,
    }


def _pooled(pooled: Pooled | None) -> dict[str, Any] | None:
    if pooled is None:
        return None
    return {
        "value": pooled.value,
        "low": pooled.low,
        "high": pooled.high,
        "prediction_low": pooled.prediction_low,
        "prediction_high": pooled.prediction_high,
        "studies": pooled.studies,
        "tau": pooled.tau,
        "i2": pooled.i2,
        "person_sd": pooled.person_sd,
    }
