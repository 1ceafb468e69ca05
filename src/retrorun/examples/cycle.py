"""One cycle of a simulated person's gait: where pelvis, trunk, legs and arms are at each phase.

This is a SIMULATION: kinematics without muscles or forces, so no result about people can come
out of it. The pelvis moves as its vertical and fore-aft forces would move a point; the foot
rests on the ground during stance and rolls over heel and ball; in swing the leg follows
textbook curves, rounded, bent a little so that they meet the stance at both ends. Nothing is
fitted to any recording.

Body frame: x ahead, y to the left, z up, moving at the mean velocity. Angles in rad inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from retrorun.examples.skeleton import COLUMNS, Body, Joint, hip_joint
from retrorun.examples.styles import Curve, Style

Floats = NDArray[np.float64]

GRAVITY_M_S2 = 9.81

#: Points of a cycle's table: 2 to 3 ms of a stride.
POINTS = 400

#: Standard deviation of the Gaussian that rounds off corners: where the ground stops a foot ... [s]
SMOOTH_S = 0.010

#: ... and where muscles alone move a limb: the half-power frequency is 7 Hz. [s]
MUSCLE_SMOOTH_S = 0.02


#: Mean of the speeds at which flight was measured (3-17 km/h, Cavagna 2012), and how flight
#: grows with speed about it (ours, rounded). [m/s], [s per m/s]
AERIAL_M_S, AERIAL_SLOPE = 2.8, 0.02

#: About its last contact the ground gives the foot up this gradually. [s]
PUSH_OFF_S = 0.04

#: The lowest point of the foot in the middle of swing. [m]
CLEARANCE_M = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """A style at a velocity (body frame: ahead, left, up) and a cadence, for one body."""

    style: Style
    velocity_m_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cadence_steps_min: float = 0.0
    body: Body = field(default_factory=Body)

    @property
    def stride_s(self) -> float:
        """Length of a cycle: two steps, or two jumps. [s]"""
        return 120.0 / self.cadence_steps_min if self.cadence_steps_min else 1.0

    @property
    def duty(self) -> float:
        """Share of its own cycle that a foot is on the ground."""
        if self.style.duty is not None:
            return self.style.duty
        own_s = self.stride_s / 2 if self.style.together else self.stride_s
        return float((self.stride_s / 2 - self.aerial_s) / own_s)

    @property
    def aerial_s(self) -> float:
        """Flight in each step; 0 where a foot is always on the ground. [s]"""
        if self.style.aerial_s is None:
            return 0.0
        faster = float(np.hypot(*self.velocity_m_s[:2])) - AERIAL_M_S
        grown = 0.0 if self.style.together else AERIAL_SLOPE * faster
        return float(np.clip(self.style.aerial_s + grown, 0.02, 0.3 * self.stride_s))

    @property
    def travel_m(self) -> tuple[float, float, float]:
        """How far the body moves over a foot in stance."""
        ahead, left, up = (v * self.stride_s * self.duty for v in self.velocity_m_s)
        return ahead, left, up

    @property
    def scale(self) -> float:
        """How large the movements of the legs are, 1 in the textbook."""
        way_m = float(np.hypot(*self.travel_m[:2]))
        return float(np.clip(way_m / self.style.travel_m, 0.35, 1.4))


@lru_cache(maxsize=256)
def cycle(gait: Gait) -> Floats:
    """A full cycle, (`POINTS`, `COLUMNS`); row 0 is the left foot's initial contact."""
    phase = np.arange(POINTS) / POINTS
    out = np.zeros((POINTS, COLUMNS))
    _move_trunk(out, gait, phase)
    legs = [(Joint.LEFT_LEG, 1.0, 0.0), (Joint.RIGHT_LEG, -1.0, 0.5)]
    steps = [_ankle_in_stance(out, gait, phase, side, shift) for _, side, shift in legs]
    out[:, Joint.PELVIS_Z] += min(
        _highest_m(gait, hip, ankle, stance) for hip, ankle, stance in steps
    )
    for column, side, shift in legs:
        out[:, column : column + 4] = _leg(out, gait, phase, side, shift)
    out.flags.writeable = False
    return out


