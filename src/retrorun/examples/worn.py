"""What sensors worn by the simulated person of `body` would have measured.

Kinematics give specific force and angular velocity exactly; `SensorNoise` adds what makes them
look like a phone's: landing shocks, a pocket's wobble, noise, bias, clipping, an uneven clock.
The defaults are everyday values, chosen for the example and fitted to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.spatial.transform import Rotation

from retrorun.errors import BadInput
from retrorun.examples.body import (
    FINE_HZ,
    PAD,
    Movement,
    Touches,
    compass_deg,
    smooth_noise,
)
from retrorun.examples.cycle import GRAVITY_M_S2
from retrorun.examples.skeleton import Joint
from retrorun.recording import PLACEMENTS
from retrorun.signals import blocks, check_rate

Floats = NDArray[np.float64]

#: A long movement is worked through in blocks, so that memory stays bounded. [s]
BLOCK_S = 60.0

#: The person for whom `MOUNTS` are given. [m]
USUAL_HEIGHT_M = 1.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a sensor sits: a segment, and the place from its origin: ahead, left, up."""

    segment: str
    place_m: tuple[float, float, float]


def _mounts() -> dict[str, Mount]:
    mounts = {
        "sacrum": Mount(segment="pelvis", place_m=(-0.10, 0.0, 0.04)),
        "waist": Mount(segment="pelvis", place_m=(0.11, 0.0, 0.06)),
        "chest": Mount(segment="trunk", place_m=(0.11, 0.0, 0.26)),
        "pocket": Mount(segment="right_thigh", place_m=(0.07, -0.06, -0.14)),
    }
    for side, left in (("left", 1.0), ("right", -1.0)):
        mounts |= {
            f"{side}_thigh": Mount(segment=f"{side}_thigh", place_m=(0.05, 0.06 * left, -0.21)),
            f"{side}_shank": Mount(segment=f"{side}_shank", place_m=(0.04, 0.01 * left, -0.30)),
            f"{side}_foot": Mount(segment=f"{side}_foot", place_m=(0.07, 0.0, -0.01)),
            f"{side}_wrist": Mount(segment=f"{side}_forearm", place_m=(0.0, 0.03 * left, -0.23)),
            f"{side}_upper_arm": Mount(
                segment=f"{side}_upper_arm", place_m=(0.0, 0.05 * left, -0.16)
            ),
        }
    # Held in the hand: as at the wrist. Anywhere on the person: in the pocket.
    return mounts | {"hand": mounts["right_wrist"], "phone": mounts["pocket"]}


#: Placement -> where it is on a person of 1.75 m.
MOUNTS: Mapping[str, Mount] = MappingProxyType(_mounts())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """A landing's damped ringing as a segment feels it."""

    size_m_s2: float  #: at shock 1; its peak is about half of that
    frequency_hz: float
    decay_s: float


#: Landing shocks fade and slow down on their way up the body; sizes are rounded guesses.
SHOCKS: Mapping[str, Shock] = MappingProxyType(
    {
        "foot": Shock(size_m_s2=110.0, frequency_hz=30.0, decay_s=0.012),
        "shank": Shock(size_m_s2=70.0, frequency_hz=25.0, decay_s=0.015),
        "thigh": Shock(size_m_s2=30.0, frequency_hz=18.0, decay_s=0.020),
        "pelvis": Shock(size_m_s2=14.0, frequency_hz=14.0, decay_s=0.025),
        "trunk": Shock(size_m_s2=9.0, frequency_hz=12.0, decay_s=0.030),
        "upper_arm": Shock(size_m_s2=6.0, frequency_hz=10.0, decay_s=0.030),
        "forearm": Shock(size_m_s2=6.0, frequency_hz=10.0, decay_s=0.030),
    }
)

#: The shock pushes up and against the travel in this proportion.
_BRAKING_SHARE = 0.5

#: One landing differs from the next by this much. [-]
_SHOCK_SPREAD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorNoise:
    """How far a sensor is from ideal; the defaults are a phone's in ordinary use."""

    acc_noise_m_s2: float = 0.03  #: white, of each sample
    acc_bias_m_s2: float = 0.05
    gyro_noise_rad_s: float = 0.003  #: white, of each sample
    gyro_bias_rad_s: float = 0.005
    full_scale_g: float = 16.0  #: clipped there; older phones 8
    full_scale_rad_s: float = 34.9  #: 2000 degrees a second
    clock_drift_ppm: float = 20.0  #: the sensor's clock runs fast by this
    jitter_s: float = 0.0005  #: uneven moments of sampling
    wobble_rad: float = 0.02  #: of the sensor on its segment while the person moves
    wobble_spacing_s: float = 0.08  #: between independent wobbles
    shock: float = 1.0  #: share of the landing shocks


#: A phone in ordinary use.
PHONE = SensorNoise()

