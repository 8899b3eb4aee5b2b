"""The same loops as one writes them for speed: arrays allocated once, `out=` everywhere.

Samples are rows, as in the naive loop and in nbann, and every array keeps its textbook meaning;
`tuned.py` gives that up. For nets of one hidden layer.
"""

import numpy as np

from .tuned import _adam, _sgd, _views, optimized_trask


def optimized(work):
    if not work.classes:
        return optimized_trask(work)
    return optimized_mlp(work) if len(work.hidden) == 1 else None


class Buffers:
    """Everything that a batch of one size is computed in, allocated once."""

    def __init__(self, work, n):
        dtype, hidden = work.dtype, work.hidden[0]
        self.x = np.empty((n, work.X.shape[1]), dtype)
        self.onehot = np.empty((n, work.classes), dtype)
        self.a1, self.d1 = (np.empty((n, hidden), dtype) for _ in range(2))
        self.zeros = np.zeros((n, hidden), dtype)
        self.positive = np.empty((n, hidden), bool)
        self.z2, self.p, self.d2 = (np.empty((n, work.classes), dtype) for _ in range(3))
        self.column = np.empty((n, 1), dtype)
        self.ones, self.classes = np.ones(n, dtype), np.ones(work.classes, dtype)
        self.share = np.array(1 / n, dtype)


def optimized_mlp(work):
    start = work.start()
    theta = np.concatenate([p.ravel() for p in start])
    grad, scratch = np.empty_like(theta), np.empty_like(theta)
    decay = np.concatenate([np.full(p.size, work.l2 * (p.ndim == 2)) for p in start]).astype(
        work.dtype
    )
    W1, b1, W2, b2 = parameters = _views(theta, start)
    gradients = _views(grad, start)
    onehot = np.eye(work.classes, dtype=work.dtype)[work.y]
    buffers = {n: Buffers(work, n) for n in work.sizes}
    update = {"sgd": _sgd, "adam": _adam}[work.optimizer](work, theta, grad)

    def step(s, x, Y):
        """Return the loss of a batch, its gradients written."""
        g1, gb1, g2, gb2 = gradients
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
        loss = (np.dot(s.ones, s.column[:, 0]) - picked) / len(x)
        np.subtract(s.p, Y, s.d2)
        np.multiply(s.d2, s.share, s.d2)
        np.dot(s.a1.T, s.d2, g2)
        np.dot(s.ones, s.d2, gb2)
        np.dot(s.d2, W2.T, s.d1)
        np.multiply(s.d1, s.positive, s.d1)
        np.dot(x.T, s.d1, g1)
        np.dot(s.ones, s.d1, gb1)
        return loss

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in work.batches(epoch):
                s = buffers[len(work.X) if rows is None else len(rows)]
                if rows is None:
                    loss = step(s, work.X, onehot)
                else:
                    x = work.X.take(rows, 0, s.x, "clip")
                    loss = step(s, x, onehot.take(rows, 0, s.onehot, "clip"))
                if work.l2:
                    np.multiply(theta, decay, scratch)
                    loss += 0.5 * np.dot(theta, scratch)
                    np.add(grad, scratch, grad)
                losses.append(loss)
                update()
        return parameters

    return train
