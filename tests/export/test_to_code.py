"""The source that `to_code` writes, run in a namespace of its own beside nbann."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import nbann

from ..core.nets import ACTIVATIONS
from .nets import NETS, outputs, trained, with_heads

HAS_TORCH = importlib.util.find_spec("torch") is not None
TORCH = pytest.param(
    "torch",
    marks=[
        pytest.mark.torch,
        pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed"),
    ],
)
RANDOM = {"dropout"}
"""Nets that draw random numbers in training: PyTorch draws others."""
ROUNDED = {"batch norm", "batch norm over time", "residual"}


def run(source):
    """Run source; return what it has made."""
    made = {"__name__": "made"}
    exec(compile(source, "made", "exec"), made)
    return made


def parameters_of(made, trainer):
    """Return what a source of NumPy has come to, by nbann's names."""
    return {name: made["p"][name] for name in trainer.parameters}


@pytest.mark.parametrize("name", NETS)
def test_numpy_trains_to_the_same_weights(name):
    # a bias before batch normalization has a gradient of 0, whose rounding Adam makes steps of
    steps = {"optimizer": nbann.SGD(0.1, 0.5)} if name in ROUNDED else {}
    trainer, X = trained(name, epochs=3, **steps)
    made = run(nbann.export.to_code(trainer, "numpy"))
    for key, array in trainer.parameters.items():
        np.testing.assert_allclose(made["p"][key], array, rtol=0, atol=1e-10, err_msg=key)
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-9)
    np.testing.assert_allclose(made["predict"](X), trainer.predict(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("name", NETS)
def test_trained_weights_in_the_source(name, target):
    trainer, X = trained(name)
    made = run(nbann.export.to_code(trainer, target, weights=True))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made["predict"](X), trainer.predict(X), atol=1e-12)
    if trainer.gives_probabilities:
        given = made["predict_proba"](X)
        np.testing.assert_allclose(given, trainer.predict_proba(X), atol=1e-14)
    else:
        assert "predict_proba" not in made


@pytest.mark.torch
@pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", NETS)
def test_torch_trains_to_the_same_weights(name):
    trainer, X = trained(name, epochs=3)
    source = nbann.export.to_code(trainer, "torch")
    made = run(source)
    if name in RANDOM:
        assert "# PyTorch draws other random numbers" in source
        assert np.isfinite(made["outputs"](X)).all()
        return
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-8)


OPTIMIZERS = [
    nbann.SGD(0.2),
    nbann.SGD(0.1, momentum=0.8),
    nbann.SGD(0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
    nbann.AdaGrad(0.1, initial_accumulator=0.1),
    nbann.RMSprop(0.01),
    nbann.RMSprop(0.01, momentum=0.5, weight_decay=0.02),
    nbann.Adam(0.02, beta1=0.8, weight_decay=0.01),
    nbann.Adam(0.02, epsilon_hat=True, epsilon=1e-3),
    nbann.AdamW(0.02, weight_decay=0.1),
    nbann.SGD(0.5, clip_value=0.05),
    nbann.SGD(0.5, clip_norm=0.1),
    nbann.SGD(nbann.schedules.StepDecay(0.3, 2, 0.5)),
    nbann.SGD(nbann.schedules.ExponentialDecay(0.3, 0.9, unit="batch")),
    nbann.SGD(nbann.schedules.CosineDecay(0.3, 3, end=0.01)),
    nbann.SGD(nbann.schedules.LinearWarmup(2, nbann.schedules.CosineDecay(0.3, 9, unit="batch"))),
    nbann.SGD(nbann.schedules.LinearWarmup(2, 0.3)),
]


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_optimizer(optimizer, target):
    trainer, X = trained("dense", epochs=4, optimizer=optimizer)
    if target == "torch" and getattr(optimizer, "epsilon_hat", False):
        with pytest.raises(ValueError, match="that PyTorch has"):
            nbann.export.to_code(trainer, target)
        return
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-10)


