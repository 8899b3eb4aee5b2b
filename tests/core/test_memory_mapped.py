"""A run on memory-mapped files is that on arrays in memory, to the last bit: the oracle."""

import copy
import os
import pickle
import shutil

import numpy as np
import pytest

import nbann
from nbann.core.data.batches import Batches
from nbann.core.data.source import RowSource
from nbann.core.data.splitting import drawn, parts
from tests.core.filed_data import in_file, net, same_run, table, trainer


@pytest.fixture
def pair(tmp_path):
    X, y = table()
    return (X, y), (in_file(X, tmp_path, "X"), in_file(y, tmp_path, "y"))


def both(pair, **settings):
    held, filed = pair
    made = [trainer(data, **settings) for data in (held, filed)]
    assert isinstance(made[1].train_data.X, RowSource)
    return made


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dtype": "float32", "shuffle": False},
        {"batch_size": None},
        {"batch_size": 1, "evaluate_every": None},
        {"loss": nbann.CrossEntropy(class_weights=[1.0, 2.0, 0.5], label_smoothing=0.1)},
        {"metrics": ["accuracy", "f1_macro", "confusion_matrix", "top_2_accuracy"]},
        {"shuffle": lambda epoch: np.roll(np.arange(703), epoch)},
    ],
    ids=["usual", "in order", "one batch", "single rows", "weights", "metrics", "own order"],
)
def test_a_run_is_the_same_to_the_last_bit(pair, settings):
    held, filed = both(pair, **settings)
    for one in (held, filed):
        one.run(epochs=2)
        one.step("batch", 3)
        one.step("op", 4)
    assert same_run(held, filed)


def test_going_back_is_the_same(pair):
    held, filed = both(pair)
    for one in (held, filed):
        one.run(epochs=2)
        one.back("batch", 7)
        one.back("op", 3)
    assert same_run(held, filed)
    for one in (held, filed):
        one.goto(0, 4, 2)
    assert same_run(held, filed)
    for one in (held, filed):
        one.set("learning_rate", None, 0.3)
        one.run(epochs=1)
    assert same_run(held, filed)


def test_predictions_and_scores_are_the_same(pair):
    held, filed = both(pair, test=pair[1])
    for one in (held, filed):
        one.run(epochs=1)
    for X in (pair[1][0], pair[1][0][100:300], pair[1][0][::-3]):
        assert np.array_equal(held.predict_proba(X), held.predict_proba(np.array(X)))
    assert filed.evaluate(pair[1]) == held.evaluate(pair[0])
    assert held.evaluate(pair[1]) == held.evaluate(pair[0])
    assert held.probe(50, 1).loss(held.probe(50, 1).here) == pytest.approx(
        filed.probe(50, 1).loss(filed.probe(50, 1).here), abs=0
    )


@pytest.mark.parametrize("dtype", ["float64", "float16", ">f4", "uint8", "int64", "bool"])
def test_dtypes(tmp_path, dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2 if dtype == "bool" else 200, (300, 4)).astype(dtype)
    y = rng.integers(0, 3, 300).astype("uint8")
    held = trainer((X.astype(np.float64) / 1, y), optimizer=nbann.SGD(1e-4))
    mapped = in_file(X, tmp_path, "X"), in_file(y, tmp_path, "y")
    filed = trainer(mapped, optimizer=nbann.SGD(1e-4))
    for one in (held, filed):
        one.run(epochs=1)
    assert same_run(held, filed)


def views(X):
    """Yield views of a memory-mapped array."""
    yield "slice", X[50:450]
    yield "backward", X[::-2]
    yield "columns", X[:, 1:4]
    yield "columns apart", X[:, ::2]
    yield "reshaped", X.reshape(len(X), 2, -1)[:, 0]


def test_views_of_a_mapping(pair):
    (X, y), (filed, _) = pair
    held = dict(views(X))
    for name, view in views(filed):
        ds = nbann.Dataset(view, y[: len(view)])
        assert isinstance(ds.X, RowSource), name
        assert np.array_equal(np.asarray(ds.X), held[name]), name
        rows = np.array([5, 0, len(view) - 1, 5])
        assert np.array_equal(ds.X[rows], held[name][rows]), name
        assert np.array_equal(ds.X[3:9], held[name][3:9]), name


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_modes_orders_and_offsets(tmp_path, mode, order):
    X, y = table(400)
    with open(tmp_path / "raw", "wb") as file:
        file.write(b"x" * 100 + X.tobytes(order=order))
    mapped = np.memmap(tmp_path / "raw", "float32", mode, 100, X.shape, order)
    if mode != "r":
        X = X.copy()
        X[7] = mapped[7] = 0.25  # "c" has it in memory alone
    held, filed = trainer((X, y)), trainer((mapped, y))
    for one in (held, filed):
        one.run(epochs=1)
    assert same_run(held, filed)
    assert np.array_equal(mapped, X)  # nothing of it was lost


