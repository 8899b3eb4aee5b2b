"""Optimizers: PyTorch's and scikit-learn's numbers, and ops that say what they do."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import nbann
from nbann.core.optimizers import flat
from nbann.core.optimizers.sgd import OPTIMIZERS, as_optimizer

from ..goldens import make_optimizers
from ..goldens.make_optimizers import CASES, CLIPPED, KEPT
from .nets import same_run
from .optimizer_runs import check_arithmetic, optimizer_of, theta, trainer_of

GOLDENS = json.loads(Path(make_optimizers.__file__).with_name("optimizers.json").read_text())


# ---- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_twenty_steps_are_those_of_pytorch(case):
    golden, trainer = GOLDENS[case], trainer_of(case)
    kept = iter(golden["parameters"])
    for step, (rate, norm) in enumerate(zip(golden["rates"], golden["norms"], strict=True), 1):
        assert trainer.learning_rate == pytest.approx(rate, rel=1e-12)
        trainer.step("batch")
        assert trainer["learning_rate"].item() == pytest.approx(rate, rel=1e-12)
        if "grad_norm" in trainer.names:
            assert trainer["grad_norm"].item() == pytest.approx(norm, rel=1e-10)
        if step in KEPT:
            np.testing.assert_allclose(theta(trainer), next(kept), rtol=0, atol=1e-10)
    assert step == 21


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES)
def test_the_goldens_are_what_pytorch_gives(case):
    pytest.importorskip("torch", reason="PyTorch, whose numbers these are, is not installed")
    found, golden = make_optimizers.trajectory(case), GOLDENS[case]
    for name, numbers in golden.items():
        np.testing.assert_allclose(found[name], numbers, rtol=0, atol=1e-13)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [
        (nbann.AdaGrad, "Adagrad", {"initial_accumulator": "initial_accumulator_value"}),
        (nbann.RMSprop, "RMSprop", {"rho": "alpha", "momentum": "momentum"}),
        (nbann.Adam, "Adam", {}),
        (nbann.AdamW, "AdamW", {}),
    ],
)
def test_defaults_are_those_of_pytorch(ours, theirs, names):
    torch = pytest.importorskip("torch", reason="PyTorch, whose defaults these are, is missing")
    expected = inspect.signature(getattr(torch.optim, theirs)).parameters
    optimizer = ours()
    names = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"} | names
    for name, other in names.items():
        assert getattr(optimizer, name) == expected[other].default, name
    if "betas" in expected:
        assert (optimizer.beta1, optimizer.beta2) == expected["betas"].default


@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [
        (nbann.SGD(0.1, momentum=0.9), ("SGDOptimizer", {"momentum": 0.9, "nesterov": False})),
        (nbann.SGD(0.1, 0.7, True), ("SGDOptimizer", {"momentum": 0.7, "nesterov": True})),
        (nbann.Adam(0.1, 0.8, 0.95, 1e-3, epsilon_hat=True),
         ("AdamOptimizer", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3})),
    ],
)  # fmt: skip
def test_a_changing_rate_acts_as_in_scikit_learn(optimizer, theirs):
    """PyTorch multiplies the whole velocity by the rate of now, this form only what is new."""
    stochastic = pytest.importorskip("sklearn.neural_network._stochastic_optimizers")
    trainer = trainer_of(optimizer)
    parameters = [a.copy() for a in trainer.parameters.values()]
    name, settings = theirs
    oracle = getattr(stochastic, name)(parameters, learning_rate_init=0.1, **settings)
    for rate in np.geomspace(0.1, 0.01, 20):
        trainer.learning_rate = rate
        attribute = "learning_rate_init" if name == "AdamOptimizer" else "learning_rate"
        setattr(oracle, attribute, rate)
        trainer.step("batch")
        gradients = [trainer[f"{name}.grad"] for name in trainer.parameters]
        oracle.update_params(parameters, gradients)
        for ours, reference in zip(trainer.parameters.values(), parameters, strict=True):
            np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_adams_first_step_has_the_size_of_the_rate(scale):
    """Kingma & Ba, section 2.1: the size of a step does not depend on that of the gradients."""
    layer = nbann.Dense(2, weight=[[1.0, -2.0]], bias=False)
    data = ([[scale]], [[3.0, -1.0]])
    adam = nbann.Adam(0.01, epsilon=1e-30)
    trainer = nbann.Trainer(nbann.Sequential([layer]), data, loss="half_squared_error",
                            optimizer=adam)  # fmt: skip
    before = theta(trainer)
    trainer.step("batch")
    np.testing.assert_allclose(np.abs(theta(trainer) - before), 0.01, rtol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_float32_is_float64_up_to_rounding(case):
    single, double = trainer_of(case, dtype="float32"), trainer_of(case)
    for trainer in (single, double):
        trainer.run(7)
    exact = {"step_count", "epoch_count", "beta1", "beta2", "rho",
             "plateau_best", "plateau_wait", "plateau_cooldown"}  # fmt: skip
    for name in single.names:
        if name != "y":
            assert single[name].dtype == (np.float64 if name in exact else np.float32), name
    np.testing.assert_allclose(theta(single), theta(double), rtol=0, atol=2e-4)


@pytest.mark.parametrize("case", CASES)
def test_blocks_change_no_number(case, monkeypatch):
    """A vector worked through in stretches, the last one shorter, gives the same bits."""
    whole = trainer_of(case)
    monkeypatch.setattr(flat, "BLOCK_BYTES", 72)
    parts = trainer_of(case)
    assert len(parts.program.kernels) > len(whole.program.kernels)
    for trainer in (whole, parts):
        trainer.run(3)
    same_run(whole, parts)


# ---- clipping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CLIPPED)
def test_clipping_keeps_its_limits_and_the_gradient(case):
    optimizer, trainer = optimizer_of(case), trainer_of(case)
    trainer.step("batch")
    gradient, clipped = (
        np.concatenate([trainer[f"{name}{suffix}"].reshape(-1) for name in trainer.parameters])
        for suffix in (".grad", ".clipped")
    )
    if optimizer.clip_value is not None:
        np.testing.assert_array_equal(
            clipped, gradient.clip(-optimizer.clip_value, optimizer.clip_value)
        )
    else:
        assert trainer["grad_norm"] == pytest.approx(np.linalg.norm(gradient), rel=1e-14)
        assert np.linalg.norm(clipped) == pytest.approx(optimizer.clip_norm, rel=1e-4)
        cosine = gradient @ clipped / np.linalg.norm(gradient) / np.linalg.norm(clipped)
        assert cosine == pytest.approx(1.0, rel=1e-14)


def test_limits_that_are_not_reached_change_nothing():
    free, bound = trainer_of(nbann.SGD(0.1)), trainer_of(nbann.SGD(0.1, clip_value=9, clip_norm=9))
    for trainer in (free, bound):
        trainer.run(3)
    same_run(free, bound)


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_of_zero_moves_nothing(kind, dtype):
    """Also not by 0/0: a dead neuron's weights stay as they are."""
    settings = {"weight_decay": 0.0, "clip_value": 1.0, "clip_norm": 1.0}
    layers = [nbann.Dense(2, bias=[-1e3, -1e3]), nbann.ReLU(), nbann.Dense(1, bias=[0.0])]
    trainer = nbann.Trainer(
        nbann.Sequential(layers), ([[1.0], [2.0]], [0.0, 0.0]), dtype=dtype,
        optimizer=type(as_optimizer(kind))(**settings),
    )  # fmt: skip
    before = theta(trainer)
    trainer.run(3)
    np.testing.assert_array_equal(theta(trainer), before)


