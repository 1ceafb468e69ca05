"""Means and variabilities with intervals that cover the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from retrorun.gait.form import mean_of, variability_of

TRIALS = 400


def strides_like_a_runner(rng: np.random.Generator, *, n: int, memory: float) -> np.ndarray:
    """Values around 0.25 whose deviations resemble their neighbours (autoregressive)."""
    noise = rng.normal(0, 0.01, n)
    out = np.empty(n)
    out[0] = noise[0] / np.sqrt(1 - memory**2)
    for i in range(1, n):
        out[i] = memory * out[i - 1] + noise[i]
    return 0.25 + out


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_the_interval_of_a_mean_holds_the_truth_nine_times_in_ten(memory: float) -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(TRIALS):
        mean = mean_of(strides_like_a_runner(rng, n=600, memory=memory), strides=600)
        assert mean is not None
        hits += mean.low <= 0.25 <= mean.high
    assert 0.86 <= hits / TRIALS <= 0.94


def test_the_interval_of_a_variability_holds_the_truth_nine_times_in_ten() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(TRIALS):
        found = variability_of(rng.normal(0.7, 0.7 * 0.02, 60))
        assert found is not None
        hits += found.low <= 0.02 <= found.high
    assert 0.86 <= hits / TRIALS <= 0.94


def test_too_few_strides_are_not_judged() -> None:
    assert mean_of(np.full(9, 0.7), strides=9) is None
    assert mean_of(np.full(50, np.nan), strides=50) is None
    assert variability_of(np.full(9, 0.7)) is None
