"""Motion from synthetic steps, from speed, and on the recordings where they can be had."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from conftest import data_folder
from retrorun.errors import BadInput
from retrorun.gait import motion
from retrorun.gait.motion import (
    NOT_JUDGED,
    RUN,
    STILL,
    WALK,
    merge_short,
    motion_from_acceleration,
    motion_from_speed,
    spans,
)

DATA = data_folder()

codes = arrays(np.int8, st.integers(0, 40), elements=st.integers(0, 4))


@pytest.mark.parametrize("rate_hz", [25, 50, 100, 200, 400])
@pytest.mark.parametrize("backward", [False, True])
def test_running_at_the_trunk_is_running_with_its_cadence(make_trunk, rate_hz, backward):
    signal = make_trunk(rate_hz=rate_hz, step_s=0.36)
    signal = signal.reversed() if backward else signal
    found = motion_from_acceleration(signal.acc, rate_hz=rate_hz, placement="sacrum")
    inside = slice(6, -6)
    assert (found.code[inside] == RUN).all()
    assert found.cadence_steps_min[inside] == pytest.approx(60 / 0.36, rel=0.02)
    assert (found.periodicity[inside] > 0.8).all()


@pytest.mark.parametrize("gyro", [True, False])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    ("stride_s", "contact_s", "speed_m_s", "code"), [(1.1, 0.66, 1.3, WALK), (0.72, 0.25, 3.0, RUN)]
)
def test_a_foot_gives_the_cadence_of_both_feet(
    make_foot, stride_s, contact_s, speed_m_s, code, backward, gyro
):
    signal = make_foot(
        stride_s=stride_s, contact_s=contact_s, speed_m_s=speed_m_s, backward=backward
    )
    found = motion_from_acceleration(
        signal.acc, rate_hz=100, placement="left_foot", gyro_rad_s=signal.gyro if gyro else None
    )
    inside = slice(8, -8)
    assert (found.code[inside] == code).all()
    assert found.cadence_steps_min[inside] == pytest.approx(120 / stride_s, rel=0.03)


def test_standing_is_still_and_noise_is_not_walking():
    rng = np.random.default_rng(4)
    standing = rng.normal([0, 0, 9.81], 0.05, (2000, 3))
    found = motion_from_acceleration(standing, rate_hz=100, placement="waist")
    assert (found.code == STILL).all()
    assert np.isnan(found.cadence_steps_min).all()
    shaken = rng.normal([0, 0, 9.81], 4.0, (6000, 3))
    found = motion_from_acceleration(shaken, rate_hz=100, placement="waist")
    assert np.mean(found.code == motion.OTHER) > 0.8


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_axes_may_point_anywhere(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(1500) / 100
    acc = np.column_stack(
        (np.sin(12 * time), rng.normal(0, 0.5, 1500), 9.81 + 7 * np.sin(2 * np.pi * 2.7 * time))
    )
    turned = Rotation.random(rng=rng).apply(acc)
    plain = motion_from_acceleration(acc, rate_hz=100, placement="chest")
    other = motion_from_acceleration(turned, rate_hz=100, placement="chest")
    assert (plain.code == other.code).all()
    assert other.cadence_steps_min == pytest.approx(plain.cadence_steps_min, nan_ok=True)


def test_a_gap_is_not_judged_and_counted(make_trunk):
    signal = make_trunk(steps=120)
    acc = signal.acc.copy()
    acc[2000:2500] = np.nan
    found = motion_from_acceleration(acc, rate_hz=100, placement="sacrum")
    gap = found.code == NOT_JUDGED
    assert gap[20:25].all()
    assert np.flatnonzero(gap).min() >= 18
    assert np.flatnonzero(gap).max() <= 26
    assert np.count_nonzero(found.code == NOT_JUDGED) * found.epoch_s == gap.sum()
    assert np.isnan(found.cadence_steps_min[gap]).all()


@pytest.mark.parametrize("samples", [0, 1, 30, 99, 150])
def test_short_recordings_are_short_not_errors(samples):
    acc = np.tile([0, 0, 9.81], (samples, 1))
    found = motion_from_acceleration(acc, rate_hz=100, placement="sacrum")
    assert len(found.code) == samples // 100


def test_single_precision_gives_the_same(make_trunk):
    signal = make_trunk()
    double = motion_from_acceleration(signal.acc, rate_hz=100, placement="sacrum")
    single = motion_from_acceleration(
        signal.acc.astype(np.float32), rate_hz=100, placement="sacrum"
    )
    assert (double.code == single.code).all()


def test_rates_nobody_studied_are_refused():
    with pytest.raises(BadInput, match=r"rate_hz is 10, but must be between 25 and 400 Hz"):
        motion_from_acceleration(np.zeros((50, 3)), rate_hz=10, placement="sacrum")


@pytest.mark.parametrize(
    ("speed", "cadence", "code"),
    [
        (0.1, None, STILL),
        (1.3, None, WALK),
        (3.0, None, RUN),
        (1.2, 155.0, RUN),  # a backward shuffle
        (1.6, 110.0, WALK),
        (2.4, 120.0, WALK),  # brisk walking with a long step
        (2.4, 165.0, RUN),
        (20.0, None, motion.OTHER),
        (np.nan, None, NOT_JUDGED),
        (-1.0, None, NOT_JUDGED),
    ],
)
def test_speed_and_cadence_tell_the_gait(speed, cadence, code):
    steps = None if cadence is None else np.full(10, cadence)
    assert (motion_from_speed(np.full(10, speed), cadence_steps_min=steps) == code).all()


def test_the_gait_before_decides_between_the_thresholds():
    up = motion_from_speed([1.5] * 5 + [2.05] * 5 + [2.5] * 5)
    down = motion_from_speed([2.5] * 5 + [2.05] * 5 + [1.5] * 5)
    assert up.tolist() == [WALK] * 10 + [RUN] * 5
    assert down.tolist() == [RUN] * 10 + [WALK] * 5


@given(codes, st.integers(1, 5))
def test_merging_keeps_gaps_and_long_runs(code, shortest):
    merged = merge_short(code, shortest=shortest)
    assert ((merged == NOT_JUDGED) == (code == NOT_JUDGED)).all()
    assert set(merged) <= set(code)


@given(st.integers(3, 9), st.integers(3, 9), st.integers(3, 9))
def test_runs_that_are_long_enough_stay(first, second, third):
    code = np.repeat(np.array([0, 2, 1], dtype=np.int8), [first, second, third])
    assert (merge_short(code, shortest=3) == code).all()


@given(codes)
def test_spans_tile_the_series(code):
    rebuilt = [value for start, end, value in spans(code) for _ in range(end - start)]
    assert rebuilt == code.tolist()


@pytest.mark.skipif(
    not (DATA / "wrist-running").is_dir(), reason=f"no recordings at {DATA}/wrist-running"
)
def test_real_runners_wrists_run():
    for path in sorted((DATA / "wrist-running").glob("*.csv")):
        acc = np.loadtxt(path, delimiter=",", skiprows=1)[:, :3]
        found = motion_from_acceleration(acc, rate_hz=100, placement="left_wrist")
        assert np.mean(found.code == RUN) > 0.95, path.name
        assert 140 <= np.nanmedian(found.cadence_steps_min) <= 215, path.name


def test_a_slow_jog_near_the_threshold_of_cadence_does_not_flicker():
    """148 steps/min at 1.85 m/s, as a slow runner's foot pod gives it, after a quicker start."""
    rng = np.random.default_rng(0)
    cadence = np.concatenate([np.full(20, 156.0), 148 + rng.normal(0, 2, 600)])
    speed = np.full(len(cadence), 1.85)
    code = motion_from_speed(speed, cadence_steps_min=cadence)
    assert set(code) == {RUN}
    walking = motion_from_speed(speed, cadence_steps_min=np.full(len(speed), 128.0))
    assert set(walking) == {WALK}
