"""What users pass as data: frames, words, weights; and what is refused, with the mend."""

import decimal
import importlib.util
import pickle
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import LabelEncoder

import nbann
from nbann.core.data.given import as_dataset

WORDS = ["pear", "fig", "pear", "apple"]
X = np.arange(8.0).reshape(4, 2)


# ---- classes given as words ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, dtype=object),
        np.array(WORDS, dtype="S"),
        np.array(WORDS, dtype=np.dtypes.StringDType()),
        np.array(WORDS)[:, None],
    ],
)
def test_words_are_classes_in_alphabetical_order(words):
    ds = nbann.Dataset(X, words)
    encoder = LabelEncoder().fit(WORDS)
    np.testing.assert_array_equal(ds.y, encoder.transform(WORDS))
    assert ds.target_names == tuple(encoder.classes_) == ("apple", "fig", "pear")
    assert ds.task == "classification"


def test_words_in_the_order_that_target_names_give():
    ds = nbann.Dataset(X, WORDS, target_names=["fig", "pear", "plum", "apple"])
    assert ds.y.tolist() == [1, 0, 1, 3]
    with pytest.raises(ValueError, match=r"one of the classes 'fig'.*received 'apple'"):
        nbann.Dataset(X, WORDS, target_names=["fig", "pear"])


def test_a_part_keeps_the_numbers_of_its_classes():
    train, test = nbann.Dataset(np.eye(6), list("aabbcc")).split(0.5)
    assert train.target_names == test.target_names == ("a", "b", "c")
    assert test.take(test.y == 2).y.tolist() == [2]


def test_words_of_a_test_set_are_numbered_as_in_training():
    train = nbann.Dataset(X, WORDS)
    pair = as_dataset((X[:2], ["pear", "fig"]), "test", like=train)
    assert pair.y.tolist() == [2, 1]
    assert pair.target_names == train.target_names
    with pytest.raises(ValueError, match=r"test y: expected one of the classes.*received 'kiwi'"):
        as_dataset((X[:2], ["pear", "kiwi"]), "test", like=train)
    own = nbann.Dataset(X[:2], ["pear", "fig"])  # numbered by itself: pear is 1 here
    with pytest.raises(ValueError, match="the training data's classes 'apple', 'fig', 'pear'"):
        as_dataset(own, "test", like=train)
    unnamed = nbann.Dataset(X[:2], [2, 1])
    assert as_dataset(unnamed, "test", like=train) is unnamed


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", None, "b", "a"], r"all words, or all numbers; received None \(NoneType\)"),
        (np.array(["a", np.nan, "b", "a"], object), "received nan"),
        (np.array(["a", 1, "b", "a"], object), r"received 1 \(int\)"),
        (np.ma.masked_array([0, 1, 0, 1], [0, 0, 1, 0]), "no masked values"),
        ([1j, 0, 0, 0], "complex128"),
        (np.array(["2020-01-01"] * 4, "M8[D]"), "datetime64"),
        ([object()] * 4, "expected numbers; received <object"),
        ([2**64, 0, 1, 2], "at most 9223372036854775807 .64 bits.; received 18446744073709551616"),
        (np.array([2**63, 0, 1, 2], np.uint64), "received 9223372036854775808"),
        ([-(10**400), 0, 1, 2], "more than 30 digits"),
        ("abcd", r"shape \(\)"),
        (5, r"shape \(\)"),
        (np.zeros((4, 0)), r"shape \(4, 0\)"),
        (None, "task='unsupervised'"),
    ],
)
def test_targets_that_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        nbann.Dataset(X, y)


def test_without_y_samples_are_learned_from_alone():
    alone, named = nbann.Dataset(X), nbann.Dataset(X, task="unsupervised")
    for one in (alone, named, alone.take([0, 1, 2, 3]), named.standardized()):
        assert one.task == "unsupervised"
        assert one.y is one.X
    np.testing.assert_array_equal(alone.X, X)
    for task in ("classification", "regression", "ranking"):
        with pytest.raises(ValueError, match="a target for each sample"):
            nbann.Dataset(X, task=task)


def test_words_are_no_values():
    with pytest.raises(ValueError, match="numbers, for the task 'regression'; received words"):
        nbann.Dataset(X, WORDS, "regression")


@pytest.mark.parametrize("label", [2.0**53 + 2, 1e300])
def test_labels_that_a_float_can_not_tell_apart(label):
    with pytest.raises(ValueError, match="at most 9007199254740992"):
        nbann.Dataset(X, [0.0, 1.0, 2.0, label], "classification")
    assert nbann.Dataset(X, [0.0, 1.0, 2.0, label]).task == "regression"


def test_a_label_beyond_reason_does_not_ask_for_that_many_neurons():
    net = nbann.Sequential([nbann.Dense(2)])
    with pytest.raises(ValueError, match=r"received 4611686018427387904. Number the classes from"):
        nbann.Trainer(net, (X, [0, 1, 2**62, 0]))


