"""A hook may pause a run anywhere; going on calls nothing twice and gives the same numbers."""

import pytest

from .nets import HIDDEN, make, same_run

OPS = 14  # of a batch of this net


def trainer_of(**settings):
    return make(HIDDEN, **({"batch_size": 5, "l2": 0.1} | settings))


def test_the_net_here_has_that_many_ops():
    trainer = trainer_of()
    assert len(trainer.program) == OPS + 3  # and three of the penalty
    assert len(trainer_of(l2=0.0).program) == OPS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("move", ["run", "epoch", "batch", "phase", "op"])
def test_a_pause_at_every_op(move, when):
    paused, plain = trainer_of(), trainer_of()
    calls = []

    def pause(event):
        calls.append((event.epoch, event.batch, event.op.index))
        event.pause()

    hook = paused.on("op", pause, when=when)
    stops = 0
    while len(calls) < 2 * 3 * (OPS + 3):
        result = paused.run() if move == "run" else paused.step(move)
        stopped = result.reason == "paused" if move == "run" else result.paused
        if stopped:
            stops += 1
            epoch, batch, op = calls[-1]
            expected = op + (when == "after")
            assert paused.position == (
                (epoch, batch, expected) if expected < OPS + 3
                else (epoch, batch + 1, 0) if batch < 2 else (epoch + 1, 0, 0)
            )  # fmt: skip
    assert stops == len(calls) == len(set(calls))
    hook.remove()
    if paused.position[1:] != (0, 0):
        paused.step("epoch")
    plain.run(2)
    same_run(plain, paused)


@pytest.mark.parametrize("unit", ["layer", "phase", "batch", "epoch"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("size", [None, 5])
def test_a_pause_at_every_unit(unit, when, size):
    paused, plain = trainer_of(batch_size=size), trainer_of(batch_size=size)
    counted, calls = [], []
    plain.on(unit, lambda e: counted.append((e.epoch, e.batch, e.op and e.op.index)), when=when)
    plain.run(2)

    def pause(event):
        calls.append((event.epoch, event.batch, event.op and event.op.index))
        event.pause()

    paused.on(unit, pause, when=when)
    while paused.position.epoch < 2:
        paused.run()
    assert calls == counted
    same_run(plain, paused)


def test_a_pause_before_the_first_op_runs_nothing():
    trainer = trainer_of()
    calls = []
    trainer.on("op", lambda e: (calls.append(e), e.pause()), op="dense1.affine", when="before")
    ran = trainer.step("batch")
    assert ran.paused
    assert ran == ()
    assert trainer.position == (0, 0, 0)
    ran = trainer.step("batch")
    assert len(ran) == OPS + 3
    assert not ran.paused
    assert len(calls) == 1


def test_a_pause_after_the_last_op_leaves_the_batch_recorded():
    trainer = trainer_of()
    trainer.on("batch", lambda e: e.pause())
    for batch in (1, 2, 3):
        assert trainer.run().reason == "paused"
        assert len(trainer.history["loss"]) == batch
    assert trainer.position == (1, 0, 0)
    assert len(trainer.history["train_loss"]) == 1


def test_all_hooks_of_a_place_are_called_though_the_first_pauses():
    trainer, calls = trainer_of(), []
    trainer.on("op", lambda e: e.pause(), op="tanh1.tanh")
    trainer.on("op", lambda e: calls.append(e.op.name), op="tanh1.tanh")
    assert trainer.run().reason == "paused"
    assert calls == ["tanh1.tanh"]
    assert trainer.position.op == 2


def test_a_step_of_many_ends_at_the_pause():
    trainer = trainer_of()
    trainer.on("op", lambda e: e.pause(), phase="update")
    ran = trainer.step("op", 100)
    assert ran.paused
    assert len(ran) == OPS + 3
    assert trainer.position == (0, 1, 0)
    assert "paused" in repr(ran)


def test_resuming_calls_the_hooks_after_a_reset_anew():
    trainer, calls = trainer_of(), []
    trainer.on("op", lambda e: (calls.append(e.op.name), e.pause()), op="tanh1.tanh", when="before")
    trainer.step("batch")
    trainer.reset()
    trainer.step("batch")
    assert len(calls) == 2
    assert trainer.position == (0, 0, 1)


def test_the_hook_that_paused_is_not_skipped_in_a_later_batch():
    """Paused before the first op, then run on bare: the next batch calls a new hook as usual."""
    trainer, calls = trainer_of(batch_size=5), []
    hook = trainer.on("op", lambda e: e.pause(), op="dense1.affine", when="before")
    trainer.step("op")
    hook.remove()
    trainer.run()
    trainer.on("op", calls.append, op="dense1.affine", when="before")
    trainer.run()
    assert len(calls) == 3
