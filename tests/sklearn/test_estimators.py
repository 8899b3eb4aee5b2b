"""The estimators as scikit-learn expects them: its checks, cloning, pickling, searching, errors."""

import copy
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nbann.sklearn import MLPClassifier, MLPRegressor

from .twins import SETS, assert_same, fitted, pair, same_predictions, weights

BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])


CHECKS = parametrize_with_checks(
    [
        MLPClassifier(max_iter=100),
        MLPClassifier(solver="sgd", max_iter=100),
        MLPClassifier(solver="lbfgs", max_iter=100),
        MLPRegressor(max_iter=100),
        MLPRegressor(solver="sgd", max_iter=100),
        MLPRegressor(solver="lbfgs", max_iter=100),
    ]
)


# the checks train for a few epochs on anything; a list, since pytest wants no generators any more
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@BOTH
def test_parameters_and_their_defaults_are_scikit_learns(kind):
    expected = getattr(theirs, kind.__name__)().get_params()
    found = kind().get_params()
    assert {name: found[name] for name in expected} == expected
    newer = set(found) - set(expected)
    assert newer <= {"loss"}, "beyond this scikit-learn's there is only what a later one has"


def test_set_params_and_clone_keep_the_settings():
    net = MLPClassifier(hidden_layer_sizes=(3, 2), alpha=0.5).set_params(solver="sgd", tol=0.1)
    assert clone(net).get_params() == net.get_params()
    assert (net.solver, net.alpha, net.tol) == ("sgd", 0.5, 0.1)
    assert not hasattr(clone(fitted([net], *SETS["iris"])[0]), "coefs_")


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_fitted_attributes_are_scikit_learns(name, solver):
    X, y = SETS[name]
    one, ours = fitted(pair(name, solver=solver, early_stopping=solver == "adam"), X, y)
    public = {n for n in vars(one) if n.endswith("_") and not n.startswith("_")}
    assert {n for n in vars(ours) if n.endswith("_") and not n.startswith("_")} == public
    for attribute in public - {"coefs_", "intercepts_"}:
        mine, yours = getattr(ours, attribute), getattr(one, attribute)
        assert np.shape(mine) == np.shape(yours), attribute
        assert isinstance(mine, type(yours)) or np.isscalar(mine), attribute


def test_feature_names_are_remembered_and_shown():
    pd = pytest.importorskip("pandas")
    X, y = SETS["iris"]
    frame = pd.DataFrame(X, columns=["sl", "sw", "pl", "pw"])
    (net,) = fitted([MLPClassifier(5, random_state=0, max_iter=5)], frame, y)
    assert list(net.feature_names_in_) == ["sl", "sw", "pl", "pw"]
    assert net.trainer_.train_data.feature_names == ("sl", "sw", "pl", "pw")
    assert net.predict(frame).shape == (150,)  # no warning about names


@pytest.mark.parametrize("container", ["csr_matrix", "csc_matrix", "csr_array"])
def test_sparse_matrices(container, monkeypatch):
    monkeypatch.setattr("nbann.sklearn.net.SPARSE_CHUNK", 1000)  # several chunks when predicting
    X, y = SETS["digits"]
    packed = getattr(sparse, container)(X)
    dense, ours = (
        MLPClassifier(5, random_state=0, max_iter=9),
        MLPClassifier(5, random_state=0, max_iter=9, early_stopping=False),
    )
    fitted([dense], X, y)
    fitted([ours], packed, y)
    np.testing.assert_array_equal(weights(dense), weights(ours))
    np.testing.assert_allclose(ours.predict_proba(packed), dense.predict_proba(X), atol=1e-12)


# ---- copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["words", "labels", "diabetes"])
@pytest.mark.parametrize(
    "copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy, copy.copy, "joblib"]
)
def test_copies_predict_and_go_on_as_the_original(name, copied, tmp_path):
    X, y = SETS[name]
    one, ours = pair(name, solver="adam", batch_size=20)
    extra = {} if name == "diabetes" else {"classes": np.unique(y) if y.ndim == 1 else range(4)}
    for _ in range(3):
        fitted([one, ours], X, y, method="partial_fit", **extra)
    if copied == "joblib":
        joblib.dump(ours, tmp_path / "net.joblib")
        other = joblib.load(tmp_path / "net.joblib", mmap_mode="r")  # arrays that are read only
    else:
        other = copied(ours)
    assert_same(one, other, X)
    fitted([one, other], X, y, method="partial_fit", **extra)  # moments and counts came along
    assert_same(one, other, X)


