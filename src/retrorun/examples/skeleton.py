"""The simulated person's skeleton: lengths, the columns of a posture, and where segments are.

Body frame: x ahead, y to the left, z up, its origin on the ground below the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput

Floats = NDArray[np.float64]


class Joint(IntEnum):
    """Columns of a cycle. Positions in m, angles in rad; of legs and arms against the vertical."""

    PELVIS_X = 0
    PELVIS_Y = 1
    PELVIS_Z = 2  #: of the middle between the hips, above the ground
    PELVIS_YAW = 3
    PELVIS_PITCH = 4  #: positive leans forward
    PELVIS_ROLL = 5  #: positive raises the left side
    TRUNK_YAW = 6
    TRUNK_PITCH = 7
    TRUNK_ROLL = 8
    LEFT_LEG = 9  #: four columns: roll outward to the left, thigh, shank, pitch of the foot
    RIGHT_LEG = 13  #: the same; thigh and shank positive ahead, foot positive toes up
    LEFT_ARM = 17  #: two columns: upper arm, forearm; positive ahead
    RIGHT_ARM = 19


COLUMNS = 21


@dataclass(frozen=True, slots=True)
class Body:
    """Lengths of segments as shares of the height (Winter's table after Drillis and Contini)."""

    height_m: float = 1.75
    thigh: float = 0.245
    shank: float = 0.246
    ankle: float = 0.039  #: above the sole
    heel: float = 0.035  #: behind the ankle
    ball: float = 0.085  #: ahead of the ankle: about which the foot rolls off
    hip: float = 0.048  #: half the distance of the hip joints
    lumbar: float = 0.06  #: where the trunk begins, above the hips
    shoulder: float = 0.25  #: above that
    shoulder_half: float = 0.115
    upper_arm: float = 0.186
    forearm: float = 0.146

    def length_m(self, name: str) -> float:
        return float(getattr(self, name)) * self.height_m


def hip_joint(joints: Floats, body: Body, *, left: bool) -> Floats:
    """Hip joint in the body frame, (n, columns) -> (n, 3)."""
    half = body.length_m("hip") * (1.0 if left else -1.0)
    yaw, roll = joints[:, Joint.PELVIS_YAW], joints[:, Joint.PELVIS_ROLL]
    lever = np.stack([-np.sin(yaw) * np.cos(roll), np.cos(yaw) * np.cos(roll), np.sin(roll)], 1)
    hip: Floats = joints[:, : Joint.PELVIS_YAW] + half * lever
    return hip


def segment_pose(joints: Floats, body: Body, segment: str) -> tuple[Floats, Floats]:
    """Origin (n, 3) and axes (n, 3, 3) of a segment in the body frame, of postures (n, columns).

    Segments are pelvis (its origin is between the hips), trunk, and with ``left_`` or ``right_``
    thigh, shank, foot (origin: the ankle), upper_arm, forearm.
    """
    pelvis = joints[:, : Joint.PELVIS_YAW]
    yaw, pitch, roll = (joints[:, c] for c in (3, 4, 5))
    pelvis_axes = about("z", yaw) @ about("x", roll) @ about("y", pitch)
    if segment == "pelvis":
        return pelvis, pelvis_axes
    side, _, part = segment.partition("_")
    sign = 1.0 if side == "left" else -1.0
    if part in ("thigh", "shank", "foot"):
        hip = hip_joint(joints, body, left=side == "left")
        leg = joints[:, Joint.LEFT_LEG if side == "left" else Joint.RIGHT_LEG :][:, :4]
        return _leg(leg, body, part, hip=hip, spin=0.5 * yaw)
    trunk = pelvis + body.length_m("lumbar") * pelvis_axes[:, :, 2]
    yaw, pitch, roll = (joints[:, c] for c in (6, 7, 8))
    trunk_axes = about("z", yaw) @ about("x", roll) @ about("y", pitch)
    if segment == "trunk":
        return trunk, trunk_axes
    if part not in ("upper_arm", "forearm"):
        raise BadInput("segment", segment, "a segment of the body")
    reach = np.array([0.0, sign * body.length_m("shoulder_half"), body.length_m("shoulder")])
    arm = joints[:, Joint.LEFT_ARM if side == "left" else Joint.RIGHT_ARM :][:, :2]
    return _arm(arm, body, part, shoulder=trunk + trunk_axes @ reach, outward=0.12 * sign)


def _leg(leg: Floats, body: Body, part: str, *, hip: Floats, spin: Floats) -> tuple[Floats, Floats]:
    """`spin` turns the thigh about its own axis, with the pelvis. [rad]"""
    tilt = about("x", leg[:, 0])
    thigh = tilt @ about("y", -leg[:, 1])
    if part == "thigh":
        return hip, thigh @ about("z", spin)
    shank = tilt @ about("y", -leg[:, 2])
    knee = hip - body.length_m("thigh") * thigh[:, :, 2]
    if part == "shank":
        return knee, shank
    return knee - body.length_m("shank") * shank[:, :, 2], about("y", -leg[:, 3])


def _arm(
    arm: Floats, body: Body, part: str, *, shoulder: Floats, outward: float
) -> tuple[Floats, Floats]:
    tilt = about("x", np.full(len(arm), outward))
    upper = tilt @ about("y", -arm[:, 0])
    if part == "upper_arm":
        return shoulder, upper
    return shoulder - body.length_m("upper_arm") * upper[:, :, 2], tilt @ about("y", -arm[:, 1])


def about(axis: Literal["x", "y", "z"], angle_rad: Floats) -> Floats:
    """Rotation matrices about an axis, (n,) -> (n, 3, 3)."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.zeros((len(angle_rad), 3, 3))
    out[:, 3 - i - j, 3 - i - j] = 1.0
    out[:, i, i] = out[:, j, j] = np.cos(angle_rad)
    out[:, j, i] = np.sin(angle_rad)
    out[:, i, j] = -out[:, j, i]
    return out
