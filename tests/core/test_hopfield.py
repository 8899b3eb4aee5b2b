"""Hopfield nets: theorems, and the rules once more in plain NumPy, term by term."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from .test_reading import check_op


def patterns(count, units, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, units))


def stored(X, rule="hebb", epochs=1, **settings):
    trainer = nbann.Trainer(nbann.Hopfield(rule), X, **settings)
    trainer.run(epochs)
    return trainer


def with_weights(W):
    """Return a trainer of a net with given weights, which has stored nothing."""
    return nbann.Trainer(nbann.Hopfield(weight=W), [np.ones(len(W))])


def random_weights(units, seed):
    W = np.random.default_rng(seed).standard_normal((units, units))
    W = W + W.T
    np.fill_diagonal(W, 0)
    return W


def energy(W, s):
    return -0.5 * sum(W[i, j] * s[i] * s[j] for i in range(len(s)) for j in range(len(s)))


def asked(W, s, order):
    """Ask units one after another; return states and energy after each."""
    s, seen = s.copy(), []
    for u in order:
        h = sum(W[u, k] * s[k] for k in range(len(s)))
        if h:
            s[u] = 1.0 if h > 0 else -1.0
        seen.append((s.copy(), energy(W, s)))
    return seen


# ---- storing -------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 2, None])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_hebbs_rule(size, dtype):
    X = patterns(4, 30)
    trainer = stored(X, batch_size=size, dtype=dtype)
    expected = X.T @ X / 30
    np.fill_diagonal(expected, 0)
    near = {"atol": 1e-14 if dtype == "float64" else 1e-6}
    np.testing.assert_allclose(trainer["hopfield.weight"], expected, **near)
    trainer.run(1)
    np.testing.assert_allclose(trainer["hopfield.weight"], 2 * expected, **near)
    assert trainer.program.phases == ("store", "update", "field", "state", "energy")


def test_storkeys_rule():
    """Term by term as the paper has it."""
    n, X = 12, patterns(2, 12)
    W = np.zeros((n, n))
    for s in X:
        new = W.copy()
        for i in range(n):
            for j in range(n):
                if i != j:
                    h_ij = sum(W[i, k] * s[k] for k in range(n) if k not in (i, j))
                    h_ji = sum(W[j, k] * s[k] for k in range(n) if k not in (i, j))
                    new[i, j] += (s[i] * s[j] - s[i] * h_ji - h_ij * s[j]) / n
        W = new
    trainer = stored(X, "storkey", shuffle=False)
    np.testing.assert_allclose(trainer["hopfield.weight"], W, atol=1e-14)


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("count", [1, 5, 19])
def test_the_pseudo_inverse(count, epochs):
    """NumPy's own pseudo-inverse gives the projection; one epoch is enough, more change nothing."""
    X = patterns(count, 20, seed=count)
    assert np.linalg.matrix_rank(X) == count
    trainer = stored(np.vstack([X, X[:1]]), "pseudo_inverse", epochs)  # one pattern comes twice
    projection = np.linalg.pinv(X) @ X
    np.testing.assert_allclose(trainer["hopfield.projection"], projection, atol=1e-10)
    np.fill_diagonal(projection, 0)
    np.testing.assert_allclose(trainer["hopfield.weight"], projection, atol=1e-10)
    assert trainer.history["train_stable"][-1] == 1  # as long as there are fewer than units


@pytest.mark.parametrize("rule", ["hebb", "storkey", "pseudo_inverse"])
def test_weights_stay_symmetric_without_a_diagonal(rule):
    trainer = nbann.Trainer(nbann.Hopfield(rule), patterns(3, 40))
    for _ in range(3):
        trainer.step("batch")
        W = trainer["hopfield.weight"]
        np.testing.assert_array_equal(W, W.T)
        assert not W.diagonal().any()


def test_the_loss_is_the_energy_once_the_pattern_is_stored():
    X = patterns(3, 25)
    trainer = nbann.Trainer(nbann.Hopfield(), X, shuffle=False)
    for k in range(3):
        trainer.step("batch")
        W = X[: k + 1].T @ X[: k + 1] / 25
        np.fill_diagonal(W, 0)
        assert trainer.history["loss"][-1] == pytest.approx(energy(W, X[k]))
    assert trainer.history["train_loss"][-1] == pytest.approx(np.mean([energy(W, s) for s in X]))


