"""What differs between runs and where they part, for views of several trainers; uses the core."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import traitlets as t

from nbann.core.comparing.difference import Difference
from nbann.core.comparing.parting import Parting
from nbann.core.comparing.settings import differing
from nbann.core.errors import UnknownNameError
from nbann.core.moves import Position
from nbann.core.trainer import Trainer
from nbann.panels.text import plain

from .seeking import Seeker
from .transport import Transport

LONGEST = 600  # characters of a sentence
MINUS = "\N{MINUS SIGN}"


class Differences(Transport):
    """A view of several trainers that says what they were told otherwise, and where they part."""

    settings = t.List(t.Dict()).tag(sync=True)
    """What the trainers were told otherwise: its name, and each one's in words."""
    parting = t.List(t.Unicode()).tag(sync=True)
    """Where each run parts from the first one; empty until it was looked for."""
    seeking = t.Unicode("").tag(sync=True)
    """How far the search for that has come; empty without one."""

    names: tuple[str, ...]
    _shown: list[str]
    _seeker: Seeker | None = None
    _lines: Any = None

    @property
    def trainers(self) -> tuple[Trainer, ...]:
        """The trainers, in the order in which they were given."""
        return self.trainer.trainers

    # ---- what Python calls -----------------------------------------------------------------------
    def first_difference(
        self, other: str | None = None, *, tolerance: float = 0.0, epochs: int | None = None
    ) -> Difference:
        """Return where the runs part for the first time: setting, op, array, element, numbers.

        It is found by stepping branches of the same starts; the trainers are not touched.

        Parameters
        ----------
        other : str, optional
            Name of the run that is compared with the first one; by default of all those the one
            that parts first.
        tolerance : float
            Numbers a and b are taken as equal where ``|a - b| <= tolerance * max(1, |a|, |b|)``; 0:
            to the bit.
        epochs : int, optional
            How far to look, counted from the start; by default as far as both have come, but at
            least the first batch.

        Returns
        -------
        Difference
            Printed, it says so in a sentence; `False` where they agree.

        Raises
        ------
        UnknownNameError
            There is no run of that name.
        ValueError
            A tolerance below 0, fewer than 1 epoch.
        """
        if other is not None and other not in self.names[1:]:
            raise UnknownNameError("run", other, self.names[1:])
        self._stop_seeking()
        others = [i for i in range(1, len(self.names)) if other in (None, self.names[i])]
        found = [self._search(i, tolerance, epochs).run() for i in others]
        self._found(found)
        return min(found, key=lambda difference: (not difference, difference.position))

    def _search(self, i: int, tolerance: float = 0.0, epochs: int | None = None) -> Parting:
        """Begin a search for where a run parts from the first one."""
        names = (self._shown[0], self._shown[i])
        return Parting(self.trainers[0], self.trainers[i], names, tolerance, epochs)

    def close(self) -> None:
        """Stop searching and playing for this view, and let the trainers go."""
        self._stop_seeking()
        super().close()

    # ---- what the browser says -------------------------------------------------------------------
    def _say_seek(self, content: dict[str, Any]) -> None:
        """Look for where the runs part, in the background."""
        self._begin()
        self._stop_seeking()
        if not self._loop.is_there:
            self.first_difference()
            return
        begin = [partial(self._search, i) for i in range(1, len(self.names))]
        self.seeking = "Looking …"
        self._seeker = Seeker(begin, self._on_seeking, self._on_seeking_failed)
        self._seeker.start(self._loop)

    def _on_seeking(self, place: Position | None) -> None:
        if place is not None:
            self.seeking = f"Looking … they agree up to epoch {place.epoch + 1}"
        elif self._seeker is not None:
            self._found(self._seeker.found)

    def _on_seeking_failed(self, error: BaseException) -> None:
        self.seeking = ""
        self._guarded(_raise, error)

    def _stop_seeking(self) -> None:
        if self._seeker is not None:
            self._seeker.cancelled = True
        self._seeker, self.seeking = None, ""

    def _found(self, differences: Sequence[Difference]) -> None:
        self._seeker = None
        with self.hold_sync():
            self.parting = [plain(one.sentence(1, MINUS), LONGEST) for one in differences]
            self.seeking = ""

    # ---- showing ---------------------------------------------------------------------------------
    def _settings_in_words(self) -> str:
        if not self.settings:
            return "They were told the same."
        parts = []
        for setting in self.settings:
            pairs = zip(setting["values"], self._shown, strict=True)
            parts.append(f"{setting['name']}: {', '.join(f'{v} ({n})' for v, n in pairs)}")
        return f"They differ in {'; '.join(parts)}."

    def _tell_settings(self) -> None:
        """Compare settings, and forget where they part, once something else was done by hand."""
        lines = [(t.timeline.number, len(t.timeline)) for t in self.trainers]
        if lines != self._lines:
            if self._lines is not None:
                self._stop_seeking()
                self.parting = []
            self._lines = lines
            found = differing(self.trainers)
            self.settings = [
                {"name": plain(one.name), "values": [plain(value, 60) for value in one.values]}
                for one in found
            ]


def _raise(error: BaseException) -> None:
    raise error