# ---- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_each_op_can_be_worked_out_right_after_it_ran(case):
    trainer = trainer_of(case)
    trainer.step("batch", 2)
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        if op.phase == "update":
            check_arithmetic(trainer, op)


@pytest.mark.parametrize("how", ["batch", "run", "until"])
@pytest.mark.parametrize("case", CASES)
def test_all_ops_can_be_worked_out_once_the_batch_is_done(case, how):
    trainer = trainer_of(case)
    if how == "run":
        trainer.run(2)
    elif how == "until":
        trainer.run(3, until=lambda t: len(t.history["loss"]) >= 4)
    else:
        trainer.step("batch", 4)
    for op in trainer.program:
        if op.phase == "update":
            check_arithmetic(trainer, op)


@pytest.mark.parametrize("case", CASES)
def test_float32_can_be_worked_out_to_its_own_precision(case):
    trainer = trainer_of(case, dtype="float32")
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        if op.phase == "update":
            check_arithmetic(trainer, op, single=True)


@pytest.mark.parametrize("case", CASES)
def test_formulas_and_arithmetic_can_be_drawn(case):
    trainer, parser = trainer_of(case), MathTextParser("agg")
    trainer.step("batch")
    for op in trainer.program:
        if op.phase == "update":
            for name in op.writes:
                place = (0,) * trainer[name].ndim
                assert parser.parse(f"${op.arithmetic(place, name).latex()}$")
            assert parser.parse(f"${op.formula}$")


