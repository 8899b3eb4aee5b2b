"""What ails a run: silence on healthy ones, the right words and layer on those made ill on purpose.

Each illness is made by what textbooks say makes it; what the findings measure is computed once more
in plain NumPy.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import nbann
from nbann.core.scoring import diagnosis_case, diagnosis_curves, diagnosis_rules
from nbann.core.scoring.diagnosis import RULES
from nbann.core.scoring.findings import Diagnosis, Finding

ACTIVATIONS = {"relu": nbann.ReLU, "tanh": nbann.Tanh, "sigmoid": nbann.Sigmoid}
KINDS = {
    "not_finite", "dead_relu", "saturation", "identical_units", "vanishing_gradient",
    "exploding_gradient", "learning_rate_too_high", "learning_rate_too_low", "plateau",
    "overfitting",
}  # fmt: skip


def halves(bunch, seed, scale):
    """Return training and test data, in a random order, three quarters and one."""
    X, y = bunch(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    X = X[order] / scale if scale else (X[order] - X.mean(axis=0)) / X.std(axis=0)
    y, cut = y[order], len(X) * 3 // 4
    return (X[:cut], y[:cut]), (X[cut:], y[cut:])


def mlp(hidden, outputs, activation, init="glorot_uniform"):
    layers = []
    for units in hidden:
        layers += [nbann.Dense(units, init=init), ACTIVATIONS[activation]()]
    return nbann.Sequential([*layers, nbann.Dense(outputs, init=init)])


def iris(activation="tanh", seed=0, rate=0.1, size=16, init="glorot_uniform", **settings):
    train, test = halves(load_iris, seed, None)
    settings = {"optimizer": nbann.SGD(rate), "batch_size": size, "seed": seed} | settings
    return nbann.Trainer(mlp([6], 3, activation, init), train, test=test, **settings)


def digits(activation="relu", seed=0, hidden=(64,), init="glorot_uniform", **settings):
    train, test = halves(load_digits, seed, 16)
    settings = {"optimizer": nbann.SGD(0.05, momentum=0.9), "seed": seed} | settings
    return nbann.Trainer(mlp(hidden, 10, activation, init), train, test=test, **settings)


def xor(activation="tanh", seed=0, units=8, rate=0.5, **settings):
    settings = {"optimizer": nbann.SGD(rate), "seed": seed, "evaluate_every": 10} | settings
    net = mlp([units], 2, activation)
    return nbann.Trainer(net, nbann.datasets.xor(), batch_size=None, **settings)


def sine(activation="tanh", seed=0, rate=0.05, size=32, **settings):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.pi, np.pi, (260, 1))
    y = np.sin(x) + 0.1 * rng.standard_normal((260, 1))
    train, test = (x[:200], y[:200]), (x[200:], y[200:])
    settings = {"optimizer": nbann.SGD(rate, momentum=0.9), "seed": seed} | settings
    return nbann.Trainer(
        mlp([16, 16], 1, activation), train, test=test, batch_size=size, **settings
    )


def trask():
    rng = np.random.RandomState(1)
    first, second = 2 * rng.random_sample((3, 4)) - 1, 2 * rng.random_sample((4, 1)) - 1
    hidden = [nbann.Dense(4, weight=first, bias=False), nbann.Sigmoid()]
    output = [nbann.Dense(1, weight=second, bias=False), nbann.Sigmoid()]
    how = {"loss": nbann.HalfSquaredError("sum"), "optimizer": nbann.SGD(1.0)}
    net = nbann.Sequential([*hidden, *output])
    return nbann.Trainer(net, nbann.datasets.trask(), batch_size=None, evaluate_every=100, **how)


# ---- healthy -------------------------------------------------------------------------------------
HEALTHY = {
    **{f"iris {a}": (lambda seed, a=a: iris(a, seed), (3, 17, 60)) for a in ACTIVATIONS},
    **{
        f"iris {a}, all at once": (lambda seed, a=a: iris(a, seed, 0.3, None), (20, 80, 300))
        for a in ACTIVATIONS
    },
    **{f"digits {a}": (lambda seed, a=a: digits(a, seed), (1, 3, 6)) for a in ACTIVATIONS},
    "digits, three layers": (lambda seed: digits("relu", seed, (32, 32, 32)), (2, 4, 6)),
    "digits, Adam": (lambda seed: digits("relu", seed, optimizer="adam"), (2, 6)),
    **{f"sine {a}": (lambda seed, a=a: sine(a, seed), (30, 70)) for a in ("tanh", "relu")},
    "xor": (lambda seed: xor("tanh", seed), (50, 500, 2000)),
    "trask": (lambda seed: trask(), (10, 1000, 9000)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_found_in_a_healthy_run(name):
    """At several times of several runs; that they are healthy, their scores say."""
    make, epochs = HEALTHY[name]
    for seed in range(3):
        trainer = make(seed)
        for more in epochs:
            trainer.run(more)
            found = nbann.diagnose(trainer)
            assert not found, (seed, trainer.position.epoch, found)
            assert repr(found) == f"nothing found after {len(trainer.history['loss'])} batches"
        last = trainer.history.last
        score = last("train_accuracy")
        assert score > 0.92 if score is not None else last("train_loss") < 0.05


def test_a_net_that_works_is_not_ill_whatever_its_units_look_like():
    """Trask's net is right on every row, half of its hidden units saturated."""
    trainer = trask()
    trainer.run(60_000)
    assert nbann.layer_stats(trainer)["sigmoid1"].saturated >= diagnosis_rules.SATURATION
    assert trainer.evaluate(nbann.datasets.trask())["loss"] < 1e-3
    assert not nbann.diagnose(trainer)


