"""RNN, LSTM and GRU against PyTorch: outputs, gradients, 20 steps; masks, truncation, reading.

PyTorch's numbers are also kept in `tests/goldens/recurrent.json`, so that the comparison runs where
it is not installed; `tests/goldens/make_recurrent.py` made them.
"""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from ..goldens.make_recurrent import CASES, FILE, STEPS, TIMES, data, reference
from .nets import same_run
from .recurrent_nets import KINDS, drawn, model_of, shown, trainer_of

EXACT = [case for case in CASES if "truncate" not in case]


@pytest.fixture(scope="module")
def goldens():
    return json.loads(FILE.read_text())


def compare(trainer, golden, mask):
    """Assert that a run is the one of the goldens, or of PyTorch itself."""
    trainer.step("phase", 3)
    output = shown(trainer[trainer.program.output], mask)
    np.testing.assert_allclose(output, golden["output"], rtol=0, atol=1e-10)
    assert list(trainer.parameters) == list(golden["gradients"])
    for name, gradient in golden["gradients"].items():
        found = trainer[f"{name}.grad"]
        np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-10, err_msg=name)
    trainer.step("batch")
    trainer.run(STEPS - 1)
    np.testing.assert_allclose(trainer.history["loss"], golden["losses"], rtol=0, atol=1e-10)
    for name, learned in golden["parameters"].items():
        np.testing.assert_allclose(trainer[name], learned, rtol=0, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_outputs_gradients_and_twenty_steps_are_pytorchs(case, goldens):
    compare(trainer_of(case), goldens[case], data(case)[2])


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES)
def test_the_goldens_are_what_pytorch_computes(case, goldens):
    pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    found = reference(case)
    compare(trainer_of(case), found, data(case)[2])
    np.testing.assert_allclose(found["losses"], goldens[case]["losses"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", EXACT)
def test_gradients_equal_central_differences(case):
    trainer = trainer_of(case)
    assert trainer.check_gradients().error < 1e-6
    trainer.run(5)
    assert trainer.check_gradients().error < 1e-6


def test_a_truncated_gradient_is_not_the_whole_one():
    """Which is why central differences can not prove it; PyTorch's detach does, above."""
    check = trainer_of("rnn truncate").check_gradients()
    assert check.errors["layer1.recurrent"] > 1e-3
    assert check.errors["output.weight"] < 1e-7
    assert check.cut
    assert repr(check).endswith("; gradients are cut on purpose (truncate=)>")


@pytest.mark.parametrize("kind", KINDS)
def test_truncation_as_long_as_the_sequence_changes_nothing(kind):
    X, y, _ = data("rnn")
    runs = []
    for truncate in (None, TIMES, TIMES + 3):
        net = nbann.Sequential([getattr(nbann, kind)(3, truncate=truncate), nbann.Dense(2)])
        trainer = nbann.Trainer(net, (X, y))
        trainer.run(3)
        runs.append(trainer)
    same_run(runs[0], runs[1])
    same_run(runs[0], runs[2])
    for trainer in runs:  # nothing is cut, and nothing said to be
        check = trainer.check_gradients()
        assert check.error < 1e-6
        assert not check.cut
        assert "cut" not in repr(check)


def test_the_steps_before_a_cut_get_no_gradient():
    trainer = trainer_of("rnn truncate", batch_size=2)  # 5 steps: cut between 1|2 and 3|4
    trainer.step("phase", 3)
    assert [op.name for op in trainer.program if "cut" in op.name] == [
        "layer1.t2.cut_h", "layer1.t4.cut_h",
    ]  # fmt: skip
    assert "layer1.t4.z.grad" in trainer.names
    assert "layer1.t3.z.grad" not in trainer.names
    only = trainer["layer1.t4.x"].T @ trainer["layer1.t4.z.grad"]
    np.testing.assert_allclose(trainer["layer1.weight.grad"], only, rtol=1e-12)


# ---- masks ---------------------------------------------------------------------------------------


def padded(case, fill):
    """Return a case's data with three more time steps at each end, none of them there."""
    X, y, mask = data(case)
    mask = np.ones(X.shape[:2]) if mask is None else mask
    width = ((0, 0), (3, 3))
    X = np.pad(X, (*width, (0, 0)), constant_values=fill)
    y = np.pad(y, (*width, (0, 0)), constant_values=fill) if y.ndim == 3 else y
    return X, y, np.pad(mask, width)


@pytest.mark.parametrize("case", EXACT)
@pytest.mark.parametrize("fill", [0.0, 1e3])
def test_further_masked_steps_change_nothing(case, fill):
    trainer = trainer_of(case)
    X, y, mask = padded(case, fill)
    longer = nbann.Trainer(
        model_of(case),
        nbann.Dataset(X, y, task="regression", mask=mask),
        loss="mean_squared_error",
        optimizer=trainer.optimizer,
        batch_size=None,
    )
    for one in (trainer, longer):
        one.run(5)
    np.testing.assert_allclose(longer.history["loss"], trainer.history["loss"], rtol=1e-13)
    for name, learned in trainer.parameters.items():
        np.testing.assert_allclose(longer[name], learned, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_in_a_sequence_is_as_if_the_step_were_not_there(kind):
    X, y, _ = data("rnn")
    net = nbann.Sequential([getattr(nbann, kind)(3), nbann.Dense(2)])
    whole = nbann.Trainer(net, (X, y))
    X = np.insert(X, 2, 7.0, axis=1)
    mask = np.ones(X.shape[:2])
    mask[:, 2] = 0
    holed = nbann.Trainer(net, nbann.Dataset(X, y, task="regression", mask=mask))
    for trainer in (whole, holed):
        trainer.run(3)
    for name in whole.parameters:
        np.testing.assert_allclose(holed[name], whole[name], rtol=1e-12, atol=1e-15)


def test_where_a_step_is_not_there_the_state_stays():
    trainer = trainer_of("lstm sequence mask")
    trainer.step("phase")
    for row, length in enumerate((5, 2, 4, 1)):
        for t in range(length, TIMES):
            for key in "hc":
                now, before = trainer[f"layer1.t{t}.{key}"], trainer[f"layer1.t{t - 1}.{key}"]
                np.testing.assert_array_equal(now[row], before[row])
                assert (trainer[f"layer1.t{t}.{key}_new"][row] != before[row]).all()


# ---- properties ----------------------------------------------------------------------------------

shapes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(1, 4))


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(KINDS), shapes, st.integers(0, 99))
def test_a_batch_is_its_rows_one_by_one_in_any_order(kind, shape, seed):
    trainer, X, y = drawn(kind, shape, seed)
    trainer.step("phase", 3)
    order = np.random.default_rng(seed).permutation(len(X))
    np.testing.assert_allclose(trainer.predict(X[order]), trainer.predict(X)[order], atol=1e-12)
    singles = [
        nbann.Trainer(trainer.model, (X[[row]], y[[row]]), batch_size=None, seed=seed)
        for row in range(len(X))
    ]
    for single in singles:
        single.step("phase", 3)
    for name in trainer.parameters:
        mean = np.mean([single[f"{name}.grad"] for single in singles], axis=0)
        np.testing.assert_allclose(trainer[f"{name}.grad"], mean, atol=1e-12, err_msg=name)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(KINDS), shapes, st.integers(0, 99))
def test_reverse_is_forward_on_time_turned_around(kind, shape, seed):
    ahead, X, y = drawn(kind, shape, seed)
    back = nbann.Trainer(
        nbann.Sequential([getattr(nbann, kind)(shape[3], reverse=True), nbann.Dense(2)]),
        (X[:, ::-1], y),
        batch_size=None,
        seed=seed,
    )
    for trainer in (ahead, back):
        trainer.run(3)
    same_run(ahead, back)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_of_a_sequence_is_the_layer_without_sequences(kind):
    one, X, _ = drawn(kind, (4, 5, 2, 3), 1)
    many = nbann.Trainer(
        nbann.Sequential([getattr(nbann, kind)(3, return_sequences=True), nbann.Dense(2)]),
        nbann.Dataset(X, np.zeros((4, 5, 2)), task="regression"),
        seed=1,
    )
    np.testing.assert_allclose(many.predict(X)[:, -1], one.predict(X), rtol=0, atol=1e-13)
