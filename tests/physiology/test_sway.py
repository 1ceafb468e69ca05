"""The standing test against pendulums and ellipses whose sway is known by algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import t as student

from retrorun.examples.body import movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import worn
from retrorun.physiology.sway import (
    FIGURES,
    PUBLISHED,
    Repeated,
    Sway,
    difference,
    repeatability,
    stance,
)

G = 9.81
HEIGHT_M = 1.3  # of the phone above the ankles

seeds = st.integers(0, 2**32 - 1)


def pendulum(
    *, angle_rad=0.01, frequency_hz=0.25, across_rad=0.0, seconds=40.0, rate_hz=100.0, noise=0.0
):
    """What a phone on an inverted pendulum feels, exactly: axes ahead, left, up.

    The pendulum swings as angle sin(wt) ahead and across cos(wt) to the left. In its own axes
    the phone feels (h w2 + g) times the angle for small angles, from turning and from gravity.
    """
    time = np.arange(0, seconds, 1 / rate_hz)
    w = 2 * np.pi * frequency_hz
    ahead, left = angle_rad * np.sin(w * time), across_rad * np.cos(w * time)
    factor = G + HEIGHT_M * w**2
    acc = np.stack([-factor * ahead, -factor * left, np.full(len(time), G)], axis=1)
    rng = np.random.default_rng(1)
    return time, acc + noise * rng.standard_normal(acc.shape)


def quiet(*, seconds=40.0, rate_hz=100.0, size=0.06, seed=0, noise=0.02):
    """Irregular sway below 1.5 Hz, and a sensor's noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(0, seconds, 1 / rate_hz)
    acc = np.zeros((len(time), 3))
    for axis in (0, 1):
        for f in np.arange(0.05, 1.5, 0.05):
            acc[:, axis] += np.cos(2 * np.pi * (f * time + rng.random())) / np.sqrt(f)
        acc[:, axis] *= size / np.sqrt(2) / acc[:, axis].std()
    acc[:, 2] = G
    return time, acc + noise * rng.standard_normal(acc.shape)


# ---- known sway ----


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0, 400.0])
@pytest.mark.parametrize("frequency_hz", [0.1, 0.3])
def test_a_pendulum_of_known_angle(frequency_hz, rate_hz):
    """Slow sway: root mean square of acceleration is g times that of the angle, and a little."""
    found = stance(*pendulum(frequency_hz=frequency_hz, rate_hz=rate_hz)).sway
    angle = 0.01 / np.sqrt(2)
    factor = G + HEIGHT_M * (2 * np.pi * frequency_hz) ** 2
    assert found.rms_m_s2 == pytest.approx(factor * angle, rel=0.01)
    if frequency_hz == 0.1:
        assert found.rms_m_s2 == pytest.approx(G * angle, rel=0.06)
    # To and fro in a line: 4 amplitudes a period, and its frequency is its own.
    assert found.path_m_s3 == pytest.approx(4 * factor * 0.01 * frequency_hz, rel=0.01)
    assert found.frequency_hz == pytest.approx(frequency_hz, rel=0.02)
    assert found.area_m2_s4 == pytest.approx(0, abs=1e-4)
    assert found.seconds == pytest.approx(30, abs=0.1)


def test_a_round_sway_of_known_area():
    """On a circle of radius r each axis varies by r²/2: the ellipse is pi 5.991 r²/2."""
    found = stance(*pendulum(across_rad=0.01, frequency_hz=0.2)).sway
    radius = 0.01 * (G + HEIGHT_M * (2 * np.pi * 0.2) ** 2)
    assert found.area_m2_s4 == pytest.approx(np.pi * 5.991 * radius**2 / 2, rel=0.01)
    assert found.rms_m_s2 == pytest.approx(radius, rel=0.01)
    assert found.frequency_hz == pytest.approx(0.2, rel=0.01)


def test_what_is_quicker_than_sway_does_not_count():
    time, acc = pendulum()
    plain = stance(time, acc).sway
    acc[:, 0] += 0.1 * np.sin(2 * np.pi * 12 * time)
    assert stance(time, acc).sway.rms_m_s2 == pytest.approx(plain.rms_m_s2, rel=0.01)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_how_the_phone_is_turned_changes_nothing(seed):
    time, acc = quiet()
    plain = stance(time, acc).sway
    turned = stance(time, Rotation.random(random_state=seed).apply(acc)).sway
    for name in FIGURES:
        assert getattr(turned, name) == pytest.approx(getattr(plain, name), rel=1e-6)


