"""BatchNorm of sequences with a mask: padding changes nothing; PyTorch on the steps there are."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import nbann

from .nets import same_run
from .test_reading import check_op, places

B, D, S = nbann.BatchNorm, nbann.Dense, nbann.Sequential


def start(seed, width=4):
    rng = np.random.default_rng(seed)
    return {"gamma": rng.uniform(0.5, 1.5, width), "beta": rng.uniform(-1, 1, width)}


NETS = {  # and whether a target belongs to each time step
    "of the data": (lambda: [B(), nbann.RNN(4), D(3)], False),
    "between": (lambda: [D(4), B(**start(1)), nbann.Tanh(), nbann.GRU(3), D(3)], False),
    "of states": (lambda: [nbann.RNN(4, return_sequences=True), B(**start(2)), D(3)], True),
    "both ways": (
        lambda: [nbann.Bidirectional(nbann.RNN(2, return_sequences=True)), B(**start(3)), D(3)],
        True,
    ),
    "in a block": (
        lambda: [D(4), nbann.Residual([B(**start(4)), nbann.Sigmoid(), D(4)]), nbann.RNN(3), D(3)],
        False,
    ),
    "by step": (lambda: [D(4), B(**start(5)), nbann.Tanh(), D(3)], True),
}
# what comes out of steps that are not there counts in the loss here, through mean and variance too
SEES_PADDING = {"flat": (lambda: [D(4), B(**start(6)), nbann.Tanh(), nbann.Flatten(), D(3)], False)}
ALL = NETS | SEES_PADDING


def data(name, more=0, fill=0.0):
    """Return 11 sequences of 1 to 4 steps, with holes; `more` steps that are not there follow."""
    rng = np.random.default_rng(5)
    X = rng.normal(1.0, 2.0, (11, 4, 2))
    mask = rng.random((11, 4)) < 0.6
    mask[np.arange(11), rng.integers(0, 4, 11)] = True
    y = rng.integers(0, 3, (11, 4) if ALL[name][1] else 11)
    X = np.pad(X, ((0, 0), (0, more), (0, 0)), constant_values=fill)
    mask = np.pad(mask, ((0, 0), (0, more)))
    return X, np.pad(y, ((0, 0), (0, more))) if y.ndim == 2 else y, mask


def trainer(name, more=0, fill=0.0, **settings):
    X, y, mask = data(name, more, fill)
    train = nbann.Dataset(X, y, "classification", mask=mask)
    return nbann.Trainer(S(ALL[name][0]()), train, **({"seed": 3} | settings))


def layer(t):
    """Return the full name of a trainer's BatchNorm."""
    return next(n for n, part in t.model.leaves() if isinstance(part, B))


@pytest.mark.parametrize("size", [None, 4])  # 11 sequences: a last batch of 3
@pytest.mark.parametrize("fill", [0.0, 1e3])
@pytest.mark.parametrize("name", NETS)
def test_further_masked_steps_change_nothing(name, fill, size):
    optimizer = nbann.SGD(0.1, momentum=0.5)
    short, long = (
        trainer(name, more, fill, batch_size=size, optimizer=optimizer) for more in (0, 4)
    )
    for t in (short, long):
        t.run(5)
    for key in ("loss", "train_loss", "train_accuracy"):
        np.testing.assert_allclose(long.history[key], short.history[key], rtol=1e-11, err_msg=key)
    norm = layer(short)
    running = (f"{norm}.running_mean", f"{norm}.running_variance", f"{norm}.count")
    for key in (*short.parameters, *running):
        np.testing.assert_allclose(long[key], short[key], rtol=1e-9, atol=1e-12, err_msg=key)
    (X, _, mask), (longer, _, padded) = data(name), data(name, 4, fill)
    expected, p = short.predict_proba(X, mask), long.predict_proba(longer, padded)
    if p.ndim == 3:
        expected, p = expected[mask], p[padded]
    np.testing.assert_allclose(p, expected, rtol=1e-9)


def test_the_case_that_was_reported():
    rng = np.random.default_rng(0)
    X, y, mask = rng.normal(size=(6, 3, 2)), [0, 1, 2] * 2, np.ones((6, 3))
    mask[0, 2] = 0
    losses = []
    for more in (0, 4):
        padded = np.pad(X, ((0, 0), (0, more), (0, 0))), np.pad(mask, ((0, 0), (0, more)))
        t = nbann.Trainer(S([B(), nbann.RNN(4), D(3)]), nbann.Dataset(padded[0], y, mask=padded[1]))
        t.run(5)
        losses.append(t.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-12)


