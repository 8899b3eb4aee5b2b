"""A run as source of PyTorch. Imports the core, not torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .data_code import data_lines
from .literals import Text, array_text, call, check_size, shown, table_text
from .names import identifiers
from .pieces import pieces
from .reading import Net
from .scored import scored_of
from .start_code import start_lines
from .torch_plan import OWN, Chain, Module, Reference, plan_of
from .torch_training import differences, training_lines
from .training import Run
from .using import using_lines

_CHILDREN = {
    OWN + "Residual": ("inside", "projection"),
    OWN + "Bidirectional": ("ahead", "back"),
    OWN + "Heads": ("body", "heads"),
}


def torch_code(net: Net, run: Run | None) -> list[str]:
    """Return the lines of a source that trains a net, or without a run has its trained weights."""
    plan = plan_of(net, probabilities=False, what="to_code")
    writer = _Writer(plan)
    text = writer.lines()
    parts: set[str] = set()
    if run is None:
        check_size(net.arrays, "to_code")
        kind = "" if net.dtype.name == "float64" else f"np.{net.dtype.name}"
        texts = {name: array_text(array, kind, "    ") for name, array in net.arrays.items()}
        start = ["# the trained weights", *table_text("p", texts)]
    else:
        start, parts = start_lines(run.trainer, "to_code")
    training = [] if run is None else training_lines(run, writer.weights)
    if run is not None and any(one.loss.kind == "pinball" for one in scored_of(net)):
        writer.used.add("pinball")
    lines = [f"# {note}" for note in ([] if run is None else differences(run))]
    drawing = pieces(["numpy_parts"], parts)
    lines += ["import math"] if any("math." in one for one in drawing) else []
    lines += ["from collections import OrderedDict", "", "import numpy as np", "import torch"]
    lines += ["from torch import nn"]
    lines += ["from torch.nn import functional", ""] if "functional." in "".join(training) else [""]
    if run is not None:
        lines += [*data_lines(run), ""]
    definitions = [*drawing, *pieces(["torch_layers"], writer.used)]
    for definition in definitions:
        lines += ["", *definition.split("\n"), ""]
    lines += [*([""] if definitions else []), *text, f"net = net.to(torch.{net.dtype.name})", ""]
    lines += [*start, "", *_loading(writer, trained=run is None), ""]
    lines += [*training, "net.eval()", ""]
    kind = "int" if net.indices else f"np.{net.dtype.name}"
    given = f"net(torch.tensor(np.asarray(X, {kind})))"
    end = "return {name: z.numpy() for name, z in found.items()}" if net.heads else ""
    body = ["with torch.no_grad():", f"    found = {given}", end or "return found.numpy()"]
    return lines + using_lines(net, body)


class _Writer:
    """Writes the modules of a plan, and gathers the classes and weights that they need."""

    def __init__(self, plan: Chain | Module) -> None:
        self.plan = plan
        self.used: set[str] = set()
        self.weights: list[tuple[str, Any]] = []
        """Every parameter by its path in the net, and where it comes from."""
        names = list(dict.fromkeys(one.name for one in _references(plan)))
        self.shared = {n: f"{one}_layer" for n, one in identifiers(names).items()}
        self.before: list[str] = []

    def lines(self) -> list[str]:
        """Return the lines after which ``net`` is the net."""
        text = f"net = {self.text(self.plan, '', '')}"
        return [*self.before, *text.split("\n")]

    def text(self, plan: Any, before: str, path: str) -> str:
        """Return a module's text; `path` is where it stands in the net."""
        if isinstance(plan, Reference):
            return self.shared[plan.name]
        if isinstance(plan, list):
            inner = before + "    "
            each = [f"{inner}{self.text(one, inner, f'{path}{n}.')}," for n, one in enumerate(plan)]
            return "\n".join(["[", *each, f"{before}]"])
        if isinstance(plan, Chain):
            steps = [
                f"{before}    ({name!r}, {self.text(one, before + '    ', f'{path}{name}.')}),"
                for name, one in plan.steps
            ]
            return "\n".join(["nn.Sequential(OrderedDict([", *steps, f"{before}]))"])
        return self.module(plan, before, path)

    def module(self, plan: Module, before: str, path: str) -> str:
        """Return a call."""
        own = plan.kind.startswith(OWN)
        kind = plan.kind.removeprefix(OWN)
        if own:
            self.used.add(kind)
        self.weights += [(path + weight.key, weight) for weight in plan.weights]
        children = _CHILDREN.get(plan.kind, ())
        args = []
        for number, one in enumerate(plan.args):
            place = f"{path}{children[number]}." if number < len(children) else path
            nested = isinstance(one, Module | Chain | Reference) or (
                isinstance(one, list) and one and isinstance(one[0], Chain)
            )
            args.append(self.text(one, before, place) if nested else shown(one))
        text = call(kind if own else f"nn.{kind}", *map(Text, args), **plan.settings)
        if plan.name in self.shared:
            self.before.append(f"{self.shared[plan.name]} = {text}")
            return self.shared[plan.name]
        return text


def _references(plan: Any) -> Iterator[Reference]:
    if isinstance(plan, Reference):
        yield plan
    elif isinstance(plan, Chain):
        for _, one in plan.steps:
            yield from _references(one)
    elif isinstance(plan, Module):
        for one in plan.args:
            yield from _references(one)
    elif isinstance(plan, list):
        for one in plan:
            yield from _references(one)


def _loading(writer: _Writer, *, trained: bool) -> list[str]:
    """Return the lines that put the arrays of ``p`` into the net."""
    texts = {}
    for path, weight in writer.weights:
        if not trained and path.endswith(("running_mean", "running_var")):
            continue  # which start at 0 and 1 there, too
        text = f"p[{weight.source!r}]"
        if weight.how == "transposed":
            text += ".T"
        elif weight.how == "candidate":
            text = f"np.pad({text}, (2 * {text}.size, 0))"
        texts[path] = text
    return [
        *table_text("state", texts),
        "with torch.no_grad():",
        "    for name, array in state.items():",
        "        net.state_dict()[name].copy_(torch.tensor(array.copy()))",
    ]