def test_a_file_without_a_name_and_one_that_was_deleted_or_replaced(tmp_path):
    X, y = table(300)
    with open(tmp_path / "open", "w+b") as file:
        file.write(X.tobytes())
        file.flush()
        mapped = np.memmap(file, "float32", "r", 0, X.shape)
        os.rename(tmp_path / "open", tmp_path / "elsewhere")
        (tmp_path / "open").write_bytes(bytes(X.nbytes))  # another file of the same length
        ds = nbann.Dataset(mapped, y)
        assert np.array_equal(np.asarray(ds.X), X)
        os.remove(tmp_path / "open")
        assert np.array_equal(np.asarray(nbann.Dataset(mapped, y).X), X)


def test_splits_and_standardized_sets_stay_in_the_file(pair):
    made = []
    for data in pair:
        train, test = nbann.Dataset(*data).split(seed=3)
        train = train.standardized()
        made.append((train, test.standardized(like=train)))
    for one, other in zip(*made, strict=True):
        assert isinstance(other.X, RowSource)
        assert isinstance(other.y, RowSource)
        assert np.array_equal(one.X, np.asarray(other.X))
        assert np.array_equal(one.y, np.asarray(other.y))
        assert np.array_equal(one.scaling, other.scaling)
        assert other.held_out == one.held_out
    runs = [trainer(train, test=test) for train, test in made]
    for one in runs:
        one.run(epochs=2)
    assert same_run(*runs)
    held, filed = (nbann.Dataset(*data) for data in pair)
    assert np.array_equal(np.asarray(filed.take(slice(3, 9)).X), pair[0][0][3:9])
    assert np.array_equal(np.asarray(filed.take([9, 3]).X), pair[0][0][[9, 3]])
    # what is scaled and then split is scaled anew from the numbers of the file, not from rounded
    scaled = filed.standardized()
    assert np.array_equal(np.asarray(scaled.raw_X), pair[0][0])
    for one, other in zip(held.standardized().split(), scaled.split(), strict=True):
        np.testing.assert_allclose(one.X, np.asarray(other.X), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("count", [2000, 300_000])
@pytest.mark.parametrize("classes", [1, 4])
def test_rows_of_a_split_are_those_that_were_not_drawn_before(count, classes):
    labels = np.random.default_rng(1).integers(0, classes, count)
    counts = [count // 5, count // 7]
    test, validation, train = parts(np.random.default_rng(2), count, labels, counts)
    rng, groups = np.random.default_rng(2), [np.flatnonzero(labels == k) for k in range(classes)]
    for found, number in zip((test, validation), counts, strict=True):
        expected = [np.sort(one) for one in drawn(rng, groups, number)]
        assert np.array_equal(np.sort(np.concatenate(expected)), found)
        groups = [np.setdiff1d(g, one) for g, one in zip(groups, expected, strict=True)]
    assert np.array_equal(np.sort(np.concatenate(groups)), train)


@pytest.mark.parametrize("count", [2**18 + 5, 300_000])
def test_the_order_of_many_rows_is_a_permutation_drawn_by_numpy(count):
    for size in (32, count - 1):
        batches = Batches(count, size, shuffle=True, seed=[7, 1])
        expected = np.random.default_rng([7, 1, 3]).permutation(count)
        rows = batches.rows(3)
        assert len(rows) == batches.count
        assert np.array_equal(np.concatenate(list(rows)), expected)
        assert np.array_equal(np.concatenate(rows[1:]), expected[size:])
        in_order = Batches(count, size, shuffle=False, seed=[0]).rows(1)
        assert np.array_equal(np.concatenate(list(in_order)), range(count))


def test_standardization_is_that_of_numpy(tmp_path):
    X = np.random.default_rng(0).normal(1e6, 1e-3, (5000, 3))
    X[:, 1] = 7.0
    X[:, 2] *= 1e200
    ds = nbann.Dataset(in_file(X, tmp_path, "X"), np.zeros(5000, int)).standardized()
    held = nbann.Dataset(X, np.zeros(5000, int)).standardized()
    np.testing.assert_allclose(ds.scaling, held.scaling, rtol=1e-12)
    scaled = np.asarray(ds.X)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 0, 1], atol=1e-9)


