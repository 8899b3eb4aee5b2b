"""Recurrent layers in plain NumPy, for source text that `to_code` writes. Imports NumPy alone.

As the layers of `numpy_layers.py`, they read as a person would write them.
"""

import copy

import numpy as np

from .numpy_activations import sigmoid
from .numpy_layers import Layer


class Recurrent(Layer):
    """A layer that goes through time: (n, time, features) to (n, units) or (n, time, units)."""

    def __init__(self, name, units, bias=True, sequences=False, reverse=False):
        self.name, self.units, self.bias = name, units, bias
        self.sequences, self.reverse = sequences, reverse

    def forward(self, p, x, training=False):
        self.x = x[:, ::-1] if self.reverse else x
        inputs = self.x @ p[self.name + ".weight"]
        if self.bias:
            inputs = inputs + p[self.name + ".bias"]
        state, self.steps, outputs = self.start(x), [], []
        for t in range(x.shape[1]):
            state, kept = self.step(p, inputs[:, t], state)
            self.steps.append(kept)
            outputs.append(state[0])
        if not self.sequences:
            return state[0]
        return np.stack(outputs[::-1] if self.reverse else outputs, axis=1)

    def backward(self, p, g, grad):
        later = self.start(self.x)
        inputs = []
        for t in reversed(range(self.x.shape[1])):
            if self.sequences:
                own = grad[:, -1 - t if self.reverse else t]
                later = (later[0] + own, *later[1:])
            elif t == self.x.shape[1] - 1:
                later = (grad, *later[1:])
            dz, later = self.step_back(p, g, later, self.steps[t])
            inputs.append(dz)
        dz = np.stack(inputs[::-1], axis=1)
        rows, x = dz.reshape(-1, dz.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
        g[self.name + ".weight"] += x.T @ rows
        if self.bias:
            g[self.name + ".bias"] += rows.sum(axis=0)
        dx = dz @ p[self.name + ".weight"].T
        return dx[:, ::-1] if self.reverse else dx

    def start(self, x):
        """Return what is remembered before the first step."""
        return (np.zeros((len(x), self.units), x.dtype),)


class RNN(Recurrent):
    """``h = activation(x @ weight + h @ recurrent + bias)``."""

    def __init__(self, name, units, activation, **settings):
        super().__init__(name, units, **settings)
        self.activation = activation

    def step(self, p, inputs, state):
        """Return the new state, and what the way back needs."""
        activation = copy.copy(self.activation)
        h = activation.forward(p, inputs + state[0] @ p[self.name + ".recurrent"])
        return (h,), (activation, state[0])

    def step_back(self, p, g, grads, kept):
        """Return the gradients of the inputs and of the state before."""
        activation, before = kept
        dz = activation.backward(p, g, grads[0])
        g[self.name + ".recurrent"] += before.T @ dz
        return dz, (dz @ p[self.name + ".recurrent"].T,)


class LSTM(Recurrent):
    """A cell that gates keep (f), add to (i) and read (o), in the order i, f, g, o."""

    def start(self, x):
        return tuple(np.zeros((len(x), self.units), x.dtype) for _ in range(2))

    def step(self, p, inputs, state):
        """Return the new state, and what the way back needs."""
        h, c = state
        z = inputs + h @ p[self.name + ".recurrent"]
        i, f, candidate, o = np.split(z, 4, axis=1)
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        candidate = np.tanh(candidate)
        cell = f * c + i * candidate
        shown = np.tanh(cell)
        return (o * shown, cell), (i, f, candidate, o, shown, h, c)

    def step_back(self, p, g, grads, kept):
        """Return the gradients of the inputs and of the state before."""
        i, f, candidate, o, shown, h, c = kept
        dh, dc = grads
        dc = dc + dh * o * (1 - shown**2)
        dz = np.concatenate(
            [
                dc * candidate * i * (1 - i),
                dc * c * f * (1 - f),
                dc * i * (1 - candidate**2),
                dh * shown * o * (1 - o),
            ],
            axis=1,
        )
        g[self.name + ".recurrent"] += h.T @ dz
        return dz, (dz @ p[self.name + ".recurrent"].T, dc * f)


class GRU(Recurrent):
    """One gate resets the memory for the candidate (r), one blends both (z): r, z, n."""

    def __init__(self, name, units, second_bias=True, **settings):
        super().__init__(name, units, **settings)
        self.second_bias = second_bias

    def step(self, p, inputs, state):
        """Return the new state, and what the way back needs."""
        (h,) = state
        a_r, a_z, a_n = np.split(inputs, 3, axis=1)
        s_r, s_z, s_n = np.split(h @ p[self.name + ".recurrent"], 3, axis=1)
        if self.second_bias:
            s_n = s_n + p[self.name + ".recurrent_bias"]
        r, z = sigmoid(a_r + s_r), sigmoid(a_z + s_z)
        n = np.tanh(a_n + r * s_n)
        return (z * h + (1 - z) * n,), (r, z, n, s_n, h)

    def step_back(self, p, g, grads, kept):
        """Return the gradients of the inputs and of the state before."""
        (dh,) = grads
        r, z, n, s_n, h = kept
        dn = dh * (1 - z) * (1 - n**2)
        dr = dn * s_n * r * (1 - r)
        dz = dh * (h - n) * z * (1 - z)
        if self.second_bias:
            g[self.name + ".recurrent_bias"] += (dn * r).sum(axis=0)
        recurrent = np.concatenate([dr, dz, dn * r], axis=1)
        g[self.name + ".recurrent"] += h.T @ recurrent
        past = dh * z + recurrent @ p[self.name + ".recurrent"].T
        return np.concatenate([dr, dz, dn], axis=1), (past,)


class Bidirectional(Layer):
    """Two recurrent layers, one from each end of time: side by side, or their sum."""

    def __init__(self, ahead, back, merge="concatenate"):
        self.ahead, self.back, self.merge = ahead, back, merge

    def forward(self, p, x, training=False):
        ahead, back = self.ahead.forward(p, x), self.back.forward(p, x)
        return ahead + back if self.merge == "sum" else np.concatenate([ahead, back], axis=-1)

    def backward(self, p, g, grad):
        ahead = back = grad
        if self.merge != "sum":
            ahead, back = grad[..., : self.ahead.units], grad[..., self.ahead.units :]
        return self.ahead.backward(p, g, ahead) + self.back.backward(p, g, back)
