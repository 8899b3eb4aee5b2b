"""Gradient norms against the trainer's arrays, central differences and the rules of diagnosis."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import Dashboard, GradientFlow
from nbann.panels.layer_axis import Decades, decade, named_layers

from .boards import TRAINERS, attached, blobs, classes, same_as_fresh


def stack(depth, activation, **options):
    layers = [part for _ in range(depth) for part in (nbann.Dense(6, **options), activation())]
    net = nbann.Sequential([*layers, nbann.Dense(3)])
    return nbann.Trainer(net, blobs(), batch_size=16, seed=0)


def drawn(panel):
    lines = (panel._dots, panel._zeros, panel._broken, panel._missing, panel._mark)
    across = [line.get_xdata() for line in lines]
    return [*across, panel._dots.get_ydata(), panel._status.get_text(), panel._empty.get_text()]


def test_dots_are_the_norms_of_the_arrays():
    trainer = classes()
    trainer.run(3)
    panel = attached(GradientFlow(), trainer)
    norms = [
        np.sqrt((trainer[f"{n}.weight.grad"] ** 2).sum() + (trainer[f"{n}.bias.grad"] ** 2).sum())
        for n in ("hidden", "output")
    ]
    np.testing.assert_allclose(panel._dots.get_ydata(), norms, rtol=1e-12)
    np.testing.assert_array_equal(panel._dots.get_xdata(), [0, 1])
    assert panel._numbers.words == [f"{n:#.3g}" for n in norms]
    words = f"hidden {norms[0]:#.3g}, output {norms[1]:#.3g}"
    assert words in panel.describe()


def test_a_norm_is_what_central_differences_of_the_loss_give():
    trainer = classes(batch_size=None)
    trainer.step("phase", 3)  # forward, loss, backward: the weights are those of the gradient
    panel = attached(GradientFlow(), trainer)
    X, y = trainer["x"].copy(), trainer["y"].copy()
    step = 1e-5
    parts = {n: trainer[n].copy() for n in ("hidden.weight", "hidden.bias")}
    rest = [trainer["output.weight"].copy(), trainer["output.bias"].copy()]

    def loss(weight, bias):
        z = np.maximum(X @ weight + bias, 0) @ rest[0] + rest[1]
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), y.astype(int)]).mean()

    slopes = []
    for name, array in parts.items():
        for place in np.ndindex(array.shape):
            sides = []
            for sign in (1, -1):
                moved = {n: a.copy() for n, a in parts.items()}
                moved[name][place] += sign * step
                sides.append(loss(*moved.values()))
            slopes.append((sides[0] - sides[1]) / (2 * step))
    assert panel.norms()[0] == pytest.approx(np.linalg.norm(slopes), rel=1e-5)


def everything():
    layers = nbann.Sequential(
        [
            nbann.Dense(6),
            nbann.BatchNorm(),
            nbann.Residual([nbann.Dense(6), nbann.Tanh()]),
            nbann.Dropout(0.2),
            nbann.Dense(3),
        ]
    )
    return nbann.Trainer(layers, blobs(), batch_size=16)


def recurrent():
    X = np.random.default_rng(0).normal(size=(20, 5, 2))
    net = nbann.Sequential([nbann.Bidirectional(nbann.LSTM(3)), nbann.Dense(2)])
    return nbann.Trainer(net, (X, np.arange(20) % 2), batch_size=10)


@pytest.mark.parametrize("make", [classes, everything, recurrent, *TRAINERS.values()])
def test_every_parameter_is_in_one_of_the_norms(make):
    trainer = make()
    trainer.run(1)
    every = sum(float((trainer[f"{name}.grad"] ** 2).sum()) for name in trainer.parameters)
    norms = attached(GradientFlow(), trainer).norms()
    assert np.sqrt((norms**2).sum()) == pytest.approx(np.sqrt(every), rel=1e-6)


def test_of_outputs_every_layer_has_its_norm():
    trainer = classes()
    trainer.run(1)
    panel = attached(GradientFlow("outputs"), trainer)
    assert panel.layers == ("hidden", "relu1", "output")
    wanted = [np.linalg.norm(trainer[f"{name}.out.grad"]) for name in panel.layers]
    np.testing.assert_allclose(panel._dots.get_ydata(), wanted, rtol=1e-12)


def test_what_the_batch_has_not_computed_is_gray():
    trainer = classes()
    trainer.run(1)
    panel = attached(GradientFlow(), trainer)
    trainer.step("op")  # of the next batch
    panel.update()
    assert panel._dots.get_xdata().size == 0
    np.testing.assert_array_equal(panel._missing.get_xdata(), [0, 1])
    assert panel._numbers.words == ["", ""]
    assert panel.describe() == (
        "Gradients: of no layer in this batch yet: step through its backward phase."
    )
    while not trainer.is_current("output.weight.grad") or not trainer.is_current(
        "output.bias.grad"
    ):
        trainer.step("op")
    panel.update()
    np.testing.assert_array_equal(panel._dots.get_xdata(), [1])
    np.testing.assert_array_equal(panel._missing.get_xdata(), [0])
    assert "of 1 layer not computed in this batch yet" in panel.describe()


@pytest.mark.parametrize("of", ["parameters", "outputs"])
def test_an_updated_panel_draws_what_a_fresh_one_does(of):
    trainer = classes()
    panel = attached(GradientFlow(of), trainer)
    for move in (
        lambda: trainer.step("op", 3),
        lambda: trainer.step("phase", 2),
        lambda: trainer.set("hidden.weight", (0, 0), 3.0),
        lambda: trainer.run(4),
        lambda: trainer.back("batch", 2),
        lambda: setattr(trainer, "learning_rate", 0.3),
        lambda: trainer.step("batch"),
        lambda: trainer.switch(0),
        trainer.reset,
    ):
        move()
        same_as_fresh(panel, drawn, of=of)


def test_an_edit_is_seen_at_once():
    trainer = classes()
    trainer.step("phase", 3)
    panel = attached(GradientFlow(), trainer)
    before = panel._dots.get_ydata().copy()
    trainer.set("output.weight", (0, 0), 5.0)
    panel.update()
    grads = [trainer["hidden.weight.grad"], trainer["hidden.bias.grad"]]
    wanted = np.sqrt(sum((g**2).sum() for g in grads))
    assert panel._dots.get_ydata()[0] == pytest.approx(wanted, rel=1e-12)
    assert panel._dots.get_ydata()[0] != before[0]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: stack(12, nbann.Sigmoid), "vanishing"),
        (lambda: stack(12, nbann.ReLU, init=nbann.initializers.Normal(4.0)), "exploding"),
        (lambda: stack(2, nbann.Tanh), None),
    ],
)
def test_what_ails_is_what_diagnose_says(make, kind):
    trainer = make()
    trainer.step("phase", 3)
    panel = attached(GradientFlow(), trainer)
    found = [f for f in nbann.diagnose(trainer) if f.kind.endswith("_gradient")]
    assert panel.findings() == found
    if kind is None:
        assert panel._status.get_text() == ""
        assert panel._mark.get_xdata() == []
        return
    assert [f.kind for f in found] == [f"{kind}_gradient"]
    layer = found[0].layer
    assert panel._status.get_text() == f"{kind} at {layer}"
    assert str(found[0]) in panel.describe()
    # the ill layers lie to the left of the line: as many as have parameters up to there
    order = [name for name, _ in trainer.model.leaves()]
    upto = sum(name.startswith("dense") for name in order[: order.index(layer) + 1])
    assert panel._mark.get_xdata()[0] == upto - 0.5


def test_a_run_that_failed_in_its_first_batch_is_told_as_diagnose_does():
    trainer = stack(60, nbann.ReLU, init=nbann.initializers.Normal(1e6))
    trainer.run(1)
    panel = attached(GradientFlow(), trainer)
    found = [f for f in nbann.diagnose(trainer) if f.kind.endswith("_gradient")]
    assert found
    assert panel.findings() == found
    FigureCanvasAgg(panel._figure).draw()


def test_no_gradient_at_all_is_a_hollow_dot_at_the_foot():
    trainer = classes()
    trainer.set("output.weight", ..., 0.0)
    trainer.step("phase", 3)
    assert (trainer["hidden.weight.grad"] == 0).all()
    panel = attached(GradientFlow(), trainer)
    np.testing.assert_array_equal(panel._zeros.get_xdata(), [0])
    assert panel._zeros.get_ydata()[0] == panel.ax.get_ylim()[0]
    assert "hidden 0, output" in panel.describe()


def test_norms_that_are_no_numbers_are_crosses():
    trainer = classes()
    trainer.learning_rate = 1e200
    trainer.step("epoch", 3)
    panel = attached(GradientFlow(), trainer)
    assert panel._broken.get_xdata().size == 2
    assert "not a number" in panel.describe()
    FigureCanvasAgg(panel._figure).draw()


@pytest.mark.parametrize(
    "trainer",
    [
        nbann.Trainer(nbann.RBM(2), np.eye(4)),
        nbann.Trainer(nbann.Hopfield(), [[1, -1, 1, 1, -1, -1]]),
    ],
)
def test_a_machine_without_backpropagation_says_so(trainer):
    reason = GradientFlow().fits(trainer)
    assert "learns by a rule of its own" in reason
    assert attached(GradientFlow(), trainer).describe() == f"Gradients: {reason}"


def test_a_wrong_option_is_told():
    with pytest.raises(ValueError, match="mean 'outputs'"):
        GradientFlow("output")


def test_a_hundred_layers_are_readable():
    trainer = stack(100, nbann.Sigmoid)
    trainer.step("phase", 3)
    board = Dashboard(trainer, ["gradients", "activations"])
    panel = board.panels[0]
    board.render()
    assert panel._dots.get_xdata().size == 101
    labels = [label for label in panel.ax.get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) >= 3
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    low, high = panel.ax.get_ylim()
    assert 3 <= sum(low <= tick <= high for tick in panel.ax.get_yticks()) <= 9
    assert (panel._dots.get_ydata() > low).all()
    assert (panel._dots.get_ydata() < high).all()


def test_limits_only_grow_until_the_run_goes_back():
    decades = Decades()
    assert (decades.low, decades.high) == (-3.0, 0.0)
    assert decades.fit(np.array([0.02, 0.3, 0.0, np.nan, np.inf]))
    assert (decades.low, decades.high) == (-2.0, 0.0)
    assert not decades.fit(np.array([0.5]))
    assert decades.fit(np.array([5e-7, 20.0]))
    assert (decades.low, decades.high) == (-7.0, 2.0)
    decades.restart()
    assert (decades.low, decades.high) == (-3.0, 0.0)


def test_powers_of_ten_are_plain():
    assert [decade(10.0**k) for k in (-7, -2, 0, 3, 12)] == ["1e−7", "0.01", "1", "1000", "1e12"]


def test_layers_are_named_as_there_is_room():
    names = [f"dense{i}" for i in range(100)]
    named = named_layers(names, 4.0, 12.0)
    places = [place for place, _ in named]
    assert places[0] == 0
    assert len({b - a for a, b in pairwise(places)}) == 1
    assert all(word == names[place] for place, word in named)
    assert [w for _, w in named_layers(["a", "b"], 200.0, 12.0)] == ["a", "b"]
    (first, *_) = named_layers(["x" * 80, "y"], 200.0, 12.0)
    assert first[1].endswith("…")
