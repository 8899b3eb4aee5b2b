"""Hooks: where they are called, in which order, what they may do and what stays unchanged."""

import numpy as np
import pytest

import nbann

from .nets import HIDDEN, data, make, same_run

UNITS = ["op", "layer", "phase", "batch", "epoch"]


def trainer_of(**settings):
    return make(HIDDEN, **({"batch_size": 5} | settings))  # 13 rows: batches of 5, 5 and 3


def names_of(trainer, unit, when, **narrow):
    seen = []
    trainer.on(
        unit, lambda event: seen.append(event.op.name if event.op else unit), when=when, **narrow
    )
    trainer.run()
    return seen


FORWARD = ["dense1.affine", "tanh1.tanh", "dense2.affine"]
LOSS = ["loss.softmax", "loss.cross_entropy"]
BACKWARD = [
    "loss.gradient",
    *(f"dense2.{what}_gradient" for what in ("weight", "bias", "input")),
    "tanh1.slope",
    "tanh1.gradient",
    *(f"dense1.{what}_gradient" for what in ("weight", "bias")),
]
ALL = [*FORWARD, *LOSS, *BACKWARD, "sgd.update"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("unit", "narrow", "expected"),
    [
        ("op", {}, ALL),
        ("op", {"phase": "backward"}, BACKWARD),
        ("op", {"phase": "update"}, ["sgd.update"]),
        ("op", {"layer": "tanh1"}, ["tanh1.tanh", "tanh1.slope", "tanh1.gradient"]),
        ("op", {"layer": "dense2", "phase": "forward"}, ["dense2.affine"]),
        ("op", {"op": "loss.softmax"}, ["loss.softmax"]),
        ("op", {"op": "loss.softmax", "phase": "loss", "layer": "loss"}, ["loss.softmax"]),
        ("batch", {}, ["batch"]),
    ],
)
def test_a_hook_is_called_once_where_it_belongs(unit, narrow, expected, when):
    assert names_of(trainer_of(), unit, when, **narrow) == expected * 3


@pytest.mark.parametrize(
    ("unit", "narrow", "first", "last"),
    [
        (
            "phase",
            {},
            ["dense1.affine", "loss.softmax", "loss.gradient", "sgd.update"],
            ["dense2.affine", "loss.cross_entropy", "dense1.bias_gradient", "sgd.update"],
        ),
        ("phase", {"phase": "backward"}, ["loss.gradient"], ["dense1.bias_gradient"]),
        (
            "layer",
            {"phase": "backward"},
            ["loss.gradient", "dense2.weight_gradient", "tanh1.slope", "dense1.weight_gradient"],
            ["loss.gradient", "dense2.input_gradient", "tanh1.gradient", "dense1.bias_gradient"],
        ),
        ("layer", {"layer": "dense2"}, ["dense2.affine", "dense2.weight_gradient"],
         ["dense2.affine", "dense2.input_gradient"]),
    ],
)  # fmt: skip
def test_hooks_on_layers_and_phases_sit_at_their_edges(unit, narrow, first, last):
    assert names_of(trainer_of(), unit, "before", **narrow) == first * 3
    assert names_of(trainer_of(), unit, "after", **narrow) == last * 3


@pytest.mark.parametrize(
    ("unit", "narrow", "message"),
    [
        ("op", {"phase": "loss", "layer": "dense1"}, "dense1 has ops of .*'forward' and 'backw"),
        ("op", {"phase": "forward", "layer": "sgd"}, "sgd has ops of phase 'update' alone"),
        ("layer", {"phase": "update", "layer": "tanh1"}, "tanh1 has ops of phase 'forward' and"),
        ("op", {"op": "loss.softmax", "phase": "backward"}, "'loss.softmax' is of phase 'loss' an"),
        ("op", {"op": "tanh1.slope", "layer": "dense1"}, "phase 'backward' and layer 'tanh1'"),
        ("op", {"op": "tanh1.slope", "layer": "tanh1", "phase": "loss"}, "pass op= alone"),
    ],
)
def test_filters_that_no_op_meets_are_told(unit, narrow, message):
    trainer = trainer_of()
    filters = ", ".join(f"{k}={narrow[k]!r}" for k in ("phase", "layer", "op") if k in narrow)
    expected = rf"A hook on each {unit}: expected filters that an op meets; received {filters}\. .*"
    with pytest.raises(ValueError, match=expected + message):
        trainer.on(unit, print, **narrow)
    assert not trainer._hooks


