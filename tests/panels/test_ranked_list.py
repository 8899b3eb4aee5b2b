"""The ranked list against scikit-learn's NDCG and scores computed here."""

import numpy as np
import pytest

import nbann
from nbann.panels import RankedList
from nbann.panels.text import number

from .alike import assert_never_stale
from .boards import attached, classes


def ranker(**options):
    net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(1)])
    return nbann.Trainer(net, nbann.datasets.ranking(12), optimizer="adam", **options)


def by_hand(trainer, query):
    """Rows of a query in the order of their scores, and the scores."""
    data = trainer.train_data
    rows = np.flatnonzero(data.groups == data.queries[query])
    scores = trainer.predict(data.X[rows])
    order = np.argsort(-scores, kind="stable")
    return rows[order], scores[order]


@pytest.mark.parametrize("query", [0, 3, -1])
def test_documents_stand_in_the_order_of_their_scores(query):
    from sklearn.metrics import ndcg_score

    panel = attached(RankedList(query), ranker())
    trainer, data = panel.trainer, panel.trainer.train_data
    first, _ = by_hand(trainer, query)
    for _ in range(2):
        rows, scores = by_hand(trainer, query)
        shown = panel._most
        assert panel._columns["now"].words == [str(r) for r in rows[:shown]]
        assert panel._columns["row"].words == [str(r) for r in first[:shown]]
        assert panel._columns["score"].words == [number(s) for s in scores[:shown]]
        assert panel._inside[1].words == [f"{r:g}" for r in data.y[rows[:shown]]]
        gain = 2.0 ** data.y[rows] - 1
        ndcg = ndcg_score([gain], [scores]) if gain.any() else np.nan
        assert f"NDCG {number(ndcg)}, at the start" in panel.describe()
        moved = [list(first).index(row) - place for place, row in enumerate(rows)]
        np.testing.assert_array_equal(panel.moved(), moved)
        ways = [f"↑ {m}" if m > 0 else f"↓ {-m}" if m < 0 else "–" for m in moved]
        assert panel._columns["moved"].words == ways[:shown]
        trainer.run(10)
        panel.update()
    assert np.any(moved)


def test_lines_join_a_documents_places():
    trainer = ranker()
    trainer.run(10)
    panel = attached(RankedList(1), trainer)
    first = panel.before().rows
    ends = {round(to, 6): start for (_, start), (_, to) in panel._links.get_segments()}
    for place, row in enumerate(panel.ranks().now.rows[: panel._most]):
        start = ends[round(panel._tops[place], 6)]
        expected = panel._tops[0] - panel._row * first.index(row)
        assert start == pytest.approx(expected)


def test_before_may_be_when_it_was_attached():
    trainer = ranker()
    trainer.run(3)
    panel = attached(RankedList(since="attach"), trainer)
    then, _ = by_hand(trainer, 0)
    trainer.run(10)
    panel.update()
    assert panel.before().rows == tuple(then)
    assert "when attached" in panel.describe()


def test_a_long_query_tells_how_many_more_there_are():
    rng = np.random.default_rng(0)
    data = nbann.Dataset(rng.normal(size=(50, 2)), rng.integers(0, 3, 50), groups=[50])
    panel = attached(RankedList(), nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), data))
    assert panel._most < 50
    assert any(t.get_text() == f"and {50 - panel._most} more" for t in panel.ax.texts)
    assert len(panel._columns["now"].words) == panel._most


def test_a_query_in_which_nothing_is_relevant():
    data = nbann.Dataset(np.eye(5), [0, 1, 0, 0, 0], groups=[2, 3])
    with pytest.warns(UserWarning, match="nothing to be ranked"):
        trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), data)
    panel = attached(RankedList(1), trainer)
    assert "NDCG not defined (nothing is relevant)" in panel.describe()


def test_it_is_never_stale():
    assert_never_stale(RankedList, ranker(batch_size=4), "hidden.weight")


def test_a_run_that_fails_is_told():
    trainer = ranker()
    panel = attached(RankedList(), trainer)
    trainer.learning_rate = 1e300
    trainer.step("epoch", 3)
    panel.update()
    assert panel.describe().startswith("Ranked list: query ")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: RankedList("first"), "a whole number"),
        (lambda: RankedList(since="begin"), "since"),
        (lambda: attached(RankedList(12), ranker()), "a number below 12"),
        (lambda: attached(RankedList(of="test"), ranker()), "with test data"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert "a classification task" in RankedList().fits(classes())
    assert repr(RankedList(2, since="attach")) == "RankedList(2, since='attach')"
