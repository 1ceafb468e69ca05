"""The short-term exponent against systems whose exponent is known, and gaits that were made."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from retrorun.physiology.balance_divergence import (
    STRIDES,
    delayed,
    local_divergence,
    log_divergence,
    slope,
)

seeds = st.integers(0, 2**32 - 1)


def orbit(flow, start, *, samples, step_s, skip_s):
    times = skip_s + step_s * np.arange(samples)
    return solve_ivp(
        flow, [0, times[-1] + step_s], start, t_eval=times, rtol=1e-8, atol=1e-8
    ).y.T.copy()


def lorenz(_, y):
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]


def rossler(a, c):
    return lambda _, y: [-y[1] - y[2], y[0] + a * y[1], 0.2 + y[2] * (y[0] - c)]


# ---- known exponents ----


def test_the_logistic_map_doubles_what_is_small():
    """Its exponent is ln 2 exactly."""
    x = np.empty(4000)
    x[0] = 0.3
    for k in range(len(x) - 1):
        x[k + 1] = 4 * x[k] * (1 - x[k])
    curve = log_divergence(x[:, None], apart=5, ahead=5)
    assert slope(curve) == pytest.approx(np.log(2), rel=0.02)


@pytest.mark.parametrize("seen", ["all three states", "one state and its delays"])
def test_the_lorenz_system_has_its_exponent(seen):
    """0.906 a time unit at sigma 10, rho 28, beta 8/3."""
    states = orbit(lorenz, [1, 1, 1], samples=10_000, step_s=0.01, skip_s=30)
    if seen != "all three states":
        states = delayed(states[:, 0], dimension=3, delay=11)
    curve = log_divergence(states, apart=100, ahead=300)
    assert slope(curve[50:]) / 0.01 == pytest.approx(0.906, rel=0.10)


@pytest.mark.parametrize(("a", "c", "exponent"), [(0.15, 10.0, 0.090), (0.2, 5.7, 0.0714)])
def test_the_rossler_system_has_its_exponent_less_a_quarter(a, c, exponent):
    """It parts in bursts, which the mean logarithm levels: 20 to 25 % low at any length tried."""
    states = orbit(rossler(a, c), [1, 1, 0], samples=10_000, step_s=0.1, skip_s=200)
    curve = log_divergence(delayed(states[:, 0], dimension=3, delay=8), apart=60, ahead=300)
    assert slope(curve) / 0.1 == pytest.approx(exponent, rel=0.28)


def test_the_rossler_system_that_repeats_itself_has_none():
    """At c = 2.5 its orbit is a cycle, which draws near and does not part."""
    states = orbit(rossler(0.2, 2.5), [1, 1, 0], samples=5000, step_s=0.1, skip_s=500)
    curve = log_divergence(delayed(states[:, 0], dimension=3, delay=8), apart=60, ahead=300)
    assert slope(curve) / 0.1 == pytest.approx(0, abs=0.005)


def test_neighbours_are_the_nearest_that_are_far_enough_in_time():
    """Against every pair, one by one."""
    rng = np.random.default_rng(5)
    states = np.cumsum(rng.standard_normal((300, 2)), axis=0)
    apart, ahead = 25, 4
    curve = np.zeros(ahead + 1)
    distances = np.linalg.norm(states[:, None] - states[None], axis=2)
    followed = 300 - ahead
    for k in range(followed):
        far = [j for j in range(followed) if abs(j - k) >= apart]
        near = min(far, key=lambda j: distances[k, j])
        curve += [np.log(distances[k + i, near + i]) / followed for i in range(ahead + 1)]
    np.testing.assert_allclose(log_divergence(states, apart=apart, ahead=ahead), curve, rtol=1e-9)


# ---- gait ----


def gait(strides, *, wander=0.0, noise=0.0, stride_s=0.7, rate_hz=100.0, pauses=(), seed=1):
    """Trunk acceleration of strides that vary in length, with standing in between."""
    rng = np.random.default_rng(seed)
    length = stride_s * (1 + wander * rng.standard_normal(strides))
    rest = np.isin(np.arange(strides), pauses) * 10.0
    start = 5 + np.cumsum(rest) + np.r_[0, np.cumsum(length)[:-1]]
    time = np.arange(0, start[-1] + 5, 1 / rate_hz)
    knots = np.stack([start, start + length], axis=1).ravel()
    turns = np.stack([np.arange(strides), np.arange(strides) + 1.0], axis=1).ravel()
    phase = 2 * np.pi * np.interp(time, knots, turns)
    acc = np.stack([2 * np.sin(phase), 1.5 * np.sin(2 * phase), np.full(len(time), 9.81)], axis=1)
    acc[:, 2] += 12 * np.cos(2 * phase) + 2 * np.cos(4 * phase + 1) + np.cos(phase)
    acc += noise * rng.standard_normal(acc.shape)
    return time, acc, {"start_s": start, "stride_time_s": length}


def test_a_machine_that_repeats_itself_does_not_diverge():
    time, acc, strides = gait(120)
    found = local_divergence(time, acc, **strides).mean
    assert found.value == pytest.approx(0, abs=0.02)
    assert found.strides == 3 * STRIDES


def test_strides_that_vary_diverge():
    """The method must tell 0 from something, whatever the something is called."""
    time, acc, strides = gait(120, wander=0.02)
    found = local_divergence(time, acc, **strides).mean
    assert 0.5 < found.low < found.value < found.high


@given(seed=seeds)
@settings(max_examples=5, deadline=None)
def test_how_the_sensor_is_turned_changes_nothing(seed):
    time, acc, strides = gait(110, wander=0.02, noise=0.1)
    plain = local_divergence(time, acc, **strides).mean
    turned = Rotation.random(random_state=seed).apply(acc)
    assert local_divergence(time, turned, **strides).mean.value == pytest.approx(
        plain.value, rel=1e-4
    )


def test_more_strides_of_the_same_kind_give_the_same_value():
    """What the fixed window is for: three windows or twelve, the expectation is one."""
    three = [
        local_divergence(*gait(110, wander=0.02, noise=0.1, seed=k)[:2], **strides).mean.value
        for k in range(8)
        for strides in (gait(110, wander=0.02, noise=0.1, seed=k)[2],)
    ]
    time, acc, strides = gait(500, wander=0.02, noise=0.1, seed=99)
    twelve = local_divergence(time, acc, **strides).mean
    assert twelve.strides == 12 * STRIDES
    assert np.mean(three) == pytest.approx(twelve.value, rel=0.1)


def test_windows_never_span_a_pause_and_both_feet_count_once():
    time, acc, strides = gait(150, wander=0.01, pauses=(40, 80, 115))
    found = local_divergence(time, acc, **strides)
    assert found.mean.strides == 4 * STRIDES
    whole = gait(150, wander=0.01)
    start, length = whole[2]["start_s"], whole[2]["stride_time_s"]
    half = (start[:-1] + start[1:]) / 2
    both = np.r_[start[:-1], half[:-1]], np.r_[length[:-1], np.diff(half)]
    order = np.argsort(both[0])
    feet = local_divergence(*whole[:2], start_s=both[0][order], stride_time_s=both[1][order]).mean
    assert feet.strides == 4 * STRIDES


def test_below_three_unbroken_windows_nothing_is_judged():
    time, acc, strides = gait(104)
    assert "wanted at least 105" in local_divergence(time, acc, **strides).reason
    time, acc, strides = gait(150, pauses=range(0, 150, 30))
    assert local_divergence(time, acc, **strides).mean is None
    time, acc, strides = gait(120, rate_hz=40.0)
    assert "40 Hz" in local_divergence(time, acc, **strides).reason
    time, acc, strides = gait(120)
    assert "does not change" in local_divergence(time, acc * 0 + 9.81, **strides).reason
    assert local_divergence(time, acc * np.nan, **strides).mean is None
    assert local_divergence([], np.empty((0, 3)), start_s=[], stride_time_s=[]).mean is None


def test_a_hundred_and_fifty_strides_take_well_below_a_second_or_two():
    time, acc, strides = gait(150, wander=0.02, noise=0.05)
    began = perf_counter()
    local_divergence(time, acc, **strides)
    assert perf_counter() - began < 3


@given(
    seed=seeds,
    samples=st.integers(0, 6000),
    strides=st.integers(0, 130),
    scale=st.sampled_from([0.0, 1e-300, 1.0, 1e300]),
    holes=st.sampled_from([0.0, 0.01, 1.0]),
)
@settings(max_examples=25, deadline=None)
def test_arbitrary_input_is_judged_or_refused_never_a_crash(seed, samples, strides, scale, holes):
    rng = np.random.default_rng(seed)
    time = np.arange(samples) * 0.01 + rng.normal(0, 0.001, samples)
    acc = rng.standard_normal((samples, 3)) * scale
    acc[rng.random(samples) < holes] = np.nan
    length = np.abs(rng.normal(0.4, 0.1, strides))
    start = np.r_[0, np.cumsum(length)[:-1]] if strides else np.empty(0)
    found = local_divergence(time, acc, start_s=start, stride_time_s=length)
    assert (found.mean is None) == (found.reason is not None)
    if found.mean is not None:
        assert found.mean.low <= found.mean.value <= found.mean.high
