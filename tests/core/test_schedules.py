"""Schedules: PyTorch's rates, rules that can be read, a rate that can be taken in hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann
from nbann.core.expr import Number
from nbann.schedules import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    LinearWarmup,
    ReduceOnPlateau,
    StepDecay,
)

from .nets import data, same_run
from .optimizer_runs import check_arithmetic, theta, trainer_of

RULES = {
    "steps": StepDecay(0.1, 7, 0.5),
    "exponential": ExponentialDecay(0.1, 0.95, unit="batch"),
    "cosine": CosineDecay(0.1, 20),
    "cosine to an end": CosineDecay(0.1, 20, end=0.02),
    "warm-up": LinearWarmup(5, 0.1),
    "warm-up and cosine": LinearWarmup(5, CosineDecay(0.1, 20, 0.01)),
    "warm-up of one": LinearWarmup(1, StepDecay(0.1, 4, 0.9)),
    "twice": LinearWarmup(3, LinearWarmup(2, ExponentialDecay(0.1, 0.9))),
    "warm-up and plateau": LinearWarmup(4, ReduceOnPlateau(0.1, 0.5), unit="batch"),
}


def rates(schedule, count=40, reductions=0):
    """Return the rates of the first `count` epochs (or batches)."""
    return [
        schedule.value(lambda name: reductions if name == "plateau_reductions" else n)  # noqa: B023
        for n in range(count)
    ]


# ---- the rules -----------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("rule", ["steps", "exponential", "cosine", "cosine to an end"])
def test_rates_are_those_of_pytorch(rule):
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    ours = RULES[rule]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    theirs = {
        "steps": lambda: torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.5),
        "exponential": lambda: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95),
        "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20),
        "cosine to an end": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20, 0.02),
    }[rule]()
    count = 21 if rule.startswith("cosine") else 40  # PyTorch's goes up again after its end
    expected = []
    for _ in range(count):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    np.testing.assert_allclose(rates(ours, count), expected, rtol=1e-12, atol=1e-16)


def test_a_cosine_stays_at_its_end():
    """Known places of the wave: all, three quarters, half, a quarter, nothing of the way."""
    schedule = CosineDecay(1.1, 6, end=0.1)
    expected = [1.1, 0.1 + (2 + 3**0.5) / 4, 0.85, 0.6, 0.35, 0.1 + (2 - 3**0.5) / 4, 0.1, 0.1]
    np.testing.assert_allclose(rates(schedule, 8), expected, rtol=1e-14)


def test_a_warm_up_rises_in_a_line_to_the_start_of_what_follows():
    np.testing.assert_allclose(
        rates(LinearWarmup(4, 0.2), 6), [0.05, 0.1, 0.15, 0.2, 0.2, 0.2], rtol=1e-15
    )
    then = StepDecay(0.2, 2, 0.5)
    expected = [0.1, 0.2, 0.2, 0.2, 0.1, 0.1, 0.05]
    np.testing.assert_allclose(rates(LinearWarmup(2, then), 7), expected, rtol=1e-15)
    assert rates(Constant(0.3), 2) == [0.3, 0.3]


@pytest.mark.parametrize("rule", RULES)
def test_what_is_shown_is_what_is_done(rule):
    schedule = RULES[rule]
    for reductions in (0, 2):
        for n, rate in enumerate(rates(schedule, reductions=reductions)):
            shown = schedule.formula(
                lambda name: Number(reductions if name == "plateau_reductions" else n)  # noqa: B023
            )
            assert shown.value() == pytest.approx(rate, rel=1e-14)


# ---- a rate that watches a score -----------------------------------------------------------------


class Told:
    """A plateau schedule on a state of its own, told scores one by one."""

    def __init__(self, schedule):
        self.schedule = schedule
        self.state = trainer_of(nbann.SGD(schedule))._state

    def rate_after(self, score):
        self.schedule.observe(self.state, score, self.schedule.mode or "min")
        return self.schedule.value(lambda name: self.state.arrays[name].item())


@pytest.mark.torch
@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0, 1.04, 1.1, np.nan]), max_size=30),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.1]),
    st.sampled_from(["min", "max"]),
)
def test_reductions_are_those_of_pytorch(scores, patience, cooldown, min_delta, mode):
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode, 0.5, patience, min_delta, "abs", cooldown, 0.01
    )
    ours = Told(ReduceOnPlateau(0.1, 0.5, patience, min_delta, cooldown, 0.01, mode=mode))
    for score in scores:
        theirs.step(score)
        rate = optimizer.param_groups[0]["lr"]
        assert ours.rate_after(score) == pytest.approx(rate, rel=1e-12)


def test_a_plateau_by_hand():
    """Patience 1: the second score in a row that is no better by 0.1 halves the rate."""
    told = Told(ReduceOnPlateau(0.8, 0.5, patience=1, min_delta=0.1, cooldown=2, minimum=0.15))
    scores = [1.0, 0.95, 0.85, 0.8, 0.76, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    expected = [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2, 0.15]
    found = [told.rate_after(score) for score in scores]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("every", [1, 2])
def test_a_plateau_is_told_each_evaluation(every):
    """With no improvement possible, every evaluation after the first reduces the rate."""
    schedule = ReduceOnPlateau(0.1, 0.5, patience=0, min_delta=100.0)
    trainer = trainer_of(nbann.SGD(schedule), evaluate_every=every)
    found = []
    for _ in range(6):
        found.append(trainer.learning_rate)
        trainer.run(1)
        assert trainer["learning_rate"] == pytest.approx(found[-1], rel=1e-15)
    # the first evaluation is better than none at all
    evaluations = [max(0, epoch // every - 1) for epoch in range(6)]
    np.testing.assert_allclose(found, [0.1 * 0.5**k for k in evaluations], rtol=1e-15)


def test_a_plateau_may_watch_any_column():
    trainer = trainer_of(nbann.SGD(ReduceOnPlateau(0.1, monitor="train_accuracy", mode="max")))
    trainer.run(2)
    assert trainer["plateau_best"] == trainer.history["train_accuracy"].max()


WATCHED = {
    "train_loss": ("min", None),
    "test_loss": ("min", None),
    "test_accuracy": ("max", None),
    "train_log_loss": ("min", None),
    "test_error_rate": ("min", True),
    "train_error_rate": ("max", False),
}


@pytest.mark.parametrize("warm_up", [False, True])
@pytest.mark.parametrize("column", WATCHED)
def test_what_is_better_comes_from_the_metric(column, warm_up):
    """The same run as with the mode spelled out, and another one than with the other mode."""
    mode, lower = WATCHED[column]
    X, y, _ = data()

    def error_rate(y, predicted):
        return float(np.mean(y != predicted))

    if lower is not None:
        error_rate.lower_is_better = lower

    def run(mode):
        rule = ReduceOnPlateau(0.1, 0.5, patience=0, min_delta=0.0, monitor=column, mode=mode)
        rule = LinearWarmup(2, rule) if warm_up else rule
        metrics = ["accuracy", "log_loss", error_rate]
        trainer = trainer_of(nbann.SGD(rule), metrics=metrics, test=(X[:20], y[:20]))
        trainer.run(8)
        return trainer

    inferred, given, other = run(None), run(mode), run({"min": "max", "max": "min"}[mode])
    same_run(inferred, given)
    values = given.history[column]
    assert inferred["plateau_best"] == (values.min() if mode == "min" else values.max())
    assert inferred["plateau_reductions"] == given["plateau_reductions"]
    opposite = other.history[column]
    assert other["plateau_best"] == (opposite.max() if mode == "min" else opposite.min())


def test_what_is_better_is_never_guessed():
    def error_rate(y, predicted):
        return 0.0

    rule = ReduceOnPlateau(0.1, monitor="train_error_rate")
    for schedule in (rule, LinearWarmup(2, rule)):
        with pytest.raises(ValueError, match=r"monitor: expected mode='min' or .*_rate' without"):
            trainer_of(nbann.SGD(schedule), metrics=[error_rate])
    trainer = trainer_of(nbann.SGD(ReduceOnPlateau(0.1)), metrics=[error_rate])
    trainer.run(1)
    assert trainer["plateau_best"] == trainer.history["train_loss"][0]


def test_one_optimizer_may_serve_trainers_whose_columns_mean_different_things():
    """What is inferred belongs to the trainer, not to the schedule that both are given."""
    values = [0.5, 0.2, 0.9]

    def measure(lower):
        left = iter(values)

        def score(y, predicted):
            return next(left)

        score.lower_is_better = lower
        return score

    optimizer = nbann.SGD(ReduceOnPlateau(0.1, monitor="train_score"))
    low, high = (trainer_of(optimizer, metrics=[measure(lower)]) for lower in (True, False))
    for _ in values:
        for trainer in (low, high):
            trainer.run(1)
    assert (low["plateau_best"], high["plateau_best"]) == (0.2, 0.9)


def test_reset_forgets_the_best():
    trainer = trainer_of(nbann.SGD(ReduceOnPlateau(0.1, patience=0, min_delta=0.05)))
    trainer.run(6)
    rates = trainer["plateau_reductions"].item(), trainer["plateau_best"].item()
    trainer.reset()
    assert np.isnan(trainer["plateau_best"])
    trainer.run(6)
    assert (trainer["plateau_reductions"].item(), trainer["plateau_best"].item()) == rates


def test_a_column_that_is_not_there():
    watching = nbann.SGD(LinearWarmup(2, ReduceOnPlateau(0.1, monitor="test_loss")))
    with pytest.raises(ValueError, match=r"history column to monitor 'test_loss'.*'train_loss'"):
        trainer_of(watching)
    with pytest.raises(ValueError, match=r"evaluate_every: expected evaluations of 'test_loss'"):
        trainer_of(watching, evaluate_every=None)
    matrix = nbann.SGD(ReduceOnPlateau(0.1, monitor="train_confusion_matrix", mode="max"))
    trainer = trainer_of(matrix, metrics=["confusion_matrix"])
    with pytest.raises(ValueError, match=r"train_confusion_matrix"):
        trainer.run(1)


# ---- in training ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [5, 12, None])
def test_epochs_are_counted_with_their_remainders(size):
    trainer = trainer_of(nbann.SGD(ExponentialDecay(0.1, 0.5)), batch_size=size)
    for epoch in range(4):
        for _ in range(trainer.batches):
            assert trainer.learning_rate == pytest.approx(0.1 * 0.5**epoch, rel=1e-15)
            trainer.step("batch")
            assert trainer["learning_rate"] == pytest.approx(0.1 * 0.5**epoch, rel=1e-15)
        assert trainer["epoch_count"] == epoch + 1
    assert trainer["step_count"] == 4 * trainer.batches


def test_a_constant_rate_costs_nothing():
    number, constant = (trainer_of(nbann.SGD(rate, 0.9)) for rate in (0.1, Constant(0.1)))
    assert [op.name for op in number.program if op.phase == "update"] == [
        "sgd.velocity", "sgd.update",
    ]  # fmt: skip
    assert len(number.program.kernels) == len(constant.program.kernels)
    assert constant.optimizer.learning_rate == 0.1
    for trainer in (number, constant):
        trainer.run(3)
    same_run(number, constant)


def test_a_schedule_is_the_first_op_of_the_update():
    for schedule in RULES.values():
        update = [op for op in trainer_of(nbann.SGD(schedule)).program if op.phase == "update"]
        assert update[0].name == "sgd.schedule"
        assert update[0].writes == ("learning_rate",)


def test_the_rule_is_shown_with_its_numbers():
    trainer = trainer_of(nbann.SGD(StepDecay(0.4, 2, 0.5)))
    trainer.run(5)
    assert str(trainer.arithmetic("learning_rate")) == "eta = 1*(0.4*0.5**floor(4/2)) = 0.1"
    assert str(trainer.arithmetic("epoch_count")) == "epoch = floor((14 + 1)/3) = 5"
    assert trainer.program["sgd.schedule"].equation.text() == (
        "eta = scale*(0.4*0.5**floor(epoch/2))"
    )


@pytest.mark.torch
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_momentum_is_that_of_pytorch_while_the_rate_is_constant(decay, nesterov):
    """As `nbann.SGD` says; where the rate changes, PyTorch's steps are others."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    rate = 0.1 if decay == 1.0 else ExponentialDecay(0.1, decay)
    trainer = trainer_of(nbann.SGD(rate, 0.9, nesterov), batch_size=None)
    theirs = torch.tensor(theta(trainer), requires_grad=True)
    optimizer = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=nesterov)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay)
    apart = []
    for _ in range(4):  # the same gradients for both
        trainer.step("batch")
        gradients = [trainer[f"{name}.grad"].reshape(-1) for name in trainer.parameters]
        theirs.grad = torch.tensor(np.concatenate(gradients))
        optimizer.step()
        scheduler.step()
        apart.append(np.abs(theta(trainer) - theirs.detach().numpy()).max())
    assert apart[0] < 1e-15
    assert max(apart) < 1e-14 if decay == 1.0 else apart[1] > 1e-3


