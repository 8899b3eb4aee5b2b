"""Autopsies: the culprit is compared with a run stepped op by op and looked at with np.isfinite."""

import copy
import math
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann
from nbann.core import autopsy_mends
from nbann.core.autopsy import perform, replay
from nbann.core.autopsy_origin import origin
from nbann.core.expr import Call, Entry, Negative, Number, Power, Product, Quotient, Sum, Symbol
from nbann.core.layers.activations import Activation
from nbann.core.moves import Position, Stop
from nbann.core.ops.elementwise import Elementwise
from nbann.core.render import Text

from .nets import data


# ---- nets that overflow --------------------------------------------------------------------------
class LogOp(Elementwise):
    """log z, and 1/z for its slope."""

    function, slope_reads = "log", "z"

    def apply(self, z):
        return Call("log", (z,))

    def slope(self, source):
        return Quotient(Number(1.0), source)

    def kernels(self, arrays):
        yield partial(np.log, arrays[self.z], arrays[self.writes[0]])

    def slope_kernels(self, source, slope):
        yield partial(np.reciprocal, source, slope)


class Log(Activation):
    kind, primitive = "log", LogOp


class ReciprocalOp(LogOp):
    """1/z."""

    function = "reciprocal"

    def apply(self, z):
        return Quotient(Number(1.0), z)

    def kernels(self, arrays):
        yield partial(np.reciprocal, arrays[self.z], arrays[self.writes[0]])


class Reciprocal(Activation):
    kind, primitive = "reciprocal", ReciprocalOp


def one(start, x, y, optimizer=None, layers=(), **how):
    """y from x by one weight, and what layers follow; the rows in order, one a batch."""
    net = nbann.Sequential([nbann.Dense(1, weight=[[start]], bias=False), *layers])
    X, Y = np.reshape(x, (-1, 1)), np.reshape(y, (-1, 1))
    how = {"batch_size": 1, "shuffle": False, "loss": "mean_squared_error"} | how
    optimizer = optimizer or nbann.SGD(0.1)
    return nbann.Trainer(net, (X, Y), optimizer=optimizer, **({"evaluate_every": None} | how))


def linear(layers, factor=1.0, n=22, **how):
    X, _, values = data(n)
    how = {"loss": "mean_squared_error", "batch_size": 5} | how
    return nbann.Trainer(nbann.Sequential(layers), (X * factor, values), **how)


def dense(units=6):
    return nbann.Dense(units, name="first")


def sequences(layer, times=12, **how):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, times, 2)), rng.standard_normal((8, 1))
    how = {"batch_size": 4, "loss": "mean_squared_error"} | how
    return nbann.Trainer(nbann.Sequential([layer, nbann.Dense(1)]), (X, y), **how)


def unscaled(name, **how):
    train = getattr(nbann.datasets, name)()
    layers = [
        nbann.Dense(8, name="first"),
        nbann.LeakyReLU(),
        nbann.Dense(3 if name == "iris" else 1),
    ]
    how = {"loss": "cross_entropy" if name == "iris" else "mean_squared_error"} | how
    return nbann.Trainer(nbann.Sequential(layers), train, **how)


