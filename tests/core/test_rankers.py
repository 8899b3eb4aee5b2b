"""Rankers as trainers have them: they learn, are stepped through, explained, saved and told off."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.datasets import load_diabetes
from sklearn.metrics import ndcg_score

import nbann
from nbann.core.scoring import evaluate
from nbann.core.scoring.ranked import ranked_list

from .test_explain_everywhere import explain_all

LOSSES = {
    "ranknet": nbann.RankNet(),
    "lambdarank": nbann.LambdaRank(),
    "lambdarank at 3": nbann.LambdaRank(k=3, gain="linear", sigma=0.5),
    "listnet": nbann.ListNet(),
}
DATA = nbann.datasets.ranking(24, 7, features=3, seed=3)


def net(*layers):
    layers = layers or (nbann.Dense(5, name="hidden"), nbann.Tanh())
    return nbann.Sequential([*layers, nbann.Dense(1, name="output")])


def make(loss="lambdarank", data=DATA, *layers, **settings):
    settings = {"batch_size": 5, "seed": 1} | settings
    return nbann.Trainer(net(*layers), data, loss=loss, **settings)


# ---- learning -----------------------------------------------------------------------------------


def test_where_a_regressor_fails_a_ranker_succeeds():
    train, test = nbann.datasets.ranking(60, 12, seed=5).split(test=0.3, seed=1)
    how = {"optimizer": nbann.Adam(0.03), "metrics": ["ndcg_at_5", "kendall_tau"]}
    regressor = make("mse", train, test=test, **how)
    regressor.run(40)
    # it has learned what it was asked for: less is left than the variance of the relevance
    assert regressor.history["train_loss"][-1] < 0.9 * train.y.var()
    assert regressor.history["test_kendall_tau"][-1] < 0
    assert regressor.history["test_ndcg_at_5"][-1] < 0.6
    for loss in LOSSES.values():
        ranker = make(loss, train, test=test, **how)
        ranker.run(40)
        assert ranker.history["test_ndcg_at_5"][-1] > 0.97, loss
        assert ranker.history["test_kendall_tau"][-1] > 0.75, loss


def test_scorers_of_any_depth():
    blocks = [nbann.Dense(4), nbann.Residual([nbann.LayerNorm(), nbann.ReLU(), nbann.Dense(4)])]
    for layers in ([], [*blocks, nbann.Dropout(0.1)], [nbann.Dense(4), nbann.BatchNorm()]):
        model = nbann.Sequential([*layers, nbann.Dense(1)])
        trainer = nbann.Trainer(model, DATA, batch_size=8)
        assert trainer.loss.kind == "lambdarank"
        trainer.run(3)
        assert trainer.predict(DATA.X).shape == (len(DATA),)


def test_predictions_and_scores_belong_to_the_rows():
    mixed = DATA.take(np.random.default_rng(0).permutation(len(DATA)))
    trainer = make(data=mixed, metrics=["ndcg", "kendall_tau", "map"])
    trainer.run(4)
    scores = trainer.predict(mixed.X)
    parameters = trainer.parameters
    hidden = np.tanh(mixed.X @ parameters["hidden.weight"] + parameters["hidden.bias"])
    expected = hidden @ parameters["output.weight"] + parameters["output.bias"]
    np.testing.assert_allclose(scores, expected[:, 0], rtol=1e-12)
    found = trainer.evaluate(mixed)
    taus = [
        kendalltau(mixed.y[mixed.groups == q], scores[mixed.groups == q]).statistic
        for q in mixed.queries
    ]
    assert found["kendall_tau"] == pytest.approx(np.nanmean(taus), rel=1e-12)
    assert found["ndcg"] == pytest.approx(nbann.metrics.ndcg()(mixed.y, scores, mixed.groups))
    assert found["kendall_tau"] == trainer.history["train_kendall_tau"][-1]


@pytest.mark.parametrize("loss", LOSSES)
def test_evaluation_in_passes(loss, monkeypatch):
    trainer = make(LOSSES[loss], batch_size=None, l2=0.01)
    whole = trainer.evaluate(DATA)
    monkeypatch.setattr(evaluate, "PAIRS", 3 * 7**2)  # three queries at a time
    parts = trainer.evaluate(DATA)
    assert parts == {name: pytest.approx(value, rel=1e-12) for name, value in whole.items()}
    trainer.step("batch")
    assert float(trainer["loss"]) == pytest.approx(whole["loss"], rel=1e-12)


def test_a_batch_is_whole_queries():
    trainer = make(batch_size=5)
    assert trainer.batches == 5
    assert trainer["x"].shape == (5, 7, 3)
    rows = trainer["x"][trainer["x.mask"] > 0]
    sizes = trainer["x.mask"].sum(axis=1).astype(int)
    of_row = {row.tobytes(): q for row, q in zip(DATA.X, DATA.groups, strict=True)}
    ids = [of_row[row.tobytes()] for row in rows]
    assert sorted(np.bincount(ids)[list(dict.fromkeys(ids))]) == sorted(sizes)


def test_queries_weigh_what_their_documents_do():
    chosen = DATA.groups == 3
    weight = chosen * 2.0 + 1
    more = [np.full(chosen.sum(), q) for q in (90, 91)]
    twice = nbann.Dataset(
        np.concatenate([DATA.X, *[DATA.X[chosen]] * 2]),
        np.concatenate([DATA.y, *[DATA.y[chosen]] * 2]),
        groups=np.concatenate([DATA.groups, *more]),
    )
    weighted = nbann.Dataset(DATA.X, DATA.y, groups=DATA.groups, weight=weight)
    for loss in LOSSES.values():
        one, other = (make(loss, data, batch_size=None) for data in (weighted, twice))
        one.step("batch")
        other.step("batch")
        assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-12)
        grads = (t["hidden.weight.grad"] for t in (one, other))
        np.testing.assert_allclose(*grads, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_queries_without_an_order_weigh_nothing(loss):
    X = np.concatenate([DATA.X, DATA.X[:4]])
    y = np.concatenate([DATA.y, [3, 2, 2, 2]])
    more = nbann.Dataset(X, y, groups=np.concatenate([DATA.groups, [50, 51, 51, 51]]))
    with pytest.warns(UserWarning, match="train y: 2 of 26 queries have a single") as told:
        trainer = make(LOSSES[loss], more, batch_size=None)
    assert len(told) == 1
    assert told[0].filename == __file__
    without = make(LOSSES[loss], batch_size=None)
    trainer.step("batch")
    without.step("batch")
    assert float(trainer["loss"]) == pytest.approx(float(without["loss"]), rel=1e-13)
    grads = (t["hidden.weight.grad"] for t in (trainer, without))
    np.testing.assert_allclose(*grads, rtol=1e-10, atol=1e-15)


# ---- proving and explaining ---------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_and_explanations(loss):
    trainer = make(LOSSES[loss], l2=0.01)
    trainer.run(1)
    trainer.step("batch")
    check = trainer.check_gradients()
    assert check.error < 1e-6
    assert not check.cut
    assert ("|delta NDCG|, are held" in repr(check)) == loss.startswith("lambdarank")
    assert explain_all(trainer) > 10


def test_an_explanation_says_what_is_held():
    trainer = make()
    trainer.step("batch")
    explained = trainer.explain("hidden.weight.grad", (0, 0))
    assert explained.agrees
    assert "at fixed weights: the ranks, and with them |delta NDCG|, are held" in str(explained)
    trainer = make("ranknet")
    trainer.step("batch")
    assert "held" not in str(trainer.explain("hidden.weight.grad", (0, 0)))


def test_op_by_op_is_at_full_speed():
    stepped, ran = make(), make()
    while stepped.position < (2, 0, 0):
        stepped.step("op")
    ran.run(2)
    for name in ran.parameters:
        np.testing.assert_array_equal(stepped[name], ran[name])
    phases = ("forward", "loss", "backward", "update")
    assert stepped.program.phases == phases
    assert [op.name for op in ran.program if op.phase == "loss"] == [
        "loss.pairs", "loss.differences", "loss.ranks", "loss.discounts", "loss.swaps",
        "loss.pair_costs", "loss.query_losses", "loss.weight_total", "loss.share",
        "loss.weighted_sum",
    ]  # fmt: skip


def test_single_precision():
    trainer = make(dtype="float32")
    trainer.step("batch")
    assert trainer["output.out"].dtype == np.float32
    assert explain_all(trainer, single=True) > 10


# ---- on disk and in time ------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_saved_runs_go_on_bit_for_bit(loss, tmp_path):
    train, test = DATA.split(test=0.3)
    how = {"test": test, "optimizer": nbann.Adam(0.02), "metrics": ["ndcg_at_3", "kendall_tau"]}
    trainer = make(LOSSES[loss], train, **how)
    trainer.run(2)
    trainer.step("op", 5)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    for ours, theirs in ((train, loaded.train_data), (test, loaded.test_data)):
        np.testing.assert_array_equal(ours.groups, theirs.groups)
        np.testing.assert_array_equal(ours.y, theirs.y)
        assert (ours.task, ours.held_out) == (theirs.task, theirs.held_out)
    assert repr(loaded.loss) == repr(LOSSES[loss])
    for each in (trainer, loaded):
        each.run(2)
    for name in trainer.parameters:
        np.testing.assert_array_equal(trainer[name], loaded[name])
    for column in trainer.history:
        np.testing.assert_array_equal(trainer.history[column], loaded.history[column])


# ---- what is listed -----------------------------------------------------------------------------


def test_a_ranked_list_now_and_at_the_start():
    trainer = make(optimizer=nbann.Adam(0.05))
    begun = trainer.predict(DATA.X)
    trainer.run(20)
    trainer.goto(epoch=15, batch=2, op=7)
    before = trainer.position
    now = trainer.predict(DATA.X)
    for query in (0, 5, -1):
        found = ranked_list(trainer, query)
        rows = np.flatnonzero(DATA.groups == DATA.queries[query])
        assert found.query == DATA.queries[query]
        for order, scores in ((found.now, now), (found.start, begun)):
            best = rows[np.argsort(-scores[rows], kind="stable")]
            assert list(order.rows) == best.tolist()
            np.testing.assert_allclose(order.scores, scores[best], rtol=1e-12)
            assert list(order.relevance) == DATA.y[best].tolist()
            assert order.ndcg == pytest.approx(nbann.metrics.ndcg()(DATA.y[best], scores[best]))
        places = list(found.start.rows)
        assert [places.index(row) - i for i, row in enumerate(found.now.rows)] == list(found.moved)
    assert trainer.position == before
    assert str(found).startswith(f"query {found.query}: NDCG {found.start.ndcg:.3f} at the start")
    assert f"1. row {found.now.rows[0]}, relevance {found.now.relevance[0]:g}" in str(found)
    other = ranked_list(trainer, 0, DATA.take_queries([4]))
    assert other.now.scores == ranked_list(trainer, 4).now.scores


def test_lists_that_are_not_there():
    trainer = make()
    with pytest.raises(ValueError, match="query: expected a number below 24; received 24"):
        ranked_list(trainer, 24)
    plain = nbann.Trainer(net(), (DATA.X, DATA.y.astype(float)))
    with pytest.raises(ValueError, match="a trainer and data of a ranking"):
        ranked_list(plain)


# ---- bad input ----------------------------------------------------------------------------------

PAIR = (DATA.X, DATA.y)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: make("lambdarank", PAIR), "data grouped by query, for LambdaRank.*groups="),
        (lambda: make("ranknet", (DATA.X, DATA.y + 0.5)), "data grouped by query, for RankNet"),
        (lambda: make(test=PAIR), "test: expected data grouped by query; received data without"),
        (lambda: make().evaluate(PAIR), "data: expected data grouped by query"),
        (lambda: make(metrics="accuracy"), "class labels to compare"),
        (lambda: make("mse", PAIR, metrics="ndcg"), "'ndcg': expected data grouped by query"),
        (lambda: make().predict(DATA.X[:, :2]), "predict X: expected 3 features"),
        (lambda: make().predict(DATA.X[None]), "predict X: expected 3 features"),
        (lambda: make().predict(DATA.X, np.ones((len(DATA), 1))), "no mask for a ranker"),
        (lambda: make().predict(DATA), "received a Dataset"),
        (lambda: nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), DATA), "shape \\(2,\\)"),
        (lambda: make("lambdarank", DATA, nbann.RNN(3)), "one score for a document by itself"),
        (lambda: make(batch_size=0), "batch_size"),
        (
            lambda: make(data=nbann.Dataset(DATA.X, np.ones(len(DATA)), groups=DATA.groups)),
            "a query with something to be ranked; received only a single document, or documents",
        ),
    ],
)
def test_bad_input(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# ---- relevance beyond any gain of 2**y - 1 -------------------------------------------------------


@pytest.mark.parametrize("loss", ["ranknet", "listnet", nbann.LambdaRank(gain="linear")])
def test_values_can_be_ranked(loss):
    """How the disease of patients went on, 25 to 346; scikit-learn's NDCG has the linear gain."""
    bunch = load_diabetes()
    data = nbann.Dataset(bunch.data, bunch.target, groups=[len(bunch.target)])
    trainer = nbann.Trainer(net(), data, loss=loss, optimizer="adam")
    trainer.run(epochs=2)
    scores = trainer.predict(data.X)
    expected = ndcg_score([bunch.target], [scores])
    assert trainer.history["train_linear_ndcg"][-1] == pytest.approx(expected, rel=1e-12)
    assert ranked_list(trainer).now.ndcg == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match=r"at most 60; received 346.*metrics=\['linear_ndcg'\]"):
        nbann.Trainer(net(), data, loss=loss, metrics=["ndcg"]).run(1)


def test_the_users_line_is_told_of_what_is_skipped():
    data = nbann.Dataset(np.eye(4), [0, 1, 1, 1], groups=[2, 2])
    heads = nbann.Heads([nbann.Dense(2)], {"order": [nbann.Dense(1)]})
    several = nbann.Dataset(data.X, {"order": data.y}, groups=data.groups)
    with pytest.warns(UserWarning, match="1 of 2 queries") as plain:
        nbann.Trainer(net(), data, test=data, loss="ranknet")
    with pytest.warns(UserWarning, match="1 of 2 queries") as of_heads:
        nbann.Trainer(heads, several, loss=nbann.Losses({"order": "ranknet"}))
    assert [warning.filename for warning in (*plain, *of_heads)] == [__file__] * 3
