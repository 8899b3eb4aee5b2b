"""A playground as JSON, and back. Imports the core."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.units import Unit

from . import playground_json as documents
from .playground_build import Weights
from .playground_choices import CONTROLS
from .playground_own import as_own
from .playground_setup import Setup
from .playground_telling import PlaygroundTelling


class PlaygroundKeeping(PlaygroundTelling):
    """The part of `Playground` that is kept in a file and comes back."""

    _weights: Weights | None

    @abstractmethod
    def _begin_with(
        self,
        setup: Setup,
        weights: Weights | None,
        hidden: Sequence[str],
        unit: Unit,
        speed: float,
        **view: bool,
    ) -> None:
        """Be a playground of a setup."""

    @property
    def state(self) -> dict[str, Any]:
        """All that is set, as plain data for JSON; own data are in it if they are few."""
        return self._state()

    def _state(self, *, weights: bool = False) -> dict[str, Any]:
        state: dict[str, Any] = {
            "format": documents.FORMAT,
            "version": documents.VERSION,
            "setup": documents.setup_document(self._setup),
            "view": {
                "unit": self.unit,
                "speed": self.speed,
                "show_test": self.show_test,
                "discretize": self.discretize,
            },
            "hidden": list(self.hidden),
        }
        if self._setup.own is not None:
            own = documents.own_document(self._setup.own)
            if own is None:
                most = f"{documents.MOST_NUMBERS:,}"
                state["note"] = f"The own data are not in here: more than {most} numbers."
            else:
                state["own"] = own
        if weights:
            arrays = self.trainer.parameters
            state["weights"] = {name: array.tolist() for name, array in arrays.items()}
        elif self._weights is not None:
            state["weights"] = {name: array.tolist() for name, array in self._weights.items()}
        return state

    def to_json(self, path: str | os.PathLike[str] | None = None, *, weights: bool = False) -> str:
        """Return the state as JSON text, and write it to a file if a path is given.

        Parameters
        ----------
        path : str or path, optional
            What is there is replaced.
        weights : bool
            Put the weights as they are now into it: who opens it starts with them.
        """
        text = documents.dumped(self._state(weights=weights))
        if path is not None:
            Path(path).write_text(text, "utf-8")
        return text

    @classmethod
    def from_json(
        cls,
        source: str | os.PathLike[str] | Mapping[str, Any],
        *,
        data: Any = None,
        target: str | None = None,
    ) -> Self:
        """Return the playground of a state that `to_json` or `state` gave.

        Parameters
        ----------
        source : str, path or dict
            JSON text, the path of a file, or the state itself.
        data, target
            Own data, where they were too many to be in it.

        Raises
        ------
        ValueError
            Anything in it that is not known or does not fit, before anything is built.
        FileNotFoundError
        """
        found = documents.read(source)
        own: Dataset | None = None
        if data is not None:
            own = as_own(data, target)
        elif "own" in found:
            own = documents.own_of(found["own"])
        setup = documents.setup_of(found.get("setup", {}), own)
        weights = documents.weights_of(found.get("weights"), setup)
        view = dict(found["view"])
        unit, speed = view.pop("unit", "epoch"), view.pop("speed", 10.0)
        made = cls.__new__(cls)
        made._begin_with(setup, weights, found["hidden"], unit, speed, **view)
        return made


def hidden_controls(show: Iterable[str] | None, hide: Iterable[str] | None) -> list[str]:
    """Return the names of controls that are not there."""
    if show is not None and hide is not None:
        raise bad_value("show and hide", "one of the two", "both", "Leave one out.")
    given = hide if show is None else show
    if given is None:
        return []
    if isinstance(given, str):
        raise bad_value("show or hide", "a list of names", repr(given), f"Pass [{given!r}].")
    names = list(given)
    for name in names:
        if name not in CONTROLS:
            raise UnknownNameError("control", name, CONTROLS)
    return [c for c in CONTROLS if (c in names) == (show is None)]