VALUES, LABELS, PAIRS, TWO = "values", "labels", "pairs", "two"
LOSSES = [
    ("cross_entropy", LABELS, 3),
    (nbann.CrossEntropy(label_smoothing=0.2), LABELS, 3),
    ("bce", TWO, 1),
    (nbann.BinaryCrossEntropy(label_smoothing=0.2), PAIRS, 2),
    (nbann.BinaryCrossEntropy(outputs="sum"), PAIRS, 2),
    ("mse", VALUES, 2),
    ("mse", LABELS, 3),
    ("mse", TWO, 1),
    (nbann.HalfSquaredError("sum"), VALUES, 2),
    (nbann.HalfSquaredError(), VALUES, 2),
    (nbann.HalfSquaredError(outputs="sum"), VALUES, 2),
    ("mae", VALUES, 2),
    (nbann.Huber(0.3), VALUES, 2),
    ("poisson", "counts", 2),
    (nbann.Poisson(outputs="sum"), "counts", 2),
    (nbann.Hinge(margin=0.7), TWO, 1),
    (nbann.Hinge(margin=0.7), LABELS, 3),
    (nbann.CrossEntropy([1.0, 2.0, 0.5], label_smoothing=0.1), LABELS, 3),
    (nbann.CrossEntropy([1.0, 2.0, 0.0]), LABELS, 3),
    (nbann.GaussianNLL(), VALUES, 4),
    (nbann.GaussianNLL(eps=0.1, full=True), "one", 2),
    (nbann.Pinball([0.1, 0.5, 0.9]), VALUES, 6),
    (nbann.Pinball(0.3), VALUES, 2),
    (nbann.Pinball([0.2, 0.8]), "one", 2),
    ("perceptron", TWO, 1),
]


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize(("loss", "kind", "width"), LOSSES, ids=repr)
def test_every_loss(loss, kind, width, target):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    y = {
        VALUES: rng.standard_normal((20, 2)),
        LABELS: rng.integers(0, 3, 20),
        PAIRS: rng.integers(0, 2, (20, 2)),
        TWO: rng.integers(0, 2, 20),
        "one": rng.standard_normal(20),
        "counts": rng.integers(0, 5, (20, 2)).astype(float),
    }[kind]
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(width)])
    trainer = nbann.Trainer(net, (X, y), loss=loss, batch_size=8, optimizer=nbann.SGD(0.05))
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-10)
    np.testing.assert_allclose(made["predict"](X), trainer.predict(X), rtol=0, atol=1e-10)


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize(
    "settings",
    [
        {"l2": 0.05},
        {"l1": 0.02},
        {"l1": 0.02, "l2": 0.05, "penalty_per_sample": True},
        {"batch_size": None},
        {"shuffle": False},
        {"seed": 11, "batch_size": 24},
    ],
    ids=repr,
)
def test_penalties_order_and_batches(settings, target):
    trainer, X = trained("dense", epochs=3, **settings)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-9)


INITS = [
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "uniform",
    nbann.initializers.Normal(0.3),
    nbann.initializers.Constant(0.1),
    nbann.initializers.Orthogonal(1.5),
    lambda rng, shape: rng.standard_cauchy(shape),
]


