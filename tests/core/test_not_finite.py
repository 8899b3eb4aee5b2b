"""A run in which a number is not finite any more: where it stops, what is left, how it goes on.

Where it must stop is known by construction: one row of the data is too large, or a weight doubles
with each step from a power of two.
"""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import nbann

from .nets import copies, data, same_run

CHUNK = 256  # batches at full speed between two looks; the places around it are tried one by one
EDGES = [0, 1, 2, 254, 255, 256, 257, 258, 511, 512, 513, 600]


def persistent(trainer):
    """Return all that is carried from batch to batch: vectors, buffers, counters, generators."""
    state = trainer._state.snapshot()
    return state.arrays, state.streams


def same_state(a, b):
    """Assert that two runs are the same in every bit that matters for what comes."""
    same_run(a, b)
    (arrays, streams), (others, other_streams) = persistent(a), persistent(b)
    assert streams == other_streams
    assert arrays.keys() == others.keys()
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], others[name], name)


def is_whole(trainer):
    """Whether the weights and all noted losses are finite."""
    weights = all(np.isfinite(array).all() for array in trainer.parameters.values())
    return weights and bool(np.isfinite(trainer.history["loss"]).all())


# ---- one row too large, in the midst of training -------------------------------------------------
HUGE = {  # (row's x, what it overflows first); weights are below 0.013 there
    ("float64", "loss"): (1e200, "loss.squared_error"),
    ("float64", "weight"): (1e156, "dense1.weight_gradient"),
    ("float32", "loss"): (1e26, "loss.squared_error"),
    ("float32", "weight"): (1e21, "dense1.weight_gradient"),
}


def one_huge_row(place, kind, dtype, size, momentum, rows=None):
    """Fit y = 0.005 * x, rows in order; row `place * size` is huge, so batch `place` is bad."""
    rows = size * (place + 40) if rows is None else rows
    rng = np.random.default_rng(place)
    X = rng.uniform(-1, 1, (rows, 2))
    y = 0.005 * X.sum(axis=1, keepdims=True)
    X[place * size, 0] = HUGE[dtype, kind][0]
    start = [[0.004], [0.006]]
    net = nbann.Sequential([nbann.Dense(1, weight=start, bias=False)])
    sgd = nbann.SGD(0.1, momentum=momentum)
    how = {"batch_size": size, "shuffle": False, "evaluate_every": None, "dtype": dtype}
    return nbann.Trainer(net, (X, y), loss="mean_squared_error", optimizer=sgd, **how)


def check_the_stop(place, kind, dtype, size, momentum, way):
    trainer = one_huge_row(place, kind, dtype, size, momentum)
    plain = one_huge_row(place, kind, dtype, size, momentum)
    if way == "hook":
        trainer.on("op", lambda event: None, phase="loss")
    stop = trainer.run(3, until=(lambda t: False) if way == "until" else None)
    op = HUGE[dtype, kind][1]
    assert stop == ("nan", (0, place, plain.program[op].index), op)
    assert trainer.position == trainer.loaded == (0, place, 0)
    assert len(trainer.history["loss"]) == place
    assert is_whole(trainer)
    if place:
        plain.step("batch", place)
    same_state(trainer, plain)


@pytest.mark.parametrize("kind", ["loss", "weight"])
@pytest.mark.parametrize("place", EDGES)
def test_the_batch_that_overflows_at_the_edges_of_a_chunk(place, kind):
    check_the_stop(place, kind, "float64", 1, 0.0, "plain")


@given(
    place=st.integers(0, 700),
    kind=st.sampled_from(["loss", "weight"]),
    dtype=st.sampled_from(["float64", "float32"]),
    size=st.integers(1, 3),
    momentum=st.sampled_from([0.0, 0.9]),
    way=st.sampled_from(["plain", "until", "hook"]),
)
@example(255, "weight", "float32", 2, 0.9, "plain")
@example(256, "weight", "float32", 2, 0.9, "plain")
@settings(max_examples=60, deadline=None)
def test_the_batch_that_overflows_anywhere(place, kind, dtype, size, momentum, way):
    check_the_stop(place, kind, dtype, size, momentum, way)


