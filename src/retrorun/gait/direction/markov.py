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
    pieces, samples = _pieces(log_likelihood)
    effect = _effects(pieces, transition)
    forward = _forward(pieces, transition, starts=_starts(effect, start))
    backward = _backward(pieces, transition, ends=_ends(effect))
    both = (forward * backward).reshape(-1, log_likelihood.shape[1])[:samples]
    out: Floats = both / both.sum(axis=1, keepdims=True)
    return out


def filtered(
    log_likelihood: NDArray[np.floating], transition: Floats, start: Floats, *, lag: int
) -> Floats:
    """Probability of every state at every step given no more than `lag` steps after it, (n, k)."""
    pieces, samples = _pieces(log_likelihood)
    forward = _forward(pieces, transition, starts=_starts(_effects(pieces, transition), start))
    likelihood = pieces.reshape(-1, pieces.shape[2])[:samples]
    ahead = np.ones_like(likelihood)
    for k in range(min(lag, samples - 1), 0, -1):
        # What step t sees of step t + k; beyond the end of the record there is nothing to see.
        seen = np.ones_like(likelihood)
        seen[:-k] = likelihood[k:]
        ahead = (seen * ahead) @ transition.T
        ahead /= ahead.max(axis=1, keepdims=True)
    both = forward.reshape(-1, pieces.shape[2])[:samples] * ahead
    out: Floats = both / both.sum(axis=1, keepdims=True)
    return out


def _pieces(log_likelihood: NDArray[np.floating]) -> tuple[Floats, int]:
    """Likelihoods (pieces, length, k), the last piece filled up with ones."""
    samples, states = log_likelihood.shape
    length = max(int(np.ceil(np.sqrt(samples))), 1)
    count = max(-(-samples // length), 1)
    scaled = np.ones((count * length, states))
    top = log_likelihood.max(axis=1, keepdims=True) if samples else 0.0
    scaled[:samples] = np.exp(log_likelihood - top)
    return scaled.reshape(count, length, states), samples


def _effects(pieces: Floats, transition: Floats) -> Floats:
    """What each piece does to probabilities that enter it, (pieces, k, k), up to a factor."""
    states = pieces.shape[2]
    effect = np.broadcast_to(np.eye(states), (len(pieces), states, states)).copy()
    for k in range(pieces.shape[1]):
        effect = (effect @ transition) * pieces[:, k, None, :]
        effect /= effect.max(axis=(1, 2), keepdims=True)
    return effect


def _starts(effect: Floats, start: Floats) -> Floats:
    """Probabilities that enter every piece, (pieces, k)."""
    entering = np.empty(effect.shape[:2])
    now = start
    for k, piece in enumerate(effect):
        entering[k] = now
        now = now @ piece
        now = now / now.sum()
    return entering


def _ends(effect: Floats) -> Floats:
    """What all later pieces say of the last state of every piece, (pieces, k)."""
    leaving = np.empty(effect.shape[:2])
    now = np.ones(effect.shape[2])
    for k in range(len(effect) - 1, -1, -1):
        leaving[k] = now
        now = effect[k] @ now
        now = now / now.max()
    return leaving


def _forward(pieces: Floats, transition: Floats, *, starts: Floats) -> Floats:
    out = np.empty_like(pieces)
    now = starts
    for k in range(pieces.shape[1]):
        now = (now @ transition) * pieces[:, k]
        now /= now.sum(axis=1, keepdims=True)
        out[:, k] = now
    return out


def _backward(pieces: Floats, transition: Floats, *, ends: Floats) -> Floats:
    out = np.empty_like(pieces)
    now = ends
    for k in range(pieces.shape[1] - 1, -1, -1):
        out[:, k] = now
        now = (pieces[:, k] * now) @ transition.T
        now /= now.max(axis=1, keepdims=True)
    return out
