"""Machines with rules and phases of their own go back, branch and are stored as any other run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris

import nbann

from .test_timeline import move, moves
from .timelines import Line, do, same_state, walk

IRIS = load_iris(return_X_y=True)


def _flat(model, **settings):
    return lambda: nbann.Trainer(model(), (IRIS[0][::9], IRIS[1][::9]), seed=4, **settings)


def _patterns(count, units, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, units))


def _stored(rule="hebb", **settings):
    return lambda: nbann.Trainer(nbann.Hopfield(rule), _patterns(3, 26), seed=4, **settings)


def _recalling(order, **settings):
    def make():
        trainer = _stored(**settings)()
        trainer.run(1)
        return trainer.model.recall(trainer, _patterns(1, 26, 9)[0], order, seed=3)

    return make


def _bam():
    return nbann.Trainer(nbann.BAM(7), (_patterns(5, 12), _patterns(5, 7, 1)), seed=4)


def _bam_recalling():
    trainer = _bam()
    trainer.run(1)
    return trainer.model.recall(trainer, _patterns(1, 7, 8)[0], "y")


def _map(rule, **settings):
    more = {k: settings.pop(k) for k in ("batch_size", "dtype") if k in settings}
    X = np.random.default_rng(2).standard_normal((17, 3))
    return lambda: nbann.Trainer(nbann.SOM(2, 3, rule, **settings), X, seed=4, **more)


MACHINES = {
    "som": _map("online"),
    "som, bubble": _map("online", neighborhood="bubble", radius=1.0, dtype="float32"),
    "som, batch": _map("batch"),
    "som, own start": _map("online", init=lambda rng, shape: rng.uniform(-2, 2, shape)),
    "som, batches": _map("batch", batch_size=5, topology="hexagonal"),
    "hopfield": _stored(),
    "hopfield, batches": _stored(batch_size=2),
    "storkey": _stored("storkey", dtype="float32"),
    "pseudo-inverse": _stored("pseudo_inverse"),
    "recall": _recalling("random"),
    "recall, given": _recalling(range(25, -1, -1), dtype="float32"),
    "recall, at once": _recalling("synchronous"),
    "bam": _bam,
    "bam recall": _bam_recalling,
    "perceptron": _flat(lambda: nbann.Perceptron(3)),
    "perceptron, batches": _flat(lambda: nbann.Perceptron(3), batch_size=5),
    "adaline": _flat(lambda: nbann.Adaline(3), l2=0.01),
}


@pytest.mark.parametrize("name", MACHINES)
def test_every_op_of_a_run_backward(name):
    """What is expected are the arrays of a run from scratch."""
    trainer, fresh, seen = MACHINES[name](), MACHINES[name](), {}
    trainer.run(2)
    trainer.step("op", min(3, len(trainer.program) - 1))
    stop = trainer.position
    while True:
        current = [n for n in fresh.names if fresh.is_current(n)]
        seen[fresh.position] = {n: fresh[n].copy() for n in current}
        if fresh.position == stop:
            break
        fresh.step("op")
    places = sorted(seen, reverse=True)
    for position in places[:: max(1, len(places) // 60)]:
        trainer.goto(*position)
        for array, expected in seen[position].items():
            np.testing.assert_array_equal(trainer[array], expected, f"{array} at {position}")


@pytest.mark.parametrize("name", MACHINES)
def test_a_branch_a_file_and_a_run_from_scratch_are_one(name, tmp_path):
    trainer = MACHINES[name]()
    trainer.run(1)
    trainer.step("op", 2)
    trainer.back("op")
    place = trainer.position
    trainer.save(tmp_path / "run")
    others = [trainer.branch(), nbann.Trainer.load(tmp_path / "run"), MACHINES[name]()]
    walk(others[-1], place)
    for other in others:
        same_state(trainer, other)
    for one in (trainer, *others):
        one.run(2)
        one.step("op")
    for other in others:
        same_state(trainer, other)


@pytest.mark.parametrize("name", MACHINES)
def test_stepping_by_any_unit_and_running_give_the_same(name):
    trainers = [MACHINES[name]() for _ in range(6)]
    for unit, trainer in zip(["op", "layer", "phase", "batch", "epoch"], trainers, strict=False):
        while trainer.position < (2, 0, 0):
            trainer.step(unit)
    trainers[-1].run(2)
    for trainer in trainers[:-1]:
        same_state(trainers[-1], trainer)


@pytest.mark.parametrize("name", MACHINES)
def test_every_parameter_is_explained_in_words_and_steps(name):
    """What is expected is the number itself, and that each step is one of an op's own numbers."""
    trainer = MACHINES[name]()
    trainer.step("batch", 2)
    for parameter, array in trainer.parameters.items():
        at = tuple(n - 1 for n in array.shape)
        explanation = trainer.explain(parameter, at)
        assert explanation.value == array[at]
        assert str(explanation)
        for step in explanation.steps:
            assert step.value == trainer[step.name][step.index]


def test_a_weight_set_in_the_midst_counts_and_is_done_again():
    trainer, fresh = MACHINES["perceptron"](), MACHINES["perceptron"]()
    for one in (trainer, fresh):
        walk(one, (1, 3, 2))
        one.set("perceptron.weight", (0, 1), 2.5)
        one.freeze("perceptron.bias")
    trainer.run(2)
    trainer.back("epoch", 2)
    trainer.goto(*trainer.timeline.position_of(trainer.timeline.end))
    fresh.run(2)
    same_state(fresh, trainer)


@pytest.mark.parametrize("name", MACHINES)
def test_it_is_looked_at_from_all_sides(name):
    """A dashboard shows what fits; what does not apply is refused in words."""
    trainer = MACHINES[name]()
    trainer.run(1)
    assert nbann.Dashboard(trainer).describe()
    if not trainer.model.follows_loss:
        for ask in (nbann.diagnose, nbann.layer_stats, type(trainer).check_gradients):
            with pytest.raises(ValueError, match="expected a"):
                ask(trainer)
        with pytest.raises(ValueError, match="predict_proba: expected"):
            trainer.predict_proba(trainer.train_data.X)


acts = st.tuples(
    st.just("set"), st.just("weight"), st.just((0, 1)), st.sampled_from([-1.5, 0.25, 2.0])
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(MACHINES)), st.lists(st.one_of(moves, moves, acts), max_size=7))
def test_a_walk_in_time_is_at_each_place_a_run_from_scratch(name, actions):
    trainer, line = MACHINES[name](), Line(MACHINES[name])
    for action in actions:
        if action[0] != "set":
            move(trainer, action)
        else:
            place, known = trainer.position, list(trainer.timeline)
            action = ("set", next(iter(trainer.parameters)), *action[2:])
            do(trainer, action)
            if list(trainer.timeline) != known:
                line.acted(place, action)
        same_state(line.at(trainer.position), trainer)