def _move_trunk(out: Floats, gait: Gait, phase: Floats) -> None:
    """Pelvis about its mean height, trunk and arms."""
    style, sign = gait.style, -1.0 if gait.velocity_m_s[0] < 0 else 1.0
    alternate = 0.0 if style.together else 1.0
    turn = 2 * np.pi * phase
    over_left = alternate * np.cos(turn - np.pi * gait.duty)
    reach = alternate * sign * np.cos(turn)
    lean, ripple = np.radians(style.lean_deg), np.radians(1.5) * (gait.cadence_steps_min > 0)
    along = _fore_aft(gait, phase)
    speed = max(float(np.hypot(*gait.velocity_m_s[:2])), 1e-9)
    ahead, left = gait.velocity_m_s[0] / speed, gait.velocity_m_s[1] / speed
    out[:, Joint.PELVIS_X] = ahead * along
    out[:, Joint.PELVIS_Y] = left * along + style.sway_m * over_left
    out[:, Joint.PELVIS_Z] = _bounce(gait, phase)
    out[:, Joint.PELVIS_YAW] = -np.radians(style.yaw_deg) * reach
    out[:, Joint.PELVIS_PITCH] = 0.4 * lean + ripple * np.sin(2 * turn)
    out[:, Joint.PELVIS_ROLL] = np.radians(style.roll_deg) * over_left
    out[:, Joint.TRUNK_YAW] = -0.8 * out[:, Joint.PELVIS_YAW]
    out[:, Joint.TRUNK_PITCH] = lean + ripple * np.cos(2 * turn)
    out[:, Joint.TRUNK_ROLL] = -0.4 * out[:, Joint.PELVIS_ROLL]
    swing = np.radians(style.arm_deg) * min(gait.scale, 1.2)
    for column, side in ((Joint.LEFT_ARM, 1.0), (Joint.RIGHT_ARM, -1.0)):
        ahead_of_leg = -side * reach
        out[:, column] = swing * ahead_of_leg - 0.3 * swing
        elbow = np.radians(style.elbow_deg) + 0.4 * swing * ahead_of_leg
        out[:, column + 1] = out[:, column] + elbow


def _bounce(gait: Gait, phase: Floats) -> Floats:
    """Height of the pelvis about its mean. [m]

    With flight: a half-sine of vertical force in every contact, free fall between. Without: an
    inverted pendulum, lowest in double support, its excursion growing with the step squared.
    """
    style, step = gait.style, 2 * phase % 1.0
    if style.aerial_s is not None:
        step_s = gait.stride_s / 2
        contact = np.minimum(step * step_s / (step_s - gait.aerial_s), 1.0)
        force = np.sin(np.pi * contact) * (1 + style.skew * np.sin(2 * np.pi * contact))
        force = _rounded(force, gait.stride_s)
        return _twice_integrated(GRAVITY_M_S2 * (force / force.mean() - 1), gait.stride_s)
    lowest = gait.duty - 0.5 if gait.duty < 1 else 0.0  # in step phase: middle of both feet
    angle = 2 * np.pi * (step - lowest)
    half_m = 0.5 * style.rise_m * min(max(gait.scale, 0.6) ** 2, 1.5)
    wave: Floats = -half_m * (np.cos(angle) - 0.1 * np.cos(2 * angle))
    return wave


def _fore_aft(gait: Gait, phase: Floats) -> Floats:
    """Along the way, about the mean: every stance brakes, then pushes. [m]"""
    if gait.style.together or gait.cadence_steps_min == 0:
        return np.zeros(POINTS)
    total = np.zeros(POINTS)
    for shift in (0.0, 0.5):
        contact = np.minimum((phase + shift) % 1.0 / gait.duty, 1.0)
        total -= gait.style.brake_m_s2 * min(gait.scale, 1.2) * np.sin(2 * np.pi * contact)
    return _twice_integrated(total, gait.stride_s)


def _own_phase(gait: Gait, phase: Floats, shift: float) -> Floats:
    """Phase since the foot's own last initial contact."""
    return 2 * phase % 1.0 if gait.style.together else (phase + shift) % 1.0


def _own_s(gait: Gait) -> float:
    return gait.stride_s / 2 if gait.style.together else gait.stride_s


