"""What a person changes in a run: what follows is computed anew, recorded, and never stays old."""

import numpy as np
import pytest

import nbann

from .nets import HIDDEN, copies, data, forward, loss_of, make, same_run
from .timelines import RUNS, same_state

N = 13
X, LABELS, _ = data(N)


def numbers(trainer):
    return {name: trainer[name].copy() for name in trainer.names}


# ---- numbers -------------------------------------------------------------------------------------
@pytest.mark.parametrize("until", ["start", "forward", "loss", "backward"])
def test_a_weight_set_in_the_midst_of_a_batch_is_in_all_that_follows(until):
    """Loss and gradient are those of the new weight: by plain NumPy, and central differences."""
    trainer = make()
    while until != "start" and trainer.op.phase != "update":
        done = trainer.step("phase")[-1].phase
        if done == until:
            break
    stands = trainer.position
    trainer.set("dense1.weight", (1, 2), 1.25)
    assert trainer.position == stands
    assert trainer["dense1.weight"][1, 2] == 1.25
    parameters = copies(trainer)
    if trainer.is_current("loss"):
        expected = loss_of(HIDDEN, parameters, X, LABELS, "cross_entropy")
        assert trainer["loss"] == pytest.approx(expected, rel=1e-12)
    if trainer.is_current("dense2.out"):
        np.testing.assert_allclose(trainer["dense2.out"], forward(HIDDEN, parameters, X))
    trainer.goto(0, 0, len(trainer.program) - 1)
    h = 1e-5
    parameters[0][1, 2] = 1.25 + h
    high = loss_of(HIDDEN, parameters, X, LABELS, "cross_entropy")
    parameters[0][1, 2] = 1.25 - h
    low = loss_of(HIDDEN, parameters, X, LABELS, "cross_entropy")
    gradient = trainer["dense1.weight.grad"][1, 2]
    assert gradient == pytest.approx((high - low) / (2 * h), rel=1e-6)


def test_after_a_batch_the_next_one_has_the_new_weight_and_nothing_old_is_current():
    trainer = make(batch_size=5)
    trainer.step("batch")
    trainer.set("dense1.weight", (0, 0), 2.0)
    assert trainer.position == (0, 1, 0)
    assert trainer.op.phase == "forward"
    assert not trainer.is_current("loss")
    assert not trainer.is_current("dense1.out")
    trainer.step("op")
    x, w, b = (trainer[name] for name in ("x", "dense1.weight", "dense1.bias"))
    np.testing.assert_allclose(trainer["dense1.out"], x @ w + b, rtol=1e-14)


def test_arithmetic_after_a_set_is_that_of_the_numbers_there_are():
    trainer = make()
    trainer.step("phase", 3)
    trainer.set("dense1.weight", (1, 2), 1.25)
    trainer.step("phase")
    for name, op in trainer.program.writer.items():
        at = (0,) * trainer[name].ndim
        value = op.arithmetic(at, name).value()
        assert value == pytest.approx(float(trainer[name][at]), rel=1e-9, abs=1e-12), name


def test_an_activation_set_by_hand_counts_in_what_follows():
    trainer = make()
    trainer.step("phase", 2)
    trainer.set("tanh1.out", (slice(None), 1), 0.5)
    assert (trainer["tanh1.out"][:, 1] == 0.5).all()
    W, b = copies(trainer)[2:]
    logits = trainer["tanh1.out"] @ W + b
    np.testing.assert_allclose(trainer["dense2.out"], logits, rtol=1e-14)
    exps = np.exp(logits)
    p = exps[range(N), LABELS] / exps.sum(axis=1)
    assert trainer["loss"] == pytest.approx(-np.log(p).mean(), rel=1e-12)
    with pytest.raises(ValueError, match="changed"):
        trainer.arithmetic("tanh1.out", (0, 1))
    trainer.step("batch")
    assert trainer.back("batch") == (0, 0, 0)
    trainer.step("phase", 2)
    assert (trainer["tanh1.out"][:, 1] == 0.5).all()  # done again where it was done


