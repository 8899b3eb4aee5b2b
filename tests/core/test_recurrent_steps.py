"""Stepping through time, reading every op, hooks on what lies in one place of memory."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from ..goldens.make_recurrent import CASES, TIMES
from .nets import same_run
from .recurrent_nets import trainer_of
from .test_reading import check_op

WALKED = ["rnn", "rnn truncate sequence mask", "lstm sequence mask", "gru mask", "stacked bi"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [None, 3])
@pytest.mark.parametrize("case", WALKED)
def test_every_unit_gives_the_numbers_of_a_run(case, size, dtype):
    ran = trainer_of(case, batch_size=size, dtype=dtype)
    ran.run(3)
    for unit in ("op", "layer", "phase", "batch", "epoch"):
        stepped = trainer_of(case, batch_size=size, dtype=dtype)
        while stepped.position.epoch < 3:
            stepped.step(unit)
        same_run(ran, stepped)
    ran.reset()
    same_run(ran, trainer_of(case, batch_size=size, dtype=dtype))
    for trainer in (ran, stepped := trainer_of(case, batch_size=size, dtype=dtype)):
        trainer.run(2)
    same_run(ran, stepped)


def test_a_learner_steps_through_time():
    trainer = trainer_of("lstm sequence mask")
    seen = []
    while trainer.op.phase == "forward":
        ran = trainer.step("layer")
        assert len({op.time for op in ran}) == 1
        seen.append((ran[0].layer, ran[0].time))
    times = [("layer1", t) for t in range(TIMES)]
    assert seen == [("layer1", None), *times, ("layer1", None), ("output", None)]
    trainer.step("phase")
    while trainer.op.layer != "layer1":
        trainer.step("op")
    back = [trainer.step("layer")[0].time for _ in range(TIMES + 1)]
    assert back == [None, *range(TIMES)[::-1]]
    assert trainer.op.name == "layer1.gradient_of_weight"  # the sum over the time steps
    assert trainer.op.reads == tuple(f"layer1.weight.grad.t{t}" for t in range(TIMES)[::-1])


def test_the_gradient_of_a_weight_is_the_sum_of_what_each_step_adds():
    trainer = trainer_of("gru")
    trainer.step("phase", 3)
    for key in ("weight", "recurrent", "bias", "recurrent_bias"):
        name = f"layer1.{key}.grad"
        parts = [trainer[f"{name}.t{t}"] for t in range(TIMES)]
        assert np.abs(parts[1] - parts[4]).max() > 1e-6
        np.testing.assert_allclose(trainer[name], np.sum(parts, axis=0), rtol=1e-12, atol=1e-15)


# ---- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_arithmetic_of_every_op_is_the_number_written(case):
    trainer, rng = trainer_of(case, l2=0.1), np.random.default_rng(0)
    trainer.step("batch")
    for op in trainer.program:
        for name in op.writes:
            array = trainer[name]
            place = tuple(int(rng.integers(length)) for length in array.shape)
            value = float(array[place])
            assert op.arithmetic(place, name).value() == pytest.approx(value, rel=1e-9, abs=1e-13)


READ = ["rnn relu sequence mask", "lstm truncate sequence mask", "gru mask", "stacked bi"]


@pytest.mark.parametrize("case", READ)
def test_every_op_can_be_read_and_drawn(case):
    """The last batch is a smaller one; of the time steps, one is enough."""
    trainer, rng = trainer_of(case, batch_size=3), np.random.default_rng(0)
    parser = MathTextParser("path")
    trainer.step("epoch")
    ops = [op for op in trainer.program if op.time in (None, 2)]
    assert len(ops) > 20
    for op in ops:
        check_op(trainer, op, rng)
    for op in {op.name.rpartition(".")[2]: op for op in ops}.values():
        assert parser.parse(f"${op.formula}$").width > 0


def test_formulas_are_the_textbooks():
    trainer = trainer_of("lstm sequence mask")
    formulas = {op.name: str(op.equation) for op in trainer.program}
    assert formulas["layer1.t1.affine"] == (
        "z_layer1,1 = x_1 @ W_layer1 + h_layer1,0 @ U_layer1 + b_layer1"
    )
    assert formulas["layer1.t0.affine"].endswith("+ h_layer1,start @ U_layer1 + b_layer1")
    assert formulas["layer1.t1.forget_gate"] == "f_layer1,1 = 1/(1 + exp(-z_layer1,1,f))"
    assert formulas["layer1.t1.cell"] == (
        "c_layer1,1,new = f_layer1,1 * c_layer1,0 + i_layer1,1 * g_layer1,1"
    )
    assert formulas["layer1.t1.carry_c"] == (
        "c_layer1,1 = m_1 * c_layer1,1,new + (1 - m_1) * c_layer1,0"
    )
    assert formulas["layer1.stack"] == ("h_layer1 = stack(h_layer1,0, h_layer1,1, ..., h_layer1,4)")
    assert formulas["layer1.t1.state_gradient"].endswith(" = dL/dz_layer1,1 @ U_layer1.T")
    gru = {op.name: str(op.equation) for op in trainer_of("gru").program}
    assert gru["layer1.t1.blend"] == (
        "h_layer1,1 = z_layer1,1 * h_layer1,0 + (1 - z_layer1,1) * n_layer1,1"
    )
    assert gru["layer1.t1.reset_memory"] == (
        "z_layer1,1,n = a_layer1,1,n + r_layer1,1 * q_layer1,1"
    )


def test_taking_time_apart_costs_no_kernel():
    trainer = trainer_of("lstm sequence mask")
    free = {"unstack", "stack", "split", "last", "pass_on"}
    ops = [op for op in trainer.program if op.name.rpartition(".")[2] in free]
    assert len(ops) > TIMES
    assert all(not op.kernels for op in ops)
    assert np.shares_memory(trainer["layer1.out"], trainer["layer1.t2.h"])


# ---- hooks ---------------------------------------------------------------------------------------


def test_a_hook_that_changes_a_state_is_noticed_in_the_sequence():
    trainer = trainer_of("rnn sequence", batch_size=2)

    def silence(event):
        event["layer1.t1.h"][:] = 0.0

    trainer.on("op", silence, op="layer1.t1.tanh", modifies=True)
    trainer.step("phase")
    assert (trainer["layer1.out"][:, 1] == 0).all()
    with pytest.raises(ValueError, match="hook has changed"):
        trainer.arithmetic("layer1.t1.h", (0, 0))
    assert trainer.arithmetic("layer1.out", (0, 1, 0)).value() == 0


@pytest.mark.parametrize("size", [None, 2])
def test_what_was_given_can_not_be_written_to(size):
    trainer = trainer_of("rnn", batch_size=size)
    failed = []

    def write(event):
        for name in ("layer1.t1.x", "layer1.start.h"):
            try:
                event[name][:] = 1.0
            except ValueError:
                failed.append(name)

    trainer.on("op", write, op="layer1.t1.tanh", modifies=True)
    trainer.step("phase")
    assert failed == ["layer1.t1.x", "layer1.start.h"]
    before = trainer["x"].copy()
    trainer.reset()
    np.testing.assert_array_equal(trainer["x"], before)
