"""Every loss against PyTorch, central differences, scikit-learn, and what must hold of it.

PyTorch's numbers are also kept in `tests/goldens/losses.json`, so that the comparison runs where it
is not installed; `tests/goldens/make_losses.py` made them.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import nbann

from ..goldens.make_losses import CASES, RATE, STEPS, draw, reference, steps
from .loss_runs import Run, loss_of, value

GOLDENS = Path(__file__).parents[1] / "goldens" / "losses.json"
UNWEIGHTED = [case for case in CASES if CASES[case][4] is None]
# of the others the references' exp(z) is infinite
ALWAYS_FINITE = [case for case in CASES if "poisson" not in case and "gaussian" not in case]
PLAIN = [case for case in UNWEIGHTED if "class_weights" not in CASES[case][1]]
SUMMED = "half sum"


@pytest.fixture(scope="module")
def goldens():
    return json.loads(GOLDENS.read_text(encoding="utf-8"))


def run_of(case, z, y, weight):
    return Run(loss_of(case), z, y, weight, rate=RATE)


# ---- PyTorch ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_goldens(case, goldens):
    golden = goldens[case]
    run = run_of(case, golden["z"], golden["y"], golden["weight"])
    losses, gradients = zip(*(run.step() for _ in range(STEPS)), strict=True)
    np.testing.assert_allclose(losses[::3], golden["losses"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(gradients[0], golden["gradient"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(run.z, golden["end"], rtol=0, atol=1e-10)


def test_goldens_are_of_every_case(goldens):
    assert list(goldens) == list(CASES)


@pytest.mark.torch
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_twenty_steps_of_pytorch(case, seed):
    pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    z, y, weight = draw(case, np.random.default_rng(seed), 17)
    losses, first, end = steps(case, z, y, weight)
    run = run_of(case, z, y, weight)
    ours, gradients = zip(*(run.step() for _ in range(STEPS)), strict=True)
    np.testing.assert_allclose(ours, losses, rtol=0, atol=1e-10)
    np.testing.assert_allclose(gradients[0], first, rtol=0, atol=1e-10)
    np.testing.assert_allclose(run.z, end, rtol=0, atol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1e4, -1e4, 60.0, 1.0, 0.0])
@pytest.mark.parametrize("case", ALWAYS_FINITE)
def test_extreme_outputs(case, size, dtype):
    """Finite and right where exp(z) is not; ties and kinks are PyTorch's."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    z, y, weight = draw(case, np.random.default_rng(5), 12)
    z = size * np.sign(z)
    ours, gradient = Run(loss_of(case), z, y, weight, dtype=dtype).step(update=False)
    output = torch.tensor(z, requires_grad=True)
    theirs = reference(case, output, y, weight)
    theirs.backward()
    rel = 1e-12 if dtype == "float64" else 1e-5
    assert np.isfinite(ours)
    assert ours == pytest.approx(theirs.item(), rel=rel, abs=rel * 1e-3)
    np.testing.assert_allclose(gradient, output.grad.numpy(), rtol=rel, atol=rel)