#: Nothing but the kinematics.
IDEAL = SensorNoise(
    acc_noise_m_s2=0.0,
    acc_bias_m_s2=0.0,
    gyro_noise_rad_s=0.0,
    gyro_bias_rad_s=0.0,
    full_scale_g=np.inf,
    full_scale_rad_s=np.inf,
    clock_drift_ppm=0.0,
    jitter_s=0.0,
    wobble_rad=0.0,
    shock=0.0,
)


def worn(
    moved: Movement,
    placement: str,
    *,
    rate_hz: float = 100.0,
    mounting: Rotation | None = None,
    noise: SensorNoise = PHONE,
    seed: int = 1,
) -> tuple[Floats, Floats, Floats]:
    """Time (n,) [s], specific force (n, 3) [m/s²] and angular velocity (n, 3) [rad/s].

    Parameters
    ----------
    moved : Movement
    placement : str
        A name of `recording.PLACEMENTS`.
    rate_hz : float
        1 to 400 Hz; each sample is the mean over its own time, as anti-aliasing does.
    mounting : Rotation, optional
        Turns vectors from the sensor's axes to the segment's (ahead, left, up); without one
        they are the same.
    noise : SensorNoise
    seed : int
        Of the noise; other placements get other noise from the same seed.
    """
    check_rate(rate_hz, low_hz=1.0, high_hz=FINE_HZ)
    if placement not in MOUNTS:
        raise BadInput("placement", placement, f"one of {', '.join(PLACEMENTS)}")
    key = [seed, PLACEMENTS.index(placement)]
    rng = np.random.default_rng(key)
    true_s = np.arange(int(moved.duration_s * rate_hz + 1e-9)) / rate_hz
    true_s = np.sort(true_s + rng.normal(0, noise.jitter_s, len(true_s)))
    true_s = np.clip(true_s, 0, moved.duration_s)
    felt = _felt(moved, placement, true_s, rate_hz=rate_hz, noise=noise, key=key)
    for part in (felt[:, :3], felt[:, 3:]):
        part[:] = part if mounting is None else mounting.apply(part, inverse=True)
    acc = _sensed(
        felt[:, :3],
        rng,
        white=noise.acc_noise_m_s2,
        bias=noise.acc_bias_m_s2,
        limit=noise.full_scale_g * GRAVITY_M_S2,
    )
    gyro = _sensed(
        felt[:, 3:],
        rng,
        white=noise.gyro_noise_rad_s,
        bias=noise.gyro_bias_rad_s,
        limit=noise.full_scale_rad_s,
    )
    return true_s * (1 + noise.clock_drift_ppm * 1e-6), acc, gyro


def phone_heading(
    moved: Movement,
    *,
    rate_hz: float = 5.0,
    offset_deg: float = 0.0,
    noise_deg: float = 3.0,
    disturbance_deg: float = 0.0,
    disturbance_s: float = 20.0,
    seed: int = 1,
) -> tuple[Floats, Floats]:
    """Time (n,) [s] and compass heading (n,) [deg] of a phone that turns with the pelvis.

    `offset_deg` is how the phone sits on the body, `disturbance_deg` the size of slow errors
    from iron nearby, changing over `disturbance_s`.
    """
    check_rate(rate_hz, low_hz=0.1, high_hz=FINE_HZ)
    key = [seed, len(PLACEMENTS)]
    time_s = np.arange(int(moved.duration_s * rate_hz + 1e-9)) / rate_hz
    facing = moved.root(0, moved.samples)[1]
    here = np.round(time_s * FINE_HZ).astype(int) + PAD
    yaw = np.concatenate(
        [
            moved.joints(b.core_start, b.core_end)[:, Joint.PELVIS_YAW]
            for b in blocks(moved.samples, rate_hz=FINE_HZ, block_s=BLOCK_S, margin_s=0)
        ]
    )
    iron = smooth_noise(key, size=disturbance_deg, spacing_s=disturbance_s, end_s=moved.duration_s)
    error = np.random.default_rng(key).normal(0, noise_deg, len(time_s)) + iron(time_s)
    heading: Floats = np.mod(compass_deg((facing + yaw)[here]) + offset_deg + error, 360.0)
    return time_s, heading


def _sensed(
    ideal: Floats, rng: np.random.Generator, *, white: float, bias: float, limit: float
) -> Floats:
    real = ideal + rng.normal(0, bias, 3) + rng.normal(0, white, ideal.shape)
    return np.clip(real, -limit, limit)


