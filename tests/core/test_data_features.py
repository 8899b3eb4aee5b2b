"""Other features, targets and noise made of a data set; splits in three."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

import nbann

from .test_data import numbered

PLAYGROUND = ["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]


def points(n=9, features=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(1, 2, (n, features))
    return nbann.Dataset(X, rng.integers(0, 3, n), target_names=["a", "b", "c"])


# ---- features ------------------------------------------------------------------------------------


def test_the_features_of_tensorflow_playground():
    ds = points()
    x, y = ds.X.T
    expected = np.transpose([x, y, x**2, y**2, x * y, np.sin(x), np.sin(y)])
    made = ds.with_features(PLAYGROUND)
    np.testing.assert_allclose(made.X, expected, rtol=1e-15)
    assert list(made.feature_names) == PLAYGROUND
    np.testing.assert_array_equal(made.y, ds.y)


def test_features_go_by_their_own_names():
    ds = nbann.datasets.iris()
    sepal, petal = ds.X[:, 0], ds.X[:, 3]
    made = ds.with_features(
        ["petal width (cm)", "sepal length (cm)^2", " x1 * sin( petal width (cm) ) ^ 2"]
    )
    assert made.feature_names == (
        "petal width (cm)",
        "sepal length (cm)^2",
        "sepal length (cm)*sin(petal width (cm))^2",
    )
    expected = np.transpose([petal, sepal**2, sepal * np.sin(petal) ** 2])
    np.testing.assert_allclose(made.X, expected, rtol=1e-15)
    again = made.with_features(["sepal length (cm)^2", "x3"])  # by name and by place
    np.testing.assert_array_equal(again.X, made.X[:, 1:])


@pytest.mark.parametrize("function", ["sin", "cos", "exp", "abs"])
def test_functions(function):
    ds = points()
    expected = {"sin": np.sin, "cos": np.cos, "exp": np.exp, "abs": np.abs}[function](ds.X[:, 1])
    np.testing.assert_array_equal(ds.with_features([f"{function}(x2)"]).X[:, 0], expected)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (["x3"], r"Unknown feature in the term 'x3': 'x3'. Did you mean"),
        (["x0"], "'x0'"),
        (["x1+x2"], r"'x1\+x2'"),
        (["__import__('os')"], "__import__"),
        (["tan(x1)"], r"'tan\(x1\)'"),
        (["x1**2"], "term 'x1.*2'"),
        (["x1^0.5"], "x1\\^0.5"),
        (["x1^9999"], "x1\\^9999"),
        (["x1*"], "Unknown feature"),
        ([""], "terms as text"),
        ([1], "terms as text; received 1"),
        ([], "at least one term"),
        ("x1", "a list of terms"),
        (None, "a list of terms"),
        (["exp(x1)^999"], "finite numbers; received inf"),
    ],
)
def test_terms_that_are_refused(terms, message):
    with pytest.raises(ValueError, match=message):
        nbann.Dataset([[2.0, 3.0], [4.0, 5.0]], [0, 1]).with_features(terms)


def test_two_features_of_one_name():
    ds = nbann.Dataset([[1.0, 2.0]], [0], feature_names=["a", "a"])
    assert ds.with_features(["x2"]).X[0, 0] == 2
    with pytest.raises(ValueError, match="one feature; received 2 called 'a'"):
        ds.with_features(["a^2"])


@pytest.mark.parametrize(("features", "degree"), [(1, 5), (2, 3), (4, 2), (3, 4), (5, 1)])
def test_polynomials_are_scikit_learns(features, degree):
    ds = points(features=features)
    oracle = PolynomialFeatures(degree, include_bias=False)
    made = ds.polynomial(degree)
    np.testing.assert_allclose(made.X, oracle.fit_transform(ds.X), rtol=1e-13)
    names = oracle.get_feature_names_out(ds.feature_names)
    assert list(made.feature_names) == [name.replace(" ", "*") for name in names]
    again = ds.with_features(made.feature_names)  # the names can be read
    np.testing.assert_allclose(again.X, made.X, rtol=1e-13)


@pytest.mark.parametrize(("degree", "message"), [(0, "at least 1"), (1.5, "whole"), (3, "10,000")])
def test_degrees_that_are_refused(degree, message):
    with pytest.raises(ValueError, match=message):
        nbann.datasets.digits().polynomial(degree)


def test_features_come_before_standardization():
    """Whichever is called first, the result is the features' own mean 0 and deviation 1."""
    ds = points(30)
    expected = StandardScaler().fit_transform(np.transpose([ds.X[:, 0] ** 2, ds.X[:, 1]]))
    terms = ["x1^2", "x2"]
    for made in (ds.with_features(terms).standardized(), ds.standardized().with_features(terms)):
        np.testing.assert_allclose(made.X, expected, rtol=0, atol=1e-12)
    train, test = ds.split()
    test = test.with_features(terms).standardized(like=train.with_features(terms).standardized())
    assert test.held_out
    scaled_train, scaled_test = ds.standardized().split()
    assert scaled_train.with_features(terms).scaling is not None
    with pytest.raises(ValueError, match="before split or standardized"):
        scaled_test.with_features(terms)


# ---- targets -------------------------------------------------------------------------------------