def test_a_copy_has_no_trainer_and_no_training_data():
    X, y = SETS["digits"]
    (net,) = fitted([MLPClassifier(5, random_state=0, max_iter=2)], X, y)
    packed = pickle.dumps(net)
    assert len(packed) < 50_000 < X.nbytes
    with pytest.raises(AttributeError, match="trainer_: expected a MLPClassifier fitted in this"):
        pickle.loads(packed).trainer_  # noqa: B018 (the access is what is tested)
    assert net.trainer_ is net.trainer_


def test_the_trainer_can_be_dropped():
    X, y = SETS["iris"]
    (net,) = fitted([MLPClassifier(5, random_state=0, max_iter=2)], X, y)
    before = net.predict_proba(X)
    del net.trainer_
    assert not hasattr(net, "trainer_")
    np.testing.assert_array_equal(net.predict_proba(X), before)
    fitted([net], X, y, method="partial_fit")
    assert net.trainer_.position.epoch == 1


# ---- in company ----------------------------------------------------------------------------------


def test_a_grid_search_over_a_pipeline_finds_what_scikit_learns_finds():
    X, y = SETS["iris"]
    found = []
    for kind in (theirs.MLPClassifier, MLPClassifier):
        net = kind(random_state=0, max_iter=20)
        grid = {"net__hidden_layer_sizes": [(3,), (8,)], "net__alpha": [1e-4, 1.0]}
        steps = make_pipeline(StandardScaler(), net)
        steps.steps[-1] = ("net", net)
        search = GridSearchCV(steps, grid, cv=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.append(search.fit(X, y))
    one, ours = found
    assert one.best_params_ == ours.best_params_
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], ours.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(one.predict(X), ours.predict(X))


def test_worker_processes():
    X, y = SETS["iris"]
    net = MLPClassifier(4, solver="lbfgs", random_state=0, max_iter=1000, alpha=1.0)
    here = cross_val_predict(net, X, y, method="predict_proba", cv=2)
    there = cross_val_predict(net, X, y, method="predict_proba", cv=2, n_jobs=2)
    np.testing.assert_allclose(there, here, atol=1e-6)


def test_threads_may_predict_at_once():
    X, y = SETS["digits"]
    (net,) = fitted([MLPClassifier(50, random_state=0, max_iter=5)], X, y)
    parts = [X[i::7] for i in range(7)] * 20
    expected = [net.predict_proba(part) for part in parts[:7]] * 20
    with ThreadPoolExecutor(8) as pool:
        for found, right in zip(pool.map(net.predict_proba, parts), expected, strict=True):
            np.testing.assert_array_equal(found, right)


def test_predictions_take_the_dtype_of_the_data_and_the_weights():
    X, y = SETS["diabetes"]
    for trained, asked in [("f4", "f4"), ("f4", "f8"), ("f8", "f4"), ("f8", "i8")]:
        one, ours = fitted(pair("diabetes"), X.astype(trained), y.astype(trained))
        found, right = ours.predict(X.astype(asked)), one.predict(X.astype(asked))
        assert found.dtype == right.dtype
        np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-5)


# ---- what is wrong is said before anything changes ----------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", 0),
        ("hidden_layer_sizes", (3, -1)),
        ("hidden_layer_sizes", (2.5,)),
        ("hidden_layer_sizes", "10"),
        ("activation", "swish"),
        ("activation", None),
        ("solver", "rmsprop"),
        ("alpha", -1e-9),
        ("alpha", float("nan")),
        ("alpha", "0.1"),
        ("batch_size", 0),
        ("batch_size", "all"),
        ("batch_size", None),
        ("learning_rate", 0.1),
        ("learning_rate_init", 0.0),
        ("power_t", -0.5),
        ("max_iter", 0),
        ("max_iter", 10.0),
        ("shuffle", "yes"),
        ("tol", -1.0),
        ("verbose", -1),
        ("warm_start", 1.5),
        ("momentum", 1.1),
        ("momentum", -0.1),
        ("nesterovs_momentum", None),
        ("early_stopping", "no"),
        ("validation_fraction", 1.0),
        ("beta_1", 1.0),
        ("beta_2", -0.1),
        ("epsilon", 0.0),
        ("n_iter_no_change", 0),
        ("n_iter_no_change", -np.inf),
        ("max_fun", 0),
    ],
)
def test_parameters_out_of_range(kind, name, value):
    net = kind(**{name: value})
    with pytest.raises(ValueError, match=name):
        net.fit([[0.0], [1.0]], [0, 1])
    assert not hasattr(net, "n_features_in_")


def test_an_unknown_loss():
    with pytest.raises(ValueError, match="loss"):
        MLPRegressor(loss="absolute_error").fit([[0.0], [1.0]], [0, 1])


