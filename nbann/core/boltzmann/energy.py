"""The energy of a restricted Boltzmann machine and what follows from it; imports NumPy alone.

``E(v, h) = -v.b - h.c - v W h``, ``p(v, h) = exp(-E(v, h)) / Z`` (Smolensky, 1986; Fischer & Igel,
"An Introduction to Restricted Boltzmann Machines", CIARP 2012, equations 19 to 26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Energy:
    """The parameters of a machine, as they are now, and what can be computed from them.

    Attributes
    ----------
    weight : array of shape (visible, hidden)
    visible_bias : array of shape (visible,)
    hidden_bias : array of shape (hidden,)
    """

    weight: Floats
    visible_bias: Floats
    hidden_bias: Floats

    def hidden(self, visible: Floats) -> Floats:
        """Return ``p(h = 1 | v) = sigmoid(v W + c)``, shape (n, hidden)."""
        return sigmoid(visible @ self.weight + self.hidden_bias)

    def visible(self, hidden: Floats) -> Floats:
        """Return ``p(v = 1 | h) = sigmoid(h W' + b)``, shape (n, visible)."""
        return sigmoid(hidden @ self.weight.T + self.visible_bias)

    def free_energy(self, visible: Floats) -> Floats:
        """Return ``F(v) = -v.b - sum_j log(1 + exp(c_j + v W_j))``, shape (n,).

        ``p(v) = exp(-F(v)) / Z``: the lower, the more probable.
        """
        received = visible @ self.weight + self.hidden_bias
        energy: Floats = -(visible @ self.visible_bias) - softplus(received).sum(axis=-1)
        return energy

    def pseudo_likelihood(self, visible: Floats, flips: NDArray[np.intp]) -> Floats:
        """Return ``d * log p(v_i | all other v)`` with one i drawn for each row, shape (n,).

        ``p(v_i | others) = sigmoid(F(v with bit i flipped) - F(v))``: the estimate of
        `BernoulliRBM.score_samples` of scikit-learn (Besag, 1975).

        Parameters
        ----------
        visible : array of shape (n, d)
        flips : array of shape (n,)
            Which bit of each row is flipped.
        """
        rows = np.arange(len(visible))
        flipped = visible.copy()
        flipped[rows, flips] = 1 - flipped[rows, flips]
        gain = self.free_energy(flipped) - self.free_energy(visible)
        likelihood: Floats = -visible.shape[1] * softplus(-gain)
        return likelihood

    def reconstruction(self, visible: Floats) -> Floats:
        """Return the visible probabilities given the hidden ones given `visible` (mean field)."""
        return self.visible(self.hidden(visible))

    def gibbs(self, visible: Floats, steps: int, rng: np.random.Generator) -> Floats:
        """Return visible states after some steps of sampling h given v, and v given h."""
        for _ in range(steps):
            hidden = drawn(self.hidden(visible), rng)
            visible = drawn(self.visible(hidden), rng)
        return visible


def flips_of(rows: int, visible: int) -> NDArray[np.intp]:
    """Return which bit of each row is flipped: always the same ones, from a generator of its own.

    So that what is measured changes with the machine and not with the draw, and measuring changes
    nothing of the run.
    """
    return np.random.default_rng(0).integers(0, visible, rows)


def drawn(chance: Floats, rng: np.random.Generator) -> Floats:
    """Return 1 with these probabilities, else 0."""
    return (rng.random(chance.shape) < chance).astype(chance.dtype)


def sigmoid(z: Floats) -> Floats:
    """Return ``1 / (1 + exp(-z))``."""
    with np.errstate(over="ignore"):  # inf at z < -709, and 1/(1 + inf) is the right 0
        result: Floats = 1 / (1 + np.exp(-z))
    return result


def softplus(z: Floats) -> Floats:
    """Return ``log(1 + exp(z))`` where no z is too large."""
    result: Floats = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return result
