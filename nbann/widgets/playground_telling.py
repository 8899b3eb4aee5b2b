"""What a playground tells the browser: its traits and its frames. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets as t

from nbann import datasets
from nbann.core.render import significant

from . import playground_json as documents
from .frames import Frame, FrameChannel
from .playground_build import Parts
from .playground_choices import (
    ACTIVATIONS,
    INITS,
    MOST_LAYERS,
    MOST_POINTS,
    MOST_UNITS,
    OPTIMIZERS,
    SETS,
)
from .playground_code import nbann_code
from .playground_net import layout
from .playground_plane import Plane
from .playground_setup import Setup
from .playground_sklearn import sklearn_code
from .playground_still import still
from .playground_torch import torch_code
from .transport import Transport

KINDS = {"nbann": "nbann", "torch": "PyTorch", "sklearn": "scikit-learn"}
"""Libraries that code can be written for."""

GALLERY = tuple(name for name, kind in SETS.items() if kind.points is not None)
"""Data sets that are chosen by their picture."""


def written(kind: str, setup: Setup, epochs: int, notes: Iterable[str], samples: int) -> str:
    """Return code of one kind."""
    if kind == "sklearn":
        return sklearn_code(setup, epochs, notes, samples=samples)
    return {"nbann": nbann_code, "torch": torch_code}[kind](setup, epochs, notes)


class StillChannel(FrameChannel):
    """Frames of what seldom changes: painted only once it has been renewed."""

    _new = True

    def renew(self) -> None:
        """Let the next painting show what is now."""
        self._new = True

    def paint(self) -> None:
        if self._new or self._owed:
            self._new = False
            super().paint()

    def restart(self) -> None:
        self._new = True
        super().restart()


class PlaygroundTelling(Transport):
    """The part of `Playground` that shows where the run stands."""

    settings = t.Dict().tag(sync=True)
    """The setup in plain data, with the loss that is in use."""
    choices = t.Dict().tag(sync=True)
    """What can be chosen, and small pictures of the data sets."""
    net = t.Dict().tag(sync=True)
    """The columns of features and neurons."""
    plane = t.Dict().tag(sync=True)
    """Axes, points and classes of the plane."""
    scores = t.Dict().tag(sync=True)
    """Losses and accuracies of the weights of now, in words."""
    told = t.Unicode("").tag(sync=True)
    """What the last change did, in words."""
    hidden = t.List(t.Unicode()).tag(sync=True)
    """Names of the controls that are not there."""
    show_test = t.Bool(False).tag(sync=True)
    """Whether the test data are drawn as well."""
    discretize = t.Bool(False).tag(sync=True)
    """Whether the plane shows the answer alone, not how sure the net is."""
    code_kind = t.Enum(list(KINDS), "nbann").tag(sync=True)
    """Which code is shown."""
    code_text = t.Unicode("").tag(sync=True)
    """The code that is shown; as of when the run last stood still."""

    _setup: Setup
    _parts: Parts
    _plane: Plane
    _as_set_up: bool

    def __init__(self, **traits: Any) -> None:
        self._scored: tuple[Any, ...] = ()
        super().__init__(**traits)
        self.observe(self._on_option, ["discretize", "code_kind"])

    def code_for(self, kind: str) -> str:
        """Return Python that trains the same; see `Playground`."""
        raise NotImplementedError

    # ---- what changes with the setup -------------------------------------------------------------
    def _tell_setup(self) -> None:
        """Bring up to date what depends on the setup alone."""
        setup = self._setup
        with self.hold_sync():
            self.settings = documents.setup_document(setup) | {"loss": setup.loss_name}
            self.net = layout(self._parts)
            self.plane = self._plane.told()
            if not self.choices or self.choices["of"] != list(self._offers()):
                self.choices = choices(setup) | {"of": list(self._offers())}

    def _offers(self) -> tuple[Any, ...]:
        setup = self._setup
        return (*setup.losses, setup.own is not None, setup.takes_points, setup.most_labels)

    # ---- what changes with the run ---------------------------------------------------------------
    def _tell(self) -> None:
        self._follow_rates()
        super()._tell()
        self._tell_scores()
        if not self.mode:
            self.code_text = self.code_for(self.code_kind)
            self.words = self._sentence()
        else:
            self.words = ""

    def _follow_rates(self) -> None:
        """Let the setup have the learning rate and momentum that are in force.

        Python may have set them at the trainer; who goes back finds what there was.
        """
        hyper = self.trainer.hyper
        there = {n: hyper[n] for n in ("learning_rate", "momentum") if n in hyper}
        other = {n: v for n, v in there.items() if v != getattr(self._setup, n)}
        if other and all(0 < v < 1000 for v in other.values()):
            self._setup = self._setup.changed(**other)
            self._as_set_up = False
            self._tell_setup()

    def _tell_scores(self) -> None:
        """Score the weights of now, if they are others than at the last time."""
        trainer = self.trainer
        now = (trainer, *(array.tobytes() for array in trainer.learned.values()))
        if now == self._scored:
            return
        self._scored = now
        found = {}
        for part, data in (("train", self._parts.train), ("test", self._parts.test)):
            if data is not None:
                scores = trainer.evaluate(data)
                found[f"{part}_loss"] = significant(float(scores["loss"]), 3)
                if "accuracy" in scores:
                    found[f"{part}_accuracy"] = f"{100 * float(scores['accuracy']):.0f}%"
        self.scores = found

    def _on_option(self, change: Any) -> None:
        self._loop.submit(self._guarded, self._show)

    # ---- frames ----------------------------------------------------------------------------------
    def _frame(self) -> Frame:
        return self._plane.frame(self.trainer, discretize=self.discretize)

    def _feature_frame(self) -> Frame:
        return self._plane.feature_pictures()

    # ---- words and stills ------------------------------------------------------------------------
    def _sentence(self) -> str:
        """Return in words what is set, and how far the run has come."""
        setup, trainer = self._setup, self.trainer
        layers = ", ".join(f"{units} {activation}" for units, activation in setup.layers)
        more = ", ..." if len(setup.features) > 8 else ""
        epoch = trainer.position.epoch
        scores = ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in self.scores.items())
        return (
            f"Data {setup.data}, {len(self._parts.train)} training samples; "
            f"features {', '.join(setup.features[:8])}{more}; "
            f"hidden layers: {layers or 'none'}; after {epoch} epochs: {scores}."
        )

    def _stills(self) -> Sequence[Any]:
        return [still(self.trainer, self._parts).render()]


def choices(setup: Setup) -> dict[str, Any]:
    """Return what can be chosen, in plain data."""
    return {
        "sets": [
            {
                "name": name,
                "label": kind.label,
                "points": kind.points is not None,
                "noise": kind.noise is not None,
                "classes": kind.classes is not None,
            }
            for name, kind in SETS.items()
        ],
        "gallery": {name: thumbnail(name) for name in GALLERY},
        "own": setup.own is not None,
        "draws": setup.takes_points,
        "labels": setup.most_labels if setup.takes_points else 0,
        "losses": list(setup.losses),
        "activations": list(ACTIVATIONS),
        "inits": list(INITS),
        "optimizers": list(OPTIMIZERS),
        "momentum": [name for name, (_, has) in OPTIMIZERS.items() if has],
        "kinds": [[name, label] for name, label in KINDS.items()],
        "most": {"layers": MOST_LAYERS, "units": MOST_UNITS, "points": MOST_POINTS},
    }


def thumbnail(name: str) -> Any:
    """Return a few points of a data set as [x, y, signed class or value], each in [-1, 1]."""
    data = getattr(datasets, name)(n=90, noise=0.0, seed=1)
    y = data.y.astype(float)
    x2 = y if data.X.shape[1] == 1 else data.X[:, 1]
    sides = [data.X[:, 0], x2]
    far = [float(np.abs(side - side.mean()).max()) for side in sides]
    flat = [(side - side.mean()) / room for side, room in zip(sides, far, strict=True)]
    sign = 2 * y - 1 if data.task == "classification" else y / float(np.abs(y).max())
    if data.X.shape[1] == 1:
        sign = np.full(len(y), -1.0)
    return np.round(np.column_stack([*flat, sign]), 2).tolist()
