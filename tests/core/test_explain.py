"""Explanations of single numbers: worked examples, what is asked wrongly, what stays untouched."""

import numpy as np
import pytest

import nbann

from .nets import HIDDEN, copies, data, loss_of, make, same_run


def mazur(**settings):
    """Return the net of M. Mazur, "A Step by Step Backpropagation Example" (2015)."""
    layers = [
        nbann.Dense(2, name="hidden", weight=[[0.15, 0.25], [0.20, 0.30]], bias=[0.35, 0.35]),
        nbann.Sigmoid(name="a"),
        nbann.Dense(2, name="output", weight=[[0.40, 0.50], [0.45, 0.55]], bias=[0.60, 0.60]),
        nbann.Sigmoid(name="o"),
    ]
    return nbann.Trainer(
        nbann.Sequential(layers),
        ([[0.05, 0.10]], [[0.01, 0.99]]),
        loss=nbann.HalfSquaredError("sum"),
        optimizer=nbann.SGD(0.5),
        **settings,
    )


def test_a_published_example_of_the_chain_rule():
    trainer = mazur()
    trainer.step("batch")
    w1 = trainer.explain("hidden.weight.grad", (0, 0))
    assert w1.value == pytest.approx(0.000438568, abs=5e-10)
    (term,) = w1.terms
    assert (term.label, term.coefficient) == ("sample 0", 0.05)
    delta = w1.open(term)
    assert (delta.name, delta.index) == ("hidden.out.grad", (0, 0))
    # the error reaches the first hidden neuron through both outputs
    assert [term.label for term in delta.terms] == ["output neuron 0", "output neuron 1"]
    slope = 0.241300709
    through = [term.value / slope for term in delta.terms]
    assert through == pytest.approx([0.055399425, -0.019049119], abs=5e-9)
    first = delta.open(0)
    assert first.value == pytest.approx(0.138498562, abs=5e-9)
    assert first.terms[0].number == pytest.approx(0.74136507, abs=5e-9)  # out_o1 - target
    assert w1.agrees
    assert w1.difference == pytest.approx(0.000438568, abs=1e-9)


def test_the_update_of_a_published_example():
    trainer = mazur()
    trainer.step("batch")
    w5 = trainer.explain("output.weight", (0, 0))
    assert w5.kind == "parameter"
    assert (w5.before, w5.after) == (0.40, w5.value)
    assert w5.value == pytest.approx(0.35891648, abs=5e-9)
    assert [term.value for term in w5.terms] == pytest.approx([0.40, -0.5 * 0.082167041])
    assert w5.gradient.value == pytest.approx(0.082167041, abs=5e-10)
    assert w5.open(w5.terms[1]).name == "output.weight.grad"
    was = w5.open(w5.terms[0])
    assert (was.value, was.note) == (0.40, "as it was before this batch's update")


def test_an_update_to_come_is_foreseen_once_the_gradient_is_there():
    trainer = make(optimizer=nbann.Adam(0.01), l2=0.1)
    trainer.step("phase", 2)
    early = trainer.explain("dense1.weight", (1, 2))
    assert early.pending
    assert (early.equation, early.after, early.gradient) == (None, None, None)
    assert "waits for the gradient" in str(early)
    trainer.step("phase")
    foreseen = trainer.explain("dense1.weight", (1, 2))
    assert foreseen.pending
    assert foreseen.value == foreseen.before == trainer["dense1.weight"][1, 2]
    assert "not updated" in str(foreseen)
    trainer.step("phase")
    assert trainer["dense1.weight"][1, 2] == pytest.approx(foreseen.after, rel=1e-12)
    assert foreseen.after != foreseen.before


