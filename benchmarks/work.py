"""The work that is measured: data, net and settings, equal for every contestant."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.datasets import load_digits, load_iris


@dataclass(frozen=True)
class Work:
    """One training run: a net of one hidden layer, its output softmax or (Trask's) sigmoid."""

    name: str
    X: np.ndarray
    y: np.ndarray
    hidden: int
    epochs: int
    batch: int
    rate: float
    momentum: float = 0.0
    l2: float = 0.0
    classes: int = 0
    """0 for Trask's net: sigmoid, no biases, half the sum of squares."""
    std: float = 0.1
    rounds: int = 7

    @property
    def dtype(self):
        return self.X.dtype

    @property
    def full(self):
        """Whether a batch is all there is, so that nothing is shuffled or copied."""
        return self.batch == len(self.X)

    def order(self, epoch):
        """Return the order of the data in an epoch: the one that nbann draws with seed 0."""
        return np.random.default_rng([0, 1, epoch]).permutation(len(self.X))

    def start(self):
        """Return fresh start values [W1, b1, W2, b2] (Trask: [W1, W2])."""
        inputs = self.X.shape[1]
        if not self.classes:
            rng = np.random.RandomState(1)
            return [
                2 * rng.random_sample((inputs, self.hidden)) - 1,
                2 * rng.random_sample((self.hidden, 1)) - 1,
            ]
        rng = np.random.default_rng(7)
        shapes = [(inputs, self.hidden), self.hidden, (self.hidden, self.classes), self.classes]
        return [
            (rng.normal(0, self.std, s) if isinstance(s, tuple) else np.zeros(s)).astype(self.dtype)
            for s in shapes
        ]

    def loss(self, parameters):
        """Return the loss of all the data at these parameters: what all must agree on."""
        p = [np.asarray(a, np.float64) for a in parameters]
        if not self.classes:
            l1 = 1 / (1 + np.exp(-self.X @ p[0]))
            l2 = 1 / (1 + np.exp(-l1 @ p[1]))
            return ((l2 - self.y) ** 2).sum() / 2
        z = np.maximum(self.X @ p[0] + p[1], 0) @ p[2] + p[3]
        z -= z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        penalty = self.l2 / 2 * ((p[0] ** 2).sum() + (p[2] ** 2).sum())
        return penalty - log_p[np.arange(len(z)), self.y].mean()


def trask():
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    return Work("Trask 3-4-1, 60,000 full-batch iterations", X, y, 4, 60_000, 4, rate=1.0, rounds=5)


def iris():
    X, y = load_iris(return_X_y=True)
    return Work(
        "iris 4-6-3, 2,000 full-batch iterations",
        X,
        y,
        6,
        2000,
        150,
        rate=0.01,
        l2=1e-3,
        classes=3,
        rounds=11,
    )


def digits():
    X, y = load_digits(return_X_y=True)
    return Work(
        "digits 64-64-10, batch 32, momentum, 20 epochs", X / 16, y, 64, 20, 32, rate=0.05,
        momentum=0.9, classes=10,
    )  # fmt: skip


def random_images():
    rng = np.random.default_rng(0)
    X = rng.random((60_000, 784), dtype=np.float32)
    y = rng.integers(0, 10, 60_000)
    return Work(
        "60,000x784 random, 784-128-10, batch 128, float32, 1 epoch", X, y, 128, 1, 128, rate=0.05,
        classes=10, std=0.03,
    )  # fmt: skip


def quick(work):
    """Return a tenth of the work, measured thrice: to see that everything runs, not how fast."""
    work = replace(work, name=f"a tenth of {work.name}", rounds=3)
    if work.epochs > 1:
        return replace(work, epochs=max(work.epochs // 10, 2))
    rows = len(work.X) // 10
    return replace(work, X=work.X[:rows], y=work.y[:rows])


WORK = {"trask": trask, "iris": iris, "digits": digits, "images": random_images}
