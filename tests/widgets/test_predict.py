"""Predict from Python and by messages: guess, lock, run, reveal; without a browser."""

import asyncio
import json
import math
import re

import ipywidgets
import numpy as np
import pytest

import nbann
from nbann.widgets.guesses import Number
from nbann.widgets.module import STATIC
from nbann.widgets.player import Player


def make(**options):
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
    return nbann.Trainer(net, nbann.datasets.xor(), **options)


def message(widget, **content):
    widget._on_message(widget, content, [])


def loss(trainer):
    return trainer.history["train_loss"][2]


def last_loss(trainer):
    return trainer.history["train_loss"][-1]


@pytest.fixture
def trainer():
    return make()


@pytest.fixture
def predict(trainer):
    made = nbann.Predict("What will it be?", truth=loss, slider=(0, 2), unlocks=trainer, after=3)
    yield made
    made.close()


@pytest.mark.parametrize("option", [{"slider": (0, 1)}, {"choices": ["a", "b"]}, {}])
def test_synced_traits_are_those_of_the_module(option):
    predict = nbann.Predict("?", truth=lambda: 1, **option)
    source = (STATIC / "predict.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in predict.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == set(typedef) == own
    state = {name: getattr(predict, name) for name in own}
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    predict.close()


def test_three_lines_of_a_lesson(trainer, predict):
    assert predict.reveal() == "Guess first; then it is revealed."
    assert predict.answer(0.5) == "Your guess is recorded: 0.5."
    assert predict.reveal() == "Run 3 epochs first; 0 are done."
    trainer.run(1)
    assert predict.waiting == "Run 3 epochs first; 1 is done."
    trainer.run(5)
    assert predict.waiting == ""
    truth = float(trainer.history["train_loss"][2])
    words = predict.reveal()
    assert predict.truth == truth
    away = 0.5 - truth
    assert words == (
        f"You guessed 0.5; it is {truth:.4g}, {abs(away):.4g} too {'high' if away > 0 else 'low'} "
        f"(off by {abs(away / truth) * 100:.2g}%)."
    )
    assert predict.to_dict() == {
        "question": "What will it be?", "guess": 0.5, "truth": truth, "revealed": True,
        "verdict": words,
    }  # fmt: skip
    trainer.run(1)
    assert predict.reveal() == words  # what was revealed stays


def test_views_are_locked_until_the_guess_and_trainers_never_are(trainer, predict):
    widget = nbann.StepThrough(trainer, panels=["loss"])  # one that is made later, too
    assert widget.locked == "Guess first: What will it be?"
    for move in (widget.step, widget.back, widget.play, widget.reset, lambda: widget.run(3)):
        with pytest.raises(RuntimeError, match="StepThrough is locked: Guess first"):
            move()
    for kind in ("step", "back", "play", "run", "reset", "rate", "goto", "set"):
        message(widget, type=kind, epochs=2, value=3, name="dense1.bias", index=[0], step=1)
        assert widget.notice == "Guess first: What will it be?"
        assert widget.error == ""
    assert trainer.position == (0, 0, 0)
    assert len(trainer.timeline) == 0
    trainer.step("op")
    assert widget.here["op"] == 1
    predict.answer(1.0)
    assert widget.locked == ""
    widget.step("epoch")
    assert trainer.position == (1, 0, 0)
    widget.close()


def test_one_widget_alone_can_be_locked(trainer):
    locked, free = nbann.StepThrough(trainer, panels=["loss"]), nbann.NetworkView(trainer)
    predict = nbann.Predict("?", truth=lambda t: 1, unlocks=locked)
    assert (bool(locked.locked), free.locked) == (True, "")
    predict.close()
    assert locked.locked == ""
    locked.close()
    free.close()


def test_two_questions_are_two_locks_and_one_asked_again_is_one(trainer):
    widget = nbann.StepThrough(trainer, panels=["loss"])
    first = nbann.Predict("one?", truth=lambda t: 1, unlocks=[widget, trainer])
    again = nbann.Predict("one?", truth=lambda t: 1, unlocks=[widget, trainer])
    other = nbann.Predict("two?", truth=lambda t: 1, unlocks=widget)
    again.answer(1)
    assert widget.locked == "Guess first: two?"
    other.answer(1)
    assert widget.locked == ""
    assert Player.of(trainer).locks == {}
    again.reset()
    assert widget.locked == "Guess first: one?"
    assert (again.guess, again.truth, again.revealed, again.verdict) == (None, None, False, "")
    for one in (first, again, other, widget):
        one.close()


def test_a_compare_is_locked_as_a_whole():
    compare = nbann.Compare(make(), make(seed=1))
    predict = nbann.Predict(
        "Which is lower?", choices=["A", "B", "same"], unlocks=compare, after=2,
        truth=lambda c: c.names[c.trainers.index(min(c.trainers, key=last_loss))],
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="locked"):
        compare.run(2)
    message(compare, type="run", epochs=2)
    assert compare.notice.startswith("Guess first")
    predict.answer("A")
    compare.run(2)
    losses = [t.history["train_loss"][-1] for t in compare.trainers]
    predict.reveal()
    assert predict.truth == "AB"[int(np.argmin(losses))]
    predict.close()
    compare.close()


def test_a_lock_pauses_what_plays():
    async def scenario():
        trainer = make()
        widget = nbann.StepThrough(trainer, panels=["loss"])
        widget.send = lambda *args: None
        message(widget, type="ready", view="v")
        await asyncio.sleep(0.02)
        widget.play()
        modes = [widget.mode]
        predict = nbann.Predict("?", truth=lambda t: 1, unlocks=widget)
        await asyncio.sleep(0.05)
        modes.append(widget.mode)
        predict.close()
        widget.close()
        return modes

    assert asyncio.run(scenario()) == ["play", ""]


def test_not_yet_in_words_or_by_none():
    answers = [None, nbann.NotYet("Run the last cell first."), nbann.NotYet(), 3]

    def truth():
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    predict = nbann.Predict("?", truth=truth)
    predict.answer(3)
    assert predict.reveal() == "It can not be told yet. Run on, then reveal."
    assert predict.reveal() == "Run the last cell first."
    assert predict.notice == "Run the last cell first."
    assert predict.reveal() == "It can not be told yet. Run on, then reveal."
    assert not predict.revealed
    assert predict.reveal() == "Right: it is 3."
    assert predict.notice == ""
    predict.close()


def test_an_error_of_the_truth_is_shown():
    predict = nbann.Predict("?", truth=lambda: 1 / 0)
    predict.answer(1)
    with pytest.raises(ZeroDivisionError):
        predict.reveal()
    predict.send = lambda *args: None
    message(predict, type="ready", view="v")
    message(predict, type="reveal")
    assert "ZeroDivisionError" in predict.error
    assert not predict.revealed
    predict.close()


def test_choices_right_and_wrong():
    for guess, words in (("up", "Right: up."), ("down", "Not quite: you guessed down; it is up.")):
        predict = nbann.Predict(
            "?", choices=["up", "down"], truth=lambda: np.str_("up"), explanation="Since it is so."
        )
        assert predict.explanation == ""  # nothing is given away before
        predict.answer(guess)
        assert predict.reveal() == f"{words} Since it is so."
        predict.close()
    predict = nbann.Predict("?", choices=[2, 4, True], truth=lambda: np.float64(4))
    predict.answer(4)
    assert predict.reveal() == "Right: 4."
    assert predict.guess == 4
    assert isinstance(predict.guess, int)
    predict.close()
    strange = nbann.Predict("?", choices=["up", "down"], truth=lambda: "sideways")
    strange.answer("up")
    with pytest.raises(ValueError, match=r"truth: expected one of \['up', 'down'\]"):
        strange.reveal()
    strange.close()


@pytest.mark.parametrize(
    ("guess", "truth", "within", "words"),
    [
        (0.5, 0.25, None, "You guessed 0.5; it is 0.25, 0.25 too high (off by 100%)."),
        (-2.0, 2.0, None, "You guessed −2; it is 2, 4 too low (off by 200%)."),
        (0.5, 0.0, None, "You guessed 0.5; it is 0, 0.5 too high."),
        (
            0.5,
            0.48,
            0.05,
            "Close enough: you guessed 0.5; it is 0.48, 0.02 too high (off by 4.2%).",
        ),
        (0.5, 0.5, 0.0, "Right: it is 0.5."),
        (0.5, math.nan, None, "You guessed 0.5; it is not a number."),
        (0.5, math.inf, None, "You guessed 0.5; it is ∞."),
    ],
)
def test_numbers_are_judged_by_their_distance(guess, truth, within, words):
    assert Number(None, within).verdict(guess, truth) == words


def test_a_truth_that_is_not_finite_survives_json():
    predict = nbann.Predict("?", truth=lambda: math.nan)
    predict.answer(1)
    predict.reveal()
    assert predict.truth == "not a number"
    json.dumps(predict.to_dict(), allow_nan=False)
    predict.close()


def test_messages_do_what_python_does(trainer, predict):
    message(predict, type="answer", value="3.5")
    assert "from 0 to 2" in predict.notice
    assert predict.guess is None
    message(predict, type="answer", value="much")
    assert "a number" in predict.notice
    message(predict, type="answer", value="−0.5".replace("−", ""))
    assert predict.guess == 0.5
    assert predict.words == "Your guess is recorded: 0.5."
    message(predict, type="answer", value="0.7")
    assert "the one recorded, 0.5" in predict.notice
    assert predict.guess == 0.5
    trainer.run(3)
    message(predict, type="reveal")
    assert predict.revealed
    choice = nbann.Predict("?", choices=["up", "down"], truth=lambda: "up")
    message(choice, type="answer", choice=1)
    assert choice.guess == "down"
    choice.close()


def test_a_guess_stays(predict):
    predict.answer(0.5)
    assert predict.answer(0.5) == "Your guess is recorded: 0.5."
    with pytest.raises(ValueError, match=r"predict\.reset\(\)"):
        predict.answer(0.6)
    assert predict.guess == 0.5


def test_stable_words(predict, trainer):
    assert repr(predict) == "Predict('What will it be?', open)"
    assert predict.describe() == "What will it be?\nGuess a number from 0 to 2."
    predict.answer(1)
    assert predict.describe() == "What will it be?\nYour guess is recorded: 1."
    trainer.run(3)
    words = predict.reveal()
    assert predict.describe() == f"What will it be?\n{words}"
    bundle, _ = predict._repr_mimebundle_()
    assert bundle["text/plain"] == predict.describe()


def test_closing_one_question_leaves_other_views_playing(trainer, predict):
    predict.send = lambda *args: None
    message(predict, type="ready", view="v")
    predict.answer(1)
    Player.of(trainer).mode = "play"
    message(predict, type="gone", view="v")
    assert Player.of(trainer).mode == "play"
    Player.of(trainer).mode = None


def test_wrong_asks(trainer):
    ask = {"truth": lambda: 1}
    for question, options, match in (
        ("", ask, "question: expected text"),
        (3, ask, "question: expected text"),
        ("?", {"truth": 0.5}, "truth: expected a callable"),
        ("?", ask | {"choices": ["a"]}, "at least 2"),
        ("?", ask | {"choices": "ab"}, "at least 2"),
        ("?", ask | {"choices": ["a", "a"]}, "each of them once"),
        ("?", ask | {"choices": [[1], [2]]}, "text or numbers"),
        ("?", ask | {"choices": ["a", "b"], "slider": (0, 1)}, "choices or a number"),
        ("?", ask | {"slider": (1, 0)}, "high: expected a finite number above 1"),
        ("?", ask | {"slider": (1,)}, "slider: expected"),
        ("?", ask | {"slider": (0, 1, 0)}, "step: expected"),
        ("?", ask | {"within": -1}, "within"),
        ("?", ask | {"after": 3}, "after: expected a trainer"),
        ("?", ask | {"after": 0, "trainer": trainer}, "after"),
        ("?", ask | {"unlocks": "all"}, "unlocks: expected what can be locked"),
    ):
        with pytest.raises(ValueError, match=match):
            nbann.Predict(question, **options)
    assert Player.of(trainer).locks == {}
    predict = nbann.Predict("?", **ask)
    for guess in ("much", math.nan, None, True):
        with pytest.raises(ValueError, match="guess"):
            predict.answer(guess)
    predict.close()


def test_a_locked_view_refuses_all_that_would_change_the_run(trainer):
    inspected, stepped = nbann.NetworkView(trainer), nbann.StepThrough(trainer, panels=["loss"])
    playground = nbann.Playground()
    layers, before = playground.setup, trainer["dense1.weight"].copy()
    for view in (inspected, stepped, playground):
        view.lock("not yet")
    sent = []
    inspected.send = lambda content, buffers=None: sent.append(content)
    drag = {"type": "drag", "name": "dense1.weight", "index": [0, 0], "value": "5", "id": 7}
    inspected._on_message(inspected, drag, [])
    inspected._on_message(inspected, {"type": "freeze", "name": "dense1.weight", "on": True}, [])
    assert {"type": "dragged", "id": 7} in sent, "the view may send the next one"
    assert (trainer["dense1.weight"] == before).all()
    assert len(trainer.timeline) == 0
    assert inspected.notice == "not yet"
    stepped.breakpoints = [stepped.ops[0]["op"]]
    with pytest.raises(RuntimeError, match="is locked: not yet"):
        stepped.forward()
    playground._on_message(playground, {"type": "layers", "add": True}, [])
    playground._on_message(playground, {"type": "change", "field": "seed", "value": "3"}, [])
    assert playground.setup == layers
    for view in (inspected, stepped, playground):
        view.close()