@pytest.mark.parametrize("init", INITS, ids=lambda init: repr(init).partition(" at ")[0])
def test_every_start(init):
    layers = [
        nbann.Dense(5, init=init, bias=np.linspace(-1, 1, 5)),
        nbann.Tanh(),
        nbann.Dense(2, weight=np.arange(10.0).reshape(5, 2) / 10),
    ]
    trainer = nbann.Trainer(nbann.Sequential(layers), nbann.datasets.xor())
    trainer.run(epochs=2)
    made = run(nbann.export.to_code(trainer, "numpy"))
    for key, array in trainer.parameters.items():
        np.testing.assert_allclose(made["p"][key], array, rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", TORCH])
def test_an_output_at_every_time_step(target):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 5, 2)), rng.integers(0, 3, (12, 5))
    net = nbann.Sequential([nbann.LSTM(4, return_sequences=True), nbann.Dense(3)])
    trainer = nbann.Trainer(net, (X, y), batch_size=5)
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(made["predict"](X), trainer.predict(X))


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("tied", [True, False])
def test_an_autoencoder(tied, target):
    X = np.random.default_rng(0).standard_normal((20, 5))
    net = nbann.Autoencoder([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)], tied=tied)
    trainer = nbann.Trainer(net, X, batch_size=8)
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), net.reconstruct(trainer, X), atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("sparsity", [0.05, nbann.ActivityPenalty(kl=0.5, target=0.1, l1=0.01)])
def test_a_sparse_autoencoder(sparsity, target):
    X = np.random.default_rng(0).standard_normal((20, 5))
    net = nbann.Autoencoder([nbann.Dense(4), nbann.Sigmoid()], sparsity=sparsity)
    trainer = nbann.Trainer(net, X, batch_size=8)
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_allclose(made["outputs"](X), net.reconstruct(trainer, X), atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("make", [nbann.Perceptron, nbann.Adaline])
def test_single_layers(make, target):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.integers(0, 2, 20)
    trainer = nbann.Trainer(make(), (X, y))
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, target))
    np.testing.assert_array_equal(made["predict"](X), trainer.predict(X))
    if target == "numpy":
        for key, array in trainer.parameters.items():
            np.testing.assert_allclose(made["p"][key], array, atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", TORCH])
def test_heads_with_trained_weights(target):
    trainer, X = with_heads()
    made = run(nbann.export.to_code(trainer, target, weights=True))
    for name, given in made["outputs"](X).items():
        np.testing.assert_allclose(given, trainer.activations(f"{name}.out", X), atol=1e-13)
    for asked in ("predict", "predict_proba"):
        wanted = getattr(trainer, asked)(X)
        given = made[asked](X)
        assert list(given) == list(wanted)
        for name, array in given.items():
            np.testing.assert_allclose(array, wanted[name], atol=1e-13)


@pytest.mark.parametrize("batch_size", [7, None])
@pytest.mark.parametrize("target", ["numpy", TORCH])
def test_heads_are_trained(target, batch_size):
    trainer, X = with_heads(batch_size=batch_size, l2=0.01)
    made = run(nbann.export.to_code(trainer, target))
    for name, given in made["outputs"](X).items():
        np.testing.assert_allclose(given, trainer.activations(f"{name}.out", X), atol=1e-12)


def test_larger_data_of_heads_come_from_a_file(tmp_path, monkeypatch):
    digits = nbann.datasets.digits()
    y = {"which": digits.y, "even": digits.y % 2}
    heads = {"which": [nbann.Dense(10)], "even": [nbann.Dense(2)]}
    net = nbann.Heads([nbann.Dense(8)], heads)
    trainer = nbann.Trainer(net, nbann.Dataset(digits.X, y), optimizer=nbann.SGD(0.001))
    trainer.run(epochs=1)
    source = nbann.export.to_code(trainer, "numpy")
    assert "# y1: the targets of 'even'\n" in source
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", X=digits.X, y0=y["which"], y1=y["even"])
    made = run(source)
    for key, array in trainer.parameters.items():
        np.testing.assert_allclose(made["p"][key], array, rtol=0, atol=1e-10)


def test_a_run_that_went_on_from_another_is_told():
    trainer, _ = trained("dense")
    branch = trainer.branch(l2=0.1)
    branch.run(epochs=1)
    assert "# The run goes on from where another one was" in nbann.export.to_code(branch, "numpy")


@pytest.mark.parametrize("target", ["numpy", TORCH])
def test_float32(target):
    trainer, X = trained("dense", dtype="float32")
    for weights in (True, False):
        made = run(nbann.export.to_code(trainer, target, weights=weights))
        given = made["outputs"](X)
        assert given.dtype == np.float32
        np.testing.assert_allclose(given, outputs(trainer, X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("target", ["numpy", TORCH])
@pytest.mark.parametrize("layer", ["residual1", "residual2.dense1"])
def test_silenced_neurons_of_a_trained_net(layer, target):
    trainer, X = trained("residual")
    trainer.silence(layer, 1)
    made = run(nbann.export.to_code(trainer, target, weights=True))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), atol=1e-12)


# ---- scikit-learn --------------------------------------------------------------------------------
SKLEARN = {
    "classes": ([5], "tanh", "cross_entropy", LABELS, 3),
    "two layers": ([5, 4], "relu", "cross_entropy", LABELS, 3),
    "two classes": ([5], "sigmoid", "bce", TWO, 1),
    "several labels": ([5], "relu", nbann.BinaryCrossEntropy(outputs="sum"), PAIRS, 2),
    "values": ([5], "identity", "mse", VALUES, 2),
    "one value": ([5], "tanh", "mse", "one", 1),
    "half": ([5], "tanh", nbann.HalfSquaredError(outputs="sum"), VALUES, 2),
    "no hidden layer": ([], "tanh", "cross_entropy", LABELS, 3),
}
DESCENTS = [
    nbann.SGD(0.1),
    nbann.SGD(0.05, momentum=0.9, nesterov=True),
    nbann.Adam(0.02, epsilon_hat=True, epsilon=1e-6),
]


def perceptron(name, **settings):
    """Return a trainer that scikit-learn has a counterpart for, and its data."""
    units, activation, loss, kind, width = SKLEARN[name]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((24, 3))
    y = {
        VALUES: rng.standard_normal((24, 2)),
        LABELS: rng.integers(0, 3, 24),
        PAIRS: rng.integers(0, 2, (24, 2)),
        TWO: rng.integers(0, 2, 24),
        "one": rng.standard_normal(24),
    }[kind]
    layers = []
    for count in units:
        layers += [nbann.Dense(count), ACTIVATIONS[activation]()]
    net = nbann.Sequential([*layers, nbann.Dense(width)])
    trainer = nbann.Trainer(net, (X, y), loss=loss, **({"batch_size": 8} | settings))
    trainer.run(epochs=4)
    return trainer, X


@pytest.mark.parametrize("optimizer", DESCENTS, ids=repr)
@pytest.mark.parametrize("name", SKLEARN)
def test_sklearn_trains_to_the_same_weights(name, optimizer):
    for settings in ({}, {"l2": 0.03}, {"l2": 0.5, "penalty_per_sample": True, "batch_size": 7}):
        trainer, X = perceptron(name, optimizer=optimizer, **settings)
        made = run(nbann.export.to_code(trainer, "sklearn"))
        np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-9)
        np.testing.assert_allclose(made["predict"](X), trainer.predict(X), rtol=0, atol=1e-9)
        np.testing.assert_allclose(made["net"].predict(X), trainer.predict(X), rtol=0, atol=1e-9)
        if trainer.gives_probabilities:
            theirs = made["net"].predict_proba(X)
            np.testing.assert_allclose(theirs, trainer.predict_proba(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", SKLEARN)
def test_sklearn_with_trained_weights(name):
    trainer, X = perceptron(name)
    made = run(nbann.export.to_code(trainer, "sklearn", weights=True))
    np.testing.assert_allclose(made["net"].predict(X), trainer.predict(X), rtol=0, atol=1e-12)
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "settings", "words"),
    [
        ([nbann.Dense(4), nbann.GELU()], {}, "one activation for all hidden layers"),
        ([nbann.Dense(4), nbann.Tanh(), nbann.Dense(4), nbann.ReLU()], {}, "tanh, relu"),
        ([nbann.Dense(4), nbann.Dropout(0.5)], {}, "an activation after each"),
        ([nbann.Dense(4, bias=False), nbann.Tanh()], {}, "with biases"),
        ([], {"l1": 0.1}, "no L1"),
        ([], {"optimizer": "rmsprop"}, "SGD or Adam"),
        ([], {"optimizer": nbann.SGD(0.1, clip_norm=1)}, "no clipping"),
        ([], {"l2": 0.1, "batch_size": 7}, "batches of one size"),
        ([], {"loss": "hinge"}, "cross-entropy, or the mean squared error"),
    ],
    ids=str,
)
def test_what_sklearn_can_not_express(layers, settings, words):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((20, 3)), rng.integers(0, 3, 20)
    import copy

    net = nbann.Sequential([*map(copy.deepcopy, layers), nbann.Dense(3)])
    trainer = nbann.Trainer(net, data, **settings)
    with pytest.raises(ValueError, match=rf'to_code "sklearn": .*{words}.*Take to_code'):
        nbann.export.to_code(trainer, "sklearn")