@pytest.mark.parametrize("seed", range(5))
def test_patterns_rest_below_the_capacity_and_not_far_beyond_it(seed):
    """At 5% no unit of any pattern turns; at 50%, 3.6 times the capacity, most patterns move."""
    few = stored(patterns(10, 200, seed))
    assert few.history["train_stable"].tolist() == [1.0]
    with pytest.warns(UserWarning, match="100 patterns"):
        many = stored(patterns(100, 200, seed))
    assert many.history["train_stable"][0] < 0.1


def test_storkeys_rule_keeps_more_than_hebbs():
    X = patterns(20, 100)
    assert stored(X, "storkey").history["train_stable"][0] > 0.9
    with pytest.warns(UserWarning, match="20 patterns"):
        assert stored(X).history["train_stable"][0] < 0.8


@pytest.mark.parametrize(
    ("rule", "units", "count", "rest"),
    [
        ("hebb", 50, 7, r"0.138 \* N = 6.9 can be recalled .*Amit, Gutfreund & Sompolinsky"),
        ("storkey", 50, 18, r"N / sqrt\(2 \* ln\(N\)\) = 17.9 .*Storkey"),
        ("pseudo_inverse", 10, 11, r"about N = 10 .*Personnaz"),
    ],
)
def test_more_patterns_than_it_can_hold(rule, units, count, rest):
    X = patterns(count, units, seed=1)
    with pytest.warns(UserWarning, match=rest) as warned:
        nbann.Trainer(nbann.Hopfield(rule), X)
    assert warned[0].filename == __file__
    nbann.Trainer(nbann.Hopfield(rule), X[:-1])  # warnings are errors
    nbann.Trainer(nbann.Hopfield(rule), np.vstack([X[:-1], X[:-1]]))  # they are no more than before


def test_zeros_and_ones_are_read_as_signs():
    X = patterns(3, 24)
    signs, bits = stored(X), stored((X > 0).astype(int))
    np.testing.assert_array_equal(signs["hopfield.weight"], bits["hopfield.weight"])
    np.testing.assert_array_equal(np.unique(bits["x"]), [-1, 1])
    np.testing.assert_array_equal(signs.predict(X), bits.predict(X > 0))
    recall = bits.model.recall(bits, (X[0] > 0).astype(int))
    np.testing.assert_array_equal(recall["hopfield.state"], X[0])


def test_predict_is_one_step_of_all_units():
    X = patterns(3, 30)
    trainer = stored(X)
    probes = patterns(9, 30, seed=4)
    W = trainer["hopfield.weight"]
    expected = np.where(probes @ W == 0, probes, np.sign(probes @ W))
    np.testing.assert_array_equal(trainer.predict(probes), expected)
    mean = np.mean([energy(W, s) for s in probes])
    assert trainer.evaluate(probes)["loss"] == pytest.approx(mean)


def test_frozen_weights_stay():
    X = patterns(2, 20)
    trainer = nbann.Trainer(nbann.Hopfield(), X)
    trainer.freeze("hopfield.weight", (0, slice(None)))
    trainer.run(1)
    assert not trainer["hopfield.weight"][0].any()
    assert trainer["hopfield.weight"][1:, 1:].any()


# ---- recall --------------------------------------------------------------------------------------
def test_an_order_may_be_an_array_and_is_never_a_number():
    trainer, s, order = with_weights(random_weights(5, 3)), patterns(1, 5)[0], [4, 0, 2, 1, 3]
    recall = trainer.model.recall(trainer, s, np.array(order))
    seen = []
    recall.on("batch", lambda event: seen.append(int(event.trainer["x"][0, 0])))
    recall.run(2)
    assert seen == 2 * order
    for wrong in (3, None):
        with pytest.raises(ValueError, match=f"order: expected a word.*received {wrong}"):
            trainer.model.recall(trainer, s, wrong)


@pytest.mark.parametrize("order", ["random", "in order", [4, 0, 7, 2, 1, 3, 6, 5]])
def test_recall_is_a_plain_loop_over_the_units(order):
    W, s = random_weights(8, 3), patterns(1, 8, seed=2)[0]
    trainer = with_weights(W)
    recall = trainer.model.recall(trainer, s, order, seed=5)
    assert recall.program.phases == ("field", "state", "energy")
    units = []
    for _ in range(3):
        for _ in range(8):
            recall.step("batch")
            units.append(int(recall["x"][0, 0]))
            states, energies = zip(*asked(W, s, units), strict=True)
            np.testing.assert_array_equal(recall["hopfield.state"], states[-1])
            np.testing.assert_allclose(recall.history["loss"], energies, atol=1e-12)
        assert sorted(units[-8:]) == list(range(8))
        turned = [(a != b).sum() for a, b in zip([s, *states], states, strict=False)]
        assert recall.history["turned"][-1] == sum(turned[-8:])
    if order == "in order":
        assert units == 3 * list(range(8))
    elif order != "random":
        assert units == 3 * order
    else:
        assert units[:8] != units[8:16]


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 14), st.integers(0, 10**6), st.booleans())
def test_the_energy_never_rises_unit_by_unit(units, seed, whole):
    """Hopfield's theorem; with whole weights there are fields of 0, at which a unit stays."""
    W = random_weights(units, seed)
    W = np.round(W) if whole else W
    trainer = with_weights(W)
    start = patterns(1, units, seed)[0]
    recall = trainer.model.recall(trainer, start, seed=seed)
    recall.run(60, until=lambda t: t.history.last("turned") == 0)
    energies = np.concatenate([[energy(W, start)], recall.history["loss"]])
    assert (np.diff(energies) <= 1e-12 * (1 + np.abs(energies).max())).all()
    assert recall.history["turned"][-1] == 0
    s = recall["hopfield.state"]
    assert ((W @ s) * s >= 0).all()  # it rests


