"""A heart rate that follows its cause late: the fit of a lagged model with honest intervals.

The steady heart rate is a sum of columns of work. The heart follows it with a first-order lag,
``dh/dt = (steady - h) / tau``, with one time constant where it rises and another where it falls.
What is left over is no white noise: it is taken as a first-order autoregression whose persistence
is found by restricted likelihood, so that an hour of seconds is not mistaken for 3,600
measurements. What the session leaves open of the time constants and of the persistence is part of
the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: The fit works on means of this long; hearts and watches do nothing faster. Convention. [s]
BLOCK_S = 5
#: Share of the seconds of a block that must be known (convention). [-]
LEAST_KNOWN = 0.6

#: Where the search for the time constants begins, and what counts where the session does not tell
#: them; people and efforts differ by about a factor of two either way. Convention. [s], [ln]
RISE_S, FALL_S, SPREAD_LN = 30.0, 50.0, 0.7
#: Time constants outside are none of a heart under work (convention). [s]
QUICKEST_S, SLOWEST_S = 6.0, 240.0
#: Most steps of the search, also with the fall held, and the longest (convention). [-], [ln]
ROUNDS, ROUNDS_HELD, LONGEST_STEP_LN = 15, 3, 0.4
#: Where the standard error of the fall is larger, the answer bends within it (convention). [ln]
BENDS_LN = 0.08
#: Then it is looked at around the likeliest fall, in standard errors: evenly, to where a normal
#: error hardly ever comes. [-]
FALL_STEPS = (-2.4, -1.6, -0.8, 0.0, 0.8, 1.6, 2.4)
#: It ends when the time constants change by less (convention). [ln]
SETTLED_LN = 0.01

#: How long the left-over noise remembers itself: from a block to ten minutes. Convention. [s]
PERSISTENCE_S = (3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0, 384.0, 768.0)
#: While more than this share of what drives the heart is unknown, its rate is not used. A gap
#: fades with the time constant `FALL_S`. Convention. [-]
UNKNOWN_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Values of the k columns of work by every fit that is likely, and how likely each is."""

    chance: Floats  #: (fits,)
    values: Floats  #: (fits, k)
    covariance: Floats  #: (fits, k, k)
    freedom: float
    spread_bpm: float
    rise_s: float
    fall_s: float

    def of(self, *columns: int) -> Estimate:
        """The sum of some columns: the mean of all fits, and their 90 % interval together."""
        each = self.values[:, columns].sum(axis=1)
        error = np.sqrt(self.covariance[:, columns][:, :, columns].sum(axis=(1, 2)))
        error = np.maximum(error, 1e-9)
        return Estimate(
            value=float(self.chance @ each),
            low=self._quantile(0.05, each, error),
            high=self._quantile(0.95, each, error),
        )

    def _quantile(self, share: float, each: Floats, error: Floats) -> float:
        """Below which value so much of the mixture of Student's distributions lies."""
        # The mixture's quantile lies between those of its parts.
        ends = each + stdtrit(self.freedom, share) * error

        def excess(at: float) -> float:
            return float(self.chance @ stdtr(self.freedom, (at - each) / error)) - share

        low, high = float(ends.min()) - 1e-6, float(ends.max()) + 1e-6
        return float(brentq(excess, low, high, xtol=1e-4))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """The session in blocks: (blocks, k) work, and the heart rate of those that are used."""

    steady: Floats
    start: Floats  #: (k,) the lagged columns before the first block
    bpm: Floats  #: (m,)
    use: NDArray[np.intp]  #: (m,) which blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Where a search for time constants ended."""

    tau_s: Floats  #: (2,) of rise and fall
    rising: Bools
    memory: float
    columns: Floats  #: (m, k + 2)
    prior: _Prior
    solved: _Solved


