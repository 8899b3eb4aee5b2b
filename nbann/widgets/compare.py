"""Compare: several trainers in lockstep, side by side. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import traitlets as t

from nbann.core.checks import whole_number
from nbann.core.comparing.lockstep import Lockstep
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.moves import Stop
from nbann.core.trainer import Trainer
from nbann.core.units import Unit
from nbann.panels import Dashboard, NetworkDiagram, OverlaidCurves
from nbann.panels.dashboard import checked_trainer
from nbann.panels.overlaid_curves import MOST
from nbann.panels.text import plain

from . import runs, wording
from .differences import Differences
from .frames import Frame, FrameChannel
from .module import css, esm
from .net import Net
from .pictures import FULL_WIDTH, Look, Picture, page_width

CURVES_HEIGHT, NETWORK_HEIGHT = 230, 300
MOST_NEURONS = 6
READABLE = 240  # pixels in which curves can be read
LETTERS = "ABCDEF"


class Compare(Differences):
    """Several trainers with one set of buttons: curves overlaid, networks side by side.

    Step, Play and Run move whoever is furthest behind, and all of them where they are level: so
    they keep together by epoch even if their epochs have other numbers of batches, and one that
    Python has moved ahead is caught up with. Back moves whoever is furthest ahead. The trainers
    stay independent: ``trainer.step()`` of any one of them in another cell shows here at once.

    Parameters
    ----------
    *trainers : Trainer
        2 to 6. For a second one with the same past, ``trainer.branch()``.
    names : sequence of str, optional
        What they are called; by default A, B, C, ...
    metric : str, optional
        The column of the history that is drawn beside the losses; by default the first of the test
        data's, such as "test_accuracy".
    unit : {"op", "layer", "phase", "batch", "epoch"}
        What Step and Play go on by.
    speed : float
        Units a second while it plays, one of 0.5, 1, 2, 5, 10, 20, 50.

    Raises
    ------
    ValueError
        Fewer than 2 or more than 6 trainers, one of them twice, no trainers; names that are too
        many or too few, or twice the same; an unknown metric, unit or speed.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
    >>> slow, fast = (
    ...     nbann.Trainer(net, nbann.datasets.xor(), optimizer=nbann.SGD(learning_rate=rate))
    ...     for rate in (0.1, 0.5)
    ... )
    >>> compare = nbann.Compare(slow, fast, names=["slow", "fast"])
    >>> compare.run(epochs=2).position
    Position(epoch=2, batch=0, op=0)
    >>> difference = compare.first_difference()
    >>> difference.position, difference.op, difference.settings[0].values
    (Position(epoch=0, batch=0, op=13), 'sgd.update', ('0.1', '0.5'))
    """

    _esm = esm("compare")
    _css = css("compare")

    table = t.Dict().tag(sync=True)
    """The numbers of all runs: head and rows."""
    ahead = t.Unicode("").tag(sync=True)
    """Who is ahead of whom; empty where all stand at one place."""
    at_start = t.Bool(True).tag(sync=True)
    """Whether nobody can go back any further."""
    metric = t.Unicode("").tag(sync=True)
    """The column of the history that is drawn beside the losses."""
    metrics = t.List(t.Unicode()).tag(sync=True)
    """The columns that there are to choose from."""
    net0, net1, net2, net3, net4, net5 = (t.Dict().tag(sync=True) for _ in range(MOST))
    """What stands where in each net; see `Net.layout`."""

    trainer: Any

    def __init__(
        self,
        *trainers: Trainer,
        names: Sequence[str] | None = None,
        metric: str | None = None,
        unit: Unit = "epoch",
        speed: float = 2.0,
    ) -> None:
        self.names = _checked_names(trainers, names)
        self.trainer = Lockstep(trainers)
        choices = runs.columns(self.trainers)
        metric = runs.usual(choices) if metric is None else metric
        self._shown = [plain(name) for name in self.names]
        self._nets: list[Net] = []
        self._page = FULL_WIDTH
        super().__init__(unit=unit, speed=speed, metrics=choices, metric=metric)
        self._draw_curves()
        self._channels["curves"] = FrameChannel("curves", self._curves_frame, self._post)
        for i, one in enumerate(trainers):
            net = Net(one, most=MOST_NEURONS)
            self._nets.append(net)
            self._channels[f"net{i}"] = FrameChannel(f"net{i}", net.frame, self._post)
        self._player = self._follow(self.trainer)
        self.observe(self._on_metric, "metric")
        self._show()

    def _draw_curves(self) -> None:
        columns = runs.drawn(self.trainers, self.metric)
        panels = [OverlaidCurves(self.trainers, c, names=self.names) for c in columns]
        side_by_side = len(panels) if self._page >= READABLE * len(panels) else 1
        look = {"theme": self._look.theme, "scale": self._look.density, "width": self._page}
        size = {"row_height": CURVES_HEIGHT, "columns": side_by_side}
        self._curves: Dashboard = Dashboard(self.trainers[0], panels, **look, **size)

    def _curves_frame(self) -> Frame:
        return {"mime": "image/jpeg", "words": self._curves.describe()}, [self._curves.jpeg()]

    # ---- what Python calls -----------------------------------------------------------------------
    def run(self, epochs: int) -> Stop:
        """Train all of them to the end of an epoch, and return once they are there.

        The button does the same in the background. One whose numbers are not finite any more stays
        where it stopped, and is told of in `table`; the others go on.

        Parameters
        ----------
        epochs : int
            How many epochs from where the hindmost stands, at least 1.

        Returns
        -------
        Stop
            As from `Trainer.run`.

        Raises
        ------
        RuntimeError
            The widget is locked.
        """
        self._check_free()
        self._begin(pause=True)
        return self.trainer.run(epochs)

    def describe(self) -> str:
        """Return in words what is shown now: each run's numbers, what differs, every picture."""
        lines = runs.sentences(runs.table(self.trainer, self._shown, self.metric))
        lines += [self.ahead] if self.ahead else []
        lines += [self._settings_in_words(), *self.parting]
        lines.append(self._curves.describe())
        pairs = zip(self._shown, self._nets, strict=True)
        return "\n".join(lines + [f"{name}: {net.describe()}" for name, net in pairs])

    def __repr__(self) -> str:
        return f"Compare({', '.join(map(repr, self.trainers))})"

    # ---- what the browser says -------------------------------------------------------------------
    def _say_run(self, content: dict[str, Any]) -> None:
        self._check_free()
        self._begin()
        count = whole_number("epochs", content.get("epochs", 1), least=1)
        self._when_seen(self._player, lambda: self._player.run(count))

    def _say_rate(self, content: dict[str, Any]) -> None:
        raise ValueError("Each trainer has a learning rate of its own: trainer.learning_rate = 0.1")

    def _say_width(self, content: dict[str, Any]) -> None:
        """Draw the curves as wide as the page has room."""
        width = page_width(content)
        if width != self._page:
            self._page = width
            self._draw_curves()
            if self._views:
                self._channels["curves"].restart()

    # ---- showing ---------------------------------------------------------------------------------
    @t.validate("metric")
    def _check_metric(self, proposal: Any) -> str:
        if proposal["value"] not in self.metrics:
            raise UnknownNameError("metric", proposal["value"], self.metrics)
        return str(proposal["value"])

    def _on_metric(self, change: Any) -> None:
        self._loop.submit(self._guarded, self._draw_another)

    def _draw_another(self) -> None:
        self._draw_curves()
        self._show()

    def _dress(self, look: Look) -> None:
        self._draw_curves()

    def _stills(self) -> Sequence[Any]:
        return [self._curves.render(), *self._drawn_nets()]

    def _drawn_nets(self) -> Iterator[Any]:
        """Draw each net, for where there is no canvas."""
        for name, trainer in zip(self._shown, self.trainers, strict=True):
            diagram = NetworkDiagram(most=MOST_NEURONS)
            diagram.title = name
            picture = Picture(trainer, [diagram], row_height=NETWORK_HEIGHT)
            picture.dress(self._look)
            yield picture.board.render()

    def _tell(self) -> None:
        self._tell_motion()
        self.here = wording.place(runs.hindmost(self.trainer)) | {"loss": ""}
        self.table = runs.table(self.trainer, self._shown, self.metric)
        for i, net in enumerate(self._nets):
            self.set_trait(f"net{i}", net.layout())
        self.ahead = runs.ahead(self.trainer, self._shown)
        self.at_start = all(
            trainer.position <= (*divmod(trainer.timeline.first, trainer.batches), 0)
            for trainer in self.trainers
        )
        self._tell_settings()
        told = ". ".join([*runs.sentences(self.table), *([self.ahead] if self.ahead else [])])
        self.words = "" if self.mode else told


def _checked_names(trainers: Sequence[Trainer], names: Sequence[str] | None) -> tuple[str, ...]:
    """Return a name for each trainer, once the trainers are what can be compared."""
    if not 2 <= len(trainers) <= MOST:
        mend = "Pass e.g. Compare(trainer, trainer.branch())."
        raise bad_value("Compare", f"2 to {MOST} trainers", f"{len(trainers)}", mend)
    for trainer in trainers:
        checked_trainer("Compare", trainer)
    if names is None:
        return tuple(LETTERS[: len(trainers)])
    if isinstance(names, str) or len(names) != len(trainers):
        mend = f"Pass e.g. names={list(LETTERS[: len(trainers)])}."
        received = repr(names) if isinstance(names, str) else f"{len(names)}"
        raise bad_value("names", f"a list of {len(trainers)}", received, mend)
    given = tuple(map(str, names))
    if len(set(given)) < len(given):
        raise bad_value("names", "each name once", repr(list(given)), "Name them apart.")
    return given