def _angle(gait: Gait, own: Floats, curve: Curve, *, reverse: bool = False) -> Floats:
    """A textbook curve at the foot's own phase, stance on stance and swing on swing. [rad]

    `own` runs over one whole table.
    """
    if len(curve) == 1:
        return np.full(len(own), np.radians(curve[0][1]))
    end = gait.style.stance_pct
    knots = [(p / end if p < end else 1 + (p - end) / (100 - end), v) for p, v in curve]
    at = np.array([k + 2 * turn for turn in (-1, 0, 1) for k, _ in knots])
    value = np.array([v for _ in range(3) for _, v in knots])
    duty = gait.duty
    swing = (own - duty) / max(1 - duty, 1e-9)
    where = np.where(own < duty, own / duty, 1 + swing)
    if reverse:
        where = np.where(where <= 1, 1 - where, 3 - where)
    angle: Floats = np.radians(PchipInterpolator(at, value)(where))
    return _rounded(angle, gait.stride_s, smooth_s=MUSCLE_SMOOTH_S)


def _foot_pitch(gait: Gait, own: Floats) -> Floats:
    size = float(np.sqrt(min(gait.scale, 1.05)))
    return size * _angle(gait, own, gait.style.foot)


def _rolling(gait: Gait, pitch: Floats) -> tuple[Floats, Floats]:
    """Ankle ahead of where it stands flat, and above the ground, rolling over heel or ball."""
    ankle = gait.body.length_m("ankle")
    pivot = np.where(pitch > 0, -gait.body.length_m("heel"), gait.body.length_m("ball"))
    ahead = pivot - pivot * np.cos(pitch) - ankle * np.sin(pitch)
    return ahead, ankle * np.cos(pitch) - pivot * np.sin(pitch)


def _standing_ankle(gait: Gait, pitch: Floats, own: Floats, side: float) -> Floats:
    """Ankle over a foot that stays on the ground, as the body moves on; (n, 3)."""
    ahead, up = _rolling(gait, pitch)
    since = (own - gait.duty / 2) * _own_s(gait)
    vx, vy, vz = gait.velocity_m_s
    home_y = side * gait.style.half_width_m
    centre = gait.style.centre_m * min(gait.scale, 1.2)
    return np.stack([centre + ahead - vx * since, home_y - vy * since, up - vz * since], axis=1)


def _hanging_ankle(gait: Gait, own: Floats) -> Floats:
    """Ankle below the hip by the textbook's thigh and knee, in the plane of the leg; (n, 3)."""
    style = gait.style
    swing = min(gait.scale, 1.2) * style.thigh_scale
    thigh = swing * _angle(gait, own, style.thigh, reverse=style.reverse)
    bend = min(gait.scale, 1.2) ** 0.5 * style.knee_scale
    shank = thigh - bend * _angle(gait, own, style.knee, reverse=style.reverse)
    upper, lower = gait.body.length_m("thigh"), gait.body.length_m("shank")
    ahead = upper * np.sin(thigh) + lower * np.sin(shank)
    return np.stack([ahead, 0 * own, -upper * np.cos(thigh) - lower * np.cos(shank)], axis=1)


