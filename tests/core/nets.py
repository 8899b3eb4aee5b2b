"""Small nets and data that many tests use, and the same nets once more in plain NumPy: the oracle.

A net is described by a list such as ``[("dense", 4), "tanh", ("linear", 3)]``; "linear" is a dense
layer without biases. `net` makes nbann's model of it, `forward` and `loss_of` compute it from the
textbook formulas, without a line of nbann.
"""

import numpy as np

import nbann

ACTIVATIONS = {"sigmoid": nbann.Sigmoid, "tanh": nbann.Tanh, "relu": nbann.ReLU}
LOSSES = {
    "cross_entropy": nbann.CrossEntropy(),
    "mean_squared_error": nbann.MeanSquaredError(),
    "half_sum": nbann.HalfSquaredError("sum"),
    "half_mean": nbann.HalfSquaredError("mean"),
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
        if part == "sigmoid":
            a = 1 / (1 + np.exp(-a))
        elif part == "tanh":
            a = np.tanh(a)
        elif part == "relu":
            a = np.where(a > 0, a, 0)
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
