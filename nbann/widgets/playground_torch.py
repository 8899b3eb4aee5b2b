"""PyTorch that trains what a playground trains. Imports the core."""

from __future__ import annotations

from collections.abc import Iterable

from .playground_build import optimizer_settings
from .playground_choices import ACTIVATIONS  # torch.nn has them under the same names
from .playground_code import call, data_lines, has_test, order_line, start_lines
from .playground_setup import Setup

_LOSSES = {
    "binary_cross_entropy": "torch.nn.functional.binary_cross_entropy_with_logits(outputs, y)",
    "cross_entropy": "torch.nn.functional.cross_entropy(outputs, y)",
    "hinge": "torch.clamp(1 - (2 * y - 1) * outputs, min=0).mean()",
    "mean_squared_error": "torch.nn.functional.mse_loss(outputs, y)",
    "mean_absolute_error": "torch.nn.functional.l1_loss(outputs, y)",
    "huber": "torch.nn.functional.huber_loss(outputs, y)",
}
_OPTIMIZERS = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamw": "AdamW",
}


def torch_code(setup: Setup, epochs: int, notes: Iterable[str] = ()) -> str:
    """Return the Python that trains a setup's net with PyTorch, from the same start weights."""
    lines = [f"# {note}" for note in (*notes, *_differences(setup))]
    lines += ["import numpy as np", "import torch", "import nbann  # data and start weights", ""]
    lines += [*data_lines(setup), "", *_net(setup), "", *start_lines(setup), *_START, ""]
    lines += [*_loss(setup), "", *_loop(setup, epochs)]
    return "\n".join(lines) + "\n"


def _differences(setup: Setup) -> list[str]:
    if not setup.dropout:
        return []
    return ["PyTorch draws other neurons to drop out than nbann: the numbers differ, the idea not."]


def _net(setup: Setup) -> list[str]:
    lines, inputs = ["net = torch.nn.Sequential("], len(setup.features)
    for units, activation in setup.layers:
        lines.append(f"    torch.nn.Linear({inputs}, {units}),")
        lines.append(f"    torch.nn.{ACTIVATIONS[activation]}(),")
        if setup.dropout:
            lines.append(f"    torch.nn.Dropout({setup.dropout!r}),")
        inputs = units
    return [*lines, f"    torch.nn.Linear({inputs}, {setup.outputs}),", ").double()"]


_START = [
    "linear = [layer for layer in net if isinstance(layer, torch.nn.Linear)]",
    "with torch.no_grad():",
    "    for layer in linear:",
    "        start = draw(rng, (layer.in_features, layer.out_features))",
    "        layer.weight.copy_(torch.tensor(start.T.copy()))",
    "        layer.bias.zero_()",
]


def _loss(setup: Setup) -> list[str]:
    squeeze = "" if setup.loss_name == "cross_entropy" else ".squeeze(1)"
    lines = [
        "def loss_of(X, y):",
        f"    outputs = net(X){squeeze}",
        f"    loss = {_LOSSES[setup.loss_name]}",
    ]
    if setup.l1:
        lines.append(f"    loss = loss + {setup.l1!r} * sum(l.weight.abs().sum() for l in linear)")
    if setup.l2:
        half = f"{setup.l2!r} / 2"
        lines.append(f"    loss = loss + {half} * sum((l.weight**2).sum() for l in linear)")
    return [*lines, "    return loss"]


def _loop(setup: Setup, epochs: int) -> list[str]:
    settings = dict[str, object](optimizer_settings(setup))
    settings = {"lr": settings.pop("learning_rate"), **settings}
    if setup.optimizer == "adamw":
        settings["weight_decay"] = 0.01
    made = call(f"torch.optim.{_OPTIMIZERS[setup.optimizer]}", settings)
    made = made.replace("(", "(net.parameters(), ", 1)
    kind = "y" if setup.loss_name == "cross_entropy" else "y.astype(float)"
    whole = setup.batch_size is None
    lines = [
        f"optimizer = {made}",
        "X = torch.tensor(train.X)",
        f"y = torch.tensor(train.{kind})",
        f"size = {'len(train)' if whole else f'min({setup.batch_size}, len(train))'}",
        f"for epoch in range({epochs}):",
        f"    {order_line(setup)}",
        "    if size == len(train):  # one batch: nothing to order",
        "        order = np.arange(len(train))",
        "    for begin in range(0, len(train), size):",
        "        rows = order[begin : begin + size]",
        "        optimizer.zero_grad()",
        "        loss_of(X[rows], y[rows]).backward()",
        "        optimizer.step()",
    ]
    lines += ["net.eval()"] if setup.dropout else []
    lines += ["with torch.no_grad():", "    print('train loss', loss_of(X, y).item())"]
    if has_test(setup):
        other = f"loss_of(torch.tensor(test.X), torch.tensor(test.{kind})).item()"
        lines.append(f"    print('test loss', {other})")
    return lines
