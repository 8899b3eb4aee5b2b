"""Ctrl-C ends a run on a batch boundary; going on gives the numbers of an unbroken run."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import nbann

from .nets import HIDDEN, make, same_run

MOMENTUM = {"optimizer": nbann.SGD(0.1, momentum=0.9), "l2": 0.1}


@pytest.fixture(autouse=True)
def _handler_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


def press(after=0.0, times=1):
    """Send this process a real SIGINT from another thread."""

    def send():
        for _ in range(times):
            time.sleep(after)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def finish(trainer, epochs):
    if trainer.position[1:] != (0, 0):
        trainer.step("epoch")
    if trainer.position.epoch < epochs:
        trainer.run(epochs - trainer.position.epoch)


@pytest.mark.parametrize("size", [None, 5])
@pytest.mark.parametrize("hooked", [False, True])
def test_a_signal_in_the_midst_of_a_run(size, hooked):
    settings = MOMENTUM | {"batch_size": size, "evaluate_every": None}
    stopped, plain = make(HIDDEN, **settings), make(HIDDEN, **settings)
    if hooked:
        hook = stopped.on("op", lambda e: None)
    thread = press(after=0.05)
    with pytest.raises(KeyboardInterrupt):
        stopped.run(10**9)
    thread.join()
    if hooked:
        hook.remove()
    batches = len(stopped.history["loss"])
    assert batches > 0
    assert stopped.position.op == 0
    assert stopped.position.epoch * stopped.batches + stopped.position.batch == batches

    epochs = stopped.position.epoch + 2
    finish(stopped, epochs)
    plain.run(epochs)
    same_run(stopped, plain)


@pytest.mark.parametrize("size", [None, 5])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_impatient_user_does_not_break_a_batch(size, times):
    """Several signals between two kernels of one batch, in the midst of the update."""
    settings = MOMENTUM | {"batch_size": size, "evaluate_every": None}
    stopped, plain = make(HIDDEN, **settings), make(HIDDEN, **settings)
    calls = iter(range(10**6))

    def signals():
        if next(calls) == 1:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    program = stopped.program
    until = program["sgd.velocity"].index + 1
    place = sum(len(op.kernels) for op in program.ops[:until])
    program.kernels = (*program.kernels[:place], signals, *program.kernels[place:])
    with pytest.raises(KeyboardInterrupt):
        stopped.run(7)
    assert stopped.position == ((2, 0, 0) if size is None else (0, 2, 0))
    assert len(stopped.history["loss"]) == 2
    finish(stopped, 7)
    plain.run(7)
    same_run(stopped, plain)


def test_a_signal_before_the_first_batch_is_not_lost():
    """It comes while hooks are called: the batch at hand is ended, then the run."""
    trainer, plain = make(HIDDEN, batch_size=5), make(HIDDEN, batch_size=5)
    hook = trainer.on("op", lambda e: signal.raise_signal(signal.SIGINT), op="dense1.affine")
    for batch in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert trainer.position == (0, batch, 0)
    with pytest.raises(KeyboardInterrupt):
        trainer.step("epoch")
    assert trainer.position == (1, 0, 0)
    hook.remove()
    trainer.run(2)
    plain.run(3)
    same_run(trainer, plain)


@pytest.mark.parametrize("op", ["dense1.affine", "loss.gradient", "sgd.velocity", "sgd.update"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("unit", ["run", "op", "batch"])
def test_raised_inside_a_hook(op, when, unit):
    settings = MOMENTUM | {"batch_size": 5}
    stopped, plain = make(HIDDEN, **settings), make(HIDDEN, **settings)
    for trainer in (stopped, plain):
        trainer.step("batch")

    def interrupt(event):
        raise KeyboardInterrupt

    hook = stopped.on("op", interrupt, op=op, when=when)
    with pytest.raises(KeyboardInterrupt):
        stopped.run(2) if unit == "run" else stopped.step(unit, 100)
    assert stopped.position == ((0, 2, 0) if (op, when) == ("sgd.update", "after") else (0, 1, 0))
    hook.remove()
    stopped.run(3)
    plain.run(3)
    same_run(stopped, plain)


def test_a_second_signal_frees_from_a_hook_that_does_not_come_back():
    trainer, plain = make(HIDDEN, batch_size=5), make(HIDDEN, batch_size=5)

    def hang(event):
        while True:
            time.sleep(0.001)

    hook = trainer.on("op", hang, op="tanh1.tanh")
    thread = press(after=0.05, times=2)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    thread.join()
    assert trainer.position == (0, 0, 0)
    hook.remove()
    trainer.run()
    plain.run()
    same_run(trainer, plain)


def test_after_an_interrupt_arithmetic_is_right_or_says_why_not():
    trainer = make(HIDDEN, evaluate_every=None, **MOMENTUM)
    thread = press(after=0.05)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(10**9)
    thread.join()
    assert np.isfinite(trainer["loss"])
    with pytest.raises(ValueError, match="step"):
        trainer.arithmetic("dense1.out", (0, 0))
    trainer.step("batch")
    equation = trainer.arithmetic("dense1.out", (0, 0))
    assert equation.value() == pytest.approx(trainer["dense1.out"][0, 0], rel=1e-12)


def test_a_stretch_that_never_began_keeps_the_weights_to_go_back_to():
    """Interrupted at once, then a hook interrupts in the update: momentum is taken back with it."""
    settings = MOMENTUM | {"batch_size": None, "evaluate_every": None}
    stopped, plain = make(HIDDEN, **settings), make(HIDDEN, **settings)
    stopped.run(1)
    stopped._cursor.interrupts.seen = True
    assert stopped._cursor._stretch(10, single=False)
    assert stopped.position == (1, 0, 0)

    def interrupt(event):
        raise KeyboardInterrupt

    hook = stopped.on("op", interrupt, op="sgd.velocity")
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    hook.remove()
    stopped.run(2)
    plain.run(3)
    same_run(stopped, plain)


def test_another_thread_runs_without_signals():
    """Only the main thread may set a handler; a run elsewhere does without."""
    trainer, plain = make(HIDDEN, batch_size=5), make(HIDDEN, batch_size=5)
    thread = threading.Thread(target=trainer.run, args=(3,))
    thread.start()
    thread.join()
    plain.run(3)
    same_run(trainer, plain)
