"""Text and names as data: windows, letters, the census' lists; made-up names and their endings."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann
from nbann import datasets


def words_of(ds):
    """Return the names of a data set, in its order."""
    rows = zip(ds.X, ds.mask, strict=True)
    return ["".join("abcdefghijklmnopqrstuvwxyz"[int(i)] for i in x[m > 0]) for x, m in rows]


# ---- vocabularies --------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.text(min_size=1))
def test_a_text_comes_back_from_its_numbers(text):
    vocabulary = nbann.Vocabulary.of(text)
    numbers = vocabulary.encode(text)
    assert vocabulary.decode(numbers) == text
    assert vocabulary.decode(numbers.astype(float)) == text
    assert list(vocabulary) == sorted(set(text))
    assert len(vocabulary) == len(set(text))
    assert [vocabulary.characters[i] for i in numbers] == list(text)


def test_vocabularies_are_values():
    assert nbann.Vocabulary("ba") != nbann.Vocabulary("ab") == nbann.Vocabulary(["a", "b"])
    assert len({nbann.Vocabulary("ab"), nbann.Vocabulary("ab")}) == 1
    assert nbann.Vocabulary("ba").encode("ab").tolist() == [1, 0]
    assert nbann.Vocabulary("ab").encode("").shape == (0,)
    assert nbann.Vocabulary("ab").decode([]) == ""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.Vocabulary(""), "at least 1 character; received none"),
        (lambda: nbann.Vocabulary.of(""), "at least 1 character"),
        (lambda: nbann.Vocabulary("aba"), "each character once; received 'a' twice"),
        (lambda: nbann.Vocabulary(["a", "bc"]), "single characters; received 'bc'"),
        (lambda: nbann.Vocabulary([1]), "single characters; received 1"),
        (lambda: nbann.Vocabulary(5), "characters; received 5"),
        (lambda: nbann.Vocabulary.of(b"ab"), "a string; received bytes"),
        (lambda: nbann.Vocabulary("ab").encode("bac"), r"of 'ab'; received 'c' at \[2\]"),
        (lambda: nbann.Vocabulary("ab").encode(["a"]), "a string; received list"),
        (lambda: nbann.Vocabulary("ab").decode([0, 2]), "from 0 to 1; received 2"),
        (lambda: nbann.Vocabulary("ab").decode([0.5]), "from 0 to 1; received 0.5"),
        (lambda: nbann.Vocabulary("ab").decode([[0]]), r"1 axis; received shape \(1, 1\)"),
        (lambda: nbann.Vocabulary("ab").decode(["a"]), "whole numbers of 1 axis"),
    ],
)
def test_vocabularies_that_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- windows -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.text("abcde \n", min_size=2, max_size=60),
    st.integers(1, 12),
    st.integers(1, 8),
    st.booleans(),
)
def test_windows_and_what_comes_next(text, length, step, every):
    if len(text) <= length:
        with pytest.raises(ValueError, match="text: expected more than"):
            datasets.characters(text, length, step)
        return
    ds = datasets.characters(text, length, step, every_step=every)
    names = ds.target_names
    starts = [s for s in range(0, len(text), step) if s + length < len(text)]
    assert len(ds) == len(starts)
    for x, y, start in zip(ds.X.astype(int), ds.y, starts, strict=True):
        assert "".join(names[i] for i in x) == text[start : start + length]
        following = text[start + 1 : start + length + 1]
        assert "".join(names[i] for i in np.atleast_1d(y)) == (
            following if every else following[-1]
        )
    assert ds.task == "classification"


def test_each_character_is_a_target_once():
    text = "abcdefghij"
    ds = datasets.characters(text, length=3)
    assert "".join(ds.target_names[i] for i in ds.y.ravel()) == text[1:]


def test_a_vocabulary_may_have_more():
    more = nbann.Vocabulary("zyxcba")
    ds = datasets.characters("abcabc", 2, vocabulary=more)
    assert ds.target_names == tuple("zyxcba")
    assert more.decode(ds.X[0]) == "ab"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": "abc", "length": 3}, "text: expected more than 3 characters.*received 3"),
        ({"text": ""}, "text: expected more than 20 characters"),
        ({"text": 5}, "text: expected a string; received int"),
        ({"text": "abc", "length": 0}, "length: expected a whole number of at least 1"),
        ({"text": "abcd", "length": 2, "step": 0}, "step: expected a whole number of at least 1"),
        ({"text": "abcd", "length": 2, "vocabulary": "abcd"}, "vocabulary: expected a Vocabulary"),
        (
            {"text": "abcd", "length": 2, "vocabulary": nbann.Vocabulary("abc")},
            r"characters of 'abc'; received 'd' at \[3\]",
        ),
    ],
)
def test_windows_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        datasets.characters(**settings)


# ---- the census ----------------------------------------------------------------------------------


def lists():
    """Return the shares by name in the package's two files, read here."""
    package = pytest.importorskip("names", reason="the package with the lists is not installed")
    folder = Path(package.__file__).parent
    found = {}
    for gender in ("female", "male"):
        lines = (folder / f"dist.{gender}.first").read_text().splitlines()
        rows = [line.split() for line in lines]
        found[gender] = {row[0].lower(): float(row[1]) for row in rows if row}
    return found