@pytest.mark.parametrize("size", [None, 4])
def test_statistics_by_their_definition(size):
    t = trainer("of the data", batch_size=size)
    t.step("batch")
    there = t["x"][t["x.mask"] > 0]
    running = {"mean": 0.1 * there.mean(0), "variance": 0.9 + 0.1 * there.var(0, ddof=1)}
    assert t["batch_norm1.count"] == len(there) < t["x.mask"].size
    np.testing.assert_allclose(t["batch_norm1.mean"], there.mean(0), rtol=1e-13)
    np.testing.assert_allclose(t["batch_norm1.variance"], there.var(0), rtol=1e-12)
    for key, value in running.items():
        np.testing.assert_allclose(t[f"batch_norm1.running_{key}"], value, rtol=1e-12)
    sigma = np.sqrt(there.var(0) + 1e-5)
    np.testing.assert_allclose(t["batch_norm1.out"], (t["x"] - there.mean(0)) / sigma, atol=1e-12)


@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize("name", ALL)
def test_gradients_against_central_differences(name, size):
    t = trainer(name, batch_size=size)
    t.step("op", 7)
    check = t.check_gradients()
    assert check.error < 1e-6, check.errors
    assert all(np.abs(g).max() > 1e-6 for g in check.gradients.values() if g.ndim == 2)


@pytest.mark.parametrize("name", ALL)
def test_every_number_can_be_read(name):
    t, rng = trainer(name, batch_size=4), np.random.default_rng(0)
    norm = layer(t)
    while t.position.batch < 2:
        (op,) = t.step("op")
        if op.layer != norm:
            continue
        check_op(t, op, rng)
        MathTextParser("agg").parse(f"${op.formula}$")
        for place in np.ndindex(*t[op.writes[0]].shape):  # steps that are there, and those not
            value = float(t[op.writes[0]][place])
            assert op.arithmetic(place).value() == pytest.approx(value, rel=1e-9, abs=1e-13)
    assert {"count", "mean", "variance", "running_variance"} <= {
        op.name.rpartition(".")[2] for op in t.program if op.layer == norm
    }


def test_formulas_name_mask_and_count():
    t = trainer("by step")
    formulas = {op.name.partition(".")[2]: str(op.equation) for op in t.program}
    assert formulas["count"] == "M_batch_norm1 = sum(m)"
    assert formulas["mean"] == "mu_batch_norm1 = sum(m * z_dense1)/M_batch_norm1"
    assert formulas["variance"] == "v_batch_norm1 = sum(m * c_batch_norm1**2)/M_batch_norm1"
    assert "M_batch_norm1/max(M_batch_norm1 - 1, 1)" in formulas["running_variance"]
    assert formulas["normalize_gradient"].count(" - m * ") == 2


@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize("name", ALL)
def test_stepping_equals_running(name, size):
    ran, stepped = (trainer(name, batch_size=size) for _ in range(2))
    ran.run(3)
    while stepped.position.epoch < 3:
        stepped.step("op")
    same_run(ran, stepped)
    for key in ("running_mean", "running_variance"):
        np.testing.assert_array_equal(ran[f"{layer(ran)}.{key}"], stepped[f"{layer(ran)}.{key}"])


def test_float32():
    single, double = (trainer("by step", dtype=dtype) for dtype in ("float32", "float64"))
    for t in (single, double):
        t.run(5)
    assert {single[f"batch_norm1.{key}"].dtype for key in ("count", "mean", "out.grad")} == {
        np.dtype("float32")
    }
    for key in (*double.parameters, "batch_norm1.running_mean", "batch_norm1.running_variance"):
        np.testing.assert_allclose(single[key], double[key], rtol=1e-4, atol=1e-5, err_msg=key)
    for op in single.program:
        for key in op.writes:
            for place in places(single[key].shape, np.random.default_rng(3)):
                value = float(single[key][place])
                assert op.arithmetic(place, key).value() == pytest.approx(value, rel=1e-3, abs=1e-5)


