"""A batch divided over workers gives the gradient of the whole, and is stepped like any other.

The oracle is one trainer alone, which knows of no workers; and its own ops, read one by one.
"""

import asyncio

import numpy as np
import pytest

import nbann

from ..nets import LOSSES, make, same_run
from ..timelines import RUNS

# "batch norm" and "noise, sparsity, tied" look at a whole batch: see what is refused below. The
# gradient of a ranker's last bias is 0 but for rounding, which Adam blows up: rankers have a test.
OTHERS = ("batch norm", "noise, sparsity, tied", "lambdarank", "listnet")
DIVIDED = [name for name in RUNS if name not in OTHERS]


def numbers(trainer):
    """Return all that a run has learned and measured, as one vector."""
    columns = [trainer.history[name] for name in trainer.history]
    persists = [trainer._state.persistent[name].reshape(-1) for name in trainer._state.persistent]
    return np.concatenate([*columns, *persists])


def assert_equal(a, b, tolerance=1e-12):
    np.testing.assert_allclose(numbers(a), numbers(b), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("name", DIVIDED)
def test_any_net_learns_as_in_one_piece(name, workers):
    whole, divided = RUNS[name](), RUNS[name]()
    if name == "full batch" and workers == 4:
        workers = 23  # a worker for each row
    divided.distribute(workers=workers)
    whole.run(3)
    divided.run(3)
    assert divided.position == whole.position
    assert_equal(divided, whole, 1e-12 if whole["loss"].dtype == np.float64 else 1e-4)


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("penalty", [{}, {"l1": 0.02, "l2": 0.1, "penalty_per_sample": True}])
def test_any_loss_is_the_average_of_its_parts(loss, penalty):
    whole, divided = (make(loss=loss, batch_size=5, **penalty) for _ in range(2))
    whole.run(4)
    divided.run(4, workers=3)
    assert_equal(divided, whole)


@pytest.mark.parametrize(
    "settings", [{}, {"class_weights": [1.0, 4.0, 0.5]}, {"label_smoothing": 0.1}]
)
def test_samples_count_by_their_weights(settings):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((29, 3)), rng.integers(0, 3, 29)
    weight = rng.uniform(0, 3, 29) * (rng.random(29) > 0.3)  # some weigh nothing
    data = nbann.Dataset(X, y, weight=weight)

    def made():
        net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(3)])
        return nbann.Trainer(net, data, loss=nbann.CrossEntropy(**settings), batch_size=4, l2=0.1)

    whole, divided = made(), made()
    whole.run(5)
    divided.run(5, workers=3)
    assert_equal(divided, whole)


@pytest.mark.parametrize("loss", ["lambdarank", "listnet", "ranknet"])
def test_rankers_count_queries(loss):
    def made():
        net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(1)])
        data = nbann.datasets.ranking(23, 6, features=3, seed=2)
        return nbann.Trainer(net, data, loss=loss, batch_size=6)

    whole, divided = made(), made()
    whole.run(3)
    divided.run(3, workers=3)
    assert_equal(divided, whole)


def test_heads_with_a_loss_each():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20, 3))
    data = nbann.Dataset(X, {"kind": rng.integers(0, 2, 20), "size": rng.standard_normal(20)})

    def made():
        body = nbann.Sequential([nbann.Dense(4), nbann.Tanh()])
        heads = {name: nbann.Sequential([nbann.Dense(k)]) for name, k in (("kind", 2), ("size", 1))}
        return nbann.Trainer(nbann.Heads(body, heads), data, batch_size=6)

    whole, divided = made(), made()
    whole.run(3)
    divided.run(3, workers=2)
    assert_equal(divided, whole)


def test_an_autoencoder_and_noise():
    def made():
        noise, sparse = nbann.GaussianNoise(0.2), nbann.ActivityPenalty(l1=0.1)
        encoder = nbann.Sequential([noise, nbann.Dense(3, name="squeeze"), nbann.Tanh(), sparse])
        decoder = nbann.Sequential([nbann.MaskingNoise(0.2), nbann.DenseTranspose("squeeze")])
        net = nbann.Autoencoder(encoder, decoder)
        return nbann.Trainer(net, nbann.datasets.iris().X, batch_size=32)

    whole, divided = made(), made()
    whole.run(2)
    divided.run(2, workers=2)
    assert_equal(divided, whole)