@pytest.mark.parametrize(("least", "most"), [(0, 2), (0, 255), (-3, 40), (0, 256), (-40_000, 0)])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_numbers_are_those_of_the_file_however_few_bytes_hold_them(
    tmp_path, least, most, dtype
):
    y = np.random.default_rng(0).integers(least, most + 1, 500).astype(dtype)
    y[:2] = least, most
    ds = nbann.Dataset(np.ones((500, 1)), in_file(y, tmp_path, "y"))
    assert ds.y.dtype == y.dtype
    assert np.array_equal(np.asarray(ds.y), y)
    assert np.array_equal(ds.y[[7, 1, -1]], y[[7, 1, -1]])
    assert np.array_equal(ds.y[3:90], y[3:90])


def test_values_pairs_and_reconstructions(tmp_path):
    X, _ = table(dtype="float64")
    values = X[:, :2] @ [[1.0, -1.0], [0.5, 2.0]]
    filed = in_file(X, tmp_path, "X")
    cases = [
        ((X, values), (filed, in_file(values, tmp_path, "v")), {"metrics": ["r2", "mse"]}),
        ((X, values), (X, in_file(values, tmp_path, "v")), {}),
        ((X, values), (filed, values), {}),
    ]
    for held, mapped, settings in cases:
        runs = [
            nbann.Trainer(net(2), data, loss="mse", optimizer=nbann.SGD(1e-3), **settings)
            for data in (held, mapped)
        ]
        for one in runs:
            one.run(epochs=2)
        assert all(np.array_equal(runs[0][n], runs[1][n]) for n in runs[0].parameters)
        for column in runs[0].history:
            np.testing.assert_allclose(runs[0].history[column], runs[1].history[column], rtol=1e-12)
    squeezed = X / np.abs(X).max()
    sets = [
        nbann.Dataset(a, task="unsupervised") for a in (squeezed, in_file(squeezed, tmp_path, "s"))
    ]
    runs = [nbann.Trainer(nbann.Autoencoder([nbann.Dense(2)], [nbann.Dense(6)]), s) for s in sets]
    for one in runs:
        one.run(epochs=2)
    assert same_run(*runs)


def test_words_masks_and_groups_are_read_into_memory(tmp_path):
    X, y = table(60)
    words = np.array(["a", "b", "c"])[y]
    ds = nbann.Dataset(in_file(X, tmp_path, "X"), in_file(words, tmp_path, "w"))
    assert ds.target_names == ("a", "b", "c")
    assert np.array_equal(ds.y, y)
    masked = nbann.Dataset(in_file(X, tmp_path, "M"), y, mask=np.ones(X.shape))
    assert isinstance(masked.X, np.ndarray)
    ranked = nbann.Dataset(in_file(X, tmp_path, "G"), in_file(y, tmp_path, "r"), groups=[30, 30])
    assert isinstance(ranked.X, np.ndarray)
    assert isinstance(ranked.y, np.ndarray)


# ---- what is refused -----------------------------------------------------------------------------
def test_numbers_that_are_not_finite_are_named(tmp_path):
    X = np.zeros((400_000, 3), "float32")
    X[234_567, 1] = np.nan
    X[399_999, 2] = np.inf
    with pytest.raises(ValueError, match=r"X.*finite.*nan at \[234567, 1\] \(2 such values\)"):
        nbann.Dataset(in_file(X, tmp_path, "X"), np.zeros(400_000, int))
    y = np.zeros(400)
    y[321] = -np.inf
    with pytest.raises(ValueError, match=r"train y.*-inf at \[321\]"):
        trainer((X[:400], in_file(y, tmp_path, "y")))


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.zeros((9, 2)), np.zeros(8, int), "9 rows, as many as X has; received 8 rows"),
        (np.zeros(9), np.zeros(9, int), "2 axes"),
        (np.zeros((9, 2), complex), np.zeros(9, int), "complex128"),
        (np.zeros((9, 2)), np.arange(9), "class labels from 0 to 2.*received 3"),
        (np.zeros((9, 2)), np.zeros((9, 2), int), None),
        (np.full((9, 2), 2**63, "uint64"), np.zeros(9, int), "64 bits"),
    ],
)
def test_what_does_not_fit_is_refused_as_in_memory(tmp_path, X, y, words):
    filed = in_file(X, tmp_path, "X"), in_file(y, tmp_path, "y")
    with pytest.raises(ValueError, match=words or "."):
        trainer(filed)
    with pytest.raises(ValueError, match=words or ".") as held:
        trainer((X, y))
    with pytest.raises(ValueError, match=r".") as mapped:
        trainer(filed)
    assert str(mapped.value) == str(held.value)