# ---- a rate that is taken in hand ----------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_a_rate_that_is_set_is_where_the_schedule_goes_on_from(rule, dtype):
    """Ever after, the rates are those of the rule times one and the same factor."""
    near = 1e-13 if dtype == "float64" else 3e-7
    ruled, set_ = (trainer_of(nbann.SGD(RULES[rule]), dtype=dtype) for _ in range(2))
    for trainer in (ruled, set_):
        trainer.step("batch", 7)
    factor = 0.0321 / ruled.learning_rate
    set_.learning_rate = 0.0321
    assert set_.learning_rate == pytest.approx(0.0321, rel=near)
    for _ in range(9):
        for trainer in (ruled, set_):
            trainer.step("batch")
        expected = factor * ruled["learning_rate"].item()
        assert set_["learning_rate"] == pytest.approx(expected, rel=near)
    set_.learning_rate = 0.05
    set_.step("batch")
    assert set_["learning_rate"] == pytest.approx(0.05, rel=near)


@pytest.mark.parametrize("ops", [1, 9, 100])
def test_what_has_been_done_is_still_shown_as_it_was(ops):
    """Setting the rate, before the update or after it, changes no number that stands there."""
    trainer = trainer_of(nbann.Adam(CosineDecay(0.1, 9), clip_norm=0.3))
    trainer.step("batch")
    trainer.step("op", min(ops, len(trainer.program)))  # the first, a backward one, the last
    trainer.learning_rate = 0.02
    for op in trainer.program.ops[: trainer.program.done]:
        if op.phase == "update":
            check_arithmetic(trainer, op)
    trainer.step("batch")
    assert trainer["learning_rate"] == pytest.approx(0.02, rel=1e-14)
    for op in trainer.program:
        if op.phase == "update":
            check_arithmetic(trainer, op)


