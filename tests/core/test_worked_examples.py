"""Numbers that others have worked out: by hand in comments, and in two published examples."""

import numpy as np
import pytest

import nbann


def test_one_step_by_hand():
    """A 2-2-1 net, one sample, every number exact.

    forward     z  = x @ W + b  = (1*0.5 + 2*0.25 + 0, 1*(-0.5) + 2*1 - 2) = (1, -0.5)
                a  = relu(z)    = (1, 0)
                o  = a @ V + c  = 1*2 + 0*3 + 0.5 = 2.5
    loss        e  = o - y = 2.5 - 2 = 0.5;   L = 1/2 * 0.5**2 = 0.125
    backward    dL/do = 0.5
                dL/dV = a * 0.5 = (0.5, 0);    dL/dc = 0.5
                dL/da = V * 0.5 = (1, 1.5);    dL/dz = (1*1, 1.5*0) = (1, 0)
                dL/dW = x outer dL/dz = ((1, 0), (2, 0));    dL/db = (1, 0)
    update      rate 0.1: V = (2 - 0.05, 3), c = 0.45, W = ((0.4, -0.5), (0.05, 1)), b = (-0.1, -2)
    """
    hidden = nbann.Dense(2, name="hidden", weight=[[0.5, -0.5], [0.25, 1.0]], bias=[0.0, -2.0])
    output = nbann.Dense(1, name="output", weight=[[2.0], [3.0]], bias=[0.5])
    trainer = nbann.Trainer(
        nbann.Sequential([hidden, nbann.ReLU(name="relu"), output]),
        ([[1.0, 2.0]], [2.0]),
        loss=nbann.HalfSquaredError("sum"),
        optimizer=nbann.SGD(learning_rate=0.1),
    )
    trainer.step("phase", 3)
    by_hand = {
        "hidden.out": [[1, -0.5]],
        "relu.out": [[1, 0]],
        "output.out": [[2.5]],
        "loss.error": [[0.5]],
        "loss": 0.125,
        "output.out.grad": [[0.5]],
        "output.weight.grad": [[0.5], [0]],
        "output.bias.grad": [0.5],
        "relu.out.grad": [[1, 1.5]],
        "relu.slope": [[1, 0]],
        "hidden.out.grad": [[1, 0]],
        "hidden.weight.grad": [[1, 0], [2, 0]],
        "hidden.bias.grad": [1, 0],
    }
    for name, numbers in by_hand.items():
        np.testing.assert_array_equal(trainer[name], numbers, name)

    trainer.step("phase")
    after = {
        "output.weight": [[1.95], [3]],
        "output.bias": [0.45],
        "hidden.weight": [[0.4, -0.5], [0.05, 1]],
        "hidden.bias": [-0.1, -2],
    }
    for name, numbers in after.items():
        np.testing.assert_allclose(trainer[name], numbers, rtol=1e-15, err_msg=name)


def test_softmax_and_cross_entropy_by_hand():
    """Logits (0, ln 3) and label 0: p = (1/4, 3/4), L = ln 4, dL/dz = (1/4 - 1, 3/4)."""
    layer = nbann.Dense(2, name="logits", weight=[[0.0, np.log(3)]], bias=False)
    trainer = nbann.Trainer(nbann.Sequential([layer]), ([[1.0]], [0]))
    trainer.step("phase", 3)
    np.testing.assert_allclose(trainer["loss.p"], [[0.25, 0.75]], rtol=1e-15)
    np.testing.assert_allclose(trainer["loss"], np.log(4), rtol=1e-15)
    np.testing.assert_allclose(trainer["logits.out.grad"], [[-0.75, 0.75]], rtol=1e-15)


def test_two_steps_of_momentum_by_hand():
    """L = 1/2 (w - 0)**2 at w = 1, rate 0.5, momentum 0.5: dL/dw = w.

    step 1   v = 0 - 0.5*1 = -0.5;               w = 0.5;
             ahead: w = 1 - 0.25 - 0.5 = 0.25
    step 2   v = -0.25 - 0.5*0.5 = -0.5;         w = 0;
             ahead: v = -0.25 - 0.5*0.25 = -0.375; w = 0.25 - 0.1875 - 0.125 = -0.0625
    """
    for nesterov, expected in ((False, (0.5, 0.0)), (True, (0.25, -0.0625))):
        layer = nbann.Dense(1, name="w", weight=[[1.0]], bias=False)
        trainer = nbann.Trainer(
            nbann.Sequential([layer]),
            ([[1.0]], [0.0]),
            loss="half_squared_error",
            optimizer=nbann.SGD(0.5, momentum=0.5, nesterov=nesterov),
        )
        for value in expected:
            trainer.step("batch")
            assert trainer["w.weight"].item() == value