def _ankle_in_stance(
    out: Floats, gait: Gait, phase: Floats, side: float, shift: float
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    own = _own_phase(gait, phase, shift)
    ankle = _standing_ankle(gait, _foot_pitch(gait, own), own, side)
    return hip_joint(out, gait.body, left=side > 0), ankle, own < gait.duty


def _highest_m(gait: Gait, hip: Floats, ankle: Floats, stance: NDArray[np.bool_]) -> float:
    """Mean height of the pelvis at which the stance leg is just never too long."""
    bend = np.radians(gait.style.least_knee_deg)
    upper, lower = gait.body.length_m("thigh"), gait.body.length_m("shank")
    longest = np.sqrt(upper**2 + lower**2 + 2 * upper * lower * np.cos(bend))
    apart = (ankle - hip)[stance]
    room = np.maximum(longest**2 - apart[:, 0] ** 2 - apart[:, 1] ** 2, 0.01)
    return float(np.min(np.sqrt(room) + apart[:, 2]))


def _leg(out: Floats, gait: Gait, phase: Floats, side: float, shift: float) -> Floats:
    """Roll, thigh, shank and foot over the cycle, (n, 4)."""
    own = _own_phase(gait, phase, shift)
    hip, pitch = hip_joint(out, gait.body, left=side > 0), _foot_pitch(gait, own)
    stands = _standing_ankle(gait, pitch, own, side)
    ankle = stands
    if gait.duty < 1:
        hangs = _hanging_ankle(gait, own) + hip
        hangs[:, 1] = side * gait.style.half_width_m
        again = _standing_ankle(gait, pitch, own - 1, side)
        swing = np.clip((own - gait.duty) / (1 - gait.duty), 0, 1)
        joined = hangs + _joining(stands - hangs, again - hangs, own, gait.duty)
        joined[:, 2] += _lift(gait, joined[:, 2], pitch, swing)
        ankle = np.where((own < gait.duty)[:, None], stands, joined)
        since_s = (own - gait.duty) * _own_s(gait)
        leaving = np.exp(-0.5 * (since_s / PUSH_OFF_S) ** 2)[:, None]
        eased = _rounded(ankle, gait.stride_s, smooth_s=MUSCLE_SMOOTH_S)
        ankle = leaving * eased + (1 - leaving) * _rounded(ankle, gait.stride_s)
    return np.column_stack([_bent(gait, ankle - hip), pitch])


def _lift(gait: Gait, ankle_up: Floats, pitch: Floats, swing: Floats) -> Floats:
    """How much higher to carry the foot so that neither heel nor ball scrapes the ground."""
    hump: Floats = np.sin(np.pi * swing) ** 2
    needed = 0.0
    if gait.velocity_m_s[2] == 0:
        lowest = ankle_up - _rolling(gait, pitch)[1]
        wide = hump > 0.2
        needed = max(0.0, float(np.max((CLEARANCE_M * hump - lowest)[wide] / hump[wide])))
    return (needed + gait.style.lift_m) * hump


def _joining(leaving: Floats, landing: Floats, own: Floats, duty: float) -> Floats:
    """What to add to the swing so that it begins and ends where the foot stands.

    `leaving` and `landing` are (n, 3), what is missing to the stance before and after. The foot
    leaves the ground without a kink; it lands with the textbook's speed, and the ground stops it.
    """
    order = np.argsort(own, kind="stable")
    clock, width, apart = own[order], 1 - duty, 0.02 * (1 - duty)

    def at(values: Floats, when: float) -> Floats:
        return np.array([np.interp(when, clock, column[order]) for column in values.T])

    start, end = at(leaving, duty), at(landing, clock[-1])
    rate = (at(leaving, duty + apart) - start) / apart * width
    w = np.clip((own - duty) / width, 0, 1)[:, None]
    fade = (2 * w + 1) * (1 - w) ** 2
    joined: Floats = fade * start + w * (1 - w) ** 2 * rate + (1 - fade) * end
    return joined


def _bent(gait: Gait, apart: Floats) -> Floats:
    """Roll, thigh and shank that put the ankle `apart` (n, 3) from the hip; (n, 3)."""
    upper, lower = gait.body.length_m("thigh"), gait.body.length_m("shank")
    down = np.hypot(apart[:, 1], apart[:, 2])
    reach = 0.999 * (upper + lower)
    distance = np.hypot(apart[:, 0], down)
    distance = reach - np.logaddexp(0, (reach - distance) / 0.004) * 0.004  # never beyond
    cosine = (distance**2 - upper**2 - lower**2) / (2 * upper * lower)
    knee = np.arccos(np.clip(cosine, -1, 1))
    thigh = np.arctan2(apart[:, 0], down) + np.arctan2(
        lower * np.sin(knee), upper + lower * np.cos(knee)
    )
    return np.stack([np.arctan2(apart[:, 1], -apart[:, 2]), thigh, thigh - knee], axis=1)


def _rounded(values: Floats, period_s: float, *, smooth_s: float = SMOOTH_S) -> Floats:
    """Smooth a periodic (n,) or (n, k) table with a Gaussian."""
    rate = np.fft.rfftfreq(len(values), period_s / len(values))
    keep = np.exp(-0.5 * (2 * np.pi * rate * smooth_s) ** 2)
    spectrum = np.fft.rfft(values, axis=0)
    spectrum *= keep if values.ndim == 1 else keep[:, None]
    smooth: Floats = np.fft.irfft(spectrum, len(values), axis=0)
    return smooth


def _twice_integrated(acceleration: Floats, period_s: float) -> Floats:
    """The periodic movement about zero that has this acceleration less its mean."""
    omega = 2 * np.pi * np.fft.rfftfreq(len(acceleration), period_s / len(acceleration))
    spectrum = np.fft.rfft(acceleration)
    spectrum[1:] /= -(omega[1:] ** 2)
    spectrum[0] = 0
    moved: Floats = np.fft.irfft(spectrum, len(acceleration))
    return moved
