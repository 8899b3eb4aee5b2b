"""How layers fare, in numbers: by hand, by NumPy on the arrays themselves, and by PyTorch."""

import numpy as np
import pytest

import nbann
from nbann.core.scoring.layer_stats import norm
from nbann.core.scoring.layer_table import LayerStat, LayerStats

from .nets import copies, data, make, same_run

DEEP = [("dense", 5), "sigmoid", ("dense", 4), "tanh", ("linear", 4), "relu", ("dense", 3)]
NUMBERS = (
    "mean", "std", "min", "max", "not_finite", "dead", "saturated", "gradient", "gradient_norm",
    "parameter_gradient_norm", "update_ratio",
)  # fmt: skip


def by_hand(weights, x, layers, **settings):
    """A trainer of bias-free dense layers with given weights, one activation after each."""
    parts = []
    for weight, activation in zip(weights, layers, strict=True):
        parts += [nbann.Dense(len(weight[0]), weight=weight, bias=False), activation]
    x = np.array(x, float)
    settings = {"loss": "half_squared_error", "batch_size": None} | settings
    return nbann.Trainer(
        nbann.Sequential(parts), (x, np.zeros((len(x), len(weights[-1][0])))), **settings
    )


# ---- the numbers ---------------------------------------------------------------------------------
def test_one_batch_by_hand():
    """x = (1, 2) and (3, -4) through W = ((1, -1), (0, 0.5)), then ReLU; targets 0, rate 0.1.

    z  = (1, -1 + 1) = (1, 0);  (3, -3 - 2) = (3, -5)          mean -0.25, min -5, max 3
         squares about the mean: 1.25**2 + 0.25**2 + 3.25**2 + 4.75**2 = 34.75; std sqrt(34.75/4)
    a  = (1, 0), (3, 0)                       unit 1 of 2 is dead; mean 1
    L  = 1/2 * mean(a**2): dL/da = a/4 = (0.25, 0), (0.75, 0)   mean 0.25, norm sqrt(0.625)
    dL/dW = x.T @ dL/dz = ((1*0.25 + 3*0.75, 0), (2*0.25 - 4*0.75, 0)) = ((2.5, 0), (-2.5, 0))
    |W| = sqrt(1 + 1 + 0.25) = 1.5;  |0.1 * dL/dW| / |W| = 0.1 * sqrt(12.5) / 1.5
    """
    trainer = by_hand([[[1, -1], [0, 0.5]]], [[1, 2], [3, -4]], [nbann.ReLU()])
    trainer.step("batch")
    dense, relu = nbann.layer_stats(trainer)
    assert (dense.mean, dense.min, dense.max) == (-0.25, -5, 3)
    assert dense.std == pytest.approx(np.sqrt(34.75 / 4), rel=1e-15)
    assert (dense.dead, dense.saturated, dense.not_finite) == (None, None, 0)
    assert dense.parameter_gradient_norm == pytest.approx(np.sqrt(12.5), rel=1e-15)
    assert dense.update_ratio == pytest.approx(0.1 * np.sqrt(12.5) / 1.5, rel=1e-13)
    assert (relu.mean, relu.dead, relu.gradient) == (1, 0.5, 0.25)
    assert relu.gradient_norm == pytest.approx(np.sqrt(0.625), rel=1e-15)
    assert (relu.parameter_gradient_norm, relu.update_ratio) == (None, None)


