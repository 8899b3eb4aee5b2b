"""The net as neurons and edges, with one sample's values in it; imports matplotlib and the core."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import CircleCollection, LineCollection
from numpy.typing import NDArray

from ..core.models.hopfield import Hopfield
from ..core.models.hopfield_recall import HopfieldRecall
from ..core.models.som import SOM
from . import network_words
from .base import Margins
from .lit import Lit
from .network_drawing import INSIDE, Drawing
from .network_inside import Inside
from .network_map import Map
from .network_part import Part
from .network_ring import Ring
from .network_strip import Strip
from .network_unrolled import Unrolled
from .scale import largest
from .style import LABEL, PX, SMALL
from .text import literal, number, short_number, text_width

Floats = NDArray[np.float64]


class NetworkDiagram(Drawing):
    """Neurons filled by their activation for one sample, edges by their weight.

    Blue is below 0, orange above; an edge is the wider the larger its weight. A dot at a neuron's
    upper left is its bias, with its number where there is room. What the last op read is marked
    with dashes, what it wrote with solid lines, in the color of its phase. What the loaded batch
    has not computed yet is gray. A cross is on silenced neurons, a slash on those that drop out,
    two ticks across frozen weights.

    Shortcuts of residual blocks are arcs, the state of a recurrent layer is a loop, with its values
    over time below; the heads of a net and both directions of a bidirectional layer stand above one
    another. More than 13 layers are a strip of cells, in which those about the op are opened. Of
    machines, RBM and BAM are two layers, a Hopfield net a ring (or the grid of its weights), a
    self-organizing map its grid.

    Parameters
    ----------
    sample : int
        Which row of the batch, from 0; the last one where the batch is shorter.
    most : int
        Neurons shown of a layer, at least 3; of a wider one the first and the last.
    inside : {"number", "bar", "heatmap"}
        What is in a neuron: its value, a bar of it, or a picture: where the data has two features
        what it answers over them, where the inputs form an image its weights from them.
    edges : {"weight", "gradient"}
        What edges show; gradients are gray until this batch has computed them.
    time : int, optional
        Which time step of a sequence, from 0; by default that of the op.

    Raises
    ------
    ValueError
        An unknown word or a number out of range; when it is attached, a time step that the net has
        not, or ``inside="heatmap"`` for data that is neither an image nor has two features.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(1, weight=[[2.0], [0.5]], bias=False)])
    >>> trainer = nbann.Trainer(net, ([[1.0, 3.0]], [1.0]), loss="mse")
    >>> _ = trainer.step("op")
    >>> nbann.Dashboard(trainer, [nbann.panels.NetworkDiagram()]).describe()[:68]
    'Network: 2-1, sample 0 of 1 in the batch; inputs x1 1.00, x2 3.00; d'
    """

    title = "Network"
    margins = Margins(left=12, right=12, top=32, bottom=6)

    # ---- drawing ---------------------------------------------------------------------------------
    def _bind(self) -> None:
        super()._bind()
        self._limits_for()
        self.view: list[int] = []
        self.pictured: set[int] = set()
        self.parts = self._parts()

    def _parts(self) -> list[Part]:
        """Return what there is in the picture beside columns of neurons."""
        model = self.trainer.model
        if isinstance(model, (Hopfield, HopfieldRecall)):
            return [Ring(self)]
        if isinstance(model, SOM):
            return [Map(self)]
        # order: what lays columns out comes first, what stands in neurons last
        parts: list[Part] = [Strip(self)] if self.deep else []
        if self._recurrent and not self.deep:
            parts.append(Unrolled(self))
        return parts if self.inside == "number" else [*parts, Inside(self)]

    def _restart(self) -> None:
        for limit in (*self._limits, *self._edge_limits):
            limit.restart()
        for part in self.parts:
            part.restart()

    def _draw(self) -> None:
        self._use_pixels()
        if len(self.columns) > 1 and not self.deep:
            self._draw_columns()
        for part in self.parts:
            part.draw()
        self._draw_page()

    # ---- changing --------------------------------------------------------------------------------
    def _refresh(self) -> None:
        self._time_now = self.time
        self._names_now = [self.array_of(column) for column in self.columns]
        self._values_now = [
            np.full(column.width, np.nan) if name is None else self._of_step(name, column.width)
            for name, column in zip(self._names_now, self.columns, strict=True)
        ]
        for name, limit in zip(self._names_now, self._limits, strict=True):
            limit.fit(largest(self.trainer[name]) if name else 0.0)
        for part in self.parts:
            part.refresh()
        if self.view:
            self._refresh_nodes()
            self._refresh_edges()
            self._refresh_biases()
            self._refresh_marks()
            self._refresh_op()
        self._refresh_page()

    def _refresh_page(self) -> None:
        op, trainer = self.op, self.trainer
        which = "next" if trainer.last_op is None else "last"
        room = self.size[0] - 80
        self._status.set_text(literal(f"{which} op: {op.phase} {op.name}", room, LABEL))
        self._status.set_color(self.theme.phase_color(op.phase, trainer.program.phases))
        known = trainer.is_current("loss")
        word = network_words.loss_word(trainer)
        loss = f"{word} {number(float(trainer['loss']))}" if known else ""
        self._loss.set_words([loss])
        room = self.size[0] - self._aside.at[0, 0] - text_width(loss, SMALL) - 10
        self._aside.set_words([literal(" · ".join(network_words.asides(self)), room, SMALL)])

    def _refresh_nodes(self) -> None:
        colors, words, bars = [np.zeros((0, 4), np.uint8)], [], []
        for i in self.view:
            name, limit = self._names_now[i], self._limits[i]
            values = self._values_now[i][self.shown[i]]
            counts = i == 0 and self.reads_things
            colors.append(self.theme.diverging(0 * values if counts else values, limit.value))
            words += self._words_in(i, values)
            bar = self._bars[i] if not self.deep else {}
            if name in bar and len(bar) > 1:
                start, end, y = bar[name]
                bars.append([(start, y), (end, y)])
        every = np.concatenate(colors)
        if self.inside != "bar":
            self._nodes.set_facecolors(every / 255)
        if len(self._numbers.at):
            if self.places.radius < 14:
                words = [
                    w.replace("0.", ".") if w.lstrip("−").startswith("0.") else w for w in words
                ]
            self._numbers.set_words(words, self.theme.text_on(every))
        self._bar.set_segments(bars)
        if not self.deep:
            self._refresh_told()

    def _words_in(self, i: int, values: Floats) -> list[str]:
        """Return what stands in the neurons of a column, as far as there is room."""
        small = self.places.radii[self._spot[i]] < INSIDE
        if self._names_now[i] is None or i in self.pictured or small:
            return [""] * len(values)
        if i == 0 and self.reads_things:
            return [f"{v:.0f}" for v in values]
        return [short_number(float(v)) for v in values]

    def _refresh_told(self) -> None:
        """Say the class probabilities, and which array a recurrent layer shows."""
        names = [self._names_now[i] for i in self._recurrent]
        self._keys.set_words(["" if name is None else name.rpartition(".")[2] for name in names])
        chances = []
        for i in self._told:
            p = self.probabilities(i)
            known = p is not None
            chances += [_chance(float(p[k])) if known else "" for k in self.shown[i]]
        self._chances.set_words(chances)

    def _refresh_edges(self) -> None:
        colors, widths = [np.zeros((0, 4))], [np.zeros(0)]
        for i in self._weights_seen:
            weight, limit = self.matrix(i), self._edge_limits[i]
            limit.fit(largest(weight))
            shown = weight[np.ix_(self.shown[self.columns[i].source], self.shown[i])].ravel()
            colors.append(self.theme.diverging(shown, limit.value) / 255)
            widths.append(0.3 + 2.4 * np.nan_to_num(np.minimum(np.abs(shown) / limit.value, 1)))
        self._edges.set_color(np.concatenate(colors))
        self._edges.set_linewidths(np.concatenate(widths) * PX)

    def _refresh_biases(self) -> None:
        biases = {i: self.bias(i)[self.shown[i]] for i in self._dotted}
        scaled = [b / (largest(b) or 1.0) for b in biases.values()]
        self._dots.set_facecolors(
            self.theme.diverging(np.concatenate([np.zeros(0), *scaled]), 1.0) / 255
        )
        self._bias_numbers.set_words(
            [short_number(float(b)) for i in self._dots_told for b in biases[i]]
        )

    def _refresh_marks(self) -> None:
        """Cross out silenced neurons, strike those that drop out, tick what is frozen."""
        strokes, colors = [], []
        for k, i in enumerate(self.view):
            reach = 0.72 * self.places.radii[k]
            for units, ways, color in (
                (self.dropped(i), (1,), self.theme.muted),
                (self.silenced(i), (1, -1), self.theme.ink),
            ):
                for x, y in self.places.at[k][np.isin(self.shown[i], units)] if units else ():
                    for way in ways:
                        strokes.append([(x - reach, y - way * reach), (x + reach, y + way * reach)])
                        colors.append(color)
        self._strokes.set_segments(strokes)
        self._strokes.set_color(colors or self.theme.ink)
        self._ticks.set_segments(self._frozen_ticks() if self.trainer.restraints.frozen else [])

    def _frozen_ticks(self) -> Floats:
        """Return two short strokes across each frozen edge that is drawn, one through a bias."""
        found = [np.zeros((0, 2, 2))]
        for i in self._weights_seen:
            grid = np.ix_(self.shown[self.columns[i].source], self.shown[i])
            lines = self.places.edges([self._spot[i]])[self.frozen(i)[grid].ravel()]
            along = lines[:, 1] - lines[:, 0]
            along = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
            across = 3.5 * np.column_stack([-along[:, 1], along[:, 0]])
            for shift in (-1.5, 1.5):
                middle = lines[:, 0] * 0.62 + lines[:, 1] * 0.38 + shift * along
                found.append(np.stack([middle - across, middle + across], axis=1))
        for i in self._dotted:
            dots = self.places.biases([self._spot[i]])[self.frozen_biases(i)[self.shown[i]]]
            out = np.array([5.0, 0.0])
            found.append(np.stack([dots - out, dots + out], axis=1))
        return np.concatenate(found)

    def _refresh_op(self) -> None:
        color = self.theme.phase_color(self.op.phase, self.trainer.program.phases)
        for lit, bands, rings, out in zip(
            self.lit, self._bands, self._rings, (2.8, 5.2), strict=True
        ):
            self._light(lit, bands, rings, color, out)
        read, written = self.lit
        skips, loops = read.skips | written.skips, read.loops | written.loops
        marked = [i in skips for i, *_ in self._shortcuts] + [i in loops for i in self._loops]
        self._ways.set_color([color if lit else self.theme.muted for lit in marked] or color)

    def _light(
        self, lit: Lit, bands: LineCollection, rings: CircleCollection, color: str, out: float
    ) -> None:
        """Put bands under edges and rings round neurons and biases."""
        spot, places = self._spot, self.places
        segments = places.edges(spot[i] for i in self._weights_seen if i in lit.edges)
        bands.set_segments(segments)
        bands.set(color=color, linewidth=4.0 * PX, alpha=band_alpha(len(segments)))
        here = [spot[i] for i in self.view if i in lit.nodes]
        nodes = [places.at[k] for k in here]
        dots = places.biases(spot[i] for i in self._dotted if i in lit.biases)
        rings.set_offsets(np.concatenate([np.zeros((0, 2)), *nodes, dots]))
        around = [np.full(len(places.at[k]), places.radii[k] + out) for k in here]
        radii = np.concatenate([*around, np.full(len(dots), 5.2)])
        rings.set_sizes(self._sizes(radii), self._figure.dpi)
        rings.set(edgecolor=color, linewidth=1.4 * PX)

    # ---- words -----------------------------------------------------------------------------------
    @property
    def seen(self) -> list[int]:
        """The columns of which neurons can be seen; of a strip those that are opened."""
        strip = next((part for part in self.parts if isinstance(part, Strip)), None)
        return list(range(len(self.columns))) if strip is None else strip.view_of(strip.focus)

    def _describe(self) -> str:
        return network_words.describe(self)


def _chance(share: float) -> str:
    return f"{number(100 * share)}%" if np.isfinite(share) else "NaN"


def band_alpha(edges: int) -> float:
    """Return how strong the bands under lit edges are: the paler the more they cover.

    >>> band_alpha(10), band_alpha(96), band_alpha(9000)
    (0.28, 0.14, 0.08)
    """
    return round(max(0.08, min(0.28, 0.28 * (24 / max(edges, 1)) ** 0.5)), 4)
