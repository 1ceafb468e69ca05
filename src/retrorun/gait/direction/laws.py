"""Products of signals whose sign tells a direction, sorted by what turns that sign over.

Seen in the plane of progression a sensor gives three signals: V, the acceleration upward; A, the
acceleration along the line ahead; W, the turning about the axis to the side. Two operations act
on them, and every mean product belongs to one of four classes by how it answers:

============  =====================  ================================  ==========================
class         time runs backward     the side axis points the other     what it tells
              (W, V', A' turn over)  way (A, W turn over)
============  =====================  ================================  ==========================
direction     turns over             stays                             forward or backward
travel        turns over             turns over                        which end of the line ahead
                                                                       the person moves to
facing        stays                  turns over                        which end the person faces
(none)        stays                  stays                             nothing
============  =====================  ================================  ==========================

Backward gait is in the main forward gait with time reversed, which is why only products that turn
over with time can tell it. A product of class *direction* needs no axis at all; *travel* needs
*facing*, which is the same for as long as a sensor is worn and so can be gathered over minutes.

Every signal is divided by its own root mean square over a stride, so that products lie about
within -1 and 1 whatever the speed, the person and the sensor's gain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction.frame import WINDOW_S
from retrorun.signals import bandpass, running_mean

Signal = NDArray[np.floating]

#: The stride's own frequency, from slow walking to quick running. [Hz]
STRIDE = (0.5, 1.6)
#: The step's: twice the stride's. [Hz]
STEP = (1.2, 3.2)
#: Everything a gait has that 25 samples a second still show. [Hz]
WIDE = (0.5, 8.0)

#: Rate at which products are formed. [Hz]
LAW_RATE_HZ = 25.0

#: Added to a root mean square, so that noise alone does not become a signal. [in units of each]
_FLOOR = 1e-3


@dataclass(eq=False)
class Signals:
    """Signals (n,) of one wearing on one clock, filtered and standardised once, when asked for.

    A name is a signal's letter, primed for its rate of change (`V'`), `integral W` for the angle,
    with its band: ``signals["A'", STEP]``.
    """

    raw: dict[str, NDArray[np.float32]]
    rate_hz: float
    at: NDArray[np.intp]  #: (m,) samples at which products are wanted: the decoder's steps
    _made: dict[tuple[str, tuple[float, float]], NDArray[np.float32]] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, tuple[float, float]]) -> NDArray[np.float32]:
        if key not in self._made:
            name, (low_hz, high_hz) = key
            values = bandpass(
                self._unfiltered(name), rate_hz=self.rate_hz, low_hz=low_hz, high_hz=high_hz
            )
            size = np.sqrt(np.maximum(self.mean(values**2), 0)) + np.float32(_FLOOR)
            self._made[key] = values / size
        return self._made[key]

    def _unfiltered(self, name: str) -> NDArray[np.float32]:
        if name.startswith("integral "):
            values = self.raw[name.removeprefix("integral ")]
            # The mean is taken out first, so that the sum of hours stays small.
            angle = np.cumsum(values - values.mean(dtype=np.float64), dtype=np.float64)
            return (angle / self.rate_hz).astype(np.float32)
        values = self.raw[name.removesuffix("'")]
        if not name.endswith("'"):
            return values
        return (np.gradient(values) * self.rate_hz).astype(np.float32)

    def mean(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Running mean over one stride."""
        return running_mean(values, rate_hz=self.rate_hz, window_s=WINDOW_S)

    def product(self, *keys: tuple[str, tuple[float, float]]) -> NDArray[np.float32]:
        """Mean over one stride of the product of standardised signals, (m,)."""
        out = self[keys[0]]
        for key in keys[1:]:
            out = out * self[key]
        return self.mean(out)[self.at]
