"""Python that does what a playground does, with nbann. Imports the core.

Whatever comes from data stands in the code as a literal written by `repr`, and never in a comment:
so a name is text there, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbann.core.data.dataset import Dataset

from .playground_build import arguments_of_set, optimizer_settings
from .playground_choices import (
    ACTIVATIONS,
    DRAWN,
    DRAWN_NAMES,
    INITS,
    LOSSES,
    OPTIMIZERS,
    OWN,
    usual_features,
)
from .playground_setup import Setup

MOST_LITERALS = 6000
"""Own data of more numbers are not written into code."""

GLOROT = "glorot_uniform"  # what a layer takes by itself


def call(name: str, arguments: dict[str, object]) -> str:
    """Return a call as source: ``name(key=value, ...)``."""
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def listed(values: Iterable[object], width: int = 96) -> list[str]:
    """Return literals on lines of about one width, each followed by a comma."""
    lines, line = [], "   "
    for value in values:
        text = f" {value!r},"
        if len(line) + len(text) > width and line.strip():
            lines.append(line)
            line = "   "
        line += text
    return [*lines, line] if line.strip() else lines


# ---- data ----------------------------------------------------------------------------------------
def data_lines(setup: Setup) -> list[str]:
    """Return the lines after which `train`, and `test` where there is one, are data sets."""
    if setup.data == DRAWN:
        names = DRAWN_NAMES[: setup.class_count]
        settings = f"'classification', ('x1', 'x2'), {names!r}"
        lines = [
            *_points(setup),
            f"train = nbann.Dataset(drawn[:, :2], drawn[:, 2].astype(int), {settings})",
        ]
        return lines + _features(setup, ("train",))
    lines = _own(setup.own) if setup.own is not None else [_toy(setup)]
    if setup.test:
        lines.append(f"train, test = data.split(test={setup.test!r}, seed={setup.seed!r})")
    else:
        lines.append("train = data")
    if setup.drawn:
        lines += _points(setup)
        lines += [
            "train = nbann.Dataset(",
            "    np.vstack([train.raw_X, drawn[:, :2]]),",
            "    np.concatenate([train.y, drawn[:, 2].astype(int)]),",
            "    'classification', train.feature_names, train.target_names,",
            ")",
        ]
    return lines + _features(setup, ("train", "test") if setup.test else ("train",))


def _toy(setup: Setup) -> str:
    return f"data = {call(f'nbann.datasets.{setup.data}', arguments_of_set(setup))}"


def _points(setup: Setup) -> list[str]:
    triples = [tuple(point) for point in setup.drawn]
    return ["drawn = np.array([  # x1, x2, class", *listed(triples), "])"]


def _own(data: Dataset) -> list[str]:
    if data.X.size > MOST_LITERALS:
        return ["data = my_data  # the Dataset given to Playground: too large to write here"]
    rows = [f"    {row!r}," for row in data.X.tolist()]
    names = f"{list(data.feature_names)!r}, {list(data.target_names)!r}"
    return [
        "X = [",
        *rows,
        "]",
        "y = [",
        *listed(data.y.tolist()),
        "]",
        f"data = nbann.Dataset(X, y, {data.task!r}, {names})",
    ]


def _features(setup: Setup, names: tuple[str, ...]) -> list[str]:
    lines = []
    if setup.features != usual_features(setup.columns):
        lines.append(f"features = {list(setup.features)!r}")
        lines += [f"{name} = {name}.with_features(features)" for name in names]
    if setup.standardize:
        lines.append("train = train.standardized()")
        if "test" in names:
            lines.append("test = test.standardized(like=train)")
    return lines


def needs_numpy(setup: Setup) -> bool:
    """Whether the lines of the data use NumPy."""
    return bool(setup.drawn)


def has_test(setup: Setup) -> bool:
    """Whether there is a `test` after the lines of the data."""
    return bool(setup.test) and setup.data != DRAWN


def is_complete(setup: Setup) -> bool:
    """Whether the code runs as it stands: own data may be too large to be written into it."""
    return setup.data != OWN or setup.own is None or setup.own.X.size <= MOST_LITERALS


# ---- with nbann ----------------------------------------------------------------------------------
def nbann_code(setup: Setup, epochs: int, notes: Iterable[str] = ()) -> str:
    """Return the Python that builds a setup's trainer with nbann and trains it."""
    lines = [f"# {note}" for note in notes]
    lines += ["import numpy as np"] if needs_numpy(setup) else []
    lines += ["import nbann", "", *data_lines(setup), "", *_net(setup), "", *_trainer(setup)]
    lines += [f"trainer.run(epochs={epochs})", "print(trainer.evaluate(train))"]
    lines += ["print(trainer.evaluate(test))"] if has_test(setup) else []
    return "\n".join(lines) + "\n"


def _net(setup: Setup) -> list[str]:
    init = "" if setup.init == GLOROT else f", init={setup.init!r}"
    lines = ["net = nbann.Sequential(["]
    for place, (units, activation) in enumerate(setup.layers, 1):
        lines.append(f"    nbann.Dense({units}, name='hidden{place}'{init}),")
        lines.append(f"    nbann.{ACTIVATIONS[activation]}(name='act{place}'),")
        if setup.dropout:
            lines.append(f"    nbann.Dropout({setup.dropout!r}, name='drop{place}'),")
    return [*lines, f"    nbann.Dense({setup.outputs}, name='output'{init}),", "])"]


def _trainer(setup: Setup) -> list[str]:
    settings = dict[str, object](optimizer_settings(setup))
    made = call(f"nbann.{OPTIMIZERS[setup.optimizer][0]}", settings)
    lines = [
        "trainer = nbann.Trainer(",
        f"    net, train,{' test=test,' if has_test(setup) else ''}",
        f"    loss=nbann.{LOSSES[setup.loss_name][0]}(),",
        f"    optimizer={made},",
        f"    batch_size={setup.batch_size!r}, seed={setup.seed!r},",
    ]
    lines += [f"    {n}={v!r}," for n, v in (("l1", setup.l1), ("l2", setup.l2)) if v]
    return [*lines, ")"]


# ---- what other libraries' code shares -----------------------------------------------------------
def start_lines(setup: Setup) -> list[str]:
    """Return the lines after which ``draw(rng, (inputs, neurons))`` draws nbann's start weights."""
    return [
        "# the same start weights as nbann draws from this seed",
        f"rng = np.random.default_rng([{setup.seed}, 0])",
        f"draw = nbann.initializers.{INITS[setup.init]}()",
    ]


def order_line(setup: Setup) -> str:
    """Return the line that sets `order` to the samples' order in `epoch`, which is nbann's."""
    return f"order = np.random.default_rng([{setup.seed}, 1, epoch]).permutation(len(train))"
