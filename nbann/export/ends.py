"""How a net's outputs become probabilities, as `Trainer.predict_proba` has it. Imports the core."""

from __future__ import annotations

from nbann.core.errors import bad_value
from nbann.core.losses.loss import Loss
from nbann.core.losses.registry import LOSSES
from nbann.core.losses.sign_loss import SignError

from .reading import Net


def reads_alike(loss: Loss, method: str) -> bool:
    """Whether a loss reads outputs as nbann's own of that kind does: a user's may not."""
    own = SignError if loss.kind == SignError.kind else LOSSES.get(loss.kind)
    return own is not None and getattr(type(loss), method) is getattr(own, method)


def is_own(loss: Loss) -> bool:
    """Whether a loss is one of nbann's, and not a user's."""
    return type(loss) in (SignError, *LOSSES.values())


def reading_of(loss: Loss, task: str, width: int) -> str:
    """Return how outputs of a loss become probabilities: "softmax", "sigmoid", "both", "clipped".

    "both" makes two columns, ``1 - p`` and p, of one output; "clipped" does so without a sigmoid.
    Empty where the loss gives none.
    """
    if not reads_alike(loss, "probabilities"):
        return ""
    if not loss.gives_probabilities(task, width):  # type: ignore[arg-type]
        return ""
    if loss.kind == "cross_entropy":
        return "softmax"
    if loss.kind == "binary_cross_entropy":
        return "both" if width == 1 else "sigmoid"
    return "clipped"


def readings(net: Net, what: str) -> dict[str, str]:
    """Return how each head's outputs become probabilities, of a net of one head under "".

    Raises
    ------
    ValueError
        No output can be read so.
    """
    found = {"": reading_of(net.loss, net.task, net.output_shape[-1])}
    if net.heads:
        heads = net.loss.heads.items()
        found = {name: reading_of(head.loss, head.task, head.width) for name, head in heads}
    if not any(found.values()):
        mend = "Leave probabilities out, or train with loss=nbann.CrossEntropy()."
        expected = "a net whose outputs can be read as probabilities"
        raise bad_value(f"{what} probabilities", expected, repr(net.loss), mend)
    return found
