"""Data that a person brings along: arrays, frames, CSV."""

import re

import numpy as np
import pytest

import nbann
from nbann.widgets.playground_own import as_own, read_csv


def test_csv_is_read_as_a_table():
    data = read_csv("width,height,kind\n1,2.5,lime\n-3e1,4,lemon\n 5 ,6,lime\n")
    assert data.X.tolist() == [[1.0, 2.5], [-30.0, 4.0], [5.0, 6.0]]
    assert data.feature_names == ("width", "height")
    assert data.target_names == ("lemon", "lime")
    assert data.y.tolist() == [1, 0, 1]
    assert data.task == "classification"


def test_csv_of_numbers_alone_semicolons_and_a_named_target():
    data = read_csv("1;2;0.5\n3;4;1.5\n")
    assert data.feature_names == ("x1", "x2")
    assert data.task == "regression"
    assert data.y.tolist() == [0.5, 1.5]
    data = read_csv('\ufeff"a, b"\tc\ttarget\n7\t1\t2\n9\t3\t4\n', target="a, b")
    assert data.feature_names == ("c", "target")
    assert data.y.tolist() == [0, 1]
    assert data.target_names == ("7", "9")
    grades = read_csv("x,grade\n" + "".join(f"{i},{i}\n" for i in range(11)))
    assert grades.task == "regression"
    assert grades.target_names == ("grade",)


def test_csv_agrees_with_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    import io

    rng = np.random.default_rng(1)
    frame = pandas.DataFrame(rng.normal(size=(30, 3)), columns=["a", "b c", 'd"e'])
    frame["kind"] = rng.choice(["no", "yes, often"], 30)
    text = frame.to_csv(index=False)
    data = read_csv(text)
    again = pandas.read_csv(io.StringIO(text))
    assert np.array_equal(data.X, again[["a", "b c", 'd"e']].to_numpy())
    assert [data.target_names[k] for k in data.y] == list(again["kind"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_any_system_ends_them(end):
    data = read_csv(end.join(["", "a;b;kind", "1;2;no", "", "3;4;yes", ""]))
    assert data.X.tolist() == [[1, 2], [3, 4]]
    assert data.target_names == ("no", "yes")


def test_a_file_is_told_by_its_name():
    made = nbann.Playground("moons", points=20)
    made.load_csv("a,b\n1,0\n2,1\n", name="fruit.csv")
    assert made.told == "Data fruit.csv. Started from seed 0."
    made.load_csv("a,b\n1,1\n2,0\n", name="<b>\nmore</b>")
    assert made.told == "Data <b> more</b>. Started from seed 0."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a table of at least 2 columns"),
        ("a\n1\n2\n", "a table of at least 2 columns"),
        ("a,b\n", "rows of numbers below the names"),
        ("a,b\n1,2\n3\n", "CSV row 3: expected 2 cells; received 1"),
        ("a,b\n1,2\nx,4\n", "CSV row 3, column 'a': expected a finite number; received 'x'"),
        ("a,b\n1,2\nnan,4\n", "CSV row 3, column 'a'"),
        ("a,b\n1,2\n1e999,4\n", "CSV row 3, column 'a'"),
        ("a,b\n1,2\n3,\n", "CSV row 3, column 'b': expected what is to be learned"),
        ("a,b\n\n1,2\n , \nx,4\n", "CSV row 5, column 'a'"),  # empty rows are counted
        ("a,b\n__import__('os').abort(),1\n2,1\n", "expected a finite number"),
        ("=cmd|' /C calc'!A0,b\n=1+1,2\n", "received '=1+1'"),
        ("a,a\n1,2\n", "'a' twice"),
        ("a,b\n" + "".join(f"1,w{i}\n" for i in range(11)), "at most 10 different words"),
        ("a,b\n" + "1,2\n" * 20_001, "at most 20,000 rows"),
        (",".join(["1"] * 201) + "\n", "200 columns"),
        ("a,b\n1," + "2" * 2_000_001, "at most 2,000,000 characters"),
        ('a,b\n"' + "x" * 140_000 + '",2\n', "CSV: expected a table"),
        (3, "CSV: expected text"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_with_csv_is_said(text, expected):
    with pytest.raises(ValueError, match=re.escape(expected)) as raised:
        read_csv(text)
    assert len(str(raised.value)) < 400
    made = nbann.Playground()
    before = made.trainer
    with pytest.raises(ValueError, match=re.escape(expected)):
        made.load_csv(text)
    assert made.trainer is before


def test_unknown_target():
    with pytest.raises(ValueError, match=r"Unknown column 'kid'. Did you mean 'kind'"):
        read_csv("a,kind\n1,2\n", target="kid")


def test_frames_pairs_and_data_sets():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "k": ["x", "y", "x"], "b": [0.5, 1.5, 2.5]})
    made = nbann.Playground(frame, target="k", test=0)
    assert made.setup.own.feature_names == ("a", "b")
    assert made.setup.class_count == 2
    assert made.trainer.train_data.scaling is not None  # own data are standardized at first
    with pytest.raises(ValueError, match="target: expected the name of a column"):
        nbann.Playground(frame)
    with pytest.raises(ValueError, match=r"Unknown column 'kk'"):
        nbann.Playground(frame, target="kk")
    assert as_own(([[1.0], [2.0]], [0.5, 0.25])).task == "regression"
    scaled = nbann.datasets.moons(40).standardized()
    assert np.allclose(as_own(scaled).X, nbann.datasets.moons(40).X)
    column = as_own(([[1.0], [2.0]], [[0.5], [0.25]]))
    assert column.y.tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match=r"a Dataset, a pair \(X, y\), or a frame"):
        nbann.Playground(np.eye(3))
    with pytest.raises(ValueError, match="target: expected none"):
        nbann.Playground(scaled, target="k")
    with pytest.raises(ValueError, match="data without weights"):
        nbann.Playground(nbann.Dataset([[1.0], [2.0]], [0, 1], weight=[1, 2]))
