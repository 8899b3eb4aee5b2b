"""Losses that learn how values spread: whole nets, coverage, shapes, metrics, bad input.

That loss and gradient are PyTorch's is shown in test_losses.py, case by case.
"""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.datasets import load_linnerud
from sklearn.metrics import mean_pinball_loss

import nbann

from .loss_runs import Run
from .nets import same_run
from .timelines import Line, same_state

TRUE_AT_0 = 0.1
N, M = 4000, 20_000


@pytest.fixture(scope="module")
def runs():
    """A net for each loss, trained to its end on the same data."""
    train = nbann.datasets.heteroscedastic(N, TRUE_AT_0, seed=1)
    test = nbann.datasets.heteroscedastic(M, TRUE_AT_0, seed=2)
    found = {}
    for loss, outputs in ((nbann.GaussianNLL(), 2), (nbann.Pinball([0.1, 0.5, 0.9]), 3)):
        net = nbann.Sequential([nbann.Dense(24), nbann.Tanh(), nbann.Dense(outputs)])
        found[loss.kind] = trainer = nbann.Trainer(
            net, train, test=test, loss=loss, batch_size=250, evaluate_every=100,
            optimizer=nbann.Adam(nbann.schedules.CosineDecay(0.03, 100)),
            metrics=["coverage_0.8", "mean_pinball_loss_0.1", "r2", "mean_pinball_loss_0.9"],
        )  # fmt: skip
        trainer.run(100)
    return found, test


# ---- what is found out ---------------------------------------------------------------------------


def test_the_learned_deviation_is_the_true_one(runs):
    """A fit of p numbers to n values is off by about sqrt(p / 2n) in the logarithm of a deviation.

    In the mean it is off by sqrt(p / n) deviations: the bounds here count all weights of the net.
    """
    trainer, test = runs[0]["gaussian_nll"], runs[1]
    x = test.X[:, 0]
    true = TRUE_AT_0 * (1 + np.abs(x))
    p = sum(array.size for array in trainer.parameters.values())
    std, mean = trainer.predict_std(test.X), trainer.predict(test.X)
    assert np.sqrt(np.mean((std / true - 1) ** 2)) < math.sqrt(p / (2 * N))
    assert np.sqrt(np.mean(((mean - np.sin(x)) / true) ** 2)) < math.sqrt(p / N)
    assert np.corrcoef(std, true)[0, 1] > 0.98
    # no net is likelier than the truth by more than chance, and this one is about as likely
    likely = -norm.logpdf(test.y, np.sin(x), true)
    ours = trainer.evaluate(test)["loss"] + math.log(2 * math.pi) / 2
    assert likely.mean() - 5 * likely.std() / math.sqrt(M) < ours < likely.mean() + p / N


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["gaussian_nll", "pinball"])
def test_quantiles_have_their_share_below(runs, kind, q):
    """Of M new points the share below a true quantile is off by sqrt(q(1 - q)/M).

    That of a quantile that p weights have learned of N points by sqrt(q(1 - q) p/N) more.
    """
    trainer, test = runs[0][kind], runs[1]
    p = sum(array.size for array in trainer.parameters.values())
    below = (test.y <= trainer.predict_quantile(test.X, q)).mean()
    assert abs(below - q) < math.sqrt(q * (1 - q)) * (5 / math.sqrt(M) + math.sqrt(p / N))
    x = test.X[:, 0]
    true = np.sin(x) + norm.ppf(q) * TRUE_AT_0 * (1 + np.abs(x))
    off = (trainer.predict_quantile(test.X, q) - true) / (TRUE_AT_0 * (1 + np.abs(x)))
    assert np.sqrt(np.mean(off**2)) < math.sqrt(q * (1 - q) * p / N) / norm.pdf(norm.ppf(q))


@pytest.mark.parametrize("kind", ["gaussian_nll", "pinball"])
def test_the_metrics_are_what_their_names_say(runs, kind):
    trainer, test = runs[0][kind], runs[1]
    bounds = trainer.predict_interval(test.X, 0.8)
    inside = ((bounds[:, 0] <= test.y) & (test.y <= bounds[:, 1])).mean()
    assert trainer.history["test_coverage_0.8"][-1] == inside
    assert abs(inside - 0.8) < 5 * math.sqrt(0.16 / M) + 0.45 * math.sqrt(122 / (2 * N))
    for q in (0.1, 0.9):
        theirs = mean_pinball_loss(test.y, trainer.predict_quantile(test.X, q), alpha=q)
        found = trainer.history[f"test_mean_pinball_loss_{q}"][-1]
        assert found == pytest.approx(theirs, rel=1e-12)
    assert trainer.history["test_r2"][-1] > 0.85
    assert list(nbann.diagnose(trainer)) == []


