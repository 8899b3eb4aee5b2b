"""A saved run goes on as one that never stopped; the oracle is a run from scratch, bit for bit."""

import pickle
import subprocess
import sys
import textwrap
import warnings
import zipfile
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann
from nbann.core.layers.layer import Layer
from nbann.core.losses.loss import Loss
from nbann.core.optimizers.optimizer import Optimizer
from nbann.core.storing.descriptions import CLASSES, INITIALIZERS
from nbann.core.storing.faults import FileError
from nbann.core.timeline.timeline import Timeline

from ..goldens.make_optimizers import CASES as OPTIMIZERS
from ..goldens.make_recurrent import CASES as RECURRENT
from . import nets, optimizer_runs, recurrent_nets

schedules, inits = nbann.schedules, nbann.initializers
RNG = np.random.default_rng(7)
X, LABELS, VALUES = nets.data()
SEQUENCES = RNG.standard_normal((9, 4, 2))
MASK = (np.arange(4) < RNG.integers(1, 5, 9)[:, None]) * 1.0


def classifier(*layers, y=LABELS, x=X, **given):
    data = nbann.Dataset(x, y) if not isinstance(x, nbann.Dataset) else x
    net = nbann.Sequential([*layers, nbann.Dense(3, name="out")])
    return nbann.Trainer(net, data, **{"batch_size": 4, "seed": 5} | given)


def sequences(*layers, mask=None, **given):
    data = nbann.Dataset(SEQUENCES, LABELS[:9], mask=mask)
    return classifier(*layers, x=data, **given)


def halves(**given):
    raw = nbann.Dataset(X * [1, 30, 0.1] + 4, LABELS, target_names=["a", "b", "ü/.."], name="n")
    train, validation, test = raw.standardized().split(0.3, validation=0.2)
    more = {"test": test, "validation": validation, "batch_size": 3}
    return classifier(x=train, **more | given)


def weighted(**given):
    data = nbann.Dataset(X, LABELS, weight=np.arange(13) % 4 * 0.7)
    return classifier(nbann.Dense(4), x=data, penalty_per_sample=True, l1=1e-3, l2=1e-2, **given)


def values(y=VALUES, outputs=3, **given):
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(outputs)])
    data = nbann.Dataset(X, y, task="regression")
    return nbann.Trainer(net, data, **{"batch_size": 4} | given)


def reconstruction(noise=0.0):
    data = nbann.Dataset(X, task="unsupervised").standardized()
    data = data.with_noise(noise) if noise else data
    net = nbann.Sequential([nbann.Dense(2), nbann.Tanh(), nbann.Dense(3)])
    return nbann.Trainer(net, data, batch_size=5)


def embedded():
    words = np.random.default_rng(0).integers(0, 6, (9, 4)).astype(float)
    layers = [nbann.Embedding(6, 3), nbann.GRU(3), nbann.Dense(3)]
    return nbann.Trainer(nbann.Sequential(layers), (words, LABELS[:9]), batch_size=4)


