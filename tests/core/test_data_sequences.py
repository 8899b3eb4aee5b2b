"""Sequences: padding and masks, and what is not there is neither read nor counted."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import nbann

RAGGED = [[[1.0, 2], [3, 4], [5, 6]], [[7, 8]], [[9, 0], [1, 2]]]
MASK = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]


def ragged(n=7, features=2, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(3, 2, (length, features)) for length in rng.integers(1, 6, n)]


def test_sequences_are_filled_up_at_the_end():
    ds = nbann.Dataset.from_sequences(RAGGED, [0, 1, 0], name="three")
    assert ds.X.shape == (3, 3, 2)
    np.testing.assert_array_equal(ds.mask, MASK)
    for i, sequence in enumerate(RAGGED):
        np.testing.assert_array_equal(ds.X[i, : len(sequence)], sequence)
        np.testing.assert_array_equal(ds.X[i, len(sequence) :], 0)
    assert ds.task == "classification"
    assert ds.feature_names == ("x1", "x2")
    assert repr(ds) == "<Dataset three: 3 samples, up to 3 steps, 2 features, classification>"
    flat = nbann.Dataset.from_sequences([[1, 2, 3], [4]], [0.5, 1])
    assert repr(flat) == "<Dataset data: 2 samples, up to 3 steps, regression>"
    images = nbann.Dataset(np.zeros((2, 8, 6)), [0, 1])
    assert repr(images) == "<Dataset data: 2 samples, 8 steps, 6 features, classification>"


@pytest.mark.parametrize(
    ("y", "task", "shape"),
    [
        ([0, 1, 2], "classification", (3,)),
        (["b", "a", "b"], "classification", (3,)),
        ([0.5, 1.0, 2.0], "regression", (3,)),
        (np.ones((3, 5)), "regression", (3, 5)),
        ([[0, 1, 2], [1], [0, 0]], "classification", (3, 3)),
        ([["a", "b", "a"], ["b"], ["c", "a"]], "classification", (3, 3)),
        ([[0.5, 1, 2], [1], [0, 0]], "regression", (3, 3)),
        ([np.ones((3, 4)), np.ones((1, 4)), np.ones((2, 4))], "regression", (3, 3, 4)),
    ],
)
def test_targets_of_sequences_and_of_their_steps(y, task, shape):
    ds = nbann.Dataset.from_sequences(RAGGED, y)
    assert (ds.task, ds.y.shape) == (task, shape)
    if len(shape) > 1 and shape[1] == 3:
        for i, row in enumerate(y):
            wanted = [ds.target_names.index(w) for w in row] if isinstance(row[0], str) else row
            np.testing.assert_array_equal(ds.y[i, : len(row)], wanted)
            np.testing.assert_array_equal(ds.y[i, len(row) :], 0)


def test_what_is_not_there_may_hold_anything():
    X = np.where(np.array(MASK)[..., None] == 1, 5.0, np.nan) * np.ones(2)
    labels = np.where(np.array(MASK) == 1, 2, -100)
    values = np.where(np.array(MASK) == 1, 2.5, np.inf)
    words = np.where(np.array(MASK) == 1, "noun", "")
    for y in (labels, values, values[..., None], words):
        ds = nbann.Dataset(X, y, mask=np.array(MASK, bool))
        np.testing.assert_array_equal(ds.X[..., 0], np.where(MASK, 5, 0))
        assert np.isfinite(ds.y).all()
        assert not ds.y[np.array(MASK) == 0].any()
        assert not ds.mask.flags.writeable
    assert nbann.Dataset(X, words, mask=MASK).target_names == ("noun",)
    with pytest.raises(ValueError, match=r"X: expected finite .* nan at \[1, 1, 0\]"):
        nbann.Dataset(X, labels)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((3, 2)), r"shape \(3, 3\); received shape \(3, 2\)"),
        (np.full((3, 3), 2), "0 and 1; received 2"),
        (np.full((3, 3), np.nan), "0 and 1; received nan"),
        ([[1, 1, 1], [0, 0, 0], [1, 1, 1]], "a time step in every row; received none in row 1"),
        ([["a"] * 3] * 3, "received text"),
        ([[1], [1, 1], [1]], "unequal length"),
    ],
)
def test_masks_that_are_refused(mask, message):
    with pytest.raises(ValueError, match=f"mask: expected .*{message}"):
        nbann.Dataset(np.ones((3, 3, 2)), [0, 1, 0], mask=mask)


@pytest.mark.parametrize(
    ("sequences", "y", "message"),
    [
        ([], [], "at least 1 sequence"),
        ("abc", [0], "a list of arrays; received str"),
        (5, [0], "a list of arrays; received int"),
        ([[1, 2], []], [0, 1], r"sequences\[1\]: expected at least 1 time step"),
        ([[1, 2], [[1]]], [0, 1], r"sequences\[1\]: expected \(\) at each step.*received \(1,\)"),
        ([[1, np.nan], [1]], [0, 1], r"sequences\[0\]: expected finite"),
        ([[1, "a"], [1]], [0, 1], r"sequences\[0\]: expected numbers; received text"),
        ([[1, 2], [1]], [[0, 1, 0], [0, 1, 1]], "argmax"),
        ([[1, 2], [1]], [[0, 1, 1], [0]], "from_sequences|unequal"),
        ([[1, 2], [1]], [[0, 1], ["a"]], "expected numbers"),
        ([[1, 2], [1]], [[[0], [1]], [0]], "one kind of target"),
        ([[1, 2], [1]], [0], "2 rows, as many as X has"),
    ],
)
def test_sequences_that_are_refused(sequences, y, message):
    with pytest.raises(ValueError, match=message):
        nbann.Dataset.from_sequences(sequences, y, "classification")


def test_labels_at_each_step_are_told_from_one_hot_rows():
    tokens, labels = np.arange(6).reshape(2, 3), np.array([[0, 1, 2], [2, 1, 0]])
    ds = nbann.Dataset(tokens, labels, "classification", mask=np.ones((2, 3)))
    np.testing.assert_array_equal(ds.y, labels)
    with pytest.raises(ValueError, match=r"argmax.*\(n, time\), pass a mask"):
        nbann.Dataset(tokens, labels, "classification")
    with pytest.raises(ValueError, match=r"\(samples, steps\); received shape \(2, 3, 2\)"):
        nbann.Dataset(np.ones((2, 3, 4)), np.ones((2, 3, 2)), "classification")
    with pytest.raises(ValueError, match=r"\(samples, 3, ...\) for each step"):
        nbann.Dataset(np.ones((2, 3, 4)), np.ones((2, 5, 1)))


# ---- standardization and splits ------------------------------------------------------------------


def test_features_of_sequences_are_standardized_over_the_steps_that_are_there():
    sequences = ragged()
    ds = nbann.Dataset.from_sequences(sequences, np.arange(7)).standardized()
    scaler = StandardScaler().fit(np.concatenate(sequences))
    for i, sequence in enumerate(sequences):
        steps = slice(0, len(sequence))
        np.testing.assert_allclose(ds.X[i, steps], scaler.transform(sequence), rtol=0, atol=1e-12)
        np.testing.assert_allclose(ds.raw_X[i, steps], sequence, rtol=1e-13)
        assert not ds.X[i, len(sequence) :].any()
        assert not ds.raw_X[i, len(sequence) :].any()


def test_plain_sequences_have_one_scale():
    sequences = [s[:, 0] for s in ragged()]
    ds = nbann.Dataset.from_sequences(sequences, np.arange(7)).standardized()
    there = ds.X[ds.mask == 1]
    assert there.mean() == pytest.approx(0, abs=1e-12)
    assert there.std() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(there * ds.scaling[1] + ds.scaling[0], np.concatenate(sequences))


def test_images_are_standardized_by_their_last_axis():
    X = np.random.default_rng(0).normal(2, 3, (20, 4, 5))
    ds = nbann.Dataset(X, np.arange(20)).standardized()
    expected = StandardScaler().fit_transform(X.reshape(-1, 5)).reshape(X.shape)
    np.testing.assert_allclose(ds.X, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", ["split", "standardize"])
def test_nothing_leaks_from_the_test_sequences(first):
    sequences = ragged(20)
    ds = nbann.Dataset.from_sequences(sequences, np.arange(20.0), weight=np.arange(1.0, 21))
    if first == "split":
        train, test = ds.split(0.3)
        train = train.standardized()
        test = test.standardized(like=train)
    else:
        train, test = ds.standardized().split(0.3)
    rows = train.y.astype(int)
    scaler = StandardScaler().fit(np.concatenate([sequences[i] for i in rows]))
    for part in (train, test):
        np.testing.assert_array_equal(part.weight, part.y + 1)
        for x, mask, i in zip(part.X, part.mask, part.y.astype(int), strict=True):
            assert mask.sum() == len(sequences[i])
            expected = scaler.transform(sequences[i])
            np.testing.assert_allclose(x[mask == 1], expected, rtol=0, atol=1e-11)


def test_features_and_noise_of_sequences():
    ds = nbann.Dataset.from_sequences(RAGGED, [0, 1, 0])
    more = ds.with_features(["x2", "cos(x1)", "x1*x2"])
    for i, sequence in enumerate(RAGGED):
        a, b = np.transpose(sequence)
        expected = np.transpose([b, np.cos(a), a * b])
        np.testing.assert_allclose(more.X[i, : len(sequence)], expected, rtol=1e-15)
        assert not more.X[i, len(sequence) :].any()  # though cos(0) is 1
    noisy = ds.with_noise(0.1)
    assert (noisy.X[ds.mask == 1] != ds.X[ds.mask == 1]).all()
    assert not noisy.X[ds.mask == 0].any()
    labels = nbann.Dataset.from_sequences(RAGGED, [[0, 1, 1], [1], [0, 0]])
    flipped = labels.with_label_noise(1.0)
    np.testing.assert_array_equal(flipped.y, np.where(labels.mask, 1 - labels.y, 0))
    assert labels.one_hot().y.shape == (3, 3, 2)
    with pytest.raises(ValueError, match=r"the shape \(n, time, 1\)"):
        nbann.Dataset.from_sequences([[1, 2], [3]], [0, 1]).polynomial(2)
