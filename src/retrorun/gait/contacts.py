"""Initial and final contacts of the feet, from a sensor at the foot, the shank or the trunk.

The sensor's axes may point anywhere, even mirrored: only lengths of vectors, and at the trunk
the direction of gravity, are used. Nothing presumes that the person moves forward. A detector
is a value (settings) that is called with the data; `DETECTORS` names them, `PLACED` says which
one serves where.

Constants that carry "measured here" were read off 18 recordings of forward walking of six
people with annotated contacts; the other constants are physical.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.gait.motion import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    STILL,
    motion_from_acceleration,
    part_of,
)
from retrorun.signals import (
    Piece,
    bandpass,
    blocks,
    check_rate,
    decimate,
    finite_pieces,
    highpass,
    lowpass,
    norm,
    running_mean,
    running_minimum,
    true_runs,
)

Floats = NDArray[np.float64]

#: A contact that lasts longer is standing, not a step: its end is not given. [s]
LONGEST_CONTACT_S = 3.0

#: A long recording is worked through in blocks, so that memory stays bounded. [s]
BLOCK_S, MARGIN_S = 1200.0, 10.0

GRAVITY_M_S2 = 9.81


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contacts:
    """When feet touched the ground and left it, in seconds after the first sample, rising."""

    initial_s: Floats  #: (k,)
    final_s: Floats  #: (k,) the end of the same contact; NaN where it was not found
    both_feet: bool  #: left and right together (trunk) or one foot alone
    judged_s: float  #: time in which contacts could have been found
    not_judged_s: float  #: time lost in gaps and in stretches too short to judge


class ContactDetector(Protocol):
    """Settings live in the object, data come with the call, so any two are exchangeable."""

    def __call__(
        self,
        acc_m_s2: NDArray[np.floating],
        *,
        rate_hz: float,
        gyro_rad_s: NDArray[np.floating] | None = None,
    ) -> Contacts:
        """Contacts in a uniformly sampled recording.

        `acc_m_s2` (n, 3) is specific force with gravity, `gyro_rad_s` (n, 3) angular velocity,
        at 25 to 400 Hz; rows with NaN are gaps, and no contact is found across one.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LegContacts:
    """One foot's contacts from a sensor on that foot or shank.

    The leg alternates between swinging and standing. A swing is a stretch in which the running
    mean of |ω| (without a gyroscope: the running deviation of the acceleration) lies above the
    middle between its own minimum and mean over the strides around; that holds for walking,
    where the foot rests, and for running and the shank, where it does not.

    The initial contact is the moment by which a share of the high-frequency energy around the
    end of a swing has arrived: the impact. Energy rather than a threshold, because its quantile
    moves little with the rate and the strength of the impact. The final contact follows the
    push-off peak of |ω| at the start of the swing; without a gyroscope it is NaN.

    At 25 Hz the impact is hardly recorded: contacts are counted as well as at higher rates but
    come up to 0.1 s early, so that only stride times are of use there.
    """

    smooth_s: float = 0.16  #: a quarter of the shortest stride (0.6 s): joins the humps of a swing
    acc_smooth_s: float = 0.24  #: the same without a gyroscope: a swing is calm in its middle
    share: float = 0.5  #: of the way from the quiet of stance to the mean of a whole stride
    memory_s: float = 4.0  #: a few strides
    calm_s: float = 2.0  #: holds a stance of the slowest walker
    shortest_swing_s: float = 0.25  #: sprinters swing for 0.3 s
    shortest_stance_s: float = 0.08  #: the briefest sprint contact measured is 0.08 s
    least_rad_s: float = 1.5  #: half the slowest walker's mean swing; turning on the spot is less
    least_m_s2: float = 1.5  #: the same at 0.3 m from the joint, without a gyroscope
    impact_hz: float = 16.0  #: voluntary movement stays below, impacts reach above (measured here)
    impact_share: float = 0.2  #: of the energy that marks the initial contact (measured here)
    impact_lead_s: float = 0.25  #: the impact lies this long before the foot rests, at most ...
    impact_reach_s: float = 0.08  #: ... and rings on into stance for half the smoothing
    push_off_hz: float = 12.0  #: keeps the push-off peak, drops the ringing
    push_off_lag_s: float = 0.04  #: the foot leaves after its fastest turn (measured here)

    def __call__(
        self,
        acc_m_s2: NDArray[np.floating],
        *,
        rate_hz: float,
        gyro_rad_s: NDArray[np.floating] | None = None,
    ) -> Contacts:
        return _in_blocks(self._find, acc_m_s2, gyro_rad_s, rate_hz=rate_hz, both_feet=False)

    def _find(
        self, acc: NDArray[np.floating], gyro: NDArray[np.floating] | None, rate_hz: float
    ) -> tuple[Floats, Floats]:
        acc, rate = decimate(acc, rate_hz=rate_hz, lowest_hz=100.0)
        if gyro is not None:
            gyro = decimate(gyro, rate_hz=rate_hz, lowest_hz=100.0)[0]
        start, end = self._swings(acc, gyro, rate)
        if len(start) == 0:
            return np.empty(0), np.empty(0)
        initial = self._impacts(acc, start, end, rate)
        final = np.full(len(start), np.nan)
        if gyro is not None:
            turning = norm(lowpass(gyro, rate_hz=rate, cutoff_hz=self.push_off_hz))
            final = self._push_offs(turning, start, end, rate)
        delay_s = 0.5 / rate - 0.5 / rate_hz  # the middle of the averaged group
        return _paired(initial / rate + delay_s, final / rate + delay_s)

    def _swings(
        self, acc: NDArray[np.floating], gyro: NDArray[np.floating] | None, rate: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        if gyro is None:
            steady = running_mean(acc, rate_hz=rate, window_s=self.smooth_s)
            moving, smooth_s, least = norm(acc - steady), self.acc_smooth_s, self.least_m_s2
        else:
            moving, smooth_s, least = norm(gyro), self.smooth_s, self.least_rad_s
        smooth = running_mean(moving, rate_hz=rate, window_s=smooth_s)
        usual = running_mean(moving, rate_hz=rate, window_s=self.memory_s)
        calm = running_minimum(smooth, rate_hz=rate, window_s=self.calm_s)
        limit = calm + self.share * np.maximum(usual - calm, 0.0)
        start, end = true_runs(smooth > np.maximum(limit, least / 3))
        if len(start) == 0:
            return start, end
        apart = start[1:] - end[:-1] >= self.shortest_stance_s * rate
        start, end = start[np.r_[True, apart]], end[np.r_[apart, True]]
        both = np.column_stack((start, end)).ravel()
        peak = np.maximum.reduceat(np.append(smooth, 0), both)[::2]
        swing = (end - start >= self.shortest_swing_s * rate) & (peak > least)
        return start[swing], end[swing]

    def _impacts(
        self, acc: NDArray[np.floating], start: NDArray[np.intp], end: NDArray[np.intp], rate: float
    ) -> Floats:
        cutoff_hz = min(self.impact_hz, 0.32 * rate)
        ringing = highpass(acc, rate_hz=rate, cutoff_hz=cutoff_hz)
        first = np.maximum(end - round(self.impact_lead_s * rate), (start + end) // 2)
        last = np.minimum(end + round(self.impact_reach_s * rate), len(acc) - 1)
        return _energy_quantile(ringing, first, last, share=self.impact_share)

    def _push_offs(
        self,
        turning: NDArray[np.floating],
        start: NDArray[np.intp],
        end: NDArray[np.intp],
        rate: float,
    ) -> Floats:
        """First peak of the turning in the first half of each swing."""
        inner = turning[1:-1]
        peak = 1 + np.flatnonzero((inner >= turning[:-2]) & (inner > turning[2:]))
        if len(peak) == 0:
            return np.full(len(start), np.nan)
        where = np.minimum(np.searchsorted(peak, start), len(peak) - 1)
        found = (peak[where] >= start) & (peak[where] <= (start + end) / 2)
        return np.where(found, peak[where] + self.push_off_lag_s * rate, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkContacts:
    """Both feet's contacts from a sensor on the trunk.

    Up is the running mean of the acceleration. The trunk bounces once a step: the vertical
    acceleration, band-passed at the step frequency of the moment, has one rise and one peak a
    step, in either direction and gait.

    In flight the trunk falls freely. Where the specific force drops below a quarter of g in the
    step before a peak, contact begins and ends where it crosses half of g, less the time that a
    half-sine force takes to get there (running). Without flight (walking) the initial contact
    is part of the way from the rise to the peak of the bounce, averaged with the arrival of the
    impact's energy; the end of the contact cannot be seen and is NaN.
    """

    upright_s: float = 3.0  #: several steps: the bounce averages out, leaning is followed
    least_m_s2: float = 0.1  #: a hundredth of g; the trunk of a slow walker bounces with about 1
    impact_hz: float = 10.0  #: above the fourth harmonic of walking's step frequency
    impact_share: float = 0.2  #: of the energy that marks the initial contact (measured here)
    before_step: float = 0.35  #: of a step before the peak of the bounce, where impact energy ...
    after_step: float = 0.15  #: ... and after it is looked for
    rise_share: float = 0.4  #: of the way from rise to peak (measured here)
    flight_g: float = 0.25  #: falling freely but for the moving limbs
    contact_g: float = 0.5  #: half the weight is on the ground

    def __call__(
        self,
        acc_m_s2: NDArray[np.floating],
        *,
        rate_hz: float,
        gyro_rad_s: NDArray[np.floating] | None = None,
    ) -> Contacts:
        return _in_blocks(self._find, acc_m_s2, None, rate_hz=rate_hz, both_feet=True)

    def _find(
        self, acc: NDArray[np.floating], _gyro: NDArray[np.floating] | None, rate_hz: float
    ) -> tuple[Floats, Floats]:
        rhythm = _step_frequency(acc, rate_hz=rate_hz)
        if rhythm is None:
            return np.empty(0), np.empty(0)
        step_hz, still = rhythm
        coarse, rate = decimate(acc, rate_hz=rate_hz, lowest_hz=50.0)
        up = running_mean(coarse, rate_hz=rate, window_s=self.upright_s)
        force = np.einsum("ij,ij->i", coarse, up) / np.maximum(norm(up), 1e-3)
        step_hz = np.interp(np.arange(len(force)) / rate, np.arange(len(step_hz)) + 0.5, step_hz)
        bounce = _at_step_frequency(force, step_hz, rate=rate)
        rise, peak = _rises_and_peaks(bounce, least=self.least_m_s2)
        moving = ~still[np.minimum((peak / rate).astype(int), len(still) - 1)]
        rise, peak = rise[moving], peak[moving]
        step = rate / step_hz[np.round(peak).astype(int)]
        delay_s = 0.5 / rate - 0.5 / rate_hz
        walking = self._walking(acc, rise, peak, step, rate=rate, rate_hz=rate_hz) + delay_s
        running, final = self._running(force, peak, step, rate=rate)
        initial = np.where(np.isfinite(running), running + delay_s, walking)
        order = np.argsort(initial, kind="stable")
        return initial[order], final[order] + delay_s

    def _walking(
        self,
        acc: NDArray[np.floating],
        rise: Floats,
        peak: Floats,
        step: Floats,
        *,
        rate: float,
        rate_hz: float,
    ) -> Floats:
        fine, fine_rate = decimate(acc, rate_hz=rate_hz, lowest_hz=100.0)
        ringing = highpass(fine, rate_hz=fine_rate, cutoff_hz=min(self.impact_hz, 0.2 * fine_rate))
        scale = fine_rate / rate
        first = np.clip((peak - self.before_step * step) * scale, 0, len(fine) - 1).astype(int)
        last = np.clip((peak + self.after_step * step) * scale, 0, len(fine) - 1).astype(int)
        impact_s = _energy_quantile(ringing, first, last, share=self.impact_share) / fine_rate
        bounce_s = (rise + self.rise_share * (peak - rise)) / rate
        return 0.5 * (impact_s + bounce_s)

    def _running(
        self, force: NDArray[np.floating], peak: Floats, step: Floats, *, rate: float
    ) -> tuple[Floats, Floats]:
        """Contacts between two flights, NaN for a peak without a flight on either side."""
        none = np.full(len(peak), np.nan)
        start, end = _crossings(force, level=self.contact_g * GRAVITY_M_S2)
        low, _ = true_runs(force < self.flight_g * GRAVITY_M_S2)
        if min(len(start), len(end), len(low)) == 0:
            return none, none
        before = np.searchsorted(start, peak) - 1
        after = np.minimum(np.searchsorted(end, peak), len(end) - 1)
        begin, finish = start[np.maximum(before, 0)], end[after]
        fell = np.searchsorted(low, peak) - np.searchsorted(low, peak - step) > 0
        found = fell & (before >= 0) & (peak - begin < 0.5 * step)
        ended = found & (finish > peak) & (finish - peak < 0.6 * step)
        hidden = np.where(ended, self._hidden(force, begin, finish), 0.0)
        initial = np.where(found, begin - hidden, np.nan)
        return initial / rate, np.where(ended, finish + hidden, np.nan) / rate

    def _hidden(self, force: NDArray[np.floating], begin: Floats, finish: Floats) -> Floats:
        """Samples from touch-down to the level, and from it to lift-off, of a half-sine force."""
        first = np.ceil(begin).astype(int)
        last = np.maximum(np.ceil(finish).astype(int), first + 1)
        both = np.column_stack((first, last)).ravel()
        top = np.maximum.reduceat(np.append(force, 0.0), both)[::2]
        level = np.minimum(self.contact_g * GRAVITY_M_S2 / np.maximum(top, 1e-3), 0.9)
        angle = np.arcsin(level)
        share: Floats = angle / (np.pi - 2 * angle)
        return share * np.maximum(finish - begin, 0.0)


DETECTORS: Mapping[str, ContactDetector] = MappingProxyType(
    {"leg": LegContacts(), "trunk": TrunkContacts()}
)

#: Part of the body, without its side -> name of the detector that serves there.
PLACED: Mapping[str, str] = MappingProxyType(
    {"foot": "leg", "shank": "leg", "sacrum": "trunk", "waist": "trunk", "chest": "trunk"}
)


def contacts(
    acc_m_s2: NDArray[np.floating],
    *,
    rate_hz: float,
    placement: str,
    gyro_rad_s: NDArray[np.floating] | None = None,
) -> Contacts | None:
    """Contacts seen by a sensor worn at `placement`; None where no detector serves there.

    Parameters
    ----------
    acc_m_s2, gyro_rad_s : (n, 3)
        Specific force with gravity, and angular velocity if there is one; axes may point
        anywhere. Rows with NaN are gaps: up to 0.1 s they are bridged, longer ones part the
        recording, and nothing is found across them.
    rate_hz : float
        25 to 400 Hz.
    placement : str
        ``left_foot``, ``foot``, ``sacrum`` ...; thighs, pockets and arms have no detector.
    """
    part = part_of(placement)
    if part not in PLACED:
        return None
    return DETECTORS[PLACED[part]](acc_m_s2, rate_hz=rate_hz, gyro_rad_s=gyro_rad_s)


class _Find(Protocol):
    def __call__(
        self, acc: NDArray[np.floating], gyro: NDArray[np.floating] | None, rate_hz: float, /
    ) -> tuple[Floats, Floats]: ...


def _in_blocks(
    find: _Find,
    acc: NDArray[np.floating],
    gyro: NDArray[np.floating] | None,
    *,
    rate_hz: float,
    both_feet: bool,
) -> Contacts:
    """Run a detector over every gap-free piece, block by block, and join what it finds."""
    check_rate(rate_hz, low_hz=LOWEST_RATE_HZ, high_hz=HIGHEST_RATE_HZ)
    _check_shape("acc_m_s2", acc, len(acc))
    if gyro is not None:
        _check_shape("gyro_rad_s", gyro, len(acc))
    found = [(np.empty(0), np.empty(0))]
    judged_s = 0.0
    for piece in _pieces(acc, gyro, rate_hz=rate_hz):
        samples = len(piece.values)
        if samples < rate_hz:  # less than a second holds no whole stride
            continue
        judged_s += samples / rate_hz
        for block in blocks(samples, rate_hz=rate_hz, block_s=BLOCK_S, margin_s=MARGIN_S):
            part = piece.values[block.start : block.end]
            initial, final = find(part[:, :3], part[:, 3:] if gyro is not None else None, rate_hz)
            at = initial * rate_hz + block.start
            core = (at >= block.core_start) & (at < block.core_end)
            start_s = piece.start_s + block.start / rate_hz
            found.append((initial[core] + start_s, final[core] + start_s))
    initial, final = (np.concatenate(part) for part in zip(*found, strict=True))
    final[final - initial > LONGEST_CONTACT_S] = np.nan
    return Contacts(
        initial_s=initial,
        final_s=final,
        both_feet=both_feet,
        judged_s=judged_s,
        not_judged_s=len(acc) / rate_hz - judged_s,
    )


def _check_shape(name: str, values: NDArray[np.floating], samples: int) -> None:
    if values.ndim != 2 or values.shape != (samples, 3):
        raise BadInput(name, values.shape, f"of shape ({samples}, 3)", "One row a sample.")


def _pieces(
    acc: NDArray[np.floating], gyro: NDArray[np.floating] | None, *, rate_hz: float
) -> list[Piece]:
    return finite_pieces(acc if gyro is None else np.hstack((acc, gyro)), rate_hz=rate_hz)


def _paired(initial: Floats, lift: Floats) -> tuple[Floats, Floats]:
    """Each swing has a lift and an initial contact; a contact ends with the next swing's lift."""
    final = np.append(lift[1:], np.nan)
    final[final <= initial] = np.nan
    return initial, final


def _energy_quantile(
    ringing: NDArray[np.floating],
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    *,
    share: float,
) -> Floats:
    """Sample by which a share of the energy between two samples has arrived, interpolated."""
    energy = np.cumsum(np.einsum("ij,ij->i", ringing, ringing), dtype=np.float64)
    wanted = energy[first] + share * (energy[last] - energy[first])
    after = np.clip(np.searchsorted(energy, wanted), 1, len(energy) - 1)
    step = energy[after] - energy[after - 1]
    part = np.divide(wanted - energy[after - 1], step, out=np.zeros(len(step)), where=step > 0)
    at: Floats = (after - 1).astype(np.float64) + np.clip(part, 0.0, 1.0)
    return at


def _step_frequency(
    acc: NDArray[np.floating], *, rate_hz: float
) -> tuple[Floats, NDArray[np.bool_]] | None:
    """Step frequency of every second and whether it is still; None if nothing repeats.

    Where nothing repeats the frequency is filled in from the seconds around.
    """
    moved = motion_from_acceleration(acc, rate_hz=rate_hz, placement="sacrum", minimum_s=1.0)
    known = np.flatnonzero(np.isfinite(moved.cadence_steps_min))
    if len(known) == 0:
        return None
    every = np.arange(len(moved.cadence_steps_min))
    filled: Floats = np.interp(every, known, moved.cadence_steps_min[known] / 60.0)
    return filled, moved.code == STILL


#: Centres of the filter bank, a third of an octave apart: 50 to 280 steps a minute. [Hz]
BANK_HZ = 0.9 * 2.0 ** (np.arange(8) / 3.0)


def _at_step_frequency(force: NDArray[np.floating], step_hz: Floats, *, rate: float) -> Floats:
    """The force in a band around the step frequency of each moment; below its harmonic."""
    band = np.clip(np.round(3 * np.log2(step_hz / BANK_HZ[0])), 0, len(BANK_HZ) - 1).astype(int)
    out = np.zeros(len(force))
    for k in np.unique(band).tolist():
        narrow = bandpass(force, rate_hz=rate, low_hz=0.6 * BANK_HZ[k], high_hz=1.4 * BANK_HZ[k])
        out = np.where(band == k, narrow, out)
    return out


def _rises_and_peaks(bounce: Floats, *, least: float) -> tuple[Floats, Floats]:
    """Upward zero crossing and following peak of every cycle whose peak exceeds `least`."""
    rise, fall = _crossings(bounce, level=0.0)
    if len(rise) == 0 or len(fall) == 0:
        return np.empty(0), np.empty(0)
    fall = fall[fall > rise[0]]
    rise = rise[: len(fall)]
    first = np.ceil(rise).astype(int)
    both = np.column_stack((first, np.maximum(np.ceil(fall).astype(int), first + 1))).ravel()
    top = np.maximum.reduceat(np.append(bounce, 0.0), both)[::2]
    high = top >= least
    return rise[high], _peaks(bounce, rise[high], fall[high])


def _peaks(bounce: Floats, rise: Floats, fall: Floats) -> Floats:
    """Centre of gravity of every positive half wave: the peak of a nearly pure sine."""
    weight = np.concatenate(([0.0], np.cumsum(np.maximum(bounce, 0.0))))
    moment = np.concatenate(([0.0], np.cumsum(np.arange(len(bounce)) * np.maximum(bounce, 0.0))))
    first, last = np.ceil(rise).astype(int), np.ceil(fall).astype(int)
    area = np.maximum(weight[last] - weight[first], np.finfo(np.float64).tiny)
    peak: Floats = np.clip((moment[last] - moment[first]) / area, rise, fall)
    return peak


def _crossings(values: NDArray[np.floating], *, level: float) -> tuple[Floats, Floats]:
    """Where a signal rises through a level and where it falls through it, interpolated."""
    above = values >= level
    change = np.flatnonzero(above[1:] != above[:-1])
    step = (values[change + 1] - values[change]).astype(np.float64)
    at = change + (level - values[change]) / step
    return at[step > 0], at[step < 0]
