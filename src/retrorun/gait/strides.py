"""Strides from contacts: stride, step, contact and flight time, cadence and variability.

A stride runs from one initial contact to the next of the same foot. What lies over a pause, a
turn or a missed contact is dropped and counted, never repaired.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrorun.errors import BadInput

Floats = NDArray[np.float64]

#: Strides from the slowest walk (60 steps/min) to sprinting (280 steps/min). [s]
SHORTEST_STRIDE_S, LONGEST_STRIDE_S = 0.42, 2.0

#: A stride that differs more than this from the median of its neighbours spans a stop, a turn
#: or a missed contact; steady strides vary by 1-5 %. [-]
STEADY = 0.3

#: Neighbours on each side that make that median.
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strides:
    """Accepted strides of one or both feet, in the order in which they began."""

    start_s: Floats  #: (k,) initial contact that begins the stride
    stride_time_s: Floats  #: (k,)
    step_time_s: Floats  #: (k,) to the next contact of the other foot; NaN with one foot alone
    contact_time_s: Floats  #: (k,) NaN where the final contact is not known
    flight_time_s: Floats  #: (k,) to the next contact of the other foot; NaN where it is not known
    dropped: int  #: strides over pauses, turns, gaps and missed contacts

    @property
    def count(self) -> int:
        return len(self.start_s)

    def chosen(self, which: NDArray[np.bool_]) -> Strides:
        """Only some of the strides. `which` is (k,)."""
        columns = ("start_s", "stride_time_s", "step_time_s", "contact_time_s", "flight_time_s")
        return replace(self, **{name: getattr(self, name)[which] for name in columns})


def strides_of_one_foot(initial_s: ArrayLike, *, final_s: ArrayLike | None = None) -> Strides:
    """Strides from one foot's contacts.

    `initial_s` (k,) rises, `final_s` (k,) ends the same contacts, NaN where unknown. With one
    foot alone neither step nor flight time is known: the other foot need not step half way.
    """
    initial, final = _checked(initial_s, final_s)
    stride = np.diff(initial)
    return _accepted(initial, stride, final=final, step=np.full(len(stride), np.nan))


def strides_of_both_feet(initial_s: ArrayLike, *, final_s: ArrayLike | None = None) -> Strides:
    """Strides from contacts of both feet that were seen by one sensor on the trunk.

    Left and right alternate, so every stride runs to the second contact after its own.
    """
    initial, final = _checked(initial_s, final_s)
    stride = initial[2:] - initial[:-2]
    step = np.diff(initial)[: len(stride)]
    # A missed contact makes one step twice as long and two strides half as long again.
    limping = np.maximum(step, stride - step) > 2.0 * np.minimum(step, stride - step)
    return _accepted(initial, np.where(limping, np.nan, stride), final=final, step=step)


def strides_of_two_feet(
    left_initial_s: ArrayLike,
    *,
    right_initial_s: ArrayLike,
    left_final_s: ArrayLike | None = None,
    right_final_s: ArrayLike | None = None,
) -> Strides:
    """Strides from a sensor on each foot, on one clock; left and right strides together."""
    left, right = _checked(left_initial_s, left_final_s), _checked(right_initial_s, right_final_s)
    sides = [
        _accepted(own[0], np.diff(own[0]), final=own[1], step=_to_next(own[0], other[0]))
        for own, other in ((left, right), (right, left))
    ]
    order = np.argsort(np.concatenate([side.start_s for side in sides]), kind="stable")

    def both(name: str) -> Floats:
        joined: Floats = np.concatenate([getattr(side, name) for side in sides])[order]
        return joined

    return Strides(
        start_s=both("start_s"),
        stride_time_s=both("stride_time_s"),
        step_time_s=both("step_time_s"),
        contact_time_s=both("contact_time_s"),
        flight_time_s=both("flight_time_s"),
        dropped=sum(side.dropped for side in sides),
    )


def _checked(initial_s: ArrayLike, final_s: ArrayLike | None) -> tuple[Floats, Floats]:
    initial = np.asarray(initial_s, dtype=np.float64)
    final = np.full(len(initial), np.nan) if final_s is None else np.asarray(final_s, np.float64)
    if len(final) != len(initial):
        raise BadInput("final_s", len(final), f"as long as initial_s ({len(initial)})")
    if not np.all(np.diff(initial) >= 0):
        raise BadInput("initial_s", "falling or NaN somewhere", "sorted", "Sort the contacts.")
    return initial, final


def _to_next(initial: Floats, other: Floats) -> Floats:
    """Time from each contact but the last to the next of the other foot, within the stride."""
    if len(initial) < 2 or len(other) == 0:
        return np.full(max(len(initial) - 1, 0), np.nan)
    where = np.searchsorted(other, initial[:-1], side="right")
    follows = other[np.minimum(where, len(other) - 1)]
    valid = (follows > initial[:-1]) & (follows < initial[1:])
    return np.where(valid, follows - initial[:-1], np.nan)


def _accepted(initial: Floats, stride: Floats, *, final: Floats, step: Floats) -> Strides:
    """Keep the strides of possible length that are like their neighbours; count the others."""
    possible = (stride >= SHORTEST_STRIDE_S) & (stride <= LONGEST_STRIDE_S)
    steady = possible.copy()
    kept = np.flatnonzero(possible)
    if len(kept):
        usual = _local_median(stride[kept])
        steady[kept] = np.abs(stride[kept] / usual - 1) <= STEADY
    start = initial[: len(stride)]
    contact = final[: len(stride)] - start
    contact = np.where((contact > 0) & (contact < stride), contact, np.nan)
    flight = step - contact
    return Strides(
        start_s=start[steady],
        stride_time_s=stride[steady],
        step_time_s=step[steady],
        contact_time_s=contact[steady],
        flight_time_s=flight[steady],
        dropped=int(np.count_nonzero(~steady)),
    )


def _local_median(values: Floats) -> Floats:
    """Median of each value's neighbours and itself; fewer neighbours at the ends."""
    padded = np.pad(values, NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    middle: Floats = np.nanmedian(windows, axis=1)
    return middle