def test_formulas_are_those_of_the_papers():
    def text(optimizer):
        ops = trainer_of(optimizer).program.ops
        return [op.equation.text() for op in ops if op.phase == "update"]

    assert text(nbann.SGD(0.1)) == ["theta = theta - eta*dL/dtheta"]
    assert text(nbann.AdaGrad()) == [
        "s = s + (dL/dtheta)**2",
        "theta = theta - eta*(dL/dtheta/(sqrt(s) + epsilon))",
    ]
    assert text(nbann.RMSprop(momentum=0.9)) == [
        "s = rho*s + (1 - rho)*(dL/dtheta)**2",
        "v = mu*v + dL/dtheta/(sqrt(s) + epsilon)",
        "theta = theta - eta*v",
    ]
    adam = [
        "t = t + 1",
        "m = beta_1*m + (1 - beta_1)*dL/dtheta",
        "v = beta_2*v + (1 - beta_2)*(dL/dtheta)**2",
        "theta = theta - eta*((m/(1 - beta_1**t))/(sqrt(v/(1 - beta_2**t)) + epsilon))",
    ]
    assert text(nbann.Adam()) == adam
    decayed = adam[3].replace("theta - ", "theta - eta*lambda*theta - ", 1)
    assert text(nbann.AdamW()) == [*adam[:3], decayed]
    assert text(nbann.SGD(0.1, weight_decay=0.1, clip_value=1, clip_norm=1))[:4] == [
        "g' = max(-c, min(c, dL/dtheta))",
        "||g|| = sqrt(sum(g'**2))",
        "g'' = min(1, c/(||g|| + 1e-06))*g'",
        "d = g'' + lambda*theta",
    ]


def test_the_norm_over_many_weights_is_read_by_arrays():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Dense(30, name="hidden"), nbann.Dense(3, name="output")])
    data = (rng.standard_normal((8, 20)), rng.integers(0, 3, 8))
    trainer = nbann.Trainer(net, data, optimizer=nbann.SGD(0.1, clip_norm=1.0))
    trainer.step("batch")
    equation = trainer.arithmetic("grad_norm")
    assert equation.value() == pytest.approx(trainer["grad_norm"].item(), rel=1e-12)
    assert str(equation).count("+") == 3  # four arrays


# ---- going on, stepping, starting anew -----------------------------------------------------------


@pytest.mark.parametrize("unit", ["op", "layer", "phase", "batch", "epoch"])
@pytest.mark.parametrize("case", CASES)
def test_every_unit_gives_the_numbers_of_a_run(case, unit):
    settings = {"batch_size": 5, "shuffle": True}  # 12 = 5 + 5 + 2
    ran, stepped = trainer_of(case, **settings), trainer_of(case, **settings)
    ran.run(4)
    while stepped.position.epoch < 4:
        stepped.step(unit)
    same_run(ran, stepped)
    for name in ran.names:
        if ran.is_current(name):
            np.testing.assert_array_equal(ran[name], stepped[name], name)


@pytest.mark.parametrize("case", CASES)
def test_reset_starts_anew(case):
    fresh, used = trainer_of(case), trainer_of(case)
    used.run(3)
    used.step("op", 9)
    used.learning_rate = 0.0123
    used.run(2)
    used.reset()
    assert used.learning_rate == fresh.learning_rate
    for name in fresh.names:
        np.testing.assert_array_equal(fresh[name], used[name], name)
    for trainer in (fresh, used):
        trainer.run(4)
    same_run(fresh, used)


@pytest.mark.parametrize("case", CASES)
def test_a_pause_within_the_update_changes_nothing(case):
    plain, paused = trainer_of(case), trainer_of(case)
    hook = paused.on("op", lambda event: event.pause(), phase="update")
    for _ in range(8):
        paused.run(1)
    hook.remove()
    paused.step("batch")
    plain.step("batch", len(paused.history["loss"]))
    same_run(plain, paused)


def test_gradients_are_checked_beside_any_optimizer():
    trainer = trainer_of("adam norm")
    trainer.step("batch", 3)
    before = theta(trainer)
    assert trainer.check_gradients().error < 1e-7
    np.testing.assert_array_equal(theta(trainer), before)


