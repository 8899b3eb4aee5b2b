"""Writes `recurrent.json`: recurrent nets, gradients and 20 SGD steps by PyTorch 2, in float64.

Run it with PyTorch installed: ``python tests/goldens/make_recurrent.py``. The tests compare nbann
with the file, and with PyTorch itself where it is there. `CASES`, `data` and `start` are read by
the tests too; they need NumPy alone.

Each net is the layers of a case and a dense layer of 2 neurons at the end, trained on the mean
squared error, of masked sequences over the time steps that are there.
"""

import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("recurrent.json")
RATE, STEPS = 0.2, 20
ROWS, TIMES, FEATURES, UNITS = 4, 5, 2, 3
LENGTHS = (5, 2, 4, 1)
SEQUENCE = {"return_sequences": True}

# name: (layers as (kind, settings), lengths of the sequences or None for all). A kind of "Bi..." is
# a layer in both directions. A truncated layer is worked out step by step by PyTorch's cells, the
# others by its layers, of which masked sequences are packed.
CASES = {
    "rnn": ([("RNN", {})], None),
    "rnn relu": ([("RNN", {"activation": "relu"})], None),
    "rnn sequence": ([("RNN", SEQUENCE)], None),
    "rnn relu sequence mask": ([("RNN", {"activation": "relu", **SEQUENCE})], LENGTHS),
    "rnn no bias": ([("RNN", {"bias": False})], None),
    "rnn reverse": ([("RNN", {"reverse": True})], None),
    "rnn mask": ([("RNN", {})], LENGTHS),
    "rnn truncate": ([("RNN", {"truncate": 2})], None),
    "rnn truncate sequence mask": ([("RNN", {"truncate": 2, **SEQUENCE})], LENGTHS),
    "rnn truncate reverse sequence": (
        [("RNN", {"truncate": 2, "reverse": True, **SEQUENCE})],
        None,
    ),
    "lstm": ([("LSTM", {})], None),
    "lstm sequence": ([("LSTM", SEQUENCE)], None),
    "lstm mask": ([("LSTM", {})], LENGTHS),
    "lstm sequence mask": ([("LSTM", SEQUENCE)], LENGTHS),
    "lstm no bias": ([("LSTM", {"bias": False})], None),
    "lstm reverse sequence mask": ([("LSTM", {"reverse": True, **SEQUENCE})], LENGTHS),
    "lstm truncate": ([("LSTM", {"truncate": 3})], None),
    "lstm truncate sequence mask": ([("LSTM", {"truncate": 2, **SEQUENCE})], LENGTHS),
    "gru": ([("GRU", {})], None),
    "gru sequence": ([("GRU", SEQUENCE)], None),
    "gru mask": ([("GRU", {})], LENGTHS),
    "gru sequence mask": ([("GRU", SEQUENCE)], LENGTHS),
    "gru no bias": ([("GRU", {"bias": False})], None),
    "gru truncate": ([("GRU", {"truncate": 2})], None),
    "bi rnn": ([("BiRNN", {})], None),
    "bi rnn sequence": ([("BiRNN", SEQUENCE)], None),
    "bi rnn sum sequence": ([("BiRNN", {"merge": "sum", **SEQUENCE})], None),
    "bi lstm mask": ([("BiLSTM", {})], LENGTHS),
    "bi lstm sequence mask": ([("BiLSTM", SEQUENCE)], LENGTHS),
    "bi gru sum mask": ([("BiGRU", {"merge": "sum"})], LENGTHS),
    "bi gru truncate sequence": ([("BiGRU", {"truncate": 2, **SEQUENCE})], None),
    "stacked rnn": ([("RNN", SEQUENCE), ("RNN", {})], None),
    "stacked lstm gru sequence mask": ([("LSTM", SEQUENCE), ("GRU", SEQUENCE)], LENGTHS),
    "stacked bi": ([("BiLSTM", SEQUENCE), ("BiRNN", {"merge": "sum", **SEQUENCE})], LENGTHS),
    "stacked truncate": (
        [("GRU", {"truncate": 3, **SEQUENCE}), ("LSTM", {"truncate": 2})],
        None,
    ),
}
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def wave(shape, number):
    """Return numbers in (-0.7, 0.7) that look drawn but need no generator."""
    return 0.7 * np.sin(1.7 * np.arange(np.prod(shape, dtype=int)) + 13.0 * number).reshape(shape)


def is_sequence(case):
    """Whether the net of a case has an output at every time step."""
    return bool(CASES[case][0][-1][1].get("return_sequences"))


