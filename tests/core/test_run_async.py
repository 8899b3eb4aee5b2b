"""`run_async` against `run`, bit for bit; others have their turns; cancelled, it can be gone on."""

import asyncio
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
def _short_slices(monkeypatch):
    """Many slices in a short test."""
    monkeypatch.setattr("nbann.core.awaiting.SLICE", 0.0005)
    monkeypatch.setattr("nbann.core.awaiting.REST", 0.001)


def two(**settings):
    return make(HIDDEN, **MOMENTUM, **settings), make(HIDDEN, **MOMENTUM, **settings)


async def soon(condition, seconds=20.0):
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        await asyncio.sleep(0.001)


async def begun(trainer, *args, **options):
    """Return the task of a run_async that has done some batches."""
    task = asyncio.create_task(trainer.run_async(*args, **options))
    await soon(lambda: len(trainer.history["loss"]) > 0)
    return task


# ---- the same run --------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [None, 5, 7])
@pytest.mark.parametrize("evaluate", [None, 1, 10])
def test_it_gives_the_numbers_of_a_plain_run(size, evaluate):
    slices, plain = two(batch_size=size, evaluate_every=evaluate)
    turns = []

    async def main():
        slices.watch(lambda _: turns.append(slices.position))
        return await slices.run_async(700)

    assert asyncio.run(main()) == plain.run(700)
    assert len(turns) > 2
    same_run(slices, plain)
    assert all(op == 0 for _, _, op in turns)


def test_it_goes_on_from_the_midst_of_a_batch():
    slices, plain = two(batch_size=5)
    for trainer in (slices, plain):
        trainer.run(3)
        trainer.step("op", 4)
    assert asyncio.run(slices.run_async(20)) == plain.run(20)
    same_run(slices, plain)


def test_between_slices_the_arithmetic_of_each_op_can_be_shown():
    trainer, _ = two(batch_size=5, evaluate_every=None)
    shown = []

    def look(_):
        if trainer.last_op is not None and len(shown) < 40:
            op = trainer.program.ops[-1]
            equation = op.arithmetic((0,) * trainer[op.writes[0]].ndim)
            shown.append(equation.text(digits=12))

    trainer.watch(look)
    asyncio.run(trainer.run_async(2000))
    assert len(shown) > 3


def test_a_timer_keeps_ticking():
    trainer, _ = two(batch_size=5, evaluate_every=None)

    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.002)

        timer = asyncio.create_task(tick())
        began = time.perf_counter()
        await trainer.run_async(10**9, until=nbann.MaxTime(0.5))
        taken = time.perf_counter() - began
        timer.cancel()
        return ticks, taken

    ticks, taken = asyncio.run(main())
    # a slice takes half a millisecond and its last batch: hundreds of turns in half a second on an
    # idle machine; a plain run in the same place would leave one
    assert ticks > 10
    assert taken < 5.0


# ---- rules and hooks -----------------------------------------------------------------------------
def rules():
    return [nbann.EarlyStopping("train_loss", patience=3, min_delta=1e-3)]


def test_rules_begin_once_and_end_once():
    slices, plain = two(batch_size=5)
    called = []

    class Noted(nbann.EarlyStopping):
        def begin(self, trainer):
            called.append("begin")
            super().begin(trainer)

        def end(self, trainer):
            called.append("end")
            super().end(trainer)

    options = {"patience": 3, "min_delta": 1e-3}
    stop = asyncio.run(slices.run_async(5000, Noted("train_loss", **options)))
    assert stop == plain.run(5000, nbann.EarlyStopping("train_loss", **options))
    assert stop.reason != "epochs"
    assert called == ["begin", "end"]
    same_run(slices, plain)


def test_a_callable_stops_it_at_the_same_batch():
    slices, plain = two(batch_size=5)
    stop = asyncio.run(slices.run_async(5000, lambda t: len(t.history["loss"]) == 777))
    assert stop == plain.run(5000, lambda t: len(t.history["loss"]) == 777)
    assert stop.reason == "until"
    same_run(slices, plain)


@pytest.mark.parametrize("unit", ["op", "batch"])
def test_hooks_are_called_as_often_and_can_pause(unit):
    slices, plain = two(batch_size=5)
    calls = {}
    for trainer in (slices, plain):
        calls[trainer] = []

        def note(event, mine=calls[trainer]):
            mine.append((event.epoch, event.batch, event.op and event.op.name))
            if len(mine) == 400:
                event.pause()

        trainer.on(unit, note)
    stop = asyncio.run(slices.run_async(5000))
    assert stop == plain.run(5000)
    assert stop.reason == "paused"
    assert calls[slices] == calls[plain]
    same_run(slices, plain)


def test_not_a_number_ends_it_as_it_ends_a_run():
    slices, plain = (make(HIDDEN, optimizer=nbann.SGD(1e308), batch_size=5) for _ in range(2))
    with np.errstate(all="ignore"):
        a, b = asyncio.run(slices.run_async(50)), plain.run(50)
    assert (a.reason, a.position, a.op, a.why) == (b.reason, b.position, b.op, b.why)
    assert a.reason == "nan"
    same_run(slices, plain)


