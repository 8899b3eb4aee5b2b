"""Hooks in a run that is gone back in: those that change numbers, settings and each other."""

import numpy as np
import pytest

import nbann

from .nets import copies, make
from .timelines import walk


def run_of(*hooks, **settings):
    """Return a trainer with hooks, each as ``(unit, function, further arguments)``."""
    trainer = make(**({"n": 13, "batch_size": 5} | settings))
    for unit, fn, further in hooks:
        trainer.on(unit, fn, **further)
    return trainer


def same(expected, found):
    for a, b in zip(expected, copies(found), strict=True):
        np.testing.assert_array_equal(a, b)


def in_passing(epoch, batch, do):
    """Return a hook that does something in one batch."""

    def hook(event):
        if (event.epoch, event.batch) == (epoch, batch):
            do(event)

    return hook


def halve(event):
    event.trainer.learning_rate *= 0.5


def push(event):
    event["dense1.weight"][0, 0] *= 1.1


AFFINE = {"op": "dense2.affine"}


# ---- what a hook does to the run -----------------------------------------------------------------
@pytest.mark.parametrize("modifies", [True, False])
def test_a_rate_set_by_a_hook_survives_that_the_batch_is_computed_again(modifies):
    """A weight is set later in the same batch: the rate has been halved once, not twice."""
    trainer = run_of(("op", in_passing(0, 1, halve), AFFINE | {"modifies": modifies}))
    trainer.step("batch")
    trainer.step("op", 6)
    trainer.set("dense1.weight", (0, 0), 1.5)
    assert trainer.learning_rate == 0.05
    trainer.step("batch", 3)
    end = copies(trainer)
    trainer.goto(0)
    trainer.goto(1, 1)
    assert trainer.learning_rate == 0.05
    same(end, trainer)
    assert not trainer.branches


def test_a_scheduled_rate_set_after_it_was_read_survives_likewise():
    schedule = nbann.schedules.CosineDecay(0.3, 20)
    trainer = make(n=13, batch_size=5, optimizer=nbann.SGD(schedule, momentum=0.8, clip_norm=0.5))
    first = next(op for op in trainer.program if op.phase == "update")

    def slow(event):
        event.trainer.learning_rate = 0.01

    trainer.on("op", in_passing(0, 1, slow), op=first.name)
    trainer.step("batch")
    trainer.step("op", first.index + 2)
    scale = trainer["learning_rate_scale"].item()
    assert scale != 1
    trainer.set("dense1.weight", (0, 0), 1.5)
    assert trainer["learning_rate_scale"] == scale


@pytest.mark.parametrize(("modifies", "rate"), [((False, True), 0.15), ((True, False), 0.3)])
def test_hooks_at_one_place_do_their_parts_in_order(modifies, rate):
    """One sets the rate to 0.3, the other halves it: the second one has the last word."""

    def fix(event):
        event.trainer.learning_rate = 0.3

    does = {False: fix, True: halve}
    hooks = [("op", in_passing(0, 1, does[m]), AFFINE | {"modifies": m}) for m in modifies]
    trainer = run_of(*hooks)
    trainer.run(2)
    end = copies(trainer)
    for again in (lambda: trainer.run(2), lambda: trainer.goto(2)):
        trainer.goto(0)
        again()
        same(end, trainer)
        assert trainer.learning_rate == rate
    trainer.goto(0, 1, 6)
    trainer.set("dense1.weight", (0, 0), 0.3)
    assert trainer.learning_rate == rate


def test_a_person_and_a_hook_set_the_rate_in_one_batch():
    trainer = run_of(("op", halve, AFFINE | {"modifies": True}))
    trainer.step("op", 6)
    trainer.learning_rate = 0.7
    trainer.set("dense1.weight", (0, 1), 0.3)
    assert trainer.learning_rate == 0.7  # it was set after the hook had spoken
    trainer.run(1)
    end = copies(trainer)
    for again in (lambda: trainer.run(1), lambda: trainer.goto(1)):
        trainer.goto(0)
        again()
        same(end, trainer)
    assert not trainer.branches


def test_weights_put_back_by_a_hook_survive_that_the_batch_is_computed_again():
    trainer = make(n=13, batch_size=5)
    trainer.run(1)
    snapshot, first = trainer.model_snapshot(), trainer["dense1.weight"].copy()
    trainer.on(
        "op", in_passing(1, 1, lambda event: event.trainer.restore_model(snapshot)), **AFFINE
    )
    trainer.step("batch")
    trainer.step("op", 6)
    trainer.set("dense2.bias", 0, 0.5)
    np.testing.assert_array_equal(trainer["dense1.weight"], first)


