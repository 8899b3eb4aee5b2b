"""The map against distances computed here, unit by unit."""

import numpy as np
import pytest

import nbann
from nbann.panels import SOMMap
from nbann.panels.shade import shades
from nbann.panels.style import THEMES
from nbann.panels.text import number

from .alike import assert_never_stale
from .boards import attached, classes


def moons(rows=4, columns=5, **options):
    som = nbann.SOM(rows, columns, rule="batch", **options)
    return nbann.Trainer(som, nbann.datasets.moons(60))


def borders(weight, rows, columns):
    """Mean distance of each unit to its neighbors, 8 of them where there are as many."""
    grid = weight.reshape(rows, columns, -1)
    found = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            around = [
                np.linalg.norm(grid[i, j] - grid[a, b])
                for a in range(max(0, i - 1), min(rows, i + 2))
                for b in range(max(0, j - 1), min(columns, j + 2))
                if (a, b) != (i, j)
            ]
            found[i, j] = np.mean(around)
    return found


def nearest(X, weight):
    return np.linalg.norm(X[:, None] - weight[None], axis=2).argmin(axis=1)


def test_cells_are_shaded_by_the_u_matrix():
    panel = attached(SOMMap(), moons())
    for _ in range(2):
        expected = borders(panel.trainer["som.weight"], 4, 5)
        share = (expected - expected.min()) / np.ptp(expected)
        colors = shades(0.03 + 0.57 * share.ravel(), THEMES["light"])
        drawn = np.round(panel._grid.cells.get_facecolors() * 255)
        assert np.abs(drawn - colors).max() <= 1
        row, column = np.unravel_index(expected.argmax(), expected.shape)
        words = f"highest border is {number(expected.max())}, at row {row}, column {column}"
        assert words in panel.describe()
        panel.trainer.run(3)
        panel.update()


def test_samples_stand_in_their_units():
    panel = attached(SOMMap(), moons(), width=9)
    panel.trainer.run(5)
    panel.update()
    data, weight = panel.trainer.train_data, panel.trainer["som.weight"]
    units = nearest(data.X, weight)
    assert not panel._grid.crowded
    for k, line in enumerate(panel._grid.markers):
        points = np.column_stack(line.get_data())
        at = panel._grid.at
        found = np.linalg.norm(points[:, None] - at[None], axis=2).argmin(axis=1)
        np.testing.assert_array_equal(found, units[data.y == k])
        off = np.abs(points - at[found])
        assert off.max() < panel._grid._cell / 2
    gaps = np.linalg.norm(data.X - weight[units], axis=1)
    assert f"mean distance of a sample from its unit {number(gaps.mean())}" in panel.describe()
    assert f"samples fall on {len(set(units))} of 20 units" in panel.describe()
    pure = sum(len(set(data.y[units == u])) == 1 for u in set(units))
    assert f"{pure} of them have a single class" in panel.describe()


def test_ten_digits_can_be_told_apart():
    trainer = nbann.Trainer(nbann.SOM(4, 4, rule="batch"), nbann.datasets.digits())
    marks = attached(SOMMap(), trainer)._grid.markers
    assert len({tuple(mark.get_facecolor()[0]) for mark in marks}) == 10
    assert len({mark.get_paths()[0].vertices.tobytes() for mark in marks}) == 10


def test_a_crowd_is_shown_by_its_commonest_class():
    trainer = nbann.Trainer(nbann.SOM(3, 3, rule="batch"), nbann.datasets.moons(2000))
    trainer.run(3)
    panel = attached(SOMMap(), trainer)
    assert panel._grid.crowded
    data = trainer.train_data
    units = nearest(data.X, trainer["som.weight"])
    counts = np.array([[(data.y[units == u] == k).sum() for k in (0, 1)] for u in range(9)])
    for k, marks in enumerate(panel._grid.markers):
        mine = (counts.argmax(axis=1) == k) & (counts.sum(axis=1) > 0)
        np.testing.assert_array_equal(marks.get_offsets(), panel._grid.at[mine])
        sizes = marks.get_sizes()
        shares = counts.sum(axis=1)[mine] / counts.sum(axis=1).max()
        large = sizes > 4
        np.testing.assert_allclose(
            sizes[large] / sizes[large].max(), shares[large] / shares[large].max(), rtol=1e-9
        )


