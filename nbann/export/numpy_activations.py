"""Activations in plain NumPy, for source text that `to_code` writes. Imports NumPy alone.

As the layers of `numpy_layers.py`, they read as a person would write them.
"""

import math

import numpy as np

from .numpy_layers import Layer


def sigmoid(z):
    """Return ``1 / (1 + exp(-z))``, for z of any size."""
    return (1 + np.tanh(z / 2)) / 2


class Sigmoid(Layer):
    """``1 / (1 + exp(-z))``."""

    def forward(self, p, z, training=False):
        self.a = sigmoid(z)
        return self.a

    def backward(self, p, g, grad):
        return grad * self.a * (1 - self.a)


class Tanh(Layer):
    """``tanh(z)``."""

    def forward(self, p, z, training=False):
        self.a = np.tanh(z)
        return self.a

    def backward(self, p, g, grad):
        return grad * (1 - self.a**2)


class Step(Layer):
    """1 where z > 0, else 0: nothing passes back."""

    def forward(self, p, z, training=False):
        return (z > 0).astype(z.dtype)

    def backward(self, p, g, grad):
        return np.zeros_like(grad)


class ReLU(Layer):
    """``max(0, z)``."""

    def forward(self, p, z, training=False):
        self.on = z > 0
        return z * self.on

    def backward(self, p, g, grad):
        return grad * self.on


class LeakyReLU(Layer):
    """``max(slope * z, z)``."""

    def __init__(self, negative_slope):
        self.negative_slope = negative_slope

    def forward(self, p, z, training=False):
        self.slope = np.where(z > 0, 1, self.negative_slope).astype(z.dtype)
        return z * self.slope

    def backward(self, p, g, grad):
        return grad * self.slope


class ELU(Layer):
    """``scale * z`` for z > 0, else ``scale * alpha * (exp(z) - 1)``."""

    def __init__(self, alpha, scale=1.0):
        self.alpha, self.scale = alpha, scale

    def forward(self, p, z, training=False):
        below = np.minimum(z, 0)
        self.slope = self.scale * np.where(z > 0, 1, self.alpha * np.exp(below))
        return self.scale * (np.maximum(z, 0) + self.alpha * np.expm1(below))

    def backward(self, p, g, grad):
        return grad * self.slope


class Softplus(Layer):
    """``log(1 + exp(z))``."""

    def forward(self, p, z, training=False):
        self.z = z
        return np.maximum(z, 0) + np.log1p(np.exp(-abs(z)))

    def backward(self, p, g, grad):
        return grad * sigmoid(self.z)


class SiLU(Layer):
    """``z / (1 + exp(-z))``."""

    def forward(self, p, z, training=False):
        self.z, self.gate = z, sigmoid(z)
        return z * self.gate

    def backward(self, p, g, grad):
        return grad * self.gate * (1 + self.z * (1 - self.gate))


erfc = np.vectorize(math.erfc, otypes=[float])


class GELU(Layer):
    """``z * Phi(z)``, Phi being the normal distribution's cumulative probability."""

    def forward(self, p, z, training=False):
        self.z, self.gate = z, (erfc(-z / math.sqrt(2)) / 2).astype(z.dtype)
        return z * self.gate

    def backward(self, p, g, grad):
        density = np.exp(-(self.z**2) / 2) / math.sqrt(2 * math.pi)
        return grad * (self.gate + self.z * density)


class TanhGELU(Layer):
    """``z * (1 + tanh(sqrt(2/pi) * (z + 0.044715 * z**3))) / 2``."""

    rate, cubic = math.sqrt(2 / math.pi), 0.044715

    def forward(self, p, z, training=False):
        self.z = z
        self.gate = (1 + np.tanh(self.rate * (z + self.cubic * z**3))) / 2
        return z * self.gate

    def backward(self, p, g, grad):
        steepness = 2 * self.rate * (1 + 3 * self.cubic * self.z**2)
        return grad * self.gate * (1 + self.z * steepness * (1 - self.gate))


class Softmax(Layer):
    """``exp(z) / sum(exp(z))`` over the last axis."""

    def forward(self, p, z, training=False):
        exps = np.exp(z - z.max(axis=-1, keepdims=True))
        self.a = exps / exps.sum(axis=-1, keepdims=True)
        return self.a

    def backward(self, p, g, grad):
        return self.a * (grad - (grad * self.a).sum(axis=-1, keepdims=True))
