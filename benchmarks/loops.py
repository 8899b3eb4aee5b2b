"""Hand-written NumPy loops: as one writes them, and as one writes them for speed.

Both shuffle like nbann, note the loss of every step (Trask's own code does not) and take the
softmax with the row's maximum off. Each returns the trained parameters.
"""

import numpy as np


def naive(work):
    return naive_mlp(work) if work.classes else naive_trask(work)


def optimized(work):
    return optimized_mlp(work) if work.classes else optimized_trask(work)


def naive_trask(work):
    """Trask's loop of 2015, names and all."""
    X, y = work.X, work.y
    syn0, syn1 = work.start()

    def train():
        nonlocal syn0, syn1
        for _ in range(work.epochs):
            l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
            l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
            l2_delta = (y - l2) * (l2 * (1 - l2))
            l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
            syn1 += l1.T.dot(l2_delta)
            syn0 += X.T.dot(l1_delta)
        return [syn0, syn1]

    return train


def optimized_trask(work):
    """The same with arrays allocated once, in one flat vector each for weights and gradients."""
    X, y = work.X, work.y
    start = work.start()
    theta = np.concatenate([w.ravel() for w in start])
    grad = np.empty_like(theta)
    cut, one = start[0].size, np.ones(())
    W1, W2 = theta[:cut].reshape(start[0].shape), theta[cut:].reshape(start[1].shape)
    g1, g2 = grad[:cut].reshape(W1.shape), grad[cut:].reshape(W2.shape)
    XT, W2T = X.T, W2.T
    a1 = np.empty((len(X), work.hidden))
    d1, s1 = np.empty_like(a1), np.empty_like(a1)
    a2 = np.empty((len(X), 1))
    d2, s2 = np.empty_like(a2), np.empty_like(a2)
    a1T, flat = a1.T, d2.reshape(-1)
    dot, negative, exp, add, subtract = np.dot, np.negative, np.exp, np.add, np.subtract
    multiply, reciprocal = np.multiply, np.reciprocal

    def train():
        losses = []
        for _ in range(work.epochs):
            dot(X, W1, a1)
            negative(a1, a1)
            exp(a1, a1)
            add(a1, one, a1)
            reciprocal(a1, a1)
            dot(a1, W2, a2)
            negative(a2, a2)
            exp(a2, a2)
            add(a2, one, a2)
            reciprocal(a2, a2)
            subtract(a2, y, d2)
            losses.append(0.5 * dot(flat, flat))
            subtract(one, a2, s2)
            multiply(a2, s2, s2)
            multiply(d2, s2, d2)
            dot(a1T, d2, g2)
            dot(d2, W2T, d1)
            subtract(one, a1, s1)
            multiply(a1, s1, s1)
            multiply(d1, s1, d1)
            dot(XT, d1, g1)
            subtract(theta, grad, theta)
        return [W1, W2]

    return train


def batches(work, epoch):
    """Yield the rows of each batch of an epoch, or a slice where there is one batch for all."""
    n = len(work.X)
    if work.full:
        yield slice(None)
        return
    order = work.order(epoch)
    for start in range(0, n, work.batch):
        yield order[start : start + work.batch]


def naive_mlp(work):
    W1, b1, W2, b2 = parameters = work.start()
    velocities = [np.zeros_like(p) for p in parameters]

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in batches(work, epoch):
                x, y = work.X[rows], work.y[rows]
                n = len(x)
                z1 = x @ W1 + b1
                a1 = np.maximum(z1, 0)
                z2 = a1 @ W2 + b2
                shifted = z2 - z2.max(axis=1, keepdims=True)
                exps = np.exp(shifted)
                p = exps / exps.sum(axis=1, keepdims=True)
                loss = -np.log(p[np.arange(n), y]).mean()
                if work.l2:
                    loss += work.l2 / 2 * ((W1**2).sum() + (W2**2).sum())
                losses.append(loss)
                dz2 = p.copy()
                dz2[np.arange(n), y] -= 1
                dz2 /= n
                dW2 = a1.T @ dz2
                dz1 = (dz2 @ W2.T) * (z1 > 0)
                dW1 = x.T @ dz1
                if work.l2:
                    dW2 += work.l2 * W2
                    dW1 += work.l2 * W1
                gradients = [dW1, dz1.sum(axis=0), dW2, dz2.sum(axis=0)]
                for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
                    if work.momentum:
                        velocities[i] = work.momentum * velocities[i] - work.rate * gradient
                        parameter += velocities[i]
                    else:
                        parameter -= work.rate * gradient
        return parameters

    return train


