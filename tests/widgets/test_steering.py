"""StepThrough goes back, to any place and to other branches, and changes numbers; no browser."""

import asyncio
import json

import numpy as np
import pytest

import nbann


def make(**options):
    net = nbann.Sequential(
        [nbann.Dense(3, name="hidden"), nbann.Tanh(name="tanh"), nbann.Dense(2, name="output")]
    )
    return nbann.Trainer(net, nbann.datasets.xor(), batch_size=3, **options)


@pytest.fixture
def widget():
    made = nbann.StepThrough(make(), panels=["loss", "decision", "weights", "network"])
    yield made
    made.close()


@pytest.fixture
def sent(widget):
    """What Python sends to the browser beside traits and frames."""
    messages = []
    widget.send = lambda content, buffers=None: messages.append(content)
    return messages


def message(widget, **content):
    widget._on_message(widget, content, [])


def arrays(trainer):
    return {name: np.array(trainer[name]) for name in trainer.names}


def same(a, b):
    return all(np.array_equal(a[n], b[n], equal_nan=True) for n in a)


# ---- back ----------------------------------------------------------------------------------------
def test_back_shows_the_op_before_with_its_numbers(widget):
    seen = []
    for _ in range(20):
        widget.step("op")
        seen.append((widget.here, widget.equation, widget.words))
    for expected in seen[-2::-1]:
        message(widget, type="back")
        assert (widget.here, widget.equation, widget.words) == expected


@pytest.mark.parametrize("unit", ["op", "layer", "phase", "batch", "epoch"])
def test_back_goes_by_the_chosen_unit(widget, unit):
    widget.trainer.run(2)
    widget.trainer.step("op", 7)
    twin = make()
    twin.run(2)
    twin.step("op", 7)
    widget.unit = unit
    message(widget, type="back")
    assert widget.trainer.position == twin.back(unit)
    assert widget.back("op", 2) == twin.back("op", 2)


def test_the_start_is_told_and_there_is_nothing_before_it(widget):
    assert widget.timeline["start"] is True
    widget.step("op")
    assert widget.timeline["start"] is False
    widget.back("epoch")
    assert widget.timeline["start"] is True
    assert widget.back() == (0, 0, 0)


def test_back_and_why_pause_a_play():
    async def scenario():
        widget = nbann.StepThrough(make(), panels=["loss"], unit="op", speed=50.0)
        message(widget, type="ready", dark=False)
        await asyncio.sleep(0)
        for press in (widget.back, widget.why):
            widget.trainer.step("batch")
            widget.play()
            await asyncio.sleep(0.1)
            press()
            assert widget.mode == ""
            stood = widget.trainer.position
            await asyncio.sleep(0.1)
            assert widget.trainer.position == stood
        widget.close()

    asyncio.run(scenario())


# ---- the timeline --------------------------------------------------------------------------------
def test_places_on_the_timeline_are_batches_begun(widget):
    trainer = widget.trainer
    assert widget.timeline == {"first": 0, "end": 0, "at": 0, "start": True, "batches": 2}
    trainer.step("op")
    assert (widget.timeline["at"], widget.timeline["end"]) == (1, 1)
    trainer.run(3)
    assert (widget.timeline["at"], widget.timeline["end"]) == (6, 6)
    trainer.goto(1, 1, 4)
    assert (widget.timeline["at"], widget.timeline["end"]) == (4, 6)
    assert (widget.here["epoch"], widget.here["batch"]) == (2, 2)  # the fourth batch of the run


def test_every_place_can_be_gone_to_and_is_what_it_was(widget, sent):
    trainer, seen = widget.trainer, []
    for _ in range(7):
        seen.append(arrays(trainer))
        trainer.step("batch")
    trainer.step("op", 5)
    seen += [arrays(trainer)]
    at_end = trainer.position
    for step in (3, 0, 6, 1):
        message(widget, type="goto", step=step, id=step)
        assert widget.timeline["at"] == step
        assert same(seen[step], arrays(trainer))
        assert sent[-1] == {"type": "went", "id": step}
    message(widget, type="goto", step=widget.timeline["end"], id=9)
    assert trainer.position == at_end
    assert same(seen[-1], arrays(trainer))


