"""Distance, altitude and gradient against published values and ways with a known length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.gait import track


def test_a_quarter_of_the_globe() -> None:
    """From the equator to the pole is 10,002 km on the ellipsoid; the sphere may be 0.5 % off."""
    steps = track.step_distance_m(np.array([0.0, 90.0]), np.array([0.0, 0.0]))
    assert steps[1] == pytest.approx(10_001_966, rel=0.005)


def test_paris_to_london_is_as_far_as_an_independent_geodesic_says() -> None:
    """343.923 km between (48.8566, 2.3522) and (51.5074, -0.1278), by Karney's geodesic."""
    steps = track.step_distance_m(np.array([48.8566, 51.5074]), np.array([2.3522, -0.1278]))
    assert steps[1] == pytest.approx(343_923, rel=0.005)


def test_a_gap_is_crossed_in_a_straight_line() -> None:
    longitude = np.array([0.0, np.nan, 0.002])
    steps = track.step_distance_m(np.zeros(3), longitude)
    assert steps[1] == 0
    assert steps[2] == pytest.approx(222.39, abs=0.01)


@given(st.lists(st.floats(0, 12), min_size=12, max_size=60))
def test_speed_is_the_metres_of_its_window_over_its_length(advances: list[float]) -> None:
    """Away from the ends the window of 10 s holds ten whole steps."""
    way = np.concatenate([[0.0], np.cumsum(advances)])
    time_s = np.arange(len(way), dtype=float)
    piece = track.pieces_of(time_s, broken_before=np.zeros(len(way), bool), longest_gap_s=10)
    speed = track.speed_from_distance(time_s, way, grid_s=time_s, piece=piece)
    for middle in range(5, len(way) - 5):
        assert speed[middle] == pytest.approx(sum(advances[middle - 5 : middle + 5]) / 10)


def test_speed_never_looks_over_a_break() -> None:
    time_s = np.arange(100.0)
    way = np.where(time_s < 50, time_s * 3.0, 150 + (time_s - 50) * 1.0)
    broken = time_s == 50
    piece = track.pieces_of(time_s, broken_before=broken, longest_gap_s=10)
    speed = track.speed_from_distance(time_s, way, grid_s=time_s, piece=piece)
    np.testing.assert_allclose(speed[:49], 3.0)
    np.testing.assert_allclose(speed[50:], 1.0)


def test_net_speed_does_not_add_up_noise() -> None:
    """Standing with 2 m of noise: the way between fixes is 2.8 m/s long, the straight line not."""
    rng = np.random.default_rng(1)
    time_s = np.arange(600.0)
    north, east = rng.normal(0, 2 / 111_195, (2, 600))
    piece = np.zeros(600, dtype=int)
    along = track.step_distance_m(north, east)[1:].mean()
    net = track.net_speed(time_s, north, east, grid_s=time_s, piece=piece)
    assert along > 2.0
    assert np.mean(net) < 0.6


def test_net_speed_crosses_the_180th_meridian() -> None:
    time_s = np.arange(60.0)
    longitude = (time_s - 30) * 3.0 / 111_195 + 180
    net = track.net_speed(
        time_s,
        np.zeros(60),
        np.where(longitude > 180, longitude - 360, longitude),
        grid_s=time_s[:-1],
        piece=np.zeros(60, dtype=np.intp),
    )
    np.testing.assert_allclose(net, 3.0, rtol=1e-4)


def test_a_lone_teleport_is_found_and_a_fast_runner_is_not() -> None:
    time_s = np.arange(50.0)
    longitude = time_s * 9.0 / 111_195
    assert not track.teleports(time_s, np.zeros(50), longitude, fastest_m_s=12.5).any()
    longitude[20] += 0.01
    found = track.teleports(time_s, np.zeros(50), longitude, fastest_m_s=12.5)
    np.testing.assert_array_equal(np.flatnonzero(found), [20])


def test_ascent_counts_hills_and_not_noise() -> None:
    way = np.arange(0, 5000.0, 3.0)
    hills = 30 * np.sin(2 * np.pi * way / 2500)
    noise = np.random.default_rng(0).normal(0, 0.5, len(way))
    smoothed = track.smooth_altitude(hills + noise, way)
    assert track.ascent_m(smoothed) == pytest.approx(120, rel=0.08)
    flat = track.smooth_altitude(noise, way)
    assert track.ascent_m(flat) < 10


def test_gradient_of_a_ramp() -> None:
    way = np.arange(0, 1000.0, 3.0)
    assert np.nanmedian(track.gradient(way * 0.08, way)) == pytest.approx(0.08)
    standing = np.zeros(100)
    assert np.isnan(track.gradient(standing, standing)).all()


def test_pauses_by_the_device_and_by_a_standing_odometer() -> None:
    time_s = np.array([0.0, 1, 2, 60, 61, 120, 121])
    odometer = np.array([0.0, 3, 6, 6, 9, 12, 15])
    paused = track.moved_in_pause(time_s, pauses=np.array([[61.0, 120.0]]), odometer_m=odometer)
    np.testing.assert_array_equal(np.flatnonzero(paused), [3, 5])


def test_values_on_a_grid_stop_at_gaps() -> None:
    out = track.on_grid(
        np.array([0.0, 2, 2, 30]),
        np.array([1.0, 3, 5, 9]),
        grid_s=np.arange(0, 5.0),
        longest_gap_s=10,
    )
    np.testing.assert_allclose(out, [1, 2.5, 4, np.nan, np.nan])
