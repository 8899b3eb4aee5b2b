"""Text of the functions that use a net: outputs, predictions, probabilities. Imports the core."""

from __future__ import annotations

from .ends import reading_of
from .reading import Net


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
    if net.heads:
        return lines
    reading = reading_of(net.loss, net.task, net.output_shape[-1])
    for name, told, found in (
        ("predict", "what the net predicts: labels or values", predict_lines(net)),
        ("predict_proba", "the probability of each class", proba_lines(reading)),
    ):
        if found:
            lines += ["", f"def {name}(X):", f'    """Return {told}."""', "    z = outputs(X)"]
            lines += [*(f"    {line}" for line in found), ""]
    return lines


def predict_lines(net: Net) -> list[str]:
    """Return the body of ``predict(X)``: what `Trainer.predict` makes of ``z = outputs(X)``.

    Raises
    ------
    ValueError
        A loss whose predictions are not known here.
    """
    kind, width = net.loss.kind, net.output_shape[-1]
    if kind == "cross_entropy":
        return ["return z.argmax(axis=-1)"]
    one = "[..., 0]" if width == 1 else ""
    if kind == "binary_cross_entropy":
        return [f"return (z > 0).astype(int){one}"]
    if kind == "poisson":
        return [f"return np.exp(z){one}"]
    if kind == "gaussian_nll":
        half = width // 2
        return ["return z[..., 0]  # the mean" if half == 1 else f"return z[..., :{half}]"]
    threshold = {"hinge": "0", "perceptron": "0", "sign_error": "0"}.get(kind)
    values = ("mean_squared_error", "half_squared_error", "mean_absolute_error", "huber")
    if net.task == "classification" and kind in values:
        threshold = "0.5"
    if threshold is not None:
        if width == 1:
            return [f"return (z[..., 0] > {threshold}).astype(int)"]
        return ["return z.argmax(axis=-1)"]
    if kind == "pinball":
        quantiles = len(net.loss.settings()["quantiles"])  # type: ignore[arg-type]
        if quantiles == width:
            return ["return z"]
        return [f"return z.reshape(*z.shape[:-1], -1, {quantiles})"]
    return [f"return z{one}"]


def proba_lines(reading: str) -> list[str]:
    """Return the body of ``predict_proba(X)`` of ``z = outputs(X)``; empty where there is none."""
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
