"""Dropout, normalization, residual blocks, embeddings and flattening, against PyTorch."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import nbann

from .nets import data, same_run
from .test_reading import check_op

D = nbann.Dense


def words(n=13, length=4, count=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, count, (n, length)), rng.integers(0, 3, n)


def affine(name):
    rng = np.random.default_rng(len(name))
    return {"gamma": rng.uniform(0.5, 1.5, 4), "beta": rng.uniform(-1, 1, 4)}


NETS = {
    "batch_norm": lambda: [D(4), nbann.BatchNorm(**affine("bn")), nbann.Tanh(), D(3)],
    "layer_norm": lambda: [D(4), nbann.LayerNorm(**affine("ln")), nbann.Tanh(), D(3)],
    "norm of the data": lambda: [nbann.BatchNorm(), D(3)],
    "dropout": lambda: [D(6), nbann.Tanh(), nbann.Dropout(0.4), D(3)],
    "dropout of the data": lambda: [nbann.Dropout(0.3), D(3)],
    "residual": lambda: [D(4), nbann.Residual([D(5), nbann.Tanh(), D(4)]), nbann.Tanh(), D(3)],
    "projection": lambda: [nbann.Residual([D(5), nbann.Tanh(), D(4)]), D(3)],
    "nested": lambda: [
        nbann.Residual([D(3), nbann.Residual([nbann.LayerNorm(), D(3), nbann.Tanh()])]),
        D(3),
    ],
    "two blocks": lambda: [
        D(4),
        nbann.Residual([nbann.BatchNorm(), nbann.Sigmoid(), D(4)], name="block"),
        nbann.Residual([nbann.Dropout(0.2), D(4)]),
        D(3),
    ],
}
WORDS = {
    "flat": lambda: [nbann.Embedding(6, 3, init="glorot_uniform"), nbann.Flatten(), D(3)],
    "dense between": lambda: [
        nbann.Embedding(6, 2, init="glorot_uniform"),
        D(3),
        nbann.Tanh(),
        nbann.LayerNorm(),
        nbann.Flatten(),
        D(3),
    ],
    "batch norm of steps": lambda: [
        nbann.Embedding(6, 2, init="glorot_uniform"),
        nbann.BatchNorm(),
        nbann.Flatten(),
        D(3),
    ],
}


def trainer(name, **settings):
    X, y = words() if name in WORDS else data()[:2]
    layers = (WORDS | NETS)[name]()
    return nbann.Trainer(nbann.Sequential(layers), (X, y), **({"seed": 3} | settings))


@pytest.mark.parametrize("size", [None, 5])
@pytest.mark.parametrize("name", NETS | WORDS)
def test_gradients_against_central_differences(name, size):
    t = trainer(name, batch_size=size, l2=0.1 * (size is None))
    t.step("op", 7)
    check = t.check_gradients()
    assert check.error < 1e-6, check.errors
    assert all(np.abs(g).max() > 1e-6 for g in check.gradients.values() if g.ndim == 2)


@pytest.mark.parametrize("name", NETS | WORDS)
def test_every_number_can_be_read(name):
    t, rng = trainer(name, batch_size=5, optimizer=nbann.SGD(0.1, momentum=0.5)), 0
    rng = np.random.default_rng(0)
    for _ in range(2 * len(t.program) + 3):
        (op,) = t.step("op")
        if not op.name.endswith(".draw"):
            check_op(t, op, rng)
        MathTextParser("agg").parse(f"${op.formula}$")


@pytest.mark.parametrize("size", [None, 5])
@pytest.mark.parametrize("name", NETS | WORDS)
def test_stepping_equals_running(name, size):
    settings = {"batch_size": size, "optimizer": nbann.SGD(0.1, momentum=0.9)}
    ran, stepped, mixed = (trainer(name, **settings) for _ in range(3))
    ran.run(3)
    while stepped.position.epoch < 3:
        stepped.step("op")
    mixed.step("op", 5)
    mixed.step("layer", 3)
    mixed.run(2)
    mixed.step("epoch")
    same_run(ran, stepped)
    same_run(ran, mixed)
    ran.reset()
    ran.run(3)
    same_run(ran, mixed)
    X = words()[0] if name in WORDS else data()[0]
    np.testing.assert_array_equal(ran.predict_proba(X), mixed.predict_proba(X))


def test_batch_norm_by_its_definition():
    t = trainer("norm of the data", batch_size=5)
    t.step("batch")
    x = t["x"]
    np.testing.assert_allclose(t["batch_norm1.mean"], x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(t["batch_norm1.variance"], x.var(axis=0), rtol=1e-12)
    running = 0.9 * np.ones(3) + 0.1 * x.var(axis=0, ddof=1)
    np.testing.assert_allclose(t["batch_norm1.running_variance"], running, rtol=1e-12)
    np.testing.assert_allclose(t["batch_norm1.running_mean"], 0.1 * x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(t["batch_norm1.normalized"].mean(axis=0), 0, atol=1e-13)


def test_predicting_does_not_depend_on_the_company():
    t = trainer("two blocks", batch_size=5)
    t.run(2)
    X = data()[0]
    whole = t.predict_proba(X)
    np.testing.assert_allclose([t.predict_proba(row[None])[0] for row in X], whole, rtol=1e-12)
    np.testing.assert_array_equal(t.predict_proba(X), whole)  # nothing is drawn, nothing measured


def test_dropout_silences_its_share_and_keeps_the_mean():
    layer = nbann.Dropout(0.3)
    X, y = np.ones((2000, 20)), np.zeros((2000, 20))
    t = nbann.Trainer(nbann.Sequential([layer, D(20)]), (X, y), batch_size=None)
    t.step("layer")
    silent = t["dropout1.out"] == 0
    assert silent.mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(t["dropout1.out"][~silent], 1 / 0.7)
    first = t["dropout1.out"].copy()
    t.step("batch")
    t.step("layer")
    assert (t["dropout1.out"] != first).any()
    t.reset()
    t.step("layer")
    np.testing.assert_array_equal(t["dropout1.out"], first)


def test_dropout_of_nothing_changes_nothing():
    plain = nbann.Trainer(nbann.Sequential([D(4), nbann.Tanh(), D(3)]), data()[:2])
    none = nbann.Trainer(nbann.Sequential([D(4), nbann.Tanh(), nbann.Dropout(0), D(3)]), data()[:2])
    plain.run(3)
    none.run(3)
    same_run(plain, none)


def test_float32_and_hooks_and_names():
    t = trainer("two blocks", dtype="float32", batch_size=5)
    seen = []
    t.on("op", lambda e: seen.append(e.op.layer), phase="forward")
    t.run(2)
    assert "block.batch_norm1" in seen
    assert t["block.dense1.weight"].dtype == np.float32
    assert [n for n, _ in t.model.leaves()] == [
        "dense1", "block.batch_norm1", "block.sigmoid1", "block.dense1", "block",
        "residual1.dropout1", "residual1.dense1", "residual1", "dense2",
    ]  # fmt: skip


def test_the_layers_of_a_block_are_told_with_their_names():
    first, second = nbann.Dense(4), nbann.Dense(4, name="last")
    block = nbann.Residual([first, nbann.Tanh(), second], name="block")
    assert block.layers == (first, block.layers[1], second)
    assert block.names == ("dense1", "tanh1", "last")
    X, y, _ = data()
    trainer = nbann.Trainer(nbann.Sequential([block, nbann.Dense(3)]), (X, y))
    for name, layer in zip(block.names, block.layers, strict=True):
        assert trainer[f"block.{name}.out"].shape[1] == getattr(layer, "units", 4)
    with pytest.raises(AttributeError):
        block.layers = ()


def test_an_embedding_is_a_dense_layer_of_one_hot_rows():
    X, y = words(length=1)
    table = np.random.default_rng(5).normal(size=(6, 3))
    embedded = nbann.Trainer(
        nbann.Sequential([nbann.Embedding(6, 3, weight=table), nbann.Flatten(), D(3)]), (X, y)
    )
    dense = nbann.Trainer(
        nbann.Sequential([D(3, weight=table, bias=False), D(3, weight=embedded["dense1.weight"])]),
        (np.eye(6)[X[:, 0]], y),
    )
    for t in (embedded, dense):
        t.run(20)
    np.testing.assert_allclose(embedded["embedding1.weight"], dense["dense1.weight"], atol=1e-14)
    assert embedded.history["loss"][-1] == pytest.approx(dense.history["loss"][-1], rel=1e-12)


BAD = {
    "rate": (lambda: nbann.Dropout(1.0), "rate.*below 1"),
    "rate text": (lambda: nbann.Dropout("half"), "rate"),
    "epsilon": (lambda: nbann.LayerNorm(epsilon=0), "epsilon.*above 0"),
    "momentum": (lambda: nbann.BatchNorm(momentum=1), "momentum.*below 1"),
    "count": (lambda: nbann.Embedding(0, 3), "count.*at least 1"),
    "empty block": (lambda: nbann.Residual([]), "at least one layer"),
    "block of no layers": (lambda: nbann.Residual([3]), "layers"),
    "an embedding late": (
        lambda: nbann.Sequential([D(3), nbann.Embedding(6, 2)]),
        "only as the first layer",
    ),
    "embedding in a block": (lambda: nbann.Residual([nbann.Embedding(3, 2)]), "Embedding before"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_layers(case):
    make, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        make()


FIT = {
    "gamma of another width": ([nbann.BatchNorm(gamma=[1, 2])], "gamma: expected shape \\(3,\\)"),
    "flattening in a block": ([nbann.Embedding(6, 2), nbann.Residual([nbann.Flatten()])], "axes"),
    "too few rows": ([nbann.Embedding(3, 2), nbann.Flatten()], "0 to 2 .*'embedding1' has 3 rows"),
}


@pytest.mark.parametrize("case", FIT)
def test_layers_that_do_not_fit(case):
    layers, message = FIT[case]
    embeds = isinstance(layers[0], nbann.Embedding)
    X, y = words() if embeds else data()[:2]
    with pytest.raises(ValueError, match=message):
        nbann.Trainer(nbann.Sequential([*layers, D(3)]), (X, y))


def test_fractions_are_not_looked_up():
    net = nbann.Sequential([nbann.Embedding(6, 2), nbann.Flatten(), D(3)])
    X, y = words()
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 5.*received \d\.5"):
        nbann.Trainer(net, (X * 0.5, y))


def test_a_single_row_has_no_variance():
    X, y = data()[:2]
    with pytest.raises(ValueError, match=r"at least 2 rows.*batch of 1"):
        nbann.Trainer(nbann.Sequential([nbann.BatchNorm(), D(3)]), (X, y), batch_size=4)


# ---- PyTorch ------------------------------------------------------------------------------------


def twin_forward(name, t, torch, p, training=True):
    """Return the net's logits in PyTorch from parameters by name; dropout takes nbann's masks."""
    functional = torch.nn.functional
    x = torch.tensor(t["x"].copy())

    def dense(key, a):
        return a @ p[f"{key}.weight"] + p[f"{key}.bias"]

    def batch_norm(key, a):
        flat = a.reshape(-1, a.shape[-1])
        out = functional.batch_norm(
            flat, None, None, p[f"{key}.gamma"], p[f"{key}.beta"], training=True
        )
        return out.reshape(a.shape)

    def layer_norm(key, a):
        return functional.layer_norm(a, a.shape[-1:], p[f"{key}.gamma"], p[f"{key}.beta"])

    if name == "batch_norm":
        return dense("dense2", torch.tanh(batch_norm("batch_norm1", dense("dense1", x))))
    if name == "layer_norm":
        return dense("dense2", torch.tanh(layer_norm("layer_norm1", dense("dense1", x))))
    if name == "dropout":
        mask = torch.tensor(t["dropout1.mask"].copy())
        return dense("dense2", torch.tanh(dense("dense1", x)) * mask)
    if name == "projection":
        inner = dense("residual1.dense2", torch.tanh(dense("residual1.dense1", x)))
        return dense("dense1", inner + x @ p["residual1.projection"])
    if name == "residual":
        a = dense("dense1", x)
        inner = dense("residual1.dense2", torch.tanh(dense("residual1.dense1", a)))
        return dense("dense2", torch.tanh(a + inner))
    if name == "dense between":
        a = torch.tanh(dense("dense1", functional.embedding(x, p["embedding1.weight"])))
        return dense("dense2", layer_norm("layer_norm1", a).flatten(1))
    assert name == "batch norm of steps"
    a = batch_norm("batch_norm1", functional.embedding(x, p["embedding1.weight"]))
    return dense("dense1", a.flatten(1))


TWINS = [
    "batch_norm", "layer_norm", "dropout", "projection", "residual", "dense between",
    "batch norm of steps",
]  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", TWINS)
def test_twenty_steps_as_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    t = trainer(name, batch_size=None, optimizer=nbann.SGD(0.1, momentum=0.9))
    parameters = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in t.parameters.items()}
    optimizer = torch.optim.SGD(parameters.values(), lr=0.1, momentum=0.9)
    y = torch.tensor(t["y"].copy())
    for _ in range(20):
        t.step("batch")
        optimizer.zero_grad()
        logits = twin_forward(name, t, torch, parameters)
        loss = torch.nn.functional.cross_entropy(logits, y)
        loss.backward()
        np.testing.assert_allclose(t[t.program.output], logits.detach(), rtol=0, atol=1e-10)
        assert t["loss"].item() == pytest.approx(loss.item(), abs=1e-10)
        for n, p in parameters.items():
            np.testing.assert_allclose(t[f"{n}.grad"], p.grad, rtol=0, atol=1e-10, err_msg=n)
        optimizer.step()
        for n, p in parameters.items():
            np.testing.assert_allclose(t[n], p.detach(), rtol=0, atol=1e-10, err_msg=n)


@pytest.mark.torch
def test_running_statistics_as_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    t = trainer("norm of the data", batch_size=5, optimizer=nbann.SGD(1e-9))
    module = torch.nn.BatchNorm1d(3, dtype=torch.float64)
    t.on("batch", lambda e: module(torch.tensor(e["x"].copy())))
    t.run(3)
    np.testing.assert_allclose(t["batch_norm1.running_mean"], module.running_mean, atol=1e-12)
    np.testing.assert_allclose(t["batch_norm1.running_variance"], module.running_var, atol=1e-12)
    module.eval()
    X = data()[0]
    with torch.no_grad():
        expected = module(torch.tensor(X)).numpy() @ t["dense1.weight"] + t["dense1.bias"]
    exps = np.exp(expected)
    np.testing.assert_allclose(
        t.predict_proba(X), exps / exps.sum(axis=1, keepdims=True), atol=1e-7
    )
