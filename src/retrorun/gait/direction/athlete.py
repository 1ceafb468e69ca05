"""What the athlete said, as a source: it settles the matter where it says anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import motion
from retrorun.gait.direction.states import (
    BACKWARD_RUN,
    BACKWARD_WALK,
    FORWARD_RUN,
    FORWARD_WALK,
    OTHER,
    SIDEWAYS,
    STATES,
    STATES_OF,
    STILL,
    Evidence,
    Said,
    SaidMotion,
    Seen,
    steps_between,
)

#: What a state costs that the athlete's word rules out. [nats a step]
RULED_OUT = -20.0

_OF_MOTION: dict[SaidMotion, tuple[int, ...]] = {
    "still": (STILL,),
    "walk": (FORWARD_WALK, BACKWARD_WALK, SIDEWAYS),
    "run": (FORWARD_RUN, BACKWARD_RUN, SIDEWAYS),
    "other": (OTHER, SIDEWAYS),
}
_CODE = {word: code for code, word in motion.NAMES.items()}


def athlete_labels(seen: Seen) -> tuple[Evidence, ...]:
    """The athlete's labels; of rows that overlap the later one counts."""
    if not seen.labels:
        return ()
    log_likelihood = np.zeros((seen.steps, STATES), dtype=np.float32)
    heard = np.zeros(seen.steps, dtype=bool)
    for said in seen.labels:
        part = steps_between(said.start_s, said.end_s, steps=seen.steps)
        allowed = set(range(STATES))
        if said.way is not None:
            allowed &= {STILL, OTHER, *STATES_OF[said.way]}
        if said.motion is not None:
            allowed &= set(_OF_MOTION[said.motion])
        row = np.full(STATES, RULED_OUT, dtype=np.float32)
        row[sorted(allowed)] = 0
        if said.way is not None:  # a way of moving otherwise has no state of its own
            ways = list(STATES_OF[said.way])
            row[ways] = np.maximum(row[ways], RULED_OUT / 2)
        log_likelihood[part] = row if allowed else 0
        heard[part] = said.way is not None
    return (
        Evidence(witness="the athlete", told="athlete", log_likelihood=log_likelihood, heard=heard),
    )


def with_said_motion(code: NDArray[np.int8], labels: tuple[Said, ...]) -> NDArray[np.int8]:
    """Motion codes (n,) of the decoder's steps, with what the athlete said put in their place."""
    out = code.copy()
    for said in labels:
        if said.motion is not None:
            part = steps_between(said.start_s, said.end_s, steps=len(code))
            out[part] = _CODE[said.motion]
    return out
