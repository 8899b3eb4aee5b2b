"""LambdaRank, an epoch of 100 queries of 20 documents: nbann, PyTorch, arrays and loops of NumPy.

    python -m benchmarks.kinds.ranking

All of them train the same net (Dense(32), tanh, Dense(1)) in one batch by plain gradient descent
from the same weights, and end at the same weights, which is checked. PyTorch takes part where it is
installed. What is measured is processor time, in turns.
"""

import importlib.util
import statistics

import numpy as np

import nbann

from ..measure import clock

QUERIES, DOCUMENTS, FEATURES, HIDDEN, RATE = 100, 20, 10, 32, 0.1


def data():
    """Return X (q, T, d) and relevance (q, T)."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((QUERIES, DOCUMENTS, FEATURES))
    y = np.clip(np.round(X @ rng.standard_normal(FEATURES) / 2 + 2), 0, 4)
    return X, y


def start():
    """Return weights and biases."""
    rng = np.random.default_rng(1)
    W1, W2 = rng.uniform(-0.3, 0.3, (FEATURES, HIDDEN)), rng.uniform(-0.3, 0.3, (HIDDEN, 1))
    return [W1, np.zeros(HIDDEN), W2, np.zeros(1)]


def normalized_gains(y):
    """Return 2**y - 1 over each query's ideal DCG."""
    gain = 2.0**y - 1
    discount = 1 / np.log2(np.arange(2, y.shape[1] + 2))
    return gain / (np.sort(gain, axis=1)[:, ::-1] @ discount)[:, None]


def with_nbann(epochs):
    """Train by `Trainer.run`."""
    X, y = data()
    W1, b1, W2, b2 = start()
    net = nbann.Sequential(
        [
            nbann.Dense(HIDDEN, weight=W1, bias=b1),
            nbann.Tanh(),
            nbann.Dense(1, weight=W2, bias=b2),
        ]
    )
    ds = nbann.Dataset(X.reshape(-1, FEATURES), y.reshape(-1), groups=[DOCUMENTS] * QUERIES)
    how = {"optimizer": nbann.SGD(RATE), "batch_size": None, "evaluate_every": None}
    trainer = nbann.Trainer(net, ds, loss="lambdarank", **how)

    def train():
        trainer.run(epochs)
        return list(trainer.parameters.values())

    return train


def with_torch(epochs):
    """Train by PyTorch: tensors, autograd through the pairs' costs, ranks by argsort."""
    import torch

    torch.set_num_threads(1)
    X, y = (torch.tensor(a) for a in data())
    gain = torch.tensor(normalized_gains(y.numpy()))
    parameters = [torch.tensor(w, requires_grad=True) for w in start()]
    W1, b1, W2, b2 = parameters
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    above = (y[:, :, None] > y[:, None, :]).double()
    difference = (gain[:, :, None] - gain[:, None, :]).abs() * above

    def train():
        for _ in range(epochs):
            scores = (torch.tanh(X @ W1 + b1) @ W2 + b2)[..., 0]
            with torch.no_grad():
                order = scores.argsort(dim=1, descending=True, stable=True)
                rank = order.argsort(dim=1).double() + 1
                discount = 1 / torch.log2(1 + rank)
                weight = difference * (discount[:, :, None] - discount[:, None, :]).abs()
            apart = scores[:, :, None] - scores[:, None, :]
            loss = (weight * torch.nn.functional.softplus(-apart)).sum() / QUERIES
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return [p.detach().numpy() for p in parameters]

    return train


def with_numpy(epochs, lambdas):
    """Train by NumPy; `lambdas` gives a query's gradient by its scores."""
    X, y = data()
    flat, gain = X.reshape(-1, FEATURES), normalized_gains(y)
    W1, b1, W2, b2 = start()

    def train():
        for _ in range(epochs):
            a = np.tanh(flat @ W1 + b1)
            scores = (a @ W2 + b2).reshape(QUERIES, DOCUMENTS)
            d = lambdas(scores, y, gain).reshape(-1, 1) / QUERIES
            dz = (d @ W2.T) * (1 - a * a)
            for parameter, slope in (
                (W2, a.T @ d), (b2, d.sum(0)), (W1, flat.T @ dz), (b1, dz.sum(0))
            ):  # fmt: skip
                parameter -= RATE * slope
        return [W1, b1, W2, b2]

    return train


def by_arrays(scores, y, gain):
    """Return d loss / d score of all queries at once, with (q, T, T) arrays made anew each time."""
    rank = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) + 1
    discount = 1 / np.log2(1 + rank)
    weight = np.abs(gain[:, :, None] - gain[:, None, :])
    weight *= np.abs(discount[:, :, None] - discount[:, None, :])
    weight *= y[:, :, None] > y[:, None, :]
    push = -weight / (1 + np.exp(scores[:, :, None] - scores[:, None, :]))
    return push.sum(axis=2) - push.sum(axis=1)


def by_pairs(scores, y, gain):
    """Return the same, in a Python loop over queries and pairs."""
    found = np.zeros_like(scores)
    for q, s in enumerate(scores.tolist()):
        order = np.argsort(-scores[q], kind="stable").tolist()
        discount = [0.0] * DOCUMENTS
        for place, i in enumerate(order):
            discount[i] = 1 / np.log2(2 + place)
        r, g, row = y[q].tolist(), gain[q].tolist(), [0.0] * DOCUMENTS
        for i in range(DOCUMENTS):
            for j in range(DOCUMENTS):
                if r[i] > r[j]:
                    weight = abs(g[i] - g[j]) * abs(discount[i] - discount[j])
                    push = -weight / (1 + np.exp(s[i] - s[j]))
                    row[i] += push
                    row[j] -= push
        found[q] = row
    return found


CONTESTANTS = {
    "nbann": (with_nbann, 60),
    "PyTorch": (with_torch, 60),
    "NumPy, arrays of pairs": (lambda epochs: with_numpy(epochs, by_arrays), 60),
    "NumPy, a loop over pairs": (lambda epochs: with_numpy(epochs, by_pairs), 2),
}


def main(rounds=9):
    """Print each contestant's time for an epoch, and over nbann's."""
    taking_part = dict(CONTESTANTS)
    if importlib.util.find_spec("torch") is None:
        del taking_part["PyTorch"]
    expected = with_numpy(3, by_pairs)()
    for make, _ in taking_part.values():
        for ours, theirs in zip(expected, make(3)(), strict=True):
            np.testing.assert_allclose(theirs.reshape(ours.shape), ours, rtol=1e-9, atol=1e-12)
        make(3)()
    seconds = {name: [] for name in taking_part}
    trains = {name: (make(epochs), epochs) for name, (make, epochs) in taking_part.items()}
    for train, _ in trains.values():
        train()
    for _ in range(rounds):
        for name, (train, epochs) in trains.items():
            seconds[name].append(clock(train)[0] / epochs)
    print(f"LambdaRank, {QUERIES} queries of {DOCUMENTS} documents, an epoch in one batch:")
    for name, taken in seconds.items():
        over = statistics.median(a / b for a, b in zip(taken, seconds["nbann"], strict=True))
        print(f"{name:28} {1e3 * statistics.median(taken):8.2f} ms {over:8.2f} x nbann")


if __name__ == "__main__":
    main()