def test_a_parameter_shows_every_step_of_adam():
    trainer = make(optimizer=nbann.Adam(nbann.schedules.ExponentialDecay(0.01, 0.9, unit="batch")))
    trainer.step("batch", 2)
    steps = {step.name: step for step in trainer.explain("dense1.weight", (0, 1)).steps}
    g = trainer["dense1.weight.grad"][0, 1]
    assert {"step_count", "learning_rate", "dense1.weight.first_moment"} <= steps.keys()
    second = steps["dense1.weight.second_moment"]
    assert second.value == pytest.approx(0.999 * second.before + 0.001 * g**2, rel=1e-12)
    assert steps["step_count"].value == 2
    assert str(second.equation) in str(trainer.explain("dense1.weight", (0, 1)))


@pytest.mark.parametrize("name", ["dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"])
def test_differences_are_those_of_plain_numpy(name):
    X, labels, _ = data()
    trainer = make()
    before = copies(trainer)
    trainer.step("batch")
    place = list(trainer.parameters).index(name)
    for at in np.ndindex(*before[place].shape):
        sides = []
        for h in (1e-5, -1e-5):
            moved = [array.copy() for array in before]
            moved[place][at] += h
            sides.append(loss_of(HIDDEN, moved, X, labels, "cross_entropy"))
        by_hand = (sides[0] - sides[1]) / 2e-5
        explained = trainer.explain(name, at)
        assert explained.difference == pytest.approx(by_hand, rel=1e-6, abs=1e-9)
        assert explained.gradient.value == pytest.approx(by_hand, rel=1e-6, abs=1e-9)
        assert explained.agrees


def test_a_wrong_gradient_is_not_confirmed():
    trainer = make()
    trainer.step("phase", 3)
    trainer._state.arrays["dense1.weight.grad"][0, 1] *= 1.001
    explained = trainer.explain("dense1.weight.grad", (0, 1))
    assert explained.agrees is False
    assert "disagrees" in str(explained)


def test_the_rest_is_one_line_and_the_largest_come_first():
    trainer = make(n=40)
    trainer.step("batch")
    explained = trainer.explain("dense1.weight.grad", (0, 1), largest=3)
    sizes = [abs(term.value) for term in explained.all_terms]
    assert len(explained.terms) == 3
    assert sizes == sorted(sizes, reverse=True)
    total = sum(term.value for term in explained.terms) + explained.rest
    assert total == pytest.approx(explained.value, rel=1e-12)
    assert "37 more terms" in str(explained)
    everything = trainer.explain("dense1.weight.grad", (0, 1), largest=None)
    assert (len(everything.terms), everything.rest) == (40, 0.0)
    assert everything.table()["value"].sum() == pytest.approx(explained.value, rel=1e-12)


def test_text_symbols_and_latex():
    trainer = mazur()
    trainer.step("batch")
    lines = str(trainer.explain("hidden.out.grad", (0, 1))).splitlines()
    assert lines[0].startswith("dL/dz_hidden[0,1] = ")
    assert lines[0].endswith("agrees")
    assert "dL/dz_hidden = dL/da_a * sigmoid'_a" in lines[1]
    explained = trainer.explain("hidden.out", (0, 0))
    assert explained.symbols == (
        "z_hidden[0,0] = x[0,0]*W_hidden[0,0] + x[0,1]*W_hidden[1,0] + b_hidden[0]"
    )
    latex = explained.latex()
    assert latex.startswith(r"\begin{aligned}z_{\mathrm{hidden}}[0,0] &= ")
    assert latex.count("{") == latex.count("}")
    assert "0.3775" in latex
    deeper = trainer.explain("hidden.weight.grad", (0, 0)).text(depth=3)
    for name in ("dL/dz_hidden[0,0] = ", "dL/dz_output[0,1] = ", "dL/da_o"):
        assert name in deeper