def test_a_hundred_residual_layers_are_healthy_at_their_start():
    """The gradient reaches the first layer, though none goes through a block that starts at 0."""
    train, test = halves(load_digits, 0, 16)

    def block(init):
        return nbann.Residual([nbann.LayerNorm(), nbann.ReLU(), nbann.Dense(16, init=init)])

    for init in ("he_normal", "zeros"):
        blocks = [block(init) for _ in range(98)]
        net = nbann.Sequential([nbann.Dense(16, init="he_normal"), *blocks, nbann.Dense(10)])
        trainer = nbann.Trainer(net, train, test=test, batch_size=64, optimizer=nbann.SGD(1e-4))
        trainer.step("batch")
        assert nbann.diagnose(trainer).kinds == ()


# ---- dead ReLU -----------------------------------------------------------------------------------
def test_dead_units():
    """Start biases of -20 keep 12 of 16 units below 0 on all rows."""
    train, _ = halves(load_iris, 0, None)
    bias = np.where(np.arange(16) < 12, -20.0, 0.0)
    first = nbann.Dense(16, name="first", bias=bias)
    second = nbann.Dense(8, name="second", bias=np.full(8, -9.0), init="zeros")
    net = nbann.Sequential(
        [first, nbann.ReLU(name="most"), second, nbann.ReLU(name="all"), nbann.Dense(3)]
    )
    trainer = nbann.Trainer(net, train, optimizer=nbann.SGD(1e-3))
    trainer.run(3)
    finding = nbann.diagnose(trainer)["dead_relu"]
    assert finding.layer == "all"
    assert finding.measure == 1
    assert "100% of its units are 0 on all 112 training rows (so it is at most)" in finding.message
    z = train[0] @ trainer["first.weight"] + trainer["first.bias"]
    share = nbann.layer_stats(trainer, train)["most"].dead
    assert share == (z <= 0).all(axis=0).mean() == 0.75


@pytest.mark.parametrize("rate", [10.0, 100.0])
def test_a_rate_too_high_kills_relus(rate):
    trainer = digits("relu", optimizer=nbann.SGD(rate))
    trainer.run(5)
    found = nbann.diagnose(trainer)
    assert found["dead_relu"].layer == "relu1"
    assert found["dead_relu"].measure > 0.9
    assert "dead relu at relu1" in repr(found)
    assert "Lu et al." in found.describe()


# ---- saturation ----------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_large_start_weights_saturate(activation):
    init = nbann.initializers.Normal(30.0)
    trainer = iris(activation, init=init, rate=1e-6)
    trainer.run(2)
    finding = nbann.diagnose(trainer)["saturation"]
    X = halves(load_iris, 0, None)[0][0]
    a = np.tanh(
        (X @ trainer["dense1.weight"] + trainer["dense1.bias"]) / (1 + (activation != "tanh"))
    )
    # sigmoid(z) = (1 + tanh(z/2)) / 2, and 0.95 is 0.9 there
    share = np.mean(np.abs(a) > (0.95 if activation == "tanh" else 0.9))
    assert finding.layer == f"{activation}1"
    assert finding.measure == pytest.approx(share, abs=1e-12)
    assert finding.measure > diagnosis_rules.SATURATION