def test_a_view_that_asks_for_no_place_is_told_all_the_same(widget, sent):
    with pytest.raises(ValueError, match="step: expected a whole number"):
        message(widget, type="goto", step=None, id=3)
    assert sent == [{"type": "went", "id": 3}]


def test_interventions_are_marked_where_they_were_made(widget):
    trainer = widget.trainer
    ops = len(trainer.program)
    trainer.step("batch", 3)
    trainer.learning_rate = 0.5
    trainer.step("op", 4)
    trainer.set("hidden.weight", (0, 1), 2.0)
    trainer.run(2)
    rate, weight = widget.marks
    assert (rate["step"], rate["kind"], rate["ahead"]) == (3, "act", False)
    assert "learning_rate = 0.5 (was 0.1)" in rate["words"]
    assert weight["step"] == pytest.approx(3 + 4 / ops, abs=1e-3)
    assert "hidden.weight[0,1] = 2" in weight["words"]
    widget.back("epoch", 2)
    assert [m["ahead"] for m in widget.marks] == [True, True]
    trainer.goto(1, 1, 2)
    assert [m["ahead"] for m in widget.marks] == [False, True]


def test_branches_come_with_a_fork_and_can_be_returned_to(widget):
    trainer = widget.trainer
    assert widget.branches == []
    trainer.run(3)
    left = arrays(trainer)
    trainer.goto(1)
    trainer.learning_rate = 0.7
    trainer.run(1)
    [branch] = widget.branches
    assert branch["number"] == 0
    last = f"batch {trainer.batches}"  # as the status line says it once one has returned there
    assert branch["words"].startswith(f"branch 0: to epoch 3, {last}, loss ")
    assert [(m["kind"], m["step"]) for m in widget.marks] == [("act", 2), ("fork", 2)]
    message(widget, type="switch", number=0)
    assert (widget.here["epoch"], widget.here["batch"]) == (3, trainer.batches)
    assert same(left, arrays(trainer))
    assert widget.rate == "0.1"
    assert [b["number"] for b in widget.branches] == [1]
    with pytest.raises(ValueError, match=r"branch: expected one of trainer\.branches"):
        message(widget, type="switch", number=7)


def test_a_new_start_that_has_not_parted_from_the_old_run_has_no_fork(widget):
    widget.step("epoch", 2)
    widget.reset()
    assert [b["number"] for b in widget.branches] == [0]
    assert widget.marks == []


def test_marks_are_bounded_and_say_so(widget):
    for i in range(300):
        widget.trainer.set("hidden.weight", (0, 0), float(i))
    widget.trainer.back("op")
    assert len(widget.marks) == 201
    assert widget.marks[0]["kind"] == "more"
    assert "100 earlier interventions are not shown" in widget.marks[0]["words"]
    assert "= 299 " in widget.marks[-1]["words"]


# ---- changing ------------------------------------------------------------------------------------
def test_a_weight_is_set_and_all_that_follows_from_it_is_shown_anew(widget):
    widget.step("phase", 2)
    loss, trainer = widget.here["loss"], widget.trainer
    message(widget, type="set", name="hidden.weight", index=[0, 1], value=" −2.5 ")
    assert trainer["hidden.weight"][0, 1] == -2.5
    assert widget.here["loss"] != loss
    # a net made with that weight from the beginning is the oracle
    weight, bias, out, out_bias = (
        np.array(make()[n])
        for n in ("hidden.weight", "hidden.bias", "output.weight", "output.bias")
    )
    weight[0, 1] = -2.5
    z = np.tanh(trainer["x"] @ weight + bias) @ out + out_bias
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(3), trainer["y"].astype(int).ravel()]).mean()
    assert float(widget.here["loss"]) == pytest.approx(expected, abs=1e-4)


def test_a_weight_that_the_op_reads_can_be_looked_at_and_set(widget):
    widget.element = ["hidden.weight", [0, 1]]
    assert widget.equation["writes"] == ["hidden.out", "hidden.weight", "hidden.bias"]
    assert widget.equation["note"] == ""
    assert float(widget.equation["exact"]) == widget.trainer["hidden.weight"][0, 1]
    assert widget.equation["fixed"] == ""
    widget.step("op")
    assert widget.equation["array"] == "hidden.weight"
    widget.step("op")
    assert widget.equation["array"] == "tanh.out"