@pytest.mark.torch
def test_the_means_are_pytorchs_own():
    """What PyTorch calls the mean, without a formula of ours around it."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    rng, functional = np.random.default_rng(11), torch.nn.functional
    z, labels, values = rng.standard_normal((9, 3)), rng.integers(0, 3, 9), rng.random((9, 3))
    out, y, v = torch.tensor(z), torch.tensor(labels), torch.tensor(values)
    weights = torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)
    both = {"label_smoothing": 0.2}
    absent = labels == 1
    ignored = functional.cross_entropy(out, y, ignore_index=1, **both)
    many = values > 0.5
    pairs = [
        (value(nbann.CrossEntropy(), z, labels), functional.cross_entropy(out, y)),
        (
            value(nbann.CrossEntropy(weights.numpy(), **both), z, labels),
            functional.cross_entropy(out, y, weight=weights, **both),
        ),
        (value(nbann.CrossEntropy(**both), z, labels, ~absent), ignored),
        (
            value(nbann.BinaryCrossEntropy(), z, many),
            functional.binary_cross_entropy_with_logits(out, torch.tensor(many).double()),
        ),
        (value(nbann.MeanSquaredError(), z, values), functional.mse_loss(out, v)),
        (value(nbann.MeanAbsoluteError(), z, values), functional.l1_loss(out, v)),
        (value(nbann.Huber(0.4), z, values), functional.huber_loss(out, v, delta=0.4)),
        (value(nbann.Hinge(), z, labels), functional.multi_margin_loss(out, y)),
        (
            value(nbann.Poisson(), z, np.full((9, 3), 1.0)),
            functional.poisson_nll_loss(out, torch.ones_like(out)) - 1,
        ),
    ]
    for (ours, _), theirs in pairs:
        assert ours == pytest.approx(theirs.item(), rel=1e-13)


@pytest.mark.parametrize("outputs", ["mean", "sum"])
def test_poisson_far_out(outputs):
    """Where the mean underflows the loss is linear; where it overflows it is truly infinite."""
    loss = nbann.Poisson(outputs)
    low, gradient = value(loss, [[-1e4]], [[3.0]])
    assert low == pytest.approx(-3 + 3 * (np.log(3) + 1e4), rel=1e-14)
    assert gradient == -3
    assert value(loss, [[-1e4]], [[0.0]])[0] == 0
    assert value(loss, [[1e4]], [[3.0]])[0] == np.inf


# ---- central differences ------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_central_differences(case):
    z, y, weight = draw(case, np.random.default_rng(8), 6)
    run = run_of(case, z, y, weight)
    _, gradient = run.step(update=False)
    h, slope = 1e-5, np.empty_like(z)
    for place in np.ndindex(*z.shape):
        change = np.zeros_like(z)
        change[place] = h
        slope[place] = (run.loss_at(z + change) - run.loss_at(z - change)) / (2 * h)
    size = np.linalg.norm(gradient) + np.linalg.norm(slope)
    assert size > 0.01
    assert np.linalg.norm(gradient - slope) / size < 1e-6


# ---- scikit-learn -------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learns_metrics(weighted):
    rng = np.random.default_rng(4)
    n = 40
    z, one, values = rng.standard_normal((n, 3)), rng.standard_normal((n, 1)), rng.random((n, 3))
    labels, two, counts = rng.integers(0, 3, n), rng.integers(0, 2, n), rng.poisson(3, (n, 1))
    weight = rng.uniform(0, 2, n) if weighted else None
    kept = {"sample_weight": weight}
    exps = np.exp(z)
    p, p_two = exps / exps.sum(axis=1, keepdims=True), 1 / (1 + np.exp(-one[:, 0]))
    crammer = nbann.Hinge("crammer_singer")
    pairs = [
        (value(nbann.CrossEntropy(), z, labels, weight), metrics.log_loss(labels, p, **kept)),
        (value(nbann.BinaryCrossEntropy(), one, two, weight), metrics.log_loss(two, p_two, **kept)),
        (value(nbann.Hinge(), one, two, weight), metrics.hinge_loss(two, one[:, 0], **kept)),
        (value(crammer, z, labels, weight), metrics.hinge_loss(labels, z, **kept)),
        (
            value(nbann.MeanSquaredError(), z, values, weight),
            metrics.mean_squared_error(values, z, **kept),
        ),
        (
            value(nbann.HalfSquaredError(), z, values, weight),
            metrics.mean_squared_error(values, z, **kept) / 2,
        ),
        (
            value(nbann.MeanAbsoluteError(), z, values, weight),
            metrics.mean_absolute_error(values, z, **kept),
        ),
        (
            value(nbann.Poisson(), one, counts, weight),
            metrics.mean_poisson_deviance(counts[:, 0], np.exp(one[:, 0]), **kept) / 2,
        ),
    ]
    for (ours, _), theirs in pairs:
        assert ours == pytest.approx(theirs, rel=1e-12)


def test_balanced_class_weights():
    """Weights n / (k * count) make every class count the same."""
    from sklearn.utils.class_weight import compute_class_weight

    rng = np.random.default_rng(6)
    labels = np.repeat([0, 1, 2], [2, 5, 11])
    z = rng.standard_normal((18, 3))
    weights = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    ours, _ = value(nbann.CrossEntropy(class_weights=weights), z, labels)
    single = [value(nbann.CrossEntropy(), z[labels == c], labels[labels == c])[0] for c in range(3)]
    assert ours == pytest.approx(np.mean(single), rel=1e-12)


# ---- what must hold -----------------------------------------------------------------------------


def some(case, seed, n=6):
    return draw(case, np.random.default_rng(seed), n)


@pytest.mark.parametrize("case", PLAIN)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 9))
def test_a_batch_is_the_mean_of_its_samples(case, seed, n):
    z, y, _ = some(case, seed, n)
    loss, gradient = value(loss_of(case), z, y)
    singles = [value(loss_of(case), z[i : i + 1], y[i : i + 1]) for i in range(n)]
    divisor = 1 if case == SUMMED else n
    assert loss == pytest.approx(sum(single for single, _ in singles) / divisor, rel=1e-12)
    parts = np.concatenate([slope for _, slope in singles]) / divisor
    np.testing.assert_allclose(gradient, parts, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(case, seed):
    z, y, weight = some(case, seed)
    rows = np.random.default_rng(seed).permutation(len(z))
    loss, gradient = value(loss_of(case), z, y, weight)
    moved, slopes = value(loss_of(case), z[rows], y[rows], None if weight is None else weight[rows])
    assert moved == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(slopes, gradient[rows], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", [c for c in CASES if CASES[c][2] == "labels"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-50, 50))
def test_a_shift_of_all_outputs_of_a_row_changes_nothing(case, seed, shift):
    """Of softmax and of margins between classes alike; so a row's gradient adds up to 0."""
    z, y, weight = some(case, seed)
    loss, gradient = value(loss_of(case), z, y, weight)
    assert value(loss_of(case), z + shift, y, weight)[0] == pytest.approx(loss, rel=1e-9, abs=1e-11)
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=1e-14)