def test_the_most_saturated_layer_is_named():
    net = [nbann.Dense(8, init=nbann.initializers.Normal(std)) for std in (2.0, 60.0, 2.0)]
    layers = [part for dense in net for part in (dense, nbann.Tanh())]
    train, _ = halves(load_iris, 1, None)
    trainer = nbann.Trainer(nbann.Sequential([*layers, nbann.Dense(3)]), train)
    finding = nbann.diagnose(trainer)["saturation"]  # even before the first batch
    assert finding.layer == "tanh2"
    assert nbann.diagnose(trainer).batches == 0


def test_an_output_that_is_surely_wrong():
    """Nielsen's neuron: w = b = 2 gives 0.98 where 0 is asked for; it hardly learns at first."""
    neuron = nbann.Dense(1, weight=[[2.0]], bias=[2.0])
    net = nbann.Sequential([neuron, nbann.Sigmoid(name="out")])
    trainer = nbann.Trainer(
        net, ([[1.0]], [[0.0]]), loss="half_squared_error", optimizer=nbann.SGD(0.15)
    )
    trainer.run(20)
    finding = nbann.diagnose(trainer)["saturation"]
    assert (finding.layer, finding.measure) == ("out", 1)
    trainer.run(300)  # as in his figure, it is learned by then
    assert trainer["out.out"].item() < 0.2
    assert not nbann.diagnose(trainer)


def test_an_output_that_is_surely_right_is_no_illness():
    """One of two outputs is saturated, and right; what the other gets wrong, it is not sure of."""
    X = np.array([[1.0], [-1.0]] * 10)
    y = np.hstack([X > 0, np.zeros((20, 1))]) * 1.0
    y[::3, 1] = 1
    net = nbann.Sequential([nbann.Dense(2, weight=[[9.0, 0.0]]), nbann.Sigmoid()])
    trainer = nbann.Trainer(net, (X, y), loss="mean_squared_error")
    trainer.run(3)
    assert nbann.layer_stats(trainer)["sigmoid1"].saturated == 0.5
    assert "saturation" not in nbann.diagnose(trainer).kinds


# ---- units that are all the same -----------------------------------------------------------------
@pytest.mark.parametrize("value", [0.0, 0.3])
def test_equal_start_weights(value):
    trainer = iris("tanh", init=lambda rng, shape: np.full(shape, value))
    trainer.run(5)
    finding = nbann.diagnose(trainer)["identical_units"]
    assert finding.layer == "dense1"
    assert "all 6 units have the same weights" in finding.message
    assert (np.ptp(trainer["dense1.weight"], axis=1) == 0).all()


def test_equal_weights_with_unequal_gradients_part_by_themselves():
    train, _ = halves(load_iris, 0, None)
    net = nbann.Sequential([nbann.Dense(6, init="zeros"), nbann.Tanh(), nbann.Dense(3)])
    trainer = nbann.Trainer(net, train)
    trainer.step("phase", 3)
    assert not trainer["dense1.weight"].any()
    assert "identical_units" not in nbann.diagnose(trainer).kinds


# ---- gradients -----------------------------------------------------------------------------------
def test_the_layer_where_the_gradient_vanishes():
    """Weights of 0.1 on a chain of identities: a tenth at each, so a thousandth after three.

    dL/d out at the output is g; at dense5, 4, 3, 2, 1 it is 0.1 g, ..., 1e-5 g. Below a thousandth
    it first is at dense2, seen from the output.
    """
    chain = [nbann.Dense(1, weight=[[w]], bias=False) for w in (1.0, *[0.1] * 5)]
    trainer = nbann.Trainer(
        nbann.Sequential(chain), ([[1.0], [2.0]], [3.0, 1.0]), optimizer=nbann.SGD(1e-6)
    )
    trainer.step("batch")
    found = nbann.diagnose(trainer)
    assert found.kinds == ("vanishing_gradient",)
    assert found[0].layer == "dense2"
    assert found[0].measure == pytest.approx(1e-4, rel=1e-9)
    assert "at dense6" in found[0].message
    assert "at dense1" in found[0].message


