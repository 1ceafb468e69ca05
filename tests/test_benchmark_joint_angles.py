"""The comparison of joint angles, on a made-up clip whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks import joint_angles
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRIDE = 70  # samples


def leg(phase: Floats) -> Floats:
    """Made-up angles of hip, knee and ankle [deg] at phases of a stride, not alike in reverse."""
    turn = 2 * np.pi * phase
    return np.array(
        [
            10 + 30 * np.sin(turn),
            50 - 40 * np.cos(turn - 0.4) + 15 * np.sin(2 * turn),
            5 + 12 * np.sin(2 * turn + 1.0) + 8 * np.cos(3 * turn),
        ]
    )


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of standing, then 3.5 strides backward; both legs half a stride apart."""
    count = 100 + round(3.5 * STRIDE)
    phase = np.arange(count) / STRIDE
    arrays: dict[str, NDArray[np.generic]] = {
        "label": np.where(np.arange(count) < 100, 0, 4).astype(np.int8),
        "forward_velocity_m_s": np.where(np.arange(count) < 100, 0.0, -2.5),
    }
    for side, shift in (("right", 0.0), ("left", 0.5)):
        for name, values in zip(joint_angles.ARRAYS, leg(phase + shift), strict=True):
            arrays[f"{side}_{name}"] = np.radians(values)
    path = tmp_path / "made_subject7.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_strides_are_cut_where_the_clip_runs(clip: Path) -> None:
    found = joint_angles.cut(clip)
    assert len(found.strides) == 3
    for stride in found.strides:
        assert (stride.person, stride.direction) == ("subject7", "backward")
        assert stride.stride_s == pytest.approx(STRIDE / 100)
        assert stride.speed_m_s == pytest.approx(2.5)
        assert stride.seam_deg == pytest.approx(0.0, abs=1e-6)
    assert found.stretches == {"forward": 0, "backward": 1}


def test_the_same_curve_shifted_and_raised_is_the_same(clip: Path) -> None:
    raised = np.array([[15.0], [-20.0], [3.0]])
    wanted = leg(np.linspace(0.37, 1.37, joint_angles.POINTS)) + raised
    for stride in joint_angles.cut(clip).strides:
        for side in stride.angles_deg:
            correlation, rms = joint_angles.compare(side[None], wanted)
            # Resampled from 70 samples, shifted by whole points of 101.
            assert correlation.min() > 0.998
            assert rms.max() < 1.0
    same = leg(np.linspace(0.0, 1.0, joint_angles.POINTS))[None]
    correlation, rms = joint_angles.compare(same, wanted)
    assert correlation == pytest.approx(1.0, abs=1e-9)
    assert rms == pytest.approx(0.0, abs=1e-4)


def test_one_shift_serves_all_joints() -> None:
    wanted = leg(np.linspace(0.0, 1.0, joint_angles.POINTS))
    shifted = wanted.copy()
    shifted[0] = leg(np.linspace(0.25, 1.25, joint_angles.POINTS))[0]
    correlation, _ = joint_angles.compare(shifted[None], wanted)
    assert correlation.min() < 0.9


def test_a_stride_in_reverse_is_another() -> None:
    wanted = leg(np.linspace(0.0, 1.0, joint_angles.POINTS))
    correlation, rms = joint_angles.compare(joint_angles.reversed_in_time(wanted)[None], wanted)
    assert correlation.mean() < 0.9
    assert rms.max() > 5.0


def test_what_does_not_repeat_gives_no_step() -> None:
    rng = np.random.default_rng(1)
    assert joint_angles.step_samples(np.cumsum(rng.normal(size=(2, 3, 200)), axis=-1)) is None
    assert joint_angles.step_samples(leg(np.arange(30) / STRIDE)[None].repeat(2, axis=0)) is None
