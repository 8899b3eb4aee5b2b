"""Data sets by name: scikit-learn's are its copies, toy sets have the shapes that they document."""

import sys

import numpy as np
import pytest
import sklearn.datasets
from scipy import stats

import nbann
from nbann import datasets

CLOUDS = ["checkerboard", "circles", "gaussians", "moons", "spirals", "xor"]
SURFACES = ["hills", "plane", "sine"]


# ---- scikit-learn's copies -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("iris", {}),
        ("wine", {}),
        ("digits", {}),
        ("breast_cancer", {}),
        ("diabetes", {"scaled": False}),
        ("linnerud", {}),
    ],
)
def test_numbers_are_scikit_learns(name, options):
    ds, bunch = getattr(datasets, name)(), getattr(sklearn.datasets, f"load_{name}")(**options)
    np.testing.assert_array_equal(ds.X, bunch.data)
    np.testing.assert_array_equal(ds.y, bunch.target)
    assert ds.name == name
    assert len(ds.feature_names) == bunch.data.shape[1]
    if ds.task == "classification":
        assert ds.target_names == tuple(str(n) for n in bunch.target_names)
        own = [n.replace("_", " ") for n in bunch.feature_names]
        assert [n.replace("_", " ") for n in ds.feature_names] == own


def test_names_have_units():
    assert datasets.iris().feature_names[2] == "petal length (cm)"
    assert datasets.diabetes().feature_names[:2] == ("age (years)", "sex (1 or 2)")
    assert datasets.diabetes().X[:, 0].min() == 19  # years indeed, not scikit-learn's scale
    assert datasets.linnerud().target_names == ("weight (lb)", "waist (in)", "pulse (beats/min)")
    assert datasets.linnerud().y.shape == (20, 3)
    assert datasets.digits().feature_names[8 * 3 + 5] == "pixel_3_5"


def test_toy_sets_do_not_load_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)  # an import of it would raise
    more = ["trask", "parity", "echo", "neighbor_xor", "toy_names", "letters"]
    for name in [*CLOUDS, *SURFACES, *more]:
        assert len(getattr(datasets, name)()) > 1
    with pytest.raises(ImportError):
        datasets.iris()


# ---- points in the plane -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CLOUDS, *SURFACES])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_seeds_sizes_and_balance(name, noise):
    make = getattr(datasets, name)
    ds = make(101, noise, seed=4)
    assert len(ds) == 101
    assert ds.name == name
    np.testing.assert_array_equal(ds.X, make(101, noise, seed=4).X)
    np.testing.assert_array_equal(ds.y, make(101, noise, seed=4).y)
    if name not in ("spirals", "moons") or noise:  # those are drawn at random by noise alone
        assert not np.array_equal(np.sort(ds.X, axis=0), np.sort(make(101, noise, 5).X, axis=0))
    if name in CLOUDS:
        assert sorted(np.bincount(ds.y)) == [50, 51]
        assert len(set(ds.y[:20])) == 2  # not in blocks
        assert len(ds.target_names) == 2


