"""Self-organizing maps against MiniSom (pip install minisom): ``python -m benchmarks.kinds.som``.

Both start from the same weights and see the digits in the same order at the same radius and rate,
so that they end at the same map, which is checked: the times are of the same work.
"""

import argparse
import os
import statistics

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy loads: so before it does

import numpy as np
from minisom import MiniSom
from sklearn.datasets import load_digits

import nbann

from ..measure import clock

SIDE, RADIUS, RATE = 10, 3.0, 0.3
ONLINE, BATCH = 1.0, 5.0
"""How many times MiniSom's time is at least to be of nbann's: a pass online, and one by batches."""


def constant(start, step, steps):
    """Leave a radius or rate as it is: MiniSom's kind of schedule."""
    return start


def minisom(data, start, rate):
    """Return MiniSom's map of the same settings."""
    som = MiniSom(SIDE, SIDE, data.shape[1], sigma=RADIUS, learning_rate=rate)
    som._learning_rate_decay_function = som._sigma_decay_function = constant
    som._weights[...] = start.reshape(SIDE, SIDE, -1)
    return som


def ours(data, start, rule, rate, **settings):
    """Return nbann's trainer of the same settings."""
    model = nbann.SOM(SIDE, SIDE, rule, weight=start, radius=RADIUS, learning_rate=rate)
    return nbann.Trainer(model, data, shuffle=False, **{"evaluate_every": None} | settings)


def rounds_of(data, start, passes, rounds):
    """Return seconds of each pass by name, measured in turns; check that the maps are the same."""
    seconds = {}
    for _ in range(rounds):
        theirs = minisom(data, start, RATE), minisom(data, start, 1.0)
        online, batch = ours(data, start, "online", RATE), ours(data, start, "batch", 1.0)
        measured = ours(data, start, "online", RATE, evaluate_every=1)
        works = {
            "MiniSom online": lambda som=theirs[0]: som.train(data, passes * len(data)),
            "nbann online": lambda t=online: t.run(passes),
            "nbann online, evaluating": lambda t=measured: t.run(passes),
            "MiniSom batch": lambda som=theirs[1]: som.train_batch_offline(data, passes),
            "nbann batch": lambda t=batch: t.run(passes),
        }
        for name, work in works.items():
            seconds.setdefault(name, []).append(clock(work)[0] / passes)
        for som, trainer in zip(theirs, (online, batch), strict=True):
            same = np.allclose(som._weights.reshape(SIDE**2, -1), trainer["som.weight"], rtol=1e-6)
            if not same:
                raise AssertionError(f"{trainer.model!r} and MiniSom end at different maps.")
    return seconds


def ratio(seconds, theirs, own):
    """Return the median over the rounds of their time over ours."""
    return statistics.median(a / b for a, b in zip(seconds[theirs], seconds[own], strict=True))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds.som", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--passes", type=int, default=3)
    given = parser.parse_args()
    data = load_digits().data
    start = nbann.SOM.start_along_components(data, SIDE, SIDE)
    seconds = rounds_of(data, start, given.passes, given.rounds)
    for name, taken in seconds.items():
        print(f"{name:26} {1e3 * statistics.median(taken):8.1f} ms a pass")
    online = ratio(seconds, "MiniSom online", "nbann online")
    evaluating = ratio(seconds, "MiniSom online", "nbann online, evaluating")
    batch = ratio(seconds, "MiniSom batch", "nbann batch")
    over_online = ratio(seconds, "MiniSom online", "nbann batch")
    print(f"MiniSom / nbann: online {online:.2f} ({evaluating:.2f} evaluating each epoch)")
    print(f"MiniSom / nbann: batch {batch:.1f}; its online pass / our batch {over_online:.1f}")
    good = online >= ONLINE and min(batch, over_online) >= BATCH
    print("as fast as asked" if good else "slower than asked")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