def test_the_layer_where_the_gradient_explodes():
    """The same with weights of 11: 11**3 = 1331 is above a thousand at dense3."""
    chain = [nbann.Dense(1, weight=[[w]], bias=False) for w in (1.0, *[11.0] * 5)]
    trainer = nbann.Trainer(
        nbann.Sequential(chain), ([[1.0], [2.0]], [3.0, 1.0]), optimizer=nbann.SGD(1e-15)
    )
    trainer.step("batch")
    found = nbann.diagnose(trainer)
    assert found.kinds == ("exploding_gradient",)
    assert found[0].layer == "dense3"
    assert found[0].measure == pytest.approx(1331, rel=1e-9)


@pytest.mark.parametrize("first", [1e5, 1e-5])
def test_uneven_gradients_of_a_net_that_works(first):
    """y = x through weights of 1e5 and 1e-5: the gradient at dense1 is 1e-5 of the output's."""
    chain = [nbann.Dense(1, weight=[[w]], bias=False) for w in (first, 1 / first)]
    trainer = nbann.Trainer(
        nbann.Sequential(chain), ([[1.0], [2.0]], [1.01, 2.0]), optimizer=nbann.SGD(1e-20)
    )
    trainer.step("batch")
    gradients = nbann.layer_stats(trainer).column("gradient")
    assert gradients[0] / gradients[1] == pytest.approx(1 / first, rel=1e-9)
    assert not nbann.diagnose(trainer)


def test_a_start_that_overflows_at_once():
    init = nbann.initializers.Normal(1e60)
    trainer = iris("relu", init=init, size=None)
    deep = mlp([8] * 6, 3, "relu", init=init)
    trainer = nbann.Trainer(deep, trainer.train_data)
    stop = trainer.run(1)
    assert (stop.reason, stop.position[:2]) == ("nan", (0, 0))
    found = nbann.diagnose(trainer)
    assert found["not_finite"].layer == stop.op.partition(".")[0]
    assert stop.op in found["not_finite"].message
    assert found["exploding_gradient"].layer == "dense2"  # 1e60 times as large as dense1's
    assert "learning_rate_too_high" not in found.kinds


# ---- the learning rate ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "epochs"),
    [
        (lambda: iris("tanh", rate=50.0, size=None), 100),
        (lambda: iris("tanh", rate=100.0), 50),
        (lambda: digits("tanh", optimizer=nbann.SGD(3.0)), 15),
        (lambda: digits("relu", optimizer=nbann.SGD(100.0)), 5),
        (lambda: digits("tanh", optimizer=nbann.Adam(3.0)), 8),
        (lambda: sine(rate=1.0, size=None), 100),
        (lambda: sine(rate=0.5), 100),
    ],
    ids=["iris at once", "iris", "digits tanh", "digits relu", "Adam", "sine at once", "sine"],
)  # fmt: skip
def test_a_rate_too_high(make, epochs):
    trainer = make()
    trainer.run(epochs)
    finding = nbann.diagnose(trainer)["learning_rate_too_high"]
    assert f"at a learning rate of {trainer.learning_rate:g}" in finding.message
    assert finding.measure >= finding.threshold


def test_a_rate_beyond_twice_the_best_raises_a_parabola():
    """L = w**2 (curvature 2) diverges for rates above 2/2 = 1 (LeCun et al., 1998, section 5)."""
    for rate, ill in ((0.9, False), (1.1, True)):
        net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=False, name="w")])
        how = {"optimizer": nbann.SGD(rate), "loss": "mean_squared_error"}
        trainer = nbann.Trainer(net, ([[1.0]], [0.0]), **how)
        trainer.run(20)
        assert not nbann.diagnose(trainer)  # at first a loss may well overshoot
        trainer.run(40)
        found = nbann.diagnose(trainer)
        assert ("learning_rate_too_high" in found.kinds) == ill
        if ill:
            assert found["learning_rate_too_high"].layer == "w"


def test_an_update_that_overflows():
    trainer = sine("sigmoid", rate=1e308)
    assert trainer.run(1).op.startswith("sgd.")
    found = nbann.diagnose(trainer)
    assert found.kinds == ("not_finite", "learning_rate_too_high")
    assert "an update overflowed at a learning rate of 1e+308" in found[1].message
    trainer.learning_rate = 0.05
    trainer.run(60)
    assert not nbann.diagnose(trainer)


def test_nan_where_the_guard_is_off():
    trainer = sine(rate=1.0, stop_on_nan=False)
    trainer.run(40)
    finding = nbann.diagnose(trainer)["not_finite"]
    assert "dense1.affine (forward)" in finding.message  # the weights themselves are NaN by now
    assert finding.layer == "dense1"


