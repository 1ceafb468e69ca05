"""Motion of a picture by keyframes of its style sheet, without a script.

The left leg has the right leg's keyframes, half a stride later.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from retrorun.report.markup import Markup, el
from retrorun.simulation.stride import Stride

Array = NDArray[np.float64]

#: How many times slower than run.
SLOWER = 4
#: Every so many samples of a stride is one keyframe.
_EVERY = 2


class Tracks:
    """Keyframes and the elements that follow them; the pose without them is one sample's."""

    def __init__(self, stride: Stride) -> None:
        self.stride = stride
        self.rules: dict[str, str] = {}
        self.still = int(np.argmax(stride.force_up_bw))

    def group(
        self,
        name: str,
        values: tuple[Array, ...],
        says: Callable[..., str],
        *inside: object,
        side: str = "right",
        look: str | None = None,
    ) -> Markup:
        """A group that follows a track; `says` makes a declaration of style from its values."""
        key = f"{self.stride.direction}-{name}"
        if key not in self.rules:
            frames = range(0, len(self.stride.time_s), _EVERY)
            last = len(self.stride.time_s) - 1
            told = (f"{100 * n / last:g}%{{{says(*(one[n] for one in values))}}}" for n in frames)
            self.rules[key] = f"@keyframes {key}{{{''.join(told)}}}"
        shown = [one if side == "right" else self.stride.left(one) for one in values]
        now = says(*(one[self.still] for one in shown))
        motion = f"animation-name:{key}" + (
            ";animation-delay:var(--later)" if side == "left" else ""
        )
        return el("g", *inside, class_=" ".join(filter(None, ("a", look))), style=f"{now};{motion}")

    @property
    def style(self) -> str:
        period = SLOWER * float(self.stride.time_s[-1])
        moving = (
            f".stride.{self.stride.direction}{{--later:-{period / 2:.3f}s}}"
            "@media(prefers-reduced-motion:no-preference){"
            f".stride.{self.stride.direction} .a{{animation:{period:.3f}s linear infinite}}}}"
        )
        return moving + "".join(self.rules.values())
