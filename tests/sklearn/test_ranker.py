"""MLPRanker as scikit-learn and as users of LightGBM's ranker expect it."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import ndcg_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nbann
from nbann.sklearn import MLPRanker, MLPRegressor

CHECKS = parametrize_with_checks(
    [
        MLPRanker(max_iter=20),
        MLPRanker(loss="ranknet", solver="sgd", max_iter=20),
        MLPRanker(loss="listnet", max_iter=20),
    ]
)
TRAIN, TEST = nbann.datasets.ranking(40, 10, seed=2).split(test=0.3)
SIZES = np.bincount(TEST.groups)[TEST.queries]


# the checks train for a few epochs on anything; without groups, all documents are one query
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def fitted(ranker, *args, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return ranker.fit(*args, **settings)


def make(**settings):
    settings = {"learning_rate_init": 0.03, "max_iter": 30, "random_state": 0} | settings
    return MLPRanker(8, **settings)


def mean_ndcg(y, scores, groups, k=None):
    """Return scikit-learn's NDCG with the gain 2**y - 1, the mean over queries."""
    found = [
        ndcg_score([2.0 ** y[groups == q] - 1], [scores[groups == q]], k=k)
        for q in dict.fromkeys(groups.tolist())
        if y[groups == q].any()
    ]
    return np.mean(found)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("loss", ["lambdarank", "ranknet", "listnet"])
def test_it_ranks_what_a_regressor_does_not(loss, solver):
    ranker = fitted(make(loss=loss, solver=solver), TRAIN.X, TRAIN.y, TRAIN.groups)
    found = ranker.score(TEST.X, TEST.y, TEST.groups)
    assert found == pytest.approx(mean_ndcg(TEST.y, ranker.predict(TEST.X), TEST.groups))
    at_3 = ranker.score(TEST.X, TEST.y, TEST.groups, k=3)
    assert at_3 == pytest.approx(mean_ndcg(TEST.y, ranker.predict(TEST.X), TEST.groups, k=3))
    regressor = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=0)
    fitted(regressor, TRAIN.X, TRAIN.y)
    assert found > 0.95
    assert mean_ndcg(TEST.y, regressor.predict(TEST.X), TEST.groups) < 0.85


def test_groups_as_sizes_and_ids_under_both_names():
    sizes = np.bincount(TRAIN.groups)[TRAIN.queries]
    fits = [
        fitted(make(max_iter=3), TRAIN.X, TRAIN.y, *args, **named).predict(TEST.X)
        for args, named in [
            ((TRAIN.groups,), {}),
            ((), {"group": sizes}),
            ((), {"groups": sizes}),
            ((), {"groups": TRAIN.groups + 100}),
        ]
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0], other)
    with pytest.raises(ValueError, match="either group or groups; received both"):
        make().fit(TRAIN.X, TRAIN.y, sizes, sizes)


def test_evaluation_sets():
    ranker = fitted(
        make(max_iter=4), TRAIN.X, TRAIN.y, TRAIN.groups,
        eval_set=[(TEST.X, TEST.y), (TRAIN.X, TRAIN.y)], eval_group=[SIZES, TRAIN.groups],
        eval_at=(1, 5),
    )  # fmt: skip
    assert {name: list(found) for name, found in ranker.evals_result_.items()} == {
        "valid_0": ["ndcg@1", "ndcg@5"],
        "valid_1": ["ndcg@1", "ndcg@5"],
    }
    last = ranker.evals_result_["valid_0"]["ndcg@5"]
    assert len(last) == ranker.n_iter_ == 4
    assert last[-1] == pytest.approx(mean_ndcg(TEST.y, ranker.predict(TEST.X), TEST.groups, k=5))
    pair = fitted(
        make(max_iter=4), TRAIN.X, TRAIN.y, TRAIN.groups,
        eval_set=(TEST.X, TEST.y), eval_group=SIZES,
    )  # fmt: skip
    assert pair.evals_result_["valid_0"]["ndcg@5"] == last
    assert ranker.t_ == 4 * len(TRAIN)
    assert len(ranker.loss_curve_) == 4
    assert ranker.loss_ == ranker.loss_curve_[-1]


