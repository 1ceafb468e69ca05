"""A sensor that counts steps is found, a heart that beats as fast as the feet step is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

from retrorun.physiology.heart import locked_to_steps

Floats = NDArray[np.float64]


def wander(rng: np.random.Generator, n: int, *, sd: float, memory_s: float) -> Floats:
    """First-order autoregression with this standard deviation, settled from the start."""
    kept, before = np.exp(-1 / memory_s), int(6 * memory_s)
    noise = rng.normal(0, sd * np.sqrt(1 - kept**2), n + before)
    return np.asarray(lfilter([1.0], [1.0, -kept], noise)[before:])


def feet(rng: np.random.Generator, n: int, *, mean: float = 168.0) -> Floats:
    """Cadence of a runner outdoors: it drifts by a step or two, and each second has its own."""
    return mean + wander(rng, n, sd=1.5, memory_s=40) + rng.normal(0, 1, n)


@pytest.mark.parametrize("delay_s", [0, 4])
@pytest.mark.parametrize("seed", range(8))
def test_minutes_of_counted_steps_are_found(seed: int, delay_s: int) -> None:
    rng = np.random.default_rng(seed)
    cadence = feet(rng, 2400)
    heart = 145 + wander(rng, 2400, sd=3, memory_s=60)
    part = slice(600, 600 + int(rng.integers(240, 900)))
    heart[part] = np.roll(cadence, delay_s)[part] + rng.uniform(-1, 1, part.stop - part.start)
    locked = locked_to_steps(np.round(heart), cadence_steps_min=np.round(cadence))
    assert locked[part].mean() > 0.95
    assert np.count_nonzero(locked) - np.count_nonzero(locked[part]) <= 10


def test_a_lock_that_follows_the_runner_into_a_walk_is_found_whole() -> None:
    rng = np.random.default_rng(1)
    cadence = np.where((np.arange(1200) // 150) % 2 == 0, 170.0, 115.0) + rng.normal(0, 1, 1200)
    heart = cadence + rng.uniform(-1, 1, 1200)
    assert locked_to_steps(heart, cadence_steps_min=cadence).mean() > 0.95


def test_hearts_near_the_cadence_are_left_alone() -> None:
    """300 sessions of 40 minutes, all of it near the cadence and knowing nothing of it."""
    taken_s, sessions = 0, 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        cadence = feet(rng, 2400)
        memory_s = float(rng.choice([5, 20, 60, 120]))
        heart = 168 + wander(rng, 2400, sd=float(rng.uniform(0.5, 3)), memory_s=memory_s)
        locked = locked_to_steps(np.round(heart), cadence_steps_min=np.round(cadence))
        taken_s += int(np.count_nonzero(locked))
        sessions += bool(locked.any())
    assert sessions <= 3
    assert taken_s < 0.002 * 300 * 2400


def test_what_the_cadence_does_not_tell_is_not_taken() -> None:
    """A perfectly even cadence and a perfectly even heart of the same rate: nobody can tell."""
    even = np.full(1200, 170.0)
    assert not locked_to_steps(even, cadence_steps_min=even).any()


def test_a_heart_that_only_crosses_the_cadence_is_left_alone() -> None:
    rng = np.random.default_rng(3)
    heart = np.linspace(140, 190, 1800) + rng.normal(0, 0.5, 1800)
    assert not locked_to_steps(heart, cadence_steps_min=feet(rng, 1800)).any()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([np.nan, 0.0, 80.0, 150.0, 151.0, 168.0]), max_size=300),
    st.lists(st.sampled_from([np.nan, 0.0, 150.0, 152.0, 168.0]), max_size=300),
)
def test_anything_gives_a_mask(heart: list[float], cadence: list[float]) -> None:
    n = min(len(heart), len(cadence))
    bpm, steps = np.array(heart[:n], float), np.array(cadence[:n], float)
    locked = locked_to_steps(bpm, cadence_steps_min=steps)
    assert locked.shape == (n,)
    assert np.isfinite(bpm[locked]).mean() > 0.8 if locked.any() else True
