"""Self-organizing maps: plain NumPy loops as oracles, and what Kohonen says of them."""

import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs

import nbann
from nbann.core.storing.budget import Budget
from nbann.core.storing.faults import FileError
from nbann.schedules import CosineDecay, ExponentialDecay, LinearWarmup, StepDecay

from .test_reading import check_op

RNG = np.random.default_rng(0)
X = RNG.standard_normal((37, 3)) * [1, 4, 0.2] + 30
START = RNG.standard_normal((12, 3)) + 30
PLACES = {
    "rectangular": np.array([[r, c] for r in range(3) for c in range(4)], float),
    "hexagonal": np.array([[r * 3**0.5 / 2, c + (r % 2) / 2] for r in range(3) for c in range(4)]),
}


def near(c, u, radius, kind, places):
    r = np.sqrt(((places[c] - places[u]) ** 2).sum())
    return float(r <= radius) if kind == "bubble" else np.exp(-(r**2) / (2 * radius**2))


def online(orders, rates, radii, kind, places):
    """Return the weights after every step by the rule as it is written, unit by unit."""
    W, seen = START.copy(), []
    for epoch, order in enumerate(orders):
        for batch, i in enumerate(order):
            c = int(np.argmin([np.linalg.norm(X[i] - w) for w in W]))
            rate, radius = rates(epoch, batch), radii(epoch, batch)
            for u in range(12):
                W[u] = W[u] + rate * near(c, u, radius, kind, places) * (X[i] - W[u])
            seen.append((c, W.copy()))
    return seen


