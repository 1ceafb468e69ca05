"""One body-worn sensor on its own, possibly ragged, clock: motion by the second, and contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import contacts as contact_room
from retrorun.gait import motion, strides
from retrorun.gait.contacts import Contacts
from retrorun.gait.motion import part_of
from retrorun.signals import at_times, uniform_pieces

Floats = NDArray[np.float64]

#: Which placement tells motion best, first. The trunk moves once a step; a leg needs its stride
#: doubled; arms swing as they like; a phone may be anywhere.
TRUSTED = (
    "sacrum", "waist", "chest", "shank", "foot", "thigh", "pocket", "phone", "hand",
    "upper_arm", "wrist",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """What one sensor says of every second [k, k + 1), and of single steps."""

    placement: str
    code: NDArray[np.int8]  #: (n,) see `motion.NAMES`
    cadence_steps_min: Floats  #: (n,)
    contacts: Contacts | None  #: None where the placement has no detector
    reason: str | None = None  #: why nothing could be judged


def worn_sensor(
    acc_time_s: Floats,
    acc_m_s2: NDArray[np.floating],
    *,
    placement: str,
    seconds: int,
    gyro_time_s: Floats | None = None,
    gyro_rad_s: NDArray[np.floating] | None = None,
) -> Worn:
    """Judge a sensor over `seconds` seconds from the start of the recording.

    `acc_m_s2` (n, 3) is specific force at the times `acc_time_s` (n,), which never fall but may
    have gaps and jitter; the gyroscope may tick on another clock. Below 25 Hz nothing is judged.
    """
    code = np.full(seconds, motion.NOT_JUDGED, dtype=np.int8)
    cadence = np.full(seconds, np.nan)
    rate_hz = motion.rate_to_judge_hz(acc_time_s)
    why = _unusable(acc_m_s2, rate_hz=rate_hz, placement=placement)
    if why is not None:
        why = f"{placement}: {why}"
        return Worn(
            placement=placement, code=code, cadence_steps_min=cadence, contacts=None, reason=why
        )
    rows: NDArray[np.floating] = acc_m_s2
    if gyro_rad_s is not None and gyro_time_s is not None:
        rows = np.hstack([acc_m_s2, at_times(acc_time_s, gyro_time_s, gyro_rad_s)])
    found: list[tuple[float, Contacts]] = []
    longest_gap_s = max(0.1, 2.5 / rate_hz)
    for piece in uniform_pieces(acc_time_s, rows, rate_hz=rate_hz, gap_s=longest_gap_s):
        acc, gyro = piece.values[:, :3], piece.values[:, 3:] if rows.shape[1] > 3 else None
        judged = motion.motion_from_acceleration(
            acc, rate_hz=rate_hz, placement=placement, gyro_rad_s=gyro
        )
        _place(judged, piece.start_s, code, cadence)
        steps = contact_room.contacts(acc, rate_hz=rate_hz, placement=placement, gyro_rad_s=gyro)
        if steps is not None:
            found.append((piece.start_s, steps))
    return Worn(placement=placement, code=code, cadence_steps_min=cadence, contacts=_joined(found))


def best_of(sensors: list[Worn], *, seconds: int) -> tuple[NDArray[np.int8], Floats]:
    """Motion and cadence of each second from the most trusted sensor that could judge it."""
    code = np.full(seconds, motion.NOT_JUDGED, dtype=np.int8)
    cadence = np.full(seconds, np.nan)
    for sensor in sorted(sensors, key=lambda s: TRUSTED.index(part_of(s.placement))):
        open_ = (code == motion.NOT_JUDGED) & (sensor.code != motion.NOT_JUDGED)
        code[open_] = sensor.code[open_]
        cadence[open_] = sensor.cadence_steps_min[open_]
    return code, cadence


def strides_of(sensors: list[Worn]) -> tuple[str, strides.Strides] | None:
    """Strides from the sensors that see contacts best: two feet, two shanks, one leg, the trunk.

    Gives the part of the body too. None where no sensor sees contacts.
    """
    seen = {s.placement: s.contacts for s in sensors if s.contacts is not None}
    for part in ("foot", "shank"):
        left, right = seen.get(f"left_{part}"), seen.get(f"right_{part}")
        if left is not None and right is not None:
            return part, strides.strides_of_two_feet(
                left.initial_s,
                right_initial_s=right.initial_s,
                left_final_s=left.final_s,
                right_final_s=right.final_s,
            )
        one = left if left is not None else right
        if one is not None:
            return part, strides.strides_of_one_foot(one.initial_s, final_s=one.final_s)
    for placement in ("sacrum", "waist", "chest"):
        trunk = seen.get(placement)
        if trunk is not None:
            return placement, strides.strides_of_both_feet(trunk.initial_s, final_s=trunk.final_s)
    return None


#: A specific force at rest is 9.81; at the trunk its median stays near that in any movement. A leg
#: that runs is whirled about for most of the stride: its median doubles. [m/s²]
_GRAVITY_M_S2, _GRAVITY_LEG_M_S2 = (6.0, 14.0), (6.0, 40.0)


def _unusable(acc_m_s2: NDArray[np.floating], *, rate_hz: float, placement: str) -> str | None:
    """Why nothing can be judged from an accelerometer; None where it can."""
    if rate_hz < motion.LOWEST_RATE_HZ:
        return f"sampled at {rate_hz:.3g} Hz, wanted at least {motion.LOWEST_RATE_HZ:g}"
    # A few thousand rows tell the unit and whether it is frozen.
    some = acc_m_s2[:: max(len(acc_m_s2) // 5000, 1)].astype(np.float64)
    some = some[np.isfinite(some).all(axis=1)]
    if not len(some):
        return "no row with all three axes"
    if np.ptp(some, axis=0).max() < 1e-6:
        return "every sample is the same: a frozen sensor"
    usual = float(np.median(np.linalg.norm(some, axis=1)))
    may_be_a_leg = part_of(placement) in (*motion.LEGS, "phone")
    low, high = _GRAVITY_LEG_M_S2 if may_be_a_leg else _GRAVITY_M_S2
    if low <= usual <= high:
        return None
    hint = " (in units of g?)" if 0.6 <= usual <= 1.4 else ""
    return f"its usual size is {usual:.3g} m/s², wanted about 9.81: gravity included{hint}"


def _place(judged: motion.Motion, start_s: float, code: NDArray[np.int8], cadence: Floats) -> None:
    """Epochs that begin anywhere, put onto whole seconds: each takes the epoch at its middle."""
    first = max(int(np.ceil(start_s - 0.5)), 0)
    last = min(int(start_s + len(judged.code) * judged.epoch_s - 0.5) + 1, len(code))
    second = np.arange(first, last)
    epoch = ((second + 0.5 - start_s) / judged.epoch_s).astype(int)
    inside = (epoch >= 0) & (epoch < len(judged.code))
    code[second[inside]] = judged.code[epoch[inside]]
    cadence[second[inside]] = judged.cadence_steps_min[epoch[inside]]


def _joined(found: list[tuple[float, Contacts]]) -> Contacts | None:
    if not found:
        return None
    return Contacts(
        initial_s=np.concatenate([c.initial_s + start for start, c in found]),
        final_s=np.concatenate([c.final_s + start for start, c in found]),
        both_feet=found[0][1].both_feet,
        judged_s=sum(c.judged_s for _, c in found),
        not_judged_s=sum(c.not_judged_s for _, c in found),
    )
