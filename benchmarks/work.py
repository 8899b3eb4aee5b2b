"""The work that is measured: data, net and settings, equal for every contestant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits, load_iris


@dataclass(frozen=True)
class Work:
    """One training run: hidden layers, then softmax with cross-entropy, or Trask's sigmoid."""

    name: str
    X: np.ndarray
    y: np.ndarray
    hidden: tuple[int, ...]
    epochs: int
    batch: int
    rate: float
    optimizer: str = "sgd"
    """"sgd" or "adam", that with beta1 0.9, beta2 0.999 and epsilon 1e-8."""
    momentum: float = 0.0
    l2: float = 0.0
    activation: str = "relu"
    classes: int = 0
    """0 for Trask's net: sigmoid, no biases, half the sum of squares."""
    std: float | None = None
    """Of the start weights; None for sqrt(2 / inputs) (He et al., ICCV 2015, eq. 10)."""
    tolerance: float = 1e-6
    """How far apart the losses of two contestants may end, relatively."""
    rounds: int = 7
    targets: Mapping[str, float] = field(default_factory=dict)
    """The most that nbann's time may be, as a share of each one's."""

    @property
    def dtype(self):
        return self.X.dtype

    @property
    def full(self):
        """Whether a batch is all there is, so that nothing is shuffled or copied."""
        return self.batch == len(self.X)

    @property
    def widths(self):
        """Inputs, neurons of each hidden layer, outputs."""
        return (self.X.shape[1], *self.hidden, self.classes or 1)

    @property
    def steps(self):
        """Batches in all."""
        return self.epochs * -(-len(self.X) // self.batch)

    @property
    def sizes(self):
        """The numbers of rows that batches have: the usual one, and that of a last, smaller one."""
        return {min(self.batch, len(self.X)), len(self.X) % self.batch} - {0}

    def order(self, epoch):
        """Return the order of the data in an epoch: the one that nbann draws with seed 0."""
        return np.random.default_rng([0, 1, epoch]).permutation(len(self.X))

    def batches(self, epoch):
        """Yield the rows of each batch of an epoch, or None where there is one batch for all."""
        if self.full:
            yield None
            return
        order = self.order(epoch)
        for start in range(0, len(order), self.batch):
            yield order[start : start + self.batch]

    def start(self):
        """Return fresh start values [W1, b1, W2, b2, ...] (Trask: [W1, W2])."""
        if not self.classes:
            draw = np.random.RandomState(1).random_sample
            return [2 * draw(shape) - 1 for shape in pairwise(self.widths)]
        rng = np.random.default_rng(7)
        found = []
        for inputs, outputs in pairwise(self.widths):
            std = np.sqrt(2 / inputs) if self.std is None else self.std
            found.append(rng.normal(0, std, (inputs, outputs)).astype(self.dtype))
            found.append(np.zeros(outputs, self.dtype))
        return found

    def loss(self, parameters):
        """Return the loss of all the data at these parameters: what all must agree on."""
        p = [np.asarray(a, np.float64) for a in parameters]
        if not self.classes:
            l1 = 1 / (1 + np.exp(-self.X @ p[0]))
            l2 = 1 / (1 + np.exp(-l1 @ p[1]))
            return ((l2 - self.y) ** 2).sum() / 2
        a = self.X.astype(np.float64)
        for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
            a = np.maximum(a @ W + b, 0) if self.activation == "relu" else np.tanh(a @ W + b)
        z = a @ p[-2] + p[-1]
        z -= z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        penalty = self.l2 / 2 * sum((W**2).sum() for W in p[::2])
        return penalty - log_p[np.arange(len(z)), self.y].mean()


def trask():
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    return Work(
        "Trask 3-4-1, 60,000 full-batch iterations", X, y, (4,), 60_000, 4, rate=1.0, rounds=5,
        targets={"optimized NumPy": 1.1},
    )  # fmt: skip


def iris():
    X, y = load_iris(return_X_y=True)
    return Work(
        "iris 4-6-3, 2,000 full-batch iterations", X, y, (6,), 2000, 150, rate=0.01, l2=1e-3,
        classes=3, std=0.1, rounds=11,
        targets={"optimized NumPy": 1.1, "scikit-learn": 0.4, "PyTorch": 0.15},
    )  # fmt: skip


def digits():
    X, y = load_digits(return_X_y=True)
    return Work(
        "digits 64-64-10, batch 32, momentum, 20 epochs", X / 16, y, (64,), 20, 32, rate=0.05,
        momentum=0.9, classes=10, std=0.1, rounds=9,
        targets={"optimized NumPy": 1.1, "scikit-learn": 0.3, "PyTorch": 0.2},
    )  # fmt: skip


def random_images():
    rng = np.random.default_rng(0)
    X = rng.random((60_000, 784), dtype=np.float32)
    y = rng.integers(0, 10, 60_000)
    return Work(
        "60,000x784 random, 784-128-10, batch 128, Adam, float32, 1 epoch", X, y, (128,), 1, 128,
        rate=0.001, optimizer="adam", classes=10, std=0.03, tolerance=1e-2, rounds=7,
        targets={
            "optimized NumPy": 1.05, "scikit-learn": 0.7, "PyTorch": 0.9,
            "bare matrix products": 1.5,
        },
    )  # fmt: skip


def deep(layers=50):
    X, y = load_digits(return_X_y=True)
    return Work(
        f"{layers} x 64 deep, batch 64, one step (of 100)", X[:64] / 16, y[:64], (64,) * layers,
        100, 64, rate=0.001, classes=10, rounds=7, targets={"naive NumPy": 0.8, "PyTorch": 0.5},
    )  # fmt: skip


def spiral():
    """Two arms of 125 points with a little noise, after the shape in TensorFlow Playground."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 125)
    share = np.tile(np.arange(125) / 125, 2)
    angle = 1.75 * 2 * np.pi * share + np.pi * y
    X = 5 * share[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    X += rng.uniform(-0.1, 0.1, X.shape)
    return Work(
        "spiral 2-8-8-2 tanh, batch 10, 250 rows, 100 epochs", X, y, (8, 8), 100, 10, rate=0.03,
        activation="tanh", classes=2, std=0.5,
    )  # fmt: skip


def quick(work):
    """Return a tenth of the work, measured thrice: to see that everything runs, not how fast."""
    work = replace(work, name=f"a tenth of {work.name}", rounds=3)
    if work.epochs > 1:
        return replace(work, epochs=max(work.epochs // 10, 2))
    rows = len(work.X) // 10
    return replace(work, X=work.X[:rows], y=work.y[:rows])


WORK = {
    "trask": trask,
    "iris": iris,
    "digits": digits,
    "images": random_images,
    "deep": deep,
    "spiral": spiral,
}
