"""Autoencoders: against PCA, central differences, PyTorch, and Ng's formulas in plain NumPy."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import nbann

from . import sums
from .nets import same_run
from .timelines import Line, same_state

RHO, BETA = 0.2, 0.7
KINDS = {
    "mirrored": {},
    "tied": {"tied": True},
    "noise": {"noise": 0.3, "tied": True},
    "masking": {"noise": nbann.MaskingNoise(0.4)},
    "l1": {"sparsity": 0.1, "tied": True},
    "kl": {"sparsity": nbann.ActivityPenalty(kl=BETA, target=RHO)},
    "both": {"sparsity": nbann.ActivityPenalty(l1=0.02, kl=BETA, target=RHO, name="sparse")},
}


def encoder():
    """Four tanh neurons, and a code of three sigmoids; tied weights are of ordinary size."""
    return [nbann.Dense(4), nbann.Tanh(), nbann.Dense(3), nbann.Sigmoid()]


def make(kind, n=9, *, weighted=False, **settings):
    rng = np.random.default_rng(1)
    X = rng.random((n, 5))
    weight = rng.random(n) if weighted else None
    data = nbann.Dataset(X, task="unsupervised", weight=weight)
    settings = {"batch_size": None, "seed": 2} | settings
    return nbann.Trainer(nbann.Autoencoder(encoder(), **KINDS[kind]), data, **settings)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def code_of(trainer, X):
    p = trainer.parameters
    hidden = np.tanh(X @ p["dense1.weight"] + p["dense1.bias"])
    return sigmoid(hidden @ p["dense2.weight"] + p["dense2.bias"])


# ---- principal components ------------------------------------------------------------------------


@pytest.mark.parametrize("tied", [False, True])
def test_a_linear_one_reconstructs_as_well_as_principal_components(tied):
    """Baldi & Hornik (1989): it has no other minimum than the space of the first components."""
    X = load_digits().data / 16
    pca = PCA(8).fit(X)
    least = ((X - pca.inverse_transform(pca.transform(X))) ** 2).mean()
    steps = 3500
    trainer = nbann.Trainer(
        nbann.Autoencoder([nbann.Dense(8)], tied=tied),
        nbann.Dataset(X, task="unsupervised"),
        optimizer=nbann.Adam(nbann.schedules.CosineDecay(0.03, steps)),
        batch_size=None, evaluate_every=None,
    )  # fmt: skip
    trainer.run(epochs=steps)
    loss = trainer.evaluate(trainer.train_data)["loss"]
    assert least * (1 - 1e-12) <= loss <= least * (1 + 1e-4)
    given_back = trainer.model.reconstruct(trainer, X)
    assert ((given_back - X) ** 2).mean() == pytest.approx(loss, rel=1e-12)


# ---- gradients and arithmetic --------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_central_differences(kind, l2, weighted):
    trainer = make(kind, l2=l2, weighted=weighted)
    trainer.run(epochs=2)
    assert trainer.check_gradients().error < 1e-8


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_element_is_what_its_arithmetic_says(kind, weighted):
    trainer = make(kind, n=4, weighted=weighted)
    trainer.step("phase", 3)
    for op in trainer.program:
        if op.phase == "update":
            continue
        assert op.equation.text().count("=") == 1
        for name in op.writes:
            array = trainer[name]
            for place in np.ndindex(*array.shape):
                equation, value = op.arithmetic(place, name), float(array[place])
                assert equation.value() == pytest.approx(value, rel=1e-9, abs=1e-13)
                sums.check(equation.text(digits=17, terms=None), value, digits=17)


@pytest.mark.torch
def test_tied_weights_learn_as_pytorchs_do():
    torch = pytest.importorskip("torch")
    trainer = make("tied", optimizer=nbann.SGD(0.3))
    twins = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in trainer.parameters.items()}
    assert list(twins) == [
        "dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias",
        "dense_transpose1.bias", "dense_transpose2.bias",
    ]  # fmt: skip
    w1, b1, w2, b2, c2, c1 = twins.values()
    X = torch.tensor(trainer.train_data.X.copy())
    for _ in range(20):
        code = torch.sigmoid(torch.tanh(X @ w1 + b1) @ w2 + b2)
        back = torch.tanh(code @ w2.T + c2) @ w1.T + c1
        loss = torch.nn.functional.mse_loss(back, X)
        loss.backward()
        trainer.step("batch")
        assert trainer["loss"].item() == pytest.approx(loss.item(), rel=1e-12)
        for name, twin in twins.items():
            np.testing.assert_allclose(trainer[name + ".grad"], twin.grad, rtol=1e-9, atol=1e-13)
            with torch.no_grad():
                twin -= 0.3 * twin.grad
                twin.grad.zero_()


def test_one_matrix_serves_in_both_directions():
    trainer = make("tied")
    before = trainer["dense_transpose2.out"].copy()
    trainer.step("phase", 3)
    parts = [trainer[f"dense1.weight.grad.{n}"] for n in (1, 2)]
    np.testing.assert_array_equal(parts[0] + parts[1], trainer["dense1.weight.grad"])
    assert all(np.abs(part).max() > 1e-6 for part in parts)
    first = trainer["dense_transpose2.out"].copy()
    trainer.set("dense1.weight", (0, 0), 3.0)
    assert (trainer["dense_transpose2.out"][:, 0] != first[:, 0]).all()
    assert np.isnan(before).all()
    assert "dense_transpose1.weight" not in trainer.names


# ---- sparsity ------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_the_divergence_is_the_lecture_notes(weighted):
    """Ng, CS294A lecture notes, section 3: beta * sum_j KL(rho || rho_j), and its delta term."""
    trainer = make("kl", weighted=weighted)
    X, n = trainer.train_data.X, 9
    weight = np.full(n, 1.0) if not weighted else trainer.train_data.weight
    share = weight / weight.sum()
    trainer.step("phase", 3)
    code = code_of(trainer, X)
    mean = share @ code
    kl = RHO * np.log(RHO / mean) + (1 - RHO) * np.log((1 - RHO) / (1 - mean))
    name = "loss.activity_penalty1.kl"
    assert trainer[name].item() == pytest.approx(BETA * kl.sum(), rel=1e-12)
    np.testing.assert_allclose(trainer["activity_penalty1.mean"], mean, rtol=1e-12)
    assert trainer["loss"].item() == pytest.approx(trainer["loss.data"] + trainer[name], rel=1e-14)
    slope = BETA * (-RHO / mean + (1 - RHO) / (1 - mean))
    (part,) = (
        trainer[w] for op in trainer.program if op.name == "activity_penalty1.gradient"
        for w in op.writes
    )  # fmt: skip
    np.testing.assert_allclose(part, share[:, None] * slope, rtol=1e-12)


def test_l1_is_the_mean_over_samples_of_the_sum_over_neurons():
    trainer = make("l1")
    trainer.step("phase", 3)
    expected = 0.1 * np.abs(code_of(trainer, trainer.train_data.X)).sum(axis=1).mean()
    assert trainer["loss.activity_penalty1.l1"].item() == pytest.approx(expected, rel=1e-12)


def test_a_sparse_one_comes_to_be_as_active_as_it_is_asked_to():
    X = load_digits().data[:500] / 16
    sparse = nbann.ActivityPenalty(kl=3.0, target=0.05)
    trainer = nbann.Trainer(
        nbann.Autoencoder([nbann.Dense(25), nbann.Sigmoid()], sparsity=sparse),
        nbann.Dataset(X, task="unsupervised"), optimizer=nbann.Adam(0.01), batch_size=None,
    )  # fmt: skip
    trainer.run(epochs=600)
    activity = trainer.model.encode(trainer, X).mean(axis=0)
    assert np.abs(activity - 0.05).max() < 0.02
    assert trainer.history["train_loss"][-1] < trainer.history["train_loss"][0] / 10


def test_a_penalty_on_any_layer_of_any_net():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 4, 3)), rng.integers(0, 2, 12)
    layers = [nbann.Dense(5), nbann.Sigmoid(), nbann.ActivityPenalty(kl=0.3, l1=0.1),
              nbann.RNN(3), nbann.Dense(2)]  # fmt: skip
    trainer = nbann.Trainer(nbann.Sequential(layers), (X, y), batch_size=5)
    trainer.run(epochs=2)
    assert trainer.check_gradients().error < 1e-7
    trainer.step("phase", 2)
    out = trainer["sigmoid1.out"]
    np.testing.assert_allclose(trainer["activity_penalty1.mean"], out.mean(axis=(0, 1)))
    expected = 0.1 * out.sum(axis=2).mean()
    assert trainer["loss.activity_penalty1.l1"].item() == pytest.approx(expected)


# ---- noise ---------------------------------------------------------------------------------------


def test_noise_is_normal_and_the_target_clean():
    X = np.full((4000, 3), 2.0)
    net = nbann.Autoencoder([nbann.Dense(2)], noise=0.5)
    trainer = nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"), batch_size=None)
    trainer.step("phase", 2)
    noise = trainer["gaussian_noise1.out"] - trainer["x"]
    n = noise.size
    assert abs(noise.mean()) < 5 * 0.5 / np.sqrt(n)  # 5 standard errors
    assert abs(noise.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * n)
    np.testing.assert_array_equal(trainer["y"], X)
    np.testing.assert_array_equal(trainer["x"], X)
    again = trainer["gaussian_noise1.out"].copy()
    trainer.step("batch", 2)
    assert (trainer["gaussian_noise1.out"] != again).all()


def test_masking_sets_elements_to_0_and_does_not_scale_the_others():
    X = np.full((4000, 3), 2.0)
    net = nbann.Autoencoder([nbann.Dense(2)], noise=nbann.MaskingNoise(0.3))
    trainer = nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"), batch_size=None)
    trainer.step("phase")
    noisy = trainer["masking_noise1.out"]
    assert set(np.unique(noisy)) == {0.0, 2.0}
    rate = (noisy == 0).mean()
    assert abs(rate - 0.3) < 5 * np.sqrt(0.3 * 0.7 / noisy.size)  # 5 standard errors


@pytest.mark.parametrize("kind", ["noise", "masking"])
def test_there_is_no_noise_in_predictions(kind):
    trainer = make(kind)
    X = trainer.train_data.X
    np.testing.assert_allclose(trainer.model.encode(trainer, X), code_of(trainer, X), rtol=1e-12)
    np.testing.assert_array_equal(trainer.predict(X), trainer.predict(X))


def test_a_denoising_one_undoes_noise_better():
    """Of images with a fifth of their pixels lost, one trained so keeps more."""
    X = load_digits().data / 16
    lost = np.random.default_rng(5).random(X.shape) < 0.2
    errors = {}
    for rate in (0.0, 0.2):
        noise = nbann.MaskingNoise(rate) if rate else 0.0
        net = nbann.Autoencoder([nbann.Dense(32), nbann.ReLU()], noise=noise)
        data = nbann.Dataset(X, task="unsupervised")
        trainer = nbann.Trainer(net, data, optimizer=nbann.Adam(0.003), evaluate_every=None)
        trainer.run(epochs=30)
        errors[rate] = ((net.reconstruct(trainer, X * ~lost) - X) ** 2).mean()
    assert errors[0.2] < 0.8 * errors[0.0]


# ---- code, decoder -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_encode_and_decode_are_the_halves_of_predict(kind):
    trainer = make(kind)
    trainer.run(epochs=3)
    trainer.step("op", 4)
    before = {name: trainer[name].copy() for name in trainer.names}
    X = np.random.default_rng(9).random((7, 5))
    net = trainer.model
    code = net.encode(trainer, X)
    np.testing.assert_allclose(code, code_of(trainer, X), rtol=1e-12)
    np.testing.assert_array_equal(net.decode(trainer, code), trainer.predict(X))
    np.testing.assert_array_equal(net.reconstruct(trainer, X), trainer.predict(X))
    for name, array in before.items():
        np.testing.assert_array_equal(trainer[name], array, name)


def test_the_code_has_a_name():
    trainer = make("kl")
    trainer.step("phase", 3)
    np.testing.assert_array_equal(trainer["code.out"], trainer["sigmoid1.out"])
    assert trainer["code.out.grad"].shape == (9, 3)
    assert trainer.program["code.code"].kernels == ()
    assert [name for name, _ in trainer.model.leaves()] == list(trainer.model.names)


def test_bernoulli_pixels_are_given_back_as_probabilities():
    X = (load_digits().data[:200] > 8).astype(float)
    net = nbann.Autoencoder([nbann.Dense(10), nbann.Tanh()])
    data = nbann.Dataset(X, task="unsupervised")
    trainer = nbann.Trainer(net, data, loss="bce", optimizer="adam")
    trainer.run(epochs=2)
    logits = trainer.activations("dense_transpose1.out", X)
    np.testing.assert_allclose(net.reconstruct(trainer, X), sigmoid(logits), rtol=1e-12)
    np.testing.assert_array_equal(trainer.predict(X), logits > 0)


def test_sequences_are_encoded_step_by_step():
    rng = np.random.default_rng(0)
    X = rng.random((6, 4, 3))
    net = nbann.Autoencoder([nbann.Dense(2), nbann.Tanh()], tied=True)
    trainer = nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"), batch_size=4)
    trainer.run(epochs=2)
    code = net.encode(trainer, X)
    p = trainer.parameters
    np.testing.assert_allclose(code, np.tanh(X @ p["dense1.weight"] + p["dense1.bias"]), rtol=1e-12)
    np.testing.assert_array_equal(net.decode(trainer, code[:, :2]), trainer.predict(X)[:, :2])
    assert trainer.check_gradients().error < 1e-8


def test_a_decoder_of_ones_own_and_an_untied_mirror_without_biases():
    X = np.random.default_rng(0).random((8, 6))
    data = nbann.Dataset(X, task="unsupervised")
    decoder = [nbann.Dense(4), nbann.ReLU(), nbann.Dense(6)]
    own = nbann.Autoencoder(nbann.Sequential([nbann.Dense(2, name="in")]), decoder)
    assert own.names == ("in", "code", "dense1", "relu1", "dense2")
    assert nbann.Trainer(own, data).predict(X).shape == (8, 6)
    plain = nbann.Autoencoder([nbann.Dense(3, bias=False)])
    shapes = {n: a.shape for n, a in nbann.Trainer(plain, data).parameters.items()}
    assert shapes == {"dense1.weight": (6, 3), "dense_transpose1.weight": (3, 6)}


def test_x_and_y_are_one_array():
    trainer = make("mirrored", batch_size=4)
    trainer.step("batch")
    assert trainer.program.arrays["x"] is trainer.program.arrays["y"]
    np.testing.assert_array_equal(trainer["y"], trainer["x"])


# ---- going back, saving --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_going_back_gives_every_number_again(kind):
    def fresh():
        return make(kind, batch_size=4, optimizer=nbann.Adam(0.05), metrics=["r2"])

    trainer, line = fresh(), Line(fresh)
    trainer.run(epochs=3)
    ops = len(trainer.program)
    for place in [(1, 1, 5), (0, 2, ops - 2), (2, 0, 0), (0, 0, 3)]:
        trainer.goto(*place)
        same_state(line.at(trainer.position), trainer)
    trainer.set("dense1.weight", (0, 1), 0.7)
    line.acted(trainer.position, ("set", "dense1.weight", (0, 1), 0.7))
    trainer.step("batch", 2)
    same_state(line.at(trainer.position), trainer)
    trainer.silence("sigmoid1", 1)
    line.acted(trainer.position, ("silence", "sigmoid1", 1))
    trainer.run(1)
    trainer.back("op", 7)
    same_state(line.at(trainer.position), trainer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_run_goes_on_bit_for_bit(kind, tmp_path):
    trainer = make(kind, batch_size=4, optimizer="adam")
    trainer.run(epochs=2)
    trainer.step("op", 9)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    assert repr(loaded.model) == repr(trainer.model)
    for one in (trainer, loaded):
        one.run(epochs=2)
        one.back("batch", 3)
    same_run(trainer, loaded)
    X = trainer.train_data.X
    ours, theirs = (one.model.encode(one, X) for one in (trainer, loaded))
    np.testing.assert_array_equal(ours, theirs)


def test_why_a_tied_weight_has_its_gradient():
    trainer = make("both")
    trainer.run(epochs=1)
    trainer.step("phase", 3)
    for name in ("dense1.weight.grad", "dense2.weight.grad", "code.out.grad"):
        found = trainer.explain(name, (0, 1))
        total = sum(term.value for term in found.terms) + found.rest
        assert total == pytest.approx(trainer[name][0, 1], rel=1e-9)


# ---- what does not fit ---------------------------------------------------------------------------


DATA = nbann.Dataset(np.eye(4), task="unsupervised")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nbann.Autoencoder([]), "at least one layer"),
        (lambda: nbann.Autoencoder(nbann.Dense(2)), "encoder: expected a list of layers"),
        (lambda: nbann.Autoencoder([nbann.ReLU()]), "expected a Dense in the encoder"),
        (lambda: nbann.Autoencoder([nbann.Dense(2), nbann.LayerNorm()]), "to be mirrored"),
        (lambda: nbann.Autoencoder([nbann.Dense(2)], [nbann.Dense(4)], tied=True), "without a"),
        (lambda: nbann.Autoencoder([nbann.Dense(2)], tied=1), "tied: expected True or False"),
        (lambda: nbann.Autoencoder([nbann.Dense(2)], noise=-1), "std: expected"),
        (lambda: nbann.Autoencoder([nbann.Dense(2)], sparsity=-1), "l1: expected"),
        (lambda: nbann.Autoencoder([nbann.Dense(2, name="code")]), "2 layers called 'code'"),
        (lambda: nbann.MaskingNoise(1.0), "rate: expected"),
        (lambda: nbann.ActivityPenalty(), "l1 or kl above 0; received both 0"),
        (lambda: nbann.ActivityPenalty(kl=1.0, target=1.0), "target: expected"),
        (lambda: nbann.DenseTranspose("a.b"), "the name of a layer"),
    ],
)  # fmt: skip
def test_descriptions_that_make_no_sense(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [nbann.Dense(3), nbann.ReLU(), nbann.ActivityPenalty(kl=1.0), nbann.Dense(4)],
            "activity in .0, 1.",
        ),
        ([nbann.ActivityPenalty(kl=1.0), nbann.Dense(4)], "received 'x'"),
        ([nbann.Dense(3), nbann.DenseTranspose("dens1")], "dense1"),
        ([nbann.DenseTranspose("dense1"), nbann.Dense(3)], "Dense before 'dense_transpose1'"),
        ([nbann.Dense(3), nbann.Dense(2), nbann.DenseTranspose("dense1")], "expected 3 features"),
    ],
)
def test_nets_that_do_not_fit(layers, message):
    with pytest.raises(ValueError, match=message):
        nbann.Trainer(nbann.Sequential(layers), DATA)


def test_what_a_trained_one_refuses():
    trainer = make("mirrored")
    net = trainer.model
    with pytest.raises(ValueError, match="Trainer of this model"):
        net.encode(make("mirrored"), trainer.train_data.X)
    with pytest.raises(ValueError, match="expected 3 features; received shape"):
        net.decode(trainer, np.ones((2, 5)))
    with pytest.raises(ValueError, match="activations X: expected 5 features"):
        net.encode(trainer, np.ones((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        net.decode(trainer, np.full((2, 3), np.nan))
    with pytest.raises(KeyError, match=r"code\.out"):
        trainer.activations("code.oui", trainer.train_data.X)
    with pytest.raises(ValueError, match="an output of shape"):
        nbann.Trainer(nbann.Autoencoder([nbann.Dense(2)], [nbann.Dense(3)]), DATA)


@pytest.mark.parametrize("labeled", ["iris", "diabetes"])
def test_labels_and_values_are_no_samples_to_be_given_back(labeled):
    net, data = nbann.Autoencoder([nbann.Dense(2)]), getattr(nbann.datasets, labeled)()
    with pytest.raises(ValueError, match="train y: expected what is to be given back, X itself"):
        nbann.Trainer(net, data)
    noisy = nbann.Dataset(data.X + 0.1, data.X)  # of the size of a sample: noise of one's own
    assert nbann.Trainer(net, noisy).task == "regression"


def test_grays_are_learned_by_cross_entropy():
    """The oracle is the formula -t*log(p) - (1 - t)*log(1 - p), with scikit-learn's pixels."""
    X = load_digits().data[:60] / 16
    data = nbann.Dataset(X, task="unsupervised")
    net = nbann.Autoencoder([nbann.Dense(6), nbann.Tanh()])
    trainer = nbann.Trainer(net, data, loss="bce", optimizer="adam", metrics=["mse"], seed=1)
    trainer.run(epochs=3)
    p = net.reconstruct(trainer, X)
    found = trainer.evaluate(data)
    expected = np.mean(-X * np.log(p) - (1 - X) * np.log(1 - p))
    assert found["loss"] == pytest.approx(expected, rel=1e-12)
    assert found["mse"] == pytest.approx(np.mean((p - X) ** 2), rel=1e-12)
    assert trainer.check_gradients().error < 1e-6
    for wrong, named in ((0 * X + 2, "2"), (0 * X - 1, "-1")):
        with pytest.raises(ValueError, match=f"expected numbers from 0 to 1; received {named}"):
            nbann.Trainer(net, nbann.Dataset(wrong, task="unsupervised"), loss="bce")