def test_several_elements_to_a_time_step():
    """Samples of (time, 3, 2): each step that is there counts three times."""
    rng = np.random.default_rng(1)
    X, mask = rng.normal(size=(5, 4, 3, 2)), rng.random((5, 4)) < 0.5
    mask[:, 0] = True
    net = S([D(2), B(), nbann.Flatten(), D(2)])
    t = nbann.Trainer(net, nbann.Dataset(X, [0, 1, 0, 1, 1], mask=mask))
    for _ in range(len(t.program)):
        (op,) = t.step("op")
        check_op(t, op, rng)
    there = t["dense1.out"][mask].reshape(-1, 2)
    assert t["batch_norm1.count"] == len(there) == 3 * mask.sum()
    np.testing.assert_allclose(t["batch_norm1.mean"], there.mean(0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(t["batch_norm1.variance"], there.var(0), rtol=1e-12)
    assert t.check_gradients().error < 1e-6


def test_a_single_step_that_is_there_has_a_variance_of_0():
    X, mask = np.arange(12.0).reshape(2, 3, 2), [[0, 1, 0], [0, 0, 1]]
    net = S([B(), nbann.RNN(3), D(2)])
    t = nbann.Trainer(net, nbann.Dataset(X, [0, 1], mask=mask), batch_size=1, shuffle=False)
    t.step("batch")
    assert t["batch_norm1.count"] == 1
    np.testing.assert_array_equal(t["batch_norm1.variance"], [0, 0])
    np.testing.assert_allclose(t["batch_norm1.running_variance"], [0.9, 0.9], rtol=1e-15)
    np.testing.assert_allclose(t["batch_norm1.running_mean"], 0.1 * X[0, 1], rtol=1e-15)
    for op in t.program:
        check_op(t, op, np.random.default_rng(0))


def test_without_a_mask_there_is_nothing_more_to_do():
    """Neither an array nor a kernel: a mask costs only where it leaves something out."""
    X, y, mask = data("by step")
    plain = nbann.Trainer(S(NETS["by step"][0]()), nbann.Dataset(X, y, "classification"))
    assert not any("count" in op.name or "x.mask" in op.reads for op in plain.program)
    assert "batch_norm1.count" not in plain.names
    full, part = (
        nbann.Trainer(S(NETS["by step"][0]()), nbann.Dataset(X, y, "classification", mask=one))
        for one in (np.ones_like(mask), mask)
    )
    rows = []
    for t in (plain, full, part):
        t.run(5)
        rows.append(sum(len(op.kernels) for op in t.program if op.layer == "batch_norm1"))
    assert rows[0] == rows[1] < rows[2]
    for key in (*plain.parameters, "batch_norm1.running_mean", "batch_norm1.running_variance"):
        np.testing.assert_array_equal(full[key], plain[key], err_msg=key)


def test_rows_that_are_no_time_steps_are_all_counted():
    """After Flatten, and after a layer that gives its last state, there is no time."""
    X, y, mask = data("of the data")
    for layers in ([nbann.Flatten(), B(), D(3)], [nbann.RNN(4), B(), D(3)]):  # 4 units, 4 steps
        t = nbann.Trainer(S(layers), nbann.Dataset(X, y, "classification", mask=mask))
        t.step("batch")
        rows = t[f"{t.model.names[0]}.out"]
        np.testing.assert_allclose(t["batch_norm1.mean"], rows.mean(0), rtol=1e-12, atol=1e-14)
        assert "batch_norm1.count" not in t.names


# ---- PyTorch ------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("size", [None, 4])
def test_as_pytorch_on_the_steps_that_are_there(size):
    """Each step for itself but for BatchNorm: PyTorch sees the rows that are there, no others."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    functional = torch.nn.functional
    t = trainer("by step", batch_size=size)
    running = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
    for _ in range(9):
        p = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in t.parameters.items()}
        t.step("batch")
        there = t["x.mask"] > 0
        z = torch.tensor(t["x"][there]) @ p["dense1.weight"] + p["dense1.bias"]
        z.retain_grad()
        out = functional.batch_norm(
            z, *running, p["batch_norm1.gamma"], p["batch_norm1.beta"], training=True, momentum=0.1
        )
        logits = torch.tanh(out) @ p["dense2.weight"] + p["dense2.bias"]
        loss = functional.cross_entropy(logits, torch.tensor(t["y"][there]))
        loss.backward()
        close = {"rtol": 0, "atol": 1e-12}
        np.testing.assert_allclose(t["batch_norm1.out"][there], out.detach(), **close)
        np.testing.assert_allclose(t["loss"], loss.item(), **close)
        np.testing.assert_allclose(t["dense1.out.grad"][there], z.grad, **close)
        assert not t["dense1.out.grad"][~there].any()
        for n, a in p.items():
            np.testing.assert_allclose(t[f"{n}.grad"], a.grad, err_msg=n, **close)
        np.testing.assert_allclose(t["batch_norm1.running_mean"], running[0], **close)
        np.testing.assert_allclose(t["batch_norm1.running_variance"], running[1], **close)


@pytest.mark.torch
def test_gradient_where_padding_is_seen_as_pytorch():
    """Outputs of steps that are not there depend on mean and variance as well."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    t = trainer("flat", batch_size=None)
    p = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in t.parameters.items()}
    t.step("batch")
    z = torch.tensor(t["x"].copy()) @ p["dense1.weight"] + p["dense1.bias"]
    z.retain_grad()
    variance, mean = torch.var_mean(z[torch.tensor(t["x.mask"] > 0)], dim=0, correction=0)
    out = (z - mean) / torch.sqrt(variance + 1e-5) * p["batch_norm1.gamma"] + p["batch_norm1.beta"]
    logits = torch.tanh(out).flatten(1) @ p["dense2.weight"] + p["dense2.bias"]
    torch.nn.functional.cross_entropy(logits, torch.tensor(t["y"].copy())).backward()
    np.testing.assert_allclose(t["batch_norm1.out"], out.detach(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(t["dense1.out.grad"], z.grad, rtol=0, atol=1e-12)
    assert np.abs(t["batch_norm1.normalized.grad"][t["x.mask"] == 0]).max() > 1e-3
    for n, a in p.items():
        np.testing.assert_allclose(t[f"{n}.grad"], a.grad, rtol=0, atol=1e-12, err_msg=n)
