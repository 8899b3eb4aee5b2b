"""Where two runs part: against runs stepped by hand, and reasons that are known beforehand."""

import itertools

import numpy as np
import pytest

import nbann
from nbann.core.comparing.difference import Difference, apart
from nbann.core.comparing.parting import Parting
from nbann.core.moves import Position

IRIS = nbann.datasets.iris().standardized()


def make(activation=nbann.ReLU, units=5, data=IRIS, **options):
    layers = [nbann.Dense(units, name="hidden"), activation(), nbann.Dense(3, name="output")]
    return nbann.Trainer(nbann.Sequential(layers), data, **{"batch_size": 50, **options})


def part(a, b, **options):
    return Parting(a, b, ("a", "b"), **options).run()


def by_hand(a, b, most=200):
    """Step two fresh trainers op by op and compare what each op writes: the slow, plain way."""
    for _ in range(most):
        for name in a.parameters:
            if a.position == (0, 0, 0) and not np.array_equal(a[name], b[name]):
                return (0, 0, 0), None, name
        position = tuple(a.position)
        op = a.op
        a.step("op")
        b.step("op")
        for name in op.writes:
            if not np.array_equal(a[name], b[name], equal_nan=True):
                return position, op.name, name
    return None


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": nbann.SGD(learning_rate=0.2)},
        {"seed": 1},
        {"loss": nbann.CrossEntropy(label_smoothing=0.1)},
        {"l2": 0.5, "optimizer": nbann.SGD(learning_rate=0.1)},
    ],
    ids=["rate", "seed", "loss", "penalty"],
)
def test_it_is_what_stepping_by_hand_finds(options):
    b, again = make(**options), make(**options)
    found = part(make(), b)
    if found.kind == "program":
        one, other = make(), again
        pairs = itertools.zip_longest(one.program, other.program)
        ops = [(x, y) for x, y in pairs if x is None or y is None or x.name != y.name]
        assert found.op == ops[0][0].name
        assert found.position == (0, 0, ops[0][0].index)
        return
    position, op, name = by_hand(make(), again)
    assert (tuple(found.position), found.op, found.array) == (position, op, name)
    assert found


def test_both_numbers_are_those_of_the_arrays():
    a, b = make(), make(optimizer=nbann.SGD(learning_rate=0.2))
    found = part(a, b)
    a.step("batch")
    b.step("batch")
    assert found.values == (a["hidden.weight"][found.index], b["hidden.weight"][found.index])
    away = np.abs(a["hidden.weight"] - b["hidden.weight"])
    assert away[found.index] == away.max()
    assert (found.differing, found.size) == ((away > 0).sum(), away.size)


def test_a_batch_in_the_midst_of_a_run():
    X = IRIS.X.copy()
    X[77, 1] += 1e-3
    changed = nbann.Dataset(X, IRIS.y)
    a, b = make(shuffle=False, batch_size=32), make(data=changed, shuffle=False, batch_size=32)
    found = part(a, b, epochs=1)
    assert (found.kind, tuple(found.position)) == ("data", (0, 2, 0))  # row 77 is in rows 64 to 95
    assert (found.array, found.index, found.differing) == ("x", (13, 1), 1)
    assert found.values == (IRIS.X[77, 1], X[77, 1])


def test_runs_that_agree_say_how_far_was_looked():
    a, b = make(), make()
    assert not part(a, b)
    assert tuple(part(a, b).position) == (0, 1, 0)
    a.run(3)
    b.run(2)
    b.step("batch")
    found = part(a, b)
    assert (found.kind, tuple(found.position)) == ("agree", (2, 1, 0))
    assert str(found) == "a and b agree to the bit up to epoch 2, batch 1."
    assert tuple(part(a, b, epochs=5).position) == (5, 0, 0)


def test_the_trainers_are_not_touched():
    a, b = make(), make(seed=1)
    a.run(2)
    b.step("op", 3)
    kept = [(t.position, t.loaded, len(t.timeline), dict(t.parameters)) for t in (a, b)]
    kept = [(*k[:3], {n: v.copy() for n, v in k[3].items()}) for k in kept]
    history = a.history["loss"]
    part(a, b)
    for trainer, (position, loaded, acts, parameters) in zip((a, b), kept, strict=True):
        assert (trainer.position, trainer.loaded, len(trainer.timeline)) == (position, loaded, acts)
        assert all(np.array_equal(trainer[name], value) for name, value in parameters.items())
    assert np.array_equal(a.history["loss"], history)