def test_a_plateau_found_does_not_change_what_has_been_done():
    schedule = ReduceOnPlateau(0.1, 0.5, patience=0, min_delta=100.0)
    trainer = trainer_of(nbann.SGD(schedule))
    trainer.run(2)
    assert trainer["plateau_reductions"] == 1
    assert trainer["learning_rate"] == 0.1
    assert trainer.learning_rate == 0.05
    for op in trainer.program:
        if op.phase == "update":
            check_arithmetic(trainer, op)


def test_reset_forgets_a_rate_that_was_set():
    fresh, used = (trainer_of(nbann.SGD(CosineDecay(0.1, 5))) for _ in range(2))
    used.run(2)
    used.learning_rate = 0.5
    used.run(1)
    used.reset()
    assert used.learning_rate == 0.1
    for trainer in (fresh, used):
        trainer.run(3)
    same_run(fresh, used)


def test_a_schedule_at_zero_can_not_be_scaled():
    trainer = trainer_of(nbann.SGD(CosineDecay(0.1, 2)))
    trainer.run(2)
    assert trainer.learning_rate == 0.0
    before = trainer["learning_rate_scale"].item()
    with pytest.raises(ValueError, match=r"learning_rate: expected a schedule that is above 0"):
        trainer.learning_rate = 0.1
    assert trainer["learning_rate_scale"] == before
    for wrong in (0, -1, np.nan, "fast"):
        with pytest.raises(ValueError, match=r"learning_rate: expected a finite number above 0"):
            trainer.learning_rate = wrong
    weights = trainer["dense1.weight"].copy()
    trainer.run(1)
    np.testing.assert_array_equal(trainer["dense1.weight"], weights)


