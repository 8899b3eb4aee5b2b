"""Who is silenced, frozen or drops out in a network picture; imports NumPy and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .network_reading import Reading

if TYPE_CHECKING:
    from ..core.restraints import Restraints


class Marks(Reading):
    """The part of `NetworkDiagram` that knows who does not take part."""

    def _bind(self) -> None:
        super()._bind()
        trainer = self.trainer
        self._masks = [
            [f"{layer}.mask" for layer in c.layers if f"{layer}.mask" in trainer.names]
            for c in self.columns
        ]
        self._restraints: Restraints | None = None

    def silenced(self, i: int) -> list[int]:
        """Return the neurons of a column that a person has silenced."""
        column = self.columns[i]
        names = {*column.arrays, *column.steps}
        return sorted({u for name, u in self.trainer.restraints.silenced if name in names})

    def dropped(self, i: int) -> list[int]:
        """Return the neurons of a column that drop out of this batch, for the sample."""
        found: set[int] = set()
        for name in self._masks[i]:
            if self.trainer.is_current(name):
                mask = self._of_step(name, self.columns[i].width)
                found.update(np.flatnonzero(mask == 0).tolist())
        return sorted(found)

    def frozen(self, i: int) -> NDArray[np.bool_]:
        """Return which of the weights drawn into a column are frozen, (inputs, neurons)."""
        column = self.columns[i]
        assert column.weight is not None
        mask: NDArray[np.bool_] = self._part(column, self._held(column.weight))
        return mask

    def frozen_biases(self, i: int) -> NDArray[np.bool_]:
        """Return which of the biases of a column are frozen."""
        column = self.columns[i]
        assert column.bias is not None
        held = self._held(column.bias)
        return held[self._gate(column)] if column.gates else held

    def _held(self, name: str) -> NDArray[np.bool_]:
        """Return which elements of a parameter are frozen; worked out when that changes."""
        if self._restraints is not self.trainer.restraints:
            self._restraints = self.trainer.restraints
            self._frozen: dict[str, list[int]] = {}
            for one, place in self._restraints.frozen:
                self._frozen.setdefault(one, []).append(place)
        mask = np.zeros(self.trainer[name].shape, bool)
        mask.reshape(-1)[self._frozen.get(name, [])] = True
        return mask
