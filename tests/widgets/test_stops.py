"""Breakpoints of a StepThrough: by click, name or condition; forward goes to the next one."""

import asyncio

import pytest
import traitlets

import nbann
from nbann.core.errors import UnknownNameError


@pytest.fixture
def widget():
    net = nbann.Sequential([nbann.Dense(3, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
    made = nbann.StepThrough(nbann.Trainer(net, nbann.datasets.xor(), batch_size=2), ["loss"])
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def test_a_run_stops_after_the_op_that_was_clicked(widget):
    message(widget, type="breakpoint", op="tanh1.tanh")
    assert widget.breakpoints == ["tanh1.tanh"]
    stop = widget.trainer.run(epochs=3)
    assert stop.reason == "paused"
    assert widget.trainer.last_op.name == "tanh1.tanh"
    message(widget, type="breakpoint", op="tanh1.tanh")
    assert widget.breakpoints == []
    assert widget.trainer.run(epochs=1).reason == "epochs"


def test_they_stand_in_the_order_of_the_program_and_only_once(widget):
    last, first = widget.ops[-1]["op"], widget.ops[0]["op"]
    widget.breakpoints = [last, first, last]
    assert widget.breakpoints == [first, last]
    with pytest.raises(UnknownNameError, match="Unknown op 'tanh'"):
        widget.breakpoints = ["tanh"]
    assert widget.breakpoints == [first, last]


def test_forward_goes_to_the_next_one_and_says_why_it_stopped(widget):
    async def scenario():
        widget._loop.find()
        widget._player._loop.find()
        message(widget, type="ready")
        await asyncio.sleep(0)
        widget.breakpoints = ["tanh1.tanh"]
        widget.forward()
        assert widget.mode == "forward"
        while widget.mode:
            await asyncio.sleep(0.01)
        assert widget.trainer.last_op.name == "tanh1.tanh"
        assert "tanh1.tanh" in widget.stopped
        first = widget.trainer.position
        widget.forward()
        while widget.mode:
            await asyncio.sleep(0.01)
        assert widget.trainer.position.batch == first.batch + 1
        widget.step("op")
        assert widget.stopped == ""

    asyncio.run(scenario())


def test_forward_without_a_breakpoint_is_refused_in_words(widget):
    with pytest.raises(ValueError, match="there is none"):
        widget.forward()
    message(widget, type="forward")
    assert "Click an operation" in widget.notice
    assert widget.trainer.position == (0, 0, 0)


def test_a_condition_stops_it_and_a_wrong_one_is_told(widget):
    message(widget, type="stop_when", text=" loss < 0.5 ")
    assert widget.stop_when == "loss < 0.5"
    assert widget.trainer.run(epochs=5000).reason == "paused"
    assert widget.trainer["loss"] < 0.5
    message(widget, type="stop_when", text="los < 0.5")
    assert "los" in widget.notice
    assert widget.stop_when == "loss < 0.5"
    message(widget, type="stop_when", text="")
    assert widget.trainer.run(epochs=1).reason == "epochs"


def test_a_step_that_a_breakpoint_cuts_short_says_so(widget):
    widget.breakpoints = ["tanh1.tanh"]
    widget.step("epoch")
    assert widget.trainer.last_op.name == "tanh1.tanh"
    assert "tanh1.tanh" in widget.stopped


def test_a_closed_view_leaves_no_breakpoint(widget):
    widget.breakpoints = ["tanh1.tanh"]
    widget.stop_when = "every 1"
    widget.close()
    assert widget.trainer.run(epochs=2).reason == "epochs"


def test_only_names_are_taken(widget):
    with pytest.raises(traitlets.TraitError):
        widget.breakpoints = [3]


def test_the_loss_stands_along_the_timeline(widget):
    trainer = widget.trainer
    assert widget.curve == {"stride": 1, "loss": []}
    trainer.run(epochs=3)
    expected = [float(f"{loss:.4g}") for loss in trainer.history["loss"]]
    assert widget.curve == {"stride": 1, "loss": expected}
    trainer.run(epochs=197)
    assert widget.curve["stride"] == 2
    assert len(widget.curve["loss"]) == 200
    trainer.back("epoch", 150)
    assert len(widget.curve["loss"]) == 200, "what lies ahead stays on the timeline"


def test_a_view_that_has_gone_stops_nothing_until_it_opens_again(widget):
    message(widget, type="ready", view="one")
    widget.breakpoints = ["tanh1.tanh"]
    widget.stop_when = "loss < 1000"
    message(widget, type="gone", view="one")
    assert widget.trainer.run(epochs=1).reason == "epochs"  # as in a cell that was run again
    message(widget, type="ready", view="two")
    assert widget.breakpoints == ["tanh1.tanh"]
    assert widget.trainer.run(epochs=1).reason == "paused"
    assert widget.trainer.last_op.name == "tanh1.tanh"
    widget.breakpoints = []
    assert widget.trainer.run(epochs=1).reason == "paused"
    assert widget.trainer.last_op.name != "tanh1.tanh"  # the condition
    widget.stop_when = ""
    assert widget.trainer.run(epochs=1).reason == "epochs"


def test_one_of_two_views_goes_and_the_breakpoints_stay(widget):
    for view in ("one", "two"):
        message(widget, type="ready", view=view)
    widget.breakpoints = ["tanh1.tanh"]
    message(widget, type="gone", view="one")
    assert widget.trainer.run(epochs=1).reason == "paused"


def test_a_count_of_epochs_that_can_not_be_is_told_in_words(widget):
    message(widget, type="run", epochs=1e300)
    assert "whole number of at least 1" in widget.notice
    assert widget.error == ""