def test_several_elements_at_once():
    trainer = make()
    trainer.set("dense1.weight", ..., 0.0)
    assert (trainer["dense1.weight"] == 0).all()
    rows = np.arange(4.0)
    trainer.set("dense1.weight", 1, rows) if False else trainer.set(
        "dense1.weight", (1, slice(None)), rows
    )
    np.testing.assert_array_equal(trainer["dense1.weight"][1], rows)
    trainer.set("dense1.bias", -1, 3)
    assert trainer["dense1.bias"][3] == 3


def test_the_memory_of_an_optimizer_can_be_set():
    trainer = make(optimizer=nbann.SGD(0.1, momentum=0.9))
    trainer.run(2)
    before = trainer["dense1.weight"].copy()
    trainer.set("dense1.weight.velocity", ..., 0.0)
    trainer.step("batch")
    step = trainer["dense1.weight"] - before
    np.testing.assert_allclose(step, -0.1 * trainer["dense1.weight.grad"], rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize(
    "call",
    [
        ("dense1.wait", (0, 0), 1.0),
        ("dense1.weight", (9, 0), 1.0),
        ("dense1.weight", 0, 1.0),
        ("dense1.weight", (0, 0, 0), 1.0),
        ("dense1.weight", (0, 0), np.nan),
        ("dense1.weight", (0, 0), np.inf),
        ("dense1.weight", (0, 0), "1"),
        ("dense1.weight", (0, 0), None),
        ("dense1.weight", (0, 0), [1.0, 2.0]),
        ("dense1.weight", (0, slice(None)), [1.0, 2.0]),
        ("dense1.weight", (0, 0), 1j),
        ("dense1.weight", slice(5, 9), 1.0),
        ("x", (0, 0), 1.0),
        ("y", 0, 1),
        ("dense1.out", (0, 0), 1.0),
        ("loss", (), 1.0),
        ("learning_rate", (), -1.0),
        ("learning_rate", (), 0.0),
        ("learning_rate", (1,), 0.1),
        ("momentum", (), 0.5),
        ("momentum", (), 1.5),
    ],
)
def test_what_can_not_be_set_is_told_and_nothing_changes(call):
    trainer = make(batch_size=5)
    trainer.step("batch")
    before, position = numbers(trainer), trainer.position
    with pytest.raises(ValueError, match=r"[Ee]xpected"):
        trainer.set(*call)
    assert trainer.position == position
    assert trainer.loaded == (0, 0, len(trainer.program))
    assert len(trainer.timeline) == 0
    for name, array in numbers(trainer).items():
        np.testing.assert_array_equal(array, before[name], name)


def test_float32_refuses_what_it_can_not_hold():
    trainer = make(dtype="float32")
    with pytest.raises(ValueError, match="finite float32"):
        trainer.set("dense1.weight", (0, 0), 1e39)


# ---- hyper-parameters ----------------------------------------------------------------------------
def test_hyper_parameters_by_name():
    optimizer = nbann.Adam(0.01, beta1=0.8, epsilon=1e-7)
    trainer = make(optimizer=optimizer)
    expected = {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.999, "epsilon": 1e-7}
    assert trainer.hyper == pytest.approx(expected)
    trainer.run(2)
    trainer.set("beta1", (), 0.5)
    trainer.set("learning_rate", (), 0.2)
    assert trainer.hyper == pytest.approx(expected | {"beta1": 0.5, "learning_rate": 0.2})
    before = trainer["dense1.bias.first_moment"].copy()
    trainer.step("batch")
    after = 0.5 * before + 0.5 * trainer["dense1.bias.grad"]
    np.testing.assert_allclose(trainer["dense1.bias.first_moment"], after, rtol=1e-12)
    with pytest.raises(ValueError, match="below 1"):
        trainer.set("beta2", (), 1.0)


@pytest.mark.parametrize("op", range(3))
def test_a_rate_set_in_the_midst_of_an_update_is_in_all_of_it(op):
    """Between velocity and Nesterov's step both are computed with the new rate."""
    trainer = make(optimizer=nbann.SGD(0.1, momentum=0.9, nesterov=True))
    trainer.run(2)
    theta, v = trainer._state.theta.copy(), trainer._state.vector(".velocity").copy()
    trainer.step("phase", 3)
    if op:
        trainer.step("op", op)
    if op < 2:
        trainer.learning_rate = 0.5
        trainer.step("batch")
        g = trainer._state.grad
        v = 0.9 * v - 0.5 * g
        np.testing.assert_allclose(trainer._state.theta, theta + 0.9 * v - 0.5 * g, rtol=1e-12)
        for name, at in [("dense1.weight", (0, 0)), ("dense1.weight.velocity", (0, 0))]:
            value = trainer.arithmetic(name, at).value()
            assert value == pytest.approx(trainer[name][at], rel=1e-12)
    else:
        done = trainer._state.theta.copy()
        trainer.learning_rate = 0.5
        np.testing.assert_array_equal(trainer._state.theta, done)  # a batch that is done stays


def test_a_rate_set_by_a_hook_is_done_again_without_the_hook():
    def halve(event):
        event.trainer.learning_rate /= 2

    trainer, called = make(batch_size=5), []
    trainer.on("epoch", lambda event: called.append(event.epoch))
    trainer.on("epoch", halve)
    trainer.run(3)
    rates = [act.value for act in trainer.timeline]
    assert rates == [0.05, 0.025, 0.0125]
    end = copies(trainer)
    trainer.goto(1, 1)
    assert trainer.learning_rate == 0.05
    trainer.run(2)
    assert trainer.learning_rate == 0.0125
    assert called == [0, 1, 2]
    assert not trainer.branches
    for before, after in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(before, after)


# ---- frozen --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "optimizer",
    [nbann.SGD(0.1), nbann.SGD(0.1, momentum=0.9, weight_decay=0.1), nbann.AdamW(0.05)],
    ids=["sgd", "momentum", "adamw"],
)
def test_what_is_frozen_stays_and_the_rest_learns_as_before(optimizer):
    trainer, free = (make(batch_size=5, optimizer=optimizer, l2=0.1) for _ in range(2))
    trainer.freeze("dense1.weight", (0, 1))
    trainer.freeze("dense2")
    start = {name: array.copy() for name, array in trainer.parameters.items()}
    trainer.step("batch")
    free.step("batch")
    for name in trainer.parameters:
        np.testing.assert_array_equal(trainer[name + ".grad"], free[name + ".grad"])
        held = np.zeros(start[name].shape, bool)
        if name.startswith("dense2"):
            held[...] = True
        if name == "dense1.weight":
            held[0, 1] = True
        expected = np.where(held, start[name], free[name])
        np.testing.assert_array_equal(trainer[name], expected, name)
    trainer.run(2)
    assert trainer["dense1.weight"][0, 1] == start["dense1.weight"][0, 1]
    equation = trainer.arithmetic("dense1.weight", (0, 1))
    assert equation.value() == start["dense1.weight"][0, 1]
    trainer.unfreeze("dense2")
    trainer.run(1)
    assert not np.array_equal(trainer["dense2.weight"], start["dense2.weight"])
    assert trainer["dense1.weight"][0, 1] == start["dense1.weight"][0, 1]
    assert trainer.check_gradients().error < 1e-6