def test_numbers_too_large_for_float32(tmp_path):
    X, y = table(300, dtype="float64")
    X[250, 3] = 1e300
    with pytest.raises(ValueError, match="numbers that fit float32"):
        trainer((in_file(X, tmp_path, "X"), y), dtype="float32")


def test_a_file_that_was_cut_short(tmp_path):
    X, y = table(3000)
    mapped = in_file(X, tmp_path, "X")
    run = trainer((mapped, y), evaluate_every=None)
    run.run(epochs=1)
    os.truncate(tmp_path / "X.npy", 30_000)
    with pytest.raises(ValueError, match=r"file of at least \d+ bytes.*cut short"):
        nbann.Dataset(mapped, y)
    with pytest.raises(ValueError, match=r"'X.npy'.*file of at least \d+ bytes.*cut short"):
        run.run(epochs=1)
    np.save(tmp_path / "again", X)
    with open(tmp_path / "again.npy", "rb") as whole, open(tmp_path / "X.npy", "r+b") as cut:
        shutil.copyfileobj(whole, cut)  # it is whole again: so the run goes on
    run.goto(2)
    held = trainer((X, y), evaluate_every=None)
    held.run(epochs=2)
    assert same_run(held, run)


def test_what_would_make_all_of_it_anew_is_refused(pair):
    ds = nbann.Dataset(*pair[1])
    calls = {
        "with_features": (["x1^2"],),
        "polynomial": (2,),
        "with_noise": (0.1,),
        "one_hot": (),
        "with_label_noise": (0.1,),
    }
    for name, arguments in calls.items():
        with pytest.raises(ValueError, match=f"{name}: expected data in memory.*write what comes"):
            getattr(ds, name)(*arguments)
    with pytest.raises(AttributeError, match=r"'mean'.*in memory.*np\.asarray"):
        ds.X.mean()
    with pytest.raises(IndexError, match="703 booleans"):
        ds.X[[1, 703]]
    assert copy.deepcopy(ds).X is ds.X
    assert copy.copy(ds.X) is ds.X
    with pytest.raises(TypeError, match=r"pickle.*from the file"):
        pickle.dumps(ds)


# ---- on disk -------------------------------------------------------------------------------------
def test_a_saved_run_goes_on_with_the_data_passed_again(pair, tmp_path):
    held, filed = both(pair, test=pair[1])
    for one in (held, filed):
        one.run(epochs=1)
        one.step("batch", 4)
        one.step("op", 3)
    filed.save(tmp_path / "run.npz")
    size = (tmp_path / "run.npz").stat().st_size
    assert size < 1000 * len(filed.names) + 100_000
    with np.load(tmp_path / "run.npz") as file:
        assert not [name for name in file.files if name.endswith("/X")]
    loaded = nbann.Trainer.load(tmp_path / "run.npz", train=pair[1], test=pair[1])
    assert same_run(loaded, held)
    for one in (loaded, held):
        one.back("batch", 6)
        one.run(epochs=1)
    assert same_run(loaded, held)


def test_a_standardized_run_is_loaded(pair, tmp_path):
    train, test = nbann.Dataset(*pair[1], weight=np.arange(703) + 1.0).standardized().split()
    run = trainer(train, test=test)
    run.run(epochs=1)
    run.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run", train=train, test=test)
    assert same_run(loaded, run)
    other = nbann.Dataset(train.X, train.y, weight=np.ones(len(train)), scaling=train.scaling)
    with pytest.raises(nbann.FileError, match=r"train.*weights and scaling; received others"):
        nbann.Trainer.load(tmp_path / "run", train=other, test=test)


def test_what_is_wrong_with_data_passed_to_load(pair, tmp_path):
    (X, y), filed = pair
    run = trainer(filed)
    run.save(tmp_path / "run")
    load = nbann.Trainer.load
    with pytest.raises(ValueError, match=r"train: expected the data of the run.*, train="):
        load(tmp_path / "run")
    with pytest.raises(nbann.FileError, match=r"the run's own data \(X of shape \(703, 6\)"):
        load(tmp_path / "run", train=(in_file(X + 1, tmp_path, "other"), filed[1]))
    with pytest.raises(nbann.FileError, match=r"train: expected the run's own data"):
        load(tmp_path / "run", train=(filed[0][:600], filed[1][:600]))
    with pytest.raises(nbann.FileError, match=r"test: expected none, as the run has none"):
        load(tmp_path / "run", train=filed, test=filed)
    trainer((X, y)).save(tmp_path / "held")
    with pytest.raises(nbann.FileError, match=r"train: expected none, as the file holds the data"):
        load(tmp_path / "held", train=(X, y))