def test_a_step_has_the_phases_of_the_work():
    trainer = make(batch_size=6)
    trainer.distribute(workers=2)
    phases = ["scatter", "gradient on worker 1", "gradient on worker 2", "reduce", "update"]
    assert list(trainer.program.phases) == phases
    for phase in phases:
        ran = trainer.step("phase")
        assert {op.phase for op in ran} == {phase}
    assert trainer.position == (0, 1, 0)


def test_what_reduce_writes_is_the_weighted_sum_of_what_workers_wrote():
    trainer = make(batch_size=6)
    trainer.run(1, workers=3)
    trainer.step("batch")
    shares = [trainer[f"worker{k}.share"].item() for k in (1, 2, 3)]
    assert sum(shares) == pytest.approx(1)
    for name in trainer.parameters:
        parts = [trainer[f"worker{k}.{name}.grad"] for k in (1, 2, 3)]
        expected = sum(share * part for share, part in zip(shares, parts, strict=True))
        np.testing.assert_allclose(trainer[f"{name}.grad"], expected, rtol=1e-14)
        place = (0,) * trainer[name].ndim
        equation = trainer.arithmetic(f"{name}.grad", place)
        assert equation.right.value() == pytest.approx(trainer[f"{name}.grad"][place])
    assert trainer.check_gradients().error < 1e-6


def test_every_op_says_what_it_wrote():
    trainer = make(batch_size=6, l2=0.1)
    trainer.distribute(workers=2)
    trainer.step("batch")
    for op in trainer.program:
        assert op.formula
        for name in op.writes:
            array = trainer[name]
            place = tuple(n - 1 for n in array.shape)
            assert op.arithmetic(place, name).right.value() == pytest.approx(array[place])


def test_the_forward_pass_of_a_batch_that_is_looked_at_is_shown():
    whole, divided = make(batch_size=6), make(batch_size=6)
    divided.distribute(workers=2)
    whole.step("batch")
    divided.step("batch")
    for name in ("dense1.out", "tanh1.out", "dense2.out"):
        np.testing.assert_allclose(divided[name], whole[name], rtol=1e-14)
    with pytest.raises(ValueError, match="gather"):
        divided.arithmetic("dense1.out", (0, 0))


def test_the_last_batch_of_a_run_is_shown_as_well():
    trainer = make(batch_size=6)
    trainer.run(2, workers=2)
    assert np.isfinite(trainer["dense2.out"]).all()


# ---- time travel --------------------------------------------------------------------------------
def test_stepping_and_running_are_the_same_bit_for_bit():
    run, stepped = make(batch_size=6), make(batch_size=6)
    run.run(3, workers=2)
    stepped.distribute(workers=2)
    while stepped.position.epoch < 3:
        stepped.step("op")
    same_run(run, stepped)


@pytest.mark.parametrize("name", ["dropout", "adam"])
def test_back_and_forth_over_the_place_where_it_began(name):
    trainer, twin = RUNS[name](), RUNS[name]()
    for one in (trainer, twin):
        one.run(1)
        one.step("batch")
        one.distribute(workers=2)
        one.run(2)
    trainer.goto(0, 1, 3)
    assert trainer.op.phase == trainer.program.ops[3].phase != "scatter"
    trainer.goto(1, 1, 2)
    assert trainer.op.phase == "gradient on worker 1"
    trainer.goto(*twin.position)
    same_run(trainer, twin)
    for _ in range(len(trainer.program) + 3):
        trainer.back("op")
    for _ in range(len(twin.program) + 3):
        trainer.step("op")
    same_run(trainer, twin)
    trainer.back("epoch", 9)
    assert trainer.position == (0, 0, 0)
    assert not trainer.workers
    trainer.run(twin.position.epoch)
    same_run(trainer, twin)