@pytest.mark.parametrize("kind", ["loss", "weight"])
def test_the_last_batch_of_an_epoch_overflows(kind):
    """It is smaller, has a program of its own, and would have been followed by an evaluation."""
    trainer = one_huge_row(8, kind, "float64", 3, 0.0, rows=25)
    stop = trainer.run(2)
    assert stop.position[:2] == (0, 8)
    assert trainer.position == (0, 8, 0)
    assert len(trainer.history["loss"]) == 8
    assert is_whole(trainer)


# ---- a weight that doubles -----------------------------------------------------------------------
def doubling(factor, start, dtype, **settings):
    """L = w**2 with w -> -factor * w at each step: x = 1, y = 0, rate (1 + factor) / 2."""
    net = nbann.Sequential([nbann.Dense(1, weight=[[start]], bias=False)])
    sgd = nbann.SGD((1 + factor) / 2)
    settings = {"loss": "mean_squared_error", "dtype": dtype, "evaluate_every": None} | settings
    return nbann.Trainer(net, ([[1.0]], [0.0]), optimizer=sgd, batch_size=None, **settings)


@pytest.mark.parametrize("way", ["plain", "until", "hook"])
@pytest.mark.parametrize(
    ("power", "start", "dtype"),
    [
        (1, 0, "float64"), (2, 0, "float64"), (2, 2, "float64"), (2, -2, "float64"),
        (1, 256, "float64"), (1, 257, "float64"), (1, 255, "float64"), (7, 0, "float64"),
        (1, 511, "float64"), (1, 0, "float32"), (3, 1, "float32"), (1, -200, "float64"),
    ],
)  # fmt: skip
def test_the_epoch_in_which_a_square_overflows(power, start, dtype, way):
    """w = 2**(start + power * epoch): its square is above the largest number from 2**512 on.

    In float32, whose largest number is just below 2**128, from 2**64 on.
    """
    trainer = doubling(2.0**power, 2.0**start, dtype)
    if way == "hook":
        trainer.on("batch", lambda event: None)
    limit = 512 if dtype == "float64" else 64
    epoch = math.ceil((limit - start) / power)
    stop = trainer.run(1000, until=(lambda t: False) if way == "until" else None)
    assert stop == ("nan", (epoch, 0, 2), "loss.squared_error")
    assert trainer.position == (epoch, 0, 0)
    assert abs(trainer["dense1.weight"].item()) == 2.0 ** (start + power * epoch)
    squares = [4.0 ** (start + power * step) for step in range(epoch)]
    np.testing.assert_array_equal(trainer.history["loss"], squares)


def test_going_on_with_a_smaller_rate():
    """w -> w / 2 from 2**512 on: L = w**2 overflows once more, and then is finite again."""
    trainer = doubling(2.0, 1.0, "float64")
    assert trainer.run(600).position.epoch == 512
    trainer.learning_rate = 0.25
    assert trainer.run(600).reason == "nan"  # the square of 2**512 is what it was
    assert trainer.position == (512, 0, 0)
    trainer.step("batch")  # but a step goes on
    assert trainer["dense1.weight"].item() == 2.0**511
    assert trainer.run(10).reason == "epochs"
    assert trainer["dense1.weight"].item() == 2.0**501
    assert trainer.history["loss"].tolist()[512:] == [math.inf] + [
        4.0**p for p in range(511, 501, -1)
    ]


def test_without_the_guard_it_runs_on():
    trainer = doubling(2.0, 1.0, "float64", stop_on_nan=False)
    assert trainer.run(2000) == ("epochs", (2000, 0, 0), None)
    losses = trainer.history["loss"]
    assert len(losses) == 2000
    np.testing.assert_array_equal(losses[:512], [4.0**e for e in range(512)])
    assert not np.isfinite(losses[512:]).any()
    assert not np.isfinite(trainer["dense1.weight"]).any()
    with pytest.raises(ValueError, match="stop_on_nan: expected True or False"):
        doubling(2.0, 1.0, "float64", stop_on_nan="no")


