"""Nets of characters: what they learn by heart, how surprised they are, what they write on."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

import nbann
from nbann import datasets

TEXT = "a rose is a rose is a rose, said the poet; so it is. "
KINDS = {"RNN": nbann.RNN, "LSTM": nbann.LSTM, "GRU": nbann.GRU}


def net_of(ds, layer=None, units=4):
    k = len(ds.target_names)
    layer = nbann.GRU(8, return_sequences=True) if layer is None else layer
    return nbann.Sequential([nbann.Embedding(k, units), layer, nbann.Dense(k)])


def trained(text, length, epochs, layer=None, **settings):
    ds = datasets.characters(text, length, **settings)
    trainer = nbann.Trainer(
        net_of(ds, layer), ds, optimizer=nbann.Adam(0.02), metrics=["accuracy", "perplexity"]
    )
    trainer.run(epochs)
    return trainer


@pytest.fixture(scope="module")
def abcd():
    """Return a net that has seen "abcd" over and over."""
    return trained("abcd" * 12, 8, 100)


# ---- learning ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_net_learns_a_short_text_by_heart(kind):
    """Windows as long as the text: at each step all that was before is there to tell what comes."""
    text = TEXT.strip()
    trainer = trained(text, len(text) - 1, 300, KINDS[kind](32, return_sequences=True))
    assert trainer.history["train_accuracy"][-1] == 1.0
    assert trainer.history["train_perplexity"][-1] < 1.05
    assert nbann.generate(trainer, text[0], len(text) - 1, temperature=0.0) == text


@pytest.mark.parametrize("period", ["ab", "abcd", "aab", "abacab"])
def test_a_periodic_text_is_written_on(period):
    trainer = trained(period * 12, 3 * len(period), 60, step=1)
    start = period * 2 + period[: len(period) // 2]
    expected = "".join(itertools.islice(itertools.cycle(period), 40))
    assert nbann.generate(trainer, start, 40 - len(start), temperature=0.0) == expected


def test_a_net_with_one_target_a_window_writes_too():
    trainer = trained("abcd" * 12, 6, 150, nbann.GRU(8), step=1, every_step=False)
    assert trainer.train_data.y.ndim == 1
    assert nbann.generate(trainer, "bc", 10, temperature=0.0) == "bcdabcdabcda"


def test_perplexity_is_exp_of_the_mean_cross_entropy(abcd):
    history = abcd.history
    np.testing.assert_allclose(
        history["train_perplexity"], np.exp(history["train_loss"]), rtol=1e-12
    )
    y, p = np.array([0, 2, 1]), np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0], [0.5, 0.25, 0.25]])
    assert nbann.metrics.perplexity(y, p) == pytest.approx((2 * 1 * 4) ** (1 / 3), rel=1e-14)
    assert nbann.metrics.perplexity(y, np.full((3, 7), 1 / 7)) == pytest.approx(7, rel=1e-14)


def test_perplexity_of_what_is_held_impossible_is_finite():
    y, p = np.array([0]), np.array([[0.0, 1.0]])
    assert 1e300 < nbann.metrics.perplexity(y, p) < np.inf
    assert 1e37 < nbann.metrics.perplexity(y, p.astype(np.float32)) < 1e39
    assert nbann.metrics.perplexity(y, p.astype(int)) < np.inf
    assert nbann.metrics.perplexity.lower_is_better
    assert nbann.metrics.METRICS["perplexity"].requires == ""


def test_padding_does_not_count_in_perplexity():
    ds = nbann.Dataset.from_sequences([[0, 1, 1], [1]], [[1, 1, 0], [0]], "classification")
    net = nbann.Sequential(
        [nbann.Embedding(2, 3), nbann.RNN(3, return_sequences=True), nbann.Dense(2)]
    )
    trainer = nbann.Trainer(net, ds, metrics=["perplexity"])
    p = trainer.predict_proba(ds.X, ds.mask)
    there = [p[0, 0, 1], p[0, 1, 1], p[0, 2, 0], p[1, 0, 0]]
    expected = np.prod(there) ** (-1 / 4)
    assert trainer.evaluate(ds)["perplexity"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_and_the_arithmetic_of_every_op(kind):
    ds = datasets.characters("abcacb" * 4, 4)
    trainer = nbann.Trainer(net_of(ds, KINDS[kind](3, return_sequences=True)), ds, batch_size=4)
    rng = np.random.default_rng(0)
    trainer.step("batch")
    assert trainer.check_gradients().error < 1e-6
    for op in trainer.program:
        for name in op.writes:
            place = tuple(int(rng.integers(length)) for length in trainer[name].shape)
            value = float(trainer[name][place])
            assert op.arithmetic(place, name).value() == pytest.approx(value, rel=1e-9, abs=1e-13)


def test_why_a_row_of_the_embedding_changes():
    """By time step: what each place where the character stands adds to its row's gradient."""
    ds = datasets.characters("abcacb" * 4, 4)
    trainer = nbann.Trainer(net_of(ds), ds, batch_size=None)
    trainer.step("phase", 3)
    found = trainer.explain("embedding1.weight.grad", (2, 1), by="step")
    back = trainer["embedding1.out.grad"][..., 1]
    expected = {f"step {t}": back[ds.X[:, t] == 2, t].sum() for t in range(4)}
    assert {term.label: term.value for term in found.terms} == pytest.approx(
        {label: value for label, value in expected.items() if value}, rel=1e-12
    )
    assert found.value == pytest.approx(found.difference, rel=1e-6)


