"""Text of the functions that use a net: outputs, predictions, probabilities. Imports the core."""

from __future__ import annotations

from collections.abc import Callable

from .ends import reading_of, reads_alike
from .reading import Net
from .scored import Scored, scored_of


def using_lines(net: Net, body: list[str]) -> list[str]:
    """Return the functions ``outputs``, ``predict`` and ``predict_proba``, as far as there are."""
    shape = ", ".join(map(str, net.shape))
    lines = [
        "",
        "def outputs(X):",
        f'    """Return what the net gives for samples X, an array (n, {shape})."""',
        *(f"    {line}" for line in body),
        "",
    ]
    for name, told, write in (
        ("predict", "what the net predicts: labels or values", predict_lines),
        ("predict_proba", "the probability of each class", proba_lines),
    ):
        found = _reading_lines(net, write)
        if found:
            lines += ["", f"def {name}(X):", f'    """Return {told}."""']
            lines += [*(f"    {line}" for line in found), ""]
    return lines


def _reading_lines(net: Net, write: Callable[[Scored], list[str]]) -> list[str]:
    """Return the body of a function that reads outputs, of each head that can be read so."""
    scored = scored_of(net)
    bodies = {one.name: write(one) for one in scored if write(one)}
    if not net.heads:
        return ["z = outputs(X)", *bodies[""]] if bodies else []
    lines = []
    for name, body in bodies.items():
        *before, last = body
        lines += [f"z = heads[{name!r}]", *before]
        lines.append(f"found[{name!r}] = {last.removeprefix('return ')}")
    return ["heads, found = outputs(X), {}", *lines, "return found"] if lines else []


def predict_lines(one: Scored) -> list[str]:
    """Return the lines that make of outputs ``z`` what `Trainer.predict` makes of them."""
    kind, width = one.loss.kind, one.width
    if not reads_alike(one.loss, "predict"):
        return []
    if kind == "cross_entropy":
        return ["return z.argmax(axis=-1)"]
    single = "[..., 0]" if width == 1 else ""
    if kind == "binary_cross_entropy":
        return [f"return (z > 0).astype(int){single}"]
    if kind == "poisson":
        return [f"return np.exp(z){single}"]
    if kind == "gaussian_nll":
        half = width // 2
        return ["return z[..., 0]  # the mean" if half == 1 else f"return z[..., :{half}]"]
    threshold = {"hinge": "0", "perceptron": "0", "sign_error": "0"}.get(kind)
    values = ("mean_squared_error", "half_squared_error", "mean_absolute_error", "huber")
    if one.task == "classification" and kind in values:
        threshold = "0.5"
    if threshold is not None:
        if width == 1:
            return [f"return (z[..., 0] > {threshold}).astype(int)"]
        return ["return z.argmax(axis=-1)"]
    if kind == "pinball":
        quantiles = len(one.loss.settings()["quantiles"])  # type: ignore[arg-type]
        if quantiles == width:
            return ["return z"]
        return [f"return z.reshape(*z.shape[:-1], -1, {quantiles})"]
    return [f"return z{single}"]


def proba_lines(one: Scored) -> list[str]:
    """Return the lines that make probabilities of outputs ``z``; empty where there are none."""
    reading = reading_of(one.loss, one.task, one.width)
    if reading == "softmax":
        return [
            "exps = np.exp(z - z.max(axis=-1, keepdims=True))",
            "return exps / exps.sum(axis=-1, keepdims=True)",
        ]
    if not reading:
        return []
    share = "z.clip(0, 1)" if reading == "clipped" else "(1 + np.tanh(z / 2)) / 2"
    if reading == "sigmoid":
        return [f"return {share}"]
    return [f"share = {share}", "return np.concatenate([1 - share, share], axis=-1)"]
