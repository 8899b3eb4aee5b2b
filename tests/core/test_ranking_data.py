"""Documents grouped by query: what goes together, what is split, what is refused, what is read."""

import gzip

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file
from sklearn.linear_model import LinearRegression

import nbann
from nbann.core.data import queries

X, Y = np.arange(12.0).reshape(6, 2), [0, 1, 2, 1, 0, 0]


def test_sizes_and_ids():
    by_size = nbann.Dataset(X, Y, groups=[3, 2, 1])
    assert by_size.task == "ranking"
    assert by_size.groups.tolist() == [0, 0, 0, 1, 1, 2]
    by_id = nbann.Dataset(X, Y, groups=[7, 7, 7, 3, 3, 9])
    assert by_id.queries.tolist() == [7, 3, 9]
    assert nbann.Dataset(X, Y, groups=list("bbbaac")).queries.tolist() == [1, 0, 2]
    assert nbann.Dataset(X, Y, groups=np.ones(6)).queries.tolist() == [1]  # as many as rows: ids
    assert repr(by_id) == "<Dataset data: 6 samples, 3 queries, 2 features, ranking>"
    assert not by_id.groups.flags.writeable


def test_ids_need_not_be_contiguous():
    apart = nbann.Dataset(X, Y, groups=[7, 3, 7, 3, 7, 1])
    laid = queries.by_query(apart)
    np.testing.assert_array_equal(laid.X[:, :, 0], [[0, 4, 8], [2, 6, 0], [10, 0, 0]])
    np.testing.assert_array_equal(laid.y, [[0, 2, 0], [1, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(laid.mask, [[1, 1, 1], [1, 1, 0], [1, 0, 0]])
    order = [0, 2, 4, 1, 3, 5]
    sorted_ = nbann.Dataset(X[order], np.array(Y)[order], groups=[3, 2, 1])
    for ours, theirs in zip(laid[:3], queries.by_query(sorted_)[:3], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_parts_keep_queries_whole():
    ds = nbann.datasets.ranking(30, 8, seed=1)
    train, validation, test = ds.split(test=0.2, validation=0.3, seed=3)
    found = [set(part.queries.tolist()) for part in (train, validation, test)]
    assert [len(part) for part in found] == [15, 9, 6]
    assert set.union(*found) == set(range(30))
    assert len(train) + len(validation) + len(test) == len(ds)
    for part in (train, test):
        for query in part.queries:
            np.testing.assert_array_equal(part.X[part.groups == query], ds.X[ds.groups == query])
    regress = nbann.Dataset(ds.X, ds.y.astype(float), "regression", groups=ds.groups)
    assert regress.split(seed=3)[1].groups.tolist() == ds.split(seed=3)[1].groups.tolist()


def test_taking_rows_and_queries():
    ds = nbann.Dataset(X, Y, groups=[3, 2, 1])
    assert ds.take([5, 0]).groups.tolist() == [2, 0]
    two = ds.take_queries([1, 0])
    assert two.groups.tolist() == [1, 1, 0, 0, 0]
    np.testing.assert_array_equal(two.X, X[[3, 4, 0, 1, 2]])
    assert ds.take_queries(-1).groups.tolist() == [2]
    with pytest.raises(ValueError, match="queries: expected a data set with groups"):
        nbann.Dataset(X, Y).take_queries(0)


def test_features_are_standardized_over_documents():
    ds = nbann.datasets.ranking(10, 7).standardized()
    np.testing.assert_allclose(ds.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(ds.X.std(axis=0), 1)
    for other in (ds, ds.polynomial(2), ds.with_noise(0.1), ds.with_features(["x1"])):
        np.testing.assert_array_equal(other.groups, nbann.datasets.ranking(10, 7).groups)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": [3, 2]}, "sizes that add up to 6 rows, or 6 ids; received 2 numbers that add"),
        ({"groups": [3, 3, 0]}, r"at least 1 document in each query; received 0 at \[2\]"),
        ({"groups": [7, -1]}, r"at least 1 document in each query; received -1 at \[1\]"),
        ({"groups": [3, 2.5, 0.5]}, "whole numbers; received 2.5"),
        ({"groups": [3, np.nan]}, "finite numbers; received nan"),
        ({"groups": [[3], [3]]}, "one axis"),
        ({"groups": []}, "one axis"),
        ({"groups": ["a", "b"]}, "an id for each of 6 rows; received 2 ids"),
        (
            {"task": "ranking"},
            "groups: expected which documents belong to one query; received None",
        ),
        (
            {"groups": [6], "y": [0, 1, 2, -1, 0, 0]},
            r"relevance of at least 0; received -1 at \[3\]",
        ),
        ({"groups": [6], "y": [0, 1, np.nan, 1, 0, 0]}, "y: expected finite numbers"),
        ({"groups": [6], "y": np.ones((6, 2))}, r"shape \(samples,\)"),
        ({"groups": [6], "y": list("abcabc")}, "numbers, for the task 'ranking'; received words"),
        ({"groups": [6], "X": np.ones((6, 2, 2))}, "a document in each row"),
        ({"groups": [6], "mask": np.ones((6, 2))}, "a document in each row.*received a mask"),
    ],
)
def test_bad_input(given, message):
    settings = {"X": X, "y": Y} | given
    with pytest.raises(ValueError, match=message):
        nbann.Dataset(settings.pop("X"), settings.pop("y"), **settings)


def test_documents_of_a_query_have_one_weight():
    net = nbann.Sequential([nbann.Dense(1)])
    ds = nbann.Dataset(X, Y, groups=[7, 7, 7, 3, 3, 3], weight=[1, 1, 1, 2, 2, 3])
    with pytest.raises(ValueError, match="one weight a query; received several in query 3"):
        nbann.Trainer(net, ds)


def test_queries_too_uneven_for_memory(monkeypatch):
    monkeypatch.setattr(queries, "MOST", 10)
    with pytest.raises(ValueError, match="3 queries, the longest of 3 documents of 2 features"):
        queries.by_query(nbann.Dataset(X, Y, groups=[3, 2, 1]))


# ---- sets ---------------------------------------------------------------------------------------


def test_the_generated_set_leads_regression_astray():
    ds = nbann.datasets.ranking(seed=0)
    assert (len(ds.queries), np.bincount(ds.groups).max()) == (100, 20)
    assert np.bincount(ds.groups).min() >= 10
    assert set(ds.y.tolist()) == {0, 1, 2, 3, 4}
    np.testing.assert_array_equal(ds.X, nbann.datasets.ranking(seed=0).X)
    falls = LinearRegression().fit(ds.X, ds.y)
    centered = ds.X - np.array([ds.X[ds.groups == q].mean(axis=0) for q in ds.queries])[ds.groups]
    rises = LinearRegression().fit(centered, ds.y)
    assert falls.coef_ @ rises.coef_ < -0.1 * np.linalg.norm(rises.coef_) ** 2


def test_the_letor_format(tmp_path):
    rng = np.random.default_rng(0)
    table, y = rng.standard_normal((9, 4)), rng.integers(0, 3, 9)
    ids = [10, 10, 10, 4, 4, 7, 7, 7, 7]
    path = tmp_path / "letor.txt"
    dump_svmlight_file(table, y, str(path), query_id=ids, zero_based=False)
    ds = nbann.datasets.load_ranking(path)
    np.testing.assert_allclose(ds.X, table, rtol=1e-14)
    assert (ds.y.tolist(), ds.groups.tolist(), ds.name) == (y.tolist(), ids, "letor")
    packed = tmp_path / "letor.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(nbann.datasets.load_ranking(packed).X, ds.X)
    path.write_text("0.5 qid:2 1:3 # a comment\n2 qid:2 3:1\n")
    real = nbann.datasets.load_ranking(path, features=5)
    np.testing.assert_array_equal(real.X, [[3, 0, 0, 0, 0], [0, 0, 1, 0, 0]])
    assert real.y.tolist() == [0.5, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 1:3\n1 2:1\n", "0 of 2 lines with 'qid:'"),
        ("2 qid:7 1:3\n1 2:1\n", "1 of 2 lines with 'qid:'"),
        ("", "0 of 0 lines"),
        ("much qid:7 1:3\n", "could not convert"),
        ("-1 qid:7 1:3\n", "relevance of at least 0"),
    ],
)
def test_files_that_can_not_be_read(tmp_path, text, message):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        nbann.datasets.load_ranking(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="a file of rankings"):
        nbann.datasets.load_ranking(tmp_path / "none.txt")