def test_all_at_once_may_go_in_a_circle_of_two():
    """Two units that urge each other to be alike, and are not: they change places for ever."""
    trainer = with_weights(np.array([[0.0, 1.0], [1.0, 0.0]]))
    together = trainer.model.recall(trainer, [1, -1], "synchronous")
    seen = []
    for _ in range(6):
        together.step("batch")
        seen.append(together["hopfield.state"].tolist())
    assert seen == 3 * [[-1, 1], [1, -1]]
    assert together.history["turned"].tolist() == 6 * [2]
    one_by_one = trainer.model.recall(trainer, [1, -1], "in order")
    one_by_one.run(2)
    assert one_by_one["hopfield.state"].tolist() == [-1, -1]
    assert one_by_one.history["turned"].tolist() == [1, 0]


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 10), st.integers(0, 10**6))
def test_all_at_once_ends_at_rest_or_in_a_circle_of_two(units, seed):
    """Bruck & Goodman's theorem for symmetric weights."""
    trainer = with_weights(random_weights(units, seed))
    recall = trainer.model.recall(trainer, patterns(1, units, seed)[0], "synchronous")
    recall.run(2**units if units < 6 else 60)
    last = recall["hopfield.state"].copy()
    recall.run(2)
    np.testing.assert_array_equal(recall["hopfield.state"], last)


@pytest.mark.parametrize("order", ["random", "in order", "synchronous"])
@pytest.mark.parametrize("rule", ["hebb", "storkey", "pseudo_inverse"])
def test_patterns_are_recalled_with_a_quarter_of_the_units_flipped(rule, order):
    X = patterns(4, 120, seed=8)
    trainer = stored(X, rule)
    rng = np.random.default_rng(3)
    for pattern in X:
        probe = pattern.copy()
        probe[rng.choice(120, 30, replace=False)] *= -1
        recall = trainer.model.recall(trainer, probe, order)
        recall.run(10, until=lambda t: t.history.last("turned") == 0)
        np.testing.assert_array_equal(recall["hopfield.state"], pattern)


def test_letters_are_recalled_from_damaged_ones():
    """Nine of 35 pixels are flipped; labels that a data set has are no part of it."""
    letters = nbann.datasets.letters("TXJ")
    trainer = stored(letters, metrics=[lambda y, states: float(y.sum())])
    assert trainer.history["train_stable"].tolist() == [1.0]
    assert trainer.history["train_<lambda>"].tolist() == [3.0]
    for letter in letters.X:
        probe = letter.copy()
        probe[np.random.default_rng(1).choice(35, 9, replace=False)] *= -1
        recall = trainer.model.recall(trainer, probe)
        recall.run(20, until=lambda t: t.history.last("turned") == 0)
        np.testing.assert_array_equal(recall["hopfield.state"], letter)


def test_digits_are_kept_by_the_pseudo_inverse_and_run_together_by_hebbs_rule():
    X = np.unique(nbann.datasets.digits(binary=True).X[:10], axis=0)
    assert stored(X, "pseudo_inverse").history["train_stable"].tolist() == [1.0]
    with pytest.warns(UserWarning, match="10 patterns"):
        assert stored(X).history["train_stable"][0] < 0.5


def test_the_opposite_of_a_pattern_rests_too():
    X = patterns(2, 40)
    trainer = stored(X)
    recall = trainer.model.recall(trainer, -X[1])
    recall.run(1)
    np.testing.assert_array_equal(recall["hopfield.state"], -X[1])


