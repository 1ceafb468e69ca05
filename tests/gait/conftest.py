"""Synthetic walking and running with contacts at known times; no recording is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

GRAVITY = 9.81
FINE_HZ = 2000.0


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A recording whose contacts are known."""

    acc: NDArray[np.float64]
    gyro: NDArray[np.float64]
    initial_s: NDArray[np.float64]
    final_s: NDArray[np.float64]
    rate_hz: float

    def reversed(self) -> Signal:
        """The same played backward in time: contacts begin where they ended."""
        end_s = (len(self.acc) - 1) / self.rate_hz
        return Signal(
            acc=self.acc[::-1].copy(),
            gyro=-self.gyro[::-1],
            initial_s=end_s - self.final_s[::-1],
            final_s=end_s - self.initial_s[::-1],
            rate_hz=self.rate_hz,
        )


def _sampled(fine: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Mean over each sample's own time, as a sensor's anti-aliasing does, at its middle."""
    group = round(FINE_HZ / rate_hz)
    padded = np.concatenate((np.repeat(fine[:1], group // 2, axis=0), fine))
    whole = len(padded) // group * group
    return padded[:whole].reshape(-1, group, fine.shape[1]).mean(axis=1)


def _smooth_step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def trunk_running(
    *, rate_hz: float = 100.0, step_s: float = 0.36, contact_s: float = 0.24, steps: int = 60
) -> Signal:
    """Half-sine ground force in every contact, free fall between; stands 3 s at both ends."""
    still_s = 3.0
    time = np.arange(round((2 * still_s + steps * step_s) * FINE_HZ)) / FINE_HZ
    phase = time - still_s - np.floor((time - still_s) / step_s) * step_s
    moving = (time >= still_s) & (time < still_s + steps * step_s)
    touching = moving & (phase < contact_s)
    peak = GRAVITY * np.pi / 2 * step_s / contact_s
    force = np.where(touching, peak * np.sin(np.pi * phase / contact_s), 0.0)
    force = np.where(moving, force, GRAVITY)
    travel = np.where(touching, -2.0 * np.sin(2 * np.pi * phase / contact_s), 0.0)
    acc = np.column_stack((travel, np.zeros_like(time), force))
    initial = still_s + np.arange(steps) * step_s
    return Signal(
        acc=_sampled(acc, rate_hz),
        gyro=np.zeros((len(_sampled(acc, rate_hz)), 3)),
        initial_s=initial,
        final_s=initial + contact_s,
        rate_hz=rate_hz,
    )


def foot(
    *,
    rate_hz: float = 100.0,
    stride_s: float = 0.72,
    contact_s: float = 0.25,
    speed_m_s: float = 3.0,
    strides: int = 40,
    backward: bool = False,
) -> Signal:
    """A foot that rests, rolls over its toes, swings and lands with a damped ringing.

    Backward the same path is gone the other way, and the ringing follows the new landing.
    """
    still_s = 3.0
    time = np.arange(round((2 * still_s + strides * stride_s) * FINE_HZ)) / FINE_HZ
    number = np.clip(np.floor((time - still_s) / stride_s), -1, strides - 1)
    phase = time - still_s - number * stride_s
    moving = (time >= still_s) & (time < still_s + strides * stride_s)
    swing = np.where(moving, np.clip((phase - contact_s) / (stride_s - contact_s), 0, 1), 0.0)
    roll = _smooth_step((phase / contact_s - 0.4) / 1.1) * moving
    pitch = -1.2 * roll * (1 - _smooth_step(swing * 1.25 - 0.1))
    pitch += 0.35 * np.sin(np.pi * np.clip((swing - 0.55) / 0.45, 0, 1)) ** 2
    x = (np.maximum(number, 0) + _smooth_step(swing)) * speed_m_s * stride_s
    z = 0.15 * np.sin(np.pi * swing) ** 2
    initial = still_s + np.arange(strides) * stride_s
    final = initial + contact_s
    if backward:
        x, z, pitch = x[::-1], z[::-1], pitch[::-1]
        initial, final = time[-1] - final[::-1], time[-1] - initial[::-1]
    since = time - initial[np.maximum(np.searchsorted(initial, time, side="right") - 1, 0)]
    ring = np.where((since >= 0) & (since < 0.1), 60 * np.exp(-since / 0.02), 0.0)
    ring = ring * np.cos(2 * np.pi * 30 * since)
    ahead, up = (np.gradient(np.gradient(s, 1 / FINE_HZ), 1 / FINE_HZ) for s in (x, z))
    up = up + GRAVITY + ring
    acc = np.column_stack(
        (
            ahead * np.cos(pitch) - up * np.sin(pitch),
            np.zeros_like(time),
            ahead * np.sin(pitch) + up * np.cos(pitch),
        )
    )
    rate = np.gradient(pitch, 1 / FINE_HZ)
    gyro = np.column_stack((np.zeros_like(rate), rate, np.zeros_like(rate)))
    return Signal(
        acc=_sampled(acc, rate_hz),
        gyro=_sampled(gyro, rate_hz),
        initial_s=initial,
        final_s=final,
        rate_hz=rate_hz,
    )


@pytest.fixture(scope="session")
def make_trunk():
    return trunk_running


@pytest.fixture(scope="session")
def make_foot():
    return foot