@BOTH
@pytest.mark.parametrize(
    "weight", [[1.0], [1.0, -1.0], [1.0, np.nan], [[1.0, 1.0]], ["a", "b"], [0.0, 0.0]]
)
def test_weights_that_do_not_fit(kind, weight):
    with pytest.raises(ValueError, match="sample_weight"):
        kind().fit([[0.0], [1.0]], [0, 1], sample_weight=weight)


def test_a_single_weight_counts_for_each():
    X, y = SETS["iris"]
    one, other = (MLPClassifier(3, random_state=0, max_iter=5) for _ in range(2))
    fitted([one], X, y)
    fitted([other], X, y, weight=2.0)
    # the penalty is shared by what the samples weigh together, so that only it has changed
    assert np.abs(weights(one) - weights(other)).max() < 1e-5


def test_negative_targets_of_the_poisson_loss():
    with pytest.raises(ValueError, match="at least 0"):
        MLPRegressor(loss="poisson").fit([[0.0], [1.0]], [-1.0, 1.0])


@BOTH
def test_predicting_before_fitting(kind):
    with pytest.raises(NotFittedError):
        kind().predict([[1.0]])
    assert not hasattr(kind(), "trainer_")


def test_partial_fit_needs_batches_and_classes():
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        MLPRegressor(solver="lbfgs").partial_fit  # noqa: B018 (the access is what is tested)
    X, y = SETS["iris"]
    with pytest.raises(ValueError, match="classes: expected all classes"):
        MLPClassifier().partial_fit(X, y)
    net = MLPClassifier().partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="classes: expected those of the first call"):
        net.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="y: expected classes among"):
        net.partial_fit(X[:3], [0, 1, 3])
    with pytest.raises(ValueError, match="early_stopping=True"):
        net.set_params(early_stopping=True).partial_fit(X, y)


def test_a_batch_larger_than_the_data_is_clipped_with_a_warning():
    X, y = SETS["iris"]
    twins = pair("iris", batch_size=1000)
    with pytest.warns(UserWarning, match="clipped"):
        assert_same(*fitted(twins, X, y), X)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_not_having_converged_is_warned_of(solver):
    X, y = SETS["iris"]
    with pytest.warns(ConvergenceWarning, match=r"[Mm]ax"):
        MLPClassifier(solver=solver, max_iter=2, random_state=0).fit(X, y)


def test_a_warm_start_with_other_rules_begins_a_new_record():
    """scikit-learn 1.9 stops at each of these with a TypeError or AttributeError."""
    X, y = SETS["iris"]
    net = MLPClassifier(5, solver="lbfgs", warm_start=True, random_state=0, max_iter=3)
    for settings, scores in [
        ({}, None),
        ({"solver": "adam"}, None),
        ({"early_stopping": True}, 3),
        ({"early_stopping": False}, None),
    ]:
        fitted([net.set_params(**settings)], X, y)
        recorded = getattr(net, "validation_scores_", None)
        assert (recorded if recorded is None else len(recorded)) == scores
    assert len(net.loss_curve_) == 3


# ---- while it trains -----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_prints_the_losses(solver, capsys):
    X, y = SETS["iris"]
    (net,) = fitted([MLPClassifier(5, solver=solver, max_iter=3, verbose=True)], X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Iteration 1", "Iteration 2", "Iteration 3"]
    assert float(lines[-1].split()[-1]) == pytest.approx(net.loss_, abs=1e-7)


def test_verbose_prints_as_scikit_learn(capsys):
    X, y = SETS["iris"]
    settings = {"verbose": True, "early_stopping": True, "solver": "sgd", "tol": 1.0}
    twins = pair("iris", learning_rate="adaptive", n_iter_no_change=2, **settings)
    printed = []
    for estimator in twins:
        fitted([estimator], X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_ctrl_c_ends_the_fit_with_what_has_been_learned(monkeypatch):
    X, y = SETS["iris"]
    (longer, net) = (MLPClassifier(5, random_state=0, max_iter=n, batch_size=30) for n in (4, 90))
    fitted([longer], X, y)
    run, calls = type(longer.trainer_).run, []

    def interrupted(trainer, epochs=1, until=None):
        calls.append(epochs)
        run(trainer, 4, until)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(longer.trainer_), "run", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        net.fit(X, y)
    assert len(calls) == 1
    assert net.n_iter_ == 4
    np.testing.assert_array_equal(weights(net), weights(longer))
    np.testing.assert_allclose(net.loss_curve_, longer.loss_curve_)


def test_predictions_use_the_weights_as_they_stand():
    X, y = SETS["iris"]
    one, ours = fitted(pair("iris"), X, y)
    for estimator in (one, ours):
        estimator.coefs_ = [2 * coef for coef in estimator.coefs_]
        estimator.intercepts_[0] = np.zeros(6)
    same_predictions(one, ours, X)
