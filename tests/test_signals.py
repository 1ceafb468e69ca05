"""Array tools: known answers from sines, straight lines and plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrorun import signals
from retrorun.errors import BadInput

masks = arrays(bool, st.integers(0, 60))


def sine(hz, *, rate_hz=100.0, seconds=40.0):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.mark.parametrize(
    ("filtered", "kept"),
    [
        (lambda x: signals.lowpass(x, rate_hz=100.0, cutoff_hz=5.0), [1.0, 0.0]),
        (lambda x: signals.highpass(x, rate_hz=100.0, cutoff_hz=5.0), [0.0, 1.0]),
        (lambda x: signals.bandpass(x, rate_hz=100.0, low_hz=0.2, high_hz=5.0), [1.0, 0.0]),
    ],
)
def test_filters_pass_and_stop_without_delay(filtered, kept):
    slow, fast = sine(0.8), sine(30.0)
    middle = slice(1000, -1000)
    expected = kept[0] * slow + kept[1] * fast
    assert filtered(slow + fast)[middle] == pytest.approx(expected[middle], abs=0.03)


def test_a_cutoff_that_was_never_recorded_leaves_the_signal():
    x = sine(3.0, rate_hz=25.0)
    assert signals.lowpass(x, rate_hz=25.0, cutoff_hz=12.0) is x
    with pytest.raises(BadInput, match="cutoff_hz is 12"):
        signals.highpass(x, rate_hz=25.0, cutoff_hz=12.0)


@pytest.mark.parametrize("samples", [0, 1, 2, 5, 30])
def test_filters_take_short_signals_and_keep_the_type(samples):
    x = np.ones((samples, 3), dtype=np.float32)
    y = signals.lowpass(x, rate_hz=100.0, cutoff_hz=1.0)
    assert y.dtype == np.float32
    assert y == pytest.approx(x, abs=1e-4)


def test_running_mean_is_the_mean_of_the_window():
    x = np.random.default_rng(1).normal(size=50)
    mean = signals.running_mean(x, rate_hz=10.0, window_s=0.5)
    assert mean[2:-2] == pytest.approx(np.convolve(x, np.ones(5) / 5, mode="valid"))
    lowest = signals.running_minimum(x, rate_hz=10.0, window_s=0.5)
    assert lowest[20] == x[18:23].min()


@given(masks)
def test_true_runs_rebuild_the_mask(mask):
    rebuilt = np.zeros(len(mask), dtype=bool)
    for start, end in zip(*signals.true_runs(mask), strict=True):
        assert end > start
        rebuilt[start:end] = True
    assert (rebuilt == mask).all()


@given(arrays(np.int8, st.integers(0, 60), elements=st.integers(0, 3)))
def test_runs_tile_the_series_and_neighbours_differ(values):
    start, end = signals.runs(values)
    assert sum(end - start) == len(values)
    assert (start[1:] == end[:-1]).all()
    assert (values[start[1:]] != values[start[:-1]]).all()


def test_short_gaps_are_bridged_and_long_ones_part_the_signal():
    x = np.arange(100.0)
    gappy = x.copy()
    gappy[10:14] = np.nan  # 40 ms at 100 Hz
    gappy[40:60] = np.nan  # 200 ms
    first, second = signals.finite_pieces(gappy, rate_hz=100.0)
    assert (first.start_s, second.start_s) == (0.0, 0.6)
    assert first.values == pytest.approx(x[:40])
    assert second.values == pytest.approx(x[60:])
    assert np.isnan(gappy[10])  # the caller's array is left alone


@given(arrays(float, st.integers(0, 40), elements=st.sampled_from([0.0, 1.0, np.nan, np.inf])))
def test_pieces_hold_no_gap_and_never_more_samples_than_there_were(values):
    pieces = signals.finite_pieces(values, rate_hz=10.0, bridge_s=0.2)
    assert all(np.isfinite(piece.values).all() for piece in pieces)
    assert sum(len(piece.values) for piece in pieces) <= len(values)


def test_an_irregular_clock_becomes_uniform_pieces():
    rng = np.random.default_rng(3)
    time_s = np.sort(rng.uniform(0, 10, 2000))
    time_s = time_s[(time_s < 4) | (time_s > 6)]
    values = np.column_stack((2 * time_s, 1 - time_s))
    first, second = signals.uniform_pieces(time_s, values, rate_hz=50.0, gap_s=0.5)
    grid = first.start_s + np.arange(len(first.values)) / 50.0
    assert first.values == pytest.approx(np.column_stack((2 * grid, 1 - grid)), abs=0.05)
    assert second.start_s >= 6
    assert first.start_s + len(first.values) / 50 < 4.1


def test_rows_without_a_value_and_repeated_times_are_left_out():
    (piece,) = signals.uniform_pieces(
        [0.0, 0.1, 0.1, 0.2, 0.3], [0.0, 1.0, 9.0, np.nan, 3.0], rate_hz=10.0, gap_s=0.3
    )
    assert piece.values == pytest.approx([0.0, 1.0, 2.0, 3.0])


def test_a_clock_that_runs_backward_is_the_callers_mistake():
    with pytest.raises(BadInput, match="Sort the samples"):
        signals.uniform_pieces([1.0, 0.0], [1.0, 2.0], rate_hz=10.0)
    with pytest.raises(BadInput, match=r"rate_hz is nan, but must be above 0"):
        signals.uniform_pieces([0.0, 1.0], [1.0, 2.0], rate_hz=float("nan"))


@given(st.integers(0, 500), st.floats(0.5, 20), st.floats(0, 10))
def test_block_cores_tile_the_signal(samples, block_s, margin_s):
    cut = list(signals.blocks(samples, rate_hz=10.0, block_s=block_s, margin_s=margin_s))
    cores = [k for b in cut for k in range(b.core_start, b.core_end)]
    assert cores == list(range(samples))
    assert all(0 <= b.start <= b.core_start < b.core_end <= b.end <= samples for b in cut)


def test_decimation_averages_whole_groups():
    mean, rate_hz = signals.decimate(np.arange(10.0), rate_hz=100.0, lowest_hz=30.0)
    assert rate_hz == pytest.approx(100 / 3)
    assert mean == pytest.approx([1.0, 4.0, 7.0])
    same, rate_hz = signals.decimate(np.arange(10.0), rate_hz=30.0, lowest_hz=25.0)
    assert (len(same), rate_hz) == (10, 30.0)