@pytest.mark.parametrize("case", [c for c in CASES if CASES[c][4] is not None])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-6, 1e6))
def test_only_the_ratio_of_weights_counts(case, seed, scale):
    z, y, weight = some(case, seed)
    loss, gradient = value(loss_of(case), z, y, weight)
    factor = scale if loss_of(case).summed else 1.0
    scaled, slopes = value(loss_of(case), z, y, weight * scale)
    assert scaled == pytest.approx(loss * factor, rel=1e-10)
    np.testing.assert_allclose(slopes, gradient * factor, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("case", PLAIN)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_whole_weights_repeat_rows(case, seed):
    """A row of weight 2 is a row that is there twice, one of weight 0 is not there."""
    z, y, _ = some(case, seed)
    weight = np.random.default_rng(seed).integers(0, 3, len(z))
    weight[0] = 1
    rows = np.repeat(np.arange(len(z)), weight)
    weighted, gradient = value(loss_of(case), z, y, weight)
    repeated, slopes = value(loss_of(case), z[rows], y[rows])
    assert weighted == pytest.approx(repeated, rel=1e-12)
    total = np.zeros_like(z)
    np.add.at(total, rows, slopes)
    np.testing.assert_allclose(gradient, total, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_weights_of_one_change_nothing(case):
    z, y, _ = some(case, 3)
    plain, weighted = value(loss_of(case), z, y), value(loss_of(case), z, y, np.ones(len(z)))
    assert weighted[0] == pytest.approx(plain[0], rel=1e-13)
    np.testing.assert_allclose(weighted[1], plain[1], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_a_batch_that_weighs_nothing_is_not_nan(case, dtype):
    z, y, _ = some(case, 3)
    loss, gradient = value(loss_of(case), z, y, np.zeros(len(z)), dtype=dtype)
    assert loss == 0
    np.testing.assert_array_equal(gradient, 0)


def test_a_batch_of_a_class_that_weighs_nothing_is_not_nan():
    """Also with smoothing, where PyTorch divides what is left by 0."""
    for smoothing in (0.0, 0.1):
        loss = nbann.CrossEntropy(class_weights=[1, 0, 1], label_smoothing=smoothing)
        total, gradient = value(loss, np.ones((2, 3)), [1, 1])
        assert total == 0
        np.testing.assert_array_equal(gradient, 0)


def test_the_usual_losses_have_the_kernels_they_had():
    """Speed is measured with these: 9 + 2 + 2 for cross-entropy, 1 + 2 + 1 for squared errors."""
    for case, count in {"ce": 13, "ce smooth": 13, "mse": 4, "half mean": 4}.items():
        z, y, _ = some(case, 0)
        program = run_of(case, z, y, None).program
        assert sum(len(op.kernels) for op in program if op.layer == "loss") == count, case


def test_binary_hinge_loss_of_a_worked_example():
    """t = +1, -1, +1 and z = 0.3, 0.5, 2: margins 0.3, -0.5, 2, losses 0.7, 1.5, 0."""
    loss, gradient = value(nbann.Hinge(), [[0.3], [0.5], [2.0]], [1, 0, 1])
    assert loss == pytest.approx((0.7 + 1.5) / 3, rel=1e-15)
    np.testing.assert_allclose(gradient, [[-1 / 3], [1 / 3], [0]], rtol=1e-15)


def test_a_perceptron_learns_from_zeros():
    """Rosenblatt's rule, sample by sample, written out by hand."""
    X = np.array([[2.0, 1.0], [-1.0, -2.0], [1.5, -0.5], [-2.0, 0.5]])
    y = np.array([1, 0, 1, 0])
    net = nbann.Sequential([nbann.Dense(1, weight=np.zeros((2, 1)))])
    trainer = nbann.Trainer(
        net, (X, y), loss="perceptron", optimizer=nbann.SGD(1.0), batch_size=1, shuffle=False
    )
    trainer.run(3)
    weight, bias = np.zeros(2), 0.0
    for _ in range(3):
        for x, t in zip(X, 2 * y - 1, strict=True):
            if t * (x @ weight + bias) <= 0:
                weight, bias = weight + t * x, bias + t
    np.testing.assert_allclose(trainer["dense1.weight"][:, 0], weight, rtol=1e-15)
    np.testing.assert_allclose(trainer["dense1.bias"], [bias], rtol=1e-15)
    np.testing.assert_array_equal(trainer.predict(X), y)
