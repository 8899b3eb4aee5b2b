"""One layer by itself as a program: z is what is trained, and L = sum(da * f(z)).

What comes back to the layer is then `da`, whatever one wants it to be.
"""

import numpy as np

from nbann.core.builder import Builder
from nbann.core.expr import Call, Equation, Product, Symbol
from nbann.core.primitive import Primitive, Same
from nbann.core.state import Parameter, State


class Dot(Primitive):
    """``L = sum(da * a)``: what comes back to a is da."""

    verb = "dot"

    def __init__(self, a, into):
        self.a, self.reads, self.writes = a, (a, "da"), (into,)

    def kernels(self, arrays):
        a, da, loss = (arrays[name] for name in (*self.reads, *self.writes))
        yield lambda: np.copyto(loss, (a * da).sum())

    def equation(self, symbol):
        terms = Product(tuple(symbol(name) for name in self.reads), "o")
        return Equation(symbol(self.writes[0]), Call("sum", (terms,)))

    def element(self, entry, name, at):
        raise AssertionError("nobody reads the loss here")

    @property
    def passes_back_to(self):
        return (self.a,)

    def backward(self, b):
        b.emit(Same("da", b.gradient(self.a), "gradient"))


class DotLoss:
    def emit(self, b, output, into):
        b.emit(Dot(output, into))


def compiled(layer, z, da, dtype="float64"):
    """Return the program of one layer, having run on z."""
    z, da = np.asarray(z, dtype), np.asarray(da, dtype)
    state = State([Parameter("in.z", z.shape, z, Symbol("z"), False)], z.dtype, {}, {})
    state.initialize(0, {})
    b = Builder(state, len(z))
    b.input("da", da, Symbol("d"), bound=True)
    b.layer = "act"
    b.program.output = layer.emit(b, "act", "in.z")
    b.loss(DotLoss(), None)
    b.backward(None)
    program = b.finish()
    with np.errstate(all="ignore"):
        for kernel in program.kernels:
            kernel()
    program.done = len(program)
    return program


def passed(layer, z, da, dtype="float64"):
    """Return f(z) and dL/dz."""
    found = compiled(layer, z, da, dtype).arrays
    return found["act.out"], found["in.z.grad"]