def test_recall_goes_back_and_states_can_be_set():
    X = patterns(2, 20)
    trainer = stored(X)
    recall = trainer.model.recall(trainer, X[0], "in order")
    recall.step("batch", 5)
    recall.set("hopfield.state", 19, -X[0][19])
    recall.run(2)
    np.testing.assert_array_equal(recall["hopfield.state"], X[0])
    assert recall.history["turned"].sum() == 1
    recall.back("epoch", 2)
    np.testing.assert_array_equal(recall["hopfield.state"], X[0])
    recall.reset()
    assert recall.position == (0, 0, 0)
    np.testing.assert_array_equal(recall["hopfield.state"], X[0])


# ---- what is shown, and what is refused ----------------------------------------------------------
@pytest.mark.parametrize("what", ["hebb", "hebb 3", "storkey", "pseudo_inverse", "one", "all"])
def test_every_op_can_be_read(what):
    X = patterns(3, 22)
    rule = "hebb" if what in ("one", "all") else what.split()[0]
    trainer = nbann.Trainer(nbann.Hopfield(rule), X, batch_size=3 if what == "hebb 3" else 1)
    if what in ("one", "all"):
        trainer.run(1)
        order = "random" if what == "one" else "synchronous"
        trainer = trainer.model.recall(trainer, patterns(1, 22, seed=5)[0], order)
    rng = np.random.default_rng(0)
    for _ in range(4 * len(trainer.program)):
        (op,) = trainer.step("op")
        assert op.formula
        check_op(trainer, op, rng)
    for name in ("loss", "hopfield.weight", "hopfield.field"):
        place = (0,) * trainer[name].ndim
        assert trainer.explain(name, place).value == trainer[name][place]


def test_gradients_are_not_checked_where_there_are_none():
    trainer = stored(patterns(2, 20))
    with pytest.raises(ValueError, match=r"check_gradients: expected a model that follows"):
        trainer.check_gradients()
    assert "dL" not in str(trainer.explain("hopfield.weight", (0, 1)))


GOOD = patterns(2, 20)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.Hopfield("hebbian"), "Unknown rule 'hebbian'. Did you mean 'hebb'"),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), 2.5 * GOOD),
            "train X: expected patterns of -1 and 1, or of 0 and 1; received -?2.5",
        ),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), GOOD * [0, *[1] * 19]),
            "received -1 and 0 together",
        ),
        (
            lambda: nbann.Trainer(nbann.Hopfield("storkey"), GOOD, batch_size=2),
            "batch_size: expected 1, for the rule 'storkey'; received 2",
        ),
        (lambda: nbann.Trainer(nbann.Hopfield(), GOOD, loss="mse"), "The loss of Hopfield"),
        (lambda: nbann.Trainer(nbann.Hopfield(), GOOD, l2=0.1), "The penalty of Hopfield"),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), GOOD, optimizer="adam"),
            "The optimizer of Hopfield: expected plain SGD at a constant learning rate",
        ),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), GOOD, optimizer=nbann.SGD(1.0, 0.5)),
            "expected plain SGD",
        ),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), GOOD.reshape(2, 4, 5)),
            "patterns of one axis",
        ),
        (lambda: with_weights(np.eye(3)), "hopfield.weight: expected symmetric weights"),
        (lambda: with_weights(np.tri(3) - np.eye(3)), "expected symmetric weights"),
        (
            lambda: nbann.Trainer(nbann.Hopfield(), nbann.Dataset(GOOD, [0, 1], weight=[1, 2])),
            "weight: expected none",
        ),
    ],
)
def test_what_does_not_fit_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((GOOD[0][:5],), r"probe: expected shape \(20,\); received shape \(5,\)"),
        ((GOOD[0] * 3,), "probe: expected patterns of -1 and 1"),
        ((GOOD[0], "sync"), "Unknown order 'sync'"),
        ((GOOD[0], [0, 1]), "order: expected every number from 0 to 19 once"),
        ((GOOD[0], [0.5] * 20), "order: expected every number"),
    ],
)
def test_a_recall_that_does_not_fit_is_told(arguments, message):
    trainer = stored(GOOD)
    with pytest.raises(ValueError, match=message):
        trainer.model.recall(trainer, *arguments)
    with pytest.raises(ValueError, match=re.escape("recall: expected a trainer of Hopfield")):
        trainer.model.recall(nbann.Trainer(nbann.BAM(20), (GOOD, GOOD)), GOOD[0])


def test_two_patterns_in_a_list_are_no_pair():
    trainer = nbann.Trainer(nbann.Hopfield(), GOOD.tolist(), test=GOOD.tolist())
    assert len(trainer.train_data) == 2
    trainer.run(1)
    assert trainer.history["test_stable"].tolist() == [1.0]