# ---- features ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[True, False]], [[1, 0]]),
        ([[Fraction(1, 4), decimal.Decimal("0.5")]], [[0.25, 0.5]]),
        ([[1, 2.5]], [[1, 2.5]]),
        (np.array([[1, 2]], np.int8), [[1, 2]]),
        (np.array([[1, 2]], np.float16), [[1, 2]]),
        (np.ma.masked_array([[1.0, 2.0]]), [[1, 2]]),
        (np.array([[1, 2]], dtype=object), [[1, 2]]),
    ],
)
def test_numbers_of_every_kind(values, expected):
    ds = nbann.Dataset(values, [0])
    assert ds.X.dtype == np.float64
    np.testing.assert_array_equal(ds.X, expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([["1.5", "2"]], r"table of numbers.*text \(<U3\). Encode text"),
        (np.array([["1.5", 2]], object), r"received '1.5' \(str\) at \[0, 0\]. Encode text"),
        ([[None, 1]], r"received None \(NoneType\) at \[0, 0\]. Fill in or drop"),
        ([[10**400, 1]], "64 bits"),
        ([[10**400, 1.5]], "table of numbers"),
        (sparse.eye(2, format="csr"), r"a sparse csr_matrix. Make it dense first: X.toarray"),
        ([[1, 2], [3]], r"rows of unequal length \(1 to 2\).*from_sequences\(list_of_arrays, y\)"),
        ([np.ones((2, 3)), np.ones((4, 3))], r"\(2 to 4\).*from_sequences"),
        (np.array([np.ones(2), np.ones(3)], dtype=object), r"\(2 to 3\).*from_sequences"),
        (np.full((2, 2), np.longdouble("1e400")), "finite numbers"),
        ({"a": 1}, r"received {'a': 1} \(dict\). Fill in"),
        (np.ones(3), "2 axes"),
    ],
)
def test_features_that_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        nbann.Dataset(values, [0, 1])


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_names": "ab"}, "feature_names: expected a list of names; received 'ab'"),
        ({"target_names": 5}, "target_names: expected a list of names"),
        ({"target_names": ["a", "b"]}, "3 names, one a class; received 2"),
        ({"target_names": ["a", "b"], "y": [0.5, 1, 2, 3]}, "1 name, one a column; received 2"),
        ({"task": "ranking", "y": np.eye(4)}, r"shape \(samples,\); received shape \(4, 4\)"),
    ],
)
def test_names_that_do_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        nbann.Dataset(**({"X": X, "y": [0, 1, 2, 0]} | settings))


# ---- weights -------------------------------------------------------------------------------------


def test_weights_go_with_their_samples():
    ds = nbann.Dataset(X, [0, 1, 0, 1], weight=[1, 2, 3, 4])
    for part in ds.standardized().split(0.5):
        np.testing.assert_array_equal(part.weight, part.raw_X[:, 0] / 2 + 1)
        assert not part.weight.flags.writeable


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2, 3], r"shape \(4,\); received shape \(3,\)"),
        ([1, -2, 3, 4], r"at least 0; received -2 at \[1\]"),
        ([1, np.nan, 3, 4], "finite"),
        ([1, np.inf, 3, 4], "finite"),
        ([0, 0, 0, 0], "above 0; received zeros only"),
        (["a"] * 4, "a number for each sample; received text"),
    ],
)
def test_weights_that_are_refused(weight, message):
    with pytest.raises(ValueError, match=f"weight: expected .*{message}"):
        nbann.Dataset(X, [0, 1, 0, 1], weight=weight)


# ---- reconstruction ------------------------------------------------------------------------------


def test_without_targets_the_features_are_reconstructed():
    ds = nbann.Dataset(X, task="unsupervised")
    assert ds.y is ds.X
    assert ds.target_names == ds.feature_names
    for part in (*ds.split(), ds.standardized(), *ds.standardized().split(), ds.take([0, 2])):
        assert part.y is part.X
        assert part.task == "unsupervised"
    assert ds.polynomial(2).y.shape == (4, 5)


def test_something_else_that_is_reconstructed_is_scaled_with_the_features():
    clean = nbann.Dataset(X, task="unsupervised").standardized()
    noisy = clean.with_noise(0.3, seed=1)
    np.testing.assert_array_equal(noisy.y, clean.X)
    train, test = noisy.split(0.5)
    mean, std = train.scaling
    for part in (train, test):
        raw_y = part.y * std + mean
        assert sorted(raw_y.ravel().round(9)) == sorted(
            X[np.isin(X[:, 0], raw_y[:, 0].round(9))].ravel()
        )
    with pytest.raises(ValueError, match="another y"):
        noisy.with_features(["x1"])
    with pytest.raises(ValueError, match=r"shape \(4, 2\), as X has"):
        nbann.Dataset(X, X[:, :1], "unsupervised")