def test_steps_go_on_whatever_the_numbers():
    trainer = doubling(2.0, 1.0, "float64")
    ran = trainer.step("epoch", 1200)
    assert not ran.paused
    assert trainer.position == (1200, 0, 0)
    assert not np.isfinite(trainer["dense1.weight"]).any()


# ---- weights that are infinite while losses are not ----------------------------------------------
@pytest.mark.parametrize("way", ["plain", "until", "hook"])
@pytest.mark.parametrize("place", [*EDGES, 40, 300])
def test_an_infinite_weight_that_shows_in_no_loss(place, way):
    """Behind a sigmoid an infinite weight gives 0 or 1, a slope of 0, and losses as ever.

    Up to the bad row the second feature is 0 and its weight stays at 3e-39; the row's 3e38 gives
    z of about 1 and an update beyond the largest float32; from then on the feature is 1.
    """
    rows = place + 300
    X = np.random.default_rng(0).uniform(-1, 1, (rows, 2))
    X[:, 1] = np.arange(rows) > place
    X[place] = 0, 3e38
    net = nbann.Sequential([nbann.Dense(1, weight=[[0.5], [3e-39]], bias=False), nbann.Sigmoid()])
    how = {"batch_size": 1, "shuffle": False, "dtype": "float32", "loss": "mean_squared_error"}
    rate = nbann.SGD(9.0)

    def fresh():
        y = np.zeros((rows, 1))
        return nbann.Trainer(net, (X, y), optimizer=rate, evaluate_every=None, **how)

    trainer, plain, on = fresh(), fresh(), fresh()
    on.step("batch", rows)
    assert np.isfinite(on.history["loss"]).all()
    assert not np.isfinite(on["dense1.weight"]).all()
    if way == "hook":
        trainer.on("batch", lambda event: None)
    stop = trainer.run(2, until=(lambda t: False) if way == "until" else None)
    assert stop.reason == "nan"
    assert stop.position == (0, place, plain.program["sgd.update"].index)
    assert stop.op == "sgd.update"
    if place:
        plain.step("batch", place)
    same_state(trainer, plain)


# ---- nets as they are ----------------------------------------------------------------------------
def a_net(kind, optimizer, size, dtype, seed):
    """A net that soon overflows: no activation that holds it, and a rate far too large."""
    parts = {
        "plain": [nbann.Dense(6, name="first"), nbann.ReLU(), nbann.Dense(3)],
        "dropout": [nbann.Dense(6, name="first"), nbann.Dropout(0.4), nbann.ReLU(), nbann.Dense(3)],
        "norm": [nbann.Dense(6, name="first"), nbann.BatchNorm(momentum=0.3), nbann.Dense(3)],
    }
    X, _, values = data(22)
    how = {"batch_size": size, "dtype": dtype, "seed": seed, "loss": "mean_squared_error"}
    return nbann.Trainer(nbann.Sequential(parts[kind]), (X, values), optimizer=optimizer, **how)


@given(
    kind=st.sampled_from(["plain", "dropout", "norm"]),
    optimizer=st.sampled_from(
        [nbann.SGD(0.4), nbann.SGD(0.2, momentum=0.9), nbann.SGD(0.2, momentum=0.9, nesterov=True)]
    ),
    factor=st.sampled_from([3.0, 20.0, 1e5]),
    before=st.integers(0, 5),
    size=st.sampled_from([None, 4, 5]),
    dtype=st.sampled_from(["float64", "float32"]),
    way=st.sampled_from(["plain", "until", "hook"]),
    seed=st.integers(0, 50),
)
@settings(max_examples=60, deadline=None)
def test_it_stands_where_stepping_would_have_last_been_well(
    kind, optimizer, factor, before, size, dtype, way, seed
):
    """Training well at first, then with a rate too large; then with a small one, from there on."""

    def fresh():
        trainer = a_net(kind, optimizer, size, dtype, seed)
        if before:
            trainer.step("batch", before)
        trainer.learning_rate = trainer.learning_rate * factor
        return trainer

    scout = fresh()
    for _ in range(700):
        scout.step("batch")
        if not is_whole(scout):
            break
    else:
        return  # this one holds out
    well = len(scout.history["loss"]) - 1

    trainer, plain = fresh(), fresh()
    hook = trainer.on("op", lambda event: None, phase="update") if way == "hook" else None
    stop = trainer.run(1000, until=(lambda t: False) if way == "until" else None)
    assert stop.reason == "nan"
    assert is_whole(trainer)
    assert len(trainer.history["loss"]) == well
    if well > before:
        plain.step("batch", well - before)
    same_state(trainer, plain)
    np.testing.assert_array_equal(trainer["x"], scout["x"])  # the bad batch is the one loaded

    for each in (trainer, plain):
        each.learning_rate = 1e-30 if dtype == "float32" else 1e-200
    if hook is not None:
        hook.remove()
    ends = [each.run(2).reason for each in (trainer, plain)]
    assert ends[0] == ends[1]
    same_state(trainer, plain)