def test_twice_the_sway_is_twice_the_sway():
    one, two = (stance(*quiet(size=size, noise=0.0)).sway for size in (0.05, 0.10))
    assert two.rms_m_s2 == pytest.approx(2 * one.rms_m_s2, rel=1e-6)
    assert two.path_m_s3 == pytest.approx(2 * one.path_m_s3, rel=1e-6)
    assert two.area_m2_s4 == pytest.approx(4 * one.area_m2_s4, rel=1e-6)
    assert two.frequency_hz == pytest.approx(one.frequency_hz, rel=1e-6)


# ---- what happens in a recording ----


def test_taking_up_and_laying_down_the_phone_is_cut_off():
    time, acc = quiet(seconds=46)
    handled = acc.copy()
    for rows, way in ((time < 4, [0.0, 0.5, 1.0]), (time > 42, [1.0, 0.2, 0.3])):
        handled[rows] = Rotation.from_rotvec(way).apply(acc[rows])
        handled[rows] += np.random.default_rng(3).normal(0, 1.0, (int(rows.sum()), 3))
    found = stance(time, handled).sway
    assert 6 <= found.start_s <= 9
    assert found.start_s + found.seconds <= 40.5
    assert found.rms_m_s2 == pytest.approx(stance(time, acc).sway.rms_m_s2, rel=0.25)


def footfall(time, at):
    bump = np.exp(-0.5 * ((time - at) / 0.06) ** 2)
    return np.stack([2.0 * bump, 0.5 * bump, 4.0 * bump], axis=1)


def test_a_step_is_seen_and_its_time_said():
    time, acc = quiet(seconds=40)
    found = stance(time, acc + footfall(time, 12.0))
    assert found.events_s == pytest.approx((12.0,), abs=0.3)
    assert found.sway.start_s > 12.5
    without = stance(time, acc)
    assert without.events_s == ()
    assert found.sway.rms_m_s2 == pytest.approx(without.sway.rms_m_s2, rel=0.3)


def test_a_step_in_the_middle_of_a_short_trial_ends_it():
    time, acc = quiet(seconds=30)
    found = stance(time, acc + footfall(time, 15.0))
    assert found.sway is None
    assert "wanted at least 20; a step, touch or knock at 15 s" in found.reason


def test_a_fall_is_seen():
    time, acc = quiet(seconds=50)
    down = time > 40
    acc[down] = acc[down][:, [2, 0, 1]]
    found = stance(time, acc + 3 * footfall(time, 40.0))
    assert found.sway.start_s + found.sway.seconds < 40
    assert found.events_s[0] == pytest.approx(40, abs=1)


def test_a_gap_ends_a_stance():
    time, acc = quiet(seconds=60)
    keep = (time < 10) | (time > 12)
    found = stance(time[keep], acc[keep])
    assert found.sway.start_s > 12
    short = (time < 30) & ((time < 14) | (time > 16))
    assert "1 gaps" in stance(time[short], acc[short]).reason


def test_the_gyroscope_shows_handling_that_the_accelerometer_hides():
    """Turning about the vertical leaves gravity where it is."""
    time, acc = quiet(seconds=40)
    gyro = np.random.default_rng(2).normal(0, 0.01, acc.shape)
    gyro[(time > 20) & (time < 21), 2] = 1.5
    plain = stance(time, acc, gyro_time_s=time, gyro_rad_s=gyro * 0)
    assert plain.sway is not None
    found = stance(time, acc, gyro_time_s=time, gyro_rad_s=gyro)
    assert found.sway is None
    assert found.events_s == pytest.approx((20.5,), abs=0.5)


def test_walkers_and_runners_are_refused():
    bouts = [Bout(duration_s=60, motion="walk", direction="forward", speed_m_s=1.2)]
    time, acc, _ = worn(movement(bouts, seed=2), "chest")
    found = stance(time, acc)
    assert found.sway is None
    assert "of walking" in found.reason


def test_the_simulated_person_stands():
    """Its sway is a tilt of the trunk, known from its pose."""
    moved = movement([Bout(duration_s=45, motion="still")], seed=3)
    time, acc, gyro = worn(moved, "chest")
    found = stance(time, acc, gyro_time_s=time, gyro_rad_s=gyro).sway
    assert found.seconds == pytest.approx(30, abs=0.2)
    assert 0.015 < found.rms_m_s2 < 0.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t, a: (t[:0], a[:0]), "no acceleration"),
        (lambda t, a: (t, a * np.nan), "no acceleration"),
        (lambda t, a: (t, a * 0 + 9.81), "frozen"),
        (lambda t, a: (t, a / G), "in units of g"),
        (lambda t, a: (t, a - [0, 0, G]), "gravity included"),
        (lambda t, a: (t[::10], a[::10]), "10 Hz"),
        (lambda t, a: (t[:1500], a[:1500]), "wanted at least 20"),
        (lambda t, a: (t, a * 1e300), "no acceleration"),
    ],
)
def test_bad_input_is_refused_with_a_reason(change, reason):
    found = stance(*change(*quiet()))
    assert found.sway is None
    assert reason in found.reason