NETS = {
    "loss": lambda: one(0.5, [1, 1, 1e200], [0, 0, 0]),
    "weight gradient": lambda: one(0.001, [1, 1e156], [0, 0]),
    "float32": lambda: one(0.5, [1, 1, 1e26], [0, 0, 0], dtype="float32"),
    "doubling": lambda: one(1.0, [1], [0], nbann.SGD(1.5)),
    "doubling float32": lambda: one(1.0, [1], [0], nbann.SGD(1.5), dtype="float32"),
    "start": lambda: one(1e200, [1e200], [0]),
    "update": lambda: one(1.0, [1e100], [0], nbann.SGD(1e300)),
    "log of 0": lambda: one(1.0, [1, 2, 0], [0, 0.7, 0], layers=[Log()]),
    "log of less": lambda: one(1.0, [1, -2], [0, 0], layers=[Log()]),
    "division": lambda: one(1.0, [1, 0], [1, 1], layers=[Reciprocal()]),
    "plain": lambda: linear(
        [dense(), nbann.LeakyReLU(), nbann.Dense(3)], optimizer=nbann.SGD(50.0)
    ),
    "momentum": lambda: linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(9.0, momentum=0.9)),
    "nesterov": lambda: linear(
        [dense(), nbann.Dense(3)], optimizer=nbann.SGD(9.0, momentum=0.9, nesterov=True)
    ),
    "float32 net": lambda: linear(
        [dense(), nbann.Dense(3)], optimizer=nbann.SGD(9.0), dtype="float32"
    ),
    "dropout": lambda: linear(
        [dense(), nbann.Dropout(0.4), nbann.LeakyReLU(), nbann.Dense(3)], optimizer=nbann.SGD(50.0)
    ),
    "batch norm": lambda: linear(
        [dense(), nbann.BatchNorm(), nbann.Dense(3)], optimizer=nbann.SGD(50.0)
    ),
    "penalty": lambda: linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(9.0), l2=0.5, l1=0.1),
    "decay": lambda: linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(9.0, weight_decay=0.1)),
    "clipped": lambda: linear(
        [dense(), nbann.Dense(3)], 1e200, optimizer=nbann.SGD(9.0, clip_norm=1.0)
    ),
    "adam": lambda: linear([dense(), nbann.Dense(3)], 1e170, optimizer=nbann.Adam(0.1)),
    "rnn": lambda: sequences(nbann.RNN(3, activation="relu"), optimizer=nbann.SGD(5.0)),
    "rnn start": lambda: sequences(
        nbann.RNN(3, activation="relu", recurrent_init=lambda rng, shape: np.full(shape, 1e30)),
        optimizer=nbann.SGD(1e-3),
    ),
    "lstm": lambda: sequences(nbann.LSTM(3), optimizer=nbann.SGD(500.0)),
    "iris": lambda: unscaled("iris", optimizer=nbann.SGD(1e200)),
    "diabetes": lambda: unscaled("diabetes", optimizer=nbann.SGD(5.0)),
    "diabetes float32": lambda: unscaled("diabetes", optimizer=nbann.SGD(5.0), dtype="float32"),
}  # fmt: skip


def whole(trainer):
    """Whether the loss and all parameters are finite."""
    parts = [trainer["loss"], *trainer.parameters.values()]
    return all(np.isfinite(part).all() for part in parts)


def failing(make):
    """Return a trainer that stands at the end of the batch that went wrong, and its number."""
    trainer = make()
    for number in range(3000):
        trainer.step("batch")
        if not whole(trainer):
            return trainer, number
    raise AssertionError("this net holds out")


def stepped(make, number):
    """Return the oracle: which op, array and element, in a run stepped by ops; and its trainer."""
    trainer = make()
    if number:
        trainer.step("batch", number)
    while True:
        (op,) = trainer.step("op")
        for name in op.writes:
            bad = np.argwhere(~np.isfinite(trainer[name]))
            if len(bad):
                return trainer, op, name, tuple(bad[0].tolist())


@pytest.mark.parametrize("name", NETS)
def test_it_names_what_stepping_by_ops_finds(name):
    trainer, number = failing(NETS[name])
    plain, op, array, index = stepped(NETS[name], number)
    found = perform(trainer.program, trainer.loaded.epoch, trainer.loaded.batch)
    assert (found.op, found.op_index, found.phase, found.layer, found.time) == (
        op.name, op.index, op.phase, op.layer, op.time,
    )  # fmt: skip
    assert (found.array, found.index) == (array, index)
    assert (found.epoch, found.batch) == plain.loaded[:2]
    np.testing.assert_equal(found.value, plain[array][index].item())
    assert not math.isfinite(found.value)
    assert found.count == np.sum(~np.isfinite(plain[array]))
    assert found.size == plain[array].size
    assert str(found.equation).endswith(f"= {found.value}")
    if trainer.program.state.dtype == np.float64:
        assert not math.isfinite(found.equation.value())
    for row in found.largest:
        assert math.isfinite(row.value)
        assert abs(row.value) == np.abs(plain[row.array]).max() or row.array in op.writes
        assert row.value == plain[row.array][row.index] or row.array in op.writes
    assert {row.array for row in found.largest} & set(op.reads)
    assert found.causes
    assert all(cause.reason for cause in found.causes)
    assert str(found).startswith(found.summary)
    for part in (op.name, f"Epoch {found.epoch}, batch {found.batch}", array, op.phase, op.layer):
        assert part in found.summary
    assert found.latex().endswith((r"\infty", r"\mathrm{NaN}", "nan"))


