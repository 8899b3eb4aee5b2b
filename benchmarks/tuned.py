"""The same loops tuned to the last: the best NumPy that we know of, whatever it does to the arrays.

Arrays are allocated once, weights and gradients are flat vectors, methods are looked up once. Like
`loops.py` they shuffle like nbann, note every loss and take the row's maximum off. For nets of one
hidden layer; with more, there is nothing that a loop over layers could save over nbann's.
"""

from itertools import pairwise
from math import sqrt

import numpy as np


def tuned(work):
    return tuned_mlp(work) if work.classes and len(work.hidden) == 1 else None


def optimized_trask(work):
    X, y = work.X, work.y
    start = work.start()
    theta = np.concatenate([w.ravel() for w in start])
    grad = np.empty_like(theta)
    W1, W2 = _views(theta, start)
    g1, g2 = _views(grad, start)
    a1, a2 = np.empty((len(X), *work.hidden)), np.empty((len(X), 1))
    d1, s1, d2, s2 = (np.empty_like(a) for a in (a1, a1, a2, a2))
    one, W2T, flat = np.ones(()), W2.T, d2.reshape(-1)
    X_dot, a1_dot, a1T_dot, d2_dot, XT_dot = X.dot, a1.dot, a1.T.dot, d2.dot, X.T.dot
    negative, exp, add, reciprocal = np.negative, np.exp, np.add, np.reciprocal
    subtract, multiply, flat_dot = np.subtract, np.multiply, flat.dot

    def train():
        losses = []
        for _ in range(work.epochs):
            X_dot(W1, a1)
            negative(a1, a1)
            exp(a1, a1)
            add(a1, one, a1)
            reciprocal(a1, a1)
            a1_dot(W2, a2)
            negative(a2, a2)
            exp(a2, a2)
            add(a2, one, a2)
            reciprocal(a2, a2)
            subtract(a2, y, d2)
            losses.append(0.5 * flat_dot(flat))
            subtract(one, a2, s2)
            multiply(a2, s2, s2)
            multiply(d2, s2, d2)
            a1T_dot(d2, g2)
            d2_dot(W2T, d1)
            subtract(one, a1, s1)
            multiply(a1, s1, s1)
            multiply(d1, s1, d1)
            XT_dot(d1, g1)
            subtract(theta, grad, theta)
        return [W1, W2]

    return train


def tuned_mlp(work):
    """Samples lie along the last axis of everything but the data, so that long loops are inner.

    A row of ones below the activations makes the bias one more weight: it needs no call of its own,
    neither forward nor backward.
    """
    start = work.start()
    theta = np.concatenate([p.ravel() for p in start])
    grad = np.empty_like(theta)
    with_biases = [np.empty((inputs + 1, outputs)) for inputs, outputs in pairwise(work.widths)]
    W1, W2 = _views(theta, with_biases)
    g1, g2 = _views(grad, with_biases)
    X = np.hstack([work.X, np.ones((len(work.X), 1), work.dtype)])
    Y = np.ascontiguousarray(np.eye(work.classes, dtype=work.dtype)[work.y].T)
    step_of = {n: _pass(work, n, X, Y, (W1, W2), (g1, g2)) for n in work.sizes}
    update = {"sgd": _sgd, "adam": _adam}[work.optimizer](work, theta, grad)
    decay, scratch = np.zeros_like(theta), np.empty_like(theta)
    for whole, weight in zip(_views(decay, with_biases), start[::2], strict=True):
        whole[: len(weight)] = work.l2
    multiply, add, theta_dot = np.multiply, np.add, theta.dot

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in work.batches(epoch):
                loss = step_of[len(X) if rows is None else len(rows)](rows)
                if work.l2:
                    multiply(theta, decay, scratch)
                    loss += 0.5 * theta_dot(scratch)
                    add(grad, scratch, grad)
                losses.append(loss)
                update()
        return _views(theta, start)

    return train


