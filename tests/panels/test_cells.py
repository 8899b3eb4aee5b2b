"""Cells are drawn as matplotlib's nearest neighbors are, but for the pixels on their edges."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nbann.panels.cells import draw_cells

COLORS = np.random.default_rng(0).integers(0, 256, (3, 5, 4), dtype=np.uint8)
COLORS[..., 3] = 255


def drawn(make, extent):
    figure = Figure(figsize=(3, 2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    ax.axis("off")
    image = make(ax)
    image.set_data(COLORS)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


@pytest.mark.parametrize(
    "extent", [(0, 1, 0, 1), (0.2, 0.7, 0.1, 0.9), (-0.5, 0.6, -0.3, 1.4), (2, 3, 0, 1)]
)
def test_they_look_as_matplotlib_draws_them(extent):
    ours = drawn(lambda ax: draw_cells(ax, extent), extent)
    look = {"extent": extent, "aspect": "auto", "interpolation": "nearest"}
    its = drawn(lambda ax: ax.imshow(np.zeros((1, 1, 4), np.uint8), **look), extent)
    differs = (ours != its).any(axis=2)
    # where a cell ends within a pixel either color may stand: a line for each edge
    assert differs.mean() < 0.05
    inner = ours[np.ix_(range(0, 200, 7), range(0, 300, 11))]
    assert (inner == 255).all() == (extent[0] == 2), "what lies outside is not drawn"


def test_each_cell_has_its_color_with_the_first_row_on_top():
    picture = drawn(lambda ax: draw_cells(ax, (0, 1, 0, 1)), None)
    for row in range(3):
        for column in range(5):
            y, x = 20 + round((row + 0.5) * 160 / 3), 30 + round((column + 0.5) * 240 / 5)
            np.testing.assert_array_equal(picture[y, x], COLORS[row, column])