def test_where_saturation_begins():
    """sigmoid(z) = 0.05 at z = -ln 19, and tanh(z) = 0.95 at z = ln(1.95/0.05)/2 = ln(39)/2."""
    edge = np.log(19)
    x = [[-edge * 1.01], [-edge * 0.99], [0], [edge * 0.99], [edge * 1.01]]
    sigmoid = by_hand([[[1]]], x, [nbann.Sigmoid()])
    x = [[-np.log(39) / 2 * 1.01], [np.log(39) / 2 * 0.99], [0], [3], [9]]
    tanh = by_hand([[[1]]], x, [nbann.Tanh()])
    for trainer, share in ((sigmoid, 2 / 5), (tanh, 3 / 5)):
        trainer.step("batch")
        assert nbann.layer_stats(trainer)[1].saturated == share
        assert nbann.layer_stats(trainer)[1].dead is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_number_against_numpy(dtype):
    trainer = make(DEEP, n=40, batch_size=16, dtype=dtype)
    trainer.run(2)
    stats = nbann.layer_stats(trainer)
    assert stats.rows == 8  # the last batch of 40 rows
    assert stats.layers == trainer.model.names
    for stat in stats:
        out = trainer[f"{stat.layer}.out"].astype(float)
        gradient = trainer[f"{stat.layer}.out.grad"].astype(float)
        found = (stat.mean, stat.std, stat.min, stat.max)
        expected = (out.mean(), out.std(), out.min(), out.max())
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(stat.gradient, np.abs(gradient).mean(), rtol=1e-12)
        np.testing.assert_allclose(stat.gradient_norm, np.linalg.norm(gradient), rtol=1e-12)
    relu = trainer["relu1.out"]
    assert stats["relu1"].dead == np.mean([not column.any() for column in relu.T])
    tanh = np.abs(trainer["tanh1.out"])
    assert stats["tanh1"].saturated == np.mean(tanh > 0.95)


@pytest.mark.torch
def test_gradients_against_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    trainer = make(DEEP, loss="mean_squared_error", n=20)
    X, _, values = data(20)
    parameters = [torch.tensor(array, requires_grad=True) for array in copies(trainer)]
    trainer.step("batch")
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    left, a, outputs = list(parameters), torch.tensor(X), []
    for part in DEEP:
        if isinstance(part, str):
            a = functions[part](a)
        else:
            a = a @ left.pop(0)
            a = a + left.pop(0) if part[0] == "dense" else a
        a.retain_grad()
        outputs.append(a)
    ((a - torch.tensor(values)) ** 2).mean().backward()
    stats = nbann.layer_stats(trainer)
    for stat, output in zip(stats, outputs, strict=True):
        assert stat.gradient == pytest.approx(output.grad.abs().mean().item(), rel=1e-10)
        assert stat.gradient_norm == pytest.approx(output.grad.norm().item(), rel=1e-10)
        assert stat.std == pytest.approx(output.std(correction=0).item(), rel=1e-10)
    of_layer = {"dense1": (0, 1), "dense2": (2, 3), "dense3": (4,), "dense4": (5, 6)}
    for layer, places in of_layer.items():
        together = torch.cat([parameters[i].grad.reshape(-1) for i in places]).norm().item()
        assert stats[layer].parameter_gradient_norm == pytest.approx(together, rel=1e-10)


