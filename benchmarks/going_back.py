"""Time travel: what recording costs, and how long it takes to stand at another time of a run."""

import random
import statistics
import time
from functools import partial

import nbann

from . import libraries, work
from .measure import clock

LENGTHS = (1_000, 10_000, 100_000)
PLACES = 200


def iris_in_batches(evaluate=None):
    """Return a trainer of the benchmark's iris net in batches of 32: five steps an epoch."""
    iris = work.iris()
    W1, b1, W2, b2 = iris.start()
    net = nbann.Sequential(
        [nbann.Dense(6, weight=W1, bias=b1), nbann.ReLU(), nbann.Dense(3, weight=W2, bias=b2)]
    )
    return nbann.Trainer(
        net, (iris.X, iris.y), optimizer=nbann.Adam(0.001), batch_size=32, evaluate_every=evaluate
    )


def recording(makers, rounds):
    """Return, for each work, the time of a run that records over one that does not.

    Both are the same but for the snapshots: one is told that it is never time for any.
    """
    ratios = {}
    for name, (make, epochs) in makers.items():
        taken = []
        for _ in range(rounds):
            with_, without = make(), make()
            without._timeline.is_due = lambda step: False
            for trainer in (with_, without):
                trainer.run(1)
            a, b = (clock(partial(trainer.run, epochs))[0] for trainer in (with_, without))
            taken.append(a / b)
        ratios[name] = statistics.median(taken)
    return ratios


def works():
    """Return trainers to be measured, and for how many epochs."""
    digits, images = work.digits(), work.random_images()
    return {
        "iris 4-6-3, batches of 32, Adam, 10,000 steps": (iris_in_batches, 2000),
        "the same, scored after every epoch": (partial(iris_in_batches, 1), 400),
        "digits 64-64-10, batches of 32, momentum": (partial(libraries.trainer_of, digits), 20),
        "784-128-10, batches of 128, Adam, float32": (partial(libraries.trainer_of, images), 2),
    }


def jumps(steps):
    """Return the seconds to go to each of some places of a run drawn at random, op included."""
    trainer = iris_in_batches()
    trainer.run(steps // trainer.batches)
    rng, taken = random.Random(0), []
    left = trainer.timeline.snapshots
    for _ in range(PLACES):
        trainer.timeline.snapshots = left.copy()  # a jump leaves more of them, for the next one
        place = (rng.randrange(steps // trainer.batches), rng.randrange(trainer.batches))
        op = rng.randrange(len(trainer.program))
        start = time.perf_counter()
        trainer.goto(*place, op)
        taken.append(time.perf_counter() - start)
    return sorted(taken)


def steps_back(steps):
    """Return the median seconds of going back one batch, from the end of a run of so many."""
    trainer = iris_in_batches()
    trainer.run(steps // trainer.batches)
    taken = []
    for _ in range(60):
        start = time.perf_counter()
        trainer.back("batch")
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
