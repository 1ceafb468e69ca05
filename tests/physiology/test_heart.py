"""Cleaning of heart rates: artefacts go and are counted, hearts stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.physiology.heart import clean

T = np.arange(600.0)


def test_dropouts_and_spikes_are_counted_apart() -> None:
    bpm = np.full(600, 140.0)
    bpm[100:110] = np.nan
    bpm[200] = 0
    bpm[300:303] = 220
    cleaned = clean(bpm, time_s=T)
    assert (cleaned.dropouts, cleaned.spikes) == (11, 3)
    assert np.isnan(cleaned.bpm[300:303]).all()
    assert np.nanmax(cleaned.bpm) == 140


@pytest.mark.parametrize("rise_s", [10, 12, 30])
def test_a_short_sprint_is_a_heart_and_no_artefact(rise_s: int) -> None:
    """40 beats up within 10 s and down within 18: as fast as hearts go."""
    bpm = np.interp(T, [0, 200, 200 + rise_s, 218 + rise_s, 600], [120, 120, 160, 120, 120])
    assert clean(bpm, time_s=T).spikes == 0


def test_intervals_are_left_alone_at_any_sampling() -> None:
    target = np.where((T // 60) % 2 == 0, 120.0, 165.0)
    bpm = np.empty(600)
    bpm[0] = 120
    for i in range(1, 600):
        bpm[i] = bpm[i - 1] + (target[i] - bpm[i - 1]) / 25
    bpm += np.random.default_rng(2).normal(0, 1, 600)
    for every in (1, 2, 5):
        assert clean(bpm[::every], time_s=T[::every]).spikes == 0


@settings(max_examples=100)
@given(st.lists(st.floats(0, 255), max_size=60))
def test_every_value_is_kept_or_counted(values: list[float]) -> None:
    bpm = np.array(values)
    cleaned = clean(bpm, time_s=np.arange(len(bpm), dtype=float))
    kept = np.isfinite(cleaned.bpm)
    assert np.count_nonzero(kept) + cleaned.dropouts + cleaned.spikes == len(bpm)
    np.testing.assert_array_equal(cleaned.bpm[kept], bpm[kept])
