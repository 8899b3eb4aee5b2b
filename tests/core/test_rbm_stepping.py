"""An RBM is stepped through, gone back in, saved, read and asked like any other model."""

import numpy as np
import pandas as pd
import pytest

import nbann
from nbann.core.storing.container import read_container, write_container

from .timelines import Line, do, same_state
from .tiny_rbm import binary, trainer

RUNS = {
    "cd": lambda: trainer(binary(), nbann.RBM(4), batch_size=5, evaluate_every=1),
    "cd-3, momentum, l2": lambda: trainer(
        binary(),
        nbann.RBM(4, k=3),
        batch_size=6,
        optimizer=nbann.SGD(0.2, momentum=0.8),
        l2=0.02,
        evaluate_every=2,
    ),
    "persistent": lambda: trainer(
        binary(), nbann.RBM(4, persistent=True, chains=6), batch_size=5, evaluate_every=1
    ),
    "persistent, float32, adam": lambda: trainer(
        binary(),
        nbann.RBM(3, k=2, persistent=True),
        batch_size=9,
        optimizer=nbann.Adam(0.05),
        dtype="float32",
    ),
}
EVERY = pytest.mark.parametrize("name", list(RUNS))


@EVERY
def test_stepping_is_running(name):
    stepped, ran = RUNS[name](), RUNS[name]()
    ran.run(epochs=2)
    while stepped.position < ran.position:
        stepped.step("op")
    same_state(ran, stepped)


