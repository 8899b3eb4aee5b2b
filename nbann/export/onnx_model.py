"""A trained net as a model of ONNX. Imports the core, and onnx when it is called."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nbann.core.checks import check_installed, whole_number
from nbann.core.errors import bad_value
from nbann.core.layers.flatten import Flatten
from nbann.core.layers.recurrent import Recurrent
from nbann.core.recipe import as_dtype
from nbann.core.storing.atomic import write_atomically
from nbann.core.trainer import Trainer

from .asking import check_flag
from .ends import readings
from .onnx_graph import Graph, text
from .onnx_nodes import emit, silence
from .reading import Net, read

if TYPE_CHECKING:
    from onnx import ModelProto

LEAST_OPSET = 13
"""From which on axes are inputs of Split, Squeeze and Unsqueeze."""


def to_onnx(
    trainer: Trainer,
    path: str | os.PathLike[str] | None = None,
    *,
    probabilities: bool = False,
    opset: int = 17,
    dtype: Any = None,
) -> ModelProto:
    """Return the net of a trainer as a model of ONNX, with the weights of now; or write it, too.

    Its input is "x", of (n, features), (n, time, features) or whole numbers (n, ...), for any n.
    Its output is "output" (or "probabilities"), of a net with heads one under each head's name. It
    is made of ops that onnxruntime has for float64, too, so that predictions are nbann's own to
    some 1e-12; recurrent layers are a `Scan`. Where these were trained with a mask there is a
    second input "mask", (n, time), 1 where a step is there.

    Its metadata have "task", "loss", and of a net for classes "classes", their names as JSON.

    Parameters
    ----------
    trainer : Trainer
        Of a `Sequential`, `Autoencoder`, `Heads`, `Perceptron` or `Adaline`.
    path : str or path, optional
        Where to write it; what was in that file is replaced once the new one is whole.
    probabilities : bool
        Whether to give what `Trainer.predict_proba` gives, in place of the net's own outputs.
    opset : int
        The version of ONNX's ops, at least 13.
    dtype : {"float64", "float32"}, optional
        By default the trainer's. In float32 files are half as large, and predictions differ by
        some 1e-6.

    Returns
    -------
    onnx.ModelProto
        Checked by `onnx.checker`.

    Raises
    ------
    ModuleNotFoundError
        The package onnx is not installed.
    ValueError
        As `to_torch` does; an opset that the installed onnx has not, another dtype.
    FileNotFoundError, OSError
        The folder is not there, there is no permission, ...

    Examples
    --------
    ::

        nbann.export.to_onnx(trainer, "net.onnx", probabilities=True)
    """
    check_flag("probabilities", probabilities)
    net = read(trainer, "to_onnx")
    kind = net.dtype if dtype is None else as_dtype(dtype)
    ends = readings(net, "to_onnx") if probabilities else {}
    check_installed("onnx", "nbann.export.to_onnx", '"nbann[onnx]"')
    import onnx

    newest = onnx.defs.onnx_opset_version()
    opset = whole_number("opset", opset, least=LEAST_OPSET)
    if opset > newest:
        raise bad_value("opset", f"at most {newest}, the newest of onnx", opset, "Pass opset=17.")
    model = _model(net, kind, ends, opset)
    onnx.checker.check_model(model, full_check=True)
    if path is not None:
        data = model.SerializeToString()
        write_atomically(path, lambda file: file.write(data))
    return model


def _model(net: Net, dtype: np.dtype[Any], ends: dict[str, str], opset: int) -> ModelProto:
    import onnx

    g = Graph(dtype)
    whole = onnx.TensorProto.INT64 if net.indices else None
    free = any(isinstance(part.layer, Recurrent) for part in net.every()) and not any(
        isinstance(part.layer, Flatten) for part in net.every()
    )
    sample = ["time", *net.shape[1:]] if free else list(net.shape)
    x = g.value("x", ["batch", *sample], whole)
    inputs = [x]
    if net.padded:
        g.there = "mask"
        inputs.append(g.value("mask", ["batch", sample[0]]))
    inner = emit(g, net.parts, net, "x")
    outputs = []
    for name, (given, width) in _outputs(g, net, inner).items():
        if ends and not ends[name]:
            continue
        label = text(name or ("probabilities" if ends else "output"))
        g.scope = label
        columns = _end(g, given, width, ends.get(name, ""), label)
        steps = ["time"] if free and len(net.output_shape) > 1 else net.output_shape[:-1]
        outputs.append(g.value(label, ["batch", *steps, columns]))
    graph = g.finished("nbann", inputs, outputs)
    imports = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(
        graph,
        opset_imports=imports,
        ir_version=onnx.helper.find_min_ir_version_for(imports),
        producer_name="nbann",
    )
    said = {"task": net.task, "loss": repr(net.loss)}
    if net.classes:
        said["classes"] = json.dumps(net.classes)
    onnx.helper.set_model_props(model, {key: text(value) for key, value in said.items()})
    return model


def _outputs(g: Graph, net: Net, inner: str) -> dict[str, tuple[str, int]]:
    """Return the name and width of each head's output, of a net of one under ""."""
    if not net.heads:
        return {"": (inner, net.output_shape[-1])}
    found = {}
    for name, parts in net.heads.items():
        given, width = emit(g, parts, net, inner), net.loss.heads[name].width
        if name in net.silent:
            g.scope = name
            given = silence(g, given, width, net.silent[name])
        found[name] = (given, width)
    return found


def _end(g: Graph, given: str, width: int, end: str, into: str) -> int:
    """Add the nodes after which an output goes by its name; return how wide it is."""
    if end == "softmax":
        g.op("Softmax", given, axis=-1, into=into)
        return width
    if end == "sigmoid":
        g.op("Sigmoid", given, into=into)
        return width
    if not end:
        g.op("Identity", given, into=into)
        return width
    p = g.op("Sigmoid", given)
    if end == "clipped":
        p = g.op("Min", g.op("Max", given, g.number(0.0)), g.number(1.0))
    g.op("Concat", g.op("Sub", g.number(1.0), p), p, axis=-1, into=into)
    return 2
