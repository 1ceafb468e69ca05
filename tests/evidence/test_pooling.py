"""Pooling against figures that others published, and against hand calculation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import optimize, stats

from retrorun.errors import BadInput
from retrorun.evidence import library, pooling
from retrorun.evidence.library import Finding, Outcome, Study
from retrorun.evidence.pooling import Pooled, pool, published_interval, sensitivity, spread_sources
from retrorun.evidence.summary import summarise

Planted = Callable[..., None]


def study(key: str) -> Study:
    texts = dict.fromkeys(
        ("authors", "year", "title", "published", "doi", "design", "population", "seen", "note"), ""
    )
    return Study(key=key, n=None, flag="S", remembered="", duplicate_of="", **texts)


def finding(
    key: str,
    value: float,
    *,
    se: float | None = None,
    ends: tuple[float, float] | None = None,
    kind: str = "",
    n: int | None = 10,
    use: library.Use = "pool",
    outcome: str = "effect",
) -> Finding:
    return Finding(
        key=f"{key}.it", study=key, outcome=outcome, says="", value=value, se=se,
        low=ends[0] if ends else None, high=ends[1] if ends else None,
        spread_kind=kind or ("se" if se is not None else ""), n=n, speed_m_s=None, condition="",
        flag="S", use=use, because="", seen_at="here",
    )  # fmt: skip


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Puts findings of an outcome called `effect` in the place of the evidence."""

    def plant(
        *found: Finding, scale: library.Scale = "difference", more: Sequence[Outcome] = ()
    ) -> None:
        words = {"title": "", "unit": "", "below": "", "above": ""}
        borrowed = more[0].key if more else ""
        of = Outcome(key="effect", scale=scale, spread_from=borrowed, **words)
        of_all = {outcome.key: outcome for outcome in (of, *more)}
        monkeypatch.setattr(pooling, "outcomes", lambda: of_all)
        monkeypatch.setattr(pooling, "studies", lambda: {f.study: study(f.study) for f in found})
        monkeypatch.setattr(library, "findings", lambda: {f.key: f for f in found})

    return plant


