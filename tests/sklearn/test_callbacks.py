"""scikit-learn's callbacks (from 1.9 on) hear of a fit and of its iterations, and may stop it."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbann.sklearn import MLPClassifier, MLPRegressor

from .twins import SETS, distance, fitted, weights

callback = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks since 1.9", exc_type=ImportError
)


class Heard:
    """Remembers what it is told; stops the iterations once `stop` of them have ended."""

    max_propagation_depth = None  # set on a search or pipeline, it is handed on to the net

    def __init__(self, stop=None, fail=None):
        self.stop, self.fail = stop, fail
        self.events, self.fitted = [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.events.append(f"begin {context.task_name}")
        self.about = (X, y, metadata)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(f"end {context.task_name}")
        if context.task_name == "iteration":
            self.fitted.append(fitted_estimator)
        if self.fail is not None and len(self.fitted) == self.fail:
            raise ZeroDivisionError
        return context.task_name == "iteration" and len(self.fitted) == self.stop


def net_for(solver, **settings):
    return MLPClassifier(
        5, **{"solver": solver, "random_state": 0, "max_iter": 4, "tol": 0.0} | settings
    )


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_fit_is_a_task_and_so_is_each_iteration(solver):
    X, y = SETS["iris"]
    heard = Heard()
    net = net_for(solver).set_callbacks(heard)
    fitted([net], X, y)
    once = ["begin iteration", "end iteration"]
    assert heard.events == ["setup", "begin fit", *once * 4, "end fit", "teardown"]
    assert heard.about[0] is X
    assert heard.about[1] is y
    assert heard.about[2] == {}
    # it trains as it does unheard
    assert distance(net, fitted([net_for(solver)], X, y)[0]) < 1e-12


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_after_each_iteration_there_is_an_estimator_that_predicts(solver):
    X, y = SETS["words"]
    heard = Heard()
    fitted([net_for(solver).set_callbacks(heard)], X, y)
    for done, net in enumerate(heard.fitted[: 3 if solver == "lbfgs" else 4], 1):
        (shorter,) = fitted([net_for(solver, max_iter=done)], X, y)
        np.testing.assert_allclose(net.predict_proba(X), shorter.predict_proba(X), atol=1e-10)
        assert not hasattr(net, "trainer_")


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_callback_may_stop_the_fit(solver):
    X, y = SETS["iris"]
    net = net_for(solver, max_iter=50).set_callbacks(Heard(stop=3))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)  # it was asked to stop here
        net.fit(X, y)
    assert net.n_iter_ == 3
    (shorter,) = fitted([net_for(solver, max_iter=3)], X, y)
    np.testing.assert_allclose(weights(net), weights(shorter), atol=1e-10)
    assert net.loss_ == pytest.approx(shorter.loss_, rel=1e-10)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_that_fails_is_torn_down_and_heard_of(solver):
    X, y = SETS["iris"]
    heard = Heard(fail=2)
    net = net_for(solver).set_callbacks(heard)
    with pytest.raises(ZeroDivisionError):
        net.fit(X, y)
    assert heard.events[-1] == "teardown"
    heard.fail = None
    fitted([net], X, y)  # and the estimator is as good as new
    assert distance(net, fitted([net_for(solver)], X, y)[0]) < 1e-12


def test_partial_fit_is_a_fit_of_one_iteration():
    X, y = SETS["diabetes"]
    heard = Heard()
    weight = np.ones(len(X))
    net = MLPRegressor(hidden_layer_sizes=(4,)).set_callbacks(heard)
    net.partial_fit(X, y, sample_weight=weight)
    expected = ["begin fit", "begin iteration", "end iteration", "end fit"]
    assert heard.events == ["setup", *expected, "teardown"]
    assert heard.about[2] == {"sample_weight": weight} or heard.about[2]["sample_weight"] is weight


def test_scikit_learns_scoring_monitor():
    pd = pytest.importorskip("pandas")
    X, y = SETS["words"]
    frame = pd.DataFrame(X, columns=["sl", "sw", "pl", "pw"])
    monitor = callback.ScoringMonitor(scoring="accuracy")
    net = net_for("adam", max_iter=6).set_callbacks(monitor)
    fitted([net], frame, y)
    log = monitor.get_logs().data
    scores = [row["accuracy"] for row in log if row["task_name"] == "iteration"]
    assert len(scores) == 6
    assert scores[-1] == net.score(frame, y)


def test_callbacks_of_a_search_reach_the_net():
    X, y = SETS["iris"]
    heard = Heard()
    steps = make_pipeline(StandardScaler(), net_for("adam", max_iter=3))
    search = GridSearchCV(steps, {"mlpclassifier__alpha": [0.1, 1.0]}, cv=2, refit=False)
    fitted([search.set_callbacks(heard)], X, y)
    assert heard.events.count("end iteration") == 2 * 2 * 3
    assert heard.events[0] == "setup"
    assert heard.events[-1] == "teardown"


def test_what_is_no_callback_is_refused():
    with pytest.raises(TypeError, match="callbacks"):
        net_for("adam").set_callbacks(print)


def test_a_clone_has_the_callbacks_too():
    heard = Heard()
    fitted([clone(net_for("adam").set_callbacks(heard))], *SETS["iris"])
    assert heard.events.count("end iteration") == 4