# ---- the text ------------------------------------------------------------------------------------
@pytest.mark.parametrize("target", ["numpy", TORCH, "sklearn"])
def test_it_stands_by_itself_in_another_process(target, tmp_path):
    trainer, X = perceptron("classes")
    source = nbann.export.to_code(trainer, target)
    assert "import nbann" not in source
    path = tmp_path / "made.py"
    path.write_text(source + f"\nprint(predict({X.tolist()!r}).tolist())\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", path], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == str(trainer.predict(X).tolist())


def test_no_name_becomes_source():
    evil = "x'); import os  #\n\"\"\"\nraise SystemExit('caught')\n"
    net = nbann.Sequential([nbann.Dense(3, name=evil), nbann.Dense(2, name="])")])
    rng = np.random.default_rng(0)
    ds = nbann.Dataset(
        rng.standard_normal((8, 2)), [0, 1] * 4, "classification", [evil, "b"], [evil, "c"]
    )
    trainer = nbann.Trainer(net, ds)
    trainer.run(epochs=2)
    for target in ("numpy", *["torch"] * HAS_TORCH):
        for weights in (False, True):
            source = nbann.export.to_code(trainer, target, weights=weights)
            assert "import os  #\n" not in source
            made = run(source)
            np.testing.assert_allclose(made["outputs"](ds.X), outputs(trainer, ds.X), atol=1e-12)