def data(case):
    """Return X, y and the mask (or None) of a case."""
    lengths = CASES[case][1]
    X = 2 * wave((ROWS, TIMES, FEATURES), 1)
    y = wave((ROWS, TIMES, 2) if is_sequence(case) else (ROWS, 2), 2)
    if lengths is None:
        return X, y, None
    return X, y, (np.arange(TIMES) < np.array(lengths)[:, None]).astype(float)


def start(case):
    """Return the start of every parameter by nbann's name, in nbann's order and layout."""
    arrays, inputs = {}, FEATURES
    for number, (kind, settings) in enumerate(CASES[case][0], 1):
        for part in ("forward", "backward") if kind.startswith("Bi") else ("",):
            prefix = f"layer{number}.{part}".rstrip(".")
            gates = GATES[kind.removeprefix("Bi")] * UNITS
            shapes = {"weight": (inputs, gates), "recurrent": (UNITS, gates)}
            if settings.get("bias") is not False:
                shapes["bias"] = (gates,)
                if kind.endswith("GRU"):
                    shapes["recurrent_bias"] = (UNITS,)
            for key, shape in shapes.items():
                arrays[f"{prefix}.{key}"] = wave(shape, len(arrays) + 3)
        wide = kind.startswith("Bi") and settings.get("merge") != "sum"
        inputs = 2 * UNITS if wide else UNITS
    arrays["output.weight"], arrays["output.bias"] = wave((inputs, 2), 0.3), wave((2,), 0.7)
    return arrays


# ---- the same in PyTorch -------------------------------------------------------------------------


class Direction:
    """One direction of a layer: PyTorch's parameters, filled from nbann's layout."""

    def __init__(self, kind, settings, arrays, prefix):
        import torch

        self.torch, self.kind, self.prefix = torch, kind, prefix
        self.activation = settings.get("activation", "tanh")
        self.truncate = settings.get("truncate")
        self.keys = [key for key in PARTS if f"{prefix}.{key}" in arrays]
        weight = arrays[f"{prefix}.weight"]
        self.inputs, self.units = weight.shape[0], weight.shape[1] // GATES[kind]
        self.bias = "bias" in self.keys
        options = {"bias": self.bias, "dtype": torch.float64}
        options |= {"nonlinearity": self.activation} if kind == "RNN" else {}
        sizes = (self.inputs, self.units)
        self.cell = getattr(torch.nn, f"{kind}Cell")(*sizes, **options)
        self.layer = getattr(torch.nn, kind)(*sizes, batch_first=True, **options)
        for name in PARAMETERS if self.bias else PARAMETERS[:2]:  # one set of parameters for both
            setattr(self.layer, f"{name}_l0", getattr(self.cell, name))
        self._fill({key: torch.tensor(arrays[f"{prefix}.{key}"]) for key in self.keys})

    def _fill(self, given):
        with self.torch.no_grad():
            self.cell.weight_ih.copy_(given["weight"].T)
            self.cell.weight_hh.copy_(given["recurrent"].T)
            if self.bias:
                self.cell.bias_ih.copy_(given["bias"])
                self.cell.bias_hh.zero_()
                if self.kind == "GRU":
                    self.cell.bias_hh[-self.units :] = given["recurrent_bias"]

    def read(self, what):
        """Return parameters or their gradients ("grad") by nbann's names and in its layout."""
        found = {}
        for key in self.keys:
            parameter = getattr(self.cell, PARTS[key])
            array = (parameter.grad if what == "grad" else parameter.detach()).numpy()
            if key == "recurrent_bias":
                array = array[-self.units :]
            found[f"{self.prefix}.{key}"] = array.T.copy()
        return found

    def descend(self):
        """Make a step of gradient descent with what nbann has; a second bias stays 0."""
        with self.torch.no_grad():
            for key in self.keys:
                parameter = getattr(self.cell, PARTS[key])
                step = RATE * parameter.grad
                if key == "recurrent_bias":
                    step[: -self.units] = 0
                parameter -= step
        self.cell.zero_grad()

    def run(self, x, lengths, *, reverse):
        """Return h at every time step (n, T, units) and the last h (n, units)."""
        if self.truncate:
            return self._run_cells(x, lengths, reverse)
        rnn = self.torch.nn.utils.rnn
        if reverse:  # each sequence turned around by itself, as packed sequences are
            x = self._turned(x, lengths)
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        outs, last = self.layer(packed)
        outs, _ = rnn.pad_packed_sequence(outs, batch_first=True, total_length=x.shape[1])
        last = (last[0] if self.kind == "LSTM" else last)[0]
        return self._turned(outs, lengths) if reverse else outs, last

    def _turned(self, x, lengths):
        turned = [
            self.torch.cat([row[:length].flip(0), row[length:]])
            for row, length in zip(x, lengths, strict=True)
        ]
        return self.torch.stack(turned)

    def _run_cells(self, x, lengths, reverse):
        torch, times = self.torch, x.shape[1]
        h = c = torch.zeros((len(x), self.units), dtype=torch.float64)
        outs = [None] * times
        for count, t in enumerate(range(times)[::-1] if reverse else range(times)):
            if count and count % self.truncate == 0:
                h, c = h.detach(), c.detach()
            there = (t < torch.tensor(lengths))[:, None]
            if self.kind == "LSTM":
                new_h, new_c = self.cell(x[:, t], (h, c))
                c = torch.where(there, new_c, c)
            else:
                new_h = self.cell(x[:, t], h)
            h = outs[t] = torch.where(there, new_h, h)
        return torch.stack(outs, 1), h


