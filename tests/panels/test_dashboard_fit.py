"""A dashboard drawn anew for another page, and as WebP."""

import io

import numpy as np
import pytest
from PIL import Image

import nbann


def make(**options):
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    trainer.run(2)
    return nbann.Dashboard(trainer, ["loss", "weights"], **options)


def test_fitted_it_is_as_if_made_so():
    changed = make(width=900)
    figure, axes = changed.figure, changed.figure.axes
    changed.render()
    changed.fit(480, theme="dark", scale=2.0)
    assert changed.figure is figure
    assert changed.figure.axes == axes
    made = make(width=480, theme="dark", scale=2.0)
    assert (changed.columns, changed.height) == (made.columns, made.height)
    assert np.array_equal(changed.render(), made.render())
    changed.fit(900, theme="light", scale=1.0)
    assert np.array_equal(changed.render(), make(width=900).render())


def test_columns_that_were_asked_for_stay():
    board = make(width=900, columns=1)
    board.fit(1200)
    assert board.columns == 1


@pytest.mark.parametrize(
    "ask", [{"width": 10}, {"width": 500, "scale": 0}, {"width": 500, "theme": "pink"}]
)
def test_what_is_wrong_changes_nothing(ask):
    board = make(width=900)
    before = board.render()
    with pytest.raises(ValueError, match=r"width|scale|theme"):
        board.fit(**ask)
    assert board.width == 900
    assert np.array_equal(board.render(), before)


def test_webp_is_the_picture():
    board = make(width=400)
    data = board.webp(quality=95)
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    away = np.abs(np.asarray(image.convert("RGB"), int) - board.render()[..., :3])
    assert away.mean() < 3
    assert len(board.webp(quality=20)) < len(data)
    with pytest.raises(ValueError, match="quality"):
        board.webp(quality=0)