@EVERY
def test_any_place_again_is_a_run_from_scratch(name):
    run, line = RUNS[name](), Line(RUNS[name])
    ops = len(run.program)
    run.run(epochs=3)
    for place in ((0, 2, 7), (2, 1, ops - 1), (1, 0, 0), (0, 1, ops // 2), (2, 2, 3)):
        run.goto(*place)
        same_state(line.at(run.position), run)
    for unit in ("op", "phase", "batch", "epoch"):
        run.back(unit)
        same_state(line.at(run.position), run)


@EVERY
def test_what_is_done_in_the_past_makes_a_branch(name):
    run, line = RUNS[name](), Line(RUNS[name])
    run.run(epochs=2)
    run.goto(0, 2, 9)
    for act in (("set", "rbm.weight", (1, 2), -1.5), ("rate", 0.3), ("freeze", "rbm.hidden_bias")):
        line.acted(run.position, act)
        do(run, act)
        same_state(line.at(run.position), run)
    run.run(epochs=2)
    same_state(line.at(run.position), run)
    twin = run.branch()
    twin.step("batch", 3)
    same_state(line.at(twin.position), twin)
    assert len(run.branches) == 1


@EVERY
def test_saved_and_loaded_it_goes_on_bit_for_bit(name, tmp_path):
    run = RUNS[name]()
    run.run(epochs=1)
    run.step("op", 11)
    run.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    same_state(run, loaded)
    for one in (run, loaded):
        one.run(epochs=2)
    same_state(run, loaded)
    loaded.goto(0, 1, 4)
    run.goto(0, 1, 4)
    same_state(run, loaded)


def test_given_parameters_are_saved_as_they_were(tmp_path):
    weight = np.full((6, 2), 0.25)
    model = nbann.RBM(2, weight=weight, visible_bias=[0.0, 0.1, 0, 0, 0, 0], hidden_bias=[1, 2])
    run = trainer(binary(), model)
    weight[...] = 7.0
    run.run(epochs=2)
    run.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    loaded.reset()
    np.testing.assert_array_equal(loaded["rbm.weight"], 0.25)
    np.testing.assert_array_equal(loaded["rbm.hidden_bias"], [1, 2])


@pytest.mark.parametrize("setting", [("k", 10**12), ("chains", 10**12), ("units", 10**12)])
@pytest.mark.parametrize("name", ["cd", "persistent"])
def test_files_that_ask_for_more_than_they_hold_are_refused(name, setting, tmp_path):
    run = RUNS[name]()
    run.step("batch")
    run.save(tmp_path / "run.npz")
    with (tmp_path / "run.npz").open("rb") as file:
        document, arrays = read_container(file, "")
    del document["arrays"]
    key, value = setting
    document["setup"]["model"]["arguments"][key] = value
    with (tmp_path / "run.npz").open("w+b") as file:
        write_container(file, document, arrays)
    with pytest.raises(nbann.FileError):
        nbann.Trainer.load(tmp_path / "run.npz")


# ---- reading ------------------------------------------------------------------------------------
@EVERY
def test_the_arithmetic_of_every_op_is_what_it_wrote(name):
    run, rng = RUNS[name](), np.random.default_rng(0)
    run.step("batch", 2)
    single = run["rbm.weight"].dtype == np.float32
    for op in run.program:
        assert op.formula
        for array in op.writes:
            shape = run[array].shape
            for at in {tuple(int(rng.integers(n)) for n in shape) for _ in range(4)}:
                value = float(run[array][at])
                tolerance = {"rel": 2e-5, "abs": 1e-7} if single else {"rel": 1e-12, "abs": 1e-15}
                assert op.arithmetic(at, array).value() == pytest.approx(value, **tolerance), op


def test_phases_hooks_and_time_steps():
    run, seen = RUNS["cd-3, momentum, l2"](), []
    run.on("phase", lambda event: seen.append(event.phase))
    run.on("op", lambda event: seen.append(event.op.time), phase="negative", op="rbm.t2.hidden")
    run.step("batch")
    assert seen == ["positive", 2, "negative", "loss", "update"]
    assert [op.time for op in run.program if op.name.endswith("visible_sample")] == [1, 2, 3]
    with pytest.raises(ValueError, match="'positive'"):
        run.on("op", print, phase="positiv")


@EVERY
def test_a_gradient_says_that_it_is_that_of_no_loss(name):
    run = RUNS[name]()
    run.step("batch")
    found = run.explain("rbm.weight.grad", (2, 1))
    assert found.kind == "gradient"
    assert sum(t.value for t in found.terms) + found.rest == pytest.approx(found.value)
    assert found.difference is None
    assert found.agrees is None
    assert "follows no loss" in str(found)
    assert found.sample_gradients is None
    texts = [str(run.explain("rbm.weight", (2, 1))), found.latex(), found.text(3)]
    assert all("central difference 0" not in text for text in texts)
    assert run.explain("rbm.negative1.visible_sample", (0, 0)).value in (0.0, 1.0)


def test_a_gradient_opens_into_what_data_and_model_add():
    run = RUNS["cd"]()
    run.step("batch")
    found = run.explain("rbm.weight.grad", (2, 1))
    by_name = {term.name: term.value for term in found.terms}
    data, model = run["rbm.positive.correlation"][2, 1], run["rbm.negative.correlation"][2, 1]
    assert by_name == {"rbm.positive.correlation": -data, "rbm.negative.correlation": model}
    rows = found.open("rbm.positive.correlation", (2, 1), largest=None)
    single = run["x"][:, 2] * run["rbm.positive.hidden"][:, 1] / 5
    np.testing.assert_allclose(sorted(t.value for t in rows.terms), sorted(single), rtol=1e-14)


def test_what_does_not_apply_is_refused_in_words():
    run = RUNS["persistent"]()
    run.step("batch")
    with pytest.raises(ValueError, match=r"follows the derivative of its loss.*RBM"):
        run.check_gradients()
    for ask in (nbann.layer_stats, nbann.diagnose):
        with pytest.raises(ValueError, match=r"forward pass.*RBM.*positive, negative"):
            ask(run)
    with pytest.raises(ValueError, match="forward pass"):
        nbann.layer_stats(run, run.train_data)


def test_a_hidden_unit_has_no_layer_to_be_silenced_in():
    run = RUNS["cd"]()
    with pytest.raises(ValueError, match=r"silence: expected a net of layers.*RBM"):
        run.silence("rbm", 0)
    run.run(epochs=1)
    run.goto(0, 1, 6)
    before = run["rbm.positive.hidden"].copy()
    run.set("rbm.positive.hidden", (0, 1), 0.0)
    run.step("phase", 2)
    data = run["x"].T @ np.where(before == before[0, 1], 0.0, before) / 5
    np.testing.assert_allclose(run["rbm.positive.correlation"], data, rtol=1e-14)


def test_where_a_number_is_not_finite_the_run_stops():
    run = trainer(binary(), nbann.RBM(4), optimizer=nbann.SGD(1.7e308, momentum=0.9))
    stop = run.run(epochs=20)
    assert stop.reason == "nan"
    assert stop.op
    assert np.isfinite(run["rbm.weight"]).all()


# ---- bad input ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": 0}, "RBM units.*at least 1"),
        ({"units": 2.5}, "RBM units"),
        ({"units": 2, "k": 0}, "RBM k.*at least 1"),
        ({"units": 2, "persistent": 3}, "True or False"),
        ({"units": 2, "chains": 5}, "persistent=True"),
        ({"units": 2, "persistent": True, "chains": 0}, "chains.*at least 1"),
        ({"units": 2, "name": "a.b"}, "without a dot"),
        ({"units": 2, "name": "loss"}, "nbann does not use"),
        ({"units": 2, "init": "nonsense"}, "initializer"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        nbann.RBM(**settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X * 2, r"train X: expected numbers from 0 to 1.*received 2 at .*Scale"),
        (lambda X: -X, r"Scale each feature"),
        (lambda X: np.where(X == 1, np.nan, X), "finite"),
        (lambda X: X.reshape(len(X), 2, 3), "one row"),
    ],
)
def test_data_that_are_no_probabilities(change, message):
    with pytest.raises(ValueError, match=message):
        trainer(change(binary()), nbann.RBM(2))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((binary(), np.arange(23) % 2), r"no targets.*classification"),
        ((binary(), binary() * 0.5), r"no targets.*regression"),
        (nbann.Dataset(binary(), 1 - binary(), "unsupervised"), r"no targets.*reconstructed"),
        (nbann.Dataset(binary(), task="unsupervised", weight=np.arange(23)), r"weight.*alike"),
    ],
)
def test_labels_and_weights_where_none_belong(data, message):
    with pytest.raises(ValueError, match=message):
        nbann.Trainer(nbann.RBM(2), data)


