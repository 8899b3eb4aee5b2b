"""Every op can be read: its formula, and any element's arithmetic with this batch's numbers."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import nbann

from . import sums
from .nets import HIDDEN, data, make

DEEP = [("dense", 5), "relu", ("linear", 4), "sigmoid", ("dense", 3), "tanh", ("dense", 3)]
WIDE = [("dense", 12), "sigmoid", ("dense", 3)]
CASES = {
    "plain": (HIDDEN, "cross_entropy", {}),
    "l2": (HIDDEN, "cross_entropy", {"l2": 0.1}),
    "l1": (HIDDEN, "half_mean", {"l1": 0.05}),
    "both penalties": (DEEP, "cross_entropy", {"l1": 0.02, "l2": 0.1}),
    "momentum": (DEEP, "mean_squared_error", {"optimizer": nbann.SGD(0.05, momentum=0.9)}),
    "nesterov": (
        DEEP,
        "half_sum",
        {"optimizer": nbann.SGD(0.01, momentum=0.8, nesterov=True), "l1": 0.01, "l2": 0.3},
    ),
    "wide": (WIDE, "cross_entropy", {"l2": 0.01}),
    "labels as values": (HIDDEN, "mean_squared_error", {}),
    "one column": ([("dense", 4), "sigmoid", ("dense", 1), "sigmoid"], "half_sum", {}),
}
SIZES = [None, 5, 1]


def trainer_of(case, size):
    spec, loss, settings = CASES[case]
    if case in ("labels as values", "one column"):
        X, labels, _ = data()
        y = labels if case == "labels as values" else (labels > 0).astype(int)
        from .nets import LOSSES, net

        return nbann.Trainer(net(spec), (X, y), loss=LOSSES[loss], batch_size=size)
    return make(spec, loss, batch_size=size, **settings)


def places(shape, rng):
    """Return the first and the last place and one between."""
    every = list(np.ndindex(*shape))
    chosen = {every[0], every[-1], every[rng.integers(len(every))]}
    return sorted(chosen)


def check_op(trainer, op, rng):
    for name in op.writes:
        array = trainer[name]
        for place in places(array.shape, rng):
            equation = op.arithmetic(place, name)
            value = float(array[place])
            assert np.isfinite(value)
            assert equation.value() == pytest.approx(value, rel=1e-9, abs=1e-13), (
                f"{op} {name}{place}"
            )
            assert equation.left.value() == value
            sums.check(str(equation), value, digits=4)
            exact = sums.check(equation.text(digits=17, terms=None), value, digits=17)
            assert exact.value == pytest.approx(value, rel=1e-9, abs=1e-13)
            assert trainer.arithmetic(name, place) == equation


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_each_op_right_after_it_ran(case, size):
    trainer, rng = trainer_of(case, size), np.random.default_rng(0)
    trainer.step("batch", 2)
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        assert op is trainer.last_op
        check_op(trainer, op, rng)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("how", ["batch", "epoch", "run", "until", "hooked"])
def test_all_ops_once_the_batch_is_done(case, size, how):
    """The update has changed the weights by now: what is shown are those that the ops read."""
    trainer, rng = trainer_of(case, size), np.random.default_rng(1)
    if how == "run":
        trainer.run(3)
    elif how == "until":
        trainer.run(3, until=lambda t: len(t.history["loss"]) >= 2)
    elif how == "hooked":
        trainer.on("op", lambda e: e.pause(), phase="update", layer="sgd")
        trainer.run(2)
    else:
        trainer.step(how)
    trainer.evaluate(trainer.train_data)
    trainer.predict(trainer.train_data.X)
    for op in trainer.program.ops[: trainer.loaded.op]:
        check_op(trainer, op, rng)


def test_the_weights_shown_are_those_from_before_the_update():
    trainer = make(HIDDEN, batch_size=None, optimizer=nbann.SGD(0.5))
    before = trainer["dense1.weight"].copy()
    trainer.step("batch")
    new, gradient = trainer["dense1.weight"][0, 0], trainer["dense1.weight.grad"][0, 0]
    text = trainer.arithmetic("dense1.weight", (0, 0)).text(digits=17)
    _, right, shown = text.split(" = ")
    assert float(shown) == new
    assert new == before[0, 0] - 0.5 * gradient
    assert right.startswith(f"{before[0, 0]:.17g} ")
    forward = trainer.program["dense1.affine"].arithmetic((0, 0)).text(digits=17)
    assert f"{abs(before[0, 0]):.17g}" in forward
    assert f"{abs(new):.17g}" not in forward


@pytest.mark.parametrize(
    "optimizer", [nbann.SGD(0.5), nbann.SGD(0.5, 0.9), nbann.SGD(0.5, 0.9, True)]
)
def test_the_learning_rate_shown_is_the_one_that_was_used(optimizer):
    trainer, rng = make(HIDDEN, batch_size=5, optimizer=optimizer), np.random.default_rng(2)
    trainer.step("batch")
    trainer.learning_rate = 0.01  # from the next update on
    for op in trainer.program:
        check_op(trainer, op, rng)
    assert "0.5*" in str(
        trainer.arithmetic(trainer.program.ops[-1 - bool(optimizer.momentum)].writes[0], (0, 0))
    )
    trainer.step("op", 3)
    trainer.learning_rate = 0.25
    trainer.step("batch")
    for op in trainer.program:
        check_op(trainer, op, rng)
    assert trainer.learning_rate == 0.25


def test_large_logits_are_shown_in_a_form_that_can_be_worked_out():
    layer = nbann.Dense(3, weight=[[5000.0, 4990.0, -800.0]], bias=False, name="z")
    trainer = nbann.Trainer(nbann.Sequential([layer]), ([[1.0]], [1]))
    trainer.step("phase", 2)
    for name in ("loss.p", "loss.log_p"):
        for unit in range(3):
            value = trainer[name][0, unit]
            line = trainer.arithmetic(name, (0, unit))
            assert line.value() == pytest.approx(value, rel=1e-9)
            sums.check(str(line), value, digits=4)


def test_float32_is_read_to_its_own_precision():
    trainer = make(DEEP, batch_size=5, dtype="float32", l2=0.1)
    trainer.run()
    for op in trainer.program:
        for name in op.writes:
            for place in places(trainer[name].shape, np.random.default_rng(3)):
                value = op.arithmetic(place, name).value()
                assert value == pytest.approx(float(trainer[name][place]), rel=1e-3, abs=1e-5)


# ---- formulas ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_formulas_and_arithmetic_are_latex_that_mathtext_can_draw(case):
    parser = MathTextParser("path")
    trainer = trainer_of(case, 5)
    trainer.run()
    for op in trainer.program:
        assert parser.parse(f"${op.formula}$").width > 0
        for name in op.writes:
            place = tuple(n - 1 for n in trainer[name].shape)
            equation = op.arithmetic(place, name)
            assert parser.parse(f"${equation.latex()}$").width > 0


def test_formulas_are_the_textbooks():
    trainer = make(HIDDEN, l2=0.1)
    formulas = {op.name: str(op.equation) for op in trainer.program}
    assert formulas["dense1.affine"] == "z_dense1 = x @ W_dense1 + b_dense1"
    assert formulas["tanh1.tanh"] == "a_tanh1 = tanh(z_dense1)"
    assert formulas["loss.softmax"] == "p = softmax(z_dense2)"
    assert formulas["loss.gradient"] == "dL/dz_dense2 = (p - Y)/n"
    assert formulas["dense2.weight_gradient"].endswith("= a_tanh1.T @ dL/dz_dense2")
    assert formulas["dense2.input_gradient"] == "dL/da_tanh1 = dL/dz_dense2 @ W_dense2.T"
    assert formulas["tanh1.slope"] == "tanh'_tanh1 = 1 - a_tanh1**2"
    assert formulas["tanh1.gradient"] == "dL/dz_dense1 = dL/da_tanh1 * tanh'_tanh1"
    assert formulas["sgd.update"] == "theta = theta - eta*dL/dtheta"
    assert "0.1*W_dense1" in formulas["loss.penalty_gradient"]


# ---- what can not be read ------------------------------------------------------------------------


def test_an_op_that_has_not_run_says_so():
    trainer = make(HIDDEN, batch_size=5)
    for _ in range(2):
        with pytest.raises(ValueError, match="has not run in this batch"):
            trainer.program["tanh1.tanh"].arithmetic((0, 0))
        assert not trainer.is_current("tanh1.out")
        trainer.step("op", 2)
        assert trainer.is_current("tanh1.out")
        assert trainer.program["tanh1.tanh"].arithmetic((0, 0))
        trainer.step("batch")
        trainer.step("op")


def test_ops_of_a_batch_of_another_size_are_past():
    """The remainder's ops hold the numbers of an epoch ago, the weights are others by now."""
    trainer = make(HIDDEN, batch_size=5)
    ran = trainer.step("epoch")
    assert ran[-1].arithmetic((0, 0))
    trainer.step("op")
    with pytest.raises(ValueError, match="has not run in this batch"):
        ran[-1].arithmetic((0, 0))


