"""What hands do in a playground: layers, neurons, features, points, files. Imports the core.

Public methods do what buttons do; a message of the browser calls one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbann.core.checks import whole_number
from nbann.core.errors import bad_value

from . import wording
from .playground_checks import HiddenLayer, Point
from .playground_choices import MOST_DRAWN, MOST_LAYERS, OWN
from .playground_own import read_csv
from .playground_telling import PlaygroundTelling

_FIELDS = {
    "points": int, "noise": float, "classes": int, "test": float, "dropout": float,
    "learning_rate": float, "momentum": float, "l1": float, "l2": float, "seed": int,
    "data": str, "standardize": bool, "init": str, "loss": str, "optimizer": str,
}  # fmt: skip
"""Fields that the browser sets one by one, and what they are."""


class PlaygroundTouching(PlaygroundTelling):
    """The part of `Playground` that is touched."""

    _moves = PlaygroundTelling._moves | {
        "change", "layers", "neurons", "activation", "feature", "draw", "erase", "upload", "weight",
    }  # fmt: skip

    def change(self, **changes: Any) -> None:
        """Change settings; see `Playground`."""
        raise NotImplementedError

    # ---- layers ----------------------------------------------------------------------------------
    def add_layer(self, units: int = 2, activation: str | None = None) -> None:
        """Add a hidden layer before the output; starts again from the seed."""
        layers = self._setup.layers
        if len(layers) >= MOST_LAYERS:
            mend = "Take one away first."
            raise bad_value("layers", f"at most {MOST_LAYERS}", f"{len(layers) + 1}", mend)
        kind = activation or (layers[-1].activation if layers else "tanh")
        self.change(layers=(*layers, HiddenLayer(units, kind)))

    def remove_layer(self) -> None:
        """Take the last hidden layer away; starts again from the seed."""
        if not self._setup.layers:
            raise bad_value("layers", "a hidden layer to take away", "none", "Add one.")
        self.change(layers=self._setup.layers[:-1])

    def add_neuron(self, layer: int, by: int = 1) -> None:
        """Give a hidden layer, counted from 0, more neurons (or fewer, by -1)."""
        layers = list(self._setup.layers)
        units, activation = layers[self._place(layer)]
        layers[layer] = HiddenLayer(units + by, activation)
        self.change(layers=tuple(layers))

    def remove_neuron(self, layer: int) -> None:
        """Take a neuron away from a hidden layer, counted from 0."""
        self.add_neuron(layer, -1)

    def set_activation(self, activation: str, layer: int | None = None) -> None:
        """Set the activation of a hidden layer, counted from 0, or of all; the run goes on."""
        which = range(len(self._setup.layers)) if layer is None else (self._place(layer),)
        self.change(
            layers=tuple(
                HiddenLayer(one.units, activation) if place in which else one
                for place, one in enumerate(self._setup.layers)
            )
        )

    def _place(self, layer: Any) -> int:
        place = whole_number("layer", layer, least=0, mend="Layers are counted from 0.")
        if place >= len(self._setup.layers):
            expected = f"a hidden layer of {len(self._setup.layers)}"
            raise bad_value("layer", expected, f"{place}", "Layers are counted from 0.")
        return place

    def switch_feature(self, term: str) -> None:
        """Switch a feature on or off; starts again from the seed."""
        chosen, offered = self._setup.features, [one["term"] for one in self.net["features"]]
        if term in chosen:
            self.change(features=tuple(one for one in chosen if one != term))
        else:
            kept = [one for one in chosen if one not in offered]
            wanted = [one for one in offered if one in chosen or one == term]
            self.change(features=(*kept, *(wanted if term in offered else (*wanted, term))))

    # ---- points ----------------------------------------------------------------------------------
    def add_points(self, X: Any, labels: Any) -> None:
        """Draw points: they are trained on, beside the data set's own; the run goes on.

        Parameters
        ----------
        X : array of shape (n, 2) or (2,)
        labels : int or array of shape (n,)
            Classes, counted from 0.

        Raises
        ------
        ValueError
            Data without a plane of two columns and classes; more than 2,000 points; classes that
            there are not.
        """
        places = np.atleast_2d(np.asarray(X, dtype=float))
        if places.ndim != 2 or places.shape[1] != 2:
            raise bad_value("X", "points of shape (n, 2)", f"shape {places.shape}", "")
        classes = np.broadcast_to(np.asarray(labels), (len(places),))
        if classes.dtype.kind not in "iu":
            raise bad_value("labels", "classes from 0", f"{classes.dtype}", "Pass whole numbers.")
        drawn = [
            Point(x1, x2, int(k)) for (x1, x2), k in zip(places.tolist(), classes, strict=True)
        ]
        if len(drawn) + len(self._setup.drawn) > MOST_DRAWN:
            mend = "Erase some first."
            raise bad_value("drawn points", f"at most {MOST_DRAWN}", "more", mend)
        self.change(drawn=(*self._setup.drawn, *drawn))

    def erase_points(self, near: Sequence[float] | None = None, radius: float = 0.5) -> None:
        """Erase drawn points: those within a radius of a place, or all.

        Raises
        ------
        ValueError
            None would be left to learn from.
        """
        kept: tuple[Point, ...] = ()
        if near is not None:
            x1, x2 = (float(c) for c in near)
            far = (abs(complex(p.x1 - x1, p.x2 - x2)) > radius for p in self._setup.drawn)
            kept = tuple(p for p, keep in zip(self._setup.drawn, far, strict=True) if keep)
        self.change(drawn=kept)

    def load_csv(self, text: str, target: str | None = None, name: str = "table") -> None:
        """Learn from CSV text: its first row are names, its last column (or `target`) is learned.

        Nothing in it is evaluated; words may stand in the target's column alone.

        Raises
        ------
        ValueError
            What is wrong with it, by row and column.
        """
        own = read_csv(text, target, name)
        self.change(data=OWN, own=own)

    # ---- what the browser says -------------------------------------------------------------------
    def _try(self, act: Callable[[], object]) -> None:
        """Do what was asked for; tell in the card what can not be."""
        self._begin()
        with self._telling():
            try:
                act()
            except ModuleNotFoundError as missing:
                raise ValueError(str(missing)) from missing

    def _say_change(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.change(**{content["field"]: self._read(content)}))

    def _read(self, content: dict[str, Any]) -> Any:
        """Return a field's value as the browser means it: what was typed is text."""
        name, value = content["field"], content.get("value")
        if name == "batch_size":
            return None if value in (None, "", "all") else _whole(name, value)
        kind = _FIELDS.get(name)
        if kind is None:
            raise bad_value("field", "one that can be set", repr(name)[:60], "")
        if kind is float:
            return wording.as_number(name.replace("_", " "), value)
        return _whole(name, value) if kind is int else value

    def _say_rate(self, content: dict[str, Any]) -> None:
        self._say_change({"field": "learning_rate", "value": content.get("value")})

    def _say_layers(self, content: dict[str, Any]) -> None:
        self._try(self.add_layer if content.get("by") == 1 else self.remove_layer)

    def _say_neurons(self, content: dict[str, Any]) -> None:
        by = 1 if content.get("by") == 1 else -1
        self._try(lambda: self.add_neuron(content.get("layer"), by))  # type: ignore[arg-type]

    def _say_activation(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.set_activation(content.get("value"), content.get("layer")))  # type: ignore[arg-type]

    def _say_feature(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.switch_feature(content.get("term")))  # type: ignore[arg-type]

    def _say_draw(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.add_points(content["at"], content["label"]))

    def _say_erase(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.erase_points(content.get("at"), float(content.get("radius", 0.5))))

    def _say_upload(self, content: dict[str, Any]) -> None:
        self._try(lambda: self.load_csv(content.get("text"), name=str(content.get("name"))[:80]))  # type: ignore[arg-type]

    def _say_weight(self, content: dict[str, Any]) -> None:
        def act() -> None:
            value = wording.as_number("weight", content.get("value"))
            self.trainer.set(str(content["name"]), tuple(content["index"]), value)

        self._try(act)


def _whole(name: str, value: Any) -> Any:
    """Return a whole number that was typed or chosen."""
    number = wording.as_number(name.replace("_", " "), value)
    if not number.is_integer():  # nor is what is not finite
        raise bad_value(name.replace("_", " "), "a whole number", f"{number:g}", "")
    return int(number)
