"""Direction while it happens, two seconds behind, in bounded memory: for a live coach."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.direction.sensors import sensor_evidence
from retrorun.gait.direction.states import PER_SECOND, STEP_S, Sensor
from retrorun.signals import check_rate

#: How much of the past is kept: enough for several blocks of a wearing, so that the side axis and
#: the facing are known; all that a live answer may rest on. [s]
KEPT_S = 90.0

#: How far behind the newest sample the answer is: windows of 1.2 s and filters need what follows
#: a moment in order to judge it. [s]
LAG_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is known of one moment."""

    time_s: float  #: since the first sample
    motion: str  #: word of `motion.NAMES`
    way: str | None  #: word of `decoder.WAYS`; None while standing still
    probability: float


@dataclass(eq=False)
class Live:
    """One body-worn sensor that is still recording; samples come in any portions.

    >>> live = Live("left_shank", rate_hz=100)
    >>> live.push(np.zeros((10, 3)), np.zeros((10, 3))) is None  # too early to say anything
    True
    """

    placement: str
    rate_hz: float
    _rows: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 6), np.float32))
    _dropped: int = 0

    def __post_init__(self) -> None:
        check_rate(self.rate_hz, low_hz=motion.LOWEST_RATE_HZ, high_hz=motion.HIGHEST_RATE_HZ)

    def push(
        self, acc_m_s2: NDArray[np.floating], gyro_rad_s: NDArray[np.floating]
    ) -> Moment | None:
        """Take new samples, (n, 3) each; give what is known of the moment two seconds ago."""
        if acc_m_s2.shape != gyro_rad_s.shape:
            raise BadInput("gyro_rad_s", gyro_rad_s.shape, f"shaped as acc_m_s2 {acc_m_s2.shape}")
        rows = np.hstack([acc_m_s2, gyro_rad_s]).astype(np.float32)
        rows = np.concatenate([self._rows, rows])
        # Whole seconds are dropped, so that steps keep their places.
        spare_s = max(int(len(rows) / self.rate_hz - KEPT_S), 0)
        drop = round(spare_s * self.rate_hz)
        self._rows, self._dropped = rows[drop:], self._dropped + drop
        return self._judge()

    def _judge(self) -> Moment | None:
        kept_s = len(self._rows) / self.rate_hz
        steps = int(kept_s / STEP_S)
        at = steps - 1 - round(LAG_S / STEP_S)
        if at < 0:
            return None
        acc, gyro = self._rows[:, :3], self._rows[:, 3:]
        sensor = Sensor(time_s=np.arange(len(acc)) / self.rate_hz, acc_m_s2=acc, gyro_rad_s=gyro)
        judged = motion.motion_from_acceleration(
            acc, rate_hz=self.rate_hz, placement=self.placement, gyro_rad_s=gyro
        )
        code = np.full(steps, motion.NOT_JUDGED, dtype=np.int8)
        seconds = np.repeat(judged.code, PER_SECOND)[:steps]
        code[: len(seconds)] = seconds
        code[len(seconds) :] = seconds[-1] if len(seconds) else motion.NOT_JUDGED
        told = decoder.decide(
            [sensor_evidence(self.placement, sensor, steps=steps)],
            code,
            np.full(steps, np.nan),
            lag_s=LAG_S,
        )
        return Moment(
            time_s=round(self._dropped / self.rate_hz + at * STEP_S, 3),
            motion=motion.NAMES[int(told.motion[at])],
            way=decoder.WAYS.get(int(told.way[at])),
            probability=float(told.probability[at]),
        )
