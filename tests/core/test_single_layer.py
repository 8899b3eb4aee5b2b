"""The perceptron and Adaline: published runs, theorems, scikit-learn and plain loops as oracles."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Perceptron as SklearnPerceptron

import nbann

from .test_explain_everywhere import explain_all
from .test_reading import check_op

IRIS = load_iris(return_X_y=True)
XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])


def in_order(model, X, y, epochs, **settings):
    trainer = nbann.Trainer(model, (X, y), **{"shuffle": False} | settings)
    trainer.run(epochs)
    return trainer


def rosenblatt(X, y, epochs):
    """Return mistakes per epoch, weights and bias by Rosenblatt's rule in plain NumPy."""
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(epochs):
        mistakes.append(0)
        for x, t in zip(X, 2 * y - 1, strict=True):
            if t * (x @ w + b) <= 0:
                w, b = w + t * x, b + t
                mistakes[-1] += 1
    return mistakes, w, b


def are_separable(X, t):
    """Whether a plane parts the classes, by linear programming: t * (x @ w + b) >= 1."""
    rows = -t[:, None] * np.column_stack([X, np.ones(len(X))])
    found = linprog(np.zeros(rows.shape[1]), rows, -np.ones(len(X)), bounds=(None, None))
    return found.status == 0


# ---- the perceptron ------------------------------------------------------------------------------
def test_a_published_run():
    """Raschka, "Single-Layer Neural Networks and Gradient Descent", 2015: iris, two features.

    He has steps of 0.1 * (t - answer), a fifth of ours, and prints the weights -0.4, -0.68, 1.82;
    his book (Python Machine Learning, 2015, chapter 2) says that the sixth epoch is the first
    without a mistake.
    """
    X, y = IRIS[0][:100][:, [0, 2]], (IRIS[1][:100] != 0).astype(int)
    trainer = in_order(nbann.Perceptron(), X, y, 10)
    mistakes = trainer.history["mistakes"]
    assert (mistakes[:5] > 0).all()
    assert not mistakes[5:].any()
    weights = [trainer["perceptron.bias"][0], *trainer["perceptron.weight"][:, 0]]
    np.testing.assert_allclose(0.2 * np.array(weights), [-0.4, -0.68, 1.82], rtol=1e-12)


@pytest.mark.parametrize("columns", [[0, 1, 2, 3], [2, 3], [0, 2]])
def test_iris_setosa_and_the_rest(columns):
    X, y = IRIS[0][:, columns], (IRIS[1] == 0).astype(int)
    trainer = in_order(nbann.Perceptron(), X, y, 8)
    mistakes, w, b = rosenblatt(X, y, 8)
    assert trainer.history["mistakes"].tolist() == mistakes
    assert mistakes[-1] == 0
    np.testing.assert_allclose(trainer["perceptron.weight"][:, 0], w, rtol=1e-12)
    assert trainer["perceptron.bias"][0] == b
    assert trainer.history["train_accuracy"][-1] == 1


def test_setosa_in_an_order_with_three_mistakes_then_two_then_none():
    """Which order that is is found by the plain loop, and given to the trainer."""
    X, y = (IRIS[0] - IRIS[0].mean(0)) / IRIS[0].std(0), (IRIS[1] == 0).astype(int)
    orders = (np.random.default_rng(seed).permutation(150) for seed in range(500))
    order = next(o for o in orders if rosenblatt(X[o], y[o], 4)[0] == [3, 2, 0, 0])
    trainer = in_order(nbann.Perceptron(), X, y, 3, shuffle=lambda epoch: order)
    assert trainer.history["mistakes"].tolist() == [3, 2, 0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_is_scikit_learns(dtype):
    X, y = IRIS[0], (IRIS[1] == 2).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        theirs = SklearnPerceptron(shuffle=False, tol=None, max_iter=7).fit(X.astype(dtype), y)
    trainer = in_order(nbann.Perceptron(), X, y, 7, dtype=dtype)
    near = {"rtol": 1e-10 if dtype == "float64" else 1e-4}
    np.testing.assert_allclose(trainer["perceptron.weight"].T, theirs.coef_, **near)
    np.testing.assert_allclose(trainer["perceptron.bias"], theirs.intercept_, **near)
    np.testing.assert_array_equal(trainer.predict(X), theirs.predict(X.astype(dtype)))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(4, 25), st.floats(0.05, 1.0))