@pytest.mark.parametrize("name", NETS)
def test_the_replay_stops_at_the_op_and_tells_the_same(name):
    """After `run` the failing batch is loaded, its state as at the start: the replay goes on."""
    trainer, number = failing(NETS[name])
    after = perform(trainer.program, trainer.loaded.epoch, trainer.loaded.batch)
    other = NETS[name]()
    stop = other.run(3000)
    assert stop.reason == "nan"
    assert len(other.history["loss"]) == number
    op = replay(other.program)
    assert op is other.program[stop.op]
    assert other.program.done == op.index + 1
    early = perform(other.program, *stop.position[:2])
    assert str(early) == str(after)
    np.testing.assert_equal(vars(early)["largest"], vars(after)["largest"])
    assert replay_again_is_the_same(other, op)


def replay_again_is_the_same(trainer, op):
    """Whether from the start of the batch the replay comes to the same op."""
    trainer.program.state.restore_kept()
    trainer.program.done = 0
    return replay(trainer.program) is op


def test_a_replay_of_a_finite_batch_runs_it_all():
    trainer = linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(0.01))
    plain = linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(0.01))
    plain.step("batch")
    assert replay(trainer.program) is None
    assert trainer.program.done == len(trainer.program)
    np.testing.assert_array_equal(trainer["first.weight"], plain["first.weight"])
    with pytest.raises(ValueError, match="An autopsy: expected a batch with NaN"):
        perform(trainer.program, 0, 0)


# ---- how it came to be, known by construction ----------------------------------------------------
@pytest.mark.parametrize(
    ("name", "op", "kind", "words", "cause"),
    [
        ("loss", "loss.squared_error", "overflow to infinity", "**2 is beyond", "unscaled_data"),
        ("weight gradient", "dense1.weight_gradient", "overflow to infinity",
         "largest float64, 1.8e+308", "unscaled_data"),
        ("float32", "loss.squared_error", "overflow to infinity", "largest float32, 3.4e+38",
         "narrow_dtype"),
        ("doubling", "loss.squared_error", "overflow to infinity", "1.341e+154**2",
         "learning_rate_too_high"),
        ("start", "dense1.affine", "overflow to infinity", "1e+200*1e+200 is beyond",
         "unscaled_data"),
        ("update", "sgd.update", "overflow to infinity", "is beyond", "learning_rate_too_high"),
        ("log of 0", "log1.log", "log of 0", "log(0) is -inf", "undefined"),
        ("log of less", "log1.log", "log of a negative number", "log(", "undefined"),
        ("division", "reciprocal1.reciprocal", "division by 0", "1/0 is inf", "undefined"),
        ("rnn", None, "overflow to infinity", "is beyond", "exploding_gradient"),
        ("rnn start", None, "overflow to infinity", "is beyond", "exploding_gradient"),
        ("diabetes", None, "NaN: inf - inf", "is NaN", "learning_rate_too_high"),
    ],
)  # fmt: skip
def test_how_it_came_to_be(name, op, kind, words, cause):
    trainer, _ = failing(NETS[name])
    found = perform(trainer.program, *trainer.loaded[:2])
    assert op in (None, found.op)
    assert found.kind == kind
    assert words in found.origin
    assert cause in [c.kind for c in found.causes]


HUGE = Product((Number(1e200), Number(1e200)))
EXP = Call("exp", (Number(100.0),))


@pytest.mark.parametrize(
    ("right", "value", "dtype", "kind", "first", "words"),
    [
        (Sum((HUGE, Negative(HUGE))), math.nan, "float64", "NaN: inf - inf", "overflow to infinity",
         "1e+200*1e+200 is beyond the largest float64, 1.8e+308; then inf - inf is NaN"),
        (Product((Number(0.0), HUGE)), math.nan, "float64", "NaN: 0 * inf", "overflow to infinity",
         "1e+200*1e+200 is beyond the largest float64, 1.8e+308; then 0*inf is NaN"),
        (Quotient(EXP, EXP), math.nan, "float32", "NaN: inf / inf", "overflow to infinity",
         "exp(100) is beyond the largest float32, 3.4e+38; then inf/inf is NaN"),
        (Quotient(Number(0.0), Number(0.0)), math.nan, "float64", "division by 0", "division by 0",
         "0/0 is nan"),
        (Call("log", (Call("exp", (Number(-200.0),)),)), -math.inf, "float32", "log of 0",
         "log of 0", "log(0) is -inf"),
        (Call("sqrt", (Number(-1.0),)), math.nan, "float64", "square root of a negative number",
         "square root of a negative number", "sqrt(-1) is nan"),
        (Power(Number(-2.0), Number(0.5)), math.nan, "float64", "square root of a negative number",
         "square root of a negative number", "(-2)**0.5 is nan"),
        (Power(Number(0.0), Number(-1.0)), math.inf, "float64", "division by 0", "division by 0",
         "0**-1 is inf"),
        (Number(3.0), math.inf, "float64", "overflow to infinity", "overflow to infinity",
         "inf: a number on the way to it was beyond the largest float64, 1.8e+308"),
    ],
)  # fmt: skip
def test_the_origin_of_a_number(right, value, dtype, kind, first, words):
    found = origin(right, value, np.dtype(dtype))
    assert (found.kind, found.first, found.words) == (kind, first, words)


