"""A trained net as a module of PyTorch. Imports the core, and torch when it is called."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from nbann.core.checks import check_installed
from nbann.core.trainer import Trainer

from .asking import check_flag
from .reading import Net, read
from .torch_plan import OWN, Chain, Module, Reference, plan_of

if TYPE_CHECKING:
    from torch import nn


def to_torch(trainer: Trainer, *, probabilities: bool = False) -> nn.Module:
    """Return the net of a trainer as a module of PyTorch, with the weights of now.

    It is what a user of PyTorch would write: an `nn.Sequential` of `nn.Linear`, `nn.ReLU`, ...,
    under the names of the layers (those that are no identifiers, or that a module of PyTorch has
    itself, are changed: "my layer" becomes "my_layer"). It has weights of its own, stands in
    `eval()` mode, and may be trained on after `train()`.

    Parameters
    ----------
    trainer : Trainer
        Of a `Sequential`, `Autoencoder`, `Heads`, `Perceptron` or `Adaline`.
    probabilities : bool
        Whether the module gives what `Trainer.predict_proba` gives, in place of the net's own
        outputs, which of a net for classes are logits.

    Returns
    -------
    torch.nn.Module
        Takes a tensor (n, features), (n, time, features) or whole numbers (n, ...), in the dtype of
        the trainer, and gives one (n, outputs) or (n, time, outputs); with heads a dict of such.
        Where recurrent layers were trained with a mask it takes one, (n, time), as second argument.

    Raises
    ------
    ModuleNotFoundError
        PyTorch is not installed.
    ValueError
        Not a trainer; a machine that is no net (RBM, Hopfield, BAM, SOM); a layer of your own;
        weights that are not finite; probabilities of a net that gives none.

    Examples
    --------
    ::

        model = nbann.export.to_torch(trainer)
        with torch.no_grad():
            outputs = model(torch.tensor(X))
    """
    check_flag("probabilities", probabilities)
    net = read(trainer, "to_torch")
    plan = plan_of(net, probabilities=probabilities, what="to_torch")
    check_installed("torch", "nbann.export.to_torch", "torch")
    module: nn.Module = _Builder(net).build(plan).eval()
    return module


class _Builder:
    """Makes the modules of a plan; those that are made can be referred to."""

    def __init__(self, net: Net) -> None:
        import torch

        self.torch, self.net = torch, net
        self.dtype = getattr(torch, net.dtype.name)
        self.made: dict[str, Any] = {}

    def build(self, plan: Chain | Module) -> Any:
        """Return the module, in the net's dtype and with its weights."""
        module = self._make(plan).to(self.dtype)
        for name, one in self.made.items():
            self._load(name, one)
        return module

    def _make(self, plan: Any) -> Any:
        if isinstance(plan, list):
            return [self._make(one) for one in plan]
        if isinstance(plan, Reference):
            return self.made[plan.name][0]
        if isinstance(plan, Chain):
            steps = [(name, self._make(module)) for name, module in plan.steps]
            return self.torch.nn.Sequential(OrderedDict(steps))
        if not isinstance(plan, Module):
            return plan
        from . import torch_layers

        own = plan.kind.startswith(OWN)
        cls = getattr(torch_layers if own else self.torch.nn, plan.kind.removeprefix(OWN))
        module = cls(*map(self._make, plan.args), **plan.settings)
        if plan.weights:
            self.made[plan.name] = (module, plan.weights)
        return module

    def _load(self, name: str, made: Any) -> None:
        module, weights = made
        state = module.state_dict()
        with self.torch.no_grad():
            for weight in weights:
                array = weight.of(self.net.arrays[weight.source])
                state[weight.key].copy_(self.torch.tensor(array.copy()))
