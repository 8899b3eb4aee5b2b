"""Where the time of a step goes: ``python -m benchmarks --profile``.

Every kernel is timed in its place, so that it finds the caches as it does in training. The share of
calling is the number of kernels times what NumPy's cheapest call takes.
"""

import time
from collections import defaultdict

import numpy as np

from . import libraries


def profile(work, passes=200):
    """Return the parts of a step in microseconds, and the kernels by what they call."""
    trainer = libraries.trainer_of(work)
    program = trainer.program
    rows = None if work.full else np.arange(work.batch)
    kernels = [lambda: program.load(rows), *program.kernels]
    taken = np.full(len(kernels), np.inf)
    now = time.perf_counter
    with np.errstate(all="ignore"):
        for _ in range(10):
            total = np.zeros(len(kernels))
            for _ in range(max(passes // 10, 1)):
                for place, kernel in enumerate(kernels):
                    start = now()
                    kernel()
                    total[place] += now() - start
            taken = np.minimum(taken, total / max(passes // 10, 1))
    program.done = len(program)
    taken = 1e6 * np.maximum(taken - _clock(), 0)
    groups = defaultdict(list)
    for kernel, microseconds in zip(program.kernels, taken[1:], strict=True):
        groups[_kind(kernel)].append(microseconds)
    products = sum(groups.get("matrix product", []))
    others = len(program.kernels) - len(groups.get("matrix product", []))
    calling = others * _cheapest_call()
    parts = {
        "matrix products": products,
        "calling the rest": min(calling, taken[1:].sum() - products),
        "the rest's arithmetic": max(taken[1:].sum() - products - calling, 0.0),
        "loading the batch": taken[0] if rows is not None else 0.0,
    }
    return parts, {kind: (len(each), sum(each)) for kind, each in groups.items()}


def _kind(kernel):
    """Return what a kernel calls, such as "multiply"; products of matrices by that name."""
    function = getattr(kernel, "func", kernel)
    arrays = [a for a in getattr(kernel, "args", ()) if isinstance(a, np.ndarray)]
    if function.__name__ == "dot" and arrays[-1].ndim == 2:
        return "matrix product"
    return {"__setitem__": "copy", "dot": "dot with a vector"}.get(
        function.__name__, function.__name__
    )


def _clock():
    """Return the seconds between two looks at the clock."""
    now = time.perf_counter
    return min(-(now() - now()) for _ in range(1000))


def _cheapest_call():
    """Return the microseconds of a NumPy call with next to nothing to compute."""
    a = np.ones(2)
    best = np.inf
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(1000):
            np.negative(a, a)
        best = min(best, time.perf_counter() - start)
    return best * 1e6 / 1000


def table(chosen, passes):
    """Print the parts of a step of each work, and the five costliest kinds of kernel."""
    print("| work | kernels | us a step | matrix products | calling the rest | its arithmetic |"
          " loading | costliest kernels |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for work in chosen:
        parts, groups = profile(work, passes)
        whole = sum(parts.values())
        shares = " | ".join(f"{100 * part / whole:.0f}%" for part in parts.values())
        costly = sorted(groups.items(), key=lambda kind: -kind[1][1])[:5]
        named = ", ".join(f"{count} x {kind} {us:.1f}" for kind, (count, us) in costly)
        count = sum(count for count, _ in groups.values())
        print(f"| {work.name} | {count} | {whole:.1f} | {shares} | {named} |", flush=True)
