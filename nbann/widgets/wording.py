"""Turns where a trainer stands into plain data for a view; imports the core and MathML only."""

from __future__ import annotations

from typing import Any

from nbann.core.errors import bad_value
from nbann.core.expr import Entry
from nbann.core.program import Op
from nbann.core.render import Text, significant
from nbann.core.trainer import Trainer

from .mathml import equation_pieces, named_number

Element = tuple[str, tuple[int, ...]]
DIGITS = 3


def op_list(trainer: Trainer) -> list[dict[str, Any]]:
    """Return every op of the program: what a list of them shows."""
    return [
        {
            "phase": op.phase,
            "layer": _layer(op),
            "name": title(op),
            "op": op.name,
            "math": "".join(equation_pieces(op.equation)),
        }
        for op in trainer.program
    ]


def _layer(op: Op) -> str:
    """Return an op's layer; nothing where the phase says it: "reduce", "gradient on worker 1"."""
    return "" if op.phase.replace(" ", "").endswith(op.layer) else op.layer


def title(op: Op) -> str:
    """Return an op's name without its layer's, as words."""
    return op.name.removeprefix(op.layer + ".").replace("_", " ")


def place(trainer: Trainer) -> dict[str, Any]:
    """Return where the run stands, in numbers and words."""
    op = trainer.shown_op
    ran = trainer.last_op is not None
    epoch, batch, _ = trainer.loaded
    loss = trainer["loss"].item() if trainer.is_current("loss") else None
    return {
        "epoch": epoch + 1,
        "batch": batch + 1,
        "batches": trainer.batches,
        "op": op.index + 1,
        "ops": len(trainer.program),
        "ran": ran,
        "loss": "" if loss is None or not ran else significant(loss, 4),
    }


def equation_view(trainer: Trainer, element: Element | None) -> dict[str, Any]:
    """Return the current op's equation in symbols, and with numbers for one element.

    `element` is what the user asked to see: an array and an index, of what the op writes or of the
    parameters that it reads. Where it is neither, the first one is shown, at the nearest index.
    """
    op = trainer.shown_op
    name, index = fit_element(trainer, op, element)
    shape = trainer[name].shape
    view: dict[str, Any] = {
        "phase": op.phase,
        "layer": op.layer,
        "title": title(op),
        "writes": choices(trainer, op),
        "array": name,
        "shape": list(shape),
        "index": list(index),
        "axes": axes(trainer, name),
        "symbols": equation_pieces(op.equation),
        "numbers": [],
        "text": "",
        "fixed": obstacle(trainer, name),
    }
    if name not in op.writes:
        return view | read_view(trainer, name, index)
    if trainer.last_op is None:
        view["note"] = "This operation comes next. Press Step to run it."
        return view
    view["exact"] = repr(float(trainer[name][index]))
    try:
        equation = op.arithmetic(index, name)
    except ValueError as gone:  # a hook has changed a number since: say so rather than show another
        view["note"] = str(gone)
        return view
    view["numbers"] = equation_pieces(equation)
    view["text"] = equation.text(digits=DIGITS)
    view["note"] = ""
    return view


def choices(trainer: Trainer, op: Op) -> list[str]:
    """Return the arrays of which an element can be shown: what an op writes, weights it reads."""
    return list(dict.fromkeys([*op.writes, *(n for n in op.reads if n in trainer.parameters)]))


def read_view(trainer: Trainer, name: str, index: tuple[int, ...]) -> dict[str, Any]:
    """Return what is shown of a parameter that the op reads: its number."""
    value = float(trainer[name][index])
    entry = Entry(name, index, trainer.program.symbols[name], value)
    text = f"{Text(numbers=False).entry(entry)} = {significant(value, DIGITS)}"
    return {"exact": repr(value), "numbers": [named_number(entry)], "text": text, "note": ""}


def obstacle(trainer: Trainer, name: str) -> str:
    """Return why an array can not be set now, or nothing where it can."""
    try:
        trainer.check_settable(name)
    except ValueError as error:
        return str(error)
    return ""


def axes(trainer: Trainer, name: str) -> list[str]:
    """Return what the axes of an array count."""
    dimensions = trainer[name].ndim
    of_parameter = any(name == p or name.startswith(p + ".") for p in trainer.parameters)
    if of_parameter:
        return list(trainer.model.axes_of(name.removesuffix(".grad"), dimensions))
    return ["sample", "neuron"][:dimensions]


def fit_element(trainer: Trainer, op: Op, element: Element | None) -> Element:
    """Return the wished element where the op has it, else the nearest one that it writes."""
    name, wish = element if element is not None else (op.writes[0], ())
    if name not in choices(trainer, op):
        name = op.writes[0]
    shape = trainer[name].shape
    if len(wish) > len(shape):
        wish = wish[len(wish) - len(shape) :]  # a bias has the column of its weight
    wish = (0,) * (len(shape) - len(wish)) + tuple(wish)
    return name, tuple(max(0, min(int(i), n - 1)) for i, n in zip(wish, shape, strict=True))


def sentence(trainer: Trainer, here: dict[str, Any], view: dict[str, Any]) -> str:
    """Return one sentence that says what `place` and `equation_view` show."""
    where = (
        f"epoch {here['epoch']}, batch {here['batch']} of {here['batches']}, "
        f"op {here['op']} of {here['ops']}"
    )
    op = trainer.shown_op
    what = f"{op.phase}, {op.layer}, {view['title']}: {op.equation.text()}"
    if not here["ran"]:
        return f"At the start of {where}. Next: {what}."
    loss = f" Loss {here['loss']}." if here["loss"] else ""
    return f"At {where}. Just run: {what}. {view['text'] or view['note']}.{loss}"


def as_number(what: str, text: object) -> float:
    """Return a number that a person has typed.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return float(str(text).strip().replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        received = repr(text)[:40] if str(text).strip() else "nothing"
        raise bad_value(what, "a number", received, "Type e.g. 0.5.") from None