def _felt(
    moved: Movement,
    placement: str,
    at_s: Floats,
    *,
    rate_hz: float,
    noise: SensorNoise,
    key: list[int],
) -> Floats:
    """Specific force and angular velocity in the segment's axes at some rising times, (n, 6)."""
    out = np.empty((len(at_s), 6))
    width = max(1, round(FINE_HZ / rate_hz))
    lag = 0.5 if width % 2 == 0 else 0.0  # an even window is centred between two samples
    wobble = smooth_noise(
        [*key, 1],
        size=noise.wobble_rad,
        spacing_s=noise.wobble_spacing_s,
        end_s=moved.duration_s,
        axes=3,
    )
    landings = _landings(moved, MOUNTS[placement].segment, noise=noise, key=key)
    for block in blocks(moved.samples, rate_hz=FINE_HZ, block_s=BLOCK_S, margin_s=2.0):
        first, last = np.searchsorted(
            at_s, [(block.core_start - PAD) / FINE_HZ, (block.core_end - PAD) / FINE_HZ]
        ).tolist()
        if first == last:
            continue
        origin, axes = moved.pose(MOUNTS[placement].segment, block.start, block.end)
        time_s = moved.time_s(block.start, block.end)
        place = np.array(MOUNTS[placement].place_m) * moved.body.height_m / USUAL_HEIGHT_M
        position = origin + axes @ place
        if noise.wobble_rad:
            shake = wobble(time_s) * moved.moving(block.start, block.end)[:, None]
            axes = axes @ Rotation.from_rotvec(shake).as_matrix()
        fine = _inertial(position, axes, shock=_ringing(landings, time_s))
        fine = uniform_filter1d(fine, width, axis=0, mode="nearest")
        index = at_s[first:last] * FINE_HZ + PAD - (block.start + 1) + lag
        out[first:last] = _between(fine, index)
    return out


def _inertial(position: Floats, axes: Floats, *, shock: Floats) -> Floats:
    """Specific force and angular velocity at all samples but the first and the last, (n - 2, 6)."""
    acc = (position[2:] - 2 * position[1:-1] + position[:-2]) * FINE_HZ**2 + shock[1:-1]
    acc[:, 2] += GRAVITY_M_S2
    force = np.einsum("nji,nj->ni", axes[1:-1], acc)
    step = np.einsum("nji,njk->nik", axes[:-2], axes[2:])
    skew = 0.5 * np.stack(
        [
            step[:, 2, 1] - step[:, 1, 2],
            step[:, 0, 2] - step[:, 2, 0],
            step[:, 1, 0] - step[:, 0, 1],
        ],
        axis=1,
    )  # the axis times the sine of the angle
    sine = np.linalg.norm(skew, axis=1, keepdims=True)
    angle = np.arcsin(np.minimum(sine, 1.0))
    turn = skew * np.divide(angle, sine, out=np.ones_like(sine), where=sine > 1e-9)
    return np.hstack([force, turn * FINE_HZ / 2])


def _between(values: Floats, index: Floats) -> Floats:
    """Rows at fractional positions, linear."""
    low = np.clip(np.floor(index).astype(int), 0, len(values) - 2)
    part = np.clip(index - low, 0, 1)[:, None]
    rows: Floats = (1 - part) * values[low] + part * values[low + 1]
    return rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Landings:
    """Times of the landings that a segment feels, rising, and their push in the world."""

    shock: Shock
    time_s: Floats  #: (k,)
    push_m_s2: Floats  #: (k, 3)


def _landings(moved: Movement, segment: str, *, noise: SensorNoise, key: list[int]) -> _Landings:
    side, _, part = segment.partition("_")
    shock = SHOCKS[part or segment]
    feet = [moved.touches("left"), moved.touches("right")]
    if part in ("thigh", "shank", "foot"):
        feet = [moved.touches("left" if side == "left" else "right")]
    time_s, size = _in_order(feet)
    rng = np.random.default_rng([*key, 2])
    size = noise.shock * shock.size_m_s2 * size * np.exp(rng.normal(0, _SHOCK_SPREAD, len(size)))
    here = np.round(time_s * FINE_HZ).astype(int) + PAD
    velocity = np.gradient(moved.root(0, moved.samples)[0][:, :2], 1 / FINE_HZ, axis=0)[here]
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    against = -_BRAKING_SHARE * velocity / np.maximum(speed, 0.3)
    push = size[:, None] * np.hstack([against, np.ones((len(size), 1))])
    return _Landings(shock=shock, time_s=time_s, push_m_s2=push)


def _in_order(feet: list[Touches]) -> tuple[Floats, Floats]:
    time_s = np.concatenate([foot.initial_s for foot in feet])
    size = np.concatenate([foot.shock for foot in feet])
    order = np.argsort(time_s, kind="stable")
    return time_s[order], size[order]


def _ringing(landings: _Landings, time_s: Floats) -> Floats:
    """Acceleration in the world by the shocks of the landings, (n, 3)."""
    out = np.zeros((len(time_s), 3))
    shock = landings.shock
    lasts_s = 7 * shock.decay_s
    first, last = np.searchsorted(landings.time_s, [time_s[0] - lasts_s, time_s[-1]]).tolist()
    for when, push in zip(landings.time_s[first:last], landings.push_m_s2[first:last], strict=True):
        a, b = np.searchsorted(time_s, [when, when + lasts_s]).tolist()
        since = time_s[a:b] - when
        ring = np.exp(-since / shock.decay_s) * np.sin(2 * np.pi * shock.frequency_hz * since)
        out[a:b] += ring[:, None] * push
    return out