def test_every_op_that_a_number_depends_on():
    trainer = mazur()
    trainer.step("batch")
    first = [op.name for op in trainer.explain("hidden.out", (0, 0)).ops]
    assert first == ["hidden.affine"]
    loss = [op.name for op in trainer.explain("loss").ops]
    assert loss == ["hidden.affine", "a.sigmoid", "output.affine", "o.sigmoid", *loss[4:]]
    assert all(trainer.program[name].phase == "loss" for name in loss[4:])
    ops = {op.name for op in trainer.explain("output.weight.grad", (0, 0)).ops}
    assert "output.weight_gradient" in ops
    assert "hidden.weight_gradient" not in ops
    assert "output.input_gradient" not in ops
    update = trainer.explain("hidden.bias", (0,)).ops[-1]
    assert update.phase == "update"


def test_what_is_given_says_so():
    trainer = make()
    trainer.step("batch")
    explained = trainer.explain("x", (0, 1))
    assert (explained.kind, explained.terms, explained.ops) == ("given", [], ())
    assert explained.rest == explained.value == trainer["x"][0, 1]
    assert "given: it is data" in str(explained)
    assert "setting" in str(trainer.explain("learning_rate"))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.explain("dense1.weigth", (0, 0)), "dense1.weight"),
        (lambda t: t.explain("dense1.weight", (9, 0)), "expected 2 integers"),
        (lambda t: t.explain("dense1.weight"), "expected 2 integers"),
        (lambda t: t.explain("dense1.weight.grad", (0, 0)), "has not run in this batch"),
        (lambda t: t.explain("dense1.out", (0, 0), by="colour"), "Unknown grouping"),
        (lambda t: t.explain("dense1.out", (0, 0), largest=0), "largest"),
        (lambda t: t.explain("dense1.out", (0, 0)).open(99), "expected a term"),
        (lambda t: t.explain("dense1.out", (0, 0)).paths(), "expected a gradient"),
        (lambda t: t.explain("dense1.out", (0, 0)).text(depth=0), "depth"),
    ],
)
def test_what_is_asked_wrongly_is_told(ask, message):
    trainer = make()
    trainer.step("op")
    with pytest.raises(ValueError, match=message):
        ask(trainer)


def test_explaining_leaves_the_run_as_it_is():
    spec = [nbann.Dense(6), nbann.BatchNorm(), nbann.ReLU(), nbann.Dropout(0.4), nbann.Dense(3)]
    X, labels, _ = data(20)
    how = {"batch_size": 6, "optimizer": nbann.Adam(0.01), "l1": 0.01}
    a, b = (nbann.Trainer(nbann.Sequential(spec), (X, labels), **how) for _ in range(2))
    for _ in range(2 * len(a.program)):
        for trainer in (a, b):
            trainer.step("op")
        for name in ("dense1.weight", "dense2.bias", "loss", "dense1.weight.grad"):
            if b.is_current(name):
                str(b.explain(name, (0,) * b[name].ndim))
    a.run(1)
    b.run(1)
    same_run(a, b)
    assert not b.program.touched
    for name, stream in a._state.streams.items():
        assert stream.bit_generator.state == b._state.streams[name].bit_generator.state


def test_an_explanation_stays_true_of_its_batch():
    trainer, still = make(batch_size=4), make(batch_size=4)
    for each in (trainer, still):
        each.step("batch")
    explained = trainer.explain("dense1.weight.grad", (0, 1))
    trainer.run(2)
    fresh = still.explain("dense1.weight.grad", (0, 1))
    assert explained.text(depth=3) == fresh.text(depth=3)


def test_what_a_hook_has_changed_is_not_passed_off_as_computed():
    trainer = make()

    def silence(event):
        event["tanh1.out"][:, 0] = 0.0

    trainer.on("op", silence, phase="forward", layer="tanh1", when="after", modifies=True)
    trainer.step("phase", 3)
    with pytest.raises(ValueError, match=r"hook has changed 'tanh1\.out'"):
        trainer.explain("tanh1.out", (0, 0))
    after = trainer.explain("dense2.weight.grad", (1, 0))
    assert after.agrees  # what follows the hook is as ever
    before = trainer.explain("dense1.out.grad", (0, 1))
    assert before.difference is None
    assert "hook has changed 'tanh1.out'" in before.check.note