# ---- data frames ---------------------------------------------------------------------------------


class Frame:
    """The little of a data frame that nbann asks for."""

    def __init__(self, columns):
        self.columns = list(columns)
        self._array = np.array(list(columns.values()), dtype=object).T

    def to_numpy(self):
        return self._array

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


class Series(Frame):
    def __init__(self, values, name):
        self._array, self.name = np.array(values), name


def test_a_frame_is_known_by_what_it_can_do():
    frame = Frame({"length": [1, 2, 3], "width": [0.5, 1.5, 2.5]})
    ds = nbann.Dataset(frame, Series([3.5, 4, 5], "price"))
    assert ds.feature_names == ("length", "width")
    assert ds.target_names == ("price",)
    np.testing.assert_array_equal(ds.X, [[1, 0.5], [2, 1.5], [3, 2.5]])
    assert as_dataset((frame, [0, 1, 2]), "train").feature_names == ("length", "width")
    assert nbann.Dataset(frame, [0, 1, 2], feature_names=["a", "b"]).feature_names == ("a", "b")
    with pytest.raises(ValueError, match=r"received 'big' \(str\) in column 'size'. Encode text"):
        nbann.Dataset(Frame({"length": [1, 2], "size": [1, "big"]}), [0, 1])


pandas = pytest.mark.skipif(
    importlib.util.find_spec("pandas") is None, reason="pandas is not installed"
)


@pandas
def test_pandas_frames_and_series():
    import pandas as pd

    frame = pd.DataFrame(
        {"a": [1, 2, 3], "b": [0.5, 1, 2], "c": [True, False, True]}, index=[7, 8, 9]
    )
    ds = nbann.Dataset(frame, pd.Series([1.5, 2, 3], name="price", index=[1, 2, 3]))
    assert (ds.feature_names, ds.target_names) == (("a", "b", "c"), ("price",))
    np.testing.assert_array_equal(ds.X, frame.to_numpy(float))
    both = nbann.Dataset(frame, pd.DataFrame({"p": [1.5, 2, 3], "q": [0, 1, 2]}))
    assert (both.task, both.target_names) == ("regression", ("p", "q"))
    assert nbann.Dataset(pd.DataFrame(np.eye(2)), [0, 1]).feature_names == ("x1", "x2")
    nullable = frame.astype({"a": "Int64", "b": "Float64", "c": "boolean"})
    np.testing.assert_array_equal(nbann.Dataset(nullable, [0, 1, 0]).X, ds.X)
    nullable.loc[8, "b"] = pd.NA
    with pytest.raises(ValueError, match=r"in column 'b'. Fill in or drop|finite numbers"):
        nbann.Dataset(nullable, [0, 1, 0])
    mixed = frame.assign(d=["x", "y", "z"])
    with pytest.raises(ValueError, match=r"'x' \(str\) in column 'd'. Encode text"):
        nbann.Dataset(mixed, [0, 1, 0])
    with pytest.raises(ValueError, match="table of numbers"):
        nbann.Dataset(pd.DataFrame({"d": pd.to_datetime(["2020-01-01"])}), [0])


@pandas
@pytest.mark.parametrize("kind", [None, "category", "string", object])
def test_pandas_classes(kind):
    import pandas as pd

    y = pd.Series(WORDS, name="fruit")
    y = y if kind is None else y.astype(kind)
    ds = nbann.Dataset(X, y)
    assert ds.y.tolist() == [2, 1, 2, 0]
    assert ds.target_names == ("apple", "fig", "pear")
    missing = y.copy()
    missing.iloc[1] = None
    with pytest.raises(ValueError, match="all words, or all numbers"):
        nbann.Dataset(X, missing)
    assert nbann.Dataset(X, pd.Series([0, 1, 0, 1], dtype="Int64")).task == "classification"
    assert nbann.Dataset(X, pd.Series([0, 1, 0, 1], name="label")).target_names == ()


# ---- what holds for all --------------------------------------------------------------------------


def test_a_data_set_can_be_pickled():
    ds = nbann.Dataset(X, WORDS, weight=[1, 2, 3, 4], name="fruit").standardized()
    again = pickle.loads(pickle.dumps(ds))
    np.testing.assert_array_equal(again.X, ds.X)
    np.testing.assert_array_equal(again.scaling, ds.scaling)
    assert (again.name, again.target_names) == (ds.name, ds.target_names)
    rebuilt = pickle.loads(pickle.dumps(nbann.Dataset(X, task="unsupervised")))
    assert rebuilt.y is rebuilt.X


def test_large_arrays_are_not_copied_again_and_again():
    ds = nbann.Dataset(X, [0, 1, 0, 1])
    assert ds.with_label_noise(0.5).X is ds.X
    view = np.broadcast_to(np.ones(2), (4, 2))  # read-only, but not its own memory
    assert not np.shares_memory(nbann.Dataset(view, [0, 1, 0, 1]).X, view)