# ---- how large an update is ----------------------------------------------------------------------
OPTIMIZERS = [
    nbann.SGD(0.2), nbann.SGD(0.2, momentum=0.9), nbann.SGD(0.2, momentum=0.9, nesterov=True),
    nbann.Adam(0.01), nbann.RMSprop(0.01), nbann.AdaGrad(0.1), nbann.AdamW(0.01),
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_the_size_of_an_update_is_what_the_weights_have_moved(optimizer):
    trainer = make(DEEP, n=30, batch_size=10, optimizer=optimizer)
    trainer.run(2)
    names = [f"dense{i}.weight" for i in (1, 2, 3, 4)]
    before = {name: trainer[name].copy() for name in names}
    trainer.step("batch")
    for name in names:
        ratio = np.linalg.norm(trainer[name] - before[name]) / np.linalg.norm(before[name])
        layer = name.partition(".")[0]
        assert nbann.layer_stats(trainer)[layer].update_ratio == pytest.approx(ratio, rel=1e-12)


def test_plain_descent_moves_weights_by_rate_times_gradient():
    trainer = make(DEEP, optimizer=nbann.SGD(0.3))
    weight = np.linalg.norm(trainer["dense2.weight"])
    trainer.step("batch")
    ratio = 0.3 * np.linalg.norm(trainer["dense2.weight.grad"]) / weight
    assert nbann.layer_stats(trainer)["dense2"].update_ratio == pytest.approx(ratio, rel=1e-9)


def test_what_else_changes_weights_is_no_update():
    trainer = make(DEEP)
    start = trainer.model_snapshot()
    trainer.run(3)
    assert nbann.layer_stats(trainer)["dense1"].update_ratio > 0
    trainer.restore_model(start)
    assert nbann.layer_stats(trainer)["dense1"].update_ratio is None

    def silence(event):
        event["dense1.weight"][:] = 0

    trainer.on("batch", silence, modifies=True)
    trainer.step("batch")
    assert nbann.layer_stats(trainer)["dense1"].update_ratio is None
    assert nbann.layer_stats(trainer)["dense2"].update_ratio > 0


def test_weights_of_zero_have_no_ratio():
    trainer = by_hand([[[0.0, 0.0]]], [[1.0], [2.0]], [nbann.Identity()])
    trainer.step("batch")
    assert nbann.layer_stats(trainer)[0].update_ratio is None


# ---- how far a batch has come --------------------------------------------------------------------
def known(stats):
    """The names of the numbers that are there in some layer."""
    return {n for n in NUMBERS if any(getattr(s, n) is not None for s in stats)}


def test_only_what_the_batch_has_computed_is_told():
    trainer = make(DEEP, batch_size=5)
    trainer.run(1)  # leaves numbers of an earlier batch behind
    trainer.step("op", 1)
    first, *others = nbann.layer_stats(trainer)
    assert first.mean == pytest.approx(trainer["dense1.out"].mean(), rel=1e-12)
    assert all(stat.mean is None and stat.gradient is None for stat in others)
    trainer.step("phase")
    outputs = {"mean", "std", "min", "max", "not_finite", "dead", "saturated"}
    assert known(nbann.layer_stats(trainer)) == outputs
    trainer.step("phase", 2)
    gradients = {"gradient", "gradient_norm", "parameter_gradient_norm"}
    assert known(nbann.layer_stats(trainer)) == outputs | gradients
    trainer.step("phase")
    assert known(nbann.layer_stats(trainer)) == outputs | gradients | {"update_ratio"}


def test_before_the_first_batch_nothing_is_known():
    stats = nbann.layer_stats(make(DEEP))
    assert known(stats) == {"not_finite"}
    assert "not computed yet" in stats.describe()
    assert np.isnan(stats.column("mean")).all()


def test_looking_changes_nothing():
    looked, plain = make(DEEP, batch_size=4), make(DEEP, batch_size=4)
    for _ in range(40):
        looked.step("op", 3)
        nbann.layer_stats(looked)
        nbann.layer_stats(looked, looked.train_data)
        nbann.diagnose(looked)
    plain.step("op", 120)
    same_run(looked, plain)


def test_where_a_run_diverged_the_numbers_of_that_batch_are_told():
    trainer = make([("dense", 4), "relu", ("dense", 3)], loss="mean_squared_error")
    trainer.learning_rate = 1e6
    stop = trainer.run(500)
    assert stop.reason == "nan"
    stats = nbann.layer_stats(trainer)
    bad = [s.layer for s in stats if s.not_finite]
    layers = list(trainer.model.names)
    assert bad == layers[layers.index(bad[0]) :]
    assert stop.op.startswith(f"{bad[0]}.") if bad else stop.op.startswith("loss.")
    assert "not finite" in repr(stats) or not bad
    assert all(s.update_ratio is None for s in stats)
    trainer.learning_rate = 1e-3
    trainer.step("op")
    assert nbann.layer_stats(trainer)[1].mean is None  # those were of a batch that is past


# ---- over data -----------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [7, 9001])
def test_over_data_equals_numpy_over_all_rows_at_once(rows):
    """Some thousand rows at a time go through the net; what they give together is one number."""
    rng = np.random.default_rng(4)
    trainer = make(DEEP, batch_size=4)
    trainer.run(3)
    X = rng.standard_normal((rows, 3)) + np.linspace(-3, 6, rows)[:, None]
    stats = nbann.layer_stats(trainer, (X, np.zeros(rows, int)))
    arrays = copies(trainer)
    z1 = X @ arrays[0] + arrays[1]
    a1 = 1 / (1 + np.exp(-z1))
    a2 = np.tanh(a1 @ arrays[2] + arrays[3])
    a3 = np.maximum(a2 @ arrays[4], 0)
    for layer, array in (("dense1", z1), ("sigmoid1", a1), ("tanh1", a2), ("relu1", a3)):
        stat = stats[layer]
        found = (stat.mean, stat.std, stat.min, stat.max)
        expected = (array.mean(), array.std(), array.min(), array.max())
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)
    assert stats["relu1"].dead == np.mean([not column.any() for column in a3.T])
    assert stats["sigmoid1"].saturated == pytest.approx(np.mean(np.abs(a1 - 0.5) > 0.45), abs=1e-15)
    assert stats.rows == rows
    assert known(stats) == {"mean", "std", "min", "max", "not_finite", "dead", "saturated"}


