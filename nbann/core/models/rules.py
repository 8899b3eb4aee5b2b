"""What models share that learn by a rule of their own; imports the core's own parts only."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import bad_value
from ..losses.loss import Loss, Task
from ..losses.machine_losses import MachineLoss
from ..model import Model
from ..optimizers.sgd import SGD

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..optimizers.optimizer import Optimizer
    from ..recipe import Recipe


class RuleModel(Model):
    """A model of one layer of weights that a rule changes, and no gradient.

    Attributes
    ----------
    kind : str
        What its layer is called, which begins the names of its arrays.
    rule_loss : type of MachineLoss
        What stands in the place of a loss.
    sides : (str, str)
        What the rows and the columns of its weights stand for.
    scheduled : bool
        Whether the learning rate may follow a schedule.
    """

    kind: ClassVar[str]
    rule_loss: ClassVar[type[MachineLoss]]
    sides: ClassVar[tuple[str, str]]
    scheduled: ClassVar[bool] = False
    follows_loss: ClassVar[bool] = False
    takes_targets: ClassVar[bool] = False
    usual_batch_size: int | None = 1

    def __init__(self) -> None:
        self.names = (self.kind,)

    def axes_of(self, parameter: str, axes: int) -> tuple[str, ...]:
        """Return which of its sides each axis of a parameter is of."""
        return self.sides[2 - axes :]

    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return what stands in the place of a loss."""
        return self.rule_loss()

    def usual_optimizer(self) -> Optimizer | str | None:
        """Return plain steps of the learning rate 1: the rule as it is."""
        return SGD(1.0)

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Refuse a loss, and a mask."""
        check_unmasked(data, what)
        if type(loss) is not self.rule_loss:
            what, mend = f"The loss of {type(self).__name__}", "Leave it out."
            raise bad_value(what, "none: it has a rule", repr(loss), mend)

    def check_recipe(self, recipe: Recipe) -> None:
        """Refuse a penalty, or an optimizer but for plain steps at some learning rate.

        Raises
        ------
        ValueError
        """
        who = type(self).__name__
        if recipe.penalty is not None:
            mend = "Leave l1 and l2 out."
            raise bad_value(f"The penalty of {who}", "none: it has a rule", "one", mend)
        optimizer = recipe.optimizer
        settings = ("momentum", "weight_decay", "clip_value", "clip_norm")
        plain = isinstance(optimizer, SGD) and not any(getattr(optimizer, s) for s in settings)
        if not plain or (optimizer.schedule is not None and not self.scheduled):
            mend = "Leave it out, or pass e.g. nbann.SGD(0.5)."
            rate = "" if self.scheduled else " at a constant learning rate"
            raise bad_value(f"The optimizer of {who}", f"plain SGD{rate}", repr(optimizer), mend)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def check_unmasked(data: Dataset, what: str) -> None:
    """Refuse data of which a mask leaves something out: a row is a sample, and all of it counts.

    Raises
    ------
    ValueError
    """
    if data.mask is not None and not data.mask.all():
        mend = "Leave the mask out, and the columns or rows that it hides."
        raise bad_value(f"{what} mask", "none: all of a sample counts", "one", mend)


def owned(array: Any) -> Any:
    """Return a copy of start values that were given: the user may write to theirs later."""
    return deepcopy(array)