def test_novikoffs_bound(seed, features, samples, gap):
    """Mistakes until there are none are at most (R / gamma)**2, whatever the order."""
    rng = np.random.default_rng(seed)
    plane = rng.standard_normal(features + 1)
    plane /= np.linalg.norm(plane)
    X = rng.uniform(-2, 2, (samples, features))
    distance = X @ plane[:-1] + plane[-1]
    y = (distance > 0).astype(int)
    X += (gap * np.where(y, 1, -1))[:, None] * plane[:-1]  # away from the plane
    ones = np.column_stack([X, np.ones(samples)])
    margin = (np.where(y, 1, -1) * (ones @ plane)).min()
    bound = (np.linalg.norm(ones, axis=1).max() / margin) ** 2 if margin > 0 else np.inf
    if bound > 1500:
        return
    trainer = nbann.Trainer(nbann.Perceptron(), (X, y), seed=seed, evaluate_every=1)
    trainer.run(int(bound) + 1, until=lambda t: t.history.last("mistakes") == 0)
    mistakes = trainer.history["mistakes"]
    assert mistakes.sum() <= bound
    assert mistakes[-1] == 0  # each epoch before had one at least, so it must have come
    assert (trainer.predict(X) == y).all()


@pytest.mark.parametrize("name", ["xor", "versicolor and virginica"])
def test_where_no_plane_parts_the_classes_every_epoch_has_mistakes(name):
    """And the weights stay within bounds, by the cycling theorem (Minsky & Papert, 1969)."""
    X, y = np.array(XOR[0]), np.array(XOR[1])
    if name != "xor":
        X, y = IRIS[0][50:], IRIS[1][50:] - 1
    assert not are_separable(X, 2 * y - 1)
    trainer = nbann.Trainer(nbann.Perceptron(), (X, y))
    largest = []
    for _ in range(5):
        trainer.run(40)
        largest.append(np.abs(trainer["perceptron.weight"]).max())
    assert (trainer.history["mistakes"] >= 1).all()
    assert (trainer.history["train_accuracy"] < 1).all()
    assert max(largest) < 300


def test_xor_in_one_order_goes_round_in_a_circle():
    trainer = in_order(nbann.Perceptron(), *XOR, 3)
    seen = [np.concatenate([p.ravel() for p in trainer.parameters.values()])]
    for _ in range(10):
        trainer.run(1)
        seen.append(np.concatenate([p.ravel() for p in trainer.parameters.values()]))
    assert any((now == seen[0]).all() for now in seen[1:])


def test_a_perceptron_of_three_classes():
    """Against a plain loop; the first of equal outputs is the answer."""
    X, y = IRIS
    order = np.random.default_rng(3).permutation(150)
    trainer = in_order(nbann.Perceptron(3), X, y, 6, shuffle=lambda epoch: order)
    W, b, mistakes = np.zeros((4, 3)), np.zeros(3), []
    for _ in range(6):
        mistakes.append(0)
        for i in order:
            answer = int(np.argmax(X[i] @ W + b))
            if answer != y[i]:
                mistakes[-1] += 1
                W[:, y[i]] += X[i]
                W[:, answer] -= X[i]
                b[y[i]] += 1
                b[answer] -= 1
    assert trainer.history["mistakes"].tolist() == mistakes
    np.testing.assert_allclose(trainer["perceptron.weight"], W, rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(trainer["perceptron.bias"], b)
    np.testing.assert_array_equal(trainer.predict(X), np.argmax(X @ W + b, axis=1))


def test_mistakes_are_counted_while_the_epoch_runs_and_gone_back_over():
    X, y = IRIS[0][::3], (IRIS[1][::3] == 2).astype(int)
    trainer = nbann.Trainer(nbann.Perceptron(), (X, y), test=(IRIS[0], (IRIS[1] == 2) * 1))
    assert trainer.measured[:2] == ("epoch", "mistakes")
    assert "test_mistakes" not in trainer.measured
    seen, wrong = {}, 0
    for batch in range(2 * len(X)):
        wrong = wrong if batch % len(X) else 0
        trainer.step("batch")
        wrong += int(trainer["perceptron.wrong"].sum())
        seen[divmod(batch, len(X))] = wrong
        assert trainer["perceptron.mistakes"] == wrong
    assert trainer.history["mistakes"].tolist() == [seen[0, len(X) - 1], seen[1, len(X) - 1]]
    for epoch, batch in [(1, 20), (0, 7), (1, 3)]:
        trainer.goto(epoch, batch, 0)
        trainer.step("batch")
        assert trainer["perceptron.mistakes"] == seen[epoch, batch]


# ---- Adaline -------------------------------------------------------------------------------------
@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_adaline_is_a_plain_lms_loop(units, dtype):
    X, y = IRIS
    y = y if units == 3 else (y == 0).astype(int)
    order = np.random.default_rng(1).permutation(150)
    trainer = in_order(nbann.Adaline(units), X, y, 3, shuffle=lambda epoch: order, dtype=dtype)
    targets = 2 * np.eye(3)[y] - 1 if units == 3 else 2.0 * y[:, None] - 1
    W, b, mistakes = np.zeros((4, units)), np.zeros(units), []
    for _ in range(3):
        mistakes.append(0)
        for i in order:
            z = X[i] @ W + b
            right = z.argmax() == y[i] if units == 3 else z[0] * targets[i, 0] > 0
            mistakes[-1] += not right
            W += 0.01 * np.outer(X[i], targets[i] - z)
            b += 0.01 * (targets[i] - z)
    near = {"rtol": 1e-10} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-5}
    np.testing.assert_allclose(trainer["adaline.weight"], W, **near)
    np.testing.assert_allclose(trainer["adaline.bias"], b, **near)
    if dtype == "float64":
        assert trainer.history["mistakes"].tolist() == mistakes