def test_what_can_not_be_set_says_why(widget):
    assert "Step to where 'hidden.affine' has just run" in widget.equation["fixed"]
    widget.step("op")
    assert widget.equation["fixed"] == ""
    widget.step("batch")
    assert widget.equation["fixed"] == ""  # a parameter, which the update has written
    widget.element = ["hidden.out", [0, 0]]
    assert widget.equation["array"] == "hidden.weight"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("abc", "set to: expected a number; received 'abc'"),
        ("", "set to: expected a number; received nothing"),
        ("1e999", "expected finite"),
        (None, "expected a number"),
    ],
)
def test_bad_numbers_are_told_in_words_and_change_nothing(widget, value, told):
    widget.step("op")
    before = arrays(widget.trainer)
    message(widget, type="set", name="hidden.out", index=[0, 1], value=value)
    assert told in widget.notice
    assert widget.error == ""
    assert same(before, arrays(widget.trainer))
    message(widget, type="rate", value="-3")
    assert "learning_rate" in widget.notice
    assert widget.rate == "0.1"
    widget.step("op")
    assert widget.notice == ""


def test_the_rate_is_the_trainers(widget):
    message(widget, type="rate", value="0.25")
    assert widget.trainer.learning_rate == 0.25
    widget.trainer.learning_rate = 1 / 3
    assert widget.rate == "0.3333"
    widget.trainer.back("op")
    scheduled = nbann.StepThrough(
        make(optimizer=nbann.SGD(learning_rate=nbann.schedules.StepDecay(0.8, every=1))),
        panels=["loss"],
    )
    rates = []
    for _ in range(3):
        rates.append(float(scheduled.rate))
        assert float(scheduled.rate) == pytest.approx(scheduled.trainer.learning_rate, rel=1e-3)
        scheduled.step("epoch")
    assert rates[0] == 0.8
    assert len(set(rates)) == 3
    scheduled.close()


# ---- nothing is stale ----------------------------------------------------------------------------
def test_after_travel_and_changes_every_picture_is_as_if_drawn_anew(widget):
    trainer = widget.trainer

    def fresh():
        board = widget.dashboard
        names = ["loss", "decision", "weights", "network"]
        return nbann.Dashboard(trainer, names, width=board.width, row_height=board.row_height)

    def check():
        assert widget.dashboard.describe() == fresh().describe()
        assert widget.network_board.describe() == nbann.Dashboard(trainer, ["network"]).describe()
        assert np.array_equal(widget.dashboard.render(), fresh().render())

    trainer.run(30)
    widget.dashboard.render()
    widget.back("epoch", 20)
    assert len(trainer.history["loss"]) == 20
    check()
    trainer.set("hidden.weight", (0, 0), 7.0)
    check()
    widget.back("op")
    check()
    trainer.learning_rate = 2.0
    trainer.run(3)
    widget.dashboard.render()
    trainer.switch(0)
    check()
    widget.reset()
    check()


def test_silencing_leaves_the_list_of_ops_true(widget):
    before = widget.ops
    widget.trainer.silence("hidden", 1)
    again = nbann.StepThrough(widget.trainer, panels=["loss"])
    assert again.ops == before
    again.close()


def test_every_trait_survives_json(widget):
    trainer = widget.trainer
    trainer.run(2)
    trainer.set("hidden.weight", (0, 0), 7.0)
    trainer.back("epoch")
    trainer.learning_rate = 2.0
    widget.step("phase", 3)
    widget.why()
    names = ("timeline", "marks", "branches", "rate", "why_rows", "notice", "equation")
    state = {name: getattr(widget, name) for name in names}
    assert json.loads(json.dumps(state, allow_nan=False)) == state


def test_a_row_that_can_not_be_opened_says_so_in_words():
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), ([[1.0]], [2.0]))
    widget = nbann.StepThrough(trainer, ["loss"])
    trainer.step("op")
    trainer.set("dense1.out", (0, 0), 0.25)  # its arithmetic is gone
    trainer.step("phase")
    widget.why("loss")
    for _ in range(3):
        row = [row for row in widget.why_rows if row.get("opens") and not row["open"]][-1]
        widget._on_message(widget, {"type": "unfold", "path": row["path"]}, [])
    assert "trainer.set has changed 'dense1.out'" in widget.notice
    assert widget.error == ""
    assert widget.why_rows
    widget.close()
