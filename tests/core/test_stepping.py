"""Stepping by any unit, running, pausing: the numbers are the same, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from .nets import HIDDEN, data, make, same_run

UNITS = ["op", "layer", "phase", "batch", "epoch"]
N = 33
SIZES = [None, 1, 7, 32, N - 1, N, 500]
NETS = {
    "plain": (HIDDEN, "cross_entropy", {}),
    "single": ([("linear", 3)], "half_sum", {"optimizer": nbann.SGD(0.01)}),
    "momentum": (
        [("dense", 5), "relu", ("linear", 4), "sigmoid", ("dense", 3)],
        "cross_entropy",
        {"optimizer": nbann.SGD(0.1, momentum=0.9), "l1": 0.001, "l2": 0.01},
    ),
    "nesterov": (
        [("dense", 4), "tanh", ("dense", 3), "sigmoid"],
        "mean_squared_error",
        {"optimizer": nbann.SGD(0.2, momentum=0.8, nesterov=True), "l2": 0.01, "dtype": "float32"},
    ),
    "scored": (HIDDEN, "cross_entropy", {"test": data(9, seed=5)[:2], "evaluate_every": 2}),
    "unscored": (HIDDEN, "half_mean", {"evaluate_every": None, "shuffle": False}),
}


def trainer_of(name, size):
    spec, loss, settings = NETS[name]
    return make(spec, loss, n=N, batch_size=size, **settings)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETS)
def test_every_unit_gives_the_numbers_of_a_run(name, size):
    ran = trainer_of(name, size)
    assert ran.run(3).reason == "epochs"
    assert ran.position == (3, 0, 0)
    for unit in UNITS:
        stepped = trainer_of(name, size)
        while stepped.position.epoch < 3:
            stepped.step(unit)
        same_run(ran, stepped)
    hooked = trainer_of(name, size)
    for unit in UNITS:
        hooked.on(unit, lambda event: None, when="before")
        hooked.on(unit, lambda event: event.trainer.position)
    hooked.run(3)
    same_run(ran, hooked)


actions = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(UNITS), st.integers(1, 3)),
        st.tuples(st.just("run"), st.integers(1, 2)),
        st.tuples(st.just("until"), st.integers(1, 4)),
        st.tuples(st.just("pause"), st.sampled_from(UNITS), st.sampled_from(["before", "after"])),
        st.just(("unhook",)),
        st.just(("look",)),
    ),
    max_size=10,
)


def act(trainer, action, hooks):
    """Do one thing that a user might."""
    match action:
        case ("run", epochs):
            trainer.run(epochs)
        case ("until", batches):
            stop = len(trainer.history["loss"]) + batches
            trainer.run(2, until=lambda t: len(t.history["loss"]) >= stop)
        case ("pause", unit, when):
            hooks.append(trainer.on(unit, lambda event: event.pause(), when=when))
        case ("unhook",):
            while hooks:
                hooks.pop().remove()
        case ("look",):
            X = trainer.train_data.X
            trainer.evaluate(trainer.train_data)
            trainer.predict(X[:2])
            trainer.check_gradients()
        case (unit, n):
            trainer.step(unit, n)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(NETS)), st.sampled_from(SIZES), actions)
def test_any_mixture_gives_the_numbers_of_a_run(name, size, sequence):
    mixed, hooks = trainer_of(name, size), []
    for action in sequence:
        act(mixed, action, hooks)
    act(mixed, ("unhook",), hooks)
    if mixed.position[1:] != (0, 0):
        mixed.step("epoch")
    ran = trainer_of(name, size)
    if mixed.position.epoch:
        ran.run(mixed.position.epoch)
    same_run(ran, mixed)


@pytest.mark.parametrize("unit", UNITS)
def test_a_step_ends_where_its_unit_ends(unit):
    trainer = make(n=N, batch_size=7, l2=0.1)
    while trainer.position.epoch < 1:
        before, op = trainer.position, trainer.op
        ran = trainer.step(unit)
        assert ran[0] is op
        assert not ran.paused
        after = trainer.position
        assert after > before
        if unit == "op":
            assert len(ran) == 1
        elif unit in ("layer", "phase"):
            key = [(o.phase, o.layer if unit == "layer" else None) for o in ran]
            assert len(set(key)) == 1
            following = (trainer.op.phase, trainer.op.layer if unit == "layer" else None)
            assert after.op == 0 or following != key[0]
        elif unit == "batch":
            assert after.op == 0
            assert len(ran) == len(trainer.program)
        else:
            assert after == (1, 0, 0)
            assert len(ran) == 5 * len(trainer.program)


def test_a_unit_begun_is_ended_not_begun_anew():
    trainer = make(n=N, batch_size=7)
    trainer.step("op", 2)
    trainer.step("phase")
    assert trainer.op.phase == "loss"
    trainer.step("op", 1)
    trainer.step("batch")
    assert trainer.position == (0, 1, 0)
    trainer.step("op", 3)
    trainer.step("epoch")
    assert trainer.position == (1, 0, 0)
    trainer.step("batch", 2)
    assert trainer.run(2).position == (3, 0, 0)


def test_one_loss_is_recorded_for_each_batch():
    trainer = make(n=N, batch_size=7, evaluate_every=2)
    trainer.run(4)
    assert len(trainer.history["loss"]) == 4 * 5
    np.testing.assert_array_equal(trainer.history["epoch"], [2, 4])


def test_until_stops_after_the_batch_that_it_names():
    trainer = make(n=N, batch_size=7)
    asked = []
    stop = trainer.run(3, until=lambda t: asked.append(t.position) or len(asked) == 6)
    assert stop.reason == "until"
    assert stop.position == trainer.position == (1, 1, 0)
    assert asked[:2] == [(0, 1, 0), (0, 2, 0)]
    assert trainer.run().position == (2, 0, 0)


def test_reset_is_the_same_start_again():
    for name in NETS:
        fresh, used = trainer_of(name, 7), trainer_of(name, 7)
        used.run(2)
        used.step("op", 3)
        used.learning_rate = 0.77
        used.reset()
        same_run(fresh, used)
        assert used.learning_rate == fresh.learning_rate
        for array in fresh.names:
            np.testing.assert_array_equal(fresh[array], used[array], array)
        for trainer in (fresh, used):
            trainer.run(3)
        same_run(fresh, used)


def test_two_trainers_of_one_model_do_not_touch_each_other():
    X, labels, _ = data()
    model = nbann.Sequential([nbann.Dense(4), nbann.ReLU(), nbann.Dense(3)])
    one, two = (nbann.Trainer(model, (X, labels), batch_size=4) for _ in range(2))
    one.run(2)
    assert two.position == (0, 0, 0)
    two.run(2)
    same_run(one, two)


def test_another_seed_gives_other_numbers():
    X, labels, _ = data()
    model = nbann.Sequential([nbann.Dense(3)])
    weights = [
        nbann.Trainer(model, (X, labels), seed=seed)["dense1.weight"].copy() for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