def test_whole_batches_come_to_rest_at_least_squares():
    X, y = IRIS[0], (IRIS[1] == 1).astype(int)
    X = (X - X.mean(0)) / X.std(0)
    ones = np.column_stack([X, np.ones(150)])
    rate = 1.9 / np.linalg.eigvalsh(ones.T @ ones / 150).max()
    trainer = nbann.Trainer(
        nbann.Adaline(), (X, y), batch_size=None, optimizer=nbann.SGD(rate), evaluate_every=None
    )
    trainer.run(4000)
    best = np.linalg.lstsq(ones, 2.0 * y - 1, rcond=None)[0]
    found = np.append(trainer["adaline.weight"], trainer["adaline.bias"])
    np.testing.assert_allclose(found, best, atol=1e-10)
    np.testing.assert_array_equal(trainer.predict(X), (ones @ best > 0).astype(int))
    beyond = nbann.Trainer(
        nbann.Adaline(), (X, y), batch_size=None, optimizer=nbann.SGD(rate * 2.1 / 1.9)
    )
    beyond.run(200)
    assert np.linalg.norm(beyond["adaline.weight"]) > 1e3  # past the bound it grows


def test_a_sample_weight_counts_in_adaline():
    X, y = IRIS[0], (IRIS[1] == 1).astype(int)
    weight = np.random.default_rng(0).integers(0, 3, 150).astype(float)
    again = np.repeat(np.arange(150), weight.astype(int))
    made = [
        nbann.Trainer(nbann.Adaline(), data, batch_size=None)
        for data in (nbann.Dataset(X, y, weight=weight), nbann.Dataset(X[again], y[again]))
    ]
    for trainer in made:
        trainer.run(20)
    np.testing.assert_allclose(made[0]["adaline.weight"], made[1]["adaline.weight"], rtol=1e-10)


# ---- both: what is shown, and what is refused ----------------------------------------------------
CASES = [
    (nbann.Perceptron, 1, 1), (nbann.Perceptron, 3, 1), (nbann.Perceptron, 3, 7),
    (nbann.Adaline, 1, 1), (nbann.Adaline, 3, 7), (nbann.Adaline, 1, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "units", "size"), CASES)
def test_every_op_can_be_read_and_explained(kind, units, size):
    X, y = IRIS[0][::4], IRIS[1][::4] if units == 3 else (IRIS[1][::4] == 1).astype(int)
    trainer = nbann.Trainer(kind(units), (X, y), batch_size=size, seed=2)
    assert trainer.program.phases == ("forward", "loss", "backward", "update")
    trainer.run(1)
    rng = np.random.default_rng(0)
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        check_op(trainer, op, rng)
    trainer.step("batch", 2)
    explain_all(trainer)
    if kind is nbann.Adaline:
        assert trainer.check_gradients().error < 1e-7


def test_a_perceptrons_gradient_agrees_off_its_kinks():
    X, y = IRIS[0], IRIS[1]
    trainer = nbann.Trainer(nbann.Perceptron(3), (X, y), batch_size=11)
    trainer.run(1)
    trainer.step("batch")
    assert trainer.check_gradients().error < 1e-7