@pytest.mark.torch
@pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", ["uniform", "Tied", "OrderedDict", "nn", "z", "class", "a b"])
def test_a_tied_layer_of_any_name(name):
    layers = [nbann.Dense(4, name=name), nbann.DenseTranspose(name), nbann.Dense(2)]
    trainer = nbann.Trainer(nbann.Sequential(layers), nbann.datasets.xor())
    trainer.run(epochs=2)
    X = trainer.train_data.X
    made = run(nbann.export.to_code(trainer, "torch"))
    np.testing.assert_allclose(made["outputs"](X), outputs(trainer, X), atol=1e-12)


def test_larger_data_come_from_a_file(tmp_path, monkeypatch):
    ds = nbann.datasets.digits()
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(10)]), ds, optimizer=nbann.SGD(0.01))
    trainer.run(epochs=1)
    source = nbann.export.to_code(trainer, "numpy")
    assert "np.savez('data.npz', X=ds.X, y=ds.y)" in source
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", X=ds.X, y=ds.y)
    made = run(source)
    for key, array in trainer.parameters.items():
        np.testing.assert_allclose(made["p"][key], array, rtol=0, atol=1e-10)


@pytest.mark.parametrize("target", ["numpy", TORCH, "sklearn"])
@pytest.mark.parametrize("rows", [40, 2000])
def test_mapped_data_are_written_as_those_in_memory(rows, target, tmp_path, monkeypatch):
    X = np.random.default_rng(0).integers(-9, 9, (rows, 4)).astype(">i2")
    y = (X[:, 0] > X[:, 1]).astype(">i4")
    monkeypatch.chdir(tmp_path)
    np.save("X.npy", X)
    np.save("y.npy", y)
    ds = nbann.Dataset(np.load("X.npy", mmap_mode="r"), np.load("y.npy", mmap_mode="r"))
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(1)])
    trainer = nbann.Trainer(net, ds.standardized(), loss="bce", optimizer=nbann.SGD(0.1))
    trainer.run(epochs=2)
    source = nbann.export.to_code(trainer, target)
    if rows == 2000:
        assert "np.savez('data.npz', X=ds.X, y=ds.y)" in source
        np.savez("data.npz", X=trainer.train_data.X, y=y)
    scaled = nbann.Dataset(X.astype(float), y.astype(int)).standardized().X
    given = run(source)["predict_proba"](scaled)
    np.testing.assert_allclose(given, trainer.predict_proba(scaled), rtol=0, atol=1e-12)


@pytest.mark.torch
@pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")
def test_weights_before_a_step_decay_in_pytorch_too():
    layers = [nbann.Dense(3, name="first"), nbann.Step(), nbann.Dense(2)]
    optimizer = nbann.SGD(0.1, weight_decay=0.5)
    trainer = nbann.Trainer(nbann.Sequential(layers), nbann.datasets.xor(), optimizer=optimizer)
    start = trainer["first.weight"].copy()
    trainer.run(epochs=3)
    made = run(nbann.export.to_code(trainer, "torch"))
    weight = made["net"].state_dict()["first.weight"].numpy().T
    np.testing.assert_allclose(weight, start * 0.95**3, rtol=1e-14)
    np.testing.assert_allclose(trainer["first.weight"], start * 0.95**3, rtol=1e-14)