def test_one_hot_is_scikit_learns():
    ds = points()
    hot = ds.one_hot()
    oracle = OneHotEncoder(categories=[[0, 1, 2]], sparse_output=False)
    np.testing.assert_array_equal(hot.y, oracle.fit_transform(ds.y[:, None]))
    assert (hot.task, hot.target_names) == ("regression", ("a", "b", "c"))
    part = ds.take(ds.y < 2)
    assert part.one_hot().y.shape[1] == 3  # the names say that there is a third
    for bad, message in (([-1, 0], "from 0; received -1"), ([0.5, 1], r"received 0.5")):
        with pytest.raises(ValueError, match=message):
            nbann.Dataset([[1.0], [2.0]], bad, "classification").one_hot()
    with pytest.raises(ValueError, match="class labels; received targets for regression"):
        hot.one_hot()


def test_noise_on_the_features_is_normal():
    ds = nbann.Dataset(np.full((4000, 2), 3.0), np.zeros(4000, int))
    noise = ds.with_noise(0.5, seed=1).X - 3
    assert stats.kstest(noise.ravel() / 0.5, "norm").pvalue > 0.01
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.05
    np.testing.assert_array_equal(ds.with_noise(0.5, seed=1).X, noise + 3)
    assert not np.isin(ds.with_noise(0.5, seed=2).X, noise + 3).any()
    np.testing.assert_array_equal(ds.with_noise(0).X, ds.X)
    with pytest.raises(ValueError, match=r"std.*at least 0"):
        ds.with_noise(-1)


def test_noise_has_the_units_that_the_features_have_now():
    ds = nbann.Dataset(np.random.default_rng(0).normal(0, 100, (2000, 1)), np.zeros(2000, int))
    scaled = ds.standardized()
    noisy = scaled.with_noise(0.5)
    assert np.std(noisy.X - scaled.X) == pytest.approx(0.5, rel=0.05)
    assert np.std(noisy.raw_X - ds.X) == pytest.approx(50, rel=0.05)


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(2, 5), st.integers(0, 3))
def test_a_share_of_the_labels_changes_class(share, classes, seed):
    ds = numbered(40, classes)
    noisy = ds.with_label_noise(share, seed)
    assert np.count_nonzero(noisy.y != ds.y) == round(share * 40)
    assert noisy.y.min() >= 0
    assert noisy.y.max() < classes
    np.testing.assert_array_equal(noisy.y, ds.with_label_noise(share, seed).y)


def test_wrong_classes_are_equally_likely():
    ds = nbann.Dataset(np.zeros((6000, 1)), np.zeros(6000, int), target_names=list("abcd"))
    counts = np.bincount(ds.with_label_noise(1.0).y, minlength=4)
    assert counts[0] == 0
    assert stats.chisquare(counts[1:]).pvalue > 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: numbered(5, 2).with_label_noise(1.5), "at most 1"),
        (lambda: numbered(5, 2).with_label_noise(-0.5), "at least 0"),
        (lambda: numbered(5).with_label_noise(0.5), "targets for regression"),
        (lambda: numbered(5, 1).with_label_noise(0.5), "2 classes"),
        (lambda: numbered(5, 2).with_label_noise(0.5, seed="a"), "seed"),
    ],
)
def test_label_noise_that_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- three parts ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.integers(3, 60),
    st.floats(0.01, 0.6),
    st.floats(0.01, 0.39),
    st.integers(0, 3),
    st.sampled_from([None, 2, 5]),
)
def test_three_parts_are_disjoint_and_complete(n, test, validation, seed, classes):
    ds = numbered(n, classes)
    parts = ds.split(test, seed, validation=validation)
    assert sorted(np.concatenate([p.X[:, 0] for p in parts])) == list(range(n))
    assert len(parts[2]) == max(1, min(n - 2, round(test * n)))
    assert len(parts[1]) == max(1, min(n - 1 - len(parts[2]), round(validation * n)))
    assert [p.held_out for p in parts] == [False, True, True]
    if len(parts[2]) == round(test * n):
        np.testing.assert_array_equal(parts[2].X, ds.split(test, seed)[1].X)


def test_classes_keep_their_shares_in_all_three_parts():
    parts = nbann.datasets.iris().split(0.2, validation=0.2)
    assert [np.bincount(p.y).tolist() for p in parts] == [[30] * 3, [10] * 3, [10] * 3]


def test_all_parts_are_scaled_by_the_training_part():
    ds = nbann.datasets.iris()
    scaler = StandardScaler().fit(ds.split(validation=0.2)[0].X)
    raw = ds.split(validation=0.2)
    for part, own in zip(ds.standardized().split(validation=0.2), raw, strict=True):
        np.testing.assert_allclose(part.X, scaler.transform(own.X), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="like=train"):
        raw[1].standardized()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test": 0.5, "validation": 0.5}, "below 1 together; received 1"),
        ({"validation": 0}, "validation.*above 0"),
        ({"validation": "a"}, "validation"),
    ],
)
def test_shares_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        numbered(10).split(**arguments)
    with pytest.raises(ValueError, match="at least 3 samples; received 2"):
        numbered(2).split(validation=0.2)


@pytest.mark.parametrize("rows", [slice(1, 3), [1, 2], np.array([False, True, True, False])])
def test_taking_rows(rows):
    ds = nbann.Dataset(np.eye(4), [0, 1, 2, 0], weight=[1, 2, 3, 4]).standardized()
    part = ds.take(rows)
    np.testing.assert_array_equal(part.X, ds.X[1:3])
    assert part.y.tolist() == [1, 2]
    assert part.weight.tolist() == [2, 3]
    np.testing.assert_array_equal(part.raw_X, ds.raw_X[1:3])


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_features_whose_squares_leave_the_range_of_floats(size):
    column = np.array([[1.0], [2.0], [4.0], [-5.0]])
    scaled = nbann.Dataset(column * size, np.zeros(4, int)).standardized()
    np.testing.assert_allclose(scaled.X, StandardScaler().fit_transform(column), rtol=1e-12)
