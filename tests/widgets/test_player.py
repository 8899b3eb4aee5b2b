"""The player: plays on an event loop, leaves the kernel its turns, stops when nobody looks."""

import asyncio
import gc
import weakref

import numpy as np
import pytest

import nbann
from nbann.widgets.player import UNSEEN, Player, Progress


def make(**options):
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
    return nbann.Trainer(net, nbann.datasets.xor(), batch_size=2, **options)


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a.parameters)


async def until(condition, seconds=5.0):
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("what was waited for did not happen")


def test_without_a_loop_nothing_is_played():
    player = Player.of(make())
    with pytest.raises(RuntimeError, match="event loop"):
        player.play("op")
    assert player.mode is None


def test_plays_unit_by_unit_until_paused():
    trainer = make()

    async def scenario():
        player = Player.of(trainer)
        heard = []
        player.listen(heard.append)
        player.speed = 200.0
        player.play("op")
        await until(lambda: len(heard) > 5)
        player.pause()
        await until(lambda: player._task.done())
        return heard

    heard = asyncio.run(scenario())
    assert set(heard) == {None}
    assert trainer.position > (0, 0, 0)
    again = make()
    while again.position < trainer.position:
        again.step("op")
    assert same(trainer, again)


def test_what_no_page_shows_any_more_is_not_played_for_ever():
    trainer = make()

    async def scenario():
        player = Player.of(trainer)
        said = []
        player.listen(lambda error: said.append(player.why))
        player.speed = 200.0
        player.play("op")
        player.heard -= UNSEEN - 60  # long ago, but not too long
        await until(lambda: len(said) > 5)
        assert player.mode == "play"
        player.heard -= 61
        await until(lambda: player._task.done())
        assert said[-1] == "no page has shown it for a while"
        epoch = trainer.position.epoch
        player.run(2)  # what has an end goes on without anybody
        player.heard -= UNSEEN + 1
        await until(lambda: player._task.done())
        assert trainer.position.epoch == epoch + 2
        assert player.why == ""

    asyncio.run(scenario())


def test_a_word_of_a_page_is_heard():
    async def scenario():
        view = nbann.StepThrough(make())
        player = Player.of(view.trainer)
        assert player.heard == 0.0
        view._on_message(view, {"type": "ready"}, [])
        await until(lambda: player.heard > 0)

    asyncio.run(scenario())


def test_speed_is_kept():
    trainer = make()

    async def scenario():
        player = Player.of(trainer)
        player.listen(lambda error: None)
        player.speed = 10.0
        player.play("op")
        await asyncio.sleep(0.55)
        player.pause()
        await until(lambda: player._task.done())

    asyncio.run(scenario())
    steps = (
        len(trainer.program) * (2 * trainer.position.epoch + trainer.position.batch)
        + trainer.position.op
    )
    assert 3 <= steps <= 8  # the first at once, then one every 0.1 s


def test_run_ends_at_its_epoch_with_the_numbers_of_a_plain_run():
    trainer, plain = make(), make()
    plain.run(epochs=300)

    async def scenario():
        player = Player.of(trainer)
        words = []
        player.listen(
            lambda error: words.append(
                player.progress and player.progress.words(trainer.position.epoch, 1e9)
            )
        )
        player.run(300)
        await until(lambda: player._task.done(), 20)
        return words

    words = asyncio.run(scenario())
    assert trainer.position == (300, 0, 0)
    assert same(trainer, plain)
    assert words[-1] is None
    assert np.array_equal(trainer.history["train_loss"], plain.history["train_loss"])


def test_other_tasks_get_their_turn_while_it_runs():
    trainer = make()

    async def scenario():
        player = Player.of(trainer)
        player.listen(lambda error: None)
        player.run(100_000)
        turns = 0
        for _ in range(10):
            await asyncio.sleep(0.005)
            turns += player.mode == "run"
        player.pause()
        await until(lambda: player._task.done())
        return turns

    assert asyncio.run(scenario()) == 10


def test_an_error_in_the_midst_reaches_the_listeners():
    trainer = make()

    def broken(event):
        raise ZeroDivisionError("in a hook")

    async def scenario():
        player = Player.of(trainer)
        errors = []
        player.listen(errors.append)
        trainer.on("epoch", broken)
        player.run(5)
        await until(lambda: player._task.done())
        return player, errors

    player, errors = asyncio.run(scenario())
    assert [type(e) for e in errors if e] == [ZeroDivisionError]
    assert player.mode is None


def test_a_hook_that_pauses_stops_the_play():
    trainer = make()
    trainer.on("op", lambda event: event.pause(), phase="update")

    async def scenario():
        player = Player.of(trainer)
        player.listen(lambda error: None)
        player.speed = 1000.0
        player.play("op")
        await until(lambda: player.mode is None)

    asyncio.run(scenario())
    assert trainer.last_op.phase == "update"
    assert trainer.position == (0, 1, 0)


def test_two_views_share_one_player_and_one_task():
    trainer = make()

    async def scenario():
        first, second = Player.of(trainer), Player.of(trainer)
        assert first is second
        seen = []
        first.listen(seen.append)
        first.play("op")
        task = first._task
        second.play("batch")
        assert second._task is task
        first.leave(seen.append)  # a bound method is equal to itself: the last view has gone
        await until(lambda: task.done())

    asyncio.run(scenario())


def test_a_trainer_that_nobody_holds_is_let_go():
    trainer = make()
    Player.of(trainer)
    gone = weakref.ref(trainer)
    del trainer
    gc.collect()
    assert gone() is None


def test_progress_in_words():
    progress = Progress(start=10, target=110, since=100.0)
    assert progress.words(10, 100.0) == "0 of 100 epochs"
    assert progress.words(60, 105.0) == "50 of 100 epochs, 10 epochs/s, 5 s left"
    assert progress.fraction(60) == 0.5


@pytest.mark.parametrize(("guarded", "ends"), [(True, True), (False, False)])
def test_play_ends_where_the_loss_is_no_number(guarded, ends):
    net = nbann.Sequential([nbann.Dense(2), nbann.Dense(1)])
    data = nbann.Dataset([[1.0, 2.0], [3.0, -1.0]], [0.5, -0.5])
    trainer = nbann.Trainer(net, data, optimizer=nbann.SGD(1e3), stop_on_nan=guarded)

    async def scenario():
        player, heard = Player.of(trainer), []
        player.listen(heard.append)
        player.speed = 1000.0
        with np.errstate(all="ignore"):
            player.play("epoch")
            await until(lambda: player._task.done() or trainer.position.epoch > 60)
            player.pause()
            await until(lambda: player._task.done())
            here, errors = trainer.position.epoch, [error for error in heard if error is not None]
            player.play("epoch")  # whoever wants to look on from there may
            await until(lambda: trainer.position.epoch > here + 2)
            player.pause()
            await until(lambda: player._task.done())
        return errors

    errors = asyncio.run(scenario())
    assert not np.isfinite(trainer["loss"])
    assert [type(error) for error in errors] == [FloatingPointError] * ends
    assert all("lower the learning rate" in str(error) for error in errors)
