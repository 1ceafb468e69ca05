"""Watch figures odd for the speed, on athletes made from published ratios and on real runs.

The athletes are drawn from the studies in `SCIENCE.md`, not from the constants of the code: cadence
backward over forward between study E6 (1.113) and Brennan 2026 at the speed, contact time from
Brennan's duty factors, heart rate from the oxygen equation of running and the heart-rate reserve.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from retrorun import formats
from retrorun.errors import BadInput, Unreadable
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.direction.baseline import (
    ForwardBaseline,
    fit_baseline,
    forward_at,
    merge_baselines,
)
from retrorun.gait.direction.dynamics import heart_rate_for_speed, running_dynamics
from retrorun.gait.direction.states import (
    BACKWARD_RUN,
    FORWARD_RUN,
    OTHER,
    STILL,
    Evidence,
    Seen,
    Source,
)
from retrorun.session import analyse
from retrorun.signals import true_runs
from retrorun.travel import channel_on_grid

Floats = NDArray[np.float64]
Part = tuple[int, float, bool]  # how long [s], how fast [m/s], whether backward

#: Brennan 2026, second hand: speed [m/s], cadence backward / forward, backward duty factor.
BRENNAN = np.array([[2, 1.22, 0.368], [3, 1.23, 0.342], [4, 1.29, 0.310], [5, 1.37, 0.300]])


@dataclass(frozen=True, kw_only=True)
class Athlete:
    cadence: float  # at 2.8 m/s, steps a minute
    per_m_s: float
    contact_s: float  # at 2.8 m/s
    like_brennan: float  # 0: cadence ratio of E6, 1: that of Brennan
    oxygen_ratio: float
    vo2max: float
    rest_bpm: float
    max_bpm: float


def athlete(seed: int) -> Athlete:
    rng = np.random.default_rng(seed)
    return Athlete(
        cadence=rng.normal(165, 7), per_m_s=rng.normal(9, 2), contact_s=rng.normal(0.26, 0.01),
        like_brennan=rng.uniform(), oxygen_ratio=rng.uniform(1.29, 1.35),
        vo2max=rng.uniform(45, 60), rest_bpm=rng.normal(58, 6), max_bpm=rng.normal(186, 8),
    )  # fmt: skip


def slow_noise(n: int, *, memory_s: float, rng: np.random.Generator) -> Floats:
    """Of standard deviation 1, forgetting within `memory_s`."""
    keep = np.exp(-1 / memory_s)
    white = rng.standard_normal(n + 200) * np.sqrt(1 - keep**2)
    noise: Floats = lfilter([1.0], [1.0, -keep], white)[200:]
    return noise


def outing(
    who: Athlete,
    parts: Sequence[Part],
    *,
    seed: int,
    heat_bpm: float = 0.0,  # by how much the heart drifts up until the end
    day_bpm: float = 0.0,
    tired: float = 0.0,  # by what share the cadence drifts until the end
) -> tuple[dict[str, Floats], NDArray[np.bool_]]:
    """The curves of a watch and the truth."""
    rng = np.random.default_rng(seed)
    speed = np.concatenate([np.full(length, fast) for length, fast, _ in parts])
    back = np.concatenate([np.full(length, way) for length, _, way in parts])
    n = len(speed)
    along = np.arange(n) / n
    ratio, duty = (np.interp(speed, BRENNAN[:, 0], BRENNAN[:, k]) for k in (1, 2))
    ratio = 1.113 + who.like_brennan * (ratio - 1.113)
    cadence = who.cadence + who.per_m_s * (speed - 2.8)
    cadence = cadence * np.where(back, ratio, 1) * (1 + tired * along) * rng.normal(1, 0.01)
    contact = np.where(back, duty * 120 / cadence, who.contact_s - 0.04 * (speed - 2.8))
    # Oxygen of level running [ml/kg/min], in metres a minute (ACSM), and the reserve it takes.
    above_rest = 0.2 * 60 * speed * np.where(back, who.oxygen_ratio, 1)
    share = np.minimum(above_rest / (who.vo2max - 3.5), 1)
    keep = np.exp(-1 / 30)
    heart = who.rest_bpm + (who.max_bpm - who.rest_bpm) * share
    heart = lfilter([1 - keep], [1, -keep], heart - heart[0]) + heart[0]
    wander = [slow_noise(n, memory_s=10, rng=rng) for _ in range(3)]
    return {
        "speed_m_s": np.maximum(speed + 0.1 * wander[0], 0.1),
        "cadence_steps_min": np.round(cadence * (1 + 0.02 * wander[1])),
        "contact_time_s": contact * (1 + 0.03 * wander[2]),
        "heart_rate_bpm": np.round(
            heart + day_bpm + heat_bpm * along + 1.5 * slow_noise(n, memory_s=30, rng=rng)
        ),
        "gradient": np.zeros(n),
        "motion": np.full(n, float(motion.RUN)),
    }, back  # fmt: skip


def forward_run(who: Athlete, *, seed: int, **day: float) -> dict[str, Floats]:
    """An earlier run of about 10 km, known to be forward, from a warm-up to a brisk end."""
    return outing(who, [(600, v, False) for v in (2.0, 2.3, 2.6, 2.9, 3.2, 2.4)], seed=seed, **day)[
        0
    ]


def baseline_of(who: Athlete, *, seed: int) -> ForwardBaseline:
    curves = forward_run(who, seed=seed)
    return fit_baseline(curves, np.ones(len(curves["motion"]), dtype=bool))


BOUTS_S = (30, 60, 120, 180, 30, 60, 120, 180)


def mixed(bouts_s: Sequence[int] = BOUTS_S) -> list[Part]:
    """10 km forward with backward bouts between, slower as people are."""
    parts: list[Part] = [(440, 2.8, False)]
    for k, bout_s in enumerate(bouts_s):
        parts += [(bout_s, (2.2, 2.5)[k % 2], True), (400, (2.7, 2.9)[k % 2], False)]
    return parts


def seen_of(curves: dict[str, Floats], baseline: ForwardBaseline | None) -> Seen:
    return Seen(steps=10 * len(curves["motion"]), curves=curves, baseline=baseline)


def one(source: Source, curves: dict[str, Floats], baseline: ForwardBaseline | None) -> Evidence:
    (found,) = source(seen_of(curves, baseline))
    assert found.told == "watch"
    assert found.log_likelihood.dtype == np.float32
    assert found.log_likelihood.shape == (10 * len(curves["motion"]), 7)
    if source is heart_rate_for_speed:
        assert not found.heard.any()  # it supports others and judges nothing
    else:
        assert not found.log_likelihood[~found.heard].any()
    assert not found.log_likelihood[:, [STILL, OTHER]].any()
    return found


def odds(found: Evidence) -> Floats:
    """Log-odds of backward of each second, (m,)."""
    each = found.log_likelihood[:, BACKWARD_RUN] - found.log_likelihood[:, FORWARD_RUN]
    total: Floats = each.reshape(-1, 10).sum(axis=1).astype(np.float64)
    return total


def speaking(found: Evidence) -> NDArray[np.bool_]:
    """The seconds of which something is said, (m,)."""
    return odds(found) != 0


def decided(curves: dict[str, Floats], evidence: Sequence[Evidence]) -> decoder.Judged:
    code = np.repeat(curves["motion"].astype(np.int8), 10)
    return decoder.decide(evidence, code, np.repeat(curves["speed_m_s"], 10))


# --- the right way, and bounded ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_the_steps_point_the_right_way_in_the_mean_and_are_bounded(seed: int) -> None:
    who = athlete(seed)
    curves, back = outing(who, mixed(), seed=100 + seed)
    found = one(running_dynamics, curves, baseline_of(who, seed=200 + seed))
    said, heard = odds(found), speaking(found)
    assert heard[back].mean() > 0.8
    assert said[back & heard].mean() > 0.1
    assert said[~back & heard].mean() < -0.15
    assert np.abs(said).max() <= 0.35 + 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_the_heart_points_the_right_way_in_long_bouts_and_is_bounded(seed: int) -> None:
    who = athlete(seed)
    parts = [(900, 2.4, False), (900, 2.4, True), (900, 2.4, False)]
    curves, back = outing(who, parts, seed=300 + seed)
    found = one(heart_rate_for_speed, curves, baseline_of(who, seed=400 + seed))
    said, heard = odds(found), speaking(found)
    assert said[back & heard].mean() > said[~back & heard].mean()
    assert np.abs(said).max() <= 0.05 + 1e-6


def test_over_many_athletes_the_heart_is_right_in_the_mean() -> None:
    sums = np.zeros(2)
    for seed in range(12):
        who = athlete(seed)
        parts = [(900, 2.4, False), (900, 2.4, True), (900, 2.4, False)]
        curves, back = outing(who, parts, seed=500 + seed)
        said = odds(one(heart_rate_for_speed, curves, baseline_of(who, seed=600 + seed)))
        sums += said[back].sum(), said[~back].sum()
    assert sums[0] > 0 > sums[1]


def test_step_length_and_speed_stand_in_for_a_missing_cadence() -> None:
    who = athlete(1)
    earlier, (curves, _) = forward_run(who, seed=1), outing(who, mixed(), seed=2)
    for part in (earlier, curves):
        del part["contact_time_s"]
    everything = np.ones(len(earlier["motion"]), dtype=bool)
    counted = one(running_dynamics, curves, fit_baseline(earlier, everything))
    for part in (earlier, curves):
        part["step_length_m"] = 60 * part["speed_m_s"] / part.pop("cadence_steps_min")
    made = one(running_dynamics, curves, fit_baseline(earlier, everything))
    np.testing.assert_allclose(made.log_likelihood, counted.log_likelihood, atol=1e-5)


# --- where nothing is said -----------------------------------------------------------------------


@pytest.mark.parametrize("source", [running_dynamics, heart_rate_for_speed])
def test_nothing_without_a_baseline_or_curves(source: Source) -> None:
    curves, _ = outing(athlete(0), mixed(), seed=0)
    baseline = baseline_of(athlete(0), seed=1)
    assert source(seen_of(curves, None)) == ()
    assert source(seen_of(curves, ForwardBaseline())) == ()
    assert source(Seen(steps=1000, baseline=baseline)) == ()
    assert source(seen_of({"motion": curves["motion"]}, baseline)) == ()


@pytest.mark.parametrize("source", [running_dynamics, heart_rate_for_speed])
def test_nothing_outside_the_speeds_of_the_baseline(source: Source) -> None:
    who = athlete(2)
    # Seen forward: 2.0 to 3.2 m/s; a tenth of the span more is 1.9 to 3.3, and GPS noise 0.1.
    for fast in (1.5, 4.0):
        curves, _ = outing(who, [(600, fast, True)], seed=3)
        assert source(seen_of(curves, baseline_of(who, seed=4))) == ()


def test_no_line_is_drawn_beyond_its_speeds() -> None:
    line = baseline_of(athlete(2), seed=4).run.cadence
    assert line is not None
    assert 1.7 < line.low_m_s < 2.1
    assert 3.1 < line.high_m_s < 3.5
    span = line.high_m_s - line.low_m_s
    at = np.array([line.low_m_s - 0.16 - span / 10, 2.5, line.high_m_s + 0.16 + span / 10])
    np.testing.assert_array_equal(np.isfinite(forward_at(line, at)), [False, True, False])


@pytest.mark.parametrize("source", [running_dynamics, heart_rate_for_speed])
def test_nothing_on_slopes_nor_standing_nor_where_nothing_was_measured(source: Source) -> None:
    who = athlete(3)
    curves, _ = outing(who, [(1800, 2.5, False)], seed=5)
    baseline = baseline_of(who, seed=6)
    (whole,) = source(seen_of(curves, baseline))
    for name, value in (
        ("gradient", 0.04), ("gradient", -0.04), ("motion", float(motion.STILL)),
        ("motion", float(motion.NOT_JUDGED)), ("speed_m_s", np.nan),
    ):  # fmt: skip
        broken = {key: curve.copy() for key, curve in curves.items()}
        broken[name][900:] = value
        (found,) = source(seen_of(broken, baseline))
        assert speaking(whole)[900:].mean() > 0.9
        assert not speaking(found)[900:].any()


def test_the_steps_of_walking_are_not_judged() -> None:
    """No study gives a ratio of cadences for backward walking at the speed of forward walking."""
    who = athlete(4)
    curves, baseline = forward_run(who, seed=7), baseline_of(who, seed=8)
    curves["motion"][:] = motion.WALK
    assert running_dynamics(seen_of(curves, baseline)) == ()


# --- the baseline ---------------------------------------------------------------------------------


def test_the_baseline_is_the_athletes_own_line() -> None:
    who = athlete(5)
    line = baseline_of(who, seed=9).run.cadence
    assert line is not None
    at = np.array([2.1, 2.5, 3.0])
    truth = who.cadence + who.per_m_s * (at - 2.8)
    np.testing.assert_allclose(np.exp(forward_at(line, at)), truth, rtol=0.03)
    assert (line.spread, line.between_days) == (0.03, 0.015)  # nothing is trusted further


def test_a_fifth_of_nonsense_does_not_move_the_baseline() -> None:
    who = athlete(5)
    curves = forward_run(who, seed=9)
    clean = fit_baseline(curves, np.ones(len(curves["motion"]), dtype=bool)).run.cadence
    for first in range(0, len(curves["motion"]), 300):
        curves["cadence_steps_min"][first : first + 60] = 80
    line = fit_baseline(curves, np.ones(len(curves["motion"]), dtype=bool)).run.cadence
    assert line is not None
    assert clean is not None
    at = np.array([2.1, 2.5, 3.0])
    np.testing.assert_allclose(forward_at(line, at), forward_at(clean, at), atol=0.02)


def test_only_seconds_known_to_be_forward_are_learned_from() -> None:
    who = athlete(6)
    curves, back = outing(who, [*mixed(), (600, 2.2, False), (600, 2.5, False)], seed=10)
    line = fit_baseline(curves, ~back).run.cadence
    assert line is not None
    at = np.array([2.2, 2.5])
    truth = who.cadence + who.per_m_s * (at - 2.8)
    np.testing.assert_allclose(np.exp(forward_at(line, at)), truth, rtol=0.03)
    assert fit_baseline(curves, np.zeros(len(back), dtype=bool)).run.cadence is None


def test_days_are_merged_by_level_and_share_one_slope() -> None:
    """Slow on a day of fast hearts and the other way round must not make the slope flat."""
    who = athlete(7)
    fitted = []
    for k, day_bpm in enumerate((8.0, 0.0, -8.0)):
        parts = [(600, v + 0.3 * k, False) for v in (2.0, 2.3, 2.6)]
        curves, _ = outing(who, parts, seed=20 + k, day_bpm=day_bpm)
        fitted.append(fit_baseline(curves, np.ones(len(curves["motion"]), dtype=bool)))
    line = merge_baselines(fitted).run.heart_rate
    assert line is not None
    slope = (who.max_bpm - who.rest_bpm) * 12 / (who.vo2max - 3.5)
    assert line.coefficients[1] == pytest.approx(slope, rel=0.2)
    assert line.between_days == pytest.approx(8, rel=0.3)
    assert len(line.parts) == 3
    alone = fitted[0].run.heart_rate
    again = merge_baselines([merge_baselines(fitted[:2]), fitted[2]]).run.heart_rate
    assert alone is not None
    assert again is not None
    assert alone.seconds < line.seconds == again.seconds
    np.testing.assert_allclose(again.coefficients, line.coefficients)
    assert merge_baselines([]).run.heart_rate is None


def test_curves_and_seconds_must_be_as_long() -> None:
    with pytest.raises(BadInput, match="as long as forward"):
        fit_baseline({"speed_m_s": np.zeros(5)}, np.ones(4, dtype=bool))


# --- through the decoder --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "day", [{"day_bpm": 5, "heat_bpm": 15, "tired": 0.03}, {"day_bpm": -5, "tired": -0.05}]
)
def test_drifts_of_a_forward_day_are_never_called_backward(
    seed: int, day: dict[str, float]
) -> None:
    who = athlete(seed)
    curves, _ = outing(who, [(900, v, False) for v in (2.4, 2.8, 2.5, 3.0)], seed=seed, **day)
    seen = seen_of(curves, baseline_of(who, seed=50 + seed))
    judged = decided(curves, [*running_dynamics(seen), *heart_rate_for_speed(seen)])
    assert np.nanmax(judged.backward) < 0.3
    assert (judged.way == decoder.FORWARD).all()


def test_the_heart_alone_never_calls_anything_backward() -> None:
    for seed in range(6):
        who = athlete(seed)
        curves, _ = outing(who, [(900, 2.5, False), (2700, 2.4, True)], seed=seed, day_bpm=5)
        seen = seen_of(curves, baseline_of(who, seed=60 + seed))
        judged = decided(curves, heart_rate_for_speed(seen))
        assert not (judged.way == decoder.BACKWARD).any()


def test_what_the_steps_alone_find_is_true_but_not_all() -> None:
    """24 athletes: short bouts are missed on purpose; what is called backward is."""
    hits = false = missed = forward_s = 0.0
    found_of: dict[int, list[float]] = {length: [] for length in BOUTS_S}
    for seed in range(24):
        who = athlete(1000 + seed)
        curves, back = outing(who, mixed(), seed=2000 + seed)
        seen = seen_of(curves, baseline_of(who, seed=3000 + seed))
        called = decided(curves, running_dynamics(seen)).way == decoder.BACKWARD
        truth = np.repeat(back, 10)
        hits += np.count_nonzero(called & truth) / 10
        false += np.count_nonzero(called & ~truth) / 10
        missed += np.count_nonzero(~called & truth) / 10
        forward_s += np.count_nonzero(~truth) / 10
        for first, last in zip(*true_runs(back), strict=True):
            found_of[int(last - first)].append(float(called[10 * first : 10 * last].mean()))
    precision, recall = hits / (hits + false), hits / (hits + missed)
    f1 = 2 * precision * recall / (precision + recall)
    recall_of = {length: float(np.mean(shares)) for length, shares in found_of.items()}
    figures = (
        f"{precision=:.3f} {recall=:.3f} {f1=:.3f} {false / forward_s * 3600:.1f} s/h {recall_of}"
    )
    assert precision > 0.95, figures
    assert false / forward_s * 3600 < 20, figures
    assert f1 > 0.5, figures
    assert recall_of[30] < 0.05, figures
    assert recall_of[180] > 0.6, figures


def test_cost_grows_with_the_length_only() -> None:
    who = athlete(0)
    baseline = baseline_of(who, seed=1)
    curves, _ = outing(who, [(86_400, 2.5, False)], seed=2)
    started = time.process_time()
    seen = seen_of(curves, baseline)
    assert running_dynamics(seen)
    assert heart_rate_for_speed(seen)
    fit_baseline(curves, np.ones(86_400, dtype=bool))
    assert time.process_time() - started < 5


# --- real recordings ------------------------------------------------------------------------------

#: Public runs of other people with cadence; nobody ran backward in them.
RUNS = (
    "FitFileParser__running.fit", "connectstats__activity_2477200414.fit",
    "connectstats__activity_1378220136.fit", "connectstats__track_cs_5611.fit",
    "connectstats__track_cs_544406.fit", "connectstats__track_cs_1451.fit",
    "fit-parser__garmin-stamina.fit", "fit-parser__running-with-developer-data.fit",
    "fitparse__compressed-speed-distance.fit", "fitparse__developer-types-sample.fit",
    "fit__0137001239.fit", "fq__activity_invalid_strings.fit",
)  # fmt: skip


def real_curves(path: Path) -> list[dict[str, Floats]]:
    out = []
    for recording in formats.outcomes(path):
        if isinstance(recording, Unreadable) or recording.duration_s < 1200:
            continue
        curves = analyse(recording).curves
        names = ("speed_m_s", "motion", "cadence_steps_min", "heart_rate_bpm", "gradient")
        found = {name: np.asarray(getattr(curves, name), dtype=np.float64) for name in names}
        found["contact_time_s"] = channel_on_grid(recording, "contact_time_s", curves.time_s)
        if np.count_nonzero(found["motion"] == motion.RUN) > 600:
            out.append(found)
    return out


def test_no_real_forward_run_is_called_backward(data: Path) -> None:
    """Each half of a run is judged by the baseline of the other. The first half as the baseline
    served to set the floors of the spreads and the bins; the second was looked at afterwards.
    """
    judged_s = false_s = 0.0
    for name in RUNS:
        for curves in real_curves(data / "activities" / "fit" / name):
            middle = len(curves["motion"]) // 2
            halves = [{k: v[part] for k, v in curves.items()} for part in (
                slice(middle), slice(middle, None)
            )]  # fmt: skip
            for known, half in (halves, halves[::-1]):
                baseline = fit_baseline(known, np.ones(len(known["motion"]), dtype=bool))
                seen = seen_of(half, baseline)
                evidence = [*running_dynamics(seen), *heart_rate_for_speed(seen)]
                judged_s += sum(np.count_nonzero(e.heard) / 10 for e in evidence[:1])
                way = decided(half, evidence).way
                false_s += np.count_nonzero(way == decoder.BACKWARD) / 10
    assert judged_s > 6 * 3600
    assert false_s < judged_s / 3600  # less than a second an hour