def test_the_net_unfolds_over_the_samples():
    panel = attached(SOMMap(), moons())
    for _ in range(2):
        weight = panel.trainer["som.weight"]
        np.testing.assert_array_equal(np.column_stack(panel._net.knots.get_data()), weight)
        segments = np.array(panel._net.net.get_segments())
        grid = weight.reshape(4, 5, 2)
        across = [(grid[i, j], grid[i, j + 1]) for i in range(4) for j in range(4)]
        down = [(grid[i, j], grid[i + 1, j]) for i in range(3) for j in range(5)]
        expected = {tuple(np.ravel(pair)) for pair in across + down}
        assert {tuple(segment.ravel()) for segment in segments} == expected
        panel.trainer.run(2)
        panel.update()


def test_weights_are_images_where_features_are_a_square():
    rng = np.random.default_rng(0)
    data = nbann.Dataset(rng.random((40, 9)), task="unsupervised")
    trainer = nbann.Trainer(nbann.SOM(2, 3, rule="batch"), data)
    trainer.run(2)
    panel = attached(SOMMap(), trainer)
    rows = [np.asarray(image.get_array()).astype(int) for image in panel._images.images]
    assert [row.shape for row in rows] == [(3, 3 * 4 - 1, 4)] * 2
    for unit, weight in enumerate(trainer["som.weight"]):
        left = unit % 3 * 4
        drawn = rows[unit // 3][:, left : left + 3]
        expected = shades(weight.reshape(3, 3) / data.X.max(), THEMES["light"])
        assert np.abs(drawn - expected).max() <= 1
    other = attached(SOMMap(features=(0, 4)), trainer)
    assert other._images is None
    knots = np.column_stack(other._net.knots.get_data())
    np.testing.assert_array_equal(knots, trainer["som.weight"][:, [0, 4]])


def test_one_feature_has_a_map_alone():
    data = nbann.Dataset(np.arange(10.0)[:, None], task="unsupervised")
    panel = attached(SOMMap(), nbann.Trainer(nbann.SOM(1, 4, rule="batch"), data))
    assert panel._net is None
    assert panel._images is None
    assert "1 by 4 units" in panel.describe()


def test_a_hexagonal_grid_has_cells_that_touch():
    panel = attached(SOMMap(), moons(3, 3, topology="hexagonal"))
    paths = [path.vertices[:6] for path in panel._grid.cells.get_paths()]
    middle = paths[4]
    shared = 0
    for i, other in enumerate(paths):
        gaps = np.linalg.norm(middle[:, None] - other[None], axis=2)
        shared += i != 4 and (gaps < 1e-6).sum() == 2
    assert shared == 6


def test_it_is_never_stale():
    trainer = nbann.Trainer(nbann.SOM(3, 4, rule="batch"), nbann.datasets.moons(60), batch_size=20)
    assert_never_stale(SOMMap, trainer, "som.weight")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: SOMMap(features=(0,)), "two columns"),
        (lambda: SOMMap(shape=9), "two whole numbers"),
        (lambda: attached(SOMMap(features=(0, 0)), moons()), "two different"),
        (lambda: attached(SOMMap(features=(0, 2)), moons()), "from 0 to 1"),
        (lambda: attached(SOMMap(shape=(2, 2)), moons()), "2 cells"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert "nbann.SOM" in SOMMap().fits(classes())
    assert repr(SOMMap((0, 1))) == "SOMMap(features=(0, 1))"