def _pass(work, n, X, Y, weights, gradients):
    """Return the forward and backward pass of a batch of n rows; it returns the data's loss."""
    (W1, W2), (g1, g2), dtype = weights, gradients, work.dtype
    h, k = W1.shape[1], W2.shape[1]
    x, y = (X, Y) if work.full else (np.empty((n, X.shape[1]), dtype), np.empty((k, n), dtype))
    z1, d1, slope, zeros = (np.zeros((h, n), dtype) for _ in range(4))
    positive, a1_and_1 = np.empty((h, n), bool), np.ones((h + 1, n), dtype)
    z2, exps, d2, spread = (np.empty((k, n), dtype) for _ in range(4))
    top, total, ones = np.empty(n, dtype), np.empty(n, dtype), np.ones(k, dtype)
    zero, share, every = np.zeros((), dtype), np.array(1 / n, dtype), ...
    a1, xT, d1T, d2T, y_flat = a1_and_1[:h], x.T, d1.T, d2.T, y.reshape(-1)
    W1T_dot, W2T_dot, W2_dot, set_slope = W1.T.dot, W2.T.dot, W2[:h].dot, slope.__setitem__
    ones_dot, z2_dot, a1_dot, xT_dot = ones.dot, z2.reshape(-1).dot, a1_and_1.dot, xT.dot
    set_spread = spread.__setitem__  # quicker, for arrays of this size, than to let NumPy repeat
    maximum, greater, subtract, multiply = np.maximum, np.greater, np.subtract, np.multiply
    exp, log, largest, X_take, Y_take = np.exp, np.log, np.maximum.reduce, X.take, Y.take

    def step(rows):
        if rows is not None:
            X_take(rows, 0, x, "clip")
            Y_take(rows, 1, y, "clip")
        W1T_dot(xT, z1)
        maximum(z1, zeros, out=a1)
        W2T_dot(a1_and_1, z2)
        largest(z2, 0, None, top)
        set_spread(every, top)
        subtract(z2, spread, z2)
        exp(z2, exps)
        ones_dot(exps, total)
        log(total, total)
        set_spread(every, total)
        subtract(z2, spread, z2)  # log p
        loss = z2_dot(y_flat) / -n
        exp(z2, d2)
        subtract(d2, y, d2)
        multiply(d2, share, d2)
        a1_dot(d2T, g2)
        W2_dot(d2, d1)
        greater(z1, zero, positive)
        set_slope(every, positive)
        multiply(d1, slope, d1)
        xT_dot(d1T, g1)
        return loss

    return step


def _sgd(work, theta, grad):
    rate, momentum = np.array(work.rate, work.dtype), np.array(work.momentum, work.dtype)
    velocity = np.zeros_like(theta)
    multiply, subtract, add = np.multiply, np.subtract, np.add

    def plain():
        multiply(grad, rate, grad)
        subtract(theta, grad, theta)

    def with_momentum():
        multiply(grad, rate, grad)
        multiply(velocity, momentum, velocity)
        subtract(velocity, grad, velocity)
        add(theta, velocity, theta)

    return with_momentum if work.momentum else plain


def _adam(work, theta, grad):
    """Keep both moments without their factors ``1 - beta``: two passes less, for two numbers more.

    Blocks of the vectors, so that they stay in the cache, were not faster (101,770 numbers).
    """
    m, v, step = np.zeros_like(theta), np.zeros_like(theta), np.empty_like(theta)
    beta1, beta2 = np.array(0.9, work.dtype), np.array(0.999, work.dtype)
    rate, epsilon = np.empty((), work.dtype), np.empty((), work.dtype)
    multiply, add, divide, subtract, root = (
        np.multiply, np.add, np.divide, np.subtract, np.sqrt,
    )  # fmt: skip
    t = 0

    def update():
        nonlocal t
        t += 1
        unit = sqrt((1 - 0.999) / (1 - 0.999**t))
        epsilon.fill(1e-8 / unit)
        rate.fill(work.rate * (1 - 0.9) / (1 - 0.9**t) / unit)
        multiply(m, beta1, m)
        add(m, grad, m)
        multiply(v, beta2, v)
        multiply(grad, grad, step)
        add(v, step, v)
        root(v, step)
        add(step, epsilon, step)
        divide(m, step, step)
        multiply(step, rate, step)
        subtract(theta, step, theta)

    return update


def bare_products(work):
    """Nothing but the matrix products of the passes, as many times: what no training can save."""
    if work.optimizer != "adam":  # where products are what it is about
        return None
    dtype, rng = work.dtype, np.random.default_rng(0)
    weights = [rng.normal(0, 0.03, shape).astype(dtype) for shape in pairwise(work.widths)]
    gradients = [np.empty_like(W) for W in weights]

    def calls(n):
        outs, errors = (
            [rng.random((n, width)).astype(dtype) for width in work.widths] for _ in range(2)
        )
        for layer, W in enumerate(weights):
            yield outs[layer].dot, W, outs[layer + 1]
        for layer in reversed(range(len(weights))):
            yield outs[layer].T.dot, errors[layer + 1], gradients[layer]
            if layer:
                yield errors[layer + 1].dot, weights[layer].T, errors[layer]

    products = {n: list(calls(n)) for n in work.sizes}

    def train():
        for epoch in range(work.epochs):
            for rows in work.batches(epoch):
                for dot, factor, into in products[len(rows)]:
                    dot(factor, into)

    return train


def _views(flat, like):
    ends = np.cumsum([p.size for p in like])
    return [flat[e - p.size : e].reshape(p.shape) for e, p in zip(ends, like, strict=True)]