def pooled(**more: float) -> Pooled:
    found = pool("effect", **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def joined(y: Sequence[float], se: Sequence[float], tau2: float) -> tuple[float, float, float]:
    """Mean, its error after Hartung, Knapp, Sidik and Jonkman, and the ordinary error."""
    effect, w = np.array(y), 1 / (np.array(se) ** 2 + tau2)
    mean = float(w @ effect / w.sum())
    spread = float(w @ (effect - mean) ** 2 / (len(effect) - 1))
    return mean, math.sqrt(spread / w.sum()), math.sqrt(1 / w.sum())


def by_hand(y: Sequence[float], se: Sequence[float]) -> tuple[float, float, float]:
    """Mean, error and tau² of Paule and Mandel: where the weighted squares are k - 1."""

    def excess(tau2: float) -> float:
        _, hksj, ordinary = joined(y, se, tau2)
        return (hksj / ordinary) ** 2 - 1

    tau2 = 0.0 if excess(0.0) <= 0 else float(optimize.brentq(excess, 0, 100, xtol=1e-14))
    mean, hksj, ordinary = joined(y, se, tau2)
    return mean, max(hksj, ordinary), tau2


# --- figures of others -----------------------------------------------------------------------

#: The CLASP trials of aspirin: events and people, treated and control.
CLASP = [
    (5, 156, 8, 74), (5, 303, 17, 303), (12, 565, 9, 477), (69, 1570, 94, 1565),
    (9, 103, 11, 105), (313, 4659, 352, 4650),
]  # fmt: skip


def log_odds(a: int, n1: int, c: int, n2: int) -> tuple[float, float]:
    b, d = n1 - a, n2 - c
    return math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def test_clasp_as_dersimonian_and_kacker_published_it(planted: Planted) -> None:
    """Contemp Clin Trials 2007, tables 3 and 4, Paule-Mandel: tau 0.3681, mean -0.3811, ordinary
    standard error 0.2060; metafor's own tests hold it to the same figures."""
    effects = [log_odds(*trial) for trial in CLASP]
    planted(*(finding(f"trial{i}", y, se=se) for i, (y, se) in enumerate(effects)))
    found = pooled()
    assert found.tau == pytest.approx(0.3681, abs=5e-5)
    assert found.value == pytest.approx(-0.3811, abs=5e-5)
    ordinary = math.sqrt(1 / sum(1 / (se**2 + found.tau**2) for _, se in effects))
    assert ordinary == pytest.approx(0.2060, abs=5e-5)
    assert found.se >= ordinary


#: The trials of the BCG vaccine: ill and well, vaccinated and not (dat.bcg of metafor).
BCG = [
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
    (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
    (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]  # fmt: skip


def log_risk(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    y = math.log(a / (a + b) * (c + d) / c)
    return y, math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_the_trials_of_the_vaccine_are_typed_as_metafor_has_them() -> None:
    """metafor and Stata's metan, equal effects: -0.4303, interval up to -0.3509, Q 152.233."""
    y, se = np.array([log_risk(*trial) for trial in BCG]).T
    w = se**-2
    mean = w @ y / w.sum()
    assert mean == pytest.approx(-0.4303, abs=5e-5)
    assert mean + 1.959964 / math.sqrt(w.sum()) == pytest.approx(-0.3509, abs=5e-5)
    assert w @ (y - mean) ** 2 == pytest.approx(152.2330, abs=5e-4)


def test_the_formulas_used_here_give_what_metafor_gives() -> None:
    """Odds ratios of the same trials with tau² 0.302: 0.476, and by Hartung and Knapp an interval
    from 0.318 to 0.714 (metafor's tests of van Houwelingen 2002)."""
    y, se = zip(*(log_odds(a, a + b, c, c + d) for a, b, c, d in BCG), strict=True)
    mean, hksj, _ = joined(y, se, 0.302)
    reach = stats.t.ppf(0.975, 12) * hksj
    assert math.exp(mean) == pytest.approx(0.476, abs=6e-4)
    assert (math.exp(mean - reach), math.exp(mean + reach)) == pytest.approx(
        (0.318, 0.714), abs=6e-4
    )


def test_the_trials_of_the_vaccine_by_the_formulas_of_the_papers(planted: Planted) -> None:
    """13 ratios, with an interval of 90 %: t of twelve degrees of freedom."""
    effects = [log_risk(*trial) for trial in BCG]
    # The standard error of a ratio is that of its logarithm times the ratio.
    planted(
        *(
            finding(f"bcg{i}", math.exp(y), se=se * math.exp(y))
            for i, (y, se) in enumerate(effects)
        ),
        scale="ratio",
    )
    mean, se, tau2 = by_hand(*zip(*effects, strict=True))
    found = pooled()
    t = stats.t.ppf(0.95, 12)
    assert found.value == pytest.approx(math.exp(mean), rel=1e-5)
    assert found.tau**2 == pytest.approx(tau2, rel=1e-4)
    assert found.se == pytest.approx(se, rel=1e-4)
    assert (found.low, found.high) == pytest.approx(
        (math.exp(mean - t * se), math.exp(mean + t * se)), rel=1e-4
    )


@pytest.mark.parametrize("seed", range(20))
def test_any_studies_by_the_formulas_of_the_papers(planted: Planted, seed: int) -> None:
    draw = np.random.default_rng(seed)
    k = int(draw.integers(2, 8))
    y = draw.normal(0, 10 ** draw.uniform(-2, 0.5), k).tolist()
    se = draw.uniform(0.05, 0.5, k).tolist()
    planted(*(finding(f"s{i}", a, se=b) for i, (a, b) in enumerate(zip(y, se, strict=True))))
    found = pooled()
    mean, error, tau2 = by_hand(y, se)
    assert found.value == pytest.approx(mean, abs=1e-5)
    assert found.se == pytest.approx(error, rel=1e-4)
    assert found.tau**2 == pytest.approx(tau2, abs=1e-4 * max(se) ** 2, rel=1e-4)


# --- by hand ---------------------------------------------------------------------------------


def test_two_studies_by_hand(planted: Planted) -> None:
    """Effects 0 and 1, each ±0.1: tau² = 1/2 - 0.01; mean 1/2; HKSJ variance 1/4; t(1) = 6.31."""
    planted(finding("a", 0.0, se=0.1), finding("b", 1.0, se=0.1))
    found = pooled()
    assert found.tau**2 == pytest.approx(0.49, abs=1e-4)
    assert found.value == pytest.approx(0.5)
    assert found.se == pytest.approx(0.5, abs=1e-4)
    assert found.high - found.value == pytest.approx(6.3138 * 0.5, abs=1e-3)
    assert found.prediction_low is None, "two studies leave no degree of freedom"
    assert found.prediction_high is None


def test_studies_that_agree_are_not_believed_more_than_their_errors_allow(
    planted: Planted,
) -> None:
    """Three times the same: tau² 0, HKSJ error 0; the ordinary 0.3/√3 stands (roever2015)."""
    planted(*(finding(key, 1.2, se=0.3) for key in "abc"))
    found = pooled()
    assert found.tau == 0.0
    assert found.i2 == 0.0
    assert found.se == pytest.approx(0.3 / math.sqrt(3))
    assert found.high - found.value == pytest.approx(2.9200 * 0.3 / math.sqrt(3), abs=1e-4)


def test_the_prediction_interval_by_hand(planted: Planted) -> None:
    """-1, 0, 1, each ±0.1: tau² = 1 - 0.01, se² = 1/3; t(2) times √(tau² + se²)."""
    planted(*(finding(key, y, se=0.1) for key, y in zip("abc", (-1.0, 0.0, 1.0), strict=True)))
    found = pooled()
    assert found.tau**2 == pytest.approx(0.99, abs=1e-4)
    assert found.se == pytest.approx(math.sqrt(1 / 3), abs=1e-4)
    reach = 2.9200 * math.sqrt(0.99 + 1 / 3)
    assert found.prediction_low == pytest.approx(-reach, abs=2e-3)
    assert found.prediction_high == pytest.approx(reach, abs=2e-3)


def test_a_ratio_and_its_inverse_are_equally_far_from_no_difference(planted: Planted) -> None:
    planted(finding("a", 1.25, se=0.05), finding("b", 0.8, se=0.032), scale="ratio")
    found = pooled()
    assert found.value == pytest.approx(1.0)
    assert found.low * found.high == pytest.approx(1.0)


def test_a_published_interval_is_turned_into_its_standard_error(planted: Planted) -> None:
    z95, z90 = 1.959964, 1.644854
    planted(
        finding("a", 1.0, ends=(1.0 - z95 * 0.2, 1.0 + z95 * 0.2), kind="ci95"),
        finding("b", 1.0, ends=(1.0 - z90 * 0.2, 1.0 + z90 * 0.2), kind="ci90"),
    )
    assert [effect.se for effect in pooled().effects] == pytest.approx([0.2, 0.2], abs=1e-6)
    ends = published_interval(library.findings()["a.it"])
    assert ends == pytest.approx((1.0 - z90 * 0.2, 1.0 + z90 * 0.2), abs=1e-5)


# --- imputing --------------------------------------------------------------------------------


def test_a_missing_spread_is_that_between_persons_over_the_root_of_their_number(
    planted: Planted,
) -> None:
    """0.1 of 4 persons and 0.1 of 16: sds 0.2 and 0.4, pooled by 3 and 15 degrees of freedom."""
    planted(
        finding("a", 1.0, se=0.1, n=4),
        finding("b", 1.0, se=0.1, n=16),
        finding("c", 1.0, n=9),
        finding("d", 1.0, n=None),
    )
    sd = math.sqrt((3 * 0.2**2 + 15 * 0.4**2) / 18)
    found = pooled()
    assert found.person_sd == pytest.approx(sd)
    assert [effect.imputed for effect in found.effects] == [False, False, True, True]
    assert [effect.se for effect in found.effects] == pytest.approx([0.1, 0.1, sd / 3, sd])
    assert [f.study for f in spread_sources("effect")] == ["a", "b"]
    halved = pooled(spread=0.5)
    assert [effect.se for effect in halved.effects] == pytest.approx([0.1, 0.1, sd / 6, sd / 2])


def test_a_spread_is_borrowed_from_the_outcome_that_is_named(planted: Planted) -> None:
    words = {"title": "", "unit": "", "below": "", "above": ""}
    other = Outcome(key="other", scale="difference", spread_from="", **words)
    planted(
        finding("a", 1.0, n=4), finding("b", 1.2, n=4),
        finding("c", 5.0, se=0.3, n=4, outcome="other"), more=[other],
    )  # fmt: skip
    assert [effect.se for effect in pooled().effects] == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("n", [None, 1])
def test_without_any_spread_between_persons_nothing_is_pooled(
    planted: Planted, n: int | None
) -> None:
    """The spread of one person, or of nobody knows how many, tells nothing of the others."""
    planted(finding("a", 1.0), finding("b", 1.2))
    assert pool("effect") is None
    assert sensitivity("effect") == ()
    planted(finding("a", 1.0, se=0.1, n=n), finding("b", 1.2))
    assert pool("effect") is None


def test_one_study_is_not_pooled(planted: Planted) -> None:
    planted(finding("a", 1.0, se=0.1), finding("b", 2.0, se=0.1, use="show"))
    assert pool("effect") is None


# --- leaving out -----------------------------------------------------------------------------


def test_leaving_a_study_out_is_pooling_the_others(planted: Planted) -> None:
    all_three = [finding(key, y, se=0.1) for key, y in zip("abc", (1.0, 1.3, 2.0), strict=True)]
    planted(*all_three)
    without = pool("effect", without=["c"])
    variation = sensitivity("effect")[-1]
    planted(*all_three[:2])
    alone = pooled()
    assert without is not None
    assert (without.value, without.low) == pytest.approx((alone.value, alone.low))
    assert without.studies == 2
    assert variation.pooled is not None
    assert variation.pooled.value == pytest.approx(alone.value)


def test_the_sensitivity_names_every_study_and_the_imputed_spread() -> None:
    whats = [variation.what for variation in sensitivity("cost_ratio_running")]
    assert whats[:3] == [
        "imputed spread halved", "imputed spread doubled", "only published spreads",
    ]  # fmt: skip
    assert whats[3] == "without Wright & Weyand 2001"
    assert len(whats) == 3 + 4


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(BadInput, match="outcome is courage, but must be one of cost_ratio_running"):
        pool("courage")


# --- the rows that are shown -----------------------------------------------------------------


def test_weights_add_up_and_only_pooled_rows_have_one() -> None:
    summary = summarise("cost_ratio_walking")
    weights = [row.weight for row in summary.rows if row.weight is not None]
    assert sum(weights) == pytest.approx(1)
    assert len(weights) == 3
    assert all(row.why_not for row in summary.rows if row.weight is None)
    assert [row.imputed for row in summary.rows if row.pooled] == [False, True, True]
    assert summary.why_not == ""
    assert summary.range == pytest.approx((1.25, 1.484))


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        ("heart_rate_ratio", "No study published how far its figure may be off"),
        ("stability_index", "Only one study gives a figure"),
        ("rectus_femoris_ratio", "Only one study gives a figure"),
    ],
)
def test_it_is_said_why_nothing_is_pooled(outcome: str, why: str) -> None:
    summary = summarise(outcome)
    assert summary.pooled is None
    assert summary.why_not.startswith(why)


def test_a_published_95_percent_interval_is_shown_as_one_of_90_percent() -> None:
    """-0.99 (95 %: -1.61 to -0.37), so 0.62 * 1.645 / 1.960 = 0.520 to either side."""
    (row,) = summarise("stability_index").rows
    assert (row.low, row.high) == pytest.approx((-1.510, -0.470), abs=1e-3)