def test_the_pinball_loss_is_the_mean_over_quantiles(runs):
    trainer, test = runs[0]["pinball"], runs[1]
    each = [
        mean_pinball_loss(test.y, a, alpha=q)
        for q, a in zip((0.1, 0.5, 0.9), trainer.predict(test.X).T, strict=True)
    ]
    assert trainer.evaluate(test)["loss"] == pytest.approx(np.mean(each), rel=1e-12)


def test_a_constant_learns_the_quantiles_of_the_data():
    """Koenker & Bassett (1978): the best constant is the sample quantile."""
    y = np.random.default_rng(0).exponential(size=101)
    q = [0.25, 0.5, 0.9]
    data = nbann.Dataset(np.zeros((101, 1)), y)
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(3)]), data, loss=nbann.Pinball(q), batch_size=None,
        optimizer=nbann.SGD(nbann.schedules.CosineDecay(3.0, 4000)),
    )  # fmt: skip
    trainer.run(epochs=4000)
    ordered = np.sort(y)
    # with 101 values the quantile 1/2 is the 51st; one of a loss with a flat bottom lies within it
    for found, share in zip(trainer.predict([[0.0]])[0], q, strict=True):
        below = ordered[max(math.ceil(101 * share) - 2, 0)]
        above = ordered[math.ceil(101 * share)]
        assert below <= found <= above


def test_a_constant_learns_mean_and_variance():
    y = np.random.default_rng(0).normal(3.0, 2.0, 200)
    data = nbann.Dataset(np.zeros((200, 1)), y)
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(2)]), data, loss=nbann.GaussianNLL(), batch_size=None,
        optimizer=nbann.Adam(nbann.schedules.CosineDecay(0.1, 1500)),
    )  # fmt: skip
    trainer.run(epochs=1500)
    assert trainer.predict([[0.0]])[0] == pytest.approx(y.mean(), rel=1e-6)
    assert trainer.predict_std([[0.0]])[0] == pytest.approx(y.std(), rel=1e-6)
    lower, upper = trainer.predict_interval([[0.0]], 0.5)[0]
    assert (lower, upper) == pytest.approx(norm.interval(0.5, y.mean(), y.std()), rel=1e-6)


# ---- gradients, replay ---------------------------------------------------------------------------

LOSSES = {
    "gaussian": (nbann.GaussianNLL(), 4),
    "gaussian full": (nbann.GaussianNLL(eps=0.1, full=True), 4),
    "pinball": (nbann.Pinball([0.2, 0.7]), 4),
    "poisson": (nbann.Poisson(), 2),
}


def several(kind, **settings):
    """Return a trainer on two targets."""
    loss, outputs = LOSSES[kind]
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((13, 3)), rng.standard_normal((13, 2))
    y = np.round(np.exp(y)) if kind == "poisson" else y
    data = nbann.Dataset(X, y, task="regression", weight=settings.pop("weight", None))
    net = nbann.Sequential([nbann.Dense(5), nbann.Tanh(), nbann.Dense(outputs)])
    settings = {"batch_size": None, "seed": 3} | settings
    return nbann.Trainer(net, data, loss=loss, **settings)


@pytest.mark.parametrize("weight", [None, np.arange(13.0)])
@pytest.mark.parametrize("kind", LOSSES)
def test_gradients_equal_central_differences(kind, weight):
    trainer = several(kind, weight=weight)
    trainer.run(3)
    assert trainer.check_gradients().error < 1e-8


@pytest.mark.parametrize("kind", LOSSES)
def test_going_back_and_saving(kind, tmp_path):
    def fresh():
        return several(kind, batch_size=5, optimizer="adam")

    trainer, line = fresh(), Line(fresh)
    trainer.run(2)
    for place in [(1, 1, 9), (0, 2, 4)]:
        trainer.goto(*place)
        same_state(line.at(trainer.position), trainer)
    trainer.set("dense2.bias", 1, -2.0)
    line.acted(trainer.position, ("set", "dense2.bias", 1, -2.0))
    trainer.step("batch", 2)
    same_state(line.at(trainer.position), trainer)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    assert repr(loaded.loss) == repr(trainer.loss)
    for one in (trainer, loaded):
        one.run(2)
    same_run(trainer, loaded)