# ---- what it costs, and what it is called --------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "count"),
    [(nbann.SGD(0.1), 2), (nbann.SGD(0.1, 0.9), 4), (nbann.SGD(0.1, 0.9, True), 7)],
)
def test_plain_sgd_takes_no_more_calls_than_it_must(optimizer, count):
    kernels = [op.kernels for op in trainer_of(optimizer).program if op.phase == "update"]
    assert sum(map(len, kernels)) == count


def test_what_is_not_asked_for_is_not_there():
    names = [op.name for op in trainer_of(nbann.Adam(0.1)).program if op.phase == "update"]
    assert names == ["adam.count", "adam.first_moment", "adam.second_moment", "adam.update"]
    every = nbann.Adam(nbann.schedules.CosineDecay(0.1, 9), weight_decay=0.1,
                       clip_value=1.0, clip_norm=1.0)  # fmt: skip
    names = [op.name for op in trainer_of(every).program if op.phase == "update"]
    assert names == [
        "adam.schedule", "adam.count", "adam.clip_value", "adam.grad_norm", "adam.clip_norm",
        "adam.weight_decay", "adam.first_moment", "adam.second_moment", "adam.update",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", nbann.SGD), ("adagrad", nbann.AdaGrad), ("rmsprop", nbann.RMSprop),
     ("adam", nbann.Adam), ("adamw", nbann.AdamW), (None, nbann.SGD)],
)  # fmt: skip
def test_optimizers_by_name(name, kind):
    assert type(as_optimizer(name)) is kind
    given = kind(0.1)
    assert as_optimizer(given) is given


def test_unknown_names_bring_near_ones():
    for name in ("adm", 3, int):
        with pytest.raises(ValueError, match=r"Unknown optimizer .*Expected one of: adagrad"):
            as_optimizer(name)


def test_names_in_capitals_and_classes_are_put_right():
    for name, near in (("SGD", "sgd"), ("Adam", "adam"), ("AdamW", "adamw")):
        with pytest.raises(ValueError, match=f"Unknown optimizer '{name}'. Did you mean '{near}'"):
            as_optimizer(name)
    message = r"optimizer: .*; received the class Adam\. Call it: Adam\(\)\."
    with pytest.raises(ValueError, match=message):
        trainer_of(nbann.Adam)


def test_an_optimizer_shows_what_makes_it():
    assert repr(nbann.SGD(0.5, 0.9, True)) == "SGD(learning_rate=0.5, momentum=0.9, nesterov=True)"
    assert repr(nbann.AdamW(clip_norm=1)) == "AdamW(learning_rate=0.001, clip_norm=1)"
    schedule = nbann.schedules.StepDecay(0.1, 10)
    assert repr(nbann.Adam(schedule)) == "Adam(learning_rate=StepDecay(start=0.1, every=10))"


ABOVE_0 = [0, -0.1, np.nan, np.inf, "1", None, True, 10**400]
SHARE = [-0.1, 1, 1.5, np.nan, "0.9", None]
LEAST_0 = [-1e-9, np.nan, np.inf, "0", None]
BAD = [
    *((kind, {"learning_rate": v}) for kind in OPTIMIZERS for v in ABOVE_0),
    *((kind, {"weight_decay": v}) for kind in OPTIMIZERS for v in LEAST_0),
    *((kind, {"clip_value": v}) for kind in OPTIMIZERS for v in ABOVE_0 if v is not None),
    *((kind, {"clip_norm": v}) for kind in OPTIMIZERS for v in ABOVE_0 if v is not None),
    *(("sgd", {"momentum": v}) for v in SHARE),
    *(("rmsprop", {name: v}) for name in ("momentum", "rho") for v in SHARE),
    *(("adam", {name: v}) for name in ("beta1", "beta2") for v in SHARE),
    *(("adamw", {name: v}) for name in ("beta1", "beta2") for v in SHARE),
    *((kind, {"epsilon": v}) for kind in ("adagrad", "rmsprop", "adam", "adamw") for v in ABOVE_0),
    *(("adagrad", {"initial_accumulator": v}) for v in LEAST_0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings"), BAD)
def test_values_out_of_range(kind, settings):
    (name,) = settings
    with pytest.raises(ValueError, match=rf"{name}: expected a finite number .*received .*Pass"):
        type(as_optimizer(kind))(**settings)


@pytest.mark.parametrize(
    "settings", [{"epsilon": 1e-60}, {"clip_norm": 1e60}, {"weight_decay": 1e-60}]
)
def test_numbers_that_float32_can_not_hold(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"{name}: expected a number that float32 can hold"):
        trainer_of(nbann.Adam(**settings), dtype="float32")
