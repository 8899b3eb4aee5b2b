"""From which size on workers pay: ``python -m benchmarks.on_workers [--quick]``.

Each net is trained by one process with one thread, by one process with as many threads of linear
algebra as there are cores (what NumPy does by itself), and by as many Dask workers, one thread
each. Wall-clock time, as that is what workers are for; in turns, each in a process of its own.
Needs `distributed`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

NETS = {  # layers, rows in a batch, batches to be timed
    "4-6-3, batches of 32": ((4, 6, 3), 32, 200),
    "784-128-10, batches of 256": ((784, 128, 10), 256, 60),
    "784-1024-1024-10, batches of 1,024": ((784, 1024, 1024, 10), 1024, 6),
    "784-1024-1024-10, batches of 8,192": ((784, 1024, 1024, 10), 8192, 4),
}
ALONE, THREADS, WORKERS = "one thread", "threads", "workers"


def seconds_a_batch(name, how, cores):
    """Train a net for some batches, and return the seconds that one took."""
    import numpy as np

    import nbann

    widths, rows, batches = NETS[name]
    rng = np.random.default_rng(0)
    n = rows * batches
    data = (rng.standard_normal((n, widths[0])), rng.integers(0, widths[-1], n))
    layers = []
    for width in widths[1:-1]:
        layers += [nbann.Dense(width), nbann.ReLU()]
    net = nbann.Sequential([*layers, nbann.Dense(widths[-1])])
    trainer = nbann.Trainer(net, data, batch_size=rows, evaluate_every=None)
    if how != WORKERS:
        return _timed(trainer, batches)
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=cores,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs=50,
        ) as cluster,
        Client(cluster, direct_to_workers=True) as client,
    ):
        trainer.distribute(client)
        return _timed(trainer, batches)


def _timed(trainer, batches):
    trainer.run(1)  # everything is compiled and sent
    start = time.perf_counter()
    trainer.run(1)
    return (time.perf_counter() - start) / batches


def measured(name, how, cores):
    """Return the same from a process of its own, whose threads are set before NumPy loads."""
    threads = str(cores if how == THREADS else 1)
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, threads)
    command = [sys.executable, "-m", "benchmarks.on_workers", "--one", name, how, str(cores)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.on_workers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the small nets, once")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, how, cores = options.one
        print(json.dumps(seconds_a_batch(name, how, int(cores))))
        return
    cores = len(os.sched_getaffinity(0))
    names = list(NETS)[:2] if options.quick else list(NETS)
    print(f"{cores} cores; ms a batch (median of rounds), and workers over the others")
    print(f"{'net':38}{ALONE:>12}{THREADS:>10}{WORKERS:>10}{'/one':>7}{'/threads':>9}")
    for name in names:
        rounds = [
            {how: measured(name, how, cores) for how in (ALONE, THREADS, WORKERS)}
            for _ in range(1 if options.quick else 3)
        ]
        taken = {how: statistics.median(one[how] for one in rounds) * 1e3 for how in rounds[0]}
        over = [
            statistics.median(one[WORKERS] / one[how] for one in rounds) for how in (ALONE, THREADS)
        ]
        numbers = "".join(f"{taken[how]:>{w}.3g}" for how, w in zip(taken, (12, 10, 10)))  # noqa: B905 (three of each)
        print(f"{name:38}{numbers}{over[0]:>7.2f}{over[1]:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
