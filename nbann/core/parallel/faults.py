"""What goes wrong with workers; the standard library only."""

from __future__ import annotations


class WorkersError(RuntimeError):
    """A part of a batch could not be computed; the trainer stands at the start of the batch."""


class LostWorkersError(WorkersError):
    """Whoever was asked for a part of a batch is gone.

    Attributes
    ----------
    final : bool
        Whether there is nobody else to ask.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(
            f"Workers: expected answers; received none: {why}. Nothing is lost: the trainer stands "
            f"at the start of the batch. Go on with trainer.run(executor=...), or here after "
            f"trainer.gather()."
        )
