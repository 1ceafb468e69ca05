"""The chain against a plain one written out, and the decoder on evidence with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from retrorun.gait import motion
from retrorun.gait.direction import decoder, markov
from retrorun.gait.direction.states import (
    BACKWARD_RUN,
    BACKWARD_WALK,
    FORWARD_RUN,
    FORWARD_WALK,
    STATES,
    STILL,
    Evidence,
    two_ways,
)

FORWARD, BACKWARD = (FORWARD_WALK, FORWARD_RUN), (BACKWARD_WALK, BACKWARD_RUN)


def plain(log_likelihood, transition, start):
    """Forward and backward, one step after the other: what every textbook has."""
    n, k = log_likelihood.shape
    forward, now = np.empty((n, k)), start
    for t in range(n):
        now = (now @ transition) * np.exp(log_likelihood[t])
        now /= now.sum()
        forward[t] = now
    both, later = forward.copy(), np.ones(k)
    for t in range(n - 2, -1, -1):
        later = transition @ (np.exp(log_likelihood[t + 1]) * later)
        later /= later.sum()
        both[t] = forward[t] * later / (forward[t] * later).sum()
    return forward, both


@pytest.fixture(scope="module", params=[(1, 2), (2, 3), (97, 4), (1000, 7)], ids=str)
def chain(request):
    n, k = request.param
    rng = np.random.default_rng(n)
    transition = rng.dirichlet(np.ones(k), k) + 5 * np.eye(k)
    return (
        rng.normal(0, 2, (n, k)),
        transition / transition.sum(axis=1, keepdims=True),
        rng.dirichlet(np.ones(k)),
    )


def test_the_posterior_is_the_plain_one(chain) -> None:
    np.testing.assert_allclose(markov.posterior(*chain), plain(*chain)[1], atol=1e-12)


def test_filtering_without_lag_is_the_plain_forward_pass(chain) -> None:
    np.testing.assert_allclose(markov.filtered(*chain, lag=0), plain(*chain)[0], atol=1e-12)


def test_filtering_with_a_lag_sees_no_further(chain) -> None:
    log_likelihood, transition, start = chain
    lag, cut = 5, len(log_likelihood) // 2
    if cut + lag + 1 > len(log_likelihood):
        pytest.skip("too short to cut")
    known = log_likelihood[: cut + lag + 1]
    expected = plain(known, transition, start)[1][cut]
    np.testing.assert_allclose(
        markov.filtered(log_likelihood, transition, start, lag=lag)[cut], expected, atol=1e-12
    )


def evidence(log_odds, *, heard=None, **more) -> Evidence:
    """A body sensor that gives these log-odds of backward a step."""
    rows = two_ways(np.asarray(log_odds, dtype=np.float64))
    heard = np.ones(len(rows), dtype=bool) if heard is None else heard
    return Evidence(
        witness="left_foot", told="sensors", log_likelihood=rows, heard=heard, expected=True, **more
    )


def running(n: int):
    return np.full(n, motion.RUN, dtype=np.int8), np.full(n, np.nan)


def test_transitions_are_probabilities() -> None:
    np.testing.assert_allclose(decoder.transition().sum(axis=1), 1)
    assert decoder.transition().shape == (STATES, STATES)


def test_a_stated_probability_is_right_as_often_as_it_says() -> None:
    """Drawn from the model itself: of all steps stated about p backward, a share p is backward."""
    rng = np.random.default_rng(5)
    n, apart = 200_000, 0.5
    cumulated = decoder.transition().cumsum(axis=1)
    state, drawn = FORWARD_RUN, rng.random(n)
    truth = np.empty(n, dtype=int)
    for t in range(n):
        state = min(int(np.searchsorted(cumulated[state], drawn[t])), STATES - 1)
        truth[t] = state
    # A motion code for each step, as often as the model's own likelihoods have it.
    chance = np.exp(decoder.likelihoods([], np.arange(4, dtype=np.int8), np.full(4, np.nan))).T
    chance = (chance / chance.sum(axis=1, keepdims=True)).cumsum(axis=1)
    code = (rng.random(n)[:, None] > chance[truth]).sum(axis=1).clip(0, 3).astype(np.int8)
    backward, forward = np.isin(truth, BACKWARD), np.isin(truth, FORWARD)
    seen = rng.normal((backward.astype(float) - forward) * apart / 2, 1.0)
    judged = decoder.decide([evidence(apart * seen)], code, np.full(n, np.nan))
    moving = truth != STILL
    for low, high in ((0.02, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 0.9), (0.9, 1.01)):
        chosen = (judged.backward >= low) & (judged.backward < high) & moving
        stated, right = judged.backward[chosen].mean(), backward[chosen].mean()
        assert chosen.sum() > 200
        # A stretch is right or wrong as a whole, so neighbours are no independent draws.
        assert abs(stated - right) < 0.15, (low, high, stated, right)


def test_nobody_runs_backward_faster_than_the_record() -> None:
    code, _ = running(300)
    judged = decoder.decide([evidence(np.full(300, 1.0))], code, np.full(300, 8.5))
    assert not np.any(judged.way == decoder.BACKWARD)


def test_nor_for_an_hour_faster_than_the_record_half_marathon() -> None:
    n = 60 * 60 * 10 + 6000
    code, _ = running(n)
    said = [evidence(np.full(n, 1.0))]
    assert np.mean(decoder.decide(said, code, np.full(n, 4.5)).way == decoder.BACKWARD) < 0.35
    assert np.all(decoder.decide(said, code, np.full(n, 3.0)).way == decoder.BACKWARD)


def test_silence_of_a_sensor_that_could_have_told_is_unknown() -> None:
    nothing = evidence(np.zeros(300), heard=np.zeros(300, dtype=bool))
    assert np.all(decoder.decide([nothing], *running(300)).way == decoder.UNKNOWN)
    assumed = decoder.decide([], *running(300))
    assert np.all(assumed.way == decoder.FORWARD)
    assert np.all(assumed.source == decoder.ASSUMED)


def test_witnesses_that_contradict_each_other_are_unknown() -> None:
    judged = decoder.decide(
        [evidence(np.full(300, 1.0)), evidence(np.full(300, -1.0))], *running(300)
    )
    assert np.all(judged.way == decoder.UNKNOWN)


def test_a_reliability_bounds_what_is_stated() -> None:
    judged = decoder.decide([evidence(np.full(300, 1.0), reliability=0.8)], *running(300))
    assert np.all(judged.way == decoder.BACKWARD)
    # What does not hold for this person falls back to how usual backward is.
    assert judged.probability.max() <= 0.8 + 0.2 * decoder.BACKWARD_SHARE + 1e-6


def test_a_pivot_is_no_bout_and_a_short_shuttle_is() -> None:
    odds = np.full(600, -1.0)
    odds[100:115] = odds[300:330] = 1.0
    yaw = np.zeros(600, dtype=np.float32)
    yaw[95:120] = np.pi / 2.5  # half a turn in two and a half seconds
    judged = decoder.decide([evidence(odds, yaw_rad_s=yaw)], *running(600))
    assert np.all(judged.way[100:115] != decoder.BACKWARD)
    assert np.all(judged.way[302:328] == decoder.BACKWARD)


def test_looking_ahead_two_seconds_is_enough_for_clear_evidence() -> None:
    odds = np.where(np.arange(1200) % 400 < 200, -0.8, 0.8)
    whole = decoder.decide([evidence(odds)], *running(1200))
    live = decoder.decide([evidence(odds)], *running(1200), lag_s=2.0)
    assert np.mean(whole.way == live.way) > 0.98


def test_long_records_are_cut_without_a_seam() -> None:
    n = 6 * 3600 * 10 + 4000
    rng = np.random.default_rng(2)
    odds = np.where((np.arange(n) // 300) % 2 == 0, -0.6, 0.6) + rng.normal(0, 0.5, n)
    judged = decoder.decide([evidence(odds)], *running(n))
    seam = slice(6 * 3600 * 10 - 1500, 6 * 3600 * 10 + 1500)
    truth = (np.arange(n) // 300) % 2 == 1
    assert np.mean((judged.way[seam] == decoder.BACKWARD) == truth[seam]) > 0.95