PARTS = {
    "weight": "weight_ih", "recurrent": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh",
}  # fmt: skip
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Twin:
    """A case's net in PyTorch."""

    def __init__(self, case, arrays):
        import torch

        self.torch, self.case = torch, case
        self.layers = []
        for number, (kind, settings) in enumerate(CASES[case][0], 1):
            parts = ("forward", "backward") if kind.startswith("Bi") else ("",)
            prefixes = [f"layer{number}.{part}".rstrip(".") for part in parts]
            made = [Direction(kind.removeprefix("Bi"), settings, arrays, p) for p in prefixes]
            self.layers.append((made, settings))
        self.dense = [
            torch.tensor(arrays[f"output.{key}"], requires_grad=True) for key in ("weight", "bias")
        ]

    def forward(self, X, mask):
        """Return the net's output."""
        x = self.torch.tensor(X)
        lengths = [X.shape[1]] * len(X) if mask is None else mask.sum(axis=1).astype(int).tolist()
        for made, settings in self.layers:
            ran = [
                direction.run(x, lengths, reverse=bool(settings.get("reverse")) or number == 1)
                for number, direction in enumerate(made)
            ]
            outs = [outs if settings.get("return_sequences") else last for outs, last in ran]
            x = sum(outs) if settings.get("merge") == "sum" else self.torch.cat(outs, -1)
        return x @ self.dense[0] + self.dense[1]

    def step(self, X, y, mask):
        """Train one step; return the output, the loss and the gradients by name."""
        output = self.forward(X, mask)
        squares = ((output - self.torch.tensor(y)) ** 2).mean(-1)
        if mask is not None and squares.ndim == 2:
            there = self.torch.tensor(mask)
            loss = (squares * there).sum() / there.sum()
        else:
            loss = squares.mean()
        loss.backward()
        gradients = self._read("grad")
        for made, _ in self.layers:
            for direction in made:
                direction.descend()
        with self.torch.no_grad():
            for parameter in self.dense:
                parameter -= RATE * parameter.grad
                parameter.grad = None
        return output.detach().numpy(), loss.item(), gradients

    def _read(self, what):
        found = {}
        for made, _ in self.layers:
            for direction in made:
                found |= direction.read(what)
        for key, parameter in zip(("weight", "bias"), self.dense, strict=True):
            array = parameter.grad if what == "grad" else parameter.detach()
            found[f"output.{key}"] = array.numpy().copy()
        return found

    def parameters(self):
        """Return what has been learned by now, by name."""
        return self._read("value")


def reference(case):
    """Return what PyTorch computes for a case."""
    X, y, mask = data(case)
    twin = Twin(case, start(case))
    steps = [twin.step(X, y, mask) for _ in range(STEPS)]
    output = steps[0][0]
    if mask is not None and output.ndim == 3:  # padding is filled up in another way
        output = output * mask[:, :, None]
    return {
        "output": _kept(output),
        "losses": _kept([loss for _, loss, _ in steps]),
        "gradients": {name: _kept(array) for name, array in steps[0][2].items()},
        "parameters": {name: _kept(array) for name, array in twin.parameters().items()},
    }


def _kept(numbers):
    return np.round(numbers, 12).tolist()  # they are compared to 1e-10


if __name__ == "__main__":
    references = {case: reference(case) for case in CASES}
    lines = [f"{json.dumps(case)}: {json.dumps(found)}" for case, found in references.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