def fit_lagged(heart_rate_bpm: Floats, *, work: Floats, lost: Bools) -> Fit | None:
    """Fit what a heart rate follows late; None where too little of it is known.

    All are on a grid of one second: `heart_rate_bpm` (n,), NaN where not known; `work` (n, k) what
    a steady heart rate is a sum of, the first column ones, for rest; `lost` (n,) the seconds whose
    work is not known, after which the heart rate is left out until they are forgotten.
    """
    bpm, known_s = _block_means(heart_rate_bpm)
    # One more column, zero in all seconds, is how far from rest the heart was before the first.
    steady = np.pad(_blocks(work).mean(axis=1), ((0, 0), (0, 1)))
    unknown = _blocks(lost).mean(axis=1)
    fading = _lagged(unknown[:, None], np.full(len(bpm), FALL_S), np.zeros(1))[:, 0]
    use = np.flatnonzero((known_s >= LEAST_KNOWN * BLOCK_S) & (fading <= UNKNOWN_SHARE))
    # A column that never varies says nothing, but for rest and for what was before.
    ends = np.array([0, steady.shape[1] - 1])
    varies = np.ptp(steady[use], axis=0) > 0 if len(use) else np.zeros(steady.shape[1], bool)
    varies[ends] = True
    columns = np.flatnonzero(varies)
    if len(use) < 3 * len(columns):
        return None
    start = np.isin(columns, ends).astype(float)
    data = _Data(steady=steady[:, columns], start=start, bpm=bpm[use], use=use)
    best = _search(data, None, np.array([RISE_S, FALL_S]))
    error_ln = math.sqrt(best.solved.covariance[-1, -1])
    if error_ln <= BENDS_LN:
        return _mixed(data, best, [best], columns)
    # The slow fall is the time constant that short stretches tell least, and the answer bends
    # with it: so it is tried at other values too, each with the rise that suits it.
    tried = [best.tau_s * (1.0, math.exp(step * error_ln)) for step in FALL_STEPS]
    fits = [_search(data, best, tau_s) for tau_s in tried if QUICKEST_S <= tau_s[1] <= SLOWEST_S]
    return _mixed(data, best, fits, columns)


def _search(data: _Data, near: _Found | None, tau_s: Floats) -> _Found:
    """Find the time constants by Gauss-Newton; `near` another search, hold the fall as given.

    The time constants are two more columns of the model: how the fit would change with them. What
    rises and what falls is told anew from every step.
    """
    steady, use = data.steady, data.use
    rising = np.ones(len(steady), bool) if near is None else near.rising
    values = np.zeros(steady.shape[1]) if near is None else near.solved.values[:-2]
    variance = 1.0 if near is None else near.solved.variance
    memory = 0.0 if near is None else near.memory
    for step in range(ROUNDS if near is None else ROUNDS_HELD):
        lagged, slopes = _with_slopes(steady, tau_s, rising, data.start, values)
        if near is not None:
            slopes[:, 1] = 0.0
        x = np.column_stack([lagged, slopes])[use]
        prior = _Prior(off_ln=np.log(tau_s / (RISE_S, FALL_S)), variance=variance)
        if near is None and step % 3 == 0:
            memory = _likeliest_memory(x, data.bpm, use, prior)
        solved = _least_squares(x, data.bpm, use, memory, prior)
        found = _Found(
            tau_s=tau_s, rising=rising, memory=memory, columns=x, prior=prior, solved=solved
        )
        move = solved.values[-2:].copy()
        if near is not None:
            move[1] = 0.0
        elif step == 0:  # its slopes are those of a fit of nothing
            move[:] = 0.0
        values, variance = solved.values[:-2], solved.variance
        tau_s = tau_s * np.exp(np.clip(move, -LONGEST_STEP_LN, LONGEST_STEP_LN))
        tau_s = np.clip(tau_s, QUICKEST_S, SLOWEST_S)
        rising = steady @ values > lagged @ values
        if step > 1 and np.abs(move).max() < SETTLED_LN:
            break
    return found


def _with_slopes(
    steady: Floats, tau_s: Floats, rising: Bools, start: Floats, values: Floats
) -> tuple[Floats, Floats]:
    """The lagged columns, and how the fit changes with the logarithm of either time constant."""
    lagged = _lagged(steady, np.where(rising, tau_s[0], tau_s[1]), start)
    slopes = np.empty((len(steady), 2))
    for which in range(2):
        other_s = tau_s.copy()
        other_s[which] *= 1 + _NUDGE
        nudged = _lagged(steady, np.where(rising, other_s[0], other_s[1]), start)
        slopes[:, which] = (nudged - lagged) @ values / _NUDGE
    return lagged, slopes


#: Step of the numerical derivative, as a share of a time constant. [-]
_NUDGE = 0.01


def _blocks(values: NDArray[np.generic]) -> Floats:
    """The seconds of every whole block, (blocks, BLOCK_S, ...)."""
    blocks = len(values) // BLOCK_S
    return values[: blocks * BLOCK_S].reshape(blocks, BLOCK_S, *values.shape[1:]).astype(float)


def _memories() -> Floats:
    """What a block's noise keeps of the last one's, for every persistence tried."""
    kept: Floats = np.exp(-BLOCK_S / np.array(PERSISTENCE_S))
    return kept