@pytest.mark.parametrize("name", [*CLOUDS, *SURFACES])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "n: expected a whole number"),
        ({"n": 1.5}, "n: expected a whole number"),
        ({"n": "a"}, "n: expected a whole number"),
        ({"noise": -1}, "noise: expected .*at least 0"),
        ({"noise": np.nan}, "noise"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_that_are_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(datasets, name)(**({"n": 10} | settings))


def test_more_settings_that_are_refused():
    for make in (datasets.spirals, datasets.gaussians):
        with pytest.raises(ValueError, match="classes: expected a whole number of at least 2"):
            make(10, classes=1)
        with pytest.raises(ValueError, match="n: expected a whole number of at least 5"):
            make(4, classes=5)
    with pytest.raises(ValueError, match="cells"):
        datasets.checkerboard(cells=1)


def playground_spirals(n):
    """Write out github.com/tensorflow/playground's classifySpiralData, without noise."""
    points = []
    for shift, label in ((0, 1), (np.pi, 0)):
        for i in range(n // 2):
            r = i / (n / 2) * 5
            t = 1.75 * i / (n / 2) * 2 * np.pi + shift
            points.append((r * np.sin(t), r * np.cos(t), label))
    return np.array(points)


def ordered(X, y):
    """Return points with their labels in an order that does not hang on how they came."""
    table = np.column_stack([X, y]).round(9) + 0.0
    return table[np.lexsort(table.T)]


def test_spirals_are_playgrounds():
    ds, expected = datasets.spirals(60), playground_spirals(60)
    ours, theirs = ordered(ds.X, ds.y), ordered(expected[:, :2], expected[:, 2])
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_spirals_of_three_arms_are_one_arm_turned():
    ds = datasets.spirals(90, classes=3)
    turn = 2 * np.pi / 3
    # x is the sine and y the cosine of the angle: a larger angle turns clockwise
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for label in range(3):
        arm, following = ds.X[ds.y == label], ds.X[ds.y == (label + 1) % 3]
        np.testing.assert_allclose(
            ordered(arm @ rotation, np.zeros(30)), ordered(following, np.zeros(30)), atol=1e-8
        )


def test_noise_on_spirals_is_uniform_on_a_square():
    noisy = datasets.spirals(4000, 0.5)
    arm = playground_spirals(4000)
    for label in (0, 1):
        start = noisy.X[(noisy.y == label) & (np.hypot(*noisy.X.T) < 0.1)]
        assert len(start) > 3  # there are some around the origin, where the arms begin
        distance = np.abs(noisy.X[noisy.y == label][:, None] - arm[arm[:, 2] == label][:, :2])
        assert distance.max(axis=2).min(axis=1).max() <= 0.5
    assert noisy.X.var() == pytest.approx(arm[:, :2].var() + 0.5**2 / 3, rel=0.02)


def test_circles_are_a_disk_and_a_ring():
    ds = datasets.circles(4000)
    radius = np.hypot(*ds.X.T)
    assert stats.kstest(radius[ds.y == 1], "uniform", (0, 2.5)).pvalue > 0.01
    assert stats.kstest(radius[ds.y == 0], "uniform", (3.5, 1.5)).pvalue > 0.01
    angle = np.arctan2(*ds.X.T)
    assert stats.kstest(angle, "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.01
    noisy = datasets.circles(4000, noise=0.2)
    assert noisy.X.var() == pytest.approx(ds.X.var() + 1 / 3, rel=0.05)  # of uniform(-1, 1)


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_gaussians_are_normal_around_their_centers(classes, noise):
    ds = datasets.gaussians(3000, noise, classes=classes)
    for label in range(classes):
        angle = np.deg2rad(225 + 360 * label / classes)
        own = ds.X[ds.y == label] - np.sqrt(8) * np.array([np.cos(angle), np.sin(angle)])
        for column in own.T:
            spread = np.sqrt(4 if noise else 0.5)
            assert stats.kstest(column, "norm", (0, spread)).pvalue > 0.001
    if classes == 2:  # Playground's
        assert ds.X[ds.y == 0].mean() == pytest.approx(-2, abs=0.15)
        assert ds.X[ds.y == 1].mean() == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("n", [60, 61])
def test_moons_are_scikit_learns(n):
    ds = datasets.moons(n, noise=0)
    ours = {label: ds.X[ds.y == label] for label in (0, 1)}
    sizes = tuple(len(ours[label]) for label in (0, 1))
    X, y = sklearn.datasets.make_moons(sizes, shuffle=False)
    np.testing.assert_allclose(ordered(ds.X, ds.y), ordered(X, y), atol=1e-8)
    noisy = datasets.moons(4000, noise=0.2)
    clean = datasets.moons(4000, noise=0)
    assert noisy.X.var(axis=0) == pytest.approx(clean.X.var(axis=0) + 0.04, rel=0.05)


@pytest.mark.parametrize("cells", [2, 3, 5])
def test_squares_of_a_checkerboard(cells):
    ds = datasets.checkerboard(6000, cells=cells)
    column, row = np.floor((ds.X + 5) / 10 * cells).astype(int).T
    np.testing.assert_array_equal((row + column) % 2, ds.y)
    counts = np.bincount(row * cells + column, minlength=cells**2)
    for label in (0, 1):
        own = np.add.outer(range(cells), range(cells)).ravel() % 2 == label
        assert stats.chisquare(counts[own]).pvalue > 0.001
    assert np.abs(ds.X).max() <= 5


def test_the_cloud_of_exclusive_or():
    ds = datasets.xor(4000)
    np.testing.assert_array_equal(ds.y, ds.X[:, 0] * ds.X[:, 1] < 0)
    for column in np.abs(ds.X).T:
        assert stats.kstest(column, "uniform", (0.3, 5)).pvalue > 0.01
    four = datasets.xor()
    np.testing.assert_array_equal(four.y, four.X[:, 0] != four.X[:, 1])


def test_sine_plane_and_hills():
    wave = datasets.sine(3000, noise=0.2)
    residual = wave.y - np.sin(wave.X[:, 0])
    assert stats.kstest(residual, "norm", (0, 0.2)).pvalue > 0.01
    assert stats.kstest(wave.X[:, 0], "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.01
    flat = datasets.plane(300)
    np.testing.assert_allclose(flat.y, (flat.X[:, 0] + flat.X[:, 1]) / 10, rtol=1e-14)
    assert np.abs(flat.X).max() <= 6
    beside = datasets.plane(3000, noise=0.5)
    shift = 10 * beside.y - beside.X.sum(axis=1)  # two of uniform(-3, 3)
    assert shift.var() == pytest.approx(2 * 9 / 3, rel=0.1)


def test_hills_are_playgrounds():
    """regressGaussian: of the six, the one that is largest in size."""
    ds = datasets.hills(800)
    tops = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    for (x, y), height in zip(ds.X, ds.y, strict=True):
        all_heights = [s * min(1, max(0, 1 - np.hypot(x - a, y - b) / 2)) for a, b, s in tops]
        assert height == pytest.approx(max(all_heights, key=abs), abs=1e-12)


# ---- sequences -----------------------------------------------------------------------------------


def test_parity():
    ds = datasets.parity(301, length=6, seed=2)
    lengths = ds.mask.sum(axis=1).astype(int)
    assert ds.X.shape == (301, 6, 1)
    assert set(np.unique(ds.X)) == {0.0, 1.0}
    for x, length, label in zip(ds.X[..., 0], lengths, ds.y, strict=True):
        assert sum(x[:length]) % 2 == label
        assert not x[length:].any()
    assert sorted(np.bincount(ds.y)) == [150, 151]
    assert stats.chisquare(np.bincount(lengths)[1:]).pvalue > 0.001
    first = ds.X[lengths > 1, 0, 0]
    assert stats.binomtest(int(first.sum()), len(first)).pvalue > 0.001
    assert ds.task == "classification"
    assert datasets.parity(2, length=5).X.shape == (2, 5, 1)  # one of them is as long as that


def test_echo():
    ds = datasets.echo(50, length=9, delay=3)
    assert ds.X.shape == (50, 9, 1)
    assert ds.task == "classification"
    for x, y in zip(ds.X[..., 0], ds.y, strict=True):
        assert y.tolist() == [0, 0, 0, *x[:-3]]
    now = datasets.echo(5, delay=0)
    np.testing.assert_array_equal(now.y, now.X[..., 0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: datasets.parity(1), "n: expected a whole number of at least 2"),
        (lambda: datasets.parity(length=0), "length"),
        (lambda: datasets.echo(length=3, delay=3), "delay.*below the length 3; received 3"),
        (lambda: datasets.echo(delay=-1), "delay"),
        (lambda: datasets.echo(seed=1.5), "seed"),
    ],
)
def test_sequences_that_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_net_learns_from_each_toy_set():
    """With the features of TensorFlow Playground a linear classifier tells disk from ring."""
    train, test = datasets.circles(seed=1).with_features(["x1^2", "x2^2"]).standardized().split()
    net = nbann.Sequential([nbann.Dense(2)])
    trainer = nbann.Trainer(net, train, test=test, optimizer=nbann.SGD(0.5))
    trainer.run(20)
    assert trainer.evaluate(test)["accuracy"] > 0.97
