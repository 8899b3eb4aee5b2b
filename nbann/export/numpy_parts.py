"""Start weights, losses and optimizers in plain NumPy, for source text. Imports NumPy alone.

`to_code` copies what a net needs into its source. A loss takes outputs z and targets y, and returns
its value and the gradient of z; an optimizer changes the parameters p in place.
"""

import math

import numpy as np


# ---- start weights -------------------------------------------------------------------------------
def uniform(rng, shape, square):
    """Draw from -sqrt(square) to sqrt(square)."""
    bound = math.sqrt(square)
    return rng.uniform(-bound, bound, shape)


def normal(rng, shape, variance):
    """Draw normal numbers of mean 0."""
    return rng.standard_normal(shape) * math.sqrt(variance)


def orthogonal(rng, shape, gain=1.0):
    """Draw a rotation."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0) * gain
    return np.ascontiguousarray(q if shape[0] >= shape[1] else q.T)


# ---- losses --------------------------------------------------------------------------------------
def cross_entropy(z, y, smoothing=0.0, weights=None):
    """Softmax and cross-entropy of labels y, the mean over all rows, classes weighted if so."""
    z_max = z.max(axis=-1, keepdims=True)
    log_p = z - z_max - np.log(np.exp(z - z_max).sum(axis=-1, keepdims=True))
    target = (1 - smoothing) * np.eye(z.shape[-1], dtype=z.dtype)[y] + smoothing / z.shape[-1]
    total = y.size
    if weights is not None:
        target, total = target * weights, np.take(weights, y).sum()
    grad = target.sum(axis=-1, keepdims=True) * np.exp(log_p) - target
    return -(target * log_p).sum() / total, grad / total


def binary_cross_entropy(z, y, smoothing=0.0, summed=False):
    """Sigmoid and cross-entropy of targets from 0 to 1, the mean over all outputs."""
    t = y * (1 - smoothing) + smoothing / 2
    size = z.size // z.shape[-1] if summed else z.size
    loss = (np.maximum(z, 0) - z * t + np.log1p(np.exp(-abs(z)))).sum() / size
    return loss, ((1 + np.tanh(z / 2)) / 2 - t) / size


def squared_error(z, y, factor):
    """``factor * sum of (z - y)**2``."""
    return factor * ((z - y) ** 2).sum(), 2 * factor * (z - y)


def absolute_error(z, y):
    """Absolute error ``|z - y|``, the mean over all outputs."""
    return abs(z - y).mean(), np.sign(z - y) / z.size


def huber(z, y, delta):
    """Squared for errors up to delta, absolute for larger ones; the mean."""
    size = abs(z - y)
    each = np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))
    return each.mean(), np.clip(z - y, -delta, delta) / z.size


def poisson(z, y, summed=False):
    """Half the Poisson deviance of counts y and means exp(z), the mean over all outputs."""
    size = z.size // z.shape[-1] if summed else z.size
    log = np.log(np.where(y > 0, y, 1))
    return (np.exp(z) - y + y * (log - z)).sum() / size, (np.exp(z) - y) / size


def hinge(z, y, margin):
    """``max(0, margin - t*z)`` of signs t, the mean."""
    each = np.maximum(margin - y * z, 0)
    return each.mean(), -y * (each > 0) / z.size


def perceptron(z, y):
    """``max(0, -t*z)`` of signs t, the mean; at 0 a sample counts as wrong."""
    return np.maximum(-y * z, 0).mean(), -y * (y * z <= 0) / z.size


def weston_watkins(z, y, margin):
    """``max(0, margin + z_j - z_true)`` for each other class, of one-hot y, the mean."""
    each = np.maximum(margin + z - (z * y).sum(axis=-1, keepdims=True), 0) * (1 - y)
    ahead = (each > 0).astype(z.dtype)
    return each.mean(), (ahead - y * ahead.sum(axis=-1, keepdims=True)) / z.size


def gaussian_nll(z, y, eps, full=False):
    """Negative log-likelihood of y under means and log-variances side by side, the mean."""
    mean, s = np.split(z, 2, axis=-1)
    variance = np.exp(s) + eps
    square = (mean - y) ** 2 / variance
    loss = ((np.log(variance) + square) / 2).mean() + (math.log(2 * math.pi) / 2 if full else 0)
    slope = np.exp(s) / variance * (1 - square) / 2
    return loss, np.concatenate([(mean - y) / variance, slope], axis=-1) / y.size


def pinball(z, y, quantiles):
    """``max(q*e, (q - 1)*e)`` of ``e = y - z`` for each quantile q of each target, the mean."""
    q = np.array(quantiles, z.dtype)
    e = y[..., None] - z.reshape(*y.shape, len(q))
    slope = np.where(e > 0, -q, np.where(e < 0, 1 - q, 0))
    return np.maximum(q * e, (q - 1) * e).mean(), slope.reshape(z.shape) / z.size


# ---- optimizers ----------------------------------------------------------------------------------
class SGD:
    """``v = momentum * v - rate * g`` and ``p = p + v``, or ``p = p - rate * g``."""

    def __init__(self, p, momentum=0.0, nesterov=False):
        self.momentum, self.nesterov = momentum, nesterov
        self.v = {name: np.zeros_like(array) for name, array in p.items()}

    def step(self, p, g, rate):
        """Change the parameters."""
        for name in p:
            self.v[name] = self.momentum * self.v[name] - rate * g[name]
            p[name] += self.v[name]
            if self.nesterov:  # look ahead: momentum * v - rate * g in place of v
                p[name] += self.momentum * self.v[name] - rate * g[name] - self.v[name]


class AdaGrad:
    """``p = p - rate * g / (sqrt(s) + epsilon)``, s being the sum of g**2."""

    def __init__(self, p, epsilon, initial=0.0):
        self.epsilon, self.initial = epsilon, initial
        self.s = {name: np.zeros_like(array) for name, array in p.items()}

    def step(self, p, g, rate):
        """Change the parameters."""
        for name in p:
            self.s[name] += g[name] ** 2
            p[name] -= rate * g[name] / (np.sqrt(self.s[name] + self.initial) + self.epsilon)


class RMSprop:
    """``v = momentum * v + g / (sqrt(s) + epsilon)``, s a moving average of g**2."""

    def __init__(self, p, rho, epsilon, momentum=0.0):
        self.rho, self.epsilon, self.momentum = rho, epsilon, momentum
        self.s = {name: np.zeros_like(array) for name, array in p.items()}
        self.v = {name: np.zeros_like(array) for name, array in p.items()}

    def step(self, p, g, rate):
        """Change the parameters."""
        for name in p:
            self.s[name] = self.rho * self.s[name] + (1 - self.rho) * g[name] ** 2
            quotient = g[name] / (np.sqrt(self.s[name]) + self.epsilon)
            self.v[name] = self.momentum * self.v[name] + quotient
            p[name] -= rate * self.v[name]


class Adam:
    """``p = p - rate * m_hat / (sqrt(v_hat) + epsilon)``, with weights that decay apart if so."""

    def __init__(self, p, beta1, beta2, epsilon, epsilon_hat=False, decay=0.0):
        self.beta1, self.beta2 = beta1, beta2
        self.epsilon, self.epsilon_hat, self.decay = epsilon, epsilon_hat, decay
        self.t = 0
        self.m = {name: np.zeros_like(array) for name, array in p.items()}
        self.v = {name: np.zeros_like(array) for name, array in p.items()}

    def step(self, p, g, rate):
        """Change the parameters."""
        self.t += 1
        root = math.sqrt(1 - self.beta2**self.t)
        size = rate * root / (1 - self.beta1**self.t)
        floor = self.epsilon if self.epsilon_hat else self.epsilon * root
        for name in p:
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g[name]
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g[name] ** 2
            p[name] -= rate * self.decay * p[name]
            p[name] -= size * self.m[name] / (np.sqrt(self.v[name]) + floor)
