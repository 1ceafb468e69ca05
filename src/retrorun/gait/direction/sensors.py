"""Body-worn sensors as sources: from ragged samples to evidence, one sensor at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.contacts import GRAVITY_M_S2
from retrorun.gait.direction import frame, legs
from retrorun.gait.direction.frame import Wearing
from retrorun.gait.direction.heard import Heard
from retrorun.gait.direction.laws import LAW_RATE_HZ, Signals
from retrorun.gait.direction.states import (
    STEP_S,
    Evidence,
    Seen,
    Sensor,
    steps_between,
    two_ways,
)
from retrorun.gait.direction.trunk import trunk
from retrorun.gait.motion import ARMS, LOWEST_RATE_HZ, part_of, rate_to_judge_hz
from retrorun.signals import Piece, decimate, norm, running_mean, uniform_pieces

Signal = NDArray[np.floating]

#: Rate at which up is followed: a foot turns by half a radian between two samples at 25 Hz. [Hz]
UP_RATE_HZ = 50.0

#: So many rows show whether a sensor can be used at all. [-]
LOOKED_AT = 200_000

#: Only samples this far off gravity are looked at for clipping: standing would hide it. [m/s²]
CLIPPED_OFF_M_S2 = 2.0

#: A wearing with less movement than this shows no axis. [s]
SHORTEST_S = 8.0

#: Gaps up to this are bridged by straight lines: less than a stride is lost, and the axes that the
#: minutes before have shown are kept. [s]
BRIDGED_S = 1.0

#: Nobody's limb turns faster for a tenth of the time; a gyroscope in degrees a second does. [rad/s]
FASTEST_TURN_RAD_S = 35.0

#: Swing that a leg makes in the slowest walk, root mean square over a stride: less is a turn on the
#: spot or a shuffle, of which the laws know nothing. [rad/s]
LEAST_SWING_RAD_S = {"foot": 1.0, "shank": 1.0, "thigh": 0.6, "pocket": 0.6}

#: A trunk turns by 0.4 to 2 in walking and running, feet by 3 and more. [rad/s, root mean square]
TRUNK_TURNS_RAD_S = 2.5

#: Share of samples at the sensor's end of scale from which the shape of the steps is lost. [-]
CLIPPED_SHARE = 0.02

#: What listens at a part of the body.
LISTEN = {
    "foot": legs.foot,
    "shank": legs.shank,
    "thigh": legs.thigh,
    "pocket": legs.thigh,
    "sacrum": trunk,
    "chest": trunk,
    "waist": trunk,
}

#: Where a trunk sensor sits, seen from the axis the trunk turns about: +1 behind, -1 in front. A
#: belt may carry it on either side.
BEHIND = {"sacrum": 1.0, "chest": -1.0, "waist": 1.0}

#: How far a sensor's movement has to be what its placement promises: below the first nothing is
#: believed, from the second on everything. Legs are judged by how far the laws agree with each
#: other, trunks by how constantly they point to one side. Sensors worn where they were said to be
#: lie above the second figure in 19 of 20 recordings, wrists called legs below the first. [-]
TRUST = {
    "foot": (0.70, 0.80),
    "shank": (0.70, 0.80),
    "thigh": (0.60, 0.70),
    "pocket": (0.60, 0.70),
    "sacrum": (0.75, 0.85),
    "waist": (0.60, 0.75),
    "chest": (0.60, 0.75),
}

#: How often a placement's laws hold for a person and a style of moving at all: no amount of
#: samples makes it surer. Where legs were checked they always held; the trunk's did for all six
#: real walkers, but not for every style of the computed ones. A waist's front is a guess. [-]
RELIABILITY = {
    "foot": 0.99, "shank": 0.99, "thigh": 0.95, "pocket": 0.95,
    "sacrum": 0.75, "chest": 0.75, "waist": 0.75,
}  # fmt: skip


def leg_sensors(seen: Seen) -> tuple[Evidence, ...]:
    """Foot, shank, thigh and trouser pocket, on either side."""
    return _heard_at(seen, ("foot", "shank", "thigh", "pocket"))


def trunk_sensors(seen: Seen) -> tuple[Evidence, ...]:
    """Sacrum, chest and waist."""
    return _heard_at(seen, ("sacrum", "chest", "waist"))


def arm_sensors(seen: Seen) -> tuple[Evidence, ...]:
    """Wrist, hand, upper arm, and a phone nobody knows where: they cannot tell the direction.

    Arms swing alike both ways, and what a wrist tells of running (about five windows in six)
    would be wrong too often to be said.
    """
    return tuple(
        _silent(placement, seen.steps, f"{placement}: this placement cannot tell the direction")
        for placement in seen.sensors
        if part_of(placement) in (*ARMS, "phone")
    )


def _heard_at(seen: Seen, parts: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        sensor_evidence(placement, sensor, steps=seen.steps)
        for placement, sensor in seen.sensors.items()
        if part_of(placement) in parts
    )


@dataclass(eq=False)
class _Notes:
    """What one sensor said so far."""

    forward: NDArray[np.float32]
    heard: NDArray[np.bool_]
    yaw_rad_s: NDArray[np.float32]
    reasons: list[str] = field(default_factory=list)


def sensor_evidence(placement: str, sensor: Sensor, *, steps: int) -> Evidence:
    """What one sensor, said to be worn at `placement`, says of every step of the decoder."""
    rate_hz = rate_to_judge_hz(sensor.time_s)
    why = _unusable(sensor, rate_hz)
    if why is not None:
        return _silent(placement, steps, f"{placement}: {why}")
    notes = _Notes(
        forward=np.zeros(steps, dtype=np.float32),
        heard=np.zeros(steps, dtype=bool),
        yaw_rad_s=np.zeros(steps, dtype=np.float32),
    )
    rows = np.hstack([sensor.acc_m_s2, sensor.gyro_rad_s])
    for piece in uniform_pieces(sensor.time_s, rows, rate_hz=rate_hz, gap_s=BRIDGED_S):
        _listen(placement, piece, rate_hz=rate_hz, notes=notes)
    if not notes.heard.any() and not notes.reasons:
        notes.reasons.append(f"less than {SHORTEST_S:g} s of movement on end")
    return Evidence(
        witness=placement,
        told="sensors",
        log_likelihood=two_ways(-notes.forward),
        heard=notes.heard,
        yaw_rad_s=notes.yaw_rad_s,
        expected=True,
        reliability=RELIABILITY[part_of(placement)],
        reason=f"{placement}: {'; '.join(sorted(set(notes.reasons)))}" if notes.reasons else None,
    )


def _silent(placement: str, steps: int, reason: str) -> Evidence:
    nothing = np.zeros(steps, dtype=bool)
    return Evidence(
        witness=placement,
        told="sensors",
        log_likelihood=two_ways(np.zeros(steps)),
        heard=nothing,
        expected=True,
        reason=reason,
    )


def _unusable(sensor: Sensor, rate_hz: float) -> str | None:
    """Why a sensor's direction cannot be judged; None where it can."""
    if rate_hz < LOWEST_RATE_HZ:
        return f"sampled at {rate_hz:.3g} Hz, wanted at least {LOWEST_RATE_HZ:g}"
    some = slice(None, None, max(len(sensor.time_s) // LOOKED_AT, 1))
    acc, gyro = (rows[some] for rows in (sensor.acc_m_s2, sensor.gyro_rad_s))
    acc, gyro = (rows[np.isfinite(rows).all(axis=1)] for rows in (acc, gyro))
    if not len(acc):
        return "no row with all three axes"
    if not len(gyro):
        return "no gyroscope, which the direction needs"
    if float(np.quantile(norm(gyro), 0.9)) > FASTEST_TURN_RAD_S:
        return "turns faster than any limb (in degrees a second? wanted radians)"
    if float(np.ptp(gyro)) < 1e-6:
        return "the gyroscope never changes: a frozen sensor"
    clipped = _clipped_share(acc)
    if clipped > CLIPPED_SHARE:
        return f"{clipped:.0%} of the samples are at the end of the scale: the steps are cut off"
    return None


def _clipped_share(acc_m_s2: Signal) -> float:
    """Largest share of samples of an axis at its end of scale, of those in which it moves."""
    moved = acc_m_s2[np.abs(norm(acc_m_s2) - np.float32(GRAVITY_M_S2)) > CLIPPED_OFF_M_S2]
    if not len(moved):
        return 0.0
    shares = [
        np.count_nonzero(np.abs(moved[:, axis] - end) < 1e-3) / len(moved)
        for axis in range(moved.shape[1])
        for end in (moved[:, axis].max(), moved[:, axis].min())
    ]
    return float(max(shares))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carried:
    """A gap-free piece of a sensor with what is up and moves, and the ways it was worn."""

    acc_m_s2: NDArray[np.float32]  #: (n, 3)
    gyro_rad_s: NDArray[np.float32]  #: (n, 3)
    rate_hz: float
    up: NDArray[np.float32]  #: (n, 3)
    moves: NDArray[np.bool_]  #: (n,)
    wearings: list[Wearing]  #: those with `SHORTEST_S` of movement


def carried(piece: Piece, *, rate_hz: float, on_trunk: bool) -> Carried | None:
    """How a sensor was worn in a gap-free piece; None where that is too short to show it."""
    acc, rate = decimate(piece.values[:, :3], rate_hz=rate_hz, lowest_hz=UP_RATE_HZ)
    gyro, _ = decimate(piece.values[:, 3:], rate_hz=rate_hz, lowest_hz=UP_RATE_HZ)
    if len(acc) < SHORTEST_S * rate:
        return None
    up = frame.up(acc, gyro, rate_hz=rate)
    moves = frame.moving(acc, gyro, rate_hz=rate)
    seen = (
        frame.flung(acc, gyro, up, rate_hz=rate)
        if on_trunk
        else frame.hinge(gyro, up, rate_hz=rate)
    )
    return Carried(
        acc_m_s2=acc,
        gyro_rad_s=gyro,
        rate_hz=rate,
        up=up,
        moves=moves,
        wearings=[
            worn
            for worn in frame.wearings(up, seen, moves, rate_hz=rate, signed=on_trunk)
            if np.count_nonzero(moves[worn.start : worn.end]) >= SHORTEST_S * rate
        ],
    )


def _listen(placement: str, piece: Piece, *, rate_hz: float, notes: _Notes) -> None:
    """Fill in what a gap-free piece says, wearing by wearing."""
    on_trunk = placement in BEHIND
    whole = carried(piece, rate_hz=rate_hz, on_trunk=on_trunk)
    if whole is None:
        return
    acc, gyro, up, moves = whole.acc_m_s2, whole.gyro_rad_s, whole.up, whole.moves
    rate = whole.rate_hz
    yaw = frame.yaw_rate(gyro, up, rate_hz=rate)
    for worn in whole.wearings:
        part = slice(worn.start, worn.end)
        left = BEHIND[placement] * worn.side if on_trunk else worn.side
        raw, raw_hz = _in_plane(acc[part], gyro[part], up[part], left, rate_hz=rate)
        start_s = piece.start_s + worn.start / rate
        steps = steps_between(start_s, start_s + len(raw) / raw_hz, steps=len(notes.heard))
        when_s = (np.arange(steps.start, steps.stop) + 0.5) * STEP_S - start_s
        here = np.minimum((when_s * rate).astype(np.intp), worn.end - worn.start - 1)
        signals = Signals(
            raw={name: np.ascontiguousarray(raw[:, k]) for k, name in enumerate("VAW")},
            rate_hz=raw_hz,
            at=np.clip((when_s * raw_hz).astype(np.intp), 0, len(raw) - 1),
        )
        active = moves[part][here] & _swings(placement, raw, raw_hz)[signals.at]
        if not active.any():
            continue
        said = LISTEN[part_of(placement)](signals, active)
        trust = _trust(placement, worn, said)
        if on_trunk and _turning_rad_s(gyro[part][moves[part]]) > TRUNK_TURNS_RAD_S:
            trust = 0.0  # a leg or an arm
        if trust < 1:
            notes.reasons.append("moves unlike a sensor worn there, and is believed less or not")
        forward = said.forward
        if placement == "waist":  # front or back of the belt: the longer part is taken as forward
            forward = forward * np.sign(forward[active].sum(dtype=np.float64)).astype(np.float32)
        notes.forward[steps] = np.where(active, np.float32(trust) * forward, 0)
        notes.heard[steps] = active & (trust > 0)
        notes.yaw_rad_s[steps] = yaw[part][here]


def _trust(placement: str, worn: Wearing, said: Heard) -> float:
    """How far a wearing moves like what it was said to be, 0 to 1."""
    none, full = TRUST[part_of(placement)]
    seen = worn.constancy if placement in BEHIND else said.agreement
    return float(np.clip((seen - none) / (full - none), 0, 1))


def _turning_rad_s(gyro: Signal) -> float:
    """Root mean square of the turning, leaving out the tenth in which it is largest. [rad/s]"""
    turning = norm(gyro)
    usual = turning[turning <= np.quantile(turning, 0.9)]
    return float(np.sqrt(np.mean(usual.astype(np.float64) ** 2)))


def _swings(placement: str, raw: NDArray[np.float32], rate_hz: float) -> NDArray[np.bool_]:
    """Where a leg swings ahead and back as in walking, (m,), not sideways and not barely."""
    least = LEAST_SWING_RAD_S.get(part_of(placement))
    if least is None:
        return np.ones(len(raw), dtype=bool)
    pitch, roll = running_mean(raw[:, 2:] ** 2, rate_hz=rate_hz, window_s=2 * frame.WINDOW_S).T
    return np.asarray((pitch > least**2) & (pitch > roll))


def _in_plane(
    acc: Signal, gyro: Signal, up: Signal, left: NDArray[np.float64], *, rate_hz: float
) -> tuple[NDArray[np.float32], float]:
    """V, A and W of `laws` and the roll about the line ahead, (m, 4), at about 25 Hz; the rate."""
    side = left.astype(np.float32)
    ahead = np.cross(side, up)
    ahead /= np.maximum(norm(ahead), np.float32(1e-6))[:, None]
    raw = np.stack(
        [
            np.einsum("ij,ij->i", acc, up) - np.float32(GRAVITY_M_S2),
            np.einsum("ij,ij->i", acc, ahead),
            gyro @ side,
            np.einsum("ij,ij->i", gyro, ahead),
        ],
        axis=1,
    )
    return decimate(raw.astype(np.float32, copy=False), rate_hz=rate_hz, lowest_hz=LAW_RATE_HZ)