def test_at_a_time_step():
    trainer, _ = failing(NETS["rnn start"])
    found = perform(trainer.program, 0, 0)
    assert found.time is not None
    assert f"time step {found.time}" in found.summary
    assert "tanh, LSTM or GRU, or clip_norm=1.0" in str(found)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("update", "Set a smaller learning rate, trainer.learning_rate = 1e+299, and run on"),
        ("start", "These are the start weights: no learning rate has had a part in it"),
        ("doubling", "go back first, trainer.back('epoch') or trainer.reset(), then set "
                     "trainer.learning_rate = 0.15 and run on"),
    ],
)  # fmt: skip
def test_what_to_do_now(name, words):
    trainer, _ = failing(NETS[name])
    found = perform(trainer.program, *trainer.loaded[:2])
    stands = f"before batch {found.batch} of epoch {found.epoch} (both counted from 0)"
    assert stands in found.now
    assert words in found.now


def test_the_suggested_rate_mends_an_update():
    trainer = one(1.0, [1e100], [0], nbann.SGD(1e300))
    assert trainer.run(1).reason == "nan"
    trainer.learning_rate = 1e-201
    assert trainer.run(1).reason == "epochs"


def test_growth_is_told_where_it_is_known():
    trainer = one(1.0, [1], [0], nbann.SGD(1.5))
    trainer.step("batch", 500)
    earlier = trainer._state.snapshot()
    trainer.step("batch", 13)
    found = perform(trainer.program, *trainer.loaded[:2], earlier=earlier)
    (row,) = [row for row in found.largest if row.array == "dense1.weight"]
    assert row.growth == 2.0**12
    assert "dense1.weight[0,0] = 1.341e+154 (dense1, 4.1e+03 times what it was)" in str(found)


def test_what_was_computed_before_is_told_and_nothing_else():
    trainer, _ = failing(NETS["start"])
    found = perform(trainer.program, 0, 0)
    assert found.loss is found.gradient_norm is None
    assert found.learning_rate == 0.1
    trainer, _ = failing(NETS["update"])
    found = perform(trainer.program, 0, 0)
    assert found.loss == pytest.approx(1e200)
    assert found.gradient_norm == pytest.approx(2e200)


# ---- what no op has done -------------------------------------------------------------------------
def test_what_a_hook_has_written_is_said_to_be_a_hooks():
    trainer = linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(0.01))

    def spoil(event):
        event["first.out"][1, 2] = np.nan

    trainer.on("op", spoil, op="first.affine", modifies=True)
    trainer.step("batch")
    found = perform(trainer.program, 0, 0)
    assert (found.op, found.array, found.index) == ("first.affine", "first.out", (1, 2))
    assert found.kind == "changed by a hook"
    assert found.equation is None
    assert found.latex() == ""
    assert found.causes[0].kind == "changed_by_hand"
    assert "modifies=True" in str(found)


def test_a_weight_that_was_infinite_before():
    trainer = linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(0.01))
    trainer.program.arrays["first.weight"][0, 0] = np.inf
    trainer.program.state.keep()
    trainer.step("batch")
    found = perform(trainer.program, 0, 0)
    assert found.op == "first.affine"
    assert found.kind == "read as it is"
    assert "was inf before" in found.origin
    assert found.causes[0].kind == "not_finite"


def test_a_parameter_that_no_op_has_written():
    """After the forward pass, but for a weight that somebody has set."""
    trainer = linear([dense(), nbann.Dense(3)], optimizer=nbann.SGD(0.01))
    trainer.step("phase")
    trainer.program.arrays["first.weight"][0, 1] = np.nan
    found = perform(trainer.program, 0, 0)
    assert (found.array, found.index) == ("first.weight", (0, 1))
    assert found.op == trainer.last_op.name
    assert found.equation is None
    assert "first.weight[0,1] = nan" in found.summary


