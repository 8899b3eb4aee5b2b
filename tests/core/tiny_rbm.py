"""A Boltzmann machine so small that all its states can be listed: the oracle of its probabilities.

Everything is summed over all states (v, h) from the energy alone, in plain NumPy.
"""

from itertools import product

import numpy as np

import nbann

W = np.array([[1.1, -0.7], [-0.4, 0.9], [0.6, 0.3]])
B, C = np.array([0.2, -0.5, 0.1]), np.array([-0.3, 0.4])
V = np.array(list(product([0.0, 1.0], repeat=3)))
H = np.array(list(product([0.0, 1.0], repeat=2)))


def joint():
    """Return p(v, h) of every pair of states, shape (8, 4)."""
    energy = -(V @ B)[:, None] - (H @ C)[None, :] - V @ W @ H.T
    weight = np.exp(-energy)
    return weight / weight.sum()


def statistics(p):
    """Return <v h>, <v> and <h> under a distribution of pairs of states."""
    return V.T @ p @ H, p.sum(axis=1) @ V, p.sum(axis=0) @ H


def given_visible():
    """Return p(h | v), shape (8, 4)."""
    p = joint()
    return p / p.sum(axis=1, keepdims=True)


def rbm(**settings):
    return nbann.RBM(2, weight=W, visible_bias=B, hidden_bias=C, **settings)


def trainer(X, model=None, **settings):
    settings = {"batch_size": None, "evaluate_every": None} | settings
    return nbann.Trainer(model or rbm(), nbann.Dataset(X, task="unsupervised"), **settings)


def drawn(n, seed=0):
    """Return n visible states, drawn from the machine's own distribution."""
    return V[np.random.default_rng(seed).choice(8, n, p=joint().sum(axis=1))]


def binary(n=23, visible=6, seed=0):
    """Return rows of 0 and 1 in which neighbors agree mostly."""
    rng = np.random.default_rng(seed)
    first = rng.random((n, visible // 2)) < 0.4
    return (np.repeat(first, 2, axis=1) ^ (rng.random((n, visible)) < 0.05)) * 1.0