def trask(**settings):
    """The three-layer net of Trask, "A Neural Network in 11 Lines of Python" (2015), Part 2."""
    rng = np.random.RandomState(1)  # his numpy.random.seed(1)
    first = 2 * rng.random_sample((3, 4)) - 1
    second = 2 * rng.random_sample((4, 1)) - 1
    model = nbann.Sequential(
        [
            nbann.Dense(4, name="hidden", weight=first, bias=False),
            nbann.Sigmoid(name="l1"),
            nbann.Dense(1, name="output", weight=second, bias=False),
            nbann.Sigmoid(name="l2"),
        ]
    )
    trainer = nbann.Trainer(
        model,
        nbann.datasets.trask(),
        loss=nbann.HalfSquaredError("sum"),
        optimizer=nbann.SGD(learning_rate=1.0),
        batch_size=None,
        **settings,
    )
    return trainer, first, second


def test_trask_prints_the_same_errors():
    trainer, _, _ = trask(evaluate_every=None)
    published = [
        0.496410031903, 0.00858452565325, 0.00578945986251, 0.00462917677677, 0.00395876528027,
        0.00351012256786,
    ]  # fmt: skip
    for error in published:
        trainer.step(
            "batch"
        )  # he prints in iterations 0, 10000, ..., 50000, the first of which is over now
        assert np.abs(trainer["loss.error"]).mean() == pytest.approx(error, rel=2e-12)
        trainer.run(9999)


def test_trask_equals_the_hand_written_loop_bit_for_bit():
    trainer, syn0, syn1 = trask()
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0, 1, 1, 0]]).T
    for _ in range(300):
        l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 += l1.T.dot(l2_delta)
        syn0 += X.T.dot(l1_delta)
    trainer.run(300)
    np.testing.assert_array_equal(trainer["hidden.weight"], syn0)
    np.testing.assert_array_equal(trainer["output.weight"], syn1)


def test_mazur_step_by_step():
    """Mazur, "A Step by Step Backpropagation Example" (2015); his text leaves the biases alone.

    His w1, w2 lead into the first hidden neuron, so they are a column of the weight here.
    """
    hidden = nbann.Dense(2, name="h", weight=[[0.15, 0.25], [0.20, 0.30]], bias=[0.35, 0.35])
    output = nbann.Dense(2, name="o", weight=[[0.40, 0.50], [0.45, 0.55]], bias=[0.60, 0.60])
    trainer = nbann.Trainer(
        nbann.Sequential([hidden, nbann.Sigmoid(name="hs"), output, nbann.Sigmoid(name="os")]),
        ([[0.05, 0.10]], [[0.01, 0.99]]),
        loss=nbann.HalfSquaredError("sum"),
        optimizer=nbann.SGD(learning_rate=0.5),
    )
    trainer.step("batch")
    np.testing.assert_allclose(trainer["h.out"][0, 0], 0.3775, rtol=1e-12)
    np.testing.assert_allclose(trainer["hs.out"], [[0.593269992, 0.596884378]], atol=5e-10)
    np.testing.assert_allclose(trainer["os.out"], [[0.75136507, 0.772928465]], atol=5e-9)
    assert trainer["loss"].item() == pytest.approx(0.298371109, abs=5e-10)
    np.testing.assert_allclose(trainer["o.weight.grad"][0, 0], 0.082167041, atol=5e-10)
    np.testing.assert_allclose(trainer["hs.out.grad"][0, 0], 0.036350306, atol=5e-10)
    np.testing.assert_allclose(trainer["h.weight.grad"][0, 0], 0.000438568, atol=5e-10)
    w5_to_w8 = [[0.35891648, 0.511301270], [0.408666186, 0.561370121]]
    np.testing.assert_allclose(trainer["o.weight"], w5_to_w8, atol=5e-9)
    w1_to_w4 = [[0.149780716, 0.24975114], [0.19956143, 0.29950229]]
    np.testing.assert_allclose(trainer["h.weight"], w1_to_w4, atol=5e-9)