def _block_means(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Means of the known seconds of every block, and how many they are."""
    seconds = _blocks(values)
    known = np.isfinite(seconds)
    count = known.sum(axis=1)
    return np.where(known, seconds, 0.0).sum(axis=1) / np.maximum(count, 1), count


def _lagged(steady: Floats, tau_s: Floats, start: Floats) -> Floats:
    """What the heart makes of (blocks, k) steady values with (blocks,) time constants.

    `start` (k,) is the state before: one for rest, and for the column that is zero ever after
    and stands for how far from rest the heart was. Exact for work that is even within a block.
    """
    share = -np.expm1(-BLOCK_S / tau_s)
    driven = share[:, None] * steady
    driven[0] += (1.0 - share[0]) * start
    # state[k] - (1 - share[k]) state[k-1] = share[k] steady[k], solved all at once.
    bands = np.ones((2, len(steady)))
    bands[1, :-1] = share[1:] - 1.0
    state = solve_banded((1, 0), bands, driven, check_finite=False)
    before = np.vstack([start, state[:-1]])
    left = share * tau_s / BLOCK_S  # the mean of what is still to go, over the block
    lagged: Floats = steady + left[:, None] * (before - steady)
    return lagged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prior:
    """How far the time constants are from where they are expected, and the noise's variance."""

    off_ln: Floats  #: (2,)
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """Generalised least squares; the last two columns are steps in the time constants."""

    values: Floats  #: (k,)
    covariance: Floats  #: (k, k)
    variance: float  #: of the left-over noise
    log_likelihood: float  #: restricted


def _least_squares(
    columns: Floats, bpm: Floats, at: NDArray[np.intp], memory: float, prior: _Prior
) -> _Solved:
    """Fit `bpm` (m,) by `columns` (m, k) under noise that remembers `memory` of a block.

    Blocks that are missing between two are a longer memory: `at` (m,) are their places.
    """
    kept = memory ** np.diff(at)
    scale = 1.0 / np.sqrt(1.0 - kept**2)
    x, y = columns.copy(), bpm.copy()
    x[1:] = (columns[1:] - kept[:, None] * columns[:-1]) * scale[:, None]
    y[1:] = (bpm[1:] - kept * bpm[:-1]) * scale
    size = np.sqrt(np.einsum("mk,mk->k", x, x))
    size[size == 0.0] = 1.0
    x /= size
    # A trace of ridge keeps columns that cannot be told apart solvable, with a huge variance.
    normal = x.T @ x + 1e-9 * np.eye(len(size))
    right = x.T @ y
    weight = prior.variance / SPREAD_LN**2 / size[-2:] ** 2
    normal[[-2, -1], [-2, -1]] += weight
    right[-2:] -= weight * size[-2:] * prior.off_ln
    values = np.linalg.solve(normal, right)
    left = y - x @ values
    freedom = len(y) - len(size)
    variance = float(left @ left) / freedom + 1e-9
    likelihood = -0.5 * (
        freedom * np.log(variance)
        + np.linalg.slogdet(normal)[1]
        + 2.0 * np.log(size).sum()
        - 2.0 * np.log(scale).sum()
    )
    return _Solved(
        values=values / size,
        covariance=np.linalg.inv(normal) * variance / np.outer(size, size),
        variance=variance,
        log_likelihood=float(likelihood),
    )


def _likeliest_memory(columns: Floats, bpm: Floats, at: NDArray[np.intp], prior: _Prior) -> float:
    memories = _memories()
    likely = [_least_squares(columns, bpm, at, m, prior).log_likelihood for m in memories]
    return float(memories[int(np.argmax(likely))])


def _mixed(data: _Data, best: _Found, fits: list[_Found], columns: NDArray[np.intp]) -> Fit:
    """All fits, with every persistence of the noise, by their likelihood."""
    memories = _memories()
    solved = [
        _least_squares(fit.columns, data.bpm, data.use, memory, fit.prior)
        for fit in fits
        for memory in memories
    ]
    expected = np.repeat(
        [-0.5 * np.sum((fit.prior.off_ln / SPREAD_LN) ** 2) for fit in fits], len(memories)
    )
    chance = _shares(np.array([one.log_likelihood for one in solved]) + expected)
    width = int(columns[-1]) + 1
    values = np.zeros((len(solved), width))
    covariance = np.zeros((len(solved), width, width))
    values[:, columns] = [one.values[:-2] for one in solved]
    covariance[np.ix_(np.arange(len(solved)), columns, columns)] = [
        one.covariance[:-2, :-2] for one in solved
    ]
    # The noise gives fewer independent values than blocks.
    kept = np.tile(memories, len(fits))
    independent = len(data.bpm) * float(chance @ ((1 - kept) / (1 + kept)))
    return Fit(
        chance=chance,
        values=values,
        covariance=covariance,
        freedom=max(independent - len(columns), 3.0),
        spread_bpm=math.sqrt(float(chance @ np.array([one.variance for one in solved]))),
        rise_s=float(best.tau_s[0]),
        fall_s=float(best.tau_s[1]),
    )


def _shares(log_likelihood: Floats) -> Floats:
    share: Floats = np.exp(log_likelihood - log_likelihood.max())
    shares: Floats = share / share.sum()
    return shares
