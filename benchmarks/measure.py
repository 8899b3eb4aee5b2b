"""Measures contestants in turns (A B C A B C ...): a noisy machine is then noisy for all.

What is measured is processor time: one thread's wall-clock time less what other programs took.
"""

import gc
import statistics
import subprocess
import sys
import time

from . import libraries, loops, optimized, tuned

BARE = "bare matrix products"


def clock(train):
    """Return the seconds of processor time that a call takes, and what it returns."""
    gc.collect()
    start = time.process_time()
    result = train()
    return time.process_time() - start, result


def contestants(with_torch):
    """Return who takes part, by name: functions of a work that return what trains, or None."""
    found = {
        "naive NumPy": loops.naive,
        "optimized NumPy": optimized.optimized,
        "tuned NumPy": tuned.tuned,
        "scikit-learn": libraries.with_sklearn,
    }
    if with_torch:
        found["PyTorch"] = libraries.with_torch
    found[BARE] = tuned.bare_products
    found["nbann"] = libraries.with_nbann
    found["nbann, evaluating"] = lambda work: libraries.with_nbann(work, evaluate=True)
    return found


def in_turns(work, makers):
    """Return the seconds of each round by name; raise if two of them did not do the same work."""
    seconds = {name: [] for name in makers}
    for _ in range(work.rounds):
        losses = {}
        for name, make in makers.items():
            train = make(work)
            if train is None:
                continue
            taken, parameters = clock(train)
            seconds[name].append(taken)
            if name != BARE:  # which trains nothing
                losses[name] = float(work.loss(parameters))
        check_losses(work, losses)
    return {name: taken for name, taken in seconds.items() if taken}


def check_losses(work, losses):
    """Raise `AssertionError` where a contestant ends at another loss: it has done other work."""
    expected = losses["naive NumPy"]
    for name, loss in losses.items():
        own_order = name == "scikit-learn" and not work.full
        # on digits, one net trained in six orders ended at losses from 0.020 to 0.046
        same = (
            expected / 3 < loss < expected * 3
            if own_order
            else abs(loss - expected) <= work.tolerance * expected
        )
        if not same:
            raise AssertionError(
                f"{work.name}: {name} ends at a loss of {loss:.8g}, the naive loop at "
                f"{expected:.8g}; they have not done the same work."
            )


def ratio(seconds, name, base):
    """Return the median over the rounds of one contestant's time over another's."""
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[base], strict=True))


def over_bare_loop(work):
    """Return how many times the bare loop over the kernels `Trainer.run` takes, without a hook.

    Both call the kernels of one trainer, so that they work in the same memory.
    """
    trainer = libraries.trainer_of(work)
    trainer.run()
    ran, bare = [], []
    for _ in range(2 * work.rounds + 1):
        ran.append(clock(lambda: trainer.run(work.epochs))[0])
        bare.append(clock(lambda: bare_loop(trainer, work))[0])
    return statistics.median(a / b for a, b in zip(ran, bare, strict=True))


def bare_loop(trainer, work):
    """Load each batch and call the program's kernels: what no training can do without."""
    programs = {n: trainer._program_for(n) for n in work.sizes}
    loads = {n: program.load for n, program in programs.items()}
    kernels = {n: program.kernels for n, program in programs.items()}
    for epoch in range(work.epochs):
        for rows in work.batches(epoch):
            n = len(work.X)
            if rows is not None:
                n = len(rows)
                loads[n](rows)
            for kernel in kernels[n]:
                kernel()
    trainer.program.done = len(trainer.program)  # loading has set it back; the next run begins anew


def import_seconds(rounds):
    """Return what `from nbann import Trainer` takes beyond NumPy, in fresh processes; the median.

    `import nbann` alone loads next to nothing: names load when they are first used.
    """
    code = "import time; t = time.process_time(); import numpy{}; print(time.process_time() - t)"
    differences = []
    for _ in range(rounds):
        alone, both = (
            float(
                subprocess.run(
                    [sys.executable, "-c", code.format(more)], capture_output=True, check=True
                ).stdout
            )
            for more in ("", "; from nbann import Trainer")
        )
        differences.append(both - alone)
    return statistics.median(differences)
