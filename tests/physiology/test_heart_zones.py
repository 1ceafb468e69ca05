"""Time in zones: published bounds, and every judged second in exactly one zone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.errors import BadInput
from retrorun.physiology.heart_limits import Limits, limits_of
from retrorun.physiology.heart_zones import Scheme, zones

ALL = limits_of(resting_bpm=60, threshold_bpm=170, max_bpm=200)


def bounds(limits: Limits, by: Scheme) -> list[float]:
    found = zones(np.full(60, 100.0), limits=limits, by=by)
    assert found.zones is not None
    return [zone.low_bpm for zone in found.zones]


@pytest.mark.parametrize(
    ("limits", "by", "published"),
    [
        # Edwards: 50 to 90 % of a maximum of 200.
        (ALL, "max", [0, 100, 120, 140, 160, 180]),
        # A page's example of Karvonen's reserve: maximum 180, resting 60 gives 132, 144, 156, 168.
        (limits_of(resting_bpm=60, max_bpm=180), "reserve", [0, 120, 132, 144, 156, 168]),
        # Friel's run zones, 85, 90, 95, 100, 103 and 106 %, of a threshold of 170, by hand.
        (ALL, "threshold", [0, 144.5, 153, 161.5, 170, 175.1, 180.2]),
    ],
)
def test_bounds_are_the_published_ones(limits: Limits, by: Scheme, published: list[float]) -> None:
    assert bounds(limits, by) == pytest.approx(published)


def test_a_second_on_a_bound_belongs_to_the_zone_above() -> None:
    bpm = np.array([99.9, 100, 119.9, 120, 199, 230])
    found = zones(bpm, limits=ALL, by="max")
    assert found.zones is not None
    assert [zone.time_s for zone in found.zones] == [1, 2, 1, 0, 0, 2]
    assert [zone.name for zone in found.zones] == ["below", "1", "2", "3", "4", "5"]


def test_the_top_zone_ends_at_the_maximum_or_where_belief_ends() -> None:
    for limits, by, top in (
        (ALL, "max", 200.0),
        (ALL, "threshold", 200.0),
        (limits_of(threshold_bpm=170), "threshold", 230.0),
    ):
        found = zones(np.full(60, 100.0), limits=limits, by=by)  # type: ignore[arg-type]
        assert found.zones is not None
        assert found.zones[-1].high_bpm == top
        json.dumps([zone.high_bpm for zone in found.zones], allow_nan=False)


@settings(max_examples=100)
@given(
    st.lists(st.one_of(st.floats(30, 230), st.just(np.nan)), min_size=1, max_size=80),
    st.sampled_from(["max", "reserve", "threshold"]),
    st.tuples(st.floats(35, 80), st.floats(120, 170), st.floats(171, 229)),
)
def test_zones_share_out_the_judged_seconds(
    bpm: list[float], by: Scheme, told: tuple[float, float, float]
) -> None:
    rest, threshold, top = told
    limits = limits_of(resting_bpm=rest, threshold_bpm=threshold, max_bpm=top)
    beats = np.array(bpm)
    found = zones(beats, limits=limits, by=by)
    assert (found.zones is None) == bool(found.reason)
    if found.zones is None:
        return
    assert sum(zone.time_s for zone in found.zones) == np.count_nonzero(np.isfinite(beats))
    for lower, upper in zip(found.zones, found.zones[1:], strict=False):
        assert lower.low_bpm < lower.high_bpm == upper.low_bpm
    for zone in found.zones[:-1]:
        inside = np.count_nonzero((beats >= zone.low_bpm) & (beats < zone.high_bpm))
        assert zone.time_s == inside


@pytest.mark.parametrize(
    ("limits", "by"),
    [
        (ALL, "threshold"),
        (limits_of(resting_bpm=60, max_bpm=180), "reserve"),
        (limits_of(max_bpm=180), "max"),
        (limits_of(age_years=40), "max"),
    ],
)
def test_without_a_wish_the_athlete_s_own_limits_come_first(limits: Limits, by: Scheme) -> None:
    assert zones(np.full(60, 100.0), limits=limits).by == by


def test_a_disproved_maximum_is_used_for_nothing_but_the_threshold_holds() -> None:
    bpm = np.full(60, 195.0)
    limits = limits_of(resting_bpm=50, max_bpm=190)
    for by in ("max", "reserve", None):
        found = zones(bpm, limits=limits, by=by)  # type: ignore[arg-type]
        assert (found.by, found.zones) == (None, None)
        assert "held 195 bpm, above the athlete's maximum (190 bpm)" in found.reason
    assert zones(bpm, limits=limits_of(threshold_bpm=170, max_bpm=190)).by == "threshold"


@pytest.mark.parametrize(
    ("limits", "by", "reason"),
    [
        (limits_of(), None, "the maximum heart rate is not known"),
        (limits_of(max_bpm=190), "reserve", "the resting heart rate is not known"),
        (limits_of(max_bpm=190), "threshold", "the heart rate at threshold is not known"),
    ],
)
def test_what_is_missing_is_named(limits: Limits, by: Scheme | None, reason: str) -> None:
    found = zones(np.full(60, 100.0), limits=limits, by=by)
    assert found.zones is None
    assert reason in found.reason


@pytest.mark.parametrize("bpm", [[], [np.nan, np.nan]])
def test_no_heart_rate_gives_no_zones(bpm: list[float]) -> None:
    assert zones(np.array(bpm, float), limits=ALL).reason == "no heart rate"


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(BadInput, match="by is power, but must be max, reserve or threshold"):
        zones(np.full(60, 100.0), limits=ALL, by="power")  # type: ignore[arg-type]