D = nbann.Dense
MAKERS = {
    "plain": partial(classifier, D(4), nbann.Tanh()),
    "float32": partial(classifier, D(4), nbann.ReLU(), dtype="float32", l2=0.01),
    "full batch": partial(classifier, D(4), nbann.ReLU(), batch_size=None),
    "no shuffle": partial(classifier, D(4), shuffle=False, evaluate_every=2),
    "no evaluation": partial(classifier, D(4), evaluate_every=None, stop_on_nan=False),
    "given weights": lambda: classifier(
        D(2, weight=[[1, 2], [3, 4], [5, 6.5]], bias=[1, 2]), D(2, bias=False)
    ),
    "dropout": lambda: classifier(nbann.Dropout(0.3), D(5), nbann.Dropout(0.5), batch_size=4),
    "norms": lambda: classifier(
        D(4),
        nbann.BatchNorm(momentum=0.3, gamma=[1, 2, 3, 4]),
        nbann.LayerNorm(),
        x=nbann.Dataset(X[:12], LABELS[:12]),
    ),
    "residual": lambda: classifier(
        D(4),
        nbann.Residual([nbann.LayerNorm(), D(4), nbann.Residual([D(2), nbann.GELU("tanh")])]),
        nbann.SiLU(),
    ),
    "rnn": lambda: sequences(nbann.RNN(3, activation=nbann.LeakyReLU(0.2), truncate=2)),
    "lstm masked": lambda: sequences(nbann.LSTM(3), mask=MASK),
    "lstm forget": lambda: sequences(nbann.LSTM(3, unit_forget_bias=False, reverse=True)),
    "gru": lambda: sequences(nbann.GRU(2, bias=False, return_sequences=True), nbann.Flatten()),
    "gru biases": lambda: sequences(nbann.GRU(2, recurrent_bias=False)),
    "bidirectional": lambda: sequences(
        nbann.Bidirectional(nbann.LSTM(2), nbann.RNN(2, init="he_normal"), merge="sum"), mask=MASK
    ),
    "embedding": embedded,
    "initializers": lambda: classifier(
        D(3, init=inits.Normal(0.3)),
        D(3, init=inits.Uniform(-1, 1)),
        D(3, init="orthogonal"),
        D(3, init=inits.Constant(0.2)),
        D(3, init=inits.LeCunNormal()),
    ),
    "own initializers": lambda: classifier(
        D(3, init=lambda rng, shape: rng.uniform(-1, 1, shape)),
        D(3, init="he_uniform"),
        D(3, init=lambda rng, shape: np.eye(*shape)),
    ),
    "splits": halves,
    "weights": weighted,
    "pair": lambda: nbann.Trainer(nbann.Sequential([D(3)]), (X, LABELS), batch_size=4),
    "words": lambda: nbann.Trainer(nbann.Sequential([D(2)]), (X, ["a", "b"] * 6 + ["a"])),
    "nothing to learn": lambda: nbann.Trainer(
        nbann.Sequential([nbann.Tanh()]), nbann.Dataset(X, VALUES, task="regression"), batch_size=4
    ),
    "a target each step": lambda: nbann.Trainer(
        nbann.Sequential([nbann.GRU(3, return_sequences=True), D(2)]),
        nbann.Dataset(SEQUENCES, np.arange(36).reshape(9, 4) % 2, "classification", mask=MASK),
        batch_size=4,
    ),
    "NumPy's numbers": lambda: classifier(
        nbann.Dropout(np.float32(0.1)), D(np.int64(4)), l2=np.float32(0.01), seed=2**200
    ),
    "values": values,
    "counts": lambda: values((LABELS + 1), 1, loss="poisson"),
    "by columns": lambda: values(np.asfortranarray(VALUES), metrics=["r2", "mae"]),
    "reconstruction": reconstruction,
    "denoising": lambda: reconstruction(0.3),
    "metrics": lambda: halves(metrics=["confusion_matrix", "top_2_accuracy", "log_loss"]),
    "plateau": lambda: halves(
        optimizer=nbann.SGD(schedules.ReduceOnPlateau(0.3, patience=0, monitor="test_loss"))
    ),
    "plateau after warm-up": lambda: halves(
        optimizer=nbann.Adam(
            schedules.LinearWarmup(3, then=schedules.ReduceOnPlateau(0.3, 0.5, 1), unit="batch")
        )
    ),
    "bce": lambda: values(np.eye(3)[LABELS], loss=nbann.BinaryCrossEntropy([1, 2], 0.1, "sum")),
    "class weights": lambda: classifier(D(4), loss=nbann.CrossEntropy(np.array([1, 2, 0.5]), 0.1)),
    "hinge": lambda: classifier(D(4), loss=nbann.Hinge("crammer_singer", margin=0.5)),
    "hinge of all": lambda: classifier(D(4), loss="hinge"),
    "perceptron": lambda: classifier(D(4), loss=nbann.PerceptronLoss()),
    "huber": lambda: values(loss=nbann.Huber(0.4)),
    "half": lambda: values(loss=nbann.HalfSquaredError("mean", "sum")),
    "absolute": lambda: values(loss="mae"),
}
for _kind in nets.ACTIVATIONS:
    MAKERS[f"activation {_kind}"] = lambda kind=_kind: classifier(D(4), nets.ACTIVATIONS[kind]())