def test_first_names_are_the_censuss():
    shares = lists()
    assert (len(shares["female"]), len(shares["male"])) == (4275, 1219)
    ds = datasets.first_names()
    words = words_of(ds)
    assert sorted(words) == sorted(shares["female"] | shares["male"])
    assert ds.target_names == ("female", "male")
    for word, label in zip(words, ds.y, strict=True):
        here, there = (
            shares[g].get(word, 0) for g in (ds.target_names[label], ds.target_names[1 - label])
        )
        assert here >= there
    assert words[0] == "mary"
    assert words[list(ds.y).index(1)] == "james"
    for label, gender in enumerate(ds.target_names):
        own = [shares[gender][w] for w, y in zip(words, ds.y, strict=True) if y == label]
        assert own == sorted(own, reverse=True)


def test_the_most_frequent_first_names():
    lists()  # skips where they are not there
    whole, few = datasets.first_names(), datasets.first_names(50)
    assert np.bincount(few.y).tolist() == [50, 50]
    words = words_of(whole)
    women = [w for w, y in zip(words, whole.y, strict=True) if y == 0]
    assert words_of(few)[:50] == women[:50]
    with pytest.raises(ValueError, match="most: expected a whole number of at least 1"):
        datasets.first_names(0)


def plant(tmp_path, monkeypatch, **content):
    """Put a package `names` with these lists where packages are looked for."""
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('its code ran')")
    for gender, text in content.items():
        (folder / f"dist.{gender}.first").write_bytes(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "names", raising=False)  # the real one, once imported


def test_lists_are_read_and_no_code_of_the_package_runs(tmp_path, monkeypatch):
    female = b"MARY  2.0  2.0 1\nLEE  0.5  2.5 2\nKIM  0.2 2.7 3\nJO 0.1 2.8 4\n"
    male = b"JOHN  3.0  3.0 1\nLEE  0.9  3.9 2\nKIM  0.2 4.1 3\n\n"
    plant(tmp_path, monkeypatch, female=female, male=male)
    ds = datasets.first_names()
    assert words_of(ds) == ["mary", "kim", "jo", "john", "lee"]
    assert ds.y.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "broken",
    [{}, {"female": b""}, {"female": b"MARY 2.0\n"}, {"female": b"MARY x 2.0 1\n"},
     {"female": b"MARY\xff 1.0 2.0 1\n"}, {"female": b"O'MARY 1.0 2.0 1\n"}],
)  # fmt: skip
def test_broken_lists(tmp_path, monkeypatch, broken):
    plant(tmp_path, monkeypatch, **({"male": b"JOHN  3.0  3.0 1\n"} | broken))
    with pytest.raises(ValueError, match="expected"):
        datasets.first_names()


def test_without_the_package_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setattr("nbann.datasets.names.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "nbann\[names\]".*toy_names'):
        datasets.first_names()


# ---- made-up names -------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "ending"), [(2, 2), (3, 2), (5, 3), (21, 2)])
def test_the_class_of_a_made_up_name_hangs_on_its_ending(classes, ending):
    ds = datasets.toy_names(301, classes, ending, seed=3)
    by_class = [name.replace("-", "").split() for name in ds.target_names]
    ends = [end for own in by_class for end in own]
    assert len(set(ends)) == len(ends) == 4 * classes
    for word, label in zip(words_of(ds), ds.y, strict=True):
        assert word[-ending:] in by_class[label]
        stem = word[:-ending]
        assert len(stem) in (2, 4, 6)
        vowels = [letter in "aeiou" for letter in stem]
        assert vowels == [False, True] * (len(stem) // 2)
    counts = Counter(ds.y.tolist())
    assert max(counts.values()) - min(counts.values()) <= 1
    again = datasets.toy_names(301, classes, ending, seed=3)
    np.testing.assert_array_equal(ds.X, again.X)
    assert (
        ds.target_names
        == again.target_names
        != datasets.toy_names(301, classes, ending).target_names
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 1}, "n: expected a whole number of at least 2"),
        ({"classes": 1}, "classes: expected a whole number of at least 2"),
        ({"classes": 22}, "classes: expected at most 21 for endings of 2 letters; received 22"),
        ({"ending": 1}, "ending: expected a whole number of at least 2"),
        ({"seed": -1}, "seed"),
    ],
)
def test_made_up_names_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        datasets.toy_names(**({"n": 100} | settings))


def test_a_net_reads_names_of_any_length():
    train, test = datasets.toy_names(400, seed=1).split(0.3)
    net = [nbann.Embedding(26, 6), nbann.GRU(10), nbann.Dense(2)]
    trainer = nbann.Trainer(nbann.Sequential(net), train, optimizer=nbann.Adam(0.02))
    trainer.run(15)
    assert trainer.evaluate(test)["accuracy"] == 1.0
    known = datasets.LETTERS.encode("bibabu" + train.target_names[1].split()[0][1:])
    assert trainer.predict(known[None], np.ones((1, len(known)))) == [1]
