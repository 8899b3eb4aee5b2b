"""Layers in plain NumPy, for source text that `to_code` writes. Imports NumPy alone.

`to_code` copies what a net needs into its source, so each class reads as a person would write it:
the parameters of all layers are one dict ``p``, their gradients another, ``g``.
"""

import copy
import math

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
        return None


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


# ---- activations ---------------------------------------------------------------------------------
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


# ---- through time --------------------------------------------------------------------------------
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
