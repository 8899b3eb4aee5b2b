"""An LSTM's training step against PyTorch's: ``python -m benchmarks.kinds.lstm [--profile]``.

64 units, 20 time steps of 16 features, batches of 32, 10 classes: one for a sequence, or one at
every step. Both start from the same weights, take the same batches in turns (A B A B ...) with one
thread, and have to end at the same loss. A number is the median of nbann's processor time over
PyTorch's.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported
os.environ["OMP_NUM_THREADS"] = "1"  # and PyTorch

import argparse
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch

import nbann

from ..measure import clock

UNITS, TIMES, FEATURES, CLASSES, BATCH, ROWS = 64, 20, 16, 10, 32, 640
TARGET = 1.5


@dataclass(frozen=True)
class Work:
    """What is trained."""

    many: bool
    optimizer: str
    dtype: str

    @property
    def name(self):
        kind = "many to many" if self.many else "many to one"
        return f"LSTM {UNITS}, {kind}, {self.optimizer}, {self.dtype}"

    def data(self):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((ROWS, TIMES, FEATURES)).astype(self.dtype)
        return X, rng.integers(0, CLASSES, (ROWS, TIMES) if self.many else ROWS)


WORKS = [
    Work(many, optimizer, dtype)
    for dtype in ("float32", "float64")
    for optimizer in ("adam", "sgd")
    for many in (False, True)
]


def order(epoch):
    """Return the order of the samples: the same for both."""
    return np.random.default_rng([1, epoch]).permutation(ROWS)


def with_nbann(work):
    lstm = nbann.LSTM(UNITS, return_sequences=work.many)
    optimizer = nbann.Adam(0.001) if work.optimizer == "adam" else nbann.SGD(0.1)
    return nbann.Trainer(
        nbann.Sequential([lstm, nbann.Dense(CLASSES)]),
        work.data(),
        optimizer=optimizer,
        batch_size=BATCH,
        dtype=work.dtype,
        shuffle=order,
        evaluate_every=None,
        metrics=[],
    )


class Net(torch.nn.Module):
    """PyTorch's, with the start weights of a trainer; one bias is trained, as nbann has one."""

    def __init__(self, work, trainer):
        super().__init__()
        dtype = getattr(torch, work.dtype)
        self.lstm = torch.nn.LSTM(FEATURES, UNITS, batch_first=True, dtype=dtype)
        self.dense = torch.nn.Linear(UNITS, CLASSES, dtype=dtype)
        self.many = work.many
        start = {
            self.lstm.weight_ih_l0: "lstm1.weight",
            self.lstm.weight_hh_l0: "lstm1.recurrent",
            self.lstm.bias_ih_l0: "lstm1.bias",
            self.dense.weight: "dense1.weight",
            self.dense.bias: "dense1.bias",
        }
        with torch.no_grad():
            self.lstm.bias_hh_l0.zero_()
            for parameter, name in start.items():
                parameter.copy_(torch.from_numpy(trainer[name].T.copy()))
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.dense(out if self.many else out[:, -1])


def with_torch(work, trainer):
    """Return a function that trains for an epoch and returns the losses of its batches."""
    net = Net(work, trainer)
    trained = [p for p in net.parameters() if p.requires_grad]
    if work.optimizer == "adam":
        optimizer = torch.optim.Adam(trained, lr=0.001)
    else:
        optimizer = torch.optim.SGD(trained, lr=0.1)
    X, y = (torch.from_numpy(array) for array in work.data())
    cross_entropy = torch.nn.functional.cross_entropy

    def epoch(number):
        losses = []
        for rows in torch.from_numpy(order(number)).split(BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(net(X[rows]).reshape(-1, CLASSES), y[rows].reshape(-1))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return epoch


def compared(work, rounds):
    """Return the seconds a step of nbann and of PyTorch, and the median of their ratio."""
    trainer = with_nbann(work)
    epoch = with_torch(work, trainer)
    ours, theirs = [], []
    for number in range(rounds + 1):
        taken, _ = clock(lambda: trainer.run(1))
        other, losses = clock(lambda number=number: epoch(number))
        tolerance = 1e-3 if work.dtype == "float32" else 1e-8
        np.testing.assert_allclose(trainer.history["loss"][-len(losses) :], losses, rtol=tolerance)
        if number:  # the first warms up
            ours.append(taken / len(losses))
            theirs.append(other / len(losses))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return statistics.median(ours), statistics.median(theirs), ratio


def profile(work, rounds):
    """Print where the time of a step goes: by op, time steps taken together."""
    trainer = with_nbann(work)
    trainer.run(1)
    spent, calls = defaultdict(float), defaultdict(int)
    for _ in range(rounds):
        for op in trainer.program:
            verb = op.name.rpartition(".")[2].rstrip("0123456789").rstrip("_")
            key = f"{op.phase} {op.layer} {verb}"
            start = time.perf_counter()
            for kernel in op.kernels:
                kernel()
            spent[key] += time.perf_counter() - start
            calls[key] += len(op.kernels)
    print(f"\n{work.name}: {len(trainer.program.kernels)} kernels\n\n| op | kernels | us a step |")
    print("| --- | ---: | ---: |")
    for key in sorted(spent, key=spent.get, reverse=True)[:25]:
        print(f"| {key} | {calls[key] // rounds} | {1e6 * spent[key] / rounds:.0f} |")
    print(f"| all | {sum(calls.values()) // rounds} | {1e6 * sum(spent.values()) / rounds:.0f} |")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds.lstm", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds: that it runs")
    parser.add_argument("--profile", action="store_true", help="where the time of a step goes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rounds = 2 if options.quick else 15
    if options.profile:
        for work in WORKS[:2]:
            profile(work, 10 * rounds)
        return 0
    print("| work | nbann / PyTorch | us a step | PyTorch |\n| --- | ---: | ---: | ---: |")
    missed = []
    for work in WORKS:
        ours, theirs, ratio = compared(work, rounds)
        cells = f"{ratio:.2f} ({TARGET:g}) | {1e6 * ours:,.0f} | {1e6 * theirs:,.0f}"
        print(f"| {work.name} | {cells} |", flush=True)
        if ratio > TARGET:
            missed.append(f"{work.name}: {ratio:.2f}")
    print("\n" + ("every target is met" if not missed else "missed: " + "; ".join(missed)))
    return 1 if missed and not options.quick else 0


if __name__ == "__main__":
    sys.exit(main())
