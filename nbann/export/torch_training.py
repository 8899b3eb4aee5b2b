"""Text that trains a net with PyTorch: loss, penalties, optimizer, loop. Imports the core."""

from __future__ import annotations

from typing import Any

from nbann.core.errors import bad_value
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.noise import GaussianNoise
from nbann.core.optimizers.adaptive import AdaGrad, Adam, RMSprop
from nbann.core.optimizers.sgd import SGD

from .ends import is_own
from .literals import Text, call, shown
from .scored import Scored, scored_of
from .torch_plan import Weight
from .training import KEEP, Run, counts_batches, loop_lines, rate_of

Places = list[tuple[str, Weight]]
"""Parameters by their path in the net, and where they come from."""


def differences(run: Run) -> list[str]:
    """Return in words where PyTorch comes to other numbers."""
    found = []
    if any(isinstance(one.layer, Dropout | GaussianNoise) for one in run.net.every()):
        found.append("PyTorch draws other random numbers in training than nbann: results differ.")
    optimizer = run.trainer.optimizer
    if isinstance(optimizer, SGD) and optimizer.momentum and optimizer.schedule is not None:
        found.append("PyTorch's momentum takes the rate of now for all past steps: results differ.")
    return found


def training_lines(run: Run, weights: Places) -> list[str]:
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
            factor = "" if one.weight == 1 else f"{one.weight!r} * "
            body.append(f"loss = loss + {factor}({_loss(one)})")
    else:
        made = "torch.tensor(y)"
        body = [f"z, t = net(inputs{rows}), targets{rows}", f"loss = {_loss(scored[0])}"]
    body += [
        *_penalty(run),
        *_activity(run),
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
        *_weights(run, weights),
        *head,
        *(before + line for line in body),
        "print('loss of the last batch:', loss.item())",
        "",
    ]


def _weights(run: Run, weights: Places) -> list[str]:
    """Return the lines that gather what penalties are of: matrices, not biases."""
    if not (run.l1 or run.l2):
        return []
    names = [path for path, one in weights if run.net.arrays[one.source].ndim == 2]
    return ["weights = [", *(f"    net.get_parameter({name!r})," for name in names), "]"]


def _penalty(run: Run) -> list[str]:
    """Return the lines that add penalties to the loss."""
    share = f" / {'len(X)' if run.whole else 'len(rows)'}" if run.per_sample else ""
    lines = []
    if run.l1:
        lines.append(f"loss = loss + {run.l1!r} * sum(w.abs().sum() for w in weights){share}")
    if run.l2:
        lines.append(f"loss = loss + {run.l2!r} / 2 * sum((w**2).sum() for w in weights){share}")
    return lines


def _activity(run: Run) -> list[str]:
    """Return the line that adds what being active costs."""
    if not any(isinstance(part.layer, ActivityPenalty) for part in run.net.every()):
        return []
    costs = "module.cost for module in net.modules() if isinstance(module, ActivityPenalty)"
    return [f"loss = loss + sum({costs})"]


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
    kind, width = loss.kind if is_own(loss) else "", one.width
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