def test_too_large_a_net_is_not_written_as_numbers():
    X = np.zeros((4, 400))
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(300), nbann.Dense(2)]), (X, [0, 1, 0, 1]))
    with pytest.raises(ValueError, match=r"at most 100000 numbers.*to_torch"):
        nbann.export.to_code(trainer, "numpy", weights=True)


def test_a_changed_run_is_told():
    trainer, _ = trained("dense")
    trainer.set("dense1.weight", (0, 0), 0.5)
    trainer.step("op")
    source = nbann.export.to_code(trainer, "numpy")
    assert "\n# The trainer stands within epoch 2; this trains whole epochs.\n" in source
    assert "# The run was changed by hand on its way" in source


def test_the_number_of_epochs():
    trainer, _ = trained("linear", epochs=0)
    assert "for epoch in range(10):" in nbann.export.to_code(trainer, "numpy")
    assert "for epoch in range(7):" in nbann.export.to_code(trainer, "numpy", epochs=7)
    trainer.run(epochs=2)
    assert "for epoch in range(2):" in nbann.export.to_code(trainer, "numpy")
    with pytest.raises(ValueError, match="epochs"):
        nbann.export.to_code(trainer, "numpy", epochs=0)


def test_an_unknown_target_is_told_the_nearest():
    trainer, _ = trained("linear")
    with pytest.raises(ValueError, match=r"Unknown target 'pytorch'. Did you mean 'torch'"):
        nbann.export.to_code(trainer, "pytorch")
    with pytest.raises(ValueError, match="True or False"):
        nbann.export.to_code(trainer, "torch", weights=1)


def _streamed():
    ds = nbann.datasets.xor()
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.Stream([(ds.X, ds.y)]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: trained("lstm", shuffle=lambda epoch: np.arange(24))[0], "drawn from the seed"),
        (lambda: _frozen(), "frozen or silenced"),
        (lambda: _streamed(), "when asked for; received a Stream"),
        (lambda: _weighted(), "count alike"),
        (lambda: trained("dense", loss=nbann.Hinge("crammer_singer"))[0], "written for"),
        (
            lambda: trained("dense", optimizer=nbann.SGD(nbann.schedules.ReduceOnPlateau(0.1)))[0],
            "learning rate that follows",
        ),
    ],
)
def test_what_training_can_not_repeat(make, words):
    trainer = make()
    with pytest.raises(ValueError, match=f"{words}.*weights=True"):
        nbann.export.to_code(trainer, "numpy")
    assert "predict" in run(nbann.export.to_code(trainer, "numpy", weights=True))


class Reversed(nbann.CrossEntropy):
    """A loss of a user's own, under the name of nbann's."""

    def predict(self, outputs, task):
        return outputs.argmin(axis=-1)

    def probabilities(self, outputs, task):
        return super().probabilities(-outputs, task)


@pytest.mark.parametrize("target", ["numpy", "torch", "sklearn"])
def test_a_loss_of_ones_own_is_not_taken_for_nbanns(target):
    trainer, _ = trained("dense", loss=Reversed())
    with pytest.raises(ValueError, match=r"expected a loss .*received Reversed"):
        nbann.export.to_code(trainer, target)
    with pytest.raises(ValueError, match="read as probabilities"):
        nbann.export.to_onnx(trainer, probabilities=True)
    source = nbann.export.to_code(trainer, "numpy", weights=True)
    assert "def outputs" in source
    assert "def predict" not in source


def test_exports_load_other_libraries_only_when_called():
    code = (
        "import sys, nbann; nbann.export.to_code; "
        "print(sorted({'torch', 'onnx', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _frozen():
    trainer, _ = trained("dense")
    trainer.freeze("dense1")
    return trainer


def _weighted():
    ds = nbann.Dataset([[0.0], [1.0]], [0, 1], weight=[1.0, 2.0])
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), ds)
