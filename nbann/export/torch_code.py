"""A run as source of PyTorch. Imports the core, not torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbann.core.errors import bad_value
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.noise import GaussianNoise
from nbann.core.optimizers.adaptive import AdaGrad, Adam, RMSprop
from nbann.core.optimizers.sgd import SGD

from .data_code import data_lines
from .literals import Text, array_text, call, check_size, shown, table_text
from .names import identifiers
from .pieces import pieces
from .reading import Net
from .scored import Scored, scored_of
from .start_code import start_lines
from .torch_plan import OWN, Chain, Module, Reference, plan_of
from .training import KEEP, Run, counts_batches, loop_lines, rate_of
from .using import using_lines

_CHILDREN = {
    OWN + "Residual": ("inside", "projection"),
    OWN + "Bidirectional": ("ahead", "back"),
    OWN + "Heads": ("body", "heads"),
}
_TAKEN = ("torch", "nn", "np", "functional", "net", "p", "X", "y", "outputs", "predict", "order")


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
    training = [] if run is None else _training(run, writer)
    if run is not None and any(one.loss.kind == "pinball" for one in scored_of(net)):
        writer.used.add("pinball")
    lines = [f"# {note}" for note in ([] if run is None else _differences(run))]
    drawing = pieces(["numpy_parts"], parts)
    lines += ["import math"] if any("math." in one for one in drawing) else []
    lines += ["from collections import OrderedDict", "", "import numpy as np", "import torch"]
    lines += ["from torch import nn"]
    lines += ["from torch.nn import functional", ""] if "functional." in "".join(training) else [""]
    if run is not None:
        lines += [*data_lines(run), ""]
    for definition in (*drawing, *pieces(["torch_layers"], writer.used)):
        lines += ["", *definition.split("\n"), ""]
    lines += ["", *text, f"net = net.to(torch.{net.dtype.name})", ""]
    lines += [*start, "", *_loading(writer, trained=run is None), ""]
    lines += [*training, "net.eval()", ""]
    kind = "int" if net.indices else f"np.{net.dtype.name}"
    given = f"net(torch.tensor(np.asarray(X, {kind})))"
    end = "return {name: z.numpy() for name, z in found.items()}" if net.heads else ""
    body = ["with torch.no_grad():", f"    found = {given}", end or "return found.numpy()"]
    return lines + using_lines(net, body)


def _differences(run: Run) -> list[str]:
    found = []
    if any(isinstance(one.layer, Dropout | GaussianNoise) for one in run.net.every()):
        found.append("PyTorch draws other random numbers in training than nbann: results differ.")
    optimizer = run.trainer.optimizer
    if isinstance(optimizer, SGD) and optimizer.momentum and optimizer.schedule is not None:
        found.append("PyTorch's momentum takes the rate of now for all past steps: results differ.")
    return found


class _Writer:
    """Writes the modules of a plan, and gathers the classes and weights that they need."""

    def __init__(self, plan: Chain | Module) -> None:
        self.plan = plan
        self.used: set[str] = set()
        self.weights: list[tuple[str, Any]] = []
        """Every parameter by its path in the net, and where it comes from."""
        names = list(dict.fromkeys(one.name for one in _references(plan)))
        self.shared = identifiers(names, _TAKEN)
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


def _training(run: Run, writer: _Writer) -> list[str]:
    """Return the lines that train."""
    rate = rate_of(run)
    batch = counts_batches(rate)
    head, before = loop_lines(run, "torch.tensor({})")
    rows = "" if run.whole else "[rows]"
    scored = scored_of(run.net)
    if run.net.heads:
        made = "{name: torch.tensor(array) for name, array in y.items()}"
        body = [f"heads, loss = net(inputs{rows}), 0.0"]
        for one in scored:
            body.append(f"z, t = {one.of('heads')}, {one.of('targets')}{rows}")
            body.append(f"loss = loss + {one.weight!r} * ({_loss(one)})")
    else:
        made = "torch.tensor(y)"
        body = [f"z, t = net(inputs{rows}), targets{rows}", f"loss = {_loss(scored[0])}"]
    body += [
        *_penalty(run, writer),
        "optimizer.zero_grad()",
        "loss.backward()",
        *_limits(run),
    ]
    if run.trainer.optimizer.schedule is not None:
        body.append(f"optimizer.param_groups[0]['lr'] = {rate}")
    body += ["optimizer.step()", *(["batch += 1"] if batch else [])]
    return [
        f"optimizer = {_optimizer(run)}",
        f"inputs, targets = torch.tensor(X), {made}",
        *(["batch = 0"] if batch else []),
        *head,
        *(before + line for line in body),
        "print('loss of the last batch:', loss.item())",
        "",
    ]


def _penalty(run: Run, writer: _Writer) -> list[str]:
    names = [path for path, one in writer.weights if run.net.arrays[one.source].ndim == 2]
    share = f" / {'len(X)' if run.whole else 'len(rows)'}" if run.per_sample else ""
    lines = []
    if run.l1 or run.l2:
        lines.append(f"weights = [net.get_parameter(name) for name in {names!r}]")
    if run.l1:
        lines.append(f"loss = loss + {run.l1!r} * sum(w.abs().sum() for w in weights){share}")
    if run.l2:
        lines.append(f"loss = loss + {run.l2!r} / 2 * sum((w**2).sum() for w in weights){share}")
    return lines


def _limits(run: Run) -> list[str]:
    optimizer, lines = run.trainer.optimizer, []
    for what, limit in (("value", optimizer.clip_value), ("norm", optimizer.clip_norm)):
        if limit is not None:
            lines.append(f"nn.utils.clip_grad_{what}_(net.parameters(), {limit!r})")
    return lines


def _optimizer(run: Run) -> str:
    """Return the call that makes the optimizer.

    Raises
    ------
    ValueError
        One that PyTorch has not.
    """
    o: Any = run.trainer.optimizer
    rate = 0.1 if o.schedule is not None else o.learning_rate  # a schedule sets it at every step
    settings: dict[str, Any] = {"lr": rate}
    kind = type(o).__name__
    if type(o) is SGD:
        settings |= {"momentum": o.momentum} if o.momentum else {}
        settings |= {"nesterov": True} if o.nesterov and o.momentum else {}
    elif type(o) is AdaGrad:
        kind = "Adagrad"
        settings |= {"eps": o.epsilon}
        if o.initial_accumulator:
            settings |= {"initial_accumulator_value": o.initial_accumulator}
    elif type(o) is RMSprop:
        settings |= {"alpha": o.rho, "eps": o.epsilon}
        settings |= {"momentum": o.momentum} if o.momentum else {}
    elif isinstance(o, Adam) and kind in ("Adam", "AdamW") and not o.epsilon_hat:
        settings |= {"betas": (o.beta1, o.beta2), "eps": o.epsilon}
    else:
        expected = "one of nbann's optimizers that PyTorch has"
        raise bad_value('to_code "torch" with training', expected, repr(o), KEEP)
    if o.weight_decay or kind == "AdamW":
        settings["weight_decay"] = o.weight_decay
    return call(f"torch.optim.{kind}", Text("net.parameters()"), **settings)


def _loss(one: Scored) -> str:
    """Return a batch's loss of outputs z and targets t.

    Raises
    ------
    ValueError
        A loss that is not written here.
    """
    loss: Any = one.loss
    kind, width = loss.kind, one.width
    rows = "t.numel()" if width == 1 else f"(t.numel() / {width})"
    weights = getattr(loss, "class_weights", None)
    smoothing = getattr(loss, "label_smoothing", 0.0)
    summed = getattr(loss, "outputs", "mean") == "sum"
    if kind == "cross_entropy":
        z, t = ("z", "t") if len(one.shape) == 1 else ("z.flatten(0, -2)", "t.flatten()")
        settings: dict[str, Any] = {"label_smoothing": smoothing} if smoothing else {}
        if weights is not None:
            settings["weight"] = Text(f"torch.tensor({shown(weights)}, dtype=z.dtype)")
        return call("functional.cross_entropy", Text(z), Text(t), **settings)
    if kind == "half_squared_error":
        size = "1" if loss.reduction == "sum" else rows if summed else "t.numel()"
        return f"((z - t) ** 2).sum() / (2 * {size})"
    if kind == "binary_cross_entropy" and weights is None:
        t = f"t * {1 - smoothing!r} + {smoothing / 2!r}" if smoothing else "t"
        name = "functional.binary_cross_entropy_with_logits"
        return f"{name}(z, {t}, reduction='sum') / {rows}" if summed else f"{name}(z, {t})"
    deviance = "z.exp() - t + torch.xlogy(t, t) - t * z"
    known = {
        "mean_squared_error": "functional.mse_loss(z, t)",
        "mean_absolute_error": "functional.l1_loss(z, t)",
        "huber": f"functional.huber_loss(z, t, delta={getattr(loss, 'delta', 1.0)!r})",
        "poisson": f"({deviance}).sum() / {rows}" if summed else f"({deviance}).mean()",
        "sign_error": f"((z - t) ** 2).sum() / (2 * {rows})",
    }
    if kind == "gaussian_nll":
        half = width // 2
        spread = f"z[..., {half}:].exp() + {loss.eps!r}"
        known[kind] = (
            f"functional.gaussian_nll_loss(z[..., :{half}], t, {spread}, "
            f"full={loss.full!r}, eps={loss.eps!r})"
        )
    if kind == "pinball":
        known[kind] = f"pinball(z, t, {shown(loss.quantiles)})"
    if kind == "hinge" and loss.multi_class == "weston_watkins" and len(one.shape) == 1:
        margin = f"margin={loss.margin!r}"
        known[kind] = f"functional.multi_margin_loss(z, t.argmax(-1), {margin})"
    if width == 1:
        known["hinge"] = f"({getattr(loss, 'margin', 1.0)!r} - t * z).clamp(min=0).mean()"
        known["perceptron"] = "(-t * z).clamp(min=0).mean()"
    if kind in known:
        return known[kind]
    expected = "a loss that source is written for; of many classes cross-entropy, or a hinge"
    raise bad_value("to_code with training", expected, repr(loss), KEEP)
