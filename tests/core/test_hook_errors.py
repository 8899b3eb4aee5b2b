"""Hooks that raise, that try to move their own trainer, or that could never be called."""

import pytest

from .nets import HIDDEN, make, same_run


def trainer_of(**settings):
    return make(HIDDEN, **({"batch_size": 5} | settings))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "narrow", [{"op": name} for name in ("dense1.affine", "tanh1.slope", "sgd.update")]
)
def test_after_an_error_in_a_hook_the_trainer_goes_on(narrow, when):
    failing, plain = trainer_of(), trainer_of()

    def fail(event):
        raise ZeroDivisionError("in a hook")

    hook = failing.on("op", fail, when=when, **narrow)
    with pytest.raises(ZeroDivisionError, match="in a hook"):
        failing.run(2)
    done = failing.program[narrow["op"]].index + (when == "after")
    assert failing.position == ((0, 0, done) if done < len(failing.program) else (0, 1, 0))
    hook.remove()
    failing.run(2)
    plain.run(2)
    same_run(failing, plain)


@pytest.mark.parametrize("move", ["step", "run", "reset"])
def test_a_hook_can_not_move_its_own_trainer(move):
    trainer, plain = trainer_of(), trainer_of()
    hook = trainer.on("op", lambda event: getattr(event.trainer, move)(), op="tanh1.tanh")
    with pytest.raises(RuntimeError, match=r"event\.pause"):
        trainer.run()
    hook.remove()
    trainer.run(2)
    plain.run(2)
    same_run(trainer, plain)


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (("ops", print), "'op'"),
        (("op", print, {"phase": "forwards"}), "'forward'"),
        (("op", print, {"layer": "dense3"}), "'dense1'"),
        (("op", print, {"layer": ["dense1"]}), "dense1"),
        (("op", print, {"op": "tanh.tanh"}), "'tanh1.tanh'"),
        (("op", print, {"when": "afterwards"}), "'after'"),
        (("op", "print"), "callable"),
        (("batch", print, {"layer": "dense1"}), "no layer="),
        (("epoch", print, {"op": "dense1.affine"}), "no op="),
        (("phase", print, {"layer": "dense1"}), "no layer="),
        (("layer", print, {"op": "dense1.affine"}), "no op="),
    ],
)
def test_a_hook_that_could_never_be_called_is_refused(arguments, near):
    trainer = trainer_of()
    *positional, narrow = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(ValueError, match=near):
        trainer.on(*positional, **narrow)
    assert len(trainer._hooks) == 0