# ---- the next character --------------------------------------------------------------------------


def logits(trainer, text):
    """Return what the net gives after a text, worked out in plain NumPy (GRU, PyTorch's form)."""
    w = trainer.parameters
    E, h = w["embedding1.weight"], np.zeros(8)
    for one in text:
        a = E[trainer.train_data.target_names.index(one)] @ w["gru1.weight"] + w["gru1.bias"]
        s = h @ w["gru1.recurrent"]
        r, z = (1 / (1 + np.exp(-(a[i : i + 8] + s[i : i + 8]))) for i in (0, 8))
        n = np.tanh(a[16:] + r * (s[16:] + w["gru1.recurrent_bias"]))
        h = z * h + (1 - z) * n
    return h @ w["dense1.weight"] + w["dense1.bias"]


@pytest.mark.parametrize("text", ["a", "abc", "abcdabcd", "dddd", "xabcdabcd"])
@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.0, 50.0])
def test_temperature_divides_the_logits(abcd, text, temperature):
    seen = text.replace("x", "")[-8:]  # a window is of 8 characters
    given = text.replace("x", "dcba")
    expected = softmax(logits(abcd, seen) / temperature)
    found = nbann.next_probabilities(abcd, given, temperature)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


def test_the_limits_of_temperature(abcd):
    p = nbann.next_probabilities(abcd, "ab")
    cold = nbann.next_probabilities(abcd, "ab", 0.0)
    assert cold.tolist() == [0.0, 0.0, 1.0, 0.0]
    np.testing.assert_array_equal(nbann.next_probabilities(abcd, "ab", 1e-300), cold)
    hot = nbann.next_probabilities(abcd, "ab", 1e9)
    np.testing.assert_allclose(hot, 0.25, rtol=1e-6)
    entropies = [
        stats.entropy(nbann.next_probabilities(abcd, "ab", t)) for t in (0.2, 0.5, 1.0, 2.0, 5.0)
    ]
    assert entropies == sorted(entropies)
    assert p.sum() == pytest.approx(1, rel=1e-14)


def test_characters_are_drawn_by_their_probabilities():
    """The net is untrained; each of many seeds draws one character."""
    ds = datasets.characters("abcdab", 3)
    net = net_of(ds)
    trainer = nbann.Trainer(net, ds, seed=3)
    trainer.set("dense1.bias", 0, 1.5)
    for temperature in (0.7, 2.0):
        p = nbann.next_probabilities(trainer, "ab", temperature)
        drawn = [nbann.generate(trainer, "ab", 1, temperature, seed)[-1] for seed in range(3000)]
        counts = [drawn.count(one) for one in "abcd"]
        assert stats.chisquare(counts, p * len(drawn)).pvalue > 0.001


# ---- writing -------------------------------------------------------------------------------------