def test_what_was_done_by_hand_is_named():
    a, b = make(), make()
    for trainer in (a, b):
        trainer.run(2)
    b.set("hidden.weight", (0, 1), 9.0)
    for trainer in (a, b):
        trainer.run(1)
    found = part(a, b)
    assert (found.array, found.index, found.values[1]) == ("hidden.weight", (0, 1), 9.0)
    assert tuple(found.position) == (1, 2, len(a.program) - 1)
    assert len(found.done) == 1
    assert found.done[0].startswith("hidden.weight[0,1] = 9")
    assert found.done[0].endswith("in b")


def test_a_number_set_in_the_midst_of_a_batch():
    a, b = make(), make()
    b.step("op", 3)
    b.set("hidden.out", (0, 1), 9.0)
    found = part(a, b)
    assert (found.array, found.index, found.values[1]) == ("hidden.out", (0, 1), 9.0)
    assert tuple(found.position[:2]) == (0, 0)
    assert found.done


def test_another_op_or_shape_is_told():
    found = part(make(), make(nbann.Tanh))
    assert (found.kind, tuple(found.position), found.op) == ("program", (0, 0, 1), "relu1.relu")
    assert "'tanh1.tanh' in b" in str(found)
    found = part(make(), make(units=7))
    assert found.kind == "start"
    assert "hidden.weight has shape (4, 5) in a and (4, 7) in b" in str(found)
    found = part(make(), make(batch_size=30))
    assert found.kind == "data"
    assert "x has shape (50, 4) in a and (30, 4) in b" in str(found)


def test_epochs_of_other_lengths_are_told():
    shorter = nbann.Dataset(IRIS.X[:100], IRIS.y[:100] % 3, target_names=IRIS.target_names)
    a, b = make(shuffle=False), make(data=shorter, shuffle=False)
    found = part(a, b, epochs=1)
    assert found
    assert found.kind == "data"


def test_a_tolerance_lets_rounding_pass():
    a, b = make(), make(dtype="float32")
    assert part(a, b).kind == "start"
    found = part(a, b, tolerance=1e-3)
    assert not found
    assert "to within 0.001" in str(found)
    with pytest.raises(ValueError, match="tolerance"):
        part(a, b, tolerance=-1)
    with pytest.raises(ValueError, match="epochs"):
        part(a, b, epochs=0)


def test_nan_is_equal_to_nan():
    a, b = (make(optimizer=nbann.SGD(learning_rate=1e200)) for _ in range(2))
    found = part(a, b, epochs=1)
    assert not found
    assert tuple(found.position) == (1, 0, 0)


def test_a_hook_that_changes_values_is_part_of_the_run():
    a, b = make(), make()

    def double(event):
        event["hidden.out"][...] *= 2

    b.on("op", double, op="hidden.affine", modifies=True)
    for trainer in (a, b):
        trainer.step("batch")
    found = part(a, b)
    assert (found.array, found.op) == ("hidden.out", "hidden.affine")
    assert found.values[1] == 2 * found.values[0]


def test_sentences_count_from_0_or_1():
    found = Difference(
        ("a", "b"), "op", Position(0, 0, 0),
        op="sgd.update", array="w", index=(1, 2), values=(0.31, -0.28), differing=1, size=6,
    )  # fmt: skip
    assert str(found) == (
        "a and b agree to the bit up to epoch 0, batch 0, op 0 'sgd.update': "
        "w[1,2] is 0.31 in a and -0.28 in b (1 of its 6 elements differs)."
    )
    assert "epoch 1, batch 1, op 1 'sgd.update'" in found.sentence(1)
    assert "−0.28" in found.sentence(1, "−")


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ((0.31, 0.28), ("0.31", "0.28")),
        ((1.0, 1.0 + 2**-52), ("1", "1.0000000000000002")),
        ((float("nan"), 1.0), ("nan", "1")),
    ],
)
def test_digits_enough_to_tell_numbers_apart(numbers, texts):
    assert apart(*numbers) == texts
