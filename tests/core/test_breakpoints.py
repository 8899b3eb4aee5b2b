"""Breakpoints: where a run pauses, and what it says; the places are known by an own loop."""

import numpy as np
import pytest

import nbann

from .nets import make


def losses(**settings):
    trainer = make(n=13, batch_size=5, **settings)
    trainer.run(12)
    return trainer.history["loss"]


def test_a_run_pauses_where_its_condition_is_first_met_and_says_why():
    every = losses()
    limit = float(every.max() + every.min()) / 2
    first = int(np.flatnonzero(every < limit)[0])
    trainer = make(n=13, batch_size=5)
    trainer.on("batch", f"loss < {limit!r}")
    stop = trainer.run(12)
    assert stop.reason == "paused"
    assert stop.position == (*divmod(first + 1, 3), 0)
    assert stop.why.startswith("loss < ")
    assert f"loss = {every[first]:.4g}" in stop.why
    assert stop.why in str(stop)
    assert stop.why in repr(stop)


def test_on_ops_it_pauses_right_after_the_number_is_written():
    every = losses()
    limit = float(every.max() + every.min()) / 2
    first = int(np.flatnonzero(every < limit)[0])
    trainer = make(n=13, batch_size=5)
    hook = trainer.on("op", condition=f"loss < {limit!r}")
    assert trainer.run(12).position[:2] == divmod(first, 3)
    assert trainer.last_op.writes == ("loss",)
    assert trainer.step("op").paused is False  # not again while the number stays
    hook.remove()
    assert trainer.run(1).reason == "epochs"


def test_the_norm_of_a_layers_gradient():
    trainer = make(optimizer=nbann.SGD(0.5))
    trainer.on("batch", "grad_norm(dense1) < 0.1")
    stop = trainer.run(500)
    gradients = [trainer[f"dense1.{part}.grad"] for part in ("weight", "bias")]
    assert stop.reason == "paused"
    assert np.sqrt(sum((g**2).sum() for g in gradients)) < 0.1
    trainer.back("batch")
    trainer.step("phase", 3)
    gradients = [trainer[f"dense1.{part}.grad"] for part in ("weight", "bias")]
    assert np.sqrt(sum((g**2).sum() for g in gradients)) < 0.1
    trainer.back("batch", 2)
    gradients = [trainer[f"dense1.{part}.grad"] for part in ("weight", "bias")]
    assert np.sqrt(sum((g**2).sum() for g in gradients)) >= 0.1


def test_every_nth_and_a_condition_of_ones_own():
    trainer = make(n=13, batch_size=5)
    trainer.on("batch", "every 4")
    assert [trainer.run(9).position for _ in range(3)] == [(1, 1, 0), (2, 2, 0), (4, 0, 0)]
    own = make(n=13, batch_size=5)
    own.on("batch", condition=lambda event: event.epoch == 2 and event.batch == 1)
    assert own.run(9).position == (2, 2, 0)


def test_a_hook_with_a_condition_is_called_when_it_is_met():
    trainer, seen = make(n=13, batch_size=5), []
    trainer.on("batch", lambda event: seen.append(event.batch), condition="batch == 1")
    assert trainer.run(3).reason == "epochs"
    assert seen == [1, 1, 1]


def test_a_hook_that_pauses_may_say_why():
    trainer = make()
    trainer.on("batch", lambda event: event.pause("seen enough"))
    assert trainer.run(3).why == "seen enough"
    assert trainer.step("epoch").why == "seen enough"


def test_scores_of_the_history():
    trainer = make(n=13, batch_size=5, optimizer=nbann.SGD(0.5))
    trainer.on("epoch", "train_accuracy >= 0.8")
    stop = trainer.run(500)
    assert stop.reason == "paused"
    accuracy = trainer.history["train_accuracy"]
    assert accuracy[-1] >= 0.8
    assert (accuracy[:-1] < 0.8).all()


def test_nan_pauses_a_step_by_its_op():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 2))
    X[3] = 1e200
    net = nbann.Sequential([nbann.Dense(1)])
    trainer = nbann.Trainer(net, (X, X[:, :1]), loss="mse", batch_size=1, shuffle=False)
    trainer.on("op", "nan")
    ran = trainer.step("epoch")
    assert ran.paused
    assert "nan" in ran.why
    assert not np.isfinite(trainer[trainer.last_op.writes[0]]).all()
    assert trainer.position[:2] == (0, 3)


@pytest.mark.parametrize(
    "call",
    [
        {"condition": "loss >"},
        {"condition": "losss > 2"},
        {"condition": 3},
        {"fn": "loss > 2", "condition": "loss > 1"},
        {"fn": None, "modifies": True},
        {"condition": "__import__('os').system('x')"},
    ],
)
def test_what_is_no_condition_is_told(call):
    trainer = make()
    with pytest.raises(ValueError, match=r"xpected|Unknown"):
        trainer.on("batch", **call)
    assert trainer.run(1).reason == "epochs"


def test_words_in_the_place_of_a_rule_are_told_where_they_belong():
    trainer = make()
    with pytest.raises(ValueError, match=r"trainer\.on\('batch', 'loss < 0\.1'\)"):
        trainer.run(1, until="loss < 0.1")
    assert trainer.position == (0, 0, 0)
