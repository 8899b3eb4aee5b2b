"""Layers in plain NumPy, for source text that `to_code` writes. Imports NumPy alone.

`to_code` copies what a net needs into its source, so each class reads as a person would write it:
the parameters of all layers are one dict ``p``, their gradients another, ``g``.
"""

import numpy as np


class Layer:
    """One step of a net; by default it lets everything through."""

    def forward(self, p, x, training=False):
        """Return what comes out of x."""
        return x

    def backward(self, p, g, grad):
        """Add to the gradients g; return the gradient of x from that of the output."""
        return grad


class Chain(Layer):
    """Layers one after another."""

    def __init__(self, *layers):
        self.layers = layers

    def forward(self, p, x, training=False):
        for layer in self.layers:
            x = layer.forward(p, x, training)
        return x

    def backward(self, p, g, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(p, g, grad)
        return grad


class Dense(Layer):
    """``z = x @ weight + bias``."""

    def __init__(self, name, bias=True):
        self.name, self.bias = name, bias

    def forward(self, p, x, training=False):
        self.x = x
        z = x @ p[self.name + ".weight"]
        return z + p[self.name + ".bias"] if self.bias else z

    def backward(self, p, g, grad):
        weight = p[self.name + ".weight"]
        x, rows = self.x.reshape(-1, weight.shape[0]), grad.reshape(-1, weight.shape[1])
        g[self.name + ".weight"] += x.T @ rows
        if self.bias:
            g[self.name + ".bias"] += rows.sum(axis=0)
        return grad @ weight.T


class Tied(Layer):
    """``z = x @ weight.T + bias`` with the weight of another layer."""

    def __init__(self, name, of, bias=True):
        self.name, self.of, self.bias = name, of, bias

    def forward(self, p, x, training=False):
        self.x = x
        z = x @ p[self.of + ".weight"].T
        return z + p[self.name + ".bias"] if self.bias else z

    def backward(self, p, g, grad):
        weight = p[self.of + ".weight"]
        x, rows = self.x.reshape(-1, weight.shape[1]), grad.reshape(-1, weight.shape[0])
        g[self.of + ".weight"] += rows.T @ x
        if self.bias:
            g[self.name + ".bias"] += rows.sum(axis=0)
        return grad @ weight


class Embedding(Layer):
    """``a = weight[x]``, x being whole numbers."""

    def __init__(self, name):
        self.name = name

    def forward(self, p, x, training=False):
        self.x = np.asarray(x, int)
        return p[self.name + ".weight"][self.x]

    def backward(self, p, g, grad):
        np.add.at(g[self.name + ".weight"], self.x, grad)


class Flatten(Layer):
    """Each sample as one row."""

    def forward(self, p, x, training=False):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, p, g, grad):
        return grad.reshape(self.shape)


class Silence(Layer):
    """Neurons whose output is 0."""

    def __init__(self, neurons):
        self.neurons = neurons

    def forward(self, p, x, training=False):
        x = x.copy()
        x[..., self.neurons] = 0
        return x

    def backward(self, p, g, grad):
        grad = grad.copy()
        grad[..., self.neurons] = 0
        return grad


class ActivityPenalty(Layer):
    """Lets everything through, and adds what being active costs to the gradient."""

    def __init__(self, l1=0.0, kl=0.0, target=0.05):
        self.l1, self.kl, self.target = l1, kl, target

    def forward(self, p, x, training=False):
        self.a = x
        return x

    def backward(self, p, g, grad):
        rows, tiny = self.a.reshape(-1, self.a.shape[-1]), np.finfo(self.a.dtype).eps
        slope = self.l1 * np.sign(self.a)
        if self.kl:
            rho, t = rows.mean(axis=0).clip(tiny, 1 - tiny), self.target
            slope = slope + self.kl * ((1 - t) / (1 - rho) - t / rho)
        return grad + slope / len(rows)


class Dropout(Layer):
    """Silences neurons at random in training, and makes the others louder."""

    def __init__(self, rate, rng, scaled=True):
        self.rate, self.rng, self.scaled = rate, rng, scaled

    def forward(self, p, x, training=False):
        self.mask = 1.0
        if training:
            stays = self.rng.random(x.shape, x.dtype) < 1 - self.rate
            self.mask = stays / (1 - self.rate) if self.scaled else stays
        return x * self.mask

    def backward(self, p, g, grad):
        return grad * self.mask


