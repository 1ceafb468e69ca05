"""Joins the studies of one outcome by a random-effects model suited to very few of them.

The heterogeneity is that of Paule and Mandel; the interval of the mean is that of Hartung, Knapp,
Sidik and Jonkman (hksj2014), never narrower than the ordinary one (roever2015), because with a
handful of studies the ordinary one is far too sure of itself. Ratios are pooled as logarithms.

Where a study published no standard error, one is imputed from the spread between persons that
other studies of the outcome did publish, over the square root of its number of persons; the
result says which, and `sensitivity` shows what half and double of it, and leaving those studies
out, would give. Without any published spread nothing is pooled: the range is shown instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from retrorun.errors import BadInput
from retrorun.evidence.library import Finding, Outcome, outcomes, shown, studies
from retrorun.intervals import Z90

#: Two-sided 95 % of a normal distribution, as others publish it.
Z95 = 1.959963984540054

#: Fewer studies say nothing of the spread between studies (convention; the interval with one degree
#: of freedom less than studies is that of inthout2016).
FEWEST_FOR_PREDICTION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One study's effect on the scale of pooling (logarithm for ratios)."""

    finding: Finding
    effect: float
    se: float
    imputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """The pooled effect, in the outcome's own unit, with 90 % intervals.

    `low` and `high` are of the mean over studies; the prediction interval is where the mean of
    another study of this kind would lie; None below three studies. `se`, `tau` (spread between
    studies) and `person_sd` (spread between persons) are on the scale of pooling.
    """

    outcome: str
    value: float
    low: float
    high: float
    prediction_low: float | None
    prediction_high: float | None
    se: float
    tau: float
    i2: float
    person_sd: float
    effects: tuple[Effect, ...]

    @property
    def studies(self) -> int:
        return len(self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """The pooled effect under another assumption about the spreads that were imputed."""

    what: str
    pooled: Pooled | None


def pool(outcome: str, *, without: Sequence[str] = (), spread: float = 1.0) -> Pooled | None:
    """The pooled effect of the studies of an outcome, or None where they cannot be pooled.

    `without` leaves studies out by key (to predict them, or to see what they do); `spread`
    multiplies the imputed spread between persons.

    Raises
    ------
    BadInput
        Where the outcome is not known.
    """
    of = _outcome(outcome)
    person_sd = _person_sd(of)
    if person_sd is None:
        return None
    effects = _effects(of, person_sd=person_sd * spread)
    effects = [effect for effect in effects if effect.finding.study not in without]
    if len(effects) < 2:
        return None
    return _combine(of, effects, person_sd=person_sd)


def sensitivity(outcome: str) -> tuple[Variation, ...]:
    """What the pooled effect would be with other spreads, and without single studies."""
    pooled = pool(outcome)
    if pooled is None:
        return ()
    found = []
    imputed = [effect.finding.study for effect in pooled.effects if effect.imputed]
    if imputed:
        found += [
            Variation(what="imputed spread halved", pooled=pool(outcome, spread=0.5)),
            Variation(what="imputed spread doubled", pooled=pool(outcome, spread=2.0)),
        ]
    if 0 < len(imputed) < len(pooled.effects):
        only = pool(outcome, without=imputed)
        found.append(Variation(what="only published spreads", pooled=only))
    found += [
        Variation(
            what=f"without {studies()[effect.finding.study].cite}",
            pooled=pool(outcome, without=[effect.finding.study]),
        )
        for effect in pooled.effects
    ]
    return tuple(found)


def spread_sources(outcome: str) -> tuple[Finding, ...]:
    """The findings whose spread between persons stands in where none was published."""
    of = _outcome(outcome)
    found = tuple(_with_spread(of))
    return found if found or not of.spread_from else spread_sources(of.spread_from)


def published_interval(finding: Finding) -> tuple[float, float] | None:
    """The 90 % interval that a finding's published spread gives, in the outcome's unit."""
    of = _outcome(finding.outcome)
    if finding.spread_kind == "ci90":
        return _known(finding.low), _known(finding.high)
    se = _published_se(finding, of)
    return None if se is None else interval90(finding, se)


def interval90(finding: Finding, se: float) -> tuple[float, float]:
    """The 90 % interval of a finding, in the outcome's unit; `se` is on the scale of pooling."""
    of = _outcome(finding.outcome)
    middle = _scaled(_known(finding.value), of)
    return _unscaled(middle - Z90 * se, of), _unscaled(middle + Z90 * se, of)


def _outcome(key: str) -> Outcome:
    if key not in outcomes():
        raise BadInput("outcome", key, f"one of {', '.join(outcomes())}")
    return outcomes()[key]


def _effects(of: Outcome, *, person_sd: float) -> list[Effect]:
    """One effect a study; what repeats another study counts with it, once."""
    effects: dict[str, Effect] = {}
    for finding in shown(of.key):
        if finding.use != "pool" or finding.value is None:
            continue
        root = studies()[finding.study].duplicate_of or finding.study
        if root in effects:
            raise BadInput(
                "findings.csv", f"two pooled findings of {root}", f"one a study in {of.key}",
                "Average them in one row, or set `use` of the others to show.",
            )  # fmt: skip
        effects[root] = _effect(finding, of, person_sd)
    return list(effects.values())


def _effect(finding: Finding, of: Outcome, person_sd: float) -> Effect:
    se = _published_se(finding, of)
    # With the number of persons unknown, the mean is trusted no more than one person.
    guess = person_sd / math.sqrt(finding.n or 1)
    return Effect(
        finding=finding,
        effect=_scaled(_known(finding.value), of),
        se=guess if se is None else se,
        imputed=se is None,
    )


def _published_se(finding: Finding, of: Outcome) -> float | None:
    """Standard error on the scale of pooling; None where none was published."""
    if finding.spread_kind == "se":
        se = _known(finding.se)
        # A small relative error of a ratio is its error on the logarithm.
        return se / _known(finding.value) if of.scale == "ratio" else se
    if finding.spread_kind in ("ci95", "ci90"):
        z = Z95 if finding.spread_kind == "ci95" else Z90
        low, high = (_scaled(_known(end), of) for end in (finding.low, finding.high))
        return (high - low) / (2 * z)
    return None


def _person_sd(of: Outcome) -> float | None:
    """Spread between persons, from the findings that published one. [scale of pooling]"""
    spreads = [
        (_known(_published_se(finding, of)) * math.sqrt(finding.n), finding.n - 1)
        for finding in _with_spread(of)
        if finding.n
    ]
    if spreads:
        freedom = sum(df for _, df in spreads)
        return math.sqrt(sum(sd**2 * df for sd, df in spreads) / freedom)
    return _person_sd(outcomes()[of.spread_from]) if of.spread_from else None


def _with_spread(of: Outcome) -> list[Finding]:
    """The findings that tell how much persons differ: a published spread of two or more."""
    return [
        finding
        for finding in shown(of.key)
        if finding.n and finding.n > 1 and _published_se(finding, of) is not None
    ]


def _combine(of: Outcome, effects: Sequence[Effect], *, person_sd: float) -> Pooled:
    # Heavy, and needed only where evidence is looked at: `analyze` reads `pooled.csv`.
    from statsmodels.stats.meta_analysis import combine_effects

    y = np.array([effect.effect for effect in effects])
    variance = np.array([effect.se**2 for effect in effects])
    # Its I² divides by zero, or by a negative rounding error, where all effects are the same.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = combine_effects(y, variance, method_re="pm")
    k = len(effects)
    q = float(found.q)
    tau = math.sqrt(max(float(found.tau2), 0.0))
    mean = float(found.mean_effect_re)
    se = math.sqrt(max(float(found.var_hksj_re), float(found.var_eff_w_re)))
    half = float(stdtrit(k - 1, 0.95)) * se
    pooled = Pooled(
        outcome=of.key,
        value=_unscaled(mean, of),
        low=_unscaled(mean - half, of),
        high=_unscaled(mean + half, of),
        prediction_low=None,
        prediction_high=None,
        se=se,
        tau=tau,
        i2=1 - (k - 1) / q if q > k - 1 else 0.0,
        person_sd=person_sd,
        effects=tuple(effects),
    )
    if k < FEWEST_FOR_PREDICTION:
        return pooled
    reach = float(stdtrit(k - 1, 0.95)) * math.hypot(tau, se)
    return replace(
        pooled,
        prediction_low=_unscaled(mean - reach, of),
        prediction_high=_unscaled(mean + reach, of),
    )


def _scaled(value: float, of: Outcome) -> float:
    return math.log(value) if of.scale == "ratio" else value


def _unscaled(value: float, of: Outcome) -> float:
    return math.exp(value) if of.scale == "ratio" else value


def _known(value: float | None) -> float:
    if value is None:
        raise BadInput("findings.csv", "an empty figure", "a number where the spread is named")
    return value