@pytest.mark.parametrize("rate", [1e-6, 1e-5, 1e-4])
@pytest.mark.parametrize("make", [iris, digits], ids=["iris", "digits"])
def test_a_rate_too_low(make, rate):
    trainer = make(optimizer=nbann.SGD(rate))
    trainer.run(20)
    found = nbann.diagnose(trainer)
    assert found.kinds == ("learning_rate_too_low",)
    assert found[0].measure < diagnosis_curves.TINY_UPDATE
    assert f"the learning rate of {rate:g}" in found[0].message


# ---- plateau -------------------------------------------------------------------------------------
@pytest.mark.parametrize("init", ["glorot_uniform", nbann.initializers.Normal(0.01)], ids=str)
def test_a_line_can_not_learn_exclusive_or(init):
    """Minsky & Papert (1969): no line parts the classes; the loss stays at ln 2.

    It comes near soon and then no nearer: no higher rate would help.
    """
    net = nbann.Sequential([nbann.Dense(2, init=init)])
    trainer = nbann.Trainer(net, nbann.datasets.xor(), batch_size=None, optimizer=nbann.SGD(0.5))
    trainer.run(1000)
    assert trainer.history["loss"][-1] == pytest.approx(np.log(2), rel=1e-3)
    found = nbann.diagnose(trainer)
    assert found.kinds == ("plateau",)
    assert "from 0.6931 to 0.6931 only" in found[0].message


def test_a_plateau_over_minibatches_is_seen_in_the_evaluations():
    rng = np.random.default_rng(0)
    trainer = nbann.Trainer(
        mlp([4], 2, "tanh"), (rng.standard_normal((400, 2)), rng.integers(0, 2, 400)), l2=0.1
    )
    trainer.run(60)
    finding = nbann.diagnose(trainer)["plateau"]
    curve = trainer.history["train_loss"][30:]
    fall = 1 - np.median(curve[15:]) / np.median(curve[:15])
    assert finding.measure == pytest.approx(fall, abs=1e-12)
    assert "in the last 30 evaluations" in finding.message


def test_a_short_run_is_no_plateau():
    trainer = xor("sigmoid", rate=0.1)
    trainer.run(100)
    assert not nbann.diagnose(trainer)


# ---- overfitting ---------------------------------------------------------------------------------
@pytest.mark.parametrize("part", ["test", "validation"])
def test_wrong_labels_learned_by_heart(part):
    """100 digits, a third with a random label: a net that knows them all fails elsewhere."""
    (X, y), unseen = halves(load_digits, 0, 16)
    rng = np.random.default_rng(0)
    y = np.where(rng.random(len(y)) < 0.3, rng.integers(0, 10, len(y)), y)
    net = mlp([64], 10, "relu")
    sgd = nbann.SGD(0.05, momentum=0.9)
    how = {"optimizer": sgd, "batch_size": 20, part: unseen}
    trainer = nbann.Trainer(net, (X[:100], y[:100]), **how)
    trainer.run(10)
    assert not nbann.diagnose(trainer)
    trainer.run(190)
    found = nbann.diagnose(trainer)
    assert found.kinds == ("overfitting",)
    losses = trainer.history[f"{part}_loss"]
    assert found[0].measure == pytest.approx(100 * (np.median(losses[-3:]) / losses.min() - 1))
    assert f"since evaluation {losses.argmin() + 1} of 200" in found[0].message
    assert trainer.history["train_accuracy"][-1] == 1


# ---- what is done with it ------------------------------------------------------------------------
def test_before_the_first_batch():
    assert repr(nbann.diagnose(iris())) == "nothing found (no batch has run yet)"
    assert nbann.diagnose(iris()).describe() == "nothing found (no batch has run yet)"


@pytest.mark.parametrize("ops", [1, 3, 5, 9, 12, 14])
def test_in_the_midst_of_a_batch(ops):
    trainer = iris()
    trainer.run(3)
    trainer.step("op", ops)
    assert not nbann.diagnose(trainer)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("binary_cross_entropy", [0, 1, 1, 0]), ("hinge", [0, 1, 1, 0]),
        ("binary_cross_entropy", np.array([[0, 1], [1, 1], [1, 0], [0, 0]])),
        ("mean_absolute_error", [0.5, 1.5, 1.5, 0.5]), ("huber", np.ones((4, 2))),
    ],
)  # fmt: skip
def test_with_losses_of_every_kind(loss, y):
    y = np.asarray(y)
    net = mlp([6], y.shape[1] if y.ndim == 2 else 1, "tanh")
    X = nbann.datasets.xor().X
    trainer = nbann.Trainer(net, (X, y), loss=loss, optimizer="adam", batch_size=None)
    trainer.learning_rate = 0.05
    trainer.run(600)
    assert not nbann.diagnose(trainer)
    assert trainer.history["loss"][-1] < 0.1