@pytest.mark.parametrize(
    "given",
    [
        lambda X: X,
        lambda X: X.astype(int).tolist(),
        lambda X: X > 0,
        lambda X: pd.DataFrame(X, columns=list("abcdef")),
        lambda X: (X, None),
        nbann.Dataset,
    ],
)
def test_it_takes_samples_alone(given):
    X = binary()
    run = nbann.Trainer(nbann.RBM(3), given(X))
    expected = nbann.Trainer(nbann.RBM(3), nbann.Dataset(X, task="unsupervised"))
    for one in (run, expected):
        one.run(2)
    for name, array in expected.parameters.items():
        np.testing.assert_array_equal(run.parameters[name], array)
    assert run.evaluate(given(X)) == expected.evaluate(nbann.Dataset(X, task="unsupervised"))


@pytest.mark.parametrize("model", [lambda: nbann.RBM(2), lambda: nbann.SOM(2, 2), nbann.Hopfield])
def test_a_mask_that_hides_part_of_a_sample_is_refused(model):
    X = binary()[:1]
    with pytest.raises(ValueError, match="train mask: expected none"):
        nbann.Trainer(model(), nbann.Dataset(X, task="unsupervised", mask=[[1, 1, 1, 1, 0, 0]]))
    nbann.Trainer(model(), nbann.Dataset(X, task="unsupervised", mask=np.ones((1, 6))))


def test_a_model_that_does_not_fit_and_questions_that_do_not():
    X = binary()
    with pytest.raises(ValueError, match=r"weight: expected shape \(6, 2\)"):
        trainer(X, nbann.RBM(2, weight=np.zeros((2, 6))))
    with pytest.raises(ValueError, match="error of the reconstruction"):
        trainer(X, nbann.RBM(2), loss="cross_entropy")
    run = trainer(X, nbann.RBM(2))
    with pytest.raises(ValueError, match="6 features"):
        run.predict(X[:, :3])
    with pytest.raises(ValueError, match="from 0 to 1"):
        run.model.hidden(run, X * 3)
    with pytest.raises(ValueError, match="one of this RBM"):
        nbann.RBM(2).hidden(run, X)
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        run.model.visible(run, X)
    assert run.model.visible(run, run.model.sample_hidden(run, X)).shape == X.shape
