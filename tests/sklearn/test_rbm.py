"""`BernoulliRBM` beside scikit-learn's: the same draws, the same numbers, the same interface."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import nbann
from nbann.sklearn import BernoulliRBM

X, Y = load_digits(return_X_y=True)
X = X[:403] / 16
LEARNED = ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_")
# Each call flips bits that are drawn anew, and which row has which depends on how many there are
# and in what order: scikit-learn lists the same two checks for its own.
EXPECTED = {
    "check_methods_subset_invariance": "score_samples draws the bits that it flips",
    "check_methods_sample_order_invariance": "score_samples draws the bits that it flips",
}
CHECKS = parametrize_with_checks(
    [BernoulliRBM(n_iter=5), BernoulliRBM(n_components=3, batch_size=50, learning_rate=0.01)],
    expected_failed_checks=lambda estimator: EXPECTED,
)


@pytest.mark.filterwarnings("ignore:BernoulliRBM. expected X in")  # the checks have other data
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def both(**settings):
    return theirs.BernoulliRBM(**settings), BernoulliRBM(**settings)


def same(one, other, atol=1e-12):
    for name in LEARNED:
        expected, found = getattr(one, name), getattr(other, name)
        assert (expected.shape, expected.dtype) == (found.shape, found.dtype), name
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol, err_msg=name)


# ---- the same numbers ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_components": 20, "batch_size": 100, "learning_rate": 0.05, "n_iter": 30},
        {"n_components": 5, "batch_size": 1, "n_iter": 1},
        {"n_components": 7, "batch_size": 10_000, "learning_rate": 0.001},
        {"n_components": 9, "batch_size": 403, "n_iter": 4},
        {"n_iter": 0},
    ],
)
@pytest.mark.parametrize("of", [np.asarray, sparse.csr_matrix, sparse.csr_array])
def test_the_same_draws_give_the_same_numbers(settings, of):
    one, other = both(random_state=3, **settings)
    one.fit(of(X)), other.fit(of(X))
    same(one, other)
    np.testing.assert_allclose(other.transform(of(X)), one.transform(of(X)), rtol=1e-11)
    scores = one.score_samples(of(X))
    np.testing.assert_allclose(other.score_samples(of(X)), scores, rtol=1e-9, atol=1e-9)
    for _ in range(3):
        np.testing.assert_array_equal(other.gibbs(X), one.gibbs(X))


def test_float32_stays_float32():
    one, other = both(n_components=16, n_iter=3, random_state=0)
    small = X.astype(np.float32)
    one.fit(small), other.fit(small)
    same(one, other, atol=1e-5)
    assert other.transform(small).dtype == np.float32
    assert other.trainer_["rbm.weight"].dtype == np.float32


def test_a_generator_of_the_users_is_left_where_scikit_learn_leaves_it():
    ours, yours = np.random.RandomState(8), np.random.RandomState(8)
    for generator in (ours, yours):
        generator.normal()  # one normal number is then kept for the next call
    one, other = both(n_components=5, n_iter=2)
    for _ in range(2):
        one.set_params(random_state=yours).fit(X), other.set_params(random_state=ours).fit(X)
        same(one, other)
    assert ours.normal() == yours.normal()
    assert ours.uniform() == yours.uniform()


def test_numpys_global_generator():
    one, other = both(n_components=5, n_iter=2)
    np.random.seed(4)  # noqa: NPY002 (what random_state=None stands for)
    one.fit(X)
    after = np.random.uniform()  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    other.fit(X)
    same(one, other)
    assert np.random.uniform() == after  # noqa: NPY002


def test_a_generator_of_another_kind():
    ours, yours = (np.random.RandomState(np.random.PCG64(2)) for _ in range(2))
    one, other = both(n_components=5, n_iter=2)
    one.set_params(random_state=yours).fit(X), other.set_params(random_state=ours).fit(X)
    same(one, other)
    with pytest.raises(ValueError, match=r"random_state.*MT19937.*SFC64"):
        other.set_params(random_state=np.random.RandomState(np.random.SFC64(2))).fit(X)


def test_partial_fit_goes_on():
    one, other = both(n_components=12, batch_size=20, random_state=1)
    for start, rows in ((0, 20), (20, 20), (40, 7), (47, 50), (97, 20), (117, 20)):
        part = X[start : start + rows]
        one.partial_fit(part)
        assert other.partial_fit(part) is other
        same(one, other)
    one.learning_rate = other.learning_rate = 0.5
    one.partial_fit(X[:20]), other.partial_fit(sparse.csr_matrix(X[:20]))
    same(one, other)
    np.testing.assert_array_equal(other.gibbs(X), one.gibbs(X))
    one.fit(X), other.fit(X)
    one.partial_fit(X[:30]), other.partial_fit(X[:30])
    same(one, other)


def test_what_is_printed_is_the_same_but_for_the_time(capsys):
    printed = []
    for estimator in both(n_components=5, n_iter=3, verbose=1, random_state=0):
        estimator.fit(X)
        printed.append([line.rpartition("time")[0] for line in capsys.readouterr().out.split("\n")])
    assert printed[0] == printed[1]
    assert len(printed[1]) == 4


def test_printing_changes_nothing():
    fits = [
        BernoulliRBM(5, n_iter=3, verbose=v, random_state=np.random.RandomState(2)).fit(X)
        for v in (0, 1)
    ]
    same(*fits, atol=0)


# ---- the trainer --------------------------------------------------------------------------------
def test_the_trainer_comes_to_the_same_numbers_again():
    fitted = BernoulliRBM(6, n_iter=2, random_state=5).fit(X)
    trainer, weight = fitted.trainer_, fitted.components_.copy()
    np.testing.assert_array_equal(trainer["rbm.weight"].T, weight)
    trainer.goto(0, 7, 11)
    assert trainer.op.phase == "negative"
    trainer.goto(2, 0, 0)
    np.testing.assert_array_equal(trainer["rbm.weight"].T, weight)
    trainer.reset()
    while trainer.position.epoch < 2:
        trainer.step("phase")
    np.testing.assert_array_equal(trainer["rbm.weight"].T, weight)
    np.testing.assert_array_equal(trainer["rbm.chain"], fitted.h_samples_)
    trainer.run()
    np.testing.assert_array_equal(fitted.components_, weight)
    assert trainer.branch().position == trainer.position


def test_the_trainer_can_be_saved_and_given_its_model(tmp_path):
    trainer = BernoulliRBM(6, n_iter=2, random_state=5).fit(X).trainer_
    trainer.step("op", 9)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz", model=trainer.model)
    for one in (trainer, loaded):
        one.run()
    np.testing.assert_array_equal(trainer["rbm.weight"], loaded["rbm.weight"])
    with pytest.raises(ValueError, match=r"PersistentRBM.*model=\.\.\."):
        nbann.Trainer.load(tmp_path / "run.npz")


def test_a_partial_fits_trainer_holds_the_last_step():
    fitted = BernoulliRBM(6, random_state=5)
    for start in range(0, 100, 20):
        fitted.partial_fit(X[start : start + 20])
    trainer = fitted.trainer_
    np.testing.assert_array_equal(trainer["x"], X[80:100])
    trainer.reset()
    trainer.run()
    np.testing.assert_array_equal(trainer["rbm.weight"].T, fitted.components_)


# ---- an estimator -------------------------------------------------------------------------------
def test_parameters_and_attributes_are_scikit_learns():
    one, other = both()
    assert one.get_params() == other.get_params()
    one, other = (e.set_params(n_components=3, n_iter=1).fit(X) for e in (one, other))
    assert {n for n in vars(one) if n.endswith("_")} == {n for n in vars(other) if n.endswith("_")}
    assert other.get_feature_names_out().tolist() == [f"bernoullirbm{i}" for i in range(3)]
    assert other.n_features_in_ == 64


def test_feature_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    fitted = BernoulliRBM(3, n_iter=1, random_state=0).fit(frame)
    assert fitted.feature_names_in_.tolist() == list(frame.columns)
    assert fitted.trainer_.train_data.feature_names == tuple(frame.columns)
    same(theirs.BernoulliRBM(3, n_iter=1, random_state=0).fit(frame), fitted)


def test_copies_leave_the_trainer_behind():
    fitted = BernoulliRBM(3, n_iter=2, random_state=0).fit(X)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(twin.transform(X), fitted.transform(X))
        with pytest.raises(AttributeError, match="trainer_"):
            twin.trainer_  # noqa: B018 (the access is what is tested)
        same(twin.partial_fit(X[:20]), copy.deepcopy(fitted).partial_fit(X[:20]), atol=0)
    del fitted.trainer_
    assert not hasattr(clone(fitted), "components_")


def test_in_a_pipeline_as_in_scikit_learns_example():
    scores = []
    for kind in (theirs.BernoulliRBM, BernoulliRBM):
        rbm = kind(n_components=50, learning_rate=0.06, n_iter=10, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            net = make_pipeline(rbm, LogisticRegression(C=100, max_iter=2000)).fit(X, Y[:403])
        scores.append(net.score(X, Y[:403]))
    assert scores[0] == scores[1] > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components.*at least 1"),
        ({"learning_rate": 0.0}, "learning_rate.*above 0"),
        ({"batch_size": 0}, "batch_size.*at least 1"),
        ({"n_iter": -1}, "n_iter.*at least 0"),
        ({"verbose": "loud"}, "verbose"),
    ],
)
def test_bad_parameters(settings, message):
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=message):
            getattr(BernoulliRBM(**settings), method)(X)


def test_what_is_not_fitted():
    for method in ("transform", "gibbs", "score_samples"):
        with pytest.raises(NotFittedError):
            getattr(BernoulliRBM(), method)(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_data_that_is_not_scaled_is_warned_of(method):
    for data in (3 * X - 1, sparse.csr_matrix(2 * X)):
        with pytest.warns(UserWarning, match=r"expected X in \[0, 1\].*MinMaxScaler"):
            getattr(BernoulliRBM(2, n_iter=1), method)(data)