def test_a_hook_that_reads_the_history_reads_that_of_its_time():
    def follow(event):
        losses = event.trainer.history["loss"]
        event["dense1.weight"][0, 0] += 0.01 * len(losses) + (losses[-1] if len(losses) else 0)

    hooks = [
        ("batch", follow, {"modifies": True, "when": "before"}),
        ("batch", push, {"modifies": True, "condition": "train_loss < 1.1 and every 2"}),
    ]
    trainer, straight, there = run_of(*hooks), run_of(*hooks), []
    trainer.run(3)
    for _ in range(9):
        there.append(copies(straight))
        straight.step("batch")
    for batch in (8, 3, 5, 0, 7):
        trainer.goto(*divmod(batch, 3))
        same(there[batch], trainer)
    late = make(n=13, batch_size=5)
    late.run(1)
    late.on("batch", follow, modifies=True, when="before")
    late.step("op", 3)
    same(copies(late), late.branch())


# ---- hooks that attach hooks ---------------------------------------------------------------------
@pytest.mark.parametrize("modifies", [True, False])
def test_a_hook_attached_by_a_hook_speaks_from_that_op_on_each_time(modifies):
    def attach(event):
        event.trainer.on("op", lambda inner: push(inner), modifies=True, **AFFINE)

    hook = ("op", in_passing(0, 1, attach), {"op": "dense1.affine", "modifies": modifies})
    trainer = run_of(hook)
    straight = make(n=13, batch_size=5)
    for one in (trainer, straight):
        one.step("batch")
        one.step("op")
    straight.on("op", push, modifies=True, **AFFINE)
    for one in (trainer, straight):
        one.step("op", 4)
        one.set("dense1.weight", (0, 1), 0.4)
        one.run(2)
    same(copies(straight), trainer)
    end, count = copies(trainer), len(trainer._hooks)
    for again in (lambda: trainer.goto(2), lambda: trainer.run(2)):
        trainer.goto(0)
        again()
        same(end, trainer)
        assert len(trainer._hooks) == count == 2
    assert not trainer.branches


def test_a_hook_that_removes_itself_is_there_again_in_its_past():
    def once(event):
        push(event)
        hook.remove()

    trainer = make(n=13, batch_size=5)
    hook = trainer.on("batch", once, modifies=True)
    trainer.run(2)
    end = copies(trainer)
    trainer.goto(0)
    assert hook.attached
    trainer.goto(0, 1)
    assert not hook.attached
    trainer.run(2)
    same(end, trainer)
    assert not trainer.branches


# ---- pauses --------------------------------------------------------------------------------------
def paused_before():
    def push_and_pause(event):
        push(event)
        event.pause()

    return run_of(("op", push_and_pause, AFFINE | {"when": "before", "modifies": True}))


def test_going_on_from_a_pause_in_the_past_does_not_call_the_hook_twice():
    trainer = paused_before()
    straight = run_of(("op", push, AFFINE | {"when": "before", "modifies": True}))
    while trainer.position < (1, 0, 0):
        trainer.run(1)
    trainer.goto(0)
    trainer.run(1)
    trainer.goto(0, 2)
    walk(straight, (0, 2, 0))
    same(copies(straight), trainer)


def test_a_twin_of_a_paused_run_is_paused_as_well():
    trainer = paused_before()
    trainer.run(1)
    twin = trainer.branch()
    same(copies(trainer), twin)
    for one in (trainer, twin):
        one.step("batch")
    assert trainer.position == twin.position == (0, 1, 0)
    same(copies(trainer), twin)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("unit", ["batch", "op"])
def test_what_was_done_at_a_breakpoint_is_done_there_again(unit, when):
    trainer = make(n=13, batch_size=5)
    trainer.on(unit, condition="every 2", when=when, op="dense2.affine" if unit == "op" else None)
    trainer.run(1)
    place = trainer.position
    trainer.learning_rate = 0.3
    trainer.set("dense1.weight", (0, 0), 0.25)
    for _ in range(3):
        trainer.run(1)
    end, stop = copies(trainer), trainer.position
    for again in (lambda: trainer.run(3), lambda: trainer.step("batch", 9)):
        trainer.goto(0)
        again()
        assert trainer.position == place
        assert trainer.learning_rate == 0.3
        assert trainer["dense1.weight"][0, 0] == 0.25
        for _ in range(3):
            trainer.run(1)
        assert trainer.position == stop
        same(end, trainer)
    trainer.goto(*place)
    assert trainer.learning_rate == 0.3
    trainer.reset()
    trainer.run(1)
    trainer.switch(0)
    same(end, trainer)