def test_a_phone_on_a_table_does_not_stand():
    time, acc = quiet(size=0.0, noise=0.02)
    assert "laid down" in stance(time, acc).reason


@given(
    seed=seeds,
    samples=st.integers(0, 5000),
    rate_hz=st.floats(1, 500),
    scale=st.sampled_from([0.0, 1e-300, 0.05, 5.0, 1e300]),
    holes=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_arbitrary_input_is_judged_or_refused_never_a_crash(seed, samples, rate_hz, scale, holes):
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / rate_hz + rng.normal(0, 0.2 / rate_hz, samples)
    acc = rng.standard_normal((samples, 3)) * scale + [0, 0, G]
    acc[rng.random(samples) < holes] = np.nan
    gyro = rng.standard_normal((samples // 2, 3))
    found = stance(time, acc, gyro_time_s=time[::2][: samples // 2], gyro_rad_s=gyro)
    assert (found.sway is None) == (found.reason is not None)
    if found.sway is not None:
        values = [getattr(found.sway, name) for name in FIGURES]
        assert np.isfinite(values).all()
        assert found.sway.seconds >= 19.9


# ---- repeated trials ----


def trial(rms, *, seconds=30.0):
    return Sway(
        start_s=2.0, seconds=seconds, rms_m_s2=rms, path_m_s3=0.2, area_m2_s4=0.02,
        frequency_hz=0.4,
    )  # fmt: skip


def test_typical_error_and_smallest_change_by_hand():
    """0.04, 0.05, 0.06: standard deviation 0.01; t(2, 95 %) = 2.920."""
    found = repeatability([trial(rms) for rms in (0.04, 0.05, 0.06)]).figures["rms_m_s2"]
    assert found.mean == pytest.approx(0.05)
    assert found.typical_error == pytest.approx(0.01)
    assert found.high - found.mean == pytest.approx(2.920 * 0.01 / np.sqrt(3), rel=1e-3)
    assert found.smallest_change == pytest.approx(2.920 * np.sqrt(2) * 0.01, rel=1e-3)
    assert found.typical_error_high == pytest.approx(0.01 * np.sqrt(2 / 0.1026), rel=1e-3)


def test_intervals_hold_the_truth_nine_times_of_ten():
    rng = np.random.default_rng(8)
    mean = change = single = 0
    for _ in range(400):
        a, b = (
            repeatability([trial(r) for r in rng.normal(centre, 0.01, 4)]).figures["rms_m_s2"]
            for centre in (0.05, 0.07)
        )
        mean += a.low <= 0.05 <= a.high
        step = difference(a, b)
        change += step.low <= 0.02 <= step.high
        single += abs(rng.normal(0, 0.01) - rng.normal(0, 0.01)) <= a.smallest_change
    assert min(mean, change, single) >= 0.86 * 400


def test_welch_by_hand():
    first = Repeated(
        mean=1.0, low=0, high=0, typical_error=0.2, typical_error_high=0, smallest_change=0,
        trials=4,
    )  # fmt: skip
    second = Repeated(
        mean=1.5, low=0, high=0, typical_error=0.4, typical_error_high=0, smallest_change=0,
        trials=4,
    )  # fmt: skip
    free = 0.05**2 / (0.01**2 / 3 + 0.04**2 / 3)
    found = difference(first, second)
    assert found.value == pytest.approx(0.5)
    assert found.high - 0.5 == pytest.approx(student.ppf(0.95, free) * np.sqrt(0.05))


def test_too_few_or_unlike_trials_are_refused():
    assert "wanted at least 3" in repeatability([trial(0.05)] * 2).reason
    unlike = [trial(0.05), trial(0.05), trial(0.05, seconds=20.0)]
    assert "20 to 30 s" in repeatability(unlike).reason
    assert repeatability([]).figures is None
    same = repeatability([trial(0.05)] * 3).figures["rms_m_s2"]
    assert (same.low, same.high) == pytest.approx((0.05, 0.05))
    step = difference(same, same)
    assert (step.low, step.value, step.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_repeated_stances_of_one_kind_tell_themselves_from_another():
    eyes_open, closed = (
        repeatability([stance(*quiet(size=size, seed=k)).sway for k in range(first, first + 4)])
        for first, size in ((0, 0.05), (10, 0.12))
    )
    found = difference(eyes_open.figures["rms_m_s2"], closed.figures["rms_m_s2"])
    assert found.low > 0


def test_what_is_published_stays_within_its_bounds():
    for row in PUBLISHED:
        assert row.icc is None or 0 <= row.icc[0] <= row.icc[1] <= 1
        assert row.change_percent is None or 0 < row.change_percent[0] <= row.change_percent[1]