class GaussianNoise(Layer):
    """Adds normal noise in training."""

    def __init__(self, std, rng):
        self.std, self.rng = std, rng

    def forward(self, p, x, training=False):
        return x + self.std * self.rng.standard_normal(x.shape, x.dtype) if training else x


class LayerNorm(Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` over the last axis."""

    def __init__(self, name, epsilon):
        self.name, self.epsilon = name, epsilon

    def forward(self, p, x, training=False):
        centered = x - x.mean(axis=-1, keepdims=True)
        self.deviation = np.sqrt((centered**2).mean(axis=-1, keepdims=True) + self.epsilon)
        self.normalized = centered / self.deviation
        return p[self.name + ".gamma"] * self.normalized + p[self.name + ".beta"]

    def backward(self, p, g, grad):
        width, n = grad.shape[-1], self.normalized
        g[self.name + ".gamma"] += (grad * n).reshape(-1, width).sum(axis=0)
        g[self.name + ".beta"] += grad.reshape(-1, width).sum(axis=0)
        grad = grad * p[self.name + ".gamma"]
        middle = grad.mean(axis=-1, keepdims=True)
        return (grad - middle - n * (grad * n).mean(axis=-1, keepdims=True)) / self.deviation


class BatchNorm(Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` over a batch.

    When predicting, the running mean and variance stand in.
    """

    def __init__(self, name, running, momentum, epsilon):
        self.name, self.running = name, running
        self.momentum, self.epsilon = momentum, epsilon

    def forward(self, p, x, training=False):
        mean = self.running[self.name + ".running_mean"]
        variance = self.running[self.name + ".running_variance"]
        if training:
            rows = x.reshape(-1, x.shape[-1])
            kept, unbiased = 1 - self.momentum, len(rows) / (len(rows) - 1)
            new_mean, new_variance = rows.mean(axis=0), rows.var(axis=0)
            mean[...] = kept * mean + self.momentum * new_mean
            variance[...] = kept * variance + self.momentum * unbiased * new_variance
            mean, variance = new_mean, new_variance
        self.deviation = np.sqrt(variance + self.epsilon)
        self.normalized = (x - mean) / self.deviation
        return p[self.name + ".gamma"] * self.normalized + p[self.name + ".beta"]

    def backward(self, p, g, grad):
        width = grad.shape[-1]
        rows, n = grad.reshape(-1, width), self.normalized.reshape(-1, width)
        g[self.name + ".gamma"] += (rows * n).sum(axis=0)
        g[self.name + ".beta"] += rows.sum(axis=0)
        rows = rows * p[self.name + ".gamma"]
        rows = (rows - rows.mean(axis=0) - n * (rows * n).mean(axis=0)) / self.deviation
        return rows.reshape(grad.shape)


class Residual(Layer):
    """``x + inside(x)``, or ``x @ projection + inside(x)``."""

    def __init__(self, name, inside, projection=False):
        self.name, self.inside, self.projection = name, inside, projection

    def forward(self, p, x, training=False):
        self.x = x
        around = x @ p[self.name + ".projection"] if self.projection else x
        return around + self.inside.forward(p, x, training)

    def backward(self, p, g, grad):
        inside = self.inside.backward(p, g, grad)
        if not self.projection:
            return grad + inside
        weight = p[self.name + ".projection"]
        x, rows = self.x.reshape(-1, weight.shape[0]), grad.reshape(-1, weight.shape[1])
        g[self.name + ".projection"] += x.T @ rows
        return grad @ weight.T + inside


class Heads(Layer):
    """A body whose output goes into every head: a dict of outputs by name."""

    def __init__(self, body, heads):
        self.body, self.heads = body, heads

    def forward(self, p, x, training=False):
        inner = self.body.forward(p, x, training)
        return {name: head.forward(p, inner, training) for name, head in self.heads.items()}

    def backward(self, p, g, grad):
        inner = sum(head.backward(p, g, grad[name]) for name, head in self.heads.items())
        return self.body.backward(p, g, inner)