def test_a_unit_that_one_batch_leaves_at_0_is_not_dead_over_the_data():
    trainer = by_hand([[[1.0, -1.0]]], [[1.0], [2.0], [-3.0]], [nbann.ReLU()], batch_size=1)
    trainer.step("batch")
    assert nbann.layer_stats(trainer)["relu1"].dead == 0.5
    assert nbann.layer_stats(trainer, trainer.train_data)["relu1"].dead == 0


def test_data_that_does_not_fit():
    with pytest.raises(ValueError, match="3 features"):
        nbann.layer_stats(make(DEEP), (np.ones((2, 4)), [0, 1]))


# ---- nets of every kind --------------------------------------------------------------------------
def test_layers_made_of_layers_and_normalization():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((24, 4)), rng.integers(0, 3, 24)
    block = nbann.Residual([nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(6)], name="block")
    wide = nbann.Residual([nbann.LayerNorm(), nbann.Dense(8), nbann.Tanh()])
    net = nbann.Sequential([nbann.Dense(6), block, nbann.Dropout(0.3), wide, nbann.Dense(3)])
    trainer = nbann.Trainer(net, (X, y), batch_size=8)
    trainer.run(2)
    stats = nbann.layer_stats(trainer)
    assert stats.layers == (
        "dense1", "block.batch_norm1", "block.relu1", "block.dense1", "block", "dropout1",
        "residual1.layer_norm1", "residual1.dense1", "residual1.tanh1", "residual1", "dense2",
    )  # fmt: skip
    assert [s.kind for s in stats][1:6] == ["batch_norm", "relu", "dense", "residual", "dropout"]
    for stat in stats:
        out, gradient = trainer[f"{stat.layer}.out"], trainer[f"{stat.layer}.out.grad"]
        assert stat.mean == pytest.approx(out.mean(), rel=1e-10)
        assert stat.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-10)
    projection = np.linalg.norm(trainer["residual1.projection.grad"])
    assert stats["residual1"].parameter_gradient_norm == pytest.approx(projection, rel=1e-12)
    scale = [trainer["block.batch_norm1.gamma.grad"], trainer["block.batch_norm1.beta.grad"]]
    together = np.linalg.norm(np.concatenate(scale))
    assert stats["block.batch_norm1"].parameter_gradient_norm == pytest.approx(together, rel=1e-12)
    over_data = nbann.layer_stats(trainer, (X, y))
    assert set(stats.layers) - set(over_data.layers) == {"dropout1"}  # it is off when predicting


