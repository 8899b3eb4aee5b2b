"""Panels and widgets of a trainer whose batches are divided: as of one that computes alone."""

import numpy as np
import pytest

import nbann


def made():
    net = nbann.Sequential([nbann.Dense(6, name="hidden"), nbann.ReLU(), nbann.Dense(3)])
    return nbann.Trainer(net, nbann.datasets.iris().standardized(), batch_size=30, seed=2)


@pytest.fixture
def pair():
    whole, divided = made(), made()
    divided.distribute(workers=2)
    whole.run(3)
    divided.run(3)
    return whole, divided


def words(trainer, panel):
    return nbann.Dashboard(trainer, [panel]).describe()


@pytest.mark.parametrize(
    "panel",
    [
        nbann.panels.Activations,
        nbann.panels.GradientFlow,
        nbann.panels.DecisionBoundary,
        nbann.panels.WeightHeatmap,
        nbann.panels.ConfusionMatrix,
        nbann.panels.Probabilities,
        nbann.panels.LatentSpace,
    ],
    ids=lambda panel: panel.__name__,
)
def test_a_panel_says_the_same(pair, panel):
    whole, divided = pair
    assert words(divided, panel()) == words(whole, panel())


def test_the_network_has_the_same_layers_and_numbers(pair):
    whole, divided = (words(trainer, nbann.panels.NetworkDiagram()) for trainer in pair)
    part = "; weights "
    assert divided.partition(part)[0] == whole.partition(part)[0]
    pair[1].step("op", 3)
    assert "gradient" in words(pair[1], nbann.panels.NetworkDiagram())


def test_an_unrolled_net_is_drawn_as_well():
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((20, 4, 2)), rng.integers(0, 2, 20))
    net = nbann.Sequential([nbann.LSTM(3), nbann.Dense(2)])
    whole, divided = (nbann.Trainer(net_, data, batch_size=5) for net_ in (net, net))
    divided.distribute(workers=2)
    for trainer in (whole, divided):
        trainer.step("batch")
    found = [words(trainer, nbann.panels.HiddenStates()) for trainer in (whole, divided)]
    assert found[0] == found[1]
    one, other = (words(trainer, nbann.panels.NetworkDiagram()) for trainer in (whole, divided))
    assert one.partition("; weights ")[0] == other.partition("; weights ")[0]


def test_statistics_and_diagnosis(pair):
    whole, divided = pair
    one, other = (nbann.layer_stats(trainer) for trainer in pair)
    assert one.layers == other.layers
    np.testing.assert_allclose(one.column("mean"), other.column("mean"), rtol=1e-12)
    assert str(nbann.diagnose(whole)) == str(nbann.diagnose(divided))


def test_step_through_walks_by_the_phases_of_workers():
    trainer = made()
    trainer.distribute(workers=2)
    widget = nbann.StepThrough(trainer, panels=["loss", "network"])
    for phase in trainer.program.phases:
        ran = trainer.step("phase")
        assert widget.here["op"] == trainer.loaded.op == ran[-1].index + 1
        assert phase in widget.describe()


def test_the_list_of_ops_is_that_of_the_program_at_hand():
    trainer = made()
    widget = nbann.StepThrough(trainer, panels=["loss"])
    trainer.run(1)
    widget.breakpoints = ["hidden.affine", "sgd.update"]

    def shown():
        return [row["op"] for row in widget.ops]

    trainer.distribute(workers=2)
    trainer.step("op")
    assert shown() == [op.name for op in trainer.program]
    assert widget.breakpoints == ["sgd.update"]
    widget.breakpoints = []
    trainer.back("batch", 2)
    assert shown() == [op.name for op in trainer.program]
    assert shown()[0] == "hidden.affine"
    trainer.goto(1, 1, 2)
    assert shown()[0] == "worker1.scatter"
    trainer.step("batch")
    trainer.gather()
    trainer.step("op")
    assert shown()[0] == "hidden.affine"
    labels = [(row["phase"], row["layer"]) for row in widget.ops]
    assert ("loss", "") in labels  # the phase says it
