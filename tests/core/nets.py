"""Small nets and data that many tests use, and the same nets once more in plain NumPy: the oracle.

A net is described by a list such as ``[("dense", 4), "tanh", ("linear", 3)]``; "linear" is a dense
layer without biases. `net` makes nbann's model of it, `forward` and `loss_of` compute it from the
textbook formulas, without a line of nbann.
"""

import math

import numpy as np

import nbann

ACTIVATIONS = {
    "identity": nbann.Identity,
    "step": nbann.Step,
    "sigmoid": nbann.Sigmoid,
    "tanh": nbann.Tanh,
    "relu": nbann.ReLU,
    "leaky_relu": nbann.LeakyReLU,
    "leaky_relu 0.3": lambda: nbann.LeakyReLU(0.3),
    "elu": nbann.ELU,
    "elu 0.4": lambda: nbann.ELU(alpha=0.4),
    "selu": nbann.SELU,
    "gelu": nbann.GELU,
    "gelu tanh": lambda: nbann.GELU(approximate="tanh"),
    "silu": nbann.SiLU,
    "softplus": nbann.Softplus,
    "softmax": nbann.Softmax,
}
LOSSES = {
    "cross_entropy": nbann.CrossEntropy(),
    "mean_squared_error": nbann.MeanSquaredError(),
    "half_sum": nbann.HalfSquaredError("sum"),
    "half_mean": nbann.HalfSquaredError("mean"),
    "mean_absolute_error": nbann.MeanAbsoluteError(),
    "huber": nbann.Huber(delta=0.8),
}
ERF = np.vectorize(math.erf, otypes=[float])
PLAIN = {  # as textbooks write them: safe for ordinary numbers only
    "identity": lambda z: z,
    "step": lambda z: (z > 0) * 1.0,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "leaky_relu 0.3": lambda z: np.where(z > 0, z, 0.3 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "elu 0.4": lambda z: np.where(z > 0, z, 0.4 * (np.exp(z) - 1)),
    "selu": lambda z: 1.05070098735548 * np.where(z > 0, z, 1.67326324235437 * (np.exp(z) - 1)),
    "gelu": lambda z: z * (1 + ERF(z / np.sqrt(2))) / 2,
    "gelu tanh": lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
}
HIDDEN = [("dense", 4), "tanh", ("dense", 3)]


def data(n=13, features=3, seed=0):
    """Return X, labels of 3 classes, and values of 3 columns."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, features))
    return X, rng.integers(0, 3, n), rng.standard_normal((n, 3))


def net(spec, init=None):
    """Return the model of a description, its weights of a size at which nothing saturates."""
    init = init or (lambda rng, shape: rng.uniform(-0.9, 0.9, shape))
    layers = []
    for part in spec:
        if isinstance(part, str):
            layers.append(ACTIVATIONS[part]())
        else:
            kind, units = part
            bias = np.linspace(-0.3, 0.4, units) if kind == "dense" else False
            layers.append(nbann.Dense(units, bias=bias, init=init))
    return nbann.Sequential(layers)


def make(spec=HIDDEN, loss="cross_entropy", n=13, **settings):
    """Return a trainer of a description on `data`."""
    X, labels, values = data(n)
    y = labels if loss == "cross_entropy" else values
    settings = {"batch_size": None, "seed": 3} | settings
    return nbann.Trainer(net(spec), (X, y), loss=LOSSES[loss], **settings)


def forward(spec, parameters, X):
    """Compute a net's output in plain NumPy; `parameters` is a list of arrays in order."""
    parameters = list(parameters)
    a = X
    for part in spec:
        if isinstance(part, str):
            a = PLAIN[part](a)
        else:
            a = a @ parameters.pop(0)
            if part[0] == "dense":
                a = a + parameters.pop(0)
    return a


def loss_of(spec, parameters, X, y, loss, l1=0.0, l2=0.0):
    """Compute a net's loss in plain NumPy, penalties on its weights (the 2-d arrays) included."""
    out = forward(spec, parameters, X)
    if loss == "cross_entropy":
        exps = np.exp(out)
        value = -np.mean(np.log(exps[range(len(y)), y] / exps.sum(axis=1)))
    elif loss == "mean_absolute_error":
        value = np.abs(out - y).mean()
    elif loss == "huber":
        size = np.abs(out - y)
        value = np.where(size <= 0.8, size**2 / 2, 0.8 * (size - 0.4)).mean()
    else:
        squares = ((out - y) ** 2).sum()
        value = (
            squares / {"mean_squared_error": y.size, "half_sum": 2, "half_mean": 2 * y.size}[loss]
        )
    weights = [p for p in parameters if p.ndim == 2]
    value += l1 * sum(np.abs(w).sum() for w in weights)
    return value + l2 / 2 * sum((w**2).sum() for w in weights)


def copies(trainer):
    """Return the parameters as arrays of their own, in order."""
    return [array.copy() for array in trainer.parameters.values()]


def same_run(a, b):
    """Assert that two trainers stand at one place with equal numbers, bit for bit."""
    assert a.position == b.position
    assert list(a.history) == list(b.history)
    for column in a.history:
        np.testing.assert_array_equal(a.history[column], b.history[column], column)
    for name in a.parameters:
        np.testing.assert_array_equal(a[name], b[name], name)