for _case in OPTIMIZERS:
    MAKERS[f"optimizer {_case}"] = partial(optimizer_runs.trainer_of, _case, shuffle=True)
for _case in RECURRENT:
    MAKERS[f"recurrent {_case}"] = partial(recurrent_nets.trainer_of, _case, batch_size=3)


def same(a, b):
    """Assert that two trainers show the same, in every array and answer."""
    nets.same_run(a, b)
    assert a.loaded == b.loaded
    assert a.learning_rate == b.learning_rate
    assert a.names == b.names
    for name in a.names:
        np.testing.assert_array_equal(a[name], b[name], name)
        assert a[name].dtype == b[name].dtype
        assert a.is_current(name) == b.is_current(name)
    assert a.program.touched == b.program.touched
    for op in list(a.program)[: a.program.done : 3]:
        for name in op.writes[:1]:
            place = tuple(n - 1 for n in a[name].shape)
            assert shown(a, name, place) == shown(b, name, place)


def shown(trainer, name, place):
    try:
        return str(trainer.arithmetic(name, place))
    except ValueError as error:
        return str(error)


def same_data(a, b):
    for part in ("train_data", "test_data", "validation_data"):
        one, other = getattr(a, part), getattr(b, part)
        assert (one is None) == (other is None)
        if one is None:
            continue
        assert type(one) is type(other)
        for key in ("X", "y", "mask", "weight"):
            first, second = getattr(one, key), getattr(other, key)
            assert (first is None) == (second is None)
            if first is not None:
                assert first.dtype == second.dtype
                assert first.flags.f_contiguous == second.flags.f_contiguous
                assert not second.flags.writeable
                np.testing.assert_array_equal(first, second)
        assert (one.y is one.X) == (other.y is other.X)
        for key in ("task", "feature_names", "target_names", "name", "held_out"):
            assert getattr(one, key) == getattr(other, key)
        assert (one.scaling is None) == (other.scaling is None)
        for first, second in zip(one.scaling or (), other.scaling or (), strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("case", MAKERS)
def test_a_loaded_run_goes_on_as_one_that_never_stopped(case, tmp_path):
    path = tmp_path / "run.npz"
    straight, stopped = MAKERS[case](), MAKERS[case]()
    for trainer in (straight, stopped):
        trainer.run(2)
        trainer.step("batch")
        trainer.step("op", 3)
    stopped.save(path)
    loaded = nbann.Trainer.load(path)
    same(straight, loaded)
    same_data(straight, loaded)
    assert repr(loaded.model) == repr(straight.model)
    assert repr(loaded.optimizer) == repr(straight.optimizer)
    assert repr(loaded.loss) == repr(straight.loss)
    for trainer in (straight, loaded):
        trainer.step("op", 2)
        trainer.run(3)
    same(straight, loaded)
    assert loaded.loaded_from.differs == ()
    for trainer in (straight, loaded):
        trainer.reset()
        trainer.run(1)
    same(straight, loaded)


@pytest.mark.parametrize("case", ["plain", "dropout", "weights", "lstm masked", "plateau", "norms"])
def test_a_run_is_saved_at_any_op(case, tmp_path):
    straight, path = MAKERS[case](), tmp_path / "run.npz"
    straight.run(1)
    for _ in range(len(straight.program) + 1):
        straight.save(path)
        loaded = nbann.Trainer.load(path)
        same(straight, loaded)
        other = MAKERS[case]()
        other.run(1)
        while other.position != loaded.position:
            other.step("op")
        for trainer in (loaded, other):
            trainer.step("op")
            trainer.step("batch", 2)
        same(loaded, other)
        straight.step("op")


MOVES = st.lists(
    st.sampled_from(["op", "layer", "phase", "batch", "epoch", "run", "rate", "save"]), max_size=9
)


@settings(max_examples=25, deadline=None)
@given(case=st.sampled_from(["dropout", "plateau", "weights", "rnn", "full batch"]), moves=MOVES)
def test_any_walk_with_saves_is_the_walk_without(tmp_path_factory, case, moves):
    path = tmp_path_factory.mktemp("walk") / "run.npz"
    straight, stopped = MAKERS[case](), MAKERS[case]()
    for move in moves:
        if move == "save":
            stopped.save(path)
            stopped = nbann.Trainer.load(path)
        for trainer in (straight, stopped):
            if move == "rate":
                trainer.learning_rate = 0.9 * trainer.learning_rate
            elif move == "run":
                trainer.run(1)
            elif move != "save":
                trainer.step(move)
    same(straight, stopped)


def test_another_process_goes_on_with_it(tmp_path):
    path, out = tmp_path / "run.npz", tmp_path / "out.npz"
    straight, stopped = MAKERS["dropout"](), MAKERS["dropout"]()
    stopped.run(2)
    stopped.step("op", 4)
    stopped.save(path)
    code = f"""
        import nbann, sys
        trainer = nbann.Trainer.load({str(path)!r})
        assert "sklearn" not in sys.modules and "pandas" not in sys.modules
        trainer.run(2)
        trainer.save({str(out)!r})
    """
    arguments = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    subprocess.run(arguments, check=True, timeout=60)
    straight.run(2)
    straight.step("op", 4)
    straight.run(2)
    same(straight, nbann.Trainer.load(out))


def test_the_same_run_gives_the_same_bytes(tmp_path, monkeypatch):
    # which snapshots a run keeps depends on how long its batches take, and nothing else does
    monkeypatch.setattr(Timeline, "is_due", lambda timeline, step: step == 2)
    for name in "ab":
        trainer = halves()
        trainer.run(2)
        trainer.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    nbann.Trainer.load(tmp_path / "a").save(tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "bool", "float64"])
