"""Data sets: splits are disjoint, complete, stratified; nothing of a test part leaks out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

import nbann


def numbered(n, classes=None):
    """A data set whose only feature is the row's number."""
    y = np.arange(n) % classes if classes else np.arange(n) / 2
    return nbann.Dataset(np.arange(n)[:, None], y)


@settings(deadline=None)
@given(
    st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 5), st.sampled_from([None, 2, 3, 7])
)
def test_a_split_is_disjoint_and_complete(n, share, seed, classes):
    ds = numbered(n, classes)
    train, test = ds.split(share, seed=seed)
    rows = [*train.X[:, 0], *test.X[:, 0]]
    assert sorted(rows) == list(range(n))
    assert len(test) == max(1, min(n - 1, round(share * n)))
    again = ds.split(share, seed=seed)
    for part, same in zip((train, test), again, strict=True):
        np.testing.assert_array_equal(part.X, same.X)
        np.testing.assert_array_equal(part.y, ds.y[part.X[:, 0].astype(int)])


@settings(deadline=None)
@given(st.integers(10, 90), st.floats(0.1, 0.9), st.integers(2, 5))
def test_classes_keep_their_shares(n, share, classes):
    ds = numbered(n, classes)
    _, test = ds.split(share)
    for label in range(classes):
        exact = np.mean(ds.y == label) * len(test)
        assert abs(np.sum(test.y == label) - exact) < 1


def test_another_seed_is_another_split():
    ds = numbered(40)
    parts = {tuple(ds.split(0.5, seed=seed)[1].X[:, 0]) for seed in range(4)}
    assert len(parts) == 4


def test_iris_is_fishers():
    ds, bunch = nbann.datasets.iris(), load_iris()
    np.testing.assert_array_equal(ds.X, bunch.data)
    np.testing.assert_array_equal(ds.y, bunch.target)
    assert ds.task == "classification"
    assert ds.feature_names[0] == "sepal length (cm)"
    assert ds.target_names == ("setosa", "versicolor", "virginica")
    train, test = ds.split(0.2)
    assert [len(train), len(test)] == [120, 30]
    assert np.bincount(test.y).tolist() == [10, 10, 10]


def test_the_toy_sets_are_exclusive_or():
    for ds in (nbann.datasets.xor(), nbann.datasets.trask()):
        first, second = ds.X[:, 0].astype(int), ds.X[:, 1].astype(int)
        np.testing.assert_array_equal(ds.y, first ^ second)


# ---- standardization -----------------------------------------------------------------------------


def test_standardized_as_scikit_learn_does():
    ds = nbann.datasets.iris()
    ours = ds.standardized()
    np.testing.assert_allclose(ours.X, StandardScaler().fit_transform(ds.X), rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.raw_X, ds.X, rtol=1e-14)
    np.testing.assert_allclose(ours.standardized().X, ours.X, rtol=0, atol=1e-13)


@pytest.mark.parametrize("first", ["split", "standardize"])
def test_a_test_part_is_scaled_by_its_training_part(first):
    """Even where the whole set was standardized before it was split."""
    ds = nbann.datasets.iris()
    if first == "split":
        train, test = ds.split()
        train = train.standardized()
        test = test.standardized(like=train)
    else:
        train, test = ds.standardized().split()
    raw_train, raw_test = ds.split()
    scaler = StandardScaler().fit(raw_train.X)
    np.testing.assert_allclose(train.X, scaler.transform(raw_train.X), rtol=0, atol=1e-12)
    np.testing.assert_allclose(test.X, scaler.transform(raw_test.X), rtol=0, atol=1e-12)


def test_a_test_part_alone_can_not_be_standardized():
    train, test = nbann.datasets.iris().split()
    with pytest.raises(ValueError, match="like=train"):
        test.standardized()
    with pytest.raises(ValueError, match=r"train\.standardized\(\)"):
        test.standardized(like=train)
    with pytest.raises(ValueError, match="4 features"):
        test.standardized(like=nbann.datasets.xor().standardized())


def test_a_test_part_split_again_keeps_the_scaling_of_the_training():
    train, test = nbann.datasets.iris().standardized().split()
    for part in test.split(0.5):
        assert part.scaling is not None
        np.testing.assert_array_equal(part.scaling, train.scaling)
        with pytest.raises(ValueError, match="like=train"):
            part.standardized()


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3, 1e9, 1e-9])
def test_a_constant_feature_becomes_zero(constant):
    """Though the standard deviation of seven times 0.1 is 1.4e-17 in floating point."""
    X = np.column_stack([np.full(7, constant), np.arange(7.0)])
    scaled = nbann.Dataset(X, np.arange(7.0)).standardized()
    np.testing.assert_array_equal(scaled.X[:, 0], 0)
    np.testing.assert_array_equal(scaled.raw_X[:, 0], constant)


# ---- what a data set holds -----------------------------------------------------------------------


def test_data_can_not_be_changed_from_either_side():
    X, y = np.ones((3, 2)), np.array([0, 1, 0])
    ds = nbann.Dataset(X, y)
    X[:] = 5
    y[:] = 5
    np.testing.assert_array_equal(ds.X, 1)
    np.testing.assert_array_equal(ds.y, [0, 1, 0])
    for array in (ds.X, ds.y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("y", "task"),
    [
        ([0, 1, 2], "classification"),
        ([True, False, True], "classification"),
        ([0.0, 1.0, 2.0], "regression"),
        ([[0], [1], [2]], "regression"),
        ([[0.5, 1], [1, 2], [0, 0]], "regression"),
    ],
)
def test_the_task_is_read_off_the_targets(y, task):
    ds = nbann.Dataset(np.ones((3, 2)), y)
    assert ds.task == task
    assert ds.feature_names == ("x1", "x2")
    assert repr(ds) == f"<Dataset data: 3 samples, 2 features, {task}>"


def test_a_column_of_labels_is_labels():
    ds = nbann.Dataset(np.ones((3, 2)), [[0], [1], [2]], "classification")
    assert ds.y.shape == (3,)
    with pytest.raises(ValueError, match="argmax"):
        nbann.Dataset(np.ones((3, 2)), np.eye(3), "classification")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ds: ds.split(0), "above 0 and below 1"),
        (lambda ds: ds.split(1.0), "above 0 and below 1"),
        (lambda ds: ds.split(0.2, seed=-1), "seed"),
        (lambda ds: ds.split(0.2, seed="a"), "seed"),
        (lambda ds: nbann.Dataset(ds.X[:1], ds.y[:1]).split(), "at least 2 samples"),
        (lambda ds: nbann.Dataset(ds.X, ds.y, "clasification"), "Did you mean 'classification'"),
        (lambda ds: nbann.Dataset(ds.X, ds.y, feature_names=["a"]), "2 names"),
    ],
)
def test_bad_requests(call, message):
    with pytest.raises(ValueError, match=message):
        call(nbann.datasets.xor())


def test_labels_of_every_kind_train_alike():
    """Bool, small, large, unsigned or float: the same labels give the same run."""
    X, labels = np.random.default_rng(0).standard_normal((8, 2)), np.array([0, 1, 1, 0, 1, 0, 0, 1])
    losses = []
    for kind in (bool, np.int8, np.uint64, np.int32, float):
        model = nbann.Sequential([nbann.Dense(2)])
        trainer = nbann.Trainer(model, (X, labels.astype(kind)), loss="cross_entropy")
        trainer.run(3)
        losses.append(trainer.history["loss"])
        assert trainer.evaluate((X, labels))["accuracy"] == trainer.history["train_accuracy"][-1]
    for other in losses[1:]:
        np.testing.assert_array_equal(losses[0], other)
