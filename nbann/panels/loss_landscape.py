"""The loss over two directions of the weights, and the run's way; imports matplotlib, the core."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..core.checks import number_in, whole_number
from ..core.errors import UnknownNameError, bad_value
from .base import Margins, Panel
from .chosen_weights import places_of, weight_pair
from .landscape_colors import bands
from .landscape_slice import COARSE, LOOKS, SIZES, Slice
from .plane import Plane, path_plane, random_plane, weight_plane
from .run_path import RunPath
from .scale import FINE, Limit
from .style import LINE, SMALL
from .text import counted, literal, number, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer

DIRECTIONS = ("random", "path")
_ASTRAY = 1e100  # weights from which on a run is beyond any picture
_FIRST = 0.2  # seconds that the first picture may take
_ROOM = 1.2  # how much farther than the path the picture reaches


class LossLandscape(Panel):
    """The loss where two weights, or all along two directions, are other than they are.

    The fainter, the lower; bands are steps of the root of the loss, so that a bowl has rings evenly
    apart. All that does not vary over the picture is as it is in the run now. The dot is where the
    run stands, the line how it came there; after going back, what lay ahead is dashed.

    A slice is computed a stretch at each update, coarse first; `finish` completes it. It is kept
    until the loss has changed by over 1% of its range, at five places that are looked at each time;
    from then on it is gray, with the place in the run that it shows, until the new one is there.
    Needs a model that follows a loss.

    Parameters
    ----------
    weights : pair of (str, index), optional
        Two weights by array and index: ``(("hidden.weight", (0, 1)), ("output.bias", 0))``.
    directions : {"random", "path"}
        Where no weights are chosen: two random directions, each neuron's weights scaled to the
        length that they had at the start (Li and others, 2018, "Visualizing the Loss Landscape of
        Neural Nets"); or those along which the run has gone most, which show a path as it is:
        square to two random directions nearly all of it is unseen.
    seed : int
        Of directions and sample, at least 0.
    rows : int or None
        Samples of the training data on which the loss is computed, at most; None for all.
    resolution : {9, 17, 33, 65, 129}
        Points on each side once it is finished.
    span : float
        The picture reaches at least so far from the start each way; above 0.
    seconds : float
        How long an update may compute, about; above 0.

    Raises
    ------
    ValueError
        An option out of range; weights that there are not.
    """

    title = "Loss landscape"
    margins = Margins(left=56, right=16, top=46, bottom=40)
    frame = True

    def __init__(
        self,
        weights: Sequence[tuple[str, int | Sequence[int]]] | None = None,
        *,
        directions: str = "random",
        seed: int = 0,
        rows: int | None = 500,
        resolution: int = 33,
        span: float = 1.0,
        seconds: float = 0.015,
    ) -> None:
        super().__init__()
        self.weights = None if weights is None else weight_pair(weights)
        if directions not in DIRECTIONS:
            raise UnknownNameError("directions", directions, DIRECTIONS)
        if resolution not in SIZES:
            among = ", ".join(map(str, SIZES))
            raise bad_value("resolution", f"one of {among}", repr(resolution), "Pass e.g. 33.")
        self.directions = directions
        self.seed = whole_number("seed", seed, least=0)
        self.rows = None if rows is None else whole_number("rows", rows, least=1)
        self.resolution = int(resolution)
        self.span = number_in("span", span, above=0.0)
        self.seconds = number_in("seconds", seconds, above=0.0)
        self._limits = [Limit(slack=0.0, steps=FINE) for _ in range(4)]

    def __repr__(self) -> str:
        given = "" if self.weights is None else repr(self.weights)
        if self.weights is None and self.directions != "random":
            given = f"directions={self.directions!r}"
        return f"LossLandscape({given})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a model that goes down a loss with two weights or more; else why not."""
        if not trainer.model.follows_loss:
            return "needs a model that follows a loss; this one learns by a rule of its own."
        size = sum(array.size for array in trainer.parameters.values())
        if size < 2:
            return f"needs two weights to span a plane; this net has {size}."
        return None

    # ---- the plane and the path ------------------------------------------------------------------
    def _bind(self) -> None:
        self._probe = self.trainer.probe(self.rows, self.seed)
        start = self._probe.start
        shapes = [array.shape for array in self.trainer.parameters.values()]
        if self.weights is None:
            self._first = random_plane(start, shapes, self.seed)
        else:
            self._first = weight_plane(start, places_of(self.weights, self.trainer))
        self.plane: Plane = self._first
        self._path = RunPath(self.trainer, self._probe)
        self._turned = 0  # points of the path when the directions were last fitted to it
        self._slice: Slice | None = None
        self._old: Slice | None = None
        self._known: tuple[Any, ...] = ()

    def _turn(self, exactly: bool) -> None:
        """Fit the directions to the path: each time it has twice as many points, or at once."""
        if self.weights is not None or self.directions != "path":
            return
        known = len(self._path)  # those of a run gone astray among them
        if known < 3 or known == self._turned or (known < 2 * self._turned and not exactly):
            return
        self._turned = known
        path = self._path.weights()
        path = path[(np.abs(path) < _ASTRAY).all(axis=1)]
        if len(path) >= 3:
            self.plane = path_plane(self._probe.start, path, self._first)
            self._restart()

    def _restart(self) -> None:
        for limit in self._limits:
            limit.restart()

    def _fit_box(self) -> None:
        """Let the picture grow in steps, on each side as far as the path needs."""
        at = self._at[(np.abs(self._at) < _ASTRAY).all(axis=1)] - self.plane.offset
        reach = np.maximum(
            [-at.min(axis=0, initial=0.0), at.max(axis=0, initial=0.0)], 0.0
        )  # (below or above, direction)
        if self.weights is None and self.plane is not self._first:
            least = np.full(2, max(0.5 * float(reach.max()), 1e-6))  # of the path's own size
        else:
            least = np.maximum(self.span, 0.5 * reach.max(axis=0))
        wanted = np.maximum(_ROOM * reach, least)
        for limit, value in zip(self._limits, wanted.ravel(), strict=True):
            limit.fit(float(value))
        below, above = np.array([limit.value for limit in self._limits]).reshape(2, 2)
        box = np.column_stack([self.plane.offset - below, self.plane.offset + above])
        if self._box is None or (box != self._box).any():
            self._box = box
            self.ax.set(xlim=box[0], ylim=box[1])
            self._changed = True

    # ---- the slice -------------------------------------------------------------------------------
    @property
    def unfinished(self) -> bool:
        """Whether another update, or `finish`, would show more."""
        return self._reason is None and (self._slice is None or not self._is_finished())

    def _is_finished(self) -> bool:
        assert self._slice is not None
        return self._slice.is_done and not self._is_stale

    def finish(self) -> None:
        """Complete the slice, exactly for where the run stands now."""
        if self._reason is None:
            self._check_attached()
            self._turn(exactly=True)
            self._look()
            self._fit_box()
            if self._slice is None or not self._fits_picture() or not self._slice.is_exact():
                self._cut()
            assert self._slice is not None
            self._slice.work(None)
            self._is_stale = False
            self._paint()

    def _fits_picture(self) -> bool:
        cut = self._slice
        assert cut is not None
        return cut.plane is self.plane and bool((cut.box == self._box).all())

    def _is_kept(self) -> bool:
        """Whether the slice stays: it is true, or its first picture is not there yet."""
        cut = self._slice
        if cut is None or not self._fits_picture() or cut.restraints != self._probe.restraints:
            return False
        return not cut.level or cut.is_exact() or self._is_near(cut)

    def _is_near(self, cut: Slice) -> bool:
        """Whether a slice is still true enough, where that can be told in time."""
        return LOOKS * self._cost <= self.seconds and cut.is_near()

    def _cut(self) -> None:
        """Begin a new slice; the picture stays, gray, until the coarse grid of it is there."""
        if self._slice is not None and self._slice.level:
            self._old = self._slice
        position = self.trainer.position
        self._slice = Slice(self._probe, self.plane, self._box, self.resolution, position)

    def _look(self) -> None:
        """Take in where the run stands."""
        self._path.look()
        self._at, self._here = self._path.along(self.plane)
        begin = time.perf_counter()
        self._loss = self._probe.loss(self._probe.here)
        self._cost = time.perf_counter() - begin

    def _refresh(self) -> None:
        self._turn(exactly=False)
        self._look()
        self._fit_box()
        kept = self._is_kept()
        if not kept:
            self._cut()
        cut = self._slice
        assert cut is not None
        is_true = kept and cut.level > 0  # that is what it was kept for
        if self._old is None and not cut.level:  # the first picture: not to be empty
            cut.work(max(self.seconds, _FIRST), COARSE)
        if not cut.is_done:
            cut.work(self.seconds)
        self._is_stale = not (is_true or cut.is_exact() or self._is_near(cut))
        self._paint()

    def losses(self) -> NDArray[np.float64]:
        """Return the losses over the finished grid, row by row from the lower left.

        Shape (resolution, resolution); exactly for where the run stands now.
        """
        self.finish()
        assert self._slice is not None
        return self._slice.grid.copy()

    @property
    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The coordinates of the grid's columns and rows."""
        across, up = (np.linspace(*side, self.resolution) for side in self._box)
        return across, up

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._box: Any = None
        self._is_stale = False
        self._painted: tuple[Any, ...] | None = None
        self._named: tuple[str, str] | None = None
        self._words = ""
        look: dict[str, Any] = {"aspect": "auto", "interpolation": "nearest", "origin": "lower"}
        blank = np.zeros((1, 1, 4), np.uint8)
        self._image = self.moving(self.ax.imshow(blank, extent=(0, 1, 0, 1), **look))
        under = {"color": self.theme.background, "linewidth": 2.4 * LINE, "alpha": 0.8}
        self._halo = self.moving(self.ax.plot([], [], **under)[0])
        self._ahead = self.moving(
            self.ax.plot([], [], color=self.theme.muted, linewidth=LINE, dashes=(2, 2))[0]
        )
        ink = self.theme.ink
        self._way = self.moving(self.ax.plot([], [], color=ink, linewidth=LINE)[0])
        edge = {"linestyle": "none", "markeredgewidth": 1.0}
        dots = (("s", 4.5, self.theme.background, ink), ("o", 7.0, ink, self.theme.background))
        self._dots = [
            self.moving(
                self.ax.plot(
                    [], [], mark, markersize=size, markerfacecolor=face, markeredgecolor=rim, **edge
                )[0]
            )
            for mark, size, face, rim in dots
        ]
        ticks = max(2, int(self.size[0] / 48))  # as many as have room for "−0.25"
        self.ax.xaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
        muted = {"color": self.theme.muted}
        self._key = self.moving_text((0, 1), (0, 10), size=SMALL, va="center", **muted)
        self._status = self.moving_text((1, 1), (0, self.header), ha="right", **muted)

    def _paint(self) -> None:
        self._name_axes()
        for line, part in (
            (self._halo, self._at[: self._here + 1]),
            (self._way, self._at[: self._here + 1]),
            (self._ahead, self._at[self._here :]),
            (self._dots[0], self._at[:1]),
            (self._dots[1], self._at[self._here : self._here + 1]),
        ):
            line.set_data(*part.T)
        self._status.set_text(f"loss {number(self._loss)} here")
        cut, gray = self._slice, self._is_stale
        assert cut is not None
        if not cut.level and self._old is not None:
            cut, gray = self._old, True
        key = self._key_of(cut, gray)
        if key != self._words:
            self._words = key
            self._key.set_text(literal(key, self.size[0], SMALL))
        wanted = (cut, cut.level, gray)
        if wanted != self._painted:
            self._painted = wanted
            self._image.set_extent(cut.box.ravel())
            self._image.set_data(bands(cut, self.size, self.theme, gray=gray))

    def _name_axes(self) -> None:
        if self._named == self.plane.labels:
            return
        self._named = self.plane.labels
        width, height = self.size
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        across, up = self.plane.labels
        self.ax.set_xlabel(literal(across, width, SMALL), labelpad=2, **look)
        self.ax.set_ylabel(literal(up, height, SMALL), labelpad=2, **look)
        self._changed = True

    def _key_of(self, cut: Slice, gray: bool) -> str:
        if not cut.level:
            return "the loss around here is being computed"
        if gray:
            epoch, batch, _ = cut.position
            return f"gray: as it was at epoch {epoch}, batch {batch}; being computed anew"
        ends = f"{number(cut.low)} ({self.theme.name}) to {number(cut.high)}"
        ahead = "; dashed: ahead" if self._here < len(self._at) - 1 else ""
        return f"loss {ends}; square: start, dot: now{ahead}"

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        """Say it by five losses, computed now: a picture's words are asked for with every frame."""
        self._look()
        across, up = (plain(label, 60) for label in self.plane.labels)
        x, y = (number(float(v)) for v in self._at[self._here])
        theta, step = self._probe.here, number(self.span)
        sides = []
        for way, direction in zip(("across", "up"), self.plane.directions, strict=True):
            less, more = (
                number(self._probe.loss(theta + sign * self.span * direction)) for sign in (-1, 1)
            )
            sides.append(f"{way}, {less} at {step} less and {more} at {step} more")
        probe = self._probe
        ranked = self.trainer.task == "ranking"
        rows = counted(probe.rows, *(("query", "queries") if ranked else ("sample",)))
        rows = f"all {rows}" if probe.rows == probe.of else f"{rows} of {probe.of:,}"
        where = f"over {across} and {up}, on {rows}"
        return f"{where}: {number(self._loss)} here at ({x}, {y}); {'; '.join(sides)}."
