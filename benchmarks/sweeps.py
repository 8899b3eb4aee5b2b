"""What a sweep costs beside the loop one writes by hand: ``python -m benchmarks.sweeps``.

Everybody trains the same runs from the same seeds, and ends at the same losses, which is checked.
Time is by the clock, as several processes take part; contestants take turns.
"""

import argparse
import os
import statistics
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy loads: so before it does
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

import nbann

WORKERS = 2
GRID = {"rate": [0.03, 0.1, 0.3], "neurons": [64, 128]}
SEEDS = 4
OVERHEAD = 1.1
"""What a sweep may take of the loop's time, in this process and in several."""


def build(rate, neurons, seed):
    """Return a trainer on the digits."""
    train, test = nbann.datasets.digits().standardized().split(test=0.2, seed=0)
    net = nbann.Sequential([nbann.Dense(neurons), nbann.ReLU(), nbann.Dense(10)])
    sgd = nbann.SGD(learning_rate=rate, momentum=0.9)
    return nbann.Trainer(net, train, test=test, optimizer=sgd, seed=seed)


def by_hand(epochs, rate, neurons, seed):
    """Train one run; return its last loss on the test data."""
    trainer = build(rate, neurons, seed)
    trainer.run(epochs)
    return trainer.history["test_loss"][-1]


def settings():
    return [(r, n, s) for r in GRID["rate"] for n in GRID["neurons"] for s in range(SEEDS)]


def contestants(epochs):
    """Return who takes part, by name: functions that return the loss of each run."""

    def swept(executor):
        found = nbann.sweep(build, GRID, executor, seeds=SEEDS, epochs=epochs, workers=WORKERS)
        return found.table["test_loss"]

    def joblib():
        get_reusable_executor(WORKERS).shutdown(wait=True)  # so that both start their processes
        calls = (delayed(by_hand)(epochs, *one) for one in settings())
        return Parallel(n_jobs=WORKERS)(calls)

    return {
        "a loop": lambda: [by_hand(epochs, *one) for one in settings()],
        "sweep, in process": lambda: swept("in process"),
        "joblib.Parallel": joblib,
        "sweep, processes": lambda: swept("processes"),
    }


def in_turns(makers, rounds):
    """Return the seconds of each round by name; raise where two did not do the same work."""
    seconds = {name: [] for name in makers}
    for _ in range(rounds):
        losses = {}
        for name, train in makers.items():
            begun = time.perf_counter()
            losses[name] = np.array(train())
            seconds[name].append(time.perf_counter() - begun)
        for name, found in losses.items():
            if not np.array_equal(found, losses["a loop"]):
                raise AssertionError(f"{name} ends at other losses than the loop.")
    return seconds


def ratio(seconds, name, base):
    """Return the median over the rounds of one's time over the other's."""
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[base], strict=True))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweeps", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=60)
    given = parser.parse_args()
    seconds = in_turns(contestants(given.epochs), given.rounds)
    print(f"{len(settings())} runs of {given.epochs} epochs, {WORKERS} workers\n")
    print("| | seconds | over the loop |\n| --- | ---: | ---: |")
    for name, taken in seconds.items():
        over = ratio(seconds, name, "a loop")
        print(f"| {name} | {statistics.median(taken):.2f} | {over:.2f} |")
    missed = []
    for name, base in (("sweep, in process", "a loop"), ("sweep, processes", "joblib.Parallel")):
        over = ratio(seconds, name, base)
        print(f"\n{name} over {base}: {over:.2f} (target {OVERHEAD})")
        missed += [name] if over > OVERHEAD else []
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
