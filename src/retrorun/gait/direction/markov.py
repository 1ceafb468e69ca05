"""Hidden Markov chains of a few states over long recordings, exactly and without a slow loop.

The chain is cut into about √n pieces of about √n steps; pieces are worked side by side, first to
find what each does to any start, then with their true starts. Cost grows linearly with n.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def posterior(log_likelihood: NDArray[np.floating], transition: Floats, start: Floats) -> Floats:
    """Probability of every state at every step given the whole record, (n, k).

    Parameters
    ----------
    log_likelihood : (n, k)
        Natural logarithms, relative within a row.
    transition : (k, k)
        Probability of a step from a row's state to a column's; rows add up to 1.
    start : (k,)
        Probabilities before the first step.
    """
    pieces = _pieces(_likelihood(log_likelihood))
    effect = _effects(pieces, transition)
    both = _forward(pieces, transition, starts=_starts(effect, start))
    both *= _backward(pieces, transition, ends=_ends(effect))
    return _shares(_joined(both, samples=len(log_likelihood)))


def filtered(
    log_likelihood: NDArray[np.floating], transition: Floats, start: Floats, *, lag: int
) -> Floats:
    """Probability of every state at every step given no more than `lag` steps after it, (n, k)."""
    likelihood = _likelihood(log_likelihood)
    pieces, samples = _pieces(likelihood), len(likelihood)
    forward = _forward(pieces, transition, starts=_starts(_effects(pieces, transition), start))
    ahead = np.ones_like(likelihood)
    for k in range(min(lag, samples - 1), 0, -1):
        # What step t sees of step t + k; beyond the end of the record there is nothing to see.
        seen = np.ones_like(likelihood)
        seen[:-k] = likelihood[k:]
        ahead = (seen * ahead) @ transition.T
        ahead /= ahead.max(axis=1, keepdims=True)
    return _shares(_joined(forward, samples=samples) * ahead)


def _likelihood(log_likelihood: NDArray[np.floating]) -> Floats:
    """Of every step, (n, k), the likeliest state of each being 1."""
    top = log_likelihood.max(axis=1, keepdims=True)
    likelihood: Floats = np.exp(log_likelihood - top).astype(np.float64)
    return likelihood


def _pieces(likelihood: Floats) -> Floats:
    """Cut (n, k) into (length, k, pieces), the last piece filled up with ones.

    The pieces are the last axis because all of them are worked at once.
    """
    samples, states = likelihood.shape
    length = max(int(np.ceil(np.sqrt(samples))), 1)
    count = max(-(-samples // length), 1)
    filled = np.ones((count * length, states))
    filled[:samples] = likelihood
    return np.ascontiguousarray(filled.reshape(count, length, states).transpose(1, 2, 0))


def _joined(pieces: Floats, *, samples: int) -> Floats:
    """(length, k, pieces) as (n, k) again."""
    return pieces.transpose(2, 0, 1).reshape(-1, pieces.shape[1])[:samples]


def _shares(values: Floats) -> Floats:
    shares: Floats = values / values.sum(axis=1, keepdims=True)
    return shares


def _effects(pieces: Floats, transition: Floats) -> Floats:
    """What each piece does to probabilities entering it, (k in, k out, pieces), up to a factor."""
    _, states, count = pieces.shape
    effect = np.repeat(np.eye(states)[:, :, None], count, axis=2)
    for likelihood in pieces:
        effect = (transition.T @ effect) * likelihood
        effect /= effect.max(axis=(0, 1))
    return effect


def _starts(effect: Floats, start: Floats) -> Floats:
    """Probabilities that enter every piece, (k, pieces)."""
    entering = np.empty(effect.shape[1:])
    now = start
    for k in range(effect.shape[2]):
        entering[:, k] = now
        now = now @ effect[:, :, k]
        now = now / now.sum()
    return entering


def _ends(effect: Floats) -> Floats:
    """What all later pieces say of the last state of every piece, (k, pieces)."""
    leaving = np.empty(effect.shape[1:])
    now = np.ones(effect.shape[1])
    for k in range(effect.shape[2] - 1, -1, -1):
        leaving[:, k] = now
        now = effect[:, :, k] @ now
        now = now / now.max()
    return leaving


def _forward(pieces: Floats, transition: Floats, *, starts: Floats) -> Floats:
    out = np.empty_like(pieces)
    now = starts
    for k, likelihood in enumerate(pieces):
        now = (transition.T @ now) * likelihood
        now /= now.sum(axis=0)
        out[k] = now
    return out


def _backward(pieces: Floats, transition: Floats, *, ends: Floats) -> Floats:
    out = np.empty_like(pieces)
    now = ends
    for k in range(len(pieces) - 1, -1, -1):
        out[k] = now
        now = transition @ (pieces[k] * now)
        now /= now.max(axis=0)
    return out
