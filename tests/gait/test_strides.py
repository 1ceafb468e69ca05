"""Strides from contact times whose answers follow by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.errors import BadInput
from retrorun.gait.strides import (
    strides_of_both_feet,
    strides_of_one_foot,
    strides_of_two_feet,
)


def running(strides=30, *, stride_s=0.7, contact_s=0.25):
    left = np.arange(strides) * stride_s
    return left, left + stride_s / 2, contact_s


def test_two_feet_running_give_step_contact_and_flight():
    left, right, contact_s = running()
    found = strides_of_two_feet(
        left,
        right_initial_s=right,
        left_final_s=left + contact_s,
        right_final_s=right + contact_s,
    )
    assert found.count == 58
    assert found.dropped == 0
    assert found.stride_time_s == pytest.approx(0.7)
    assert found.step_time_s == pytest.approx(0.35)
    assert found.contact_time_s == pytest.approx(0.25)
    assert found.flight_time_s == pytest.approx(0.10)


def test_walking_has_negative_flight():
    left, right, _ = running(stride_s=1.1)
    strides = strides_of_two_feet(
        left, right_initial_s=right, left_final_s=left + 0.66, right_final_s=right + 0.66
    )
    assert strides.flight_time_s == pytest.approx(0.55 - 0.66)


def test_the_trunk_sees_both_feet():
    steps = np.arange(60) * 0.36
    found = strides_of_both_feet(steps, final_s=steps + 0.24)
    assert found.stride_time_s == pytest.approx(2 * 0.36)
    assert found.step_time_s == pytest.approx(0.36)
    assert found.flight_time_s == pytest.approx(0.12)


def test_one_foot_alone_knows_no_step():
    found = strides_of_one_foot(np.arange(30) * 0.7)
    assert np.isnan(found.step_time_s).all()
    assert np.isnan(found.flight_time_s).all()
    assert np.isnan(found.contact_time_s).all()
    assert found.stride_time_s == pytest.approx(0.7)


def test_a_pause_and_a_missed_contact_are_dropped_and_counted():
    left = np.arange(40) * 0.7
    paused = np.concatenate((left[:20], left[20:] + 30.0))
    missed = np.delete(left, 30)
    assert strides_of_one_foot(paused).dropped == 1
    assert strides_of_one_foot(missed).dropped == 1
    assert strides_of_one_foot(missed).stride_time_s == pytest.approx(0.7)


def test_a_step_missed_at_the_trunk_drops_its_strides():
    steps = np.delete(np.arange(60) * 0.36, 30)
    strides = strides_of_both_feet(steps)
    assert strides.dropped == 2
    assert strides.stride_time_s == pytest.approx(0.72)


@pytest.mark.parametrize("contacts", [[], [1.0]])
def test_hardly_any_contacts(contacts):
    for strides in (
        strides_of_one_foot(contacts),
        strides_of_both_feet(contacts),
        strides_of_two_feet(contacts, right_initial_s=[]),
    ):
        assert strides.count == 0
        assert strides.dropped == 0


@given(st.lists(st.floats(0.05, 3.0), max_size=60))
def test_every_stride_is_accepted_or_counted(gaps):
    contacts = np.cumsum([0.0, *gaps])
    strides = strides_of_one_foot(contacts)
    assert strides.count + strides.dropped == len(gaps)
    assert ((strides.stride_time_s >= 0.42) & (strides.stride_time_s <= 2.0)).all()


@given(st.floats(-1000, 1000))
def test_the_clocks_origin_does_not_matter(shift):
    left = np.cumsum(np.random.default_rng(8).normal(0.7, 0.02, 30))
    here, there = strides_of_one_foot(left), strides_of_one_foot(left + shift)
    assert there.stride_time_s == pytest.approx(here.stride_time_s)


def test_unsorted_contacts_are_the_callers_mistake():
    with pytest.raises(BadInput, match="Sort the contacts"):
        strides_of_one_foot([1.0, 0.5])
    with pytest.raises(BadInput, match="final_s is 1"):
        strides_of_one_foot([1.0, 1.5], final_s=[1.2])