def test_freezing_all_is_standing_still():
    trainer = make(batch_size=5)
    for layer in ("dense1", "dense2"):
        trainer.freeze(layer)
    before = copies(trainer)
    trainer.run(3)
    for a, b in zip(before, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- silenced ------------------------------------------------------------------------------------
def test_a_silenced_neuron_gives_nothing_and_gets_no_gradient():
    """The same as a net without that neuron: by plain NumPy."""
    trainer = make()
    trainer.silence("dense1", 2)
    W, b, V, c = copies(trainer)
    a = np.tanh(X @ W + b)
    a[:, 2] = 0
    np.testing.assert_allclose(trainer.predict_proba(X), softmax(a @ V + c), rtol=1e-12)
    trainer.step("phase", 3)
    np.testing.assert_allclose(trainer["dense2.out"], a @ V + c, rtol=1e-12)
    assert (trainer["tanh1.out"][:, 2] == 0).all()
    assert (trainer["dense1.weight.grad"][:, 2] == 0).all()
    assert (trainer["dense2.weight.grad"][2] == 0).all()
    assert trainer["dense1.bias.grad"][1] != 0
    assert trainer.check_gradients().error < 1e-7
    assert trainer.arithmetic("tanh1.out", (0, 2)).value() == 0
    assert str(trainer.arithmetic("tanh1.out", (0, 2))).startswith("a_tanh1[0,2] = 0*")
    trainer.unsilence("dense1", 2)
    assert (trainer["tanh1.out"][:, 2] != 0).all()


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("layer", ["dense1", "tanh1", "dense2"])
@pytest.mark.parametrize("loss", ["mean_squared_error", "half_sum", "half_mean"])
def test_gradients_of_silenced_neurons_agree_with_differences(layer, loss):
    """Losses whose gradient is another name for the error, too: the error is not touched."""
    trainer = make(loss=loss, l2=0.1)
    trainer.silence(layer, 1)
    assert trainer.check_gradients().error < 1e-7
    trainer.step("phase", 3)
    np.testing.assert_array_equal(trainer["loss.error"], trainer["dense2.out"] - trainer["y"])


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", [nbann.RNN, nbann.LSTM, nbann.GRU])
def test_a_silenced_neuron_of_a_recurrent_layer_is_silent_at_every_step(kind, sequences):
    rng = np.random.default_rng(0)
    S = rng.standard_normal((6, 4, 2))
    y = rng.integers(0, 2, (6, 4) if sequences else 6)
    net = nbann.Sequential([kind(3, return_sequences=sequences, name="r"), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (S, y), batch_size=None)
    trainer.silence("r", 0)
    trainer.step("phase", 3)
    assert (trainer["r.out"][..., 0] == 0).all()
    assert all((trainer[f"r.t{t}.h"][:, 0] == 0).all() for t in range(4))
    assert (trainer["r.out"][..., 1] != 0).any()
    assert trainer.check_gradients().error < 1e-7
    assert trainer.predict(S[:, :2]).shape == ((6, 2) if sequences else (6,))


def test_a_residual_block_and_a_flattened_one():
    rng = np.random.default_rng(0)
    net = nbann.Sequential(
        [
            nbann.Residual([nbann.Dense(3, name="inner"), nbann.ReLU()], name="block"),
            nbann.Flatten(name="flat"),
            nbann.Dense(2),
        ]
    )
    trainer = nbann.Trainer(net, (rng.standard_normal((7, 3)), rng.integers(0, 2, 7)))
    for layer in ("block", "flat", "block.inner"):
        trainer.silence(layer, 1)
        assert trainer.check_gradients().error < 1e-6
    trainer.step("phase")
    assert (trainer["flat.out"][:, 1] == 0).all()
    assert (trainer["block.relu1.out"][:, 1] == 0).all()


@pytest.mark.parametrize("name", RUNS)
def test_stepping_what_is_held_equals_running_it(name):
    ran, stepped = RUNS[name](), RUNS[name]()
    for trainer in (ran, stepped):
        trainer.silence("first", 0)
        trainer.freeze("last.weight")
    ran.run(2)
    while stepped.position.epoch < 2:
        stepped.step("op")
    same_state(ran, stepped)


def test_who_can_not_be_held_is_told():
    trainer = make([("dense", 4), "tanh", ("dense", 3)])
    for method, *call in [
        ("freeze", "dense9"),
        ("freeze", "dense1.wait"),
        ("freeze", "dense1.weight", (7, 7)),
        ("freeze", "dense1", (0, 0)),
        ("freeze", "tanh1"),
        ("silence", "dense9", 0),
        ("silence", "dense1", 4),
        ("silence", "dense1", -5),
        ("silence", "dense1", 0.0),
        ("silence", "loss", 0),
    ]:
        with pytest.raises(ValueError, match=r"[Ee]xpected"):
            getattr(trainer, method)(*call)
    assert not trainer.restraints
    assert len(trainer.timeline) == 0


def test_dropout_has_no_neurons_of_its_own():
    trainer = RUNS["dropout"]()
    with pytest.raises(ValueError, match="layer with neurons"):
        trainer.silence("dropout1", 0)


# ---- what is listed ------------------------------------------------------------------------------
def test_the_timeline_lists_what_was_done_and_where():
    trainer = make(batch_size=5)
    trainer.set("dense1.weight", (0, 1), 0.75)
    trainer.step("batch", 2)
    trainer.step("op", 4)
    trainer.learning_rate = 0.3
    trainer.freeze("dense2")
    trainer.silence("dense1", 2)
    trainer.run(1)
    places = [trainer.timeline.position_of(act) for act in trainer.timeline]
    assert places == [(0, 0, 0), (0, 2, 4), (0, 2, 4), (0, 2, 4)]
    text = repr(trainer.timeline)
    for part in (
        "4 interventions",
        "epoch 0, batch 0, op 0: dense1.weight[0,1] = 0.75 (was ",
        "epoch 0, batch 2, op 4: learning_rate = 0.3 (was 0.1)",
        "freeze dense2",
        "silence tanh1[2]",
    ):
        assert part in text
    assert "ahead" not in text
    trainer.goto(0, 1)
    assert repr(trainer.timeline).count("(ahead)") == 3


def test_reset_is_free_of_what_was_done_and_keeps_it_as_a_branch():
    trainer, fresh = make(batch_size=5), make(batch_size=5)
    trainer.silence("dense1", 1)
    trainer.freeze("dense2")
    trainer.run(2)
    end = copies(trainer)
    trainer.reset()
    same_run(fresh, trainer)
    assert len(trainer.timeline) == 0
    trainer.run(1)
    fresh.run(1)
    same_run(fresh, trainer)
    assert len(trainer.branches) == 1
    trainer.switch(0)
    assert trainer.position == (2, 0, 0)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


def test_best_weights_put_back_are_recorded_and_done_again():
    trainer = make(n=N, test=data(9, seed=5)[:2], optimizer=nbann.SGD(2.0))
    trainer.run(60, until=nbann.EarlyStopping("test_loss", patience=3))
    assert "put back" in repr(trainer.timeline)
    end, position = copies(trainer), trainer.position
    trainer.back("epoch", 5)
    trainer.goto(*position)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- what was wrong once -------------------------------------------------------------------------
def test_the_count_of_steps_can_be_set_and_adam_corrects_by_it():
    trainer = make(optimizer=nbann.Adam(0.05, beta1=0.9, beta2=0.99))
    trainer.run(3)
    trainer.set("step_count", (), 0)
    weight = trainer["dense1.weight"].copy()
    trainer.run(1)
    assert trainer["step_count"] == 1
    m, v = (trainer[f"dense1.weight.{name}_moment"] for name in ("first", "second"))
    step = 0.05 * (m / (1 - 0.9)) / (np.sqrt(v / (1 - 0.99)) + 1e-8)
    np.testing.assert_allclose(trainer["dense1.weight"], weight - step, rtol=1e-6)
    for wrong in (-1, np.nan, "1", None):
        with pytest.raises(ValueError, match="expected"):
            trainer.set("step_count", (), wrong)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_huge_numbers_are_set_without_a_warning(dtype):
    """Warnings are errors here; the weight overflows in the batch that is computed again."""
    trainer = make(dtype=dtype)
    trainer.step("op", 6)
    trainer.set("dense1.weight", ..., np.finfo(dtype).max)
    assert trainer.position == (0, 0, 6)
    trainer.silence("dense1", 0)


@pytest.mark.parametrize("wrong", [None, "0.5", True, [0.5], np.array(0.5), np.nan, 10**400])
def test_a_hyper_parameter_that_is_no_number_is_told(wrong):
    trainer = make(optimizer=nbann.SGD(0.1, momentum=0.9, clip_norm=1.0))
    for name in ("learning_rate", "momentum", "clip_norm"):
        with pytest.raises(ValueError, match=f"{name}: expected"):
            trainer.set(name, (), wrong)
    assert len(trainer.timeline) == 0


@pytest.mark.parametrize("wrong", [None, 1, 1.5, [], {}, b"dense1"])
def test_what_is_no_name_can_not_be_frozen(wrong):
    for method in ("freeze", "unfreeze"):
        with pytest.raises(ValueError, match="Unknown layer or parameter"):
            getattr(make(), method)(wrong)
