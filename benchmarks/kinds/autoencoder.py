"""Autoencoders beside PyTorch's, in turns: ``python -m benchmarks.kinds.autoencoder``.

The same net (ReLU between, mean squared error, Adam), the same start weights, batches and dtype.
The target is at most 0.6 of PyTorch's time. PyTorch's loop is the usual one (`zero_grad`, forward,
`backward`, `step`) on tensors that lie in memory, indexed by a permutation, on one thread as NumPy.

Of the wide net the matrix products alone take a third to a half of PyTorch's time, in the same kind
of library, and Adam's passes over 217,000 weights most of the rest. In float32 and batches of 32
both slow down threefold after an epoch: three in four neurons of the code die on random data,
their gradients are 0, and Adam's moments of them run down into subnormal numbers.
"""

import statistics
import sys
from itertools import pairwise

import numpy as np
import torch
from sklearn.datasets import load_digits

import nbann

from ..measure import clock

TARGET = 0.6
RATE = 1e-3


def works(quick):
    """Yield name, data, encoder widths, batch size, epochs and rounds."""
    digits = load_digits().data / 16
    random = np.random.default_rng(0).random((2560 if quick else 12_800, 784))
    epochs, rounds = (4, 3) if quick else (20, 9)
    for batch in (32, 128):
        for dtype in ("float64", "float32"):
            name = f"digits 64-32-8-32-64, batch {batch}, {dtype}"
            yield name, digits.astype(dtype), (32, 8), batch, epochs, rounds
    for batch in (32, 128):
        for dtype in ("float64", "float32"):
            name = f"random 784-128-32-128-784, batch {batch}, {dtype}"
            yield name, random.astype(dtype), (128, 32), batch, 1, rounds


def layers(widths, features):
    """Return the widths of encoder and decoder."""
    return [*widths, *reversed(widths[:-1]), features]


def nbann_trainer(X, widths, batch):
    """Return nbann's trainer."""
    wide, narrow = widths
    net = nbann.Autoencoder([nbann.Dense(wide), nbann.ReLU(), nbann.Dense(narrow), nbann.ReLU()])
    data = nbann.Dataset(X, task="unsupervised")
    return nbann.Trainer(
        net, data, optimizer=nbann.Adam(RATE), batch_size=batch, evaluate_every=None,
        dtype=str(X.dtype), shuffle=order_of(len(X)),
    )  # fmt: skip


def order_of(rows):
    """Return the order of each epoch, the same for both."""
    return lambda epoch: np.random.default_rng([0, epoch]).permutation(rows)


class Torch:
    """PyTorch's net and loop, from the same start weights."""

    def __init__(self, X, widths, batch, start):
        self.X, self.batch = torch.from_numpy(X), batch
        sizes = [X.shape[1], *layers(widths, X.shape[1])]
        parts = []
        for number, (inputs, outputs) in enumerate(pairwise(sizes)):
            linear = torch.nn.Linear(inputs, outputs, dtype=self.X.dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(start[2 * number].T.copy()))
                linear.bias.copy_(torch.from_numpy(start[2 * number + 1].copy()))
            parts += [linear, torch.nn.ReLU()]
        self.net = torch.nn.Sequential(*parts[:-1])  # the output is linear
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=RATE)
        self.epoch = 0
        self.losses = []

    def run(self, epochs):
        """Train for some epochs, noting every loss as nbann does."""
        loss_of = torch.nn.MSELoss()
        for _ in range(epochs):
            order = torch.from_numpy(order_of(len(self.X))(self.epoch))
            for rows in order.split(self.batch):
                x = self.X[rows]
                self.optimizer.zero_grad()
                loss = loss_of(self.net(x), x)
                loss.backward()
                self.optimizer.step()
                self.losses.append(loss.item())
            self.epoch += 1


def measure(work):
    """Return the medians of nbann's share of PyTorch's time; check that both did the same."""
    name, X, widths, batch, epochs, rounds = work
    ours = nbann_trainer(X, widths, batch)
    theirs = Torch(X, widths, batch, list(ours.parameters.values()))
    ours.run(1), theirs.run(1)
    shares, seconds = [], []
    for _ in range(rounds):
        a = clock(lambda: ours.run(epochs))[0]
        b = clock(lambda: theirs.run(epochs))[0]
        shares.append(a / b)
        seconds.append((a / epochs, b / epochs))
    products = bare_products(ours, len(X), batch)
    shares_of_products = [clock(products)[0] / b for _, b in seconds]
    last = ours.history["loss"][-20:].mean(), np.mean(theirs.losses[-20:])
    if abs(last[0] - last[1]) > 0.02 * last[1]:
        raise AssertionError(f"{name}: losses end at {last}: not the same work.")
    medians = (statistics.median(s) for s in zip(*seconds, strict=True))
    return statistics.median(shares), *medians, statistics.median(shares_of_products)


def bare_products(trainer, rows, batch):
    """Return what calls an epoch's matrix products and nothing else: no training can do without."""
    program = trainer._program_for(batch)
    verbs = ("affine", "weight_gradient", "input_gradient")
    ops = [op for op in program if op.name.rpartition(".")[2] in verbs]
    kernels = [op.kernels[0] for op in ops]

    def train():
        for _ in range(rows // batch):
            for kernel in kernels:
                kernel()

    return train


def main():
    """Print nbann's share of PyTorch's time for each net; `--quick` for a tenth of the work."""
    torch.set_num_threads(1)
    missed = 0
    for work in works("--quick" in sys.argv):
        share, ours, theirs, products = measure(work)
        missed += share > TARGET
        verdict = "ok" if share <= TARGET else "MISSED"
        print(
            f"{work[0]:45s} nbann {1e3 * ours:8.2f} ms, PyTorch {1e3 * theirs:8.2f} ms an epoch: "
            f"{share:.2f} (at most {TARGET}; matrix products alone {products:.2f}) {verdict}"
        )
    return missed


if __name__ == "__main__":
    sys.exit(main() and 1)
