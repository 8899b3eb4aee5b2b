"""The loss at other weights: what evaluate gives once they are set; the run is untouched."""

import numpy as np
import pytest

import nbann


def trainer_of(**options):
    rng = np.random.default_rng(0)
    y = np.arange(40) % 3
    X = rng.normal(size=(40, 4)) + 2.0 * np.eye(3, 4)[y]
    layers = [nbann.Dense(5, name="hidden"), nbann.BatchNorm(), nbann.Tanh(), nbann.Dropout(0.3)]
    net = nbann.Sequential([*layers, nbann.Dense(3, name="output")])
    return nbann.Trainer(net, (X, y), optimizer="adam", batch_size=16, **options)


def moved(trainer, by):
    """Set every parameter by hand, in the run itself, and evaluate."""
    for name, array in trainer.parameters.items():
        trainer.set(name, ..., array + by[name])
    return trainer.evaluate(trainer.train_data)["loss"]


@pytest.mark.parametrize("options", [{}, {"l1": 0.01, "l2": 0.1}, {"dtype": "float32"}])
def test_it_is_what_evaluate_gives_at_these_weights(options):
    trainer, rng = trainer_of(**options), np.random.default_rng(1)
    trainer.run(2)
    probe = trainer.probe()
    assert probe.loss(probe.here) == trainer.evaluate(trainer.train_data)["loss"]
    by = {name: rng.normal(size=a.shape) for name, a in trainer.parameters.items()}
    flat = np.concatenate([by[name].ravel() for name in trainer.parameters])
    there = probe.loss(probe.here + flat)
    assert there == pytest.approx(moved(trainer, by), rel=1e-6 if options.get("dtype") else 1e-12)


def test_what_is_silenced_is_seen():
    trainer = trainer_of()
    probe = trainer.probe()
    before = probe.loss(probe.here)
    trainer.silence("hidden", 2)
    assert probe.loss(probe.here) != before
    assert probe.loss(probe.here) == trainer.evaluate(trainer.train_data)["loss"]


def test_a_sample_is_drawn_by_its_seed():
    X = np.arange(10.0)[:, None]
    net = nbann.Sequential([nbann.Dense(1, weight=[[0.0]], bias=False)])
    trainer = nbann.Trainer(net, (X, X[:, 0] ** 0.5), loss="mse")  # (0 - sqrt(x))**2 = x
    probe = trainer.probe(rows=3, seed=4)
    drawn = np.random.default_rng(4).choice(10, 3, replace=False)
    assert probe.loss(probe.here) == pytest.approx(drawn.mean(), rel=1e-14)
    assert (probe.rows, probe.of) == (3, 10)
    assert trainer.probe(rows=10).loss(probe.here) == pytest.approx(4.5, rel=1e-14)


def test_the_run_is_untouched_and_goes_on_as_one_that_was_not_looked_at():
    looked, other = trainer_of(), trainer_of()
    for trainer in (looked, other):
        trainer.run(2)
        trainer.step("op", 7)
    probe = looked.probe(rows=20)
    for scale in (0.0, 1.0, 1e200):
        probe.loss(probe.here + scale)
    for again in range(2):
        assert looked.position == other.position
        for name in looked.names:
            np.testing.assert_array_equal(looked[name], other[name])
        states = (t._state.snapshot() for t in (looked, other))
        assert next(states).is_same(next(states))
        assert {n: looked.history[n].tolist() for n in looked.history} == {
            n: other.history[n].tolist() for n in other.history
        }
        if not again:
            looked.run(2)
            other.run(2)


def test_what_is_wrong_is_told():
    trainer = trainer_of()
    with pytest.raises(ValueError, match="at least 1"):
        trainer.probe(rows=0)
    with pytest.raises(ValueError, match="at least 0"):
        trainer.probe(rows=3, seed=-1)
    with pytest.raises(
        ValueError, match=r"expected a vector of 53 parameters; received shape \(2,"
    ):
        trainer.probe().loss(np.zeros(2))
    assert np.isnan(trainer.probe().loss(np.full(53, np.nan)))