def test_an_error_in_a_hook_reaches_who_awaits():
    trainer, _ = two(batch_size=5)
    hook = trainer.on("epoch", lambda event: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(trainer.run_async(5))
    hook.remove()
    assert asyncio.run(trainer.run_async(5)).reason == "epochs"


# ---- others --------------------------------------------------------------------------------------
def test_cancelled_it_stands_at_the_end_of_a_batch_and_goes_on():
    slices, plain = two(batch_size=5)

    async def main():
        task = await begun(slices, 10**9)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert slices.position.op == 0
    slices.run(3)
    plain.run(slices.position.epoch)
    same_run(slices, plain)


def test_two_at_once_are_refused_and_one_after_the_other_is_not():
    trainer, _ = two(batch_size=5)

    async def main():
        task = await begun(trainer, 10**9)
        with pytest.raises(RuntimeError, match="a run_async is under way"):
            await trainer.run_async(1)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await trainer.run_async(1)

    assert asyncio.run(main()).reason == "epochs"


def test_from_within_a_hook_it_is_refused():
    trainer, _ = two(batch_size=5)
    refused = []

    def call(event):
        try:
            trainer.run_async(1).send(None)
        except RuntimeError as error:
            refused.append(str(error))

    hook = trainer.on("batch", call)
    trainer.step("batch")
    hook.remove()
    assert "in the midst of a step or run" in refused[0]
    assert asyncio.run(trainer.run_async(1)).reason == "epochs"


MOVES = {
    "step": lambda t: t.step("op"),
    "run": lambda t: t.run(1),
    "back": lambda t: t.back("batch", 3),
    "goto": lambda t: t.goto(epoch=0, batch=1),
    "reset": lambda t: t.reset(),
}


@pytest.mark.parametrize("move", MOVES)
def test_who_moves_the_trainer_takes_it_over(move):
    trainer, again = two(batch_size=5)

    async def main():
        task = await begun(trainer, 10**9)
        MOVES[move](trainer)
        place = trainer.position
        stop = await asyncio.wait_for(task, 10)
        return place, stop

    place, stop = asyncio.run(main())
    assert (stop.reason, stop.position) == ("paused", place)
    assert "moved from elsewhere" in stop.why
    assert trainer.position == place
    again.goto(*place)
    for name in again.parameters:
        np.testing.assert_array_equal(trainer[name], again[name], name)


def test_what_is_set_meanwhile_holds_from_the_next_batch_on_and_is_recorded():
    trainer, again = two(batch_size=5)

    async def main():
        task = await begun(trainer, 10**9)
        batches = len(trainer.history["loss"])
        trainer.learning_rate = 0.003
        await soon(lambda: len(trainer.history["loss"]) > batches + 50)
        assert not task.done()
        task.cancel()
        return batches

    batches = asyncio.run(main())
    again.step("batch", batches)
    again.learning_rate = 0.003
    again.step("batch", len(trainer.history["loss"]) - batches)
    same_run(trainer, again)


def test_looking_does_not_disturb_it():
    trainer, plain = two(batch_size=5)

    async def main():
        task = await begun(trainer, 300)
        while not task.done():
            trainer.predict(trainer.train_data.X)
            trainer.evaluate(trainer.train_data)
            await asyncio.sleep(0)
        return await task

    assert asyncio.run(main()) == plain.run(300)
    same_run(trainer, plain)


def test_an_autosave_takes_a_slice_for_no_end(tmp_path):
    trainer, _ = two(batch_size=5)
    turns = []
    trainer.watch(lambda _: turns.append(1))
    saving = trainer.autosave(tmp_path / "run.npz", seconds=1e6)
    asyncio.run(trainer.run_async(300))
    assert len(turns) > 3
    assert saving.saves == 1
    assert nbann.Trainer.load(tmp_path / "run.npz").position == trainer.position


# ---- Ctrl-C --------------------------------------------------------------------------------------
def press(after):
    thread = threading.Timer(after, lambda: os.kill(os.getpid(), signal.SIGINT))
    thread.start()
    return thread


@pytest.mark.parametrize("slice_seconds", [0.001, 5.0])
def test_ctrl_c_ends_it_at_the_end_of_a_batch(slice_seconds, monkeypatch):
    """Between two slices as in the midst of one."""
    monkeypatch.setattr("nbann.core.awaiting.SLICE", slice_seconds)
    slices, plain = two(batch_size=5)
    before = signal.getsignal(signal.SIGINT)
    thread = press(0.2)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(slices.run_async(10**9))
    thread.join()
    assert time.monotonic() - began < 4.0
    assert signal.getsignal(signal.SIGINT) is before
    assert slices.position.op == 0
    slices.run(3)
    plain.run(slices.position.epoch)
    same_run(slices, plain)


def test_bad_arguments_are_told_before_anything_happens():
    trainer, _ = two()
    for args in [(0,), (1.5,), (1, "later")]:
        with pytest.raises(ValueError):  # noqa: PT011  # the words are those of `run`, tested there
            asyncio.run(trainer.run_async(*args))
    assert trainer.position == (0, 0, 0)
    assert asyncio.run(trainer.run_async()).reason == "epochs"