@pytest.mark.parametrize("index", [(5, 0), (0, 4), (-6, 0), (0,), 0, (), (0, 0, 0), (0.0, 1), "00"])
def test_an_index_out_of_range(index):
    trainer = make(HIDDEN, batch_size=5)
    trainer.step("op")
    with pytest.raises(ValueError, match=r"dense1\.out.*\(4, 3\)"):
        trainer.arithmetic("dense1.out", index)


def test_an_index_from_the_end():
    trainer = make(HIDDEN, batch_size=5)
    trainer.step("op")
    assert trainer.arithmetic("dense1.out", (-1, -2)) == trainer.arithmetic("dense1.out", (4, 2))
    assert trainer.arithmetic("dense1.out", np.array([4, 2])) == trainer.arithmetic(
        "dense1.out", (4, 2)
    )


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda t: t["dense1.weights"], "'dense1.weight'"),
        (lambda t: t.arithmetic("tanh1.output", (0, 0)), "'tanh1.out'"),
        (lambda t: t.is_current("los"), "'loss'"),
        (lambda t: t.program["tanh1.tan"], "'tanh1.tanh'"),
        (lambda t: t.program["tanh1.tanh"].arithmetic((0, 0), "tanh1.outt"), "'tanh1.out'"),
        (lambda t: t.history["train_los"], "'train_loss'"),
    ],
)
def test_unknown_names_bring_near_ones(ask, near):
    trainer = make(HIDDEN, batch_size=5)
    trainer.run()
    with pytest.raises(KeyError, match=f"Did you mean .*{near}"):
        ask(trainer)


def test_what_is_given_is_not_computed():
    trainer = make(HIDDEN, batch_size=5)
    trainer.step("batch")
    for name in ("x", "y", "learning_rate"):
        with pytest.raises(ValueError, match="is given, not computed"):
            trainer.arithmetic(name, (0, 0))


@pytest.mark.parametrize("penalties", [{"l1": 0.01}, {"l2": 0.1}, {"l1": 0.01, "l2": 0.1}])
def test_a_penalty_on_many_weights_is_read_by_arrays(penalties):
    X = np.random.default_rng(0).standard_normal((5, 30))
    net = nbann.Sequential([nbann.Dense(20, name="wide"), nbann.Tanh(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (X, [0, 1, 0, 1, 1]), **penalties)
    trainer.step("phase", 2)
    W = [trainer["wide.weight"], trainer["dense1.weight"]]
    expected = sum(
        penalties.get("l1", 0) * np.abs(w).sum() + penalties.get("l2", 0) / 2 * (w**2).sum()
        for w in W
    )
    equation = trainer.arithmetic("loss.penalty")
    assert equation.value() == pytest.approx(expected, rel=1e-12)
    assert len(equation.text()) < 120