def test_a_phase_that_a_net_without_parameters_has_not():
    X, y, _ = data()
    trainer = nbann.Trainer(nbann.Sequential([nbann.Tanh()]), (X, y))
    there = {op.phase for op in trainer.program}
    assert {"forward", "loss"} <= there
    for phase in {"forward", "loss", "backward", "update"} - there:
        with pytest.raises(ValueError, match="This net has ops of phase 'forward' and 'loss'"):
            trainer.on("phase", print, phase=phase)
    for phase in there:
        assert trainer.on("phase", print, phase=phase).attached


def test_every_pair_of_filters_is_either_met_or_told():
    """A hook that was attached is called in every batch, of whatever size (5, 5 and 3 rows)."""
    ops = [(op.phase, op.layer) for op in trainer_of().program]
    for phase in dict.fromkeys(phase for phase, _ in ops):
        for layer in dict.fromkeys(layer for _, layer in ops):
            trainer, seen = trainer_of(), []
            count = ops.count((phase, layer))
            if count:
                trainer.on("op", seen.append, phase=phase, layer=layer)
            else:
                with pytest.raises(ValueError, match="filters that an op meets"):
                    trainer.on("op", seen.append, phase=phase, layer=layer)
            trainer.run()
            assert len(seen) == 3 * count


@pytest.mark.parametrize("size", [None, 5, 13, 1])
def test_a_hook_on_the_epoch_is_called_once_an_epoch(size):
    trainer, seen = trainer_of(batch_size=size), []
    for when in ("before", "after"):
        trainer.on("epoch", lambda e: seen.append((e.when, e.epoch, e.op)), when=when)
    trainer.run(2)
    assert seen == [
        ("before", 0, None),
        ("after", 0, None),
        ("before", 1, None),
        ("after", 1, None),
    ]


def test_an_event_says_where_it_is():
    trainer, seen = trainer_of(), []
    trainer.on("op", seen.append, op="tanh1.slope")
    trainer.on("batch", seen.append)
    trainer.run(2)
    assert [(e.epoch, e.batch) for e in seen[::2]] == [(i, j) for i in range(2) for j in range(3)]
    assert [(e.phase, e.layer, e.op.name) for e in seen[:1]] == [
        ("backward", "tanh1", "tanh1.slope")
    ]
    assert (seen[1].phase, seen[1].layer, seen[1].op, seen[1].unit) == (None, None, None, "batch")
    assert repr(seen[0]) == "<Event after tanh1.slope, epoch 0, batch 0>"
    assert all(e.trainer is trainer for e in seen)


def test_order_is_outermost_first_before_and_innermost_first_after_then_as_attached():
    trainer, seen = trainer_of(batch_size=None), []
    for number in (1, 2):
        for unit in UNITS:
            for when in ("before", "after"):
                trainer.on(unit, lambda e, n=number: seen.append((e.when, e.unit, n)), when=when)
    trainer.step("op")
    outermost_first = [u for u in reversed(UNITS) for _ in (1, 2)]
    assert [s for s in seen if s[0] == "before"] == [
        ("before", unit, n) for unit, n in zip(outermost_first, [1, 2] * 5, strict=True)
    ]
    trainer.step("batch")
    innermost_first = [("after", unit, n) for unit in UNITS for n in (1, 2)]
    assert seen[-10:] == innermost_first


def test_before_sees_the_array_not_yet_computed_and_after_sees_it():
    trainer, seen = trainer_of(), []
    for when in ("before", "after"):
        trainer.on("op", lambda e: seen.append(e["tanh1.out"].copy()), op="tanh1.tanh", when=when)
    trainer.step("batch")
    assert np.isnan(seen[0]).all()
    np.testing.assert_array_equal(seen[1], np.tanh(trainer["dense1.out"]))


# ---- removal -------------------------------------------------------------------------------------


def test_a_removed_hook_is_called_no_more():
    trainer, seen = trainer_of(), []
    hook = trainer.on("op", seen.append)
    trainer.step("op")
    assert hook.attached
    hook.remove()
    hook.remove()
    assert not hook.attached
    trainer.run()
    assert len(seen) == 1


@pytest.mark.parametrize(
    "move", [lambda t: t.run(2), lambda t: t.step("epoch"), lambda t: t.step("op", 9)]
)
def test_a_hook_may_remove_itself(move):
    trainer, seen = trainer_of(), []

    def once(event):
        seen.append(event)
        hook.remove()

    hook = trainer.on("op", once)
    move(trainer)
    assert len(seen) == 1


def test_a_hook_may_remove_another_that_would_come_next():
    trainer, seen = trainer_of(), []
    trainer.on("op", lambda e: later.remove())
    later = trainer.on("op", seen.append)
    trainer.run()
    assert seen == []