def test_from_the_very_start_and_back_to_it():
    trainer, twin = make(batch_size=6), make(batch_size=6)
    for one in (trainer, twin):
        one.distribute(workers=2)
        one.run(2)
    trainer.goto(0)
    trainer.run(2)
    same_run(trainer, twin)


def test_gather_and_another_number_of_workers():
    trainer, whole = make(batch_size=6), make(batch_size=6)
    trainer.run(1, workers=2)
    trainer.run(1, workers=3)
    assert len(trainer.workers) == 3
    trainer.gather()
    trainer.run(1)
    assert trainer.workers == []
    assert "forward" in trainer.program.phases
    whole.run(3)
    assert_equal(trainer, whole)
    texts = [act.text for act in trainer.timeline]
    assert texts == [
        "batches divided over 2 workers",
        "batches divided over 3 workers",
        "batches computed in one piece",
    ]
    losses = trainer.history["loss"].copy()
    trainer.goto(0, 2, 1)
    assert len(trainer.workers) == 2
    trainer.goto(3)
    np.testing.assert_array_equal(trainer.history["loss"], losses)


def test_interventions_take_effect_as_without_workers():
    whole, divided = make(batch_size=6), make(batch_size=6)
    divided.distribute(workers=2)
    for one in (whole, divided):
        one.run(1)
        one.set("dense1.weight", (0, 0), 0.5)
        one.silence("dense1", 2)
        one.learning_rate = 0.3
        one.run(1)
        one.freeze("dense2")
        one.run(1)
        one.unsilence("dense1", 2)
        one.unfreeze("dense2")
        one.run(1)
    assert_equal(divided, whole)
    divided.goto(1, 1)
    divided.goto(4)
    assert_equal(divided, whole)


def test_an_intervention_in_the_midst_of_a_batch():
    whole, divided = make(batch_size=6), make(batch_size=6)
    divided.distribute(workers=2)
    whole.step("batch")
    divided.step("batch")
    whole.step("op", 2)
    divided.step("op", 4)
    for one in (whole, divided):
        one.set("dense1.weight", (0, 0), -0.7)
        one.step("batch")
    assert_equal(divided, whole)


@pytest.mark.parametrize("ops", [0, 3])
def test_saved_and_loaded_it_goes_on_bit_for_bit(tmp_path, ops):
    trainer = RUNS["dropout"]()
    trainer.run(1)
    trainer.run(1, workers=3)
    if ops:
        trainer.step("op", ops)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    assert loaded.workers == ["worker 1 in this process", *trainer.workers[1:]]
    assert loaded.position == trainer.position
    trainer.run(2)
    loaded.run(2)
    same_run(trainer, loaded)
    loaded.goto(0, 1)
    assert loaded.workers == []


def test_a_branch_goes_the_same_way():
    trainer = RUNS["dropout"]()
    trainer.run(2, workers=2)
    twin = trainer.branch()
    trainer.run(1)
    twin.run(1)
    same_run(trainer, twin)


def test_rules_and_breakpoints():
    trainer, whole = make(batch_size=6), make(batch_size=6)
    for one in (trainer, whole):
        one.on("batch", condition="every 4")
    trainer.distribute(workers=2)
    assert trainer.run(2).position == whole.run(2).position
    stops = [0]

    def until(one):
        stops[0] += 1
        return one.history["loss"][-1] < 0.9 or stops[0] > 20

    trainer.run(5, until=until)
    assert np.isfinite(trainer["dense2.out"]).all()


def test_numbers_that_overflow_are_found_as_in_one_piece():
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((40, 3)), rng.standard_normal(40))

    def made():
        net = nbann.Sequential([nbann.Dense(6), nbann.ReLU(), nbann.Dense(1)])
        return nbann.Trainer(net, data, batch_size=8, optimizer=nbann.SGD(1e3))

    whole, divided = made(), made()
    a, b = whole.run(20), divided.run(20, workers=2)
    assert a.reason == b.reason == "nan"
    assert a.position[:2] == b.position[:2]
    assert b.op == divided.program.ops[b.position.op].name == "worker1.gradient"
    assert (a.autopsy.op, a.autopsy.array) == (b.autopsy.op, b.autopsy.array)
    assert all(np.isfinite(array).all() for array in divided.parameters.values())


