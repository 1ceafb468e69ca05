"""First guesses: a gait from textbook angles, or a solution on another mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.body import COORDINATES
from retrorun.simulation.conditions import Conditions, Direction
from retrorun.simulation.instant import COORDINATE_COUNT
from retrorun.simulation.problem import Problem

Array = NDArray[np.float64]

#: Joint angles at every tenth of a stride from contact, rounded [degrees]: forward as in
#: textbooks of running, backward as one runner was seen (knee 40 at contact, held,
#: straight at take-off; toes first) and as earlier solutions had it. Guesses only: the solver
#: leaves them behind.
_SEEN: dict[Direction, dict[str, tuple[float, ...]]] = {
    "forward": {
        "hip": (45, 35, 18, 2, -8, -5, 15, 38, 52, 52),
        "knee": (15, 38, 38, 22, 15, 45, 85, 95, 65, 25),
        "ankle": (2, 15, 22, 2, -22, -18, -5, 0, 2, 4),
    },
    "backward": {
        "hip": (3, 6, 14, 18, 21, 28, 33, 33, 24, 12),
        "knee": (36, 32, 36, 26, 8, 8, 15, 26, 38, 45),
        "ankle": (0, 14, 19, 8, -33, -37, -30, -10, 5, 2),
    },
}
_HARMONICS = 4
_LEAN_RAD, _HOP_M = 0.12, 0.02
_ACTIVATION = 0.1


def textbook(problem: Problem, conditions: Conditions) -> Array:
    """Reference coordinates (11, count) at the collocation points."""
    times = problem.times_s(conditions.step_time_s)
    phase = times / (2 * conditions.step_time_s)
    reference = np.zeros((COORDINATE_COUNT, problem.count))
    reference[0] = conditions.velocity_m_s * times
    reference[2] = -_LEAN_RAD
    for side, shift in (("right", 0.0), ("left", 0.5)):
        for joint, angles in _SEEN[conditions.direction].items():
            place = COORDINATES.index(f"{side}_{joint}")
            reference[place] = np.radians(_periodic(angles, (phase + shift) % 1))
    lowest = [
        np.array(problem.at.seen(z=column, gradient=0.0)["outline_m"])[1].min()
        for column in _columns(problem, reference, conditions)
    ]
    reference[1] = -np.median(lowest) + _HOP_M * np.cos(4 * np.pi * phase)
    return reference


def from_angles(problem: Problem, conditions: Conditions, reference: Array) -> Array:
    """The solver's first numbers from coordinates (11, count)."""
    return problem.unknowns(_columns(problem, reference, conditions))


def refined(coarse: Problem, fine: Problem, unknowns: Array) -> Array:
    """The same motion on another mesh: the coarse polynomials, read at the fine points."""
    scaled = unknowns[coarse.layout.state :].reshape(coarse.count, -1)
    states = coarse.layout.state
    points = len(coarse.radau.times)
    wanted = fine.times_s(1.0) * coarse.intervals
    interval = np.minimum(wanted.astype(int), coarse.intervals - 1)
    columns = np.empty((fine.count, coarse.layout.size))
    for row, (place, number) in enumerate(zip(wanted, interval, strict=True)):
        inside = scaled[number * points : (number + 1) * points]
        before = scaled[number * points - 1] if number else unknowns[:states]
        path = np.vstack([before[:states], inside[:, :states]])
        at = place - number
        columns[row, :states] = _lagrange(np.array([0.0, *coarse.radau.times]), path, at)
        columns[row, states:] = _lagrange(coarse.radau.times, inside[:, states:], at)
    return fine.unknowns(columns * coarse.layout.scale())


def _lagrange(times: Array, values: Array, at: float) -> Array:
    """The polynomial through `values` (n, k) at `times` (n,), read at one time (k,)."""
    weights = [
        np.prod((at - np.delete(times, j)) / (times[j] - np.delete(times, j)))
        for j in range(len(times))
    ]
    return np.asarray(weights @ values)


def _columns(problem: Problem, reference: Array, conditions: Conditions) -> Array:
    """Instants (count, size) with the motion of `reference` and quiet muscles."""
    times = problem.times_s(conditions.step_time_s)
    part = problem.layout.slices()
    columns = np.zeros((problem.count, problem.layout.size))
    rates = np.gradient(reference, times, axis=1)
    rates[0] = conditions.velocity_m_s
    columns[:, part["coordinates"]] = reference.T
    columns[:, part["rates"]] = rates.T
    columns[:, part["acceleration"]] = np.gradient(rates, times, axis=1).T
    columns[:, part["activation"]] = columns[:, part["force"]] = _ACTIVATION
    return columns


def _periodic(values: tuple[float, ...], phase: Array) -> Array:
    """A smooth periodic curve through values at even phases, its first harmonics."""
    spectrum = np.fft.rfft(np.array(values, dtype=float))[: _HARMONICS + 1] / len(values)
    spectrum[1:] *= 2
    turns = np.exp(2j * np.pi * np.arange(_HARMONICS + 1)[:, None] * phase)
    return np.asarray((spectrum[:, None] * turns).real.sum(axis=0))
