"""What a panel shows, as data to compare; and ways that a run can go."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text

import nbann
from nbann.panels import Panel
from nbann.panels.words import Words

from .boards import attached


def shown(panel: Panel) -> list[Any]:
    """Everything that the panel's moving artists hold, in their order."""
    found: list[Any] = []
    for artist in panel.artists():
        if isinstance(artist, Words):
            found.append([*artist.words, *artist.at.ravel().tolist()])
        elif isinstance(artist, Text):
            found.append(artist.get_text())
        elif isinstance(artist, Line2D):
            found.append(np.array(artist.get_data(), float))
        elif isinstance(artist, AxesImage):
            found.append(np.asarray(artist.get_array()))
        elif isinstance(artist, Collection):
            paths = [np.asarray(path.vertices) for path in artist.get_paths()]
            found += [np.asarray(artist.get_offsets()), np.asarray(artist.get_facecolors())]
            found.append(np.concatenate(paths) if paths else np.zeros((0, 2)))
        else:
            raise TypeError(type(artist))
    return found


def assert_alike(panel: Panel, other: Panel) -> None:
    """Both panels show and say the same."""
    assert panel.describe() == other.describe()
    mine, others = shown(panel), shown(other)
    assert len(mine) == len(others)
    for one, two in zip(mine, others, strict=True):
        if isinstance(one, np.ndarray):
            np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)
        else:
            assert one == two


def ways(trainer: nbann.Trainer, weight: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Steps, runs, interventions and travels in time, one after the other."""
    yield "op", lambda: trainer.step("op", 2)
    yield "phase", lambda: trainer.step("phase")
    yield "batch", lambda: trainer.step("batch")
    yield "run", lambda: trainer.run(2)
    yield "set", lambda: trainer.set(weight, (0, 0), 1.5)
    yield "more", lambda: trainer.run(1)
    yield "back", lambda: trainer.back("batch")
    yield "far back", lambda: trainer.goto(epoch=1)
    yield "fork", lambda: trainer.set(weight, (0, 1), -0.75)
    yield "on", lambda: trainer.run(1)
    yield "switch", lambda: trainer.switch(len(trainer.branches) - 1)
    yield "reset", trainer.reset


def assert_never_stale(make: Callable[[], Panel], trainer: nbann.Trainer, weight: str) -> None:
    """A panel that is updated shows what one shows that is attached afresh."""
    panel = attached(make(), trainer)
    for name, move in ways(trainer, weight):
        move()
        words = panel.describe()  # asked before the update: it must be of now as well
        panel.update()
        fresh = attached(make(), trainer)
        try:
            assert words == fresh.describe()
            assert_alike(panel, fresh)
        except AssertionError as error:
            raise AssertionError(f"after {name!r}: {error}") from error
