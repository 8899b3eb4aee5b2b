"""One query's documents in a ranker's order, before and after; imports matplotlib and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.errors import UnknownNameError, bad_value
from ..core.scoring.ranked import Order, ranked_list
from ..core.scoring.ranked import RankedList as Ranks
from .asked import Asked, check_part, part_of, task_of
from .base import Margins, Panel
from .scale import largest
from .shade import centers, picture, seams, shades
from .style import SMALL
from .text import counted, number
from .words import Words

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_SINCE = ("start", "attach")
_HEAD = 18.0  # pixels of the line with the columns' names
_ROW = 15.0  # least pixels of a document
_WIDE = 30.0  # of the cell that shows relevance
_DARKEST = 0.62  # share of ink of the most relevant


class RankedList(Panel):
    """The documents of one query, the best first: relevance, score, and where each was before.

    On the left stands the order before, on the right that of now; a line joins a document's places,
    orange where it has risen and blue where it has fallen. The stronger a cell's shade, the more
    relevant is its document.

    Parameters
    ----------
    query : int
        Its place among the queries of the data, from 0; below 0 from the end.
    since : {"start", "attach"}
        What "before" is: the start of the run, or when the panel was last attached.
    of : {"train", "validation", "test"}, optional
        Which data; by default the test data, if there are some, else the training data.

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.Dataset([[0.0], [2.0], [1.0]], [2, 0, 1], groups=[3])
    >>> net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=[0.0])])
    >>> nbann.Dashboard(nbann.Trainer(net, ds), ["ranking"]).describe().split("; ")[1:3]
    ['NDCG 0.587, at the start 0.587', 'in order of scores the relevance is 0, 1, 2']
    """

    title = "Ranked list"
    margins = Margins(left=12, right=12, top=30, bottom=8)

    def __init__(self, query: int = 0, *, since: str = "start", of: str | None = None) -> None:
        super().__init__()
        if isinstance(query, bool) or not isinstance(query, (int, np.integer)):
            mend = "Pass e.g. query=0."
            raise bad_value("query", "a whole number", repr(query), mend)
        if since not in _SINCE:
            raise UnknownNameError("since", since, _SINCE)
        self.query, self.since = int(query), since
        self.of = check_part(of, "RankedList")

    def __repr__(self) -> str:
        given = [] if self.query == 0 else [f"{self.query}"]
        given += [] if self.since == "start" else [f"since={self.since!r}"]
        given += [] if self.of is None else [f"of={self.of!r}"]
        return f"RankedList({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a ranker; else the reason."""
        if trainer.task != "ranking":
            return f"shows documents in order; this is {task_of(trainer)}."
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, self._data = part_of(self.trainer, self.of, "RankedList")
        self._ranks = Asked(self.trainer, self._ask)
        self._before = self.ranks().now  # which also refuses a query that is not there
        self._query = self.ranks().query

    def _ask(self) -> Ranks:
        with np.errstate(all="ignore"):
            return ranked_list(self.trainer, self.query, self._data)

    def ranks(self) -> Ranks:
        """Return the documents in the order of now, and in that of the start of the run."""
        return self._ranks.now()

    def before(self) -> Order:
        """Return the order that that of now is compared with."""
        return self.ranks().start if self.since == "start" else self._before

    def moved(self) -> NDArray[np.intp]:
        """Return by how many places each document of now has risen (below 0: fallen)."""
        places = {row: place for place, row in enumerate(self.before().rows)}
        now = self.ranks().now.rows
        return np.array([places[row] for row in now]) - np.arange(len(now))

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        self._painted: Ranks | None = None
        count = len(self._before.rows)
        self._most = min(count, int((height - _HEAD) / _ROW))
        if self._most < count:  # the last line tells how many more there are
            self._most = min(count, int((height - _HEAD - 16) / _ROW))
        room = (height - _HEAD - (16 if self._most < count else 0)) / self._most
        self._row = min(room, 26.0)
        tall = self._row * self._most
        top = height - _HEAD
        self._darkest = largest(np.asarray(self._before.relevance)) or 1.0
        left, right = (40.0, top - tall, _WIDE, tall), (0.42 * width, top - tall, _WIDE, tall)
        self._ends = (left[0] + _WIDE + 3, right[0] - 3)
        self._tops = centers(left, self._most, 1)[:, 1]
        links = LineCollection([], linewidths=1.3, capstyle="round")
        self._links = self.moving(links)
        self.ax.add_collection(links, autolim=False)
        self._links.set_clip_box(self.ax.bbox)
        self._boxes = [self.moving(picture(self.ax, frame)) for frame in (left, right)]
        lines = [seam for frame in (left, right) for seam in seams(frame, self._most, 1)]
        gaps = LineCollection(lines, colors=self.theme.background, linewidths=1.5)
        self.moving(self.ax.add_collection(gaps))
        ink, muted = self.theme.ink, self.theme.muted
        self._inside = [
            self.moving(Words(self.ax, centers(frame, self._most, 1), SMALL))
            for frame in (left, right)
        ]
        columns = {
            "row": (34.0, muted, "before"),
            "now": (right[0] + _WIDE + 44, ink, "row"),
            "score": (right[0] + _WIDE + 44 + 0.17 * width, ink, "score"),
            "moved": (right[0] + _WIDE + 44 + 0.29 * width, ink, "moved"),
        }
        self._columns = {}
        head: dict[str, Any] = {"size": SMALL, "color": muted, "va": "top", "ha": "right"}
        for name, (x, color, title) in columns.items():
            places = np.column_stack([np.full(self._most, x), self._tops])
            words = Words(self.ax, places, SMALL, align="right", color=color)
            self._columns[name] = self.moving(words)
            if title != "before":
                self.still_text(title, (0, 1), (x, -1), **head)
        since = "at the start" if self.since == "start" else "at first"
        self.still_text(since, (0, 1), (left[0] + _WIDE, -1), **head)
        self.still_text("relevance now", (0, 1), (right[0] + _WIDE + 8, -1), **head)
        rest = count - self._most
        if rest:
            foot: dict[str, Any] = {"size": SMALL, "color": muted, "va": "bottom"}
            self.still_text(f"and {rest} more", (0, 0), (40, 1), **foot)
        self._status = self.moving_text((1, 1), (0, self.header), color=muted, ha="right")

    def _refresh(self) -> None:
        ranks = self.ranks()
        if ranks is self._painted:
            return
        self._painted = ranks
        most, now, before = self._most, ranks.now, self.before()
        for box, words, order in zip(self._boxes, self._inside, (before, now), strict=True):
            relevance = np.array(order.relevance[:most])
            colors = shades(0.06 + (_DARKEST - 0.06) * relevance / self._darkest, self.theme)
            box.set_data(colors[:, None])
            words.set_words([f"{r:.3g}" for r in relevance], self.theme.text_on(colors))
        moved = self.moved()[:most]
        self._columns["row"].set_words([str(row) for row in before.rows[:most]])
        self._columns["now"].set_words([str(row) for row in now.rows[:most]])
        scores = [number(s) if np.isfinite(s) else "NaN" for s in now.scores[:most]]
        self._columns["score"].set_words(scores)
        inks = [self._color(by) for by in moved]
        self._columns["moved"].set_words([_way(int(by)) for by in moved], inks)
        self._link(moved, inks)
        self._status.set_text(
            f"query {ranks.query}: NDCG {_score(before.ndcg)} → {_score(now.ndcg)}"
        )

    def _link(self, moved: NDArray[np.intp], inks: list[str]) -> None:
        """Draw a line from each document's place before to that of now, the moved ones on top."""
        left, right = self._ends
        to = self._tops
        start = self._tops[0] - self._row * (np.arange(len(moved)) + moved)
        order = np.argsort(np.abs(moved), kind="stable")
        self._links.set_segments([[(left, start[i]), (right, to[i])] for i in order])
        self._links.set_colors([inks[i] for i in order])

    def _color(self, moved: int) -> str:
        """Return the color of a rise or a fall."""
        return self.theme.high if moved > 0 else self.theme.low if moved < 0 else self.theme.muted

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        ranks, before = self.ranks(), self.before()
        documents = counted(len(ranks.now.rows), "document")
        since = "at the start" if self.since == "start" else "when attached"
        scores = f"NDCG {_score(ranks.now.ndcg)}, {since} {_score(before.ndcg)}"
        where = f"query {ranks.query} of the {self._part} data, {documents}; {scores}"
        if not np.isfinite(ranks.now.scores).all():
            return f"{where}; scores are not numbers (NaN or infinity) everywhere."
        shown = ", ".join(f"{r:.3g}" for r in ranks.now.relevance[:10])
        more = "" if len(ranks.now.rows) <= 10 else ", ..."
        return f"{where}; in order of scores the relevance is {shown}{more}; {self._moves()}."

    def _moves(self) -> str:
        moved, rows = self.moved(), self.ranks().now.rows
        if not moved.any():
            return "no document has moved"
        up, down = int(moved.argmax()), int(moved.argmin())
        return (
            f"row {rows[up]} has risen most, by {moved[up]}, "
            f"row {rows[down]} has fallen most, by {-moved[down]}"
        )


def _way(moved: int) -> str:
    """Return by how much and which way a document has moved, for a column."""
    return f"↑ {moved}" if moved > 0 else f"↓ {-moved}" if moved < 0 else "–"


def _score(ndcg: float) -> str:
    return "not defined (nothing is relevant)" if np.isnan(ndcg) else number(ndcg)