@pytest.mark.parametrize(("kind", "units", "size"), CASES)
def test_it_is_saved_and_goes_on(kind, units, size, tmp_path):
    X, y = IRIS[0], IRIS[1] if units == 3 else (IRIS[1] == 1).astype(int)
    straight = nbann.Trainer(kind(units, bias=False), (X, y), batch_size=size)
    straight.run(2)
    straight.step("op", 3)
    straight.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run")
    for trainer in (straight, loaded):
        trainer.run(2)
    for name in straight.parameters:
        np.testing.assert_array_equal(straight[name], loaded[name])
    assert straight.history["mistakes"].tolist() == loaded.history["mistakes"].tolist()
    assert repr(loaded.model) == repr(straight.model)


def test_given_weights_are_taken_as_they_were(tmp_path):
    weight = np.array([[0.5], [-1.0]])
    trainer = nbann.Trainer(nbann.Perceptron(weight=weight, bias=[0.25]), XOR)
    weight += 7
    trainer.save(tmp_path / "run")
    for one in (trainer, nbann.Trainer.load(tmp_path / "run")):
        one.reset()
        np.testing.assert_array_equal(one["perceptron.weight"], [[0.5], [-1.0]])
        np.testing.assert_array_equal(one["perceptron.bias"], [0.25])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.Perceptron(0), "Perceptron units: expected a whole number of at least 1"),
        (lambda: nbann.Adaline(1.5), "Adaline units: expected a whole number"),
        (
            lambda: nbann.Trainer(nbann.Perceptron(), XOR, loss="hinge"),
            r"The loss of Perceptron: expected PerceptronLoss\(\), its rule; received Hinge",
        ),
        (
            lambda: nbann.Trainer(nbann.Adaline(), XOR, loss="mse"),
            r"The loss of Adaline: expected SignError\(\)",
        ),
        (lambda: nbann.Trainer(nbann.Perceptron(), IRIS), "expected 0 and 1 as class labels"),
        (lambda: nbann.Trainer(nbann.Perceptron(2), IRIS), "expected class labels from 0 to 1"),
        (
            lambda: nbann.Trainer(nbann.Perceptron(weight=[[1.0]]), XOR),
            r"perceptron.weight: expected shape \(2, 1\)",
        ),
        (
            lambda: nbann.Trainer(nbann.Perceptron(), (np.zeros((4, 2, 2)), XOR[1])),
            "expected samples of one axis",
        ),
    ],
)
def test_what_does_not_fit_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- logistic and softmax regression: one layer, no class of their own ---------------------------
def one_layer(X, y, units, loss, l2=0.0):
    """Train one dense layer until nothing moves: whole batches with Nesterov's momentum."""
    rate = 3.9 / np.linalg.eigvalsh(np.column_stack([X, np.ones(len(X))]).T @ X_one(X)).max()
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(units, name="dense")]), (X, y), loss=loss, l2=l2,
        optimizer=nbann.SGD(rate * len(X) / 2, 0.9, nesterov=True), batch_size=None,
        evaluate_every=None,
    )  # fmt: skip
    trainer.run(6000)
    return trainer


def X_one(X):
    return np.column_stack([X, np.ones(len(X))])


def sklearns(X, y, C):
    model = LogisticRegression(C=C, tol=1e-12, max_iter=10_000, solver="newton-cg")
    return model.fit(X, y)


@pytest.mark.parametrize("C", [np.inf, 1.0])
def test_logistic_regression(C):
    X, y = IRIS[0][50:], IRIS[1][50:] - 1
    X = (X - X.mean(0)) / X.std(0)
    theirs = sklearns(X, y, C)
    trainer = one_layer(X, y, 1, "binary_cross_entropy", 1 / (C * len(X)))
    found = trainer["dense.weight"][:, 0]
    np.testing.assert_allclose(found, theirs.coef_[0], rtol=1e-6)
    np.testing.assert_allclose(trainer["dense.bias"], theirs.intercept_, rtol=1e-6)
    np.testing.assert_allclose(trainer.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("C", [np.inf, 1.0])
def test_softmax_regression(C):
    """Without a penalty the weights are known but for a common shift: probabilities are compared.

    The classes have to overlap then, as no plane parts them: the weights would grow forever.
    """
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 50)
    X = rng.standard_normal((150, 2)) + np.array([[0, 0], [1.2, 0], [0, 1.2]])[y]
    theirs = sklearns(X, y, C)
    trainer = one_layer(X, y, 3, "cross_entropy", 1 / (C * len(X)))
    np.testing.assert_allclose(trainer.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    if np.isfinite(C):
        np.testing.assert_allclose(trainer["dense.weight"].T, theirs.coef_, atol=1e-6)
