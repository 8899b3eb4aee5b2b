"""`to_onnx` run by onnx's reference evaluator, and by onnxruntime where that is installed."""

import importlib.util
import json

import numpy as np
import pytest

import nbann

from .nets import NETS, outputs, samples, trained, with_heads

onnx = pytest.importorskip("onnx", reason="the package onnx, the oracle here, is not installed")


def by_reference(model, X):
    """Return what onnx's own evaluator makes of samples, by output."""
    from onnx.reference import ReferenceEvaluator

    session = ReferenceEvaluator(model)
    with np.errstate(over="ignore", invalid="ignore"):  # its Sigmoid has both branches
        return dict(zip(session.output_names, session.run(None, {"x": X}), strict=True))


def by_runtime(model, X):
    """Return what onnxruntime makes of them."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(None, {"x": X}), strict=True))


RUNNERS = [by_reference, by_runtime]


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("name", NETS)
def test_every_net_gives_the_same_outputs(name, run):
    trainer, X = trained(name)
    (given,) = run(nbann.export.to_onnx(trainer), X).values()
    assert given.dtype == np.float64
    np.testing.assert_allclose(given, outputs(trainer, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("name", ["dense", "one output", "lstm", "activation gelu"])
def test_float32_in_a_smaller_file(name, run):
    trainer, X = trained(name)
    model = nbann.export.to_onnx(trainer, dtype="float32", probabilities=True)
    given = run(model, X.astype(np.float32))["probabilities"]
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, trainer.predict_proba(X), rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", ["dense", "one output", "squares"])
def test_probabilities_are_those_of_the_trainer(name):
    trainer, X = trained(name)
    if name == "squares":
        with pytest.raises(ValueError, match="outputs can be read as probabilities"):
            nbann.export.to_onnx(trainer, probabilities=True)
        return
    given = by_reference(nbann.export.to_onnx(trainer, probabilities=True), X)["probabilities"]
    np.testing.assert_allclose(given, trainer.predict_proba(X), rtol=0, atol=1e-14)


def test_probabilities_of_several_labels_and_of_an_error():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.integers(0, 2, (20, 4))
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(4)]), (X, y), loss="bce")
    one = nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), (3 * X, y[:, 0]), loss="mse")
    for each in (trainer, one):
        model = nbann.export.to_onnx(each, probabilities=True)
        given = by_reference(model, X)["probabilities"]
        np.testing.assert_allclose(given, each.predict_proba(X), atol=1e-14)


@pytest.mark.parametrize("run", RUNNERS)
def test_heads_are_outputs_by_name(run):
    trainer, X = with_heads()
    trainer.silence("width", 1)
    found = run(nbann.export.to_onnx(trainer), X)
    assert list(found) == ["my species", "width", "old"]
    np.testing.assert_array_equal(found["width"][:, 1], 0)
    for name in ("my species", "old"):
        np.testing.assert_allclose(found[name], trainer.activations(f"{name}.out", X), atol=1e-13)
    found = run(nbann.export.to_onnx(trainer, probabilities=True), X)
    wanted = trainer.predict_proba(X)
    assert list(found) == list(wanted)
    for name, given in found.items():
        np.testing.assert_allclose(given, wanted[name], atol=1e-14)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("dense", "dense1"),
        ("residual", "residual2.dense1"),
        ("rnn", "rnn1"),
        ("lstm sequences", "lstm1"),
        ("gru sequences backward", "gru1"),
        ("two directions", "bidirectional1.backward"),
    ],
)
def test_a_silenced_neuron_is_silent_there_too(name, layer):
    trainer, X = trained(name)
    before = outputs(trainer, X)
    trainer.silence(layer, 1)
    assert np.abs(outputs(trainer, X) - before).max() > 1e-3
    (given,) = by_reference(nbann.export.to_onnx(trainer), X).values()
    np.testing.assert_allclose(given, outputs(trainer, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("name", ["lstm", "gru one bias", "two directions"])
def test_sequences_of_another_length_and_number(name, run):
    trainer, _ = trained(name)
    X = samples((11, *NETS[name][1][1:]), 8, rows=1)
    (given,) = run(nbann.export.to_onnx(trainer), X).values()
    np.testing.assert_allclose(given, outputs(trainer, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("z", [-1000.0, -40.0, -1e-9, 0.0, 20.0, 800.0])
@pytest.mark.parametrize("activation", ["softplus", "gelu", "elu", "selu", "silu", "sigmoid"])
def test_extreme_sums_stay_numbers(activation, z):
    from ..core.nets import ACTIVATIONS

    net = nbann.Sequential([nbann.Dense(1, weight=[[z]], bias=False), ACTIVATIONS[activation]()])
    trainer = nbann.Trainer(net, ([[1.0], [1.0]], [0.0, 1.0]), loss="mse")
    X = np.ones((1, 1))
    (given,) = by_reference(nbann.export.to_onnx(trainer), X).values()
    np.testing.assert_allclose(given, outputs(trainer, X), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("opset", [13, 15, 18, 21])
def test_other_versions_of_the_ops(opset):
    trainer, X = trained("two directions")
    model = nbann.export.to_onnx(trainer, opset=opset)
    assert model.opset_import[0].version == opset
    (given,) = by_reference(model, X).values()
    np.testing.assert_allclose(given, outputs(trainer, X), atol=1e-12)


def test_what_the_file_says_of_itself(tmp_path):
    ds = nbann.datasets.iris()
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(3, name="out")]), ds)
    path = tmp_path / "net.onnx"
    path.write_text("what was there before")
    model = nbann.export.to_onnx(trainer, path)
    read = onnx.load(path)
    assert read.SerializeToString() == model.SerializeToString()
    said = {prop.key: prop.value for prop in read.metadata_props}
    assert json.loads(said["classes"]) == list(ds.target_names)
    assert said["task"] == "classification"
    assert read.producer_name == "nbann"
    (x,) = read.graph.input
    assert x.name == "x"
    assert x.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert {one.name for one in read.graph.initializer} == {"out.weight", "out.bias"}
    np.testing.assert_allclose(by_reference(read, ds.X)["output"], outputs(trainer, ds.X))


def test_names_that_are_no_unicode():
    net = nbann.Sequential([nbann.Dense(2, name="\ud800"), nbann.Tanh(name="é\n")])
    trainer = nbann.Trainer(net, nbann.datasets.xor())
    (given,) = by_reference(nbann.export.to_onnx(trainer), trainer.train_data.X).values()
    np.testing.assert_allclose(given, trainer.activations("é\n.out", trainer.train_data.X))


def test_a_path_that_is_not_there_leaves_all_as_it_was(tmp_path):
    trainer, _ = trained("linear")
    with pytest.raises(FileNotFoundError):
        nbann.export.to_onnx(trainer, tmp_path / "no" / "net.onnx")
    with pytest.raises(IsADirectoryError):
        nbann.export.to_onnx(trainer, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"opset": 12}, "opset"),
        ({"opset": 10**6}, "at most"),
        ({"dtype": "float16"}, "float32"),
        ({"probabilities": "yes"}, "True or False"),
    ],
)
def test_settings_out_of_range(settings, words):
    trainer, _ = trained("linear")
    with pytest.raises(ValueError, match=words):
        nbann.export.to_onnx(trainer, **settings)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    trainer, _ = trained("linear")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "nbann\[onnx\]"'):
        nbann.export.to_onnx(trainer)
    with pytest.raises(ModuleNotFoundError, match="pip install torch"):
        nbann.export.to_torch(trainer)
