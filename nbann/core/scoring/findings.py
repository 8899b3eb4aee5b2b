"""What a diagnosis tells: findings as records, and as words; imports the standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True)
class Finding:
    """One thing that ails a run.

    Attributes
    ----------
    kind : str
        "not_finite", "dead_relu", "saturation", "identical_units", "vanishing_gradient",
        "exploding_gradient", "learning_rate_too_high", "learning_rate_too_low", "plateau" or
        "overfitting".
    layer : str or None
        Full name of the layer where it shows; None where it is the run as a whole.
    message : str
        What was found, in words, with its numbers, and what may mend it.
    measure, threshold : float
        What was measured, and from where on the rule speaks.
    reason : str
        Why the threshold is what it is, with its source.
    """

    kind: str
    layer: str | None
    message: str
    measure: float
    threshold: float
    reason: str

    def __str__(self) -> str:
        where = "" if self.layer is None else f" at {self.layer}"
        return f"{self.kind.replace('_', ' ')}{where}: {self.message}"


class Diagnosis(Sequence[Finding]):
    """What `diagnose` has found, in the order of the rules; prints as words."""

    def __init__(self, findings: Sequence[Finding], batches: int) -> None:
        self._findings = tuple(findings)
        self.batches = batches

    def __len__(self) -> int:
        return len(self._findings)

    @overload
    def __getitem__(self, index: int | str) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | str | slice) -> Finding | tuple[Finding, ...]:
        """Return a finding by its place, or the one of a kind; `KeyError` if there is none."""
        if isinstance(index, str):
            for finding in self._findings:
                if finding.kind == index:
                    return finding
            raise KeyError(f"{index!r} is not among what was found: {', '.join(self.kinds) or '-'}")
        return self._findings[index]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of what was found."""
        return tuple(finding.kind for finding in self._findings)

    def describe(self) -> str:
        """Say in words what was found, and why it counts."""
        if not self._findings:
            return self._nothing()
        return "\n".join(f"{finding}\n    Why: {finding.reason}" for finding in self._findings)

    def __repr__(self) -> str:
        return "\n".join(map(str, self._findings)) or self._nothing()

    def _nothing(self) -> str:
        if not self.batches:
            return "nothing found (no batch has run yet)"
        return f"nothing found after {self.batches} batch{'es' * (self.batches > 1)}"
