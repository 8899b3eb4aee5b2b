"""How much memory a run on a large file takes: what Linux has counted for a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(
    not STATUS.exists(), reason="only Linux tells how much memory was resident at most"
)
ROWS, COLUMNS, PART = 30_000, 1000, 1000
SIZE = ROWS * COLUMNS * 4 / 1e6  # 120 MB
MOST = 60.0

SCRIPT = """
import sys
import numpy as np
import nbann
from nbann import Adam, Dataset, Dense, ReLU, Sequential, Stream, Trainer

def memory(which):
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith(which))

def net():
    return Sequential([Dense(16), ReLU(), Dense(2)])

small = np.ones((300, 1000), "float32"), np.arange(300) % 2
Trainer(net(), small, dtype="float32", optimizer=Adam()).run(1)  # what is loaded by then counts not
before = memory("VmRSS")
X, y = np.load("X.npy", mmap_mode="r"), np.load("y.npy", mmap_mode="r")
def part(i):
    with open("X.npy", "rb") as file:
        rows = np.fromfile(file, "float32", 1_000_000, offset=X.offset + i * 4_000_000)
    return rows.reshape(1000, 1000), y[i * 1000 : (i + 1) * 1000]

way = sys.argv[1]
test = None
if way == "mapped":
    data = X, y
elif way == "scaled":
    train, test = Dataset(X, y).split(test=0.2)
    data = train.standardized()
    test = test.standardized(like=data)
elif way == "columns":
    data = X.reshape(X.shape)[:, ::4], y
elif way == "stream":
    data = Stream(part, count=30)
else:
    data = Stream((part(i) for i in range(30)), samples=30_000)
settings = {"batch_size": 256, "dtype": "float32", "timeline_memory": 2}  # snapshots are no data
trainer = Trainer(net(), data, test=test, optimizer=Adam(), **settings)
trainer.run(epochs=1)
trainer.predict(X[:, ::4] if way == "columns" else X)
trainer.save("run.npz")
print(memory("VmHWM") - before, len(trainer.history.losses))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(path / "X.npy", "w+", "float32", (ROWS, COLUMNS))
    for start in range(0, ROWS, PART):
        X[start : start + PART] = rng.standard_normal((PART, COLUMNS), dtype="float32")
    np.save(path / "y.npy", (X[:, 0] > 0).astype(np.int64))
    yield path
    os.remove(path / "X.npy")


@pytest.mark.parametrize("way", ["mapped", "scaled", "columns", "stream", "iterator"])
def test_a_run_takes_a_small_part_of_the_file(folder, way):
    root = Path(__file__).parents[2]
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, way],
        cwd=folder,
        env=os.environ | threads | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown, batches = map(float, done.stdout.split())
    assert batches == -(-(ROWS * (0.8 if way == "scaled" else 1)) // 256)
    assert grown < MOST <= SIZE / 2
