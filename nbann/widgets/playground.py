"""Playground: build a net by hand and watch it learn. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import traitlets as t

from nbann.core.errors import UnknownNameError
from nbann.core.trainer import Trainer
from nbann.core.units import Unit

from . import playground_live as live
from .frames import FrameChannel
from .module import css, esm
from .playground_build import Parts, Weights, build
from .playground_checks import Point
from .playground_choices import DRAWN, OWN
from .playground_code import is_complete
from .playground_keeping import PlaygroundKeeping, hidden_controls
from .playground_own import as_own
from .playground_plane import Plane
from .playground_setup import Setup
from .playground_telling import KINDS, StillChannel, written
from .playground_touching import PlaygroundTouching


class Playground(PlaygroundTouching, PlaygroundKeeping):
    """TensorFlow Playground in a notebook: data, features, layers, settings; the run is Python's.

    Parameters
    ----------
    data : str, Dataset, (X, y) or data frame
        A data set's name ("circles", "xor", "gaussians", "spirals", "moons", "checkerboard",
        "plane", "hills", "sine", "iris", "wine", "breast_cancer", "digits", "diabetes"), "drawn"
        for points drawn by hand alone, or data of your own.
    target : str, optional
        Of a frame: the column to be learned.
    show, hide : list of str, optional
        Controls that alone are there, or that are not: see `nbann.widgets.playground_choices`.
        Pass one of the two.
    unit, speed
        As of `StepThrough`; by default one epoch, 10 times a second.
    **settings
        Fields of its `setup`: ``layers=[(4, "relu")]``, ``features=["x1", "x1*x2"]``,
        ``learning_rate=0.03``, ``noise=0.1``, ``batch_size=None``, ``seed=1``, ...

    Attributes
    ----------
    trainer : Trainer
        The live run; buttons and Python drive it. A change that needs another net makes another
        trainer: ``playground.observe(fn, "trainer")`` is told of it.

    Raises
    ------
    ValueError
        Data, settings or names of controls that do not fit, before anything is built.

    Examples
    --------
    >>> import nbann
    >>> playground = nbann.Playground("xor", layers=[(3, "tanh")], learning_rate=0.3)
    >>> stop = playground.trainer.run(epochs=20)
    >>> playground.change(l2=0.001)  # goes on from there
    >>> playground.trainer.position.epoch, playground.setup.l2
    (20, 0.001)
    """

    _esm = esm("playground")
    _css = css("playground")

    trainer: Trainer = t.Instance(Trainer, read_only=True)  # type: ignore[assignment]

    def __init__(
        self,
        data: Any = "circles",
        *,
        target: str | None = None,
        show: Iterable[str] | None = None,
        hide: Iterable[str] | None = None,
        unit: Unit = "epoch",
        speed: float = 10.0,
        **settings: Any,
    ) -> None:
        hidden = hidden_controls(show, hide)
        if isinstance(data, str) and target is None:
            setup = Setup().changed(data=data, **settings)
        else:
            setup = Setup().changed(data=OWN, own=as_own(data, target), **settings)
        self._begin_with(setup, None, hidden, unit, speed)

    def _begin_with(
        self,
        setup: Setup,
        weights: Weights | None,
        hidden: Sequence[str],
        unit: Unit,
        speed: float,
        **view: bool,
    ) -> None:
        self._setup, self._weights = setup, weights
        trainer, self._parts = build(setup, weights)
        self._plane = Plane(self._parts)
        self._notes: list[str] = []
        self._drawn: tuple[Point, ...] = ()
        self._as_set_up = True
        super().__init__(unit=unit, speed=speed, hidden=list(hidden), **view)
        self.set_trait("trainer", trainer)
        self._features = StillChannel("features", self._feature_frame, self._post)
        run = FrameChannel("run", self._frame, self._post)
        self._channels = {"run": run, "features": self._features}
        self._player = self._follow(trainer)
        self._player.unit, self._player.speed = self.unit, self.speed
        self._tell_setup()
        self._show()

    # ---- what it is ------------------------------------------------------------------------------
    @property
    def setup(self) -> Setup:
        """Everything that decides the run, as a value; `change` sets it."""
        return self._setup

    @property
    def code(self) -> str:
        """Python that builds this run's trainer with nbann, and trains as many epochs."""
        return self.code_for("nbann")

    def code_for(self, kind: str = "nbann", *, epochs: int | None = None) -> str:
        """Return Python that trains the same net on the same data from the same start.

        Parameters
        ----------
        kind : {"nbann", "torch", "sklearn"}
            What has no counterpart there is said in a comment.
        epochs : int, optional
            By default as many as this run has done, or 100 at its start.
        """
        if kind not in KINDS:
            raise UnknownNameError("kind of code", kind, KINDS)
        done = self.trainer.position.epoch
        count = (done or 100) if epochs is None else epochs
        notes = list(self._notes[-10:])
        if self._weights is not None:
            notes.insert(0, "This run began with weights of its own, which are not written here.")
        if not is_complete(self._setup):
            notes.insert(0, "Set my_data first: the nbann.Dataset that this run learns from.")
        return written(kind, self._setup, count, notes, len(self._parts.train))

    def __repr__(self) -> str:
        units = "-".join(str(units) for units, _ in self._setup.layers) or "no hidden layer"
        return f"Playground({self._setup.data}: {units}, {self.trainer!r})"

    def describe(self) -> str:
        """Return in words what is shown now: data, net, where the run stands, losses, the plane."""
        return "\n".join([self._sentence(), self._plane.describe(self.trainer)])

    # ---- changing --------------------------------------------------------------------------------
    def change(self, **changes: Any) -> None:
        """Change settings, as the controls do.

        The learning rate, momentum, penalties, batch size, optimizer, activations, dropout and
        drawn points change while the run goes on from where it is, with its weights; anything else
        starts again from the seed. What was done is told in `told`.

        Parameters
        ----------
        **changes
            Fields of `setup`.

        Raises
        ------
        ValueError
            A field that there is not, or a value that does not fit; nothing has changed then.
        """
        self._begin()
        if changes.get("data") == DRAWN and "drawn" not in changes and self._drawn:
            changes["drawn"] = self._drawn  # those that were left for another data set
        self._become(self._setup.changed(**changes))

    def reset(self) -> None:
        """Press Reset: pause, and go to the start of what is set now, the very same one."""
        self._begin(pause=True)
        if self._as_set_up:
            self.trainer.reset()
        else:
            self._build_anew(self._setup, self._weights)
        self.told = f"The same start again, from seed {self._setup.seed}."

    def _become(self, new: Setup) -> None:
        """Go on with another setup, or start again with it."""
        self.trainer._cursor.check_idle()
        old, changed = self._setup, live.differences(self._setup, new)
        if not changed:
            self._show()
            return
        said, here = live.words(changed, new), self.trainer.position
        said = said[:1].upper() + said[1:]
        if old.data == DRAWN:
            self._drawn = old.drawn
        if here == (0, 0, 0) or not live.goes_on(old, new):
            keeps = live.goes_on(old, new)
            self._build_anew(new, self._weights if keeps else None)
            self.told = f"{said}. Started from seed {new.seed}."
            return
        if live.set_in_place(self.trainer, old, new):
            self._setup, self._as_set_up = new, False
            self._note(said, here.epoch)
            self._tell_setup()
            self._show()
        else:
            trainer, of = live.carried(self.trainer, self._parts, old, new, self._weights)
            self._take(new, trainer, of)
            self._as_set_up = False
            self._note(said, here.epoch)
        anew = self.trainer.position < here
        self.told = f"{said}. Training goes on at epoch {here.epoch + 1} with the same weights" + (
            "; the epoch begins anew." if anew and "batch_size" in changed else "."
        )

    def _note(self, said: str, epoch: int) -> None:
        self._notes.append(
            f"After epoch {epoch} of this run {' '.join(said.split())[:100]} was set without "
            f"starting again; this code begins with what is set now."
        )

    def _build_anew(self, setup: Setup, weights: Weights | None) -> None:
        trainer, of = build(setup, weights)
        self._weights, self._notes = weights, []
        self._take(setup, trainer, of)
        self._as_set_up = True

    def _take(self, setup: Setup, trainer: Trainer, of: Parts) -> None:
        """Follow another trainer, and play on with it if the last one played."""
        mode, progress = self._player.mode, self._player.progress
        left = 0 if progress is None else progress.target - self.trainer.position.epoch
        plane = self._plane if of is self._parts else Plane(of)
        self._leave(self.trainer)
        self._setup, self._parts, self._plane = setup, of, plane
        self._player = self._follow(trainer)
        self._player.unit, self._player.speed = self.unit, self.speed
        self._features.renew()
        self.set_trait("trainer", trainer)
        self._tell_setup()
        if mode == "play":
            self._player.play(self.unit)
        elif mode == "run" and left > 0:
            self._player.run(left)
        self._show()

    @t.validate("hidden")
    def _check_hidden(self, proposal: Any) -> list[str]:
        return hidden_controls(None, proposal["value"])