CASES = {
    "gaussian": ({}, lambda e, b: 0.5 * 0.9**e, lambda e, b: max(2 * 0.85**e, 0.3)),
    "bubble": (
        {"learning_rate": 0.2, "radius": 1.5, "neighborhood": "bubble"},
        lambda e, b: 0.2,
        lambda e, b: 1.5,
    ),
    "hexagonal": (
        {"topology": "hexagonal", "radius": ExponentialDecay(2.0, 0.95, unit="batch")},
        lambda e, b: 0.5 * 0.9**e,
        lambda e, b: max(2 * 0.95 ** (37 * e + b), 0.3),
    ),
    "steps": (
        {"learning_rate": StepDecay(0.4, 10, 0.5, unit="batch"), "radius": StepDecay(2.0, 1, 0.1)},
        lambda e, b: 0.4 * 0.5 ** ((37 * e + b) // 10),
        lambda e, b: max(2 * 0.1**e, 0.3),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_online_rule_is_the_loop_as_it_is_written(case):
    settings, rates, radii = CASES[case]
    orders = [np.random.default_rng(e).permutation(37) for e in range(3)]
    trainer = nbann.Trainer(
        nbann.SOM(3, 4, weight=START, **settings), X, shuffle=lambda epoch: orders[epoch]
    )
    places = PLACES[settings.get("topology", "rectangular")]
    np.testing.assert_allclose(trainer.model.positions, places, atol=1e-12)
    kind = settings.get("neighborhood", "gaussian")
    assert trainer.program.phases == ("match", "neighborhood", "update")
    for winner, W in online(orders, rates, radii, kind, places):
        before = trainer["som.weight"].copy()
        trainer.step("batch")
        distances = np.linalg.norm(trainer["x"][0] - before, axis=1)
        assert trainer["som.winner"][0] == winner == distances.argmin()
        assert trainer["loss"] == pytest.approx(distances.min(), rel=1e-12)
        np.testing.assert_allclose(trainer["som.weight"], W, rtol=1e-12)
    straight = nbann.Trainer(
        nbann.SOM(3, 4, weight=START, **settings), X, shuffle=lambda epoch: orders[epoch]
    )
    straight.run(3)
    np.testing.assert_array_equal(straight["som.weight"], trainer["som.weight"])


@pytest.mark.parametrize("kind", ["gaussian", "bubble"])
@pytest.mark.parametrize("size", [None, 10])
def test_the_batch_rule_is_the_weighted_mean(kind, size):
    model = nbann.SOM(3, 4, "batch", weight=START, radius=0.9, neighborhood=kind)
    trainer = nbann.Trainer(model, X, batch_size=size)
    for _ in range(6):
        W = trainer["som.weight"].copy()
        trainer.step("batch")
        x = trainer["x"]
        winners = [int(np.argmin([np.linalg.norm(one - w) for w in W])) for one in x]
        np.testing.assert_array_equal(trainer["som.winner"], winners)
        for u in range(12):
            h = np.array([near(c, u, 0.9, kind, PLACES["rectangular"]) for c in winners])
            expected = (h[:, None] * x).sum(0) / h.sum() if h.sum() else W[u]
            np.testing.assert_allclose(trainer["som.weight"][u], expected, rtol=1e-12)
        nearest = [min(np.linalg.norm(one - w) for w in W) for one in x]
        # where a unit lies on a sample, rounding leaves sqrt(1e-13) of a distance of 0
        assert trainer["loss"] == pytest.approx(np.mean(nearest), rel=1e-7)


def test_a_share_of_the_way_to_the_mean():
    whole, half = (
        nbann.Trainer(nbann.SOM(3, 4, "batch", weight=START, learning_rate=rate), X)
        for rate in (1.0, 0.5)
    )
    for trainer in (whole, half):
        trainer.run(1)
    expected = (START + whole["som.weight"]) / 2
    np.testing.assert_allclose(half["som.weight"], expected, rtol=1e-12)


def test_without_a_neighborhood_the_batch_rule_is_lloyds():
    """Of radius 0.1 a gaussian reaches nobody: k-means, of which Lloyd's loop is the oracle."""
    blobs, _ = make_blobs(200, 2, centers=4, random_state=0)
    start = blobs[:4]
    trainer = nbann.Trainer(nbann.SOM(2, 2, "batch", weight=start, radius=0.01), blobs)
    trainer.run(10)
    W = start.copy()
    for _ in range(10):
        own = np.argmin(((blobs[:, None] - W) ** 2).sum(-1), axis=1)
        W = np.array([blobs[own == u].mean(0) for u in range(4)])
    np.testing.assert_allclose(trainer["som.weight"], W, rtol=1e-10)


@pytest.mark.parametrize("rule", ["online", "batch"])
@pytest.mark.parametrize("name", ["blobs", "digits"])
def test_the_quantization_error_falls(name, rule):
    data = make_blobs(150, 4, centers=6, random_state=1)[0]
    if name == "digits":
        data = load_digits().data[::6]
    start = nbann.SOM.start_along_components(data, 6, 6)
    trainer = nbann.Trainer(nbann.SOM(6, 6, rule, weight=start), data)
    before = trainer.evaluate(data)
    trainer.run(15)
    errors = trainer.history["train_quantization_error"]
    np.testing.assert_allclose(errors, trainer.history["train_loss"], rtol=1e-9)
    assert errors[-1] < 0.8 * before["quantization_error"]
    assert errors[-1] < errors[4] < errors[0]


@pytest.mark.parametrize("rule", ["online", "batch"])
def test_a_square_is_mapped_in_order(rule):
    """On points spread evenly over a square the map unfolds: neighbors on the grid stay neighbors.

    From random starts; the topographic error falls under 0.1, and along each row and column of the
    grid the weights go up or down without a turn, but for a few places.
    """
    points = np.random.default_rng(3).uniform(0, 1, (800, 2))
    model = nbann.SOM(6, 6, rule, init=nbann.initializers.Uniform(0.4, 0.6))
    trainer = nbann.Trainer(model, points, seed=1)
    trainer.run(25)
    assert trainer.history["train_topographic_error"][-1] < 0.1
    W = trainer["som.weight"].reshape(6, 6, 2)
    down, right = np.diff(W, axis=0).reshape(-1, 2), np.diff(W, axis=1).reshape(-1, 2)
    main = [np.abs(steps.sum(0)).argmax() for steps in (down, right)]
    assert main[0] != main[1]
    for steps, axis in zip((down, right), main, strict=True):
        up = (steps[:, axis] > 0).mean()
        assert max(up, 1 - up) > 0.9


def test_what_is_measured_is_what_plain_numpy_finds():
    trainer = nbann.Trainer(nbann.SOM(3, 4, weight=START), X, test=X[:9])
    trainer.run(2)
    W = trainer["som.weight"]
    for part, data in (("train", X), ("test", X[:9])):
        distances = np.array([[np.linalg.norm(x - w) for w in W] for x in data])
        first, second = np.argsort(distances, axis=1)[:, :2].T
        rows, columns = np.divmod(np.arange(12), 4)
        apart = np.maximum(abs(rows[first] - rows[second]), abs(columns[first] - columns[second]))
        found = {name: trainer.history[f"{part}_{name}"][-1] for name in trainer.model.measures}
        assert found["topographic_error"] == (apart > 1).mean()
        assert found["quantization_error"] == pytest.approx(distances.min(1).mean(), rel=1e-9)
        np.testing.assert_array_equal(trainer.predict(data), first)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_the_u_matrix(topology):
    trainer = nbann.Trainer(nbann.SOM(3, 4, weight=START, topology=topology), X)
    trainer.run(1)
    W, places = trainer["som.weight"], PLACES[topology]
    reach = 1.5 if topology == "rectangular" else 1.01
    expected, counts = np.empty(12), []
    for u in range(12):
        others = [v for v in range(12) if v != u and np.linalg.norm(places[u] - places[v]) < reach]
        counts.append(len(others))
        expected[u] = np.mean([np.linalg.norm(W[u] - W[v]) for v in others])
    assert max(counts) == (8 if topology == "rectangular" else 6)
    np.testing.assert_allclose(trainer.model.u_matrix(trainer), expected.reshape(3, 4), rtol=1e-12)


def test_a_border_between_clusters_stands_out_in_the_u_matrix():
    data = np.concatenate([RNG.normal(0, 0.1, (60, 2)), RNG.normal(9, 0.1, (60, 2))])
    start = nbann.SOM.start_along_components(data, 8, 1)
    trainer = nbann.Trainer(nbann.SOM(8, 1, "batch", weight=start), data)
    trainer.run(30)
    heights = trainer.model.u_matrix(trainer)[:, 0]
    assert 2 <= heights.argmax() <= 5
    assert heights.max() > 10 * np.median(heights)
    sides = trainer.predict(data)
    assert sides[:60].max() < sides[60:].min() or sides[60:].max() < sides[:60].min()


def test_a_start_along_the_components():
    start = nbann.SOM.start_along_components(X, 5, 3)
    assert start.shape == (15, 3)
    np.testing.assert_allclose(start.mean(0), X.mean(0), rtol=1e-12)
    centered = start - X.mean(0)
    assert np.linalg.matrix_rank(centered, tol=1e-8) == 2
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    first, second = vectors[:, -1], vectors[:, -2]
    corner = np.abs([centered[0] @ first, centered[0] @ second])
    np.testing.assert_allclose(corner, np.sqrt(values[[-1, -2]]), rtol=1e-9)
    assert nbann.SOM.start_along_components(X[:, :1], 4, 1).shape == (4, 1)


def test_labels_are_no_part_of_it_but_of_metrics():
    labels = RNG.integers(0, 2, 37)

    def told(y, unit):
        assert unit.dtype.kind == "i"
        return float((y == labels).mean())

    with_labels = nbann.Trainer(nbann.SOM(3, 4, weight=START), (X, labels), metrics=[told])
    without = nbann.Trainer(nbann.SOM(3, 4, weight=START), X)
    for trainer in (with_labels, without):
        trainer.run(1)
    np.testing.assert_array_equal(with_labels["som.weight"], without["som.weight"])
    assert with_labels.history["train_told"].tolist() == [1.0]


def test_frozen_units_stay():
    for rule in ("online", "batch"):
        trainer = nbann.Trainer(nbann.SOM(3, 4, rule, weight=START), X)
        trainer.freeze("som.weight", (5, slice(None)))
        trainer.run(2)
        moved = (trainer["som.weight"] != START).any(axis=1)
        assert moved.sum() == 11
        assert not moved[5]


def test_the_learning_rate_is_the_optimizers():
    trainer = nbann.Trainer(nbann.SOM(3, 4, weight=START, radius=1.0), X)
    assert trainer.learning_rate == 0.5
    trainer.run(1)
    assert trainer.learning_rate == 0.45
    trainer.learning_rate = 0.1
    trainer.run(1)
    assert trainer.learning_rate == pytest.approx(0.09)
    given = nbann.Trainer(nbann.SOM(3, 4), X, optimizer=nbann.SGD(0.3))
    given.run(1)
    assert given.learning_rate == 0.3
    assert given["epoch_count"] == 1
    assert given["step_count"] == 37


@pytest.mark.parametrize("kind", ["gaussian", "bubble"])
@pytest.mark.parametrize("rule", ["online", "batch", "batch 7"])
def test_every_op_can_be_read(rule, kind):
    size = 7 if rule == "batch 7" else nbann.SOM(2, 2, rule.split()[0]).usual_batch_size
    model = nbann.SOM(
        3, 4, rule.split()[0], weight=START, neighborhood=kind,
        radius=CosineDecay(2.0, 5, 0.5), learning_rate=LinearWarmup(4, 0.3),
    )  # fmt: skip
    trainer = nbann.Trainer(model, X, batch_size=size)
    trainer.run(1)
    rng = np.random.default_rng(0)
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        assert op.formula
        check_op(trainer, op, rng)
    explained = trainer.explain("som.weight", (3, 1))
    assert explained.value == trainer["som.weight"][3, 1]
    assert explained.gradient is None
    with pytest.raises(ValueError, match="check_gradients: expected a model that follows"):
        trainer.check_gradients()


def test_a_map_of_many_units_follows_the_same_formula():
    """Past 512 units distances on the grid are computed, not looked up."""
    start = np.random.default_rng(5).standard_normal((25 * 23, 3)) + 30
    trainer = nbann.Trainer(nbann.SOM(25, 23, weight=start, radius=3.0), X)
    trainer.step("batch")
    x, c = trainer["x"][0], int(trainer["som.winner"][0])
    rows, columns = np.divmod(np.arange(25 * 23), 23)
    squared = (rows - rows[c]) ** 2 + (columns - columns[c]) ** 2
    h = np.exp(-squared / 18)
    np.testing.assert_allclose(trainer["som.neighborhood"][0], h, rtol=1e-12)
    expected = start + 0.5 * h[:, None] * (x - start)
    np.testing.assert_allclose(trainer["som.weight"], expected, rtol=1e-12)
    check_op(trainer, trainer.program["som.neighborhood"], np.random.default_rng(0))


def test_a_described_map_that_no_file_holds_is_refused_before_it_is_laid_out():
    budget = Budget(100)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=r"'som.weight' of shape .* is larger"):
            budget.go_through(nbann.SOM(10**6, 10**6), (3,))
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("rule", ["online", "batch"])
def test_float32(rule):
    exact, single = (
        nbann.Trainer(nbann.SOM(3, 4, rule, weight=START), X, dtype=dtype)
        for dtype in ("float64", "float32")
    )
    for trainer in (exact, single):
        trainer.run(2)
    assert single["som.weight"].dtype == np.float32
    np.testing.assert_allclose(single["som.weight"], exact["som.weight"], rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.SOM(0, 3), "SOM rows: expected a whole number of at least 1"),
        (lambda: nbann.SOM(1, 1), "SOM: expected at least 2 units"),
        (lambda: nbann.SOM(2, 2, "stochastic"), "Unknown rule"),
        (lambda: nbann.SOM(2, 2, neighborhood="mexican hat"), "Unknown neighborhood"),
        (lambda: nbann.SOM(2, 2, topology="hex"), "Unknown topology 'hex'. Did you mean 'hexa"),
        (lambda: nbann.SOM(2, 2, radius=0.0), "radius: expected a finite number of at least 0.01"),
        (lambda: nbann.SOM(2, 2, learning_rate=0), "learning_rate: expected a finite number above"),
        (
            lambda: nbann.SOM(2, 2, radius=nbann.schedules.ReduceOnPlateau(1.0)),
            "radius: expected a schedule that counts epochs or batches",
        ),
        (lambda: nbann.Trainer(nbann.SOM(2, 2), X, batch_size=5), "batch_size: expected 1, sample"),
        (lambda: nbann.Trainer(nbann.SOM(2, 2), X, loss="mse"), "The loss of SOM"),
        (lambda: nbann.Trainer(nbann.SOM(2, 2), X, l1=0.1), "The penalty of SOM"),
        (lambda: nbann.Trainer(nbann.SOM(2, 2), X, optimizer="adam"), "expected plain SGD; rec"),
        (lambda: nbann.Trainer(nbann.SOM(2, 2, weight=X), X), r"som.weight: expected shape \(4, 3"),
        (lambda: nbann.Trainer(nbann.SOM(2, 2), X[:, :, None]), "samples of one axis"),
        (
            lambda: nbann.SOM(2, 2).u_matrix(nbann.Trainer(nbann.SOM(2, 3), X)),
            "u_matrix: expected a trainer of SOM",
        ),
    ],
)
def test_what_does_not_fit_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