@pytest.mark.parametrize("size", [1e4, 700.0, 0.0, -700.0, -1e4])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_loss_and_gradient_are_finite_whatever_the_log_variance_is(size, dtype):
    """In the limits: log v is s, or log eps; the slope of s is 1/2, or 0."""
    z, y = np.array([[0.5, size], [0.25, size]]), np.array([0.5, 0.75])
    run = Run(nbann.GaussianNLL(eps=1e-4), z, y, dtype=dtype)
    loss, gradient = run.step(update=False)
    log = np.logaddexp(size, math.log(1e-4))
    expected = (log + np.array([0.0, 0.25]) * np.exp(-log)).mean() / 2
    assert loss == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(gradient).all()
    share = np.exp(size - log)
    slopes = share * (1 - np.array([0.0, 0.25]) * np.exp(-log)) / 2 / 2
    np.testing.assert_allclose(gradient[:, 1], slopes, rtol=1e-5, atol=1e-30)


# ---- shapes --------------------------------------------------------------------------------------


def test_shapes_of_one_target_and_of_several():
    X, y = load_linnerud(return_X_y=True)
    data = nbann.Dataset(X, y).standardized()
    for loss, each in ((nbann.GaussianNLL(), 2), (nbann.Pinball([0.1, 0.9]), 2)):
        net = nbann.Sequential([nbann.Dense(3 * each)])
        trainer = nbann.Trainer(net, data, loss=loss, optimizer="adam")
        trainer.run(2)
        out = trainer.activations("dense1.out", data.X)
        assert trainer.predict_quantile(data.X, 0.1).shape == (20, 3)
        assert trainer.predict_interval(data.X, 0.8).shape == (20, 3, 2)
        if loss.kind == "pinball":
            assert trainer.predict(data.X).shape == (20, 3, 2)
            # the columns of a target's quantiles stand side by side
            np.testing.assert_array_equal(trainer.predict(data.X)[:, 1], out[:, 2:4])
            np.testing.assert_array_equal(trainer.predict_quantile(data.X, 0.9), out[:, 1::2])
        else:
            np.testing.assert_array_equal(trainer.predict(data.X), out[:, :3])
            assert trainer.predict_std(data.X).shape == (20, 3)
            std = np.sqrt(np.exp(out[:, 3:]) + 1e-6)
            np.testing.assert_allclose(trainer.predict_std(data.X), std, rtol=1e-12)
            bounds = np.stack(norm.interval(0.8, out[:, :3], std), axis=-1)
            np.testing.assert_allclose(trainer.predict_interval(data.X, 0.8), bounds, rtol=1e-9)
    one = nbann.Trainer(
        nbann.Sequential([nbann.Dense(1)]), (X, y[:, 0]), loss=nbann.Pinball(0.3), batch_size=8
    )
    assert one.predict(X).shape == (20, 1)
    assert one.predict_quantile(X, 0.3).shape == (20,)


def test_a_value_at_every_time_step():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 4, 2)), rng.standard_normal((6, 4, 1))
    mask = np.ones((6, 4))
    mask[2, 3] = 0
    data = nbann.Dataset(X, y, "regression", mask=mask)
    for loss, width in ((nbann.GaussianNLL(), 2), (nbann.Pinball(), 3)):
        net = nbann.Sequential([nbann.RNN(3, return_sequences=True), nbann.Dense(width)])
        trainer = nbann.Trainer(net, data, loss=loss, metrics=["coverage_0.8", "r2"])
        trainer.run(2)
        assert trainer.check_gradients().error < 1e-7
        bounds = trainer.predict_interval(X, 0.8, mask)
        assert bounds.shape == (6, 4, 2)
        inside = (bounds[..., 0] <= y[..., 0]) & (y[..., 0] <= bounds[..., 1])
        assert trainer.history["train_coverage_0.8"][-1] == inside[mask > 0].mean()