# ---- what a stop tells ---------------------------------------------------------------------------
def test_a_stop_is_its_tuple_with_words_beside_it():
    place = Position(0, 3, 0)
    stop = Stop("paused", place, why="loss > 2: loss = 2.31")
    assert stop == ("paused", (0, 3, 0), None)
    assert stop == Stop("paused", place)
    assert hash(stop) == hash(("paused", (0, 3, 0), None))
    reason, position, op = stop
    assert (reason, position, op) == ("paused", place, None)
    assert (stop.why, stop.autopsy) == ("loss > 2: loss = 2.31", None)
    assert "why='loss > 2: loss = 2.31'" in repr(stop)
    assert str(stop) == "paused: loss > 2: loss = 2.31"
    assert repr(Stop("epochs", place)) == (
        "Stop(reason='epochs', position=Position(epoch=0, batch=3, op=0), op=None)"
    )
    assert Stop("epochs", place)._replace(reason="until") == ("until", place, None)
    for again in (copy.copy(stop), pickle.loads(pickle.dumps(stop))):
        assert again == stop
        assert again.why == stop.why


def test_a_stop_with_an_autopsy():
    trainer, _ = failing(NETS["loss"])
    found = perform(trainer.program, *trainer.loaded[:2])
    stop = Stop("nan", Position(0, 2, found.op_index), found.op, autopsy=found)
    assert stop == ("nan", (0, 2, 2), "loss.squared_error")
    assert stop.why == found.summary
    assert str(stop) == str(found)
    assert found.summary in repr(stop)


# ---- arithmetic as NumPy has it ------------------------------------------------------------------
EXTREME = st.sampled_from(
    [0.0, -0.0, 1.0, -2.0, 0.5, 3.0, 1e200, -1e200, 1e308, math.inf, -math.inf, math.nan, 1e-320]
)


@given(a=EXTREME, b=EXTREME, c=EXTREME)
@settings(max_examples=300, deadline=None)
def test_expressions_have_the_infinities_that_numpy_has(a, b, c):
    x, y, z = (Number(v) for v in (a, b, c))
    with np.errstate(all="ignore"):
        np.testing.assert_equal(Quotient(x, y).value(), float(np.divide(a, b)))
        np.testing.assert_equal(Product((x, y, z)).value(), float(np.float64(a) * b * c))
        np.testing.assert_equal(math.isnan(Call("exp", (x,)).value()), math.isnan(a))
        assert (Call("exp", (x,)).value() == math.inf) == (np.exp(a) == math.inf)
        np.testing.assert_equal(Power(x, Number(2.0)).value(), float(np.power(a, 2.0)))
        np.testing.assert_equal(Power(x, Number(-1.0)).value(), float(np.power(a, -1.0)))
        if a > 0 or -math.inf < a < 0:  # NumPy takes a square root there, of which IEEE differs
            np.testing.assert_equal(Power(x, Number(0.5)).value(), float(np.power(a, 0.5)))
        if not all(map(math.isfinite, (a, b, c))):
            np.testing.assert_equal(Sum((x, y, z)).value(), float(np.float64(a) + b + c))


def test_a_long_sum_with_infinities_in_its_middle_is_shown():
    terms = tuple(
        Entry("a", (i,), Symbol("a"), v) for i, v in enumerate([1.0] * 6 + [np.inf, -np.inf] * 3)
    )
    total = Sum(terms)
    assert math.isnan(total.value())

    assert "more: nan]" in Text().expression(total)


def test_every_rule_of_the_mends_has_a_source():
    reasons = [v for name, v in vars(autopsy_mends).items() if name.endswith("_REASON")]
    assert len(reasons) == 6
    assert all(any(str(year) in r for year in range(1990, 2025)) for r in reasons)


def test_growth_is_told_however_the_run_came_there():
    """Of a run at full speed that fails in the first batch of a stretch, and of one by steps."""
    X, labels, _ = data(12)

    def made():
        net = nbann.Sequential([nbann.Dense(4), nbann.ReLU(), nbann.Dense(3)])
        how = {"optimizer": nbann.SGD(1e10), "batch_size": None, "seed": 0}
        return nbann.Trainer(net, (X, labels), **how)

    start = np.abs(made()["dense2.weight"]).max()
    fast, slow = made(), made()
    found = fast.run(100).autopsy
    slow.on("batch", lambda event: None)
    again = slow.run(100).autopsy
    for autopsy in (found, again):
        rows = [row for row in autopsy.largest if row.array == "dense2.weight"]
        assert rows[0].growth == pytest.approx(abs(rows[0].value) / start)
        assert "1 times what it was" not in str(autopsy)
    assert found.array == again.array
