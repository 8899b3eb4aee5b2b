"""What grows and what does not: cost with layers, cost and memory with the steps already done."""

import statistics
import tracemalloc

from . import libraries, work
from .measure import clock

DEPTHS = (10, 25, 50, 100)


def by_depth(rounds):
    """Return the seconds of a step by number of layers; medians of runs in turns."""
    trainers = {layers: libraries.trainer_of(work.deep(layers)) for layers in DEPTHS}
    seconds = {layers: [] for layers in DEPTHS}
    for _ in range(rounds + 1):
        for layers, trainer in trainers.items():
            seconds[layers].append(clock(lambda trainer=trainer: trainer.run(20))[0] / 20)
    return {layers: statistics.median(taken[1:]) for layers, taken in seconds.items()}


def later_over_sooner(steps):
    """Return what a step takes at the end of a run of so many, over what one takes at its start.

    A net so small that anything that grew with the steps done would show: Trask's.
    """
    trainer = libraries.trainer_of(work.trask())
    stretch = max(steps // 100, 1)
    trainer.run(stretch)
    taken = [clock(lambda: trainer.run(stretch))[0] for _ in range(100)]
    return statistics.median(taken[-20:]) / statistics.median(taken[:20])


def bytes_a_step(steps):
    """Return by how many bytes each step makes a run larger: what it notes for `history`."""
    trainer = libraries.trainer_of(work.trask())
    tracemalloc.start()
    try:
        trainer.run(steps // 10)
        before, _ = tracemalloc.get_traced_memory()
        trainer.run(steps)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / steps