def test_labels_keep_their_type(dtype, tmp_path):
    y = (LABELS > 0).astype(dtype)
    trainer = classifier(D(4), x=nbann.Dataset(X, y, task="classification"))
    trainer.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run")
    assert loaded.train_data.y.dtype == trainer.train_data.y.dtype
    same_data(trainer, loaded)


def test_weights_that_were_written_to_since_are_loaded_as_they_were_given(tmp_path):
    weight = np.ones((3, 2))
    forward, backward = nbann.RNN(2, weight=np.ones((2, 2))), nbann.RNN(2)
    for trainer in (
        classifier(D(2, weight=weight)),
        sequences(nbann.Bidirectional(forward, backward)),
    ):
        before = nets.copies(trainer)
        weight += 1
        forward.weight += 1
        trainer.run(2)
        trainer.save(tmp_path / "run")
        loaded = nbann.Trainer.load(tmp_path / "run")
        loaded.reset()
        for one, other in zip(before, nets.copies(loaded), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_that_diverged_is_loaded_where_it_stands(tmp_path):
    straight = classifier(D(4), optimizer=nbann.SGD(1e200))
    with np.errstate(all="ignore"):
        assert straight.run(5).reason == "nan"
        straight.save(tmp_path / "run")
        loaded = nbann.Trainer.load(tmp_path / "run")
        same(straight, loaded)
        assert loaded._cursor.diverged.name == straight._cursor.diverged.name
        for trainer in (straight, loaded):
            trainer.step("epoch")
    same(straight, loaded)


def test_every_public_class_can_be_saved():
    """A new layer, loss, optimizer, schedule or initializer is to be entered in the registry."""
    bases = (Layer, Loss, Optimizer, schedules.Schedule)
    public = [getattr(nbann, name) for name in nbann.__all__]
    public += [getattr(schedules, name) for name in schedules.__all__]
    described = [c for c in public if isinstance(c, type) and issubclass(c, bases)]
    assert len(described) > 40
    for cls in described:
        assert cls is schedules.Schedule or CLASSES.get(cls.__name__) is cls
    for name in inits.__all__:
        assert INITIALIZERS[name] is getattr(inits, name)


# ---- what a file can not hold --------------------------------------------------------------------
def worst(y, predicted):
    return float(np.abs(y - predicted).max())


def forward(epoch):
    return (np.arange(13) + epoch) % 13


class Doubled(nbann.Tanh):
    """A layer of a user's own."""


class OwnLoss(nbann.MeanSquaredError):
    """A loss of a user's own."""


class OwnSGD(nbann.SGD):
    """An optimizer of a user's own."""


def own_net():
    return nbann.Sequential([D(4), Doubled(), D(3)])


@pytest.mark.parametrize(
    ("own", "needed"),
    [
        ({"metrics": [worst]}, "metrics"),
        ({"metrics": ["r2", worst, "mae"]}, "metrics"),
        ({"metrics": worst}, "metrics"),
        ({"shuffle": forward}, "shuffle"),
        ({"loss": OwnLoss()}, "loss"),
        ({"optimizer": OwnSGD(0.3)}, "optimizer"),
        ({"model": own_net}, "model"),
    ],
)
def test_what_is_the_users_own_is_asked_for(own, needed, tmp_path):
    def make():
        given = {"batch_size": 4, "model": own_net} | own
        net = given.pop("model")()
        return nbann.Trainer(net, nbann.Dataset(X, VALUES, task="regression"), **given)

    straight, stopped = make(), make()
    straight.run(2)
    stopped.run(2)
    stopped.save(tmp_path / "run")
    mine = {"model": own_net()} | own
    if needed == "model":
        mine = {"model": own_net()}
    missing = {key: value for key, value in mine.items() if key != needed}
    with pytest.raises(ValueError, match=rf"{needed}: .* given.*load\(path, {needed}="):
        nbann.Trainer.load(tmp_path / "run", **missing)
    loaded = nbann.Trainer.load(tmp_path / "run", **mine)
    straight.run(2)
    loaded.run(2)
    same(straight, loaded)


def test_of_several_metrics_the_functions_are_enough(tmp_path):
    trainer = values(metrics=["r2", worst, "mae"])
    trainer.run(2)
    trainer.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run", metrics=worst)
    same(trainer, loaded)
    with pytest.raises(ValueError, match="expected those that the run measures"):
        nbann.Trainer.load(tmp_path / "run", metrics=[worst, forward])


def test_another_model_than_the_saved_one_is_refused(tmp_path):
    MAKERS["plain"]().save(tmp_path / "run")
    for net in (
        nbann.Sequential([D(5), nbann.Tanh(), D(3, name="out")]),
        nbann.Sequential([D(4, name="other"), nbann.Tanh(), D(3, name="out")]),
    ):
        with pytest.raises(FileError, match="Pass the model that the run was saved with"):
            nbann.Trainer.load(tmp_path / "run", model=net)


def test_a_hook_that_changes_numbers_is_reminded_of(tmp_path):
    def shrink(event):
        event["dense1.weight"][...] *= 0.9

    straight, stopped = MAKERS["plain"](), MAKERS["plain"]()
    for trainer in (straight, stopped):
        trainer.on("batch", shrink, modifies=True)
        trainer.on("batch", lambda event: None)
        trainer.step("batch", 3)
    stopped.save(tmp_path / "run")
    with pytest.warns(UserWarning, match=r"hooks that change numbers.*<Hook after batch>"):
        loaded = nbann.Trainer.load(tmp_path / "run")
    assert loaded.loaded_from.hooks == ("<Hook after batch>",)
    same(straight, loaded)
    loaded.on("batch", shrink, modifies=True)
    for trainer in (straight, loaded):
        trainer.run(1)
    same(straight, loaded)


def test_a_hook_in_the_midst_of_a_batch_leaves_what_it_changed(tmp_path):
    def double(event):
        event["dense1.out"][...] *= 2

    straight, stopped = MAKERS["dropout"](), MAKERS["dropout"]()
    for trainer in (straight, stopped):
        trainer.run(1)
        hook = trainer.on("op", double, op="dense1.affine", modifies=True)
        trainer.step("op", 9)
        hook.remove()
    stopped.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run")
    same(straight, loaded)
    for trainer in (straight, loaded):
        trainer.run(1)
    same(straight, loaded)


def test_a_pause_before_an_op_is_kept(tmp_path):
    calls = []

    def pause(event):
        calls.append(event.op.name)
        event.pause()

    trainer = MAKERS["plain"]()
    trainer.on("op", pause, op="tanh1.tanh", when="before")
    assert trainer.run(1).reason == "paused"
    trainer.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run")
    loaded.on("op", pause, op="tanh1.tanh", when="before")
    loaded.step("op")
    assert calls == ["tanh1.tanh"]


def test_files_of_more_than_4_gigabytes(tmp_path, monkeypatch):
    """Every member as if it were that large."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    trainer = halves()
    trainer.run(1)
    trainer.save(tmp_path / "run")
    monkeypatch.undo()
    same(trainer, nbann.Trainer.load(tmp_path / "run"))


# ---- where it is written -------------------------------------------------------------------------
def test_the_path_is_taken_as_it_is(tmp_path):
    trainer = MAKERS["plain"]()
    trainer.save(str(tmp_path / "run"))
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    with pytest.raises(FileNotFoundError, match=r"expected one that is there.*mkdir"):
        trainer.save(tmp_path / "no" / "run")
    with pytest.raises(IsADirectoryError, match="Add a name"):
        trainer.save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"expected a file that Trainer\.save wrote"):
        nbann.Trainer.load(tmp_path / "run.npz")
    with pytest.raises(FileError, match="folder"):
        nbann.Trainer.load(tmp_path)


def test_a_trainer_can_not_be_saved_from_within_a_step(tmp_path):
    trainer = MAKERS["plain"]()
    trainer.on("op", lambda event: trainer.save(tmp_path / "run"))
    with pytest.raises(RuntimeError, match="in the midst"):
        trainer.step("op")


def test_another_machine_is_told_of(tmp_path, monkeypatch):
    trainer = MAKERS["plain"]()
    trainer.run(1)
    trainer.save(tmp_path / "run")
    monkeypatch.setattr(np, "__version__", "3.1.4")
    with pytest.warns(UserWarning, match=r"numpy \(.* there, 3.1.4 here\)"):
        loaded = nbann.Trainer.load(tmp_path / "run")
    assert len(loaded.loaded_from.differs) == 1
    same(trainer, loaded)
    loaded.run(1)


def test_resume_makes_a_trainer_once_and_loads_it_from_then_on(tmp_path):
    path, made = tmp_path / "run.npz", []

    def make():
        made.append(1)
        return MAKERS["plain"]()

    for epochs in (2, 4, 6):
        trainer = nbann.Trainer.resume(path, make)
        trainer.run(2)
        assert trainer.position.epoch == epochs
        trainer.save(path)
    assert len(made) == 1


def test_nothing_is_pickled(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle")

    for name in ("dump", "dumps", "load", "loads"):
        monkeypatch.setattr(pickle, name, refuse)
    trainer = MAKERS["own initializers"]()
    trainer.save(tmp_path / "run")
    nbann.Trainer.load(tmp_path / "run")
    with warnings.catch_warnings(), np.load(tmp_path / "run", allow_pickle=False) as archive:
        assert len(archive.files) > 3
        assert all(archive[name] is not None for name in archive.files)