def test_run_async_is_the_same():
    a, b = make(batch_size=6), make(batch_size=6)
    a.run(3, workers=2)
    b.distribute(workers=2)
    asyncio.run(b.run_async(3))
    same_run(a, b)


# ---- what it refuses ----------------------------------------------------------------------------
def refused(trainer, match, error=ValueError, **settings):
    before = numbers(trainer)
    with pytest.raises(error, match=match):
        trainer.distribute(**settings)
    assert trainer.workers == []
    np.testing.assert_array_equal(numbers(trainer), before)


def test_nets_whose_gradient_is_no_average():
    X, y = np.random.default_rng(0).standard_normal((20, 3)), [0, 1] * 10
    norm = nbann.Sequential([nbann.Dense(3), nbann.BatchNorm(), nbann.Dense(2)])
    refused(nbann.Trainer(norm, (X, y)), "LayerNorm")
    sparse = nbann.ActivityPenalty(kl=1.0)
    net = nbann.Sequential([nbann.Dense(3), nbann.Sigmoid(), sparse, nbann.Dense(2)])
    refused(nbann.Trainer(net, (X, y)), "l1 in place of kl")
    refused(nbann.Trainer(nbann.Perceptron(), (X, y)), "a rule of its own")
    refused(nbann.Trainer(nbann.RBM(3), (X > 0).astype(float)), "a rule of its own")


def test_a_layer_of_ones_own_that_looks_at_the_whole_batch():
    class Centered(nbann.Tanh):
        kind = "centered"

        def emit(self, b, name, x):
            out = super().emit(b, name, x)
            inner = b.program.writer[out]._primitive
            kernels = inner.kernels

            def with_mean(arrays):
                yield from kernels(arrays)
                yield lambda: np.subtract(arrays[out], arrays[out].mean(axis=0), arrays[out])

            inner.kernels = with_mean
            b._ops[-1].kernels = tuple(with_mean(b.program.arrays))
            return out

    X, y = np.random.default_rng(0).standard_normal((20, 3)), [0, 1] * 10
    net = nbann.Sequential([nbann.Dense(3), Centered(), nbann.Dense(2)])
    refused(nbann.Trainer(net, (X, y)), "several samples together")


def test_bad_arguments():
    trainer = make(batch_size=6)
    refused(trainer, "at most 6", workers=7)
    refused(trainer, "workers", workers=0)
    refused(trainer, "workers", workers=2.5)
    refused(trainer, "an executor or a Dask client", executor="processes")
    refused(trainer, "an executor or a Dask client", executor=2)
    client = type("Client", (), {"nthreads": lambda self: {}, "scatter": lambda self, data: data})
    refused(trainer, "an executor or a Dask client", executor=client)  # the class, as of Dask's own
    hook = trainer.on("op", lambda event: None, layer="dense1", modifies=True)
    refused(trainer, "hook.remove")
    hook.remove()
    trainer.step("op", 2)
    refused(trainer, "between two batches", error=RuntimeError)
    trainer.run(1, workers=2)  # which finishes the batch first
    trainer.step("op")
    with pytest.raises(RuntimeError, match="between two batches"):
        trainer.gather()


def test_data_in_a_file_and_streams(tmp_path):
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((50, 3)), rng.integers(0, 2, 50)
    np.save(tmp_path / "X.npy", X)

    def made_of(data):
        net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(2)])
        return nbann.Trainer(net, data, batch_size=8)

    whole = made_of((X, y))
    filed = made_of((np.load(tmp_path / "X.npy", mmap_mode="r"), y))
    whole.run(3)
    filed.run(3, workers=3)
    assert_equal(filed, whole)
    stream = nbann.Stream(lambda i: (X[i * 10 : i * 10 + 10], y[i * 10 : i * 10 + 10]), count=5)
    refused(made_of(stream), "a Stream")


def test_a_layer_that_is_called_like_a_worker():
    net = nbann.Sequential([nbann.Dense(3, name="worker1"), nbann.Dense(2)])
    refused(nbann.Trainer(net, nbann.datasets.xor()), "Rename")
