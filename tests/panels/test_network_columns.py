"""How a net's columns hang together, and what an op lights in them."""

import numpy as np
import pytest

import nbann
from nbann.panels.lit import lit_by
from nbann.panels.network_layout import columns_of, wires_of

from .nets import NETS


def laid(name):
    """What was drawn before by hand: width, sources and depth of each column."""
    return [(c.width, c.sources, c.depth) for c in columns_of(NETS[name]())]


def test_a_chain_goes_from_left_to_right():
    assert laid("chain") == [(4, (), 0), (5, (0,), 1), (3, (1,), 2)]


def test_heads_fork_after_the_body():
    columns = columns_of(NETS["heads"]())
    assert [(c.width, c.sources, c.depth, c.lane) for c in columns] == [
        (4, (), 0, ""),
        (4, (0,), 1, ""),
        (3, (1,), 2, "kind"),
        (2, (2,), 3, "kind"),
        (1, (1,), 2, "value"),
    ]


def test_a_head_that_begins_with_an_activation_keeps_it_to_itself():
    X, y = np.eye(4), {"kind": [0, 1, 0, 1], "value": [0.0, 1.0, 2.0, 3.0]}
    heads = {"kind": [nbann.Tanh(), nbann.Dense(2)], "value": [nbann.Dense(1)]}
    net = nbann.Heads([nbann.Dense(4)], heads)
    columns = columns_of(nbann.Trainer(net, nbann.Dataset(X, y)))
    assert [c.layers for c in columns] == [
        (), ("dense1",), ("kind.tanh1",), ("kind.dense1",), ("value.dense1",)
    ]  # fmt: skip
    assert columns[4].sources == (1,)
    assert wires_of(columns, 2) == [(1, k, k) for k in range(4)]


def test_a_shortcut_leads_round_the_layers_of_its_block():
    columns = columns_of(NETS["residual"]())
    assert [c.skips for c in columns] == [(), (), (), ((1, "residual1"),), ()]
    assert columns[3].layers == ("residual1.dense2", "residual1", "dropout1")
    assert [c.sources for c in columns] == [(), (0,), (1,), (2,), (3,)]


def test_both_directions_read_the_inputs_and_are_put_side_by_side():
    columns = columns_of(NETS["both ways"]())
    assert [(c.lane, c.sources, c.reverse) for c in columns[1:3]] == [
        ("forward", (0,), False),
        ("backward", (0,), True),
    ]
    assert (columns[3].sources, columns[3].join, columns[3].width) == ((1, 2), "beside", 6)
    assert wires_of(columns, 3) == [
        *((1, k, k) for k in range(3)),
        *((2, k, 3 + k) for k in range(3)),
    ]
    assert columns[1].steps == ("bidirectional1.forward.t*.z", "bidirectional1.forward.t*.h")


def test_flattened_steps_are_wired_to_the_neuron_they_come_from():
    columns = columns_of(NETS["things"]())
    assert [(c.width, c.join) for c in columns] == [
        (1, ""), (3, "look up"), (12, "flatten"), (2, "")
    ]  # fmt: skip
    assert wires_of(columns, 2) == [(1, k % 3, k) for k in range(12)]


def test_an_image_is_one_row_of_inputs():
    X = np.random.default_rng(0).normal(size=(6, 5, 5))
    net = nbann.Sequential([nbann.Flatten(), nbann.Dense(2)])
    columns = columns_of(nbann.Trainer(net, (X, [0, 1] * 3)))
    assert [(c.width, c.arrays) for c in columns] == [
        (25, ("x", "flatten1.out")),
        (2, ("dense1.out",)),
    ]


@pytest.mark.parametrize("name", ["machine", "hidden_units"])
def test_a_machine_of_two_layers_has_two_columns(name):
    X = np.eye(4)
    trainer = nbann.Trainer(nbann.RBM(3, name=name), X)
    columns = columns_of(trainer)
    assert [(c.width, c.weight, c.bias) for c in columns] == [
        (4, None, f"{name}.visible_bias"),
        (3, f"{name}.weight", f"{name}.hidden_bias"),
    ]
    lit = {op.name.split(".")[-1]: lit_by(op, columns) for op in trainer.program}
    read, written = lit["hidden_in"]
    assert (read.nodes, read.edges, read.biases) == ({0}, {1}, {1})
    assert written.nodes == {1}
    assert lit["weight_gradient"][1].edges == {1}
    assert lit["visible_bias_gradient"][1].biases == {0}


def ops_of(name):
    trainer = NETS[name]()
    return columns_of(trainer), {op.name: op for op in trainer.program}


def test_a_target_lights_its_own_head():
    columns, ops = ops_of("heads")
    assert lit_by(ops["loss.kind.cross_entropy"], columns)[0].nodes == {3}
    assert lit_by(ops["loss.value.error"], columns)[0].nodes == {4}
    assert lit_by(ops["kind.output"], columns)[1].nodes == {3}
    assert lit_by(ops["tanh1.gradient_of_out"], columns)[1].nodes == {1}


def test_the_sum_of_a_block_lights_its_shortcut():
    columns, ops = ops_of("residual")
    read, written = lit_by(ops["residual1.sum"], columns)
    assert (read.skips, written.skips) == ({3}, set())
    assert lit_by(ops["residual1.pass_on_1"], columns)[1].skips == {3}
    assert not lit_by(ops["residual1.dense2.affine"], columns)[0].skips


def test_the_state_of_another_step_lights_the_loop():
    columns, ops = ops_of("recurrent")
    read, written = lit_by(ops["rnn1.t2.affine"], columns)
    assert (read.loops, read.edges, written.nodes, written.loops) == ({1}, {1}, {1}, set())
    _, written = lit_by(ops["rnn1.t2.state_gradient"], columns)
    assert written.loops == {1}
    assert written.nodes == set()
