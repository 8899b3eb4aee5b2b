"""What a move of the trainer tells: where it stands, what ran, why it stopped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Self

from .program import Op

if TYPE_CHECKING:
    from .autopsy_record import Autopsy


class Position(NamedTuple):
    """Where a run stands: whole epochs, batches of this epoch, ops of this batch that are done."""

    epoch: int
    batch: int
    op: int


class Ran(tuple[Op, ...]):
    """The ops that a step ran, in order; `paused` tells whether a hook stopped it short, and `why`.

    Attributes
    ----------
    paused : bool
    why : str
        What the hook has said: of a breakpoint its condition, with the numbers that met it.
    """

    paused: bool
    why: str

    def __new__(cls, ops: Iterable[Op], paused: bool, why: str = "") -> Ran:
        self = super().__new__(cls, ops)
        self.paused, self.why = paused, why
        return self

    def __repr__(self) -> str:
        shown = ", ".join(op.name for op in self[:4]) + (
            f", ... ({len(self)} ops)" if len(self) > 4 else ""
        )
        return f"<Ran {shown}{' (paused)' if self.paused else ''}>"


class _Stop(NamedTuple):
    reason: str
    position: Position
    op: str | None = None


class Stop(_Stop):
    """Why a run stopped, and where it stands; as a tuple ``(reason, position, op)``.

    Attributes
    ----------
    reason : str
        "epochs": it is done; "until" or the reason of a stopping rule; "paused" by a hook; "nan": a
        number was not finite any more. (Weights that have grown for long may be finite and yet of
        no use: then `reset`, or run with `EarlyStopping`, which puts the best ones back.)
    position : Position
        Epoch, batch and op. With "nan" those of the op that first wrote such a number; the trainer
        itself stands at the start of that batch, with the last finite weights.
    op : str or None
        The name of that op.
    why : str
        The same in words: "loss > 2: loss = 2.31"; empty where the reason says it all.
    autopsy : Autopsy or None
        With "nan": what led there, and what may mend it. Print it.
    """

    why: str = ""
    autopsy: Autopsy | None = None

    def __new__(
        cls,
        reason: str,
        position: Position,
        op: str | None = None,
        *,
        why: str = "",
        autopsy: Autopsy | None = None,
    ) -> Self:
        self = super().__new__(cls, reason, position, op)
        self.why = why or (autopsy.summary if autopsy is not None else "")
        self.autopsy = autopsy
        return self

    def __repr__(self) -> str:
        why = f", why={self.why!r}" if self.why else ""
        parts = f"reason={self.reason!r}, position={self.position!r}, op={self.op!r}"
        return f"Stop({parts}{why})"

    def __str__(self) -> str:
        if self.autopsy is not None:
            return str(self.autopsy)
        return f"{self.reason}: {self.why}" if self.why else repr(self)