@pytest.mark.parametrize("given", [True, False])
def test_early_stopping_keeps_the_best(given):
    ranker = make(max_iter=300, early_stopping=True, n_iter_no_change=5, validation_fraction=0.3)
    how = {"eval_set": [(TEST.X, TEST.y)], "eval_group": [TEST.groups]} if given else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it stops long before max_iter
        ranker.fit(TRAIN.X, TRAIN.y, TRAIN.groups, **how)
    assert ranker.n_iter_ == len(ranker.validation_scores_) < 300
    assert ranker.best_validation_score_ == max(ranker.validation_scores_)
    assert ranker.best_loss_ is None
    if given:
        found = ranker.score(TEST.X, TEST.y, TEST.groups)
        assert ranker.best_validation_score_ - ranker.tol <= found <= ranker.best_validation_score_


def test_it_says_when_it_has_not_converged():
    with pytest.warns(ConvergenceWarning, match="maximum of 2 iterations"):
        make(max_iter=2).fit(TRAIN.X, TRAIN.y, TRAIN.groups)


def test_the_trainer_can_be_stepped_through():
    ranker = fitted(make(batch_size=7), TRAIN.X, TRAIN.y, TRAIN.groups)
    trainer = ranker.trainer_
    np.testing.assert_allclose(trainer.predict(TEST.X), ranker.predict(TEST.X), rtol=1e-12)
    assert trainer.program.batch_size <= 7
    before = ranker.predict(TEST.X)
    trainer.back("epoch")
    trainer.step("op", 3)
    assert trainer.last_op.phase == "forward"
    np.testing.assert_array_equal(ranker.predict(TEST.X), before)


def test_copies_pipelines_and_sparse_matrices():
    ranker = fitted(make(max_iter=5), TRAIN.X, TRAIN.y, TRAIN.groups)
    scores = ranker.predict(TEST.X)
    for other in (copy.deepcopy(ranker), pickle.loads(pickle.dumps(ranker))):
        np.testing.assert_array_equal(other.predict(TEST.X), scores)
    again = fitted(clone(ranker), sparse.csr_matrix(TRAIN.X), TRAIN.y, TRAIN.groups)
    np.testing.assert_array_equal(again.predict(sparse.csr_matrix(TEST.X)), scores)
    line = make_pipeline(StandardScaler(), make(max_iter=5))
    fitted(line, TRAIN.X, TRAIN.y, mlpranker__groups=TRAIN.groups)
    assert line.predict(TEST.X).shape == (len(TEST),)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "lambdamart"}, "Did you mean 'lambdarank'"),
        ({"solver": "lbfgs"}, "Unknown solver 'lbfgs'"),
        ({"gain": "log"}, "Unknown gain 'log'"),
        ({"k": 0}, "k: expected a whole number of at least 1"),
        ({"eval_at": (1, 0)}, "eval_at: expected a whole number of at least 1"),
        ({"batch_size": 0}, "batch_size: .*number of queries"),
        ({"alpha": -1}, "alpha"),
        ({"max_iter": 0}, "max_iter"),
        ({"early_stopping": True, "validation_fraction": 0.0}, "test: expected"),
    ],
)
def test_bad_parameters(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings).fit(TRAIN.X, TRAIN.y, TRAIN.groups)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.fit(TRAIN.X, TRAIN.y, [3, 4]), "sizes that add up to"),
        (lambda r: r.fit(TRAIN.X, -TRAIN.y, TRAIN.groups), "relevance of at least 0"),
        (lambda r: r.fit(TRAIN.X, np.ones(len(TRAIN)), TRAIN.groups), "something to be ranked"),
        (lambda r: r.fit(TRAIN.X[:1], TRAIN.y[:1]), "at least 2 documents; received 1 sample"),
        (
            lambda r: r.fit(TRAIN.X, TRAIN.y, TRAIN.groups, eval_group=[SIZES]),
            "None without an eval_set",
        ),
        (
            lambda r: r.fit(
                TRAIN.X, TRAIN.y, TRAIN.groups, eval_set=[(TEST.X, TEST.y)], eval_group=[]
            ),
            "eval_group: expected 1 of them; received 0",
        ),
    ],
)
def test_bad_data(call, message):
    ranker = make()
    with pytest.raises(ValueError, match=message):
        call(ranker)
    with pytest.raises(NotFittedError):
        ranker.predict(TEST.X)