# ---- bad input -----------------------------------------------------------------------------------

BAD = {
    "start of 0": (lambda: StepDecay(0, 3), r"start: .*above 0; received 0"),
    "every 0": (lambda: StepDecay(0.1, 0), r"every: .*at least 1; received 0"),
    "every half": (lambda: StepDecay(0.1, 0.5), r"every: expected a whole number"),
    "factor of 1": (lambda: StepDecay(0.1, 3, 1.0), r"factor: .*below 1; received 1"),
    "factor of 0": (lambda: ExponentialDecay(0.1, 0.0), r"factor: .*above 0"),
    "unit": (lambda: ExponentialDecay(0.1, 0.5, "epochs"), r"Did you mean 'epoch'"),
    "unit in a list": (lambda: CosineDecay(0.1, 3, unit=["batch"]), r"Unknown unit"),
    "steps of 0": (lambda: CosineDecay(0.1, 0), r"steps: .*at least 1"),
    "end below 0": (lambda: CosineDecay(0.1, 3, -0.1), r"end: .*at least 0"),
    "no steps to warm up": (lambda: LinearWarmup(0, 0.1), r"steps: .*at least 1"),
    "then nothing": (lambda: LinearWarmup(3, None), r"then: .*received None"),
    "then 0": (lambda: LinearWarmup(3, 0), r"then: .*above 0"),
    "another unit": (
        lambda: LinearWarmup(3, CosineDecay(0.1, 5), unit="batch"),
        r"then: expected a schedule that counts by batch; received CosineDecay",
    ),
    "a unit that is none": (lambda: LinearWarmup(3, 0.1, "step"), r"Unknown unit"),
    "constant of 0": (lambda: Constant(0), r"learning_rate: .*above 0"),
    "plateau's factor": (lambda: ReduceOnPlateau(0.1, 1.0), r"factor: .*below 1"),
    "patience": (lambda: ReduceOnPlateau(0.1, patience=-1), r"patience: .*at least 0"),
    "min_delta": (lambda: ReduceOnPlateau(0.1, min_delta=-1), r"min_delta: .*at least 0"),
    "cooldown": (lambda: ReduceOnPlateau(0.1, cooldown=1.5), r"cooldown: expected a whole"),
    "minimum": (lambda: ReduceOnPlateau(0.1, minimum=0.2), r"minimum: expected at most start, 0.1"),
    "monitor": (lambda: ReduceOnPlateau(0.1, monitor=3), r"monitor: .*received 3"),
    "mode": (lambda: ReduceOnPlateau(0.1, mode="auto"), r"Unknown mode 'auto'"),
    "a class": (lambda: nbann.SGD(CosineDecay), r"learning_rate: .*CosineDecay"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    make, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        make()


def test_a_schedule_shows_what_makes_it():
    assert repr(RULES["warm-up and cosine"]) == (
        "LinearWarmup(steps=5, then=CosineDecay(start=0.1, steps=20, end=0.01))"
    )
    assert repr(RULES["exponential"]) == "ExponentialDecay(start=0.1, factor=0.95, unit='batch')"
    assert repr(Constant(0.1)) == "Constant(learning_rate=0.1)"
    assert repr(ReduceOnPlateau(0.1, patience=3)) == "ReduceOnPlateau(start=0.1, patience=3)"
