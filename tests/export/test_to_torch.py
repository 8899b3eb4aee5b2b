"""`to_torch` against nbann's own forward pass, which PyTorch then has to confirm."""

import copy
import importlib.util
import io

import numpy as np
import pytest

import nbann

from .nets import NETS, outputs, trained, with_heads

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(
        importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
    ),
]


def run(module, X):
    """Return what a module makes of samples."""
    import torch

    with torch.no_grad():
        found = module(torch.tensor(X))
    if isinstance(found, dict):
        return {name: one.numpy() for name, one in found.items()}
    return found.numpy()


@pytest.mark.parametrize("name", NETS)
def test_every_net_gives_the_same_outputs(name):
    trainer, X = trained(name)
    module = nbann.export.to_torch(trainer)
    np.testing.assert_allclose(run(module, X), outputs(trainer, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["dense", "one output", "lstm"])
def test_probabilities_are_those_of_the_trainer(name):
    trainer, X = trained(name)
    module = nbann.export.to_torch(trainer, probabilities=True)
    np.testing.assert_allclose(run(module, X), trainer.predict_proba(X), rtol=0, atol=1e-14)


def test_probabilities_of_several_labels_and_of_an_error():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.integers(0, 2, (20, 4))
    net = nbann.Sequential([nbann.Dense(4)])
    trainer = nbann.Trainer(net, (X, y), loss="bce")
    module = nbann.export.to_torch(trainer, probabilities=True)
    np.testing.assert_allclose(run(module, X), trainer.predict_proba(X), atol=1e-14)
    one = nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), (3 * X, y[:, 0]), loss="mse")
    module = nbann.export.to_torch(one, probabilities=True)
    np.testing.assert_allclose(run(module, X), one.predict_proba(X), atol=1e-14)


def test_float32_is_kept():
    trainer, X = trained("two directions", dtype="float32")
    module = nbann.export.to_torch(trainer)
    given = run(module, X.astype(np.float32))
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, outputs(trainer, X), rtol=0, atol=1e-6)


def test_heads_give_a_dict():
    trainer, X = with_heads()
    found = run(nbann.export.to_torch(trainer), X)
    assert list(found) == ["my species", "width", "old"]
    for name, given in found.items():
        np.testing.assert_allclose(given, trainer.activations(f"{name}.out", X), atol=1e-13)
    found, wanted = (
        run(nbann.export.to_torch(trainer, probabilities=True), X),
        trainer.predict_proba(X),
    )
    assert list(found) == list(wanted) == ["my species", "old"]
    for name, given in found.items():
        np.testing.assert_allclose(given, wanted[name], atol=1e-14)


@pytest.mark.parametrize("tied", [True, False])
def test_an_autoencoder_gives_back_what_nbanns_does(tied):
    X = np.random.default_rng(0).standard_normal((20, 5))
    net = nbann.Autoencoder([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)], tied=tied, noise=0.1)
    trainer = nbann.Trainer(net, X)
    trainer.run(epochs=3)
    module = nbann.export.to_torch(trainer)
    np.testing.assert_allclose(run(module, X), net.reconstruct(trainer, X), atol=1e-13)


@pytest.mark.parametrize("make", [nbann.Perceptron, nbann.Adaline])
def test_single_layers(make):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.integers(0, 3, 20)
    trainer = nbann.Trainer(make(3), (X, y))
    trainer.run(epochs=2)
    found = run(nbann.export.to_torch(trainer), X)
    np.testing.assert_array_equal(found.argmax(axis=1), trainer.predict(X))


def test_a_ranker_scores_documents_in_rows():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 3)), rng.integers(0, 3, 12)
    ds = nbann.Dataset(X, y, groups=np.repeat([0, 1, 2], 4))
    net = nbann.Sequential([nbann.Dense(4), nbann.ReLU(), nbann.Dense(1)])
    trainer = nbann.Trainer(net, ds)
    trainer.run(epochs=2)
    found = run(nbann.export.to_torch(trainer), X)
    np.testing.assert_allclose(found[:, 0], trainer.predict(X), atol=1e-13)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("dense", "dense1"),
        ("no bias", "dense2"),
        ("batch norm", "batch_norm1"),
        ("residual", "residual1"),
        ("residual", "residual2.dense1"),
        ("rnn", "rnn1"),
        ("lstm", "lstm1"),
        ("lstm sequences", "lstm1"),
        ("gru sequences backward", "gru1"),
        ("two directions", "bidirectional1"),
        ("two directions", "bidirectional1.backward"),
    ],
)
def test_a_silenced_neuron_is_silent_there_too(name, layer):
    trainer, X = trained(name)
    before = outputs(trainer, X)
    trainer.silence(layer, 1)
    module = nbann.export.to_torch(trainer)
    assert np.abs(outputs(trainer, X) - before).max() > 1e-3  # it had something to say
    np.testing.assert_allclose(run(module, X), outputs(trainer, X), rtol=1e-12, atol=1e-12)


def test_silenced_outputs_of_heads():
    trainer, X = with_heads()
    trainer.silence("my species.dense1", 2)
    trainer.silence("width", 1)
    found = run(nbann.export.to_torch(trainer), X)
    np.testing.assert_allclose(found["width"][:, 1], 0, atol=0)
    for name, given in trainer.predict_proba(X).items():
        probable = run(nbann.export.to_torch(trainer, probabilities=True), X)[name]
        np.testing.assert_allclose(probable, given, atol=1e-14)


def test_names_are_the_layers():
    trainer, _ = trained("dense")
    module = nbann.export.to_torch(trainer)
    assert list(dict(module.named_children())) == ["dense1", "tanh1", "dense2"]
    assert set(module.state_dict()) == {
        "dense1.weight",
        "dense1.bias",
        "dense2.weight",
        "dense2.bias",
    }


def test_it_has_weights_of_its_own_and_is_in_eval_mode():
    trainer, X = trained("dropout")
    module = nbann.export.to_torch(trainer)
    before = run(module, X)
    trainer.run(epochs=1)
    np.testing.assert_array_equal(run(module, X), before)
    assert not module.training


@pytest.mark.parametrize("name", ["gru", "tied", "residual", "embedding and LSTM"])
def test_it_can_be_copied_saved_and_trained(name):
    import torch

    trainer, X = trained(name)
    module = nbann.export.to_torch(trainer)
    twin = copy.deepcopy(module)
    np.testing.assert_array_equal(run(twin, X), run(module, X))
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    twin.load_state_dict(torch.load(file, weights_only=True))
    twin.train()
    twin(torch.tensor(X)).square().mean().backward()
    assert all(p.grad is not None for p in twin.parameters() if p.requires_grad)
    np.testing.assert_allclose(run(module, X), outputs(trainer, X), atol=1e-12)


def test_no_name_of_a_layer_hides_what_a_module_has():
    import torch

    from nbann.export.names import identifiers

    public = [n for n in dir(torch.nn.Sequential()) if n.isidentifier() and n[0] != "_"]
    given = identifiers(public)
    assert not set(given.values()) & set(public)