def test_a_seed_gives_a_text_and_the_run_is_not_touched(abcd):
    before = abcd._state.snapshot()
    position, shown = abcd.position, {n: abcd[n].copy() for n in abcd.names}
    texts = {nbann.generate(abcd, "a", 30, 3.0, seed) for seed in range(5)}
    assert len(texts) == 5
    assert texts == {nbann.generate(abcd, "a", 30, 3.0, seed) for seed in range(5)}
    assert all(len(text) == 31 and set(text) <= set("abcd") for text in texts)
    assert nbann.generate(abcd, "abc", 0) == "abc"
    assert abcd.position == position
    assert abcd._state.snapshot().is_same(before)
    for name, array in shown.items():
        np.testing.assert_array_equal(abcd[name], array)


def test_a_saved_net_writes_the_same(abcd, tmp_path):
    abcd.save(tmp_path / "run.npz")
    again = nbann.Trainer.load(tmp_path / "run.npz")
    assert nbann.generate(again, "a", 30, 2.0, 1) == nbann.generate(abcd, "a", 30, 2.0, 1)


def test_any_character_survives_saving(tmp_path):
    text = "\n\t \u00e9\U0001f600\x00a\n\t \u00e9\U0001f600\x00a"
    ds = datasets.characters(text, 3)
    trainer = nbann.Trainer(net_of(ds), ds)
    trainer.save(tmp_path / "run.npz")
    again = nbann.Trainer.load(tmp_path / "run.npz")
    assert again.train_data.target_names == ds.target_names == tuple(sorted(set(text)))
    assert nbann.generate(again, "\u00e9", 5) == nbann.generate(trainer, "\u00e9", 5)


def test_every_op_of_a_step_can_be_gone_back_over():
    trainer = trained("abcd" * 12, 8, 30)
    end = {n: trainer[n].copy() for n in trainer.names}
    text = nbann.generate(trainer, "a", 20, 2.0)
    trainer.back("batch")
    trainer.goto(1)
    assert nbann.generate(trainer, "a", 20, 2.0) != text
    trainer.goto(30)
    for name, array in end.items():
        np.testing.assert_array_equal(trainer[name], array)
    assert nbann.generate(trainer, "a", 20, 2.0) == text


# ---- bad input -----------------------------------------------------------------------------------


def backward():
    ds = datasets.characters("abcd" * 4, 4)
    layer = nbann.Bidirectional(nbann.RNN(3, return_sequences=True))
    return nbann.Trainer(net_of(ds, layer), ds)


def reversed_rnn():
    ds = datasets.characters("abcd" * 4, 4)
    return nbann.Trainer(net_of(ds, nbann.RNN(3, return_sequences=True, reverse=True)), ds)


def of_values():
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), ([[0.0], [1.0]], [0, 1]))


def of_hinge():
    ds = datasets.characters("abab", 2)
    return nbann.Trainer(net_of(ds), ds, loss="hinge")


def without_embedding():
    ds = nbann.Dataset(np.eye(2), [0, 1], target_names=["a", "b"])
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), ds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (backward, "goes forward in time; received 'bidirectional1.backward'"),
        (reversed_rnn, "goes forward in time; received 'rnn1'"),
        (of_values, r"begins with Embedding|one of characters"),
        (of_hinge, "gives probabilities; received Hinge"),
        (without_embedding, r"begins with Embedding\(2, ...\)"),
    ],
)
def test_nets_that_write_nothing(make, message):
    with pytest.raises(ValueError, match=f"trainer: expected .*{message}"):
        nbann.generate(make(), "a")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": ""}, "at least 1 character; received none"),
        ({"start": "xa"}, r"characters of 'abcd'; received 'x' at \[0\]"),
        ({"start": 5}, "text: expected a string"),
        ({"length": -1}, "length: expected a whole number of at least 0"),
        ({"length": 2.5}, "length"),
        ({"temperature": -0.1}, "temperature: expected a finite number of at least 0"),
        ({"temperature": np.inf}, "temperature"),
        ({"seed": -1}, "seed"),
    ],
)
def test_texts_that_are_refused(abcd, settings, message):
    with pytest.raises(ValueError, match=message):
        nbann.generate(abcd, **({"start": "a"} | settings))


def test_a_net_gone_astray_says_so():
    ds = datasets.characters("abcd" * 4, 4)
    trainer = nbann.Trainer(net_of(ds), ds)
    trainer._state.theta.fill(np.nan)
    with pytest.raises(ValueError, match="finite numbers; received NaN or infinity"):
        nbann.generate(trainer, "a")
