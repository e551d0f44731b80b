"""A first-order Markov model of numbered states: how surprising each move is, and how surprising moves are at all.

Pure. Counts are smoothed (additive), so nothing is impossible; a state that was never entered has no opinion.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import Floats
from tenants.agents.meta_workflow.detectors.thresholds import SEQUENCES


@dataclass(frozen=True, slots=True)
class Scores:
    """One figure for each sequence."""

    known: NDArray[np.int64]
    """Moves between states that the model knows."""
    excess: Floats
    """Bits of surprise beyond the model's own expectation."""
    standard: Floats
    """The same by the standard deviation that the model expects."""


@dataclass(frozen=True, slots=True)
class Markov:
    """Of each move (flat: from by states, plus to): bits of surprise, and those expected where it starts."""

    surprise: Floats
    """0 where a state is not known."""
    entropy: Floats
    variance: Floats
    known: NDArray[np.bool_]

    def scores(self, moves: NDArray[np.int64], lengths: NDArray[np.int64]) -> Scores:
        """Figures of neighbouring sequences of these lengths (each at least 1)."""
        starts = np.cumsum(lengths) - lengths
        known = np.add.reduceat(self.known[moves].astype(np.int64), starts)
        excess = np.add.reduceat(self.surprise[moves] - self.entropy[moves], starts)
        spread = np.sqrt(np.add.reduceat(self.variance[moves], starts) + 1.0)
        return Scores(known, excess, excess / spread)


def fitted(moves: NDArray[np.int64], states: int) -> Markov:
    """The model of these moves. `states` counts all there may be, state 0 (the beginning) included."""
    counts = np.bincount(moves, minlength=states * states).reshape(states, states).astype(np.float64)
    entered = counts.sum(axis=0) > 0
    left = counts.sum(axis=1) > 0
    choices = max(1, int(entered.sum()))
    chances = (counts + SEQUENCES.smoothing) / (
        counts.sum(axis=1, keepdims=True) + SEQUENCES.smoothing * choices
    )
    known = left[:, None] & entered[None, :]
    weights = np.where(known, chances, 0.0)
    bits = np.where(known, -np.log2(chances), 0.0)
    entropy = (weights * bits).sum(axis=1, keepdims=True)
    variance = (weights * (bits - entropy) ** 2).sum(axis=1, keepdims=True)
    return Markov(
        surprise=bits.ravel(),
        entropy=np.where(known, entropy, 0.0).ravel(),
        variance=np.where(known, variance, 0.0).ravel(),
        known=known.ravel(),
    )