# ---- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nbann.GaussianNLL(eps=0.0), "eps: expected"),
        (lambda: nbann.GaussianNLL(full=1), "full: expected True or False"),
        (lambda: nbann.Pinball([]), "at least one number"),
        (lambda: nbann.Pinball([0.5, 0.5]), "each above the one before"),
        (lambda: nbann.Pinball([0.9, 0.1]), "each above the one before"),
        (lambda: nbann.Pinball(1.0), "quantiles: expected"),
        (lambda: nbann.Pinball("half"), "quantiles: expected"),
        (lambda: nbann.metrics.coverage(1.0), "level: expected"),
        (lambda: nbann.metrics.mean_pinball_loss(0), "q: expected"),
        (lambda: nbann.datasets.heteroscedastic(0), "n: expected"),
    ],
)
def test_settings_out_of_range(build, message):
    with pytest.raises(ValueError, match=message):
        build()


X3 = np.arange(6.0)[:, None]


@pytest.mark.parametrize(
    ("loss", "outputs", "y", "message"),
    [
        (nbann.GaussianNLL(), 3, X3[:, 0], "2 outputs a target; received 3 outputs"),
        (nbann.GaussianNLL(), 4, X3[:, 0], "expected 2 columns, as the net has 4 outputs"),
        (nbann.GaussianNLL(), 2, np.c_[X3, X3], "received 2. Give the last layer 4 neurons"),
        (nbann.Pinball([0.1, 0.9]), 3, X3[:, 0], "2 outputs a target"),
    ],
)
def test_outputs_that_do_not_fit(loss, outputs, y, message):
    with pytest.raises(ValueError, match=message):
        nbann.Trainer(nbann.Sequential([nbann.Dense(outputs)]), (X3, y), loss=loss)


def test_questions_that_a_net_can_not_answer():
    plain = nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), (X3, X3[:, 0]))
    with pytest.raises(ValueError, match="predict_std: expected a net trained with GaussianNLL"):
        plain.predict_std(X3)
    with pytest.raises(ValueError, match="A quantile: expected a net trained with GaussianNLL"):
        plain.predict_interval(X3)
    net = nbann.Sequential([nbann.Dense(2)])
    pinball = nbann.Trainer(net, (X3, X3[:, 0]), loss=nbann.Pinball([0.1, 0.9]))
    with pytest.raises(ValueError, match=r"of the quantile 0.5; received Pinball"):
        pinball.predict_quantile(X3, 0.5)
    with pytest.raises(ValueError, match="q: expected"):
        pinball.predict_quantile(X3, 1.0)
    with pytest.raises(ValueError, match="level: expected"):
        pinball.predict_interval(X3, 2.0)
    for metrics, loss in (("coverage_0.5", nbann.Pinball([0.1, 0.9])), ("coverage_0.9", "mse")):
        outputs = 1 if loss == "mse" else 2
        with pytest.raises(ValueError, match="a net that gives the quantile"):
            nbann.Trainer(
                nbann.Sequential([nbann.Dense(outputs)]), (X3, X3[:, 0]), loss=loss,
                metrics=[metrics],
            )  # fmt: skip
    with pytest.raises(ValueError, match="expected quantiles"):
        nbann.metrics.coverage(0.8)(X3[:, 0], X3[:, 0])
    with pytest.raises(ValueError, match="metric"):
        nbann.Trainer(net, (X3, X3[:, 0]), loss=nbann.Pinball([0.1, 0.9]), metrics=["coverage_2"])


def test_metrics_called_by_oneself():
    y, bounds = np.array([1.0, 2.0, 3.0, 4.0]), np.array([[0, 2], [2, 2], [4, 5], [0, 3]])
    assert nbann.metrics.coverage(0.8)(y, bounds) == 0.5
    a = np.array([2.0, 2.0, 2.0, 2.0])
    assert nbann.metrics.mean_pinball_loss(0.25)(y, a) == mean_pinball_loss(y, a, alpha=0.25)


def test_one_seed_gives_one_set():
    a, b = (nbann.datasets.heteroscedastic(50, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.y, b.y)
    assert not np.array_equal(a.y, nbann.datasets.heteroscedastic(50, seed=4).y)
    big = nbann.datasets.heteroscedastic(100_000, 0.2, seed=0)
    x = big.X[:, 0]
    e = (big.y - np.sin(x)) / (0.2 * (1 + np.abs(x)))
    assert abs(e.std() - 1) < 5 / math.sqrt(2 * len(e))  # 5 standard errors