@pytest.mark.parametrize("size", [None, 5])
def test_the_op_is_the_first_that_wrote_such_a_number(size):
    """Stepping through that batch by ops, all arrays are finite up to there."""
    trainer = a_net("plain", nbann.SGD(50.0), size, "float64", 1)
    stop = trainer.run(900)
    assert stop.reason == "nan"
    while trainer.op.name != stop.op:
        trainer.step("op")
        assert all(np.isfinite(trainer[name]).all() for name in trainer.last_op.writes)
    assert trainer.position == stop.position
    trainer.step("op")
    assert not all(np.isfinite(trainer[name]).all() for name in trainer.last_op.writes)


def test_what_that_batch_computed_can_be_looked_at():
    trainer = a_net("plain", nbann.SGD(50.0), None, "float64", 1)
    weights = []
    trainer.on("batch", lambda event: weights.append(copies(trainer)))
    stop = trainer.run(900)
    expected = trainer["x"] @ weights[-1][0] + weights[-1][1]
    np.testing.assert_allclose(trainer["first.out"], expected, rtol=1e-12)
    assert not np.isfinite(trainer[trainer.program[stop.op].writes[0]]).all()
    assert not trainer.is_current("first.out")  # it is yet to run


def test_hooks_are_called_for_the_bad_batch_but_not_at_its_end():
    trainer = one_huge_row(4, "weight", "float64", 2, 0.0)
    ops, ends = [], []
    trainer.on("op", lambda event: ops.append(event.batch), op="sgd.update")
    trainer.on("batch", lambda event: ends.append(event.batch))
    assert trainer.run().reason == "nan"
    assert ops == [
        0,
        1,
        2,
        3,
    ]  # the last op's hooks are called at the batch's end, which is not reached
    assert ends == [0, 1, 2, 3]


def test_a_pause_in_a_bad_batch_comes_first():
    trainer = one_huge_row(4, "loss", "float64", 2, 0.0)
    trainer.on("op", lambda event: event.batch == 4 and event.pause(), phase="loss")
    reasons = {trainer.run().reason for _ in range(2)}
    assert reasons == {"paused"}  # the error's op, then the loss's
    assert trainer.run().reason == "nan"
    assert trainer.position == (0, 4, 0)
    assert is_whole(trainer)


def test_a_hook_that_mends_the_numbers_keeps_the_run_going():
    trainer = one_huge_row(4, "loss", "float64", 2, 0.0)

    def mend(event):
        event["dense1.out"][:] = np.clip(event["dense1.out"], -1, 1)

    trainer.on("op", mend, op="dense1.affine", modifies=True)
    assert trainer.run().reason == "epochs"
    assert is_whole(trainer)


def test_an_evaluation_that_overflows_does_not_stop_but_the_batch_after_it_does():
    """After the last step of an epoch the weights are finite, but the loss with them is not."""
    trainer = doubling(2.0, 2.0**510, "float64", evaluate_every=1)
    stop = trainer.run(2)
    assert stop.reason == "epochs"
    assert trainer.history["train_loss"].tolist() == [4.0**511, math.inf]
    assert np.isfinite(trainer.history["loss"]).all()
    assert trainer.run(1).reason == "nan"
