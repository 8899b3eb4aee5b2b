"""Several trainers that move as one: against the same trainers moved by themselves."""

import numpy as np
import pytest

import nbann
from nbann.core.comparing.lockstep import Lockstep

IRIS = nbann.datasets.iris().standardized()


def make(activation=nbann.ReLU, **options):
    layers = [nbann.Dense(5, name="hidden"), activation(), nbann.Dense(3)]
    return nbann.Trainer(nbann.Sequential(layers), IRIS, **{"batch_size": 50, **options})


def positions(lockstep):
    return [tuple(trainer.position) for trainer in lockstep.trainers]


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a.parameters)


def test_a_run_gives_the_numbers_of_each_by_itself():
    options = [{}, {"seed": 4}, {"batch_size": 16}]
    together = Lockstep([make(**o) for o in options])
    assert together.run(7).reason == "epochs"
    for trainer, o in zip(together.trainers, options, strict=True):
        alone = make(**o)
        alone.run(7)
        assert same(trainer, alone)
        assert np.array_equal(trainer.history["loss"], alone.history["loss"])
    assert together.level
    assert together.position == (7, 0, 0)


@pytest.mark.parametrize("unit", ["op", "layer", "phase", "batch", "epoch"])
def test_alike_trainers_stay_level_forth_and_back(unit):
    together = Lockstep([make(), make(seed=1), make(nbann.Tanh)])
    alone = make()
    for _ in range(9):
        alone.step(unit)
        together.step(unit)
        assert positions(together) == [tuple(alone.position)] * 3
    for _ in range(9):
        alone.back(unit)
        together.back(unit)
        assert positions(together) == [tuple(alone.position)] * 3


def test_epochs_are_a_barrier_for_other_numbers_of_batches():
    together = Lockstep([make(), make(batch_size=30)])  # 3 and 5 batches
    for expected in ([(0, 1, 0)] * 2, [(0, 2, 0)] * 2, [(1, 0, 0), (0, 3, 0)],
                     [(1, 0, 0), (0, 4, 0)], [(1, 0, 0)] * 2, [(1, 1, 0)] * 2):  # fmt: skip
        together.step("batch")
        assert positions(together) == expected
    together.step("epoch")
    assert positions(together) == [(2, 0, 0)] * 2


def test_one_that_was_moved_ahead_is_caught_up_with():
    a, b = make(), make()
    together = Lockstep([a, b])
    a.run(2)
    a.step("batch")
    assert not together.level
    assert together.position == (0, 0, 0)
    together.step("epoch")
    assert positions(together) == [(2, 1, 0), (1, 0, 0)]
    together.run(2)
    assert positions(together) == [(3, 0, 0)] * 2
    a.run(1)
    together.back("epoch")
    assert positions(together) == [(3, 0, 0)] * 2


def test_one_that_diverges_stays_and_the_others_go_on():
    wild, tame = make(optimizer=nbann.SGD(1e200)), make()
    together = Lockstep([wild, tame])
    stop = together.run(4)
    assert stop.reason == "epochs"
    assert tame.position == (4, 0, 0)
    assert together.stopped(wild).reason == "nan"
    assert together.stopped(tame) is None
    assert together.position == (4, 0, 0)
    together.run(1)
    assert tame.position == (5, 0, 0)
    left = wild.position
    together.step("epoch")
    assert (tame.position, wild.position) == ((6, 0, 0), left)
    assert together.level
    alone = make(optimizer=nbann.SGD(1e200))
    assert alone.run(4).autopsy.op == together.stopped(wild).autopsy.op
    together.reset()
    assert together.stopped(wild) is None
    assert positions(together) == [(0, 0, 0)] * 2
    assert Lockstep([make(optimizer=nbann.SGD(1e200))]).run(3).reason == "nan"


def test_until_is_asked_after_each_batch_and_stops_all():
    together = Lockstep([make(), make(seed=1)])
    asked = []
    stop = together.run(100, until=lambda one: asked.append(one) or len(asked) == 8)
    assert stop.reason == "until"
    assert len(asked) == 8
    assert set(asked) == {together}
    assert sum(len(t.history["loss"]) for t in together.trainers) == 8


def test_a_hook_that_pauses_stops_all():
    a, b = make(), make(seed=1)
    together = Lockstep([a, b])
    b.on("batch", "every 2")
    assert together.run(5).reason == "paused"
    assert (b.position, a.position) == ((0, 2, 0), (1, 0, 0))  # a had its turn first
    stepped = Lockstep([make(), make()])
    assert not stepped.step("op").paused
    stepped.trainers[1].on("op", "loss > 0")
    ran = stepped.step("batch")
    assert ran.paused
    assert "loss > 0" in ran.why


def test_watchers_hear_once_of_a_move_together():
    a, b = make(), make()
    together = Lockstep([a, b])
    heard = []
    stop = together.watch(heard.append)
    together.step("batch")
    assert heard == [together]
    a.step("op")
    assert heard == [together] * 2
    stop()
    a.step("op")
    together.step("op")
    assert heard == [together] * 2
    assert not a._watchers


def test_wrong_asks_change_nothing():
    a = make()
    with pytest.raises(ValueError, match="each trainer once"):
        Lockstep([a, a])
    with pytest.raises(ValueError, match="each trainer once"):
        Lockstep([])
    together = Lockstep([a, make()])
    for ask in (together.step, together.back):
        with pytest.raises(ValueError, match="unit"):
            ask("week")
        with pytest.raises(ValueError, match="n: expected"):
            ask("op", 0)
    with pytest.raises(ValueError, match="epochs"):
        together.run(0)
    assert positions(together) == [(0, 0, 0)] * 2