class Buffers:
    """Everything that a batch of one size is computed in, allocated once."""

    def __init__(self, work, n, inputs):
        dtype = work.dtype
        self.x = np.empty((n, inputs), dtype)
        self.onehot = np.empty((n, work.classes), dtype)
        self.a1, self.d1 = (np.empty((n, work.hidden), dtype) for _ in range(2))
        self.zeros = np.zeros((n, work.hidden), dtype)
        self.positive = np.empty((n, work.hidden), bool)
        self.z2, self.p, self.d2 = (np.empty((n, work.classes), dtype) for _ in range(3))
        self.column = np.empty((n, 1), dtype)
        self.ones = np.ones(n, dtype)
        self.classes = np.ones(work.classes, dtype)


def optimized_mlp(work):
    start = work.start()
    theta = np.concatenate([p.ravel() for p in start])
    grad, scratch, velocity = np.empty_like(theta), np.empty_like(theta), np.zeros_like(theta)
    decay = np.concatenate([np.full(p.size, work.l2 * (p.ndim == 2)) for p in start]).astype(
        work.dtype
    )
    W1, b1, W2, b2 = parameters = _views(theta, start)
    g1, gb1, g2, gb2 = _views(grad, start)
    rate, momentum = np.array(work.rate, work.dtype), np.array(work.momentum, work.dtype)
    onehot = np.eye(work.classes, dtype=work.dtype)[work.y]
    sizes = {}

    def buffers(n):
        if n not in sizes:
            sizes[n] = Buffers(work, n, work.X.shape[1])
        return sizes[n]

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in batches(work, epoch):
                n = len(work.X) if work.full else len(rows)
                s = buffers(n)
                if work.full:
                    x, Y = work.X, onehot
                else:
                    x, Y = work.X.take(rows, 0, s.x, "clip"), onehot.take(rows, 0, s.onehot, "clip")
                np.dot(x, W1, s.a1)
                np.add(s.a1, b1, s.a1)
                np.greater(s.a1, s.zeros, s.positive)
                np.maximum(s.a1, s.zeros, out=s.a1)
                np.dot(s.a1, W2, s.z2)
                np.add(s.z2, b2, s.z2)
                s.z2.max(axis=1, keepdims=True, out=s.column)
                np.subtract(s.z2, s.column, s.z2)
                np.exp(s.z2, s.p)
                np.dot(s.p, s.classes, s.column[:, 0])
                np.divide(s.p, s.column, s.p)
                np.log(s.column, s.column)
                picked = np.dot(s.z2.reshape(-1), Y.reshape(-1))
                loss = (np.dot(s.ones, s.column[:, 0]) - picked) / n
                np.subtract(s.p, Y, s.d2)
                np.multiply(s.d2, work.dtype.type(1 / n), s.d2)
                np.dot(s.a1.T, s.d2, g2)
                np.dot(s.ones, s.d2, gb2)
                np.dot(s.d2, W2.T, s.d1)
                np.multiply(s.d1, s.positive, s.d1)
                np.dot(x.T, s.d1, g1)
                np.dot(s.ones, s.d1, gb1)
                if work.l2:
                    np.multiply(theta, decay, scratch)
                    loss += 0.5 * np.dot(theta, scratch)
                    np.add(grad, scratch, grad)
                losses.append(loss)
                np.multiply(grad, rate, grad)
                if work.momentum:
                    np.multiply(velocity, momentum, velocity)
                    np.subtract(velocity, grad, velocity)
                    np.add(theta, velocity, theta)
                else:
                    np.subtract(theta, grad, theta)
        return parameters

    return train


def _views(flat, like):
    ends = np.cumsum([p.size for p in like])
    return [flat[e - p.size : e].reshape(p.shape) for e, p in zip(ends, like, strict=True)]
