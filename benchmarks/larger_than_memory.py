"""Train on files of 4 GB with less than 300 MB of memory.

    python -m benchmarks.larger_than_memory --folder DIR  # where 4 GB are free; deleted afterwards
    python -m benchmarks.larger_than_memory --quick       # 200 MB: that it runs

Each run is a process of its own: one epoch, shuffled, batches of 256, scored at its end. What is
measured is the most memory that was resident at once (VmHWM: interpreter, libraries and pages of
files included), so it needs Linux. It ends with status 1 where 300 MB are exceeded.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MOST, BATCH, BLOCK = 300.0, 256, 2**23
"""Megabytes, rows in a batch, bytes written at a time."""
SHAPES = [  # rows, columns, dtype: 4 GB each
    (1_000_000, 1000, "float32"),
    (10_000_000, 100, "float32"),
    (500_000, 1000, "float64"),
]
WAYS = {
    "mapped": "a memory-mapped X and y",
    "prepared": "the same, `standardized` and `split`, its test part scored as well",
    "by number": "`Stream` of a function of a batch's number, 2,560 rows each",
    "iterator": "`Stream` of a generator, 2,560 rows each (nothing to score)",
    "by hand": "`X[rows]` of the mapping, read and not trained on",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", default=None, help="where the files are written")
    parser.add_argument("--quick", action="store_true", help="files of 200 MB")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(*options.run)
        return 0
    print("| file | way | check s | epoch s | of processor | peak MB | loss | accuracy |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    missed = 0
    for rows, columns, dtype in SHAPES:
        count = rows // 20 if options.quick else rows
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = Path(folder)
            write(path, count, columns, dtype)
            size = (path / "X.npy").stat().st_size / 1e9
            for way in WAYS:
                found = measured(path, way, columns)
                peak = float(found[3])
                missed += way != "by hand" and peak >= MOST
                what = f"{count:,} x {columns} {dtype}, {size:.1f} GB"
                print(f"| {what} | {way} | {' | '.join(found)} |", flush=True)
    print()
    for way, words in WAYS.items():
        print(f"{way}: {words}.")
    print(f"{missed} runs of {MOST:g} MB or more." if missed else f"All below {MOST:g} MB.")
    return bool(missed)


def write(folder: Path, rows: int, columns: int, dtype: str) -> None:
    """Write features that are drawn, block by block, and labels that a plane parts."""
    rng = np.random.default_rng(0)
    plane = rng.normal(size=columns).astype(np.float32)
    each = BLOCK // (4 * columns)
    with open(folder / "X.npy", "wb") as X, open(folder / "y.npy", "wb") as y:
        for file, shape, kind in ((X, (rows, columns), dtype), (y, (rows,), "int64")):
            header = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, rows, each):
            block = rng.standard_normal((min(each, rows - start), columns), dtype=np.float32)
            (block @ plane > 0).astype("int64").tofile(y)
            block.astype(dtype).tofile(X)


def measured(folder: Path, way: str, columns: int) -> list[str]:
    """Return what a run in a process of its own prints."""
    command = [sys.executable, "-m", "benchmarks.larger_than_memory", "--run", str(folder), way]
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
    done = subprocess.run(
        [*command, str(columns)], capture_output=True, text=True, env=os.environ | threads
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.split()


def run(folder: str, way: str, columns: str) -> None:
    """Train an epoch and print seconds (to begin, of the epoch, worked in it), peak MB, scores."""
    import nbann

    X, y = (np.load(Path(folder) / f"{name}.npy", mmap_mode="r") for name in "Xy")
    began = time.perf_counter()
    if way == "by hand":
        order = np.random.default_rng(0).permutation(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start : start + BATCH]
            X[rows], y[rows]
        taken, worked = time.perf_counter() - began, time.process_time()
        print(0, f"{taken:.1f}", f"{worked:.1f}", f"{peak():.0f}", "-", "-")
        return
    data, test = source(way, folder, X, y)
    net = nbann.Sequential([nbann.Dense(32), nbann.ReLU(), nbann.Dense(2)])
    settings = {"batch_size": BATCH, "optimizer": "adam", "dtype": "float32"}
    trainer = nbann.Trainer(net, data, test=test, **settings)
    made, before = time.perf_counter(), time.process_time()
    trainer.run(epochs=1)
    ended, worked = time.perf_counter(), time.process_time() - before
    scores = trainer.history.row(0) if trainer.history.evaluations else {}
    kept = ["train_loss", "train_accuracy"]
    words = [f"{scores[name]:.4f}" if name in scores else "-" for name in kept]
    seconds = (made - began, ended - made, worked)
    print(*(f"{one:.1f}" for one in seconds), f"{peak():.0f}", *words)


def source(way, folder, X, y):
    """Return what is trained on, and what is scored beside it, in one of the ways."""
    import nbann

    if way == "mapped":
        return (X, y), None
    if way == "prepared":
        return nbann.Dataset(X, y).standardized().split(test=0.1)
    rows, count = 10 * BATCH, -(-len(X) // (10 * BATCH))
    places = {name: (a.offset, a.dtype, a.shape[1:]) for name, a in (("X", X), ("y", y))}

    def part(name, i):
        offset, dtype, shape = places[name]
        width = int(np.prod(shape, dtype=int))
        begin = offset + i * rows * width * dtype.itemsize
        read = np.fromfile(Path(folder) / f"{name}.npy", dtype, rows * width, offset=begin)
        return read.reshape(-1, *shape)

    def batch(i):
        return part("X", i), part("y", i)

    if way == "by number":
        return nbann.Stream(batch, count=count, samples=len(X)), None
    return nbann.Stream((batch(i) for i in range(count)), samples=len(X)), None


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