def test_goto_ends_at_a_breakpoint_at_the_end_of_an_epoch():
    trainer = make(n=13, batch_size=5)
    trainer.on("epoch", lambda event: event.pause())
    assert trainer.goto(1, 1) == (1, 0, 0)


# ---- who is called -------------------------------------------------------------------------------
def test_observers_see_a_batch_that_was_rewound_and_is_another_now():
    values = np.array([[1.0], [2.0]])
    net = nbann.Sequential([nbann.Dense(1, weight=[[0.5]], bias=False)])
    trainer = nbann.Trainer(
        net, (values, values), loss="mse", optimizer=nbann.SGD(1e3), batch_size=1, shuffle=False
    )
    seen = []
    trainer.on("op", lambda event: seen.append(event.op.index))
    assert trainer.run(200).reason == "nan"
    trainer.set("dense1.weight", ..., 0.5)
    seen.clear()
    trainer.step("batch")
    assert seen == list(range(len(trainer.program)))


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_set_in_a_batch_survives_an_interrupt_in_it(when):
    trainer, straight = make(n=13, batch_size=5), make(n=13, batch_size=5)
    for one in (trainer, straight):
        one.step("op", 2)
        one.set("tanh1.out", (0, 1), 0.5)

    def interrupt(event):
        raise KeyboardInterrupt

    hook = trainer.on("op", interrupt, op="loss.gradient", when=when)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(1)
    hook.remove()
    for one in (trainer, straight):
        one.run(1)
    same(copies(straight), trainer)


# ---- errors --------------------------------------------------------------------------------------
def angry_run():
    angry = []

    def fail(event):
        if angry:
            raise OSError("no")
        push(event)

    return run_of(("op", fail, {"op": "dense1.affine", "modifies": True})), angry


def test_a_hook_that_fails_while_something_is_set_leaves_the_run_whole():
    trainer, angry = angry_run()
    straight, _ = angry_run()
    for one in (trainer, straight):
        one.step("batch")
        one.step("op", 6)
    angry.append(1)
    with pytest.raises(OSError, match="no"):
        trainer.set("dense1.weight", (0, 1), 2.0)
    angry.clear()
    straight.set("dense1.weight", (0, 1), 2.0)
    trainer.goto(0, 1, 6)
    same(copies(straight), trainer)


def test_a_hook_that_fails_on_the_way_to_a_branch_loses_no_line_of_events():
    trainer, angry = angry_run()
    trainer.run(3)
    trainer.goto(1)
    trainer.learning_rate = 0.4
    trainer.run(2)
    end = copies(trainer)
    angry.append(1)
    with pytest.raises(OSError, match="no"):
        trainer.switch(0)
    angry.clear()
    assert [branch.number for branch in trainer.branches] == [1]
    trainer.switch(1)
    same(end, trainer)
    assert [branch.number for branch in trainer.branches] == [0]


# ---- rules ---------------------------------------------------------------------------------------
def test_a_rule_that_changes_the_rate_does_it_once_when_it_is_asked_again():
    def decay(trainer):
        trainer.learning_rate *= 0.9

    trainer, straight = make(n=13, batch_size=5), make(n=13, batch_size=5)
    trainer.run(3, until=decay)
    end = copies(trainer)
    assert trainer.learning_rate == pytest.approx(0.1 * 0.9**9, rel=1e-12)
    for until in (decay, None, lambda trainer: False, nbann.MaxTime(100)):
        trainer.goto(1)
        trainer.run(2, until=until)
        same(end, trainer)
        assert not trainer.branches
    trainer.goto(2)
    trainer.run(2, until=decay)
    straight.run(4, until=decay)
    same(copies(straight), trainer)
    assert trainer.learning_rate == straight.learning_rate


def test_two_hooks_made_by_one_definition_are_two():
    """One shrinks a weight by a tenth, one by a half; one that is attached twice counts twice."""

    def times(factor):
        def change(event):
            event["dense1.weight"][...] *= factor

        return change

    trainer = make(n=13, batch_size=5, optimizer=nbann.SGD(1e-300))
    start = trainer["dense1.weight"].copy()
    half = times(0.5)
    for fn in (times(0.9), half, half):
        trainer.on("batch", fn, modifies=True)
    trainer.step("batch")
    np.testing.assert_allclose(trainer["dense1.weight"], start * 0.9 * 0.5 * 0.5, rtol=1e-14)
    trainer.goto(0, 2)
    np.testing.assert_allclose(trainer["dense1.weight"], start * 0.225**2, rtol=1e-14)