def test_time_steps_that_are_masked_out_do_not_count():
    """The start biases have the net say 1 in the padding, where nobody asks; the rest counts."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((30, 4, 2))
    mask = np.arange(4) < rng.integers(1, 5, (30, 1))
    y = np.where(mask, X[..., 0] > 0, X[..., 1] > 0) * 1
    train = nbann.Dataset(X, y, "classification", mask=mask)
    net = nbann.Sequential([nbann.Dense(8), nbann.Tanh(), nbann.Dense(2, bias=[-0.5, 0.5])])
    trainer = nbann.Trainer(net, train, optimizer=nbann.Adam(0.05))
    trainer.run(1)
    case = diagnosis_case.Case(trainer)
    right = (trainer.predict(X) == y)[mask]
    base = max(np.mean(y[mask]), 1 - np.mean(y[mask]))
    assert 0 < (~right).sum() < len(right)
    assert case.learned == pytest.approx(1 - (1 - right.mean()) / (1 - base), abs=1e-12)
    trainer.run(60)
    assert not nbann.diagnose(trainer)


def test_how_much_is_learned_by_the_numbers_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    trainer = sine()
    trainer.run(4)
    x, y = trainer.train_data.X, trainer.train_data.y
    r2 = metrics.r2_score(y, trainer.predict(x))
    assert diagnosis_case.Case(trainer).learned == pytest.approx(r2, rel=1e-10)
    trainer = iris()
    trainer.run(1)
    x, y = trainer.train_data.X, trainer.train_data.y
    wrong = 1 - metrics.accuracy_score(y, trainer.predict(x))
    guess = 1 - np.bincount(y).max() / len(y)
    assert diagnosis_case.Case(trainer).learned == pytest.approx(1 - wrong / guess, rel=1e-10)


def test_targets_that_are_all_the_same():
    for target, learned in ((0.0, 1.0), (1.0, 0.0)):
        net = nbann.Sequential([nbann.Dense(1, init="zeros")])
        trainer = nbann.Trainer(net, (np.ones((4, 2)), np.full(4, target)))
        assert diagnosis_case.Case(trainer).learned == learned


def test_large_data_is_looked_at_in_part():
    X = np.linspace(-1, 1, 10_000)[:, None]
    trainer = nbann.Trainer(mlp([4], 1, "tanh"), (X, X[:, 0]), batch_size=1000)
    trainer.run(1)
    rows = diagnosis_case.Case(trainer).rows["x"]
    np.testing.assert_array_equal(rows, X[::3])
    assert len(rows) <= diagnosis_case.ROWS


def test_a_diagnosis_is_a_sequence():
    one = Finding("plateau", None, "no progress.", 0.0, 0.01, "Prechelt says so.")
    two = Finding("dead_relu", "relu1", "all dead.", 1.0, 0.4, "Lu says so.")
    found = Diagnosis([one, two], 7)
    assert list(found) == [one, two]
    assert found[0] is found["plateau"] is one
    assert found[:1] == (one,)
    assert found.kinds == ("plateau", "dead_relu")
    assert repr(found) == "plateau: no progress.\ndead relu at relu1: all dead."
    why = found.describe().splitlines()
    assert why[1::2] == ["    Why: Prechelt says so.", "    Why: Lu says so."]
    with pytest.raises(KeyError, match="'saturation' is not among what was found: plateau, dead"):
        found["saturation"]
    assert not Diagnosis([], 3)


def test_every_rule_gives_its_reason_with_a_source():
    reasons = {
        name: value
        for module in (diagnosis_rules, diagnosis_curves)
        for name, value in vars(module).items()
        if name.endswith("_REASON")
    }
    assert len(reasons) == 8
    assert all(any(str(year) in text for year in range(1990, 2025)) or "CS231n" in text
               for text in reasons.values())  # fmt: skip
    assert {rule.__name__ for rule in RULES} == KINDS