def test_recurrent_layers_are_one_layer_over_all_time_steps():
    rng = np.random.default_rng(2)
    X, y = 30 * rng.standard_normal((10, 6, 3)), rng.integers(0, 2, 10)
    net = nbann.Sequential([nbann.RNN(4, name="rnn"), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (X, y), batch_size=None)
    trainer.step("batch")
    stats = nbann.layer_stats(trainer)
    assert stats.layers == ("rnn", "dense1")
    h = np.array([trainer[f"rnn.t{t}.h"] for t in range(6)])
    assert stats["rnn"].saturated == pytest.approx(np.mean(np.abs(h) > 0.95), abs=1e-15)
    names = [f"rnn.{key}.grad" for key in ("weight", "recurrent", "bias")]
    together = np.linalg.norm(np.concatenate([trainer[name].reshape(-1) for name in names]))
    assert stats["rnn"].parameter_gradient_norm == pytest.approx(together, rel=1e-12)


def _nets():
    inner = nbann.Residual([nbann.Dense(4)])
    both = nbann.Bidirectional(nbann.RNN(3, activation="relu", return_sequences=True))
    return {
        "bidirectional": [nbann.Bidirectional(nbann.LSTM(4)), nbann.Dense(2)],
        "sequences": [nbann.GRU(4, return_sequences=True), nbann.Flatten(), nbann.Dense(2)],
        "blocks in blocks": [nbann.Dense(4), nbann.Residual([inner, nbann.Tanh()], name="outer"),
                             nbann.Flatten(), nbann.Softmax(), nbann.Dense(2)],
        "recurrent blocks": [nbann.Dense(4), nbann.Residual([both], name="outer"),
                             nbann.Flatten(), nbann.Dense(2)],
    }  # fmt: skip


@pytest.mark.parametrize("name", _nets())
def test_every_layer_that_has_an_output_is_listed_once_in_order(name):
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((10, 6, 3)), rng.integers(0, 2, 10)
    trainer = nbann.Trainer(nbann.Sequential(_nets()[name]), (X, y), batch_size=None)
    trainer.step("batch")
    stats = nbann.layer_stats(trainer)
    forward = [op.layer for op in trainer.program if op.phase == "forward"]
    assert list(stats.layers) == sorted(set(forward), key=lambda n: -forward[::-1].index(n))
    assert all(len(s.kind) > 1 and not s.kind[-1].isdigit() for s in stats)
    assert all(s.mean is not None and s.gradient is not None for s in stats)
    parameters = {n.rpartition(".")[0] for n in trainer.parameters}
    assert {s.layer for s in stats if s.parameter_gradient_norm is not None} == parameters
    assert nbann.layer_stats(trainer, (X, y)).layers == stats.layers


# ---- numbers at the edge -------------------------------------------------------------------------
def test_numbers_near_the_largest_do_not_overflow():
    big = 1e200
    trainer = by_hand([[[1.0]]], [[big], [-big], [2 * big]], [nbann.Identity()])
    trainer.step("phase")
    first = nbann.layer_stats(trainer)[0]
    assert first.mean == pytest.approx(2 / 3 * big, rel=1e-12)
    assert first.std == pytest.approx(big * np.std([1, -1, 2]), rel=1e-12)
    assert norm([np.array([3e200, 0]), np.array([[4e200]])]) == pytest.approx(5e200, rel=1e-14)
    assert norm([np.array([3e-200]), np.array([4e-200])]) == pytest.approx(5e-200, rel=1e-14)
    assert norm([]) == norm([np.zeros(3)]) == norm([np.empty(0)]) == 0
    assert norm([np.array([1.0, np.inf])]) == np.inf


def test_not_finite_elements_are_counted_and_left_out():
    trainer = by_hand([[[1e200, 1.0]]], [[1e200], [5.0]], [nbann.Identity()])
    trainer.step("phase")
    first = nbann.layer_stats(trainer)[0]
    assert first.not_finite == 1
    assert (first.min, first.max) == (5.0, pytest.approx(5e200))


# ---- printing and looking up ---------------------------------------------------------------------
def test_the_table():
    stats = LayerStats(
        [
            LayerStat("hidden", "dense", 0.25, 1.5, -2.0, 3.0, gradient=0.001),
            LayerStat("a", "relu", 0.5, 1.0, 0.0, 3.0, dead=0.25),
        ],
        rows=8,
    )
    gradients = "|dL/dout|  norm dL/dout  norm dL/dw  update/w"
    none = "-             -           -"
    assert repr(stats).splitlines() == [
        f"layer   kind   mean  std  min  max  dead  saturated  {gradients}",
        f"hidden  dense  0.25  1.5  -2   3    -     -          0.001      {none}",
        f"a       relu   0.5   1    0    3    0.25  -          -          {none}",
    ]
    assert stats.describe().splitlines() == [
        "hidden (dense): output mean 0.25, std 1.5, from -2 to 3; "
        "gradient at its output 0.001 on average",
        "a (relu): output mean 0.5, std 1, from 0 to 3; 25% of its units dead",
    ]


def test_looking_up():
    trainer = make(DEEP)
    trainer.step("batch")
    stats = nbann.layer_stats(trainer)
    assert len(stats) == 7
    assert stats["tanh1"] is stats[3] is stats[-4]
    assert [s.layer for s in stats[1:3]] == ["sigmoid1", "dense2"]
    np.testing.assert_array_equal(stats.column("gradient"), [s.gradient for s in stats])
    np.testing.assert_array_equal(np.isnan(stats.column("dead")), [s.dead is None for s in stats])
    with pytest.raises(ValueError, match="Did you mean 'tanh1'"):
        stats["tanh"]
    with pytest.raises(ValueError, match="Did you mean 'mean'"):
        stats.column("means")
    with pytest.raises(AttributeError):
        stats[0].mean = 3.0