def test_a_hook_attached_within_a_hook_is_called_from_the_next_batch_on():
    trainer, seen = trainer_of(), []
    trainer.on("batch", lambda e: trainer.on("batch", seen.append))
    trainer.run()  # 3 batches: one more hook after each
    assert len(seen) == 0 + 1 + 2


def test_without_hooks_the_kernels_are_the_programs_own():
    trainer = trainer_of()
    program = trainer.program

    def spliced():
        return trainer._hooks.spliced(trainer, program, len(program), resumed=False)

    bare = program.kernels
    assert len(bare) > len(program)
    assert all(a is b for a, b in zip(spliced(), bare, strict=True))
    hook = trainer.on("op", lambda e: None, op="tanh1.tanh")
    assert len(spliced()) == len(bare) + 1
    hook.remove()
    assert all(a is b for a, b in zip(spliced(), bare, strict=True))


# ---- what a hook sees ----------------------------------------------------------------------------


def test_arrays_are_read_only_unless_the_hook_modifies():
    trainer = trainer_of()
    caught = []

    def write(event):
        try:
            event["dense1.weight"][0, 0] = 7.0
        except ValueError as error:
            caught.append(str(error))

    hook = trainer.on("op", write, op="dense1.affine", when="before")
    trainer.step("op")
    assert caught == ["assignment destination is read-only"]
    hook.remove()
    trainer.reset()
    trainer.on("op", write, op="dense1.affine", when="before", modifies=True)
    trainer.step("op")
    assert len(caught) == 1
    assert trainer["dense1.weight"][0, 0] == 7.0
    with pytest.raises(ValueError, match="read-only"):
        trainer["dense1.weight"][0, 0] = 8.0
    with pytest.raises(ValueError, match="read-only"):
        trainer["loss"][...] = 0.0


def test_what_a_hook_writes_is_what_is_computed_with():
    """Halving the gradient is halving the learning rate."""
    halved, slower = trainer_of(), trainer_of(optimizer=nbann.SGD(0.05))

    def halve(event):
        for name in event.trainer.parameters:
            event[f"{name}.grad"][...] /= 2

    halved.on("phase", halve, phase="backward", modifies=True)
    for trainer in (halved, slower):
        trainer.run(3)
    same_run(halved, slower)


def test_bound_data_is_never_written_to():
    trainer = trainer_of(batch_size=None)
    trainer.on("op", lambda e: e["x"].fill(0), modifies=True)
    with pytest.raises(ValueError, match="read-only"):
        trainer.step("op")
    np.testing.assert_array_equal(trainer["x"], data()[0])


def reads(trainer, name, index):
    """The arithmetic of an element, or why there is none."""
    try:
        return trainer.arithmetic(name, index).value()
    except ValueError as error:
        return str(error)


def test_what_a_hook_has_changed_is_never_shown_as_computed():
    """Clipped gradients, a weight set before an op, an activation overwritten after it."""
    trainer = make(batch_size=4)
    hidden, output = "dense1", trainer.model.names[-1]

    def change(event):
        if event.op.name == f"{output}.affine":
            event[f"{hidden}.weight"].fill(7.0)
        if event.op.name == f"{output}.weight_gradient":
            event[f"{output}.weight.grad"].fill(0.01)

    trainer.on("op", change, modifies=True)
    trainer.step("batch")
    # overwritten after it was computed, and read by an op before the change
    assert "A hook has changed" in reads(trainer, f"{output}.weight.grad", (0, 0))
    assert "A hook has changed" in reads(trainer, f"{hidden}.out", (0, 0))
    assert "A hook has changed" in reads(trainer, f"{hidden}.weight", (0, 0))
    # what nobody touched reads as ever, and the update reads the clipped gradient
    name = f"{output}.weight"
    assert reads(trainer, name, (0, 1)) == pytest.approx(trainer[name][0, 1], rel=1e-12)
    # the next batch starts clean
    trainer._hooks._hooks[0].remove()
    trainer.step("batch")
    for name in (f"{hidden}.out", f"{hidden}.weight", f"{output}.weight.grad"):
        assert reads(trainer, name, (0, 0)) == pytest.approx(trainer[name][0, 0], rel=1e-9)


def test_a_hook_that_only_looks_changes_nothing_to_be_said():
    trainer = make(batch_size=4)
    trainer.on("op", lambda event: event["dense1.weight"].sum(), modifies=True)
    trainer.step("batch")
    assert trainer.program.touched == {}


def test_data_is_read_only_for_every_hook():
    for size in (4, None):
        trainer = make(batch_size=size)
        flags = []
        trainer.on("op", lambda e, flags=flags: flags.append(e["x"].flags.writeable), modifies=True)
        trainer.step("op")
        assert flags == [False]
