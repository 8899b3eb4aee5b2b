"""A run on a stream is the run on its batches laid one behind the other in memory: the oracle."""

import itertools
import signal

import numpy as np
import pytest

import nbann
from tests.core.filed_data import net, same_run, table, trainer

ROWS, PER = 730, 100
X, Y = table(ROWS, dtype="float64")
BATCHES = [(X[i : i + PER], Y[i : i + PER]) for i in range(0, ROWS, PER)]


class Again:
    """What can be gone through again, as a loader of files can."""

    def __init__(self, batches):
        self.batches = batches
        self.begun = 0

    def __iter__(self):
        self.begun += 1
        return iter(self.batches)


WAYS = {
    "sequence": lambda: nbann.Stream(BATCHES),
    "by number": lambda: nbann.Stream(BATCHES.__getitem__, count=len(BATCHES)),
    "iterable": lambda: nbann.Stream(Again(BATCHES)),
    "function": lambda: nbann.Stream(lambda epoch: (one for one in BATCHES)),
    "counted": lambda: nbann.Stream(Again(BATCHES), samples=ROWS),
}


def reference(**settings):
    return trainer((X, Y), **({"shuffle": False, "batch_size": PER} | settings))


def streamed(stream, **settings):
    return nbann.Trainer(net(), stream, **({"optimizer": "adam", "shuffle": False} | settings))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("settings", [{}, {"batch_size": 64, "dtype": "float32"}, {"test": (X, Y)}])
def test_a_run_is_that_on_its_batches_in_memory(way, settings):
    held, run = reference(**settings), streamed(WAYS[way](), **settings)
    for one in (held, run):
        one.run(epochs=2)
        one.step("batch", 3)
        one.step("op", 4)
    assert same_run(held, run)
    for one in (held, run):
        one.back("op", 2)
        one.back("batch", 9)
    assert same_run(held, run)
    for one in (held, run):
        one.goto(3, 1)
    assert same_run(held, run)
    assert run.evaluate(WAYS[way]()) == run.evaluate((X, Y))


@pytest.mark.parametrize("size", [1, 7, 250, ROWS])
def test_rows_are_cut_anew_whatever_batches_come(size):
    uneven = [0, 3, 103, 104, 400, 729, ROWS]
    parts = [(X[a:b], Y[a:b]) for a, b in itertools.pairwise(uneven)]
    held = reference(batch_size=size)
    run = streamed(nbann.Stream(Again(parts)), batch_size=size)
    for one in (held, run):
        one.run(epochs=1)
    assert held.history.losses == run.history.losses
    assert all(np.array_equal(held[n], run[n]) for n in held.parameters)


def test_batches_are_shuffled_as_wholes_with_the_last_where_it_comes():
    run = streamed(nbann.Stream(BATCHES), shuffle=True, batch_size=PER)
    seen = []
    run.on("batch", lambda event: seen.append(np.array(event["x"])))
    run.run(epochs=3)
    epochs = [np.concatenate(seen[i * 8 : (i + 1) * 8]) for i in range(3)]
    for epoch in epochs:
        assert np.array_equal(np.sort(epoch, axis=0), np.sort(X, axis=0))
        # rows of one batch of the stream still follow one another
        places = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in epoch]
        breaks = np.flatnonzero(np.diff(places) != 1)
        assert len(breaks) <= len(BATCHES) - 1
    assert not np.array_equal(epochs[0], epochs[1])
    again = streamed(nbann.Stream(BATCHES), shuffle=True)
    again.run(epochs=3)
    again.back("epoch", 2)
    again.run(epochs=2)
    assert same_run(run, again)


def test_each_epoch_may_have_rows_of_its_own():
    def batches(epoch):
        rng = np.random.default_rng(epoch)
        for x, y in BATCHES:
            yield x + rng.normal(size=x.shape), y

    run = streamed(nbann.Stream(batches), evaluate_every=None)
    run.run(epochs=3)
    held = [np.concatenate([x for x, _ in batches(epoch)]) for epoch in range(3)]
    oracle = reference(evaluate_every=None)
    oracle._train["x"].flags.writeable = True
    for epoch in range(3):
        oracle._train["x"][...] = held[epoch]
        oracle.run(epochs=1)
    assert oracle.history.losses == run.history.losses
    run.back("epoch", 2)
    run.run(epochs=2)
    assert oracle.history.losses == run.history.losses


def test_one_batch_an_epoch():
    run = streamed(nbann.Stream(lambda epoch: [(X + epoch, Y)]), evaluate_every=None)
    run.run(epochs=4)
    assert run.position == (4, 0, 0)
    loss = run.evaluate((X + 4, Y))["loss"]  # with the weights that the next batch begins with
    run.step("batch")
    assert run["loss"] == pytest.approx(loss, rel=1e-12)
    assert np.array_equal(run["x"], X + 4)


def test_values_and_reconstructions():
    values = X[:, :2] @ [[1.0, -1.0], [0.5, 2.0]]
    parts = [(X[i : i + PER], values[i : i + PER]) for i in range(0, ROWS, PER)]
    runs = [
        nbann.Trainer(net(2), data, loss="mse", batch_size=PER, shuffle=False)
        for data in ((X, values), nbann.Stream(Again(parts)))
    ]
    for one in runs:
        one.run(epochs=2)
    assert same_run(*runs)
    alone = [x / 20 for x, _ in BATCHES]
    coders = [
        nbann.Trainer(
            nbann.Autoencoder([nbann.Dense(2)], [nbann.Dense(6)]),
            data,
            batch_size=PER,
            shuffle=False,
        )
        for data in (nbann.Dataset(X / 20, task="unsupervised"), nbann.Stream(alone))
    ]
    for one in coders:
        one.run(epochs=1)
    assert coders[0].history.losses == coders[1].history.losses


def test_words_are_numbered_as_they_are_named():
    names = ["low", "middle", "high"]
    words = np.array(names)
    stream = nbann.Stream([(x, words[y]) for x, y in BATCHES], target_names=names)
    run, held = streamed(stream), reference()
    for one in (run, held):
        one.run(epochs=1)
    assert run.train_data.target_names == tuple(names)
    assert same_run(run, held)
    with pytest.raises(ValueError, match=r"Batch 0 y.*words.*target_names=\["):
        nbann.Stream([(x, words[y]) for x, y in BATCHES])
    with pytest.raises(ValueError, match=r"Batch \d y: expected one of the classes.*'high'"):
        nbann.Stream([(x, words[y]) for x, y in BATCHES], target_names=names[:2])


# ---- an iterator, which gives each batch once ---------------------------------------------------
def test_an_iterator_is_trained_on_as_it_comes():
    run = streamed(nbann.Stream((one for _ in range(3) for one in BATCHES), samples=ROWS))
    held = reference(test=(X, Y))
    assert "train_loss" not in run.measured
    for one in (run, held):
        one.run(epochs=2)
        one.step("op", 5)
        one.back("op", 3)
        one.step("batch", 2)
    assert run.history.losses == held.history.losses
    assert all(np.array_equal(run[n], held[n]) for n in held.names)
    for asked in (
        lambda: run.back("batch", 3),
        run.reset,
        lambda: run.goto(0),
        lambda: run.branch(l2=0.1),
    ):
        with pytest.raises(ValueError, match=r"once|function that makes the iterator anew"):
            asked()
        assert run.position == held.position
    run.goto(3)
    with pytest.raises(ValueError, match=r"expected batch 24 of the iterator; received its end"):
        run.run(epochs=1)
    assert run.position == (3, 0, 0)


def test_a_number_that_is_not_finite_is_found_without_going_back():
    run = streamed(
        nbann.Stream((one for _ in range(9) for one in BATCHES), samples=ROWS),
        optimizer=nbann.SGD(1e200),
        loss="mse",
    )
    held = reference(optimizer=nbann.SGD(1e200), loss="mse")
    ends = [one.run(epochs=3) for one in (run, held)]
    assert [end.reason for end in ends] == ["nan", "nan"]
    assert [end.position for end in ends] == [ends[1].position] * 2


def test_what_an_iterator_needs():
    with pytest.raises(ValueError, match=r"samples: expected the rows of an epoch"):
        nbann.Stream(iter(BATCHES))
    with pytest.raises(ValueError, match=r"test: expected data that can be gone through again"):
        reference(test=nbann.Stream(iter(BATCHES), samples=ROWS))


# ---- what is wrong with a batch -----------------------------------------------------------------
def spoiled(change, place=5):
    """Return batches, one of them changed."""
    batches = list(BATCHES)
    batches[place] = change(*(part.copy() for part in batches[place]))
    return batches


def with_nan(x, y):
    x[7, 2] = np.nan
    return x, y


FAULTS = {
    "nan": (with_nan, r"Batch 5.* X: expected finite numbers; received nan at \[7, 2\]"),
    "wider": (lambda x, y: (np.ones((PER, 7)), y), r"Batch 5.* X.*\(100, 7\)"),
    "lengths": (lambda x, y: (x, y[:-1]), r"Batch 5.* y: expected 100 rows.*received 99"),
    "fewer rows": (lambda x, y: (x[:9], y[:9]), r"Batch 5.*: expected 100 rows; received 9"),
    "class": (lambda x, y: (x, y + 7), r"Batch 5.* from 0 to 2.*received"),
    "halves": (lambda x, y: (x, y + 0.5), r"Batch 5.* y: expected whole numbers as class labels"),
    "empty": (lambda x, y: (x[:0], y[:0]), r"Batch 5.* at least 1 sample"),
    "no pair": (lambda x, y: x, r"Batch 5.*: expected a pair \(X, y\); received ndarray"),
    "None": (lambda x, y: None, r"Batch 5.*: expected a pair \(X, y\); received NoneType"),
    "text": (lambda x, y: (x.astype(str), y), r"Batch 5.* X.*received text"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", ["run", "step"])
def test_a_wrong_batch_is_named_and_nothing_is_lost(fault, way):
    change, words = FAULTS[fault]
    batches = spoiled(change)
    run = streamed(nbann.Stream(batches.__getitem__, count=8, samples=ROWS))
    held = reference()
    for _ in range(2):  # it is told each time it is tried
        with pytest.raises(ValueError, match=words):
            run.run(epochs=1) if way == "run" else run.step("batch", 8)
        assert run.position == (0, 5, 0)
    held.step("batch", 5)
    assert run.history.losses == held.history.losses
    batches[5] = BATCHES[5]  # mended
    for one in (run, held):
        one.run(epochs=2)
        one.back("batch", 12)
    assert same_run(run, held)


@pytest.mark.parametrize("fault", ["nan", "lengths", "class"])
def test_the_next_batch_of_an_iterator_takes_the_place_of_a_wrong_one(fault):
    change, words = FAULTS[fault]
    run = streamed(nbann.Stream(iter([*spoiled(change), BATCHES[7]]), samples=ROWS))
    with pytest.raises(ValueError, match=words):
        run.run(epochs=1)
    assert run.position == (0, 5, 0)
    left = [*BATCHES[:5], BATCHES[6]]
    run.step("batch")
    oracle = trainer(
        tuple(np.concatenate([b[i] for b in left]) for i in (0, 1)), shuffle=False, batch_size=PER
    )
    oracle.run(epochs=1)
    assert run.history.losses == oracle.history.losses


class Failing:
    """A stream's batches; until it is mended, `fail` is called before the fifth of epoch 1."""

    def __init__(self, fail):
        self.fail, self.mended = fail, False

    def __call__(self, epoch):
        for place, one in enumerate(BATCHES):
            if epoch == 1 and place == 4 and not self.mended:
                self.fail()
            yield one


def raiser(error):
    def fail():
        raise error

    return fail


def assert_nothing_is_lost(run, batches):
    """A run stands where its batches failed; mended, they make it what it is in memory."""
    assert run.position == (1, 4, 0)
    batches.mended, held = True, reference()
    run.goto(3)
    held.run(epochs=3)
    assert same_run(run, held)


def test_an_error_of_the_iterator_itself_is_handed_on():
    batches = Failing(raiser(OSError("the disk has gone")))
    run = streamed(nbann.Stream(batches))
    with pytest.raises(OSError, match="the disk has gone"):
        run.run(epochs=3)
    assert_nothing_is_lost(run, batches)


@pytest.mark.parametrize("way", ["run", "step"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_while_a_batch_is_awaited_loses_nothing(error, way):
    batches = Failing(raiser(error))
    run = streamed(nbann.Stream(batches))
    for _ in range(2):
        with pytest.raises(error):
            run.run(epochs=2) if way == "run" else run.step("batch", 16)
        assert run.position == (1, 4, 0)
    assert_nothing_is_lost(run, batches)


def test_a_second_ctrl_c_ends_a_batch_that_does_not_come():
    def wait_for_ever():
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        pytest.fail("the second one was not heard")

    batches = Failing(wait_for_ever)
    run = streamed(nbann.Stream(batches))
    with pytest.raises(KeyboardInterrupt):
        run.run(epochs=2)
    assert_nothing_is_lost(run, batches)


def test_an_epoch_that_ends_too_soon():
    stream = nbann.Stream(lambda epoch: BATCHES[: 8 - 3 * epoch])
    run = streamed(stream)
    with pytest.raises(ValueError, match=r"expected 8 batches in epoch 1; received 5"):
        run.run(epochs=2)
    assert run.position == (1, 5, 0)


@pytest.mark.parametrize(
    ("given", "settings", "words"),
    [
        ([], {}, r"at least one batch; received none"),
        (iter([]), {"samples": 3}, r"at least one batch; received none"),
        (lambda epoch: [], {}, r"at least one batch; received none"),
        (lambda epoch: 7, {}, r"batches\(0\): expected an iterable; received int.*count="),
        (X, {}, r"batches: expected batches \(X, y\); received ndarray"),
        ((X, Y), {}, r"batches: expected batches \(X, y\); received tuple"),
        (7, {}, r"batches: expected batches \(X, y\); received int"),
        ("file", {}, r"received str"),
        (BATCHES, {"count": 8}, r"batches: expected a function, with count; received list"),
        (BATCHES.__getitem__, {"count": 0}, r"count: expected a whole number of at least 1"),
        (BATCHES, {"samples": 0}, r"samples: expected a whole number of at least 1"),
        (BATCHES, {"samples": 5000}, r"samples that are 8 batches of 100; received 50 batches"),
        (spoiled(with_nan), {}, r"Batch 5 X: expected finite"),
        (spoiled(with_nan, 0), {}, r"Batch 0 X: expected finite"),
    ],
)
def test_what_is_no_stream(given, settings, words):
    with pytest.raises(ValueError, match=words):
        nbann.Stream(given, **settings)


def test_an_order_of_rows_is_refused():
    with pytest.raises(ValueError, match=r"shuffle: expected True or False, for a stream"):
        streamed(nbann.Stream(BATCHES), shuffle=lambda epoch: np.arange(ROWS))


def test_batches_keep_the_type_of_the_first():
    run = streamed(nbann.Stream([(x.astype("float32"), y) for x, y in BATCHES]))
    assert run.train_data.X.dtype == np.float32
    held = trainer((X.astype("float32"), Y), shuffle=False, batch_size=PER)
    for one in (run, held):
        one.run(epochs=1)
    assert same_run(run, held)
    with pytest.raises(ValueError, match=r"Batch 3 X: expected float32, as the first; received fl"):
        nbann.Stream([(x.astype("float32" if i != 3 else "float64"), y) for i, (x, y) in parts()])
    mixed = [(np.round(x * 9).astype("int16" if i else "float32"), y) for i, (x, y) in parts()]
    assert np.array_equal(np.asarray(nbann.Stream(mixed).data.X), np.round(X * 9)[:ROWS])


def parts():
    return enumerate(BATCHES)


def test_memory_may_be_used_again_for_the_next_batch():
    buffer, labels = np.empty((PER, 6)), np.empty(PER, np.int64)

    def batches(epoch):
        for x, y in BATCHES:
            buffer[: len(x)], labels[: len(y)] = x, y
            yield buffer[: len(x)], labels[: len(y)]

    run, held = streamed(nbann.Stream(batches), batch_size=64), reference(batch_size=64)
    for one in (run, held):
        one.run(epochs=2)
    assert same_run(run, held)


# ---- how much is read ---------------------------------------------------------------------------
def test_batches_are_asked_for_when_they_are_due_and_not_kept():
    asked = []

    def get(i):
        asked.append(i)
        return BATCHES[i]

    run = streamed(nbann.Stream(get, count=8, samples=ROWS), evaluate_every=None)
    assert asked == [0]
    run.run(epochs=2)
    assert asked == [*range(8), *range(8)]
    held = run.train_data.X.readers[0]._held
    assert list(held) == [15]


def test_an_epoch_is_begun_once_where_it_is_gone_through_in_order():
    batches = Again(BATCHES)
    run = streamed(nbann.Stream(batches, samples=ROWS))
    begun = batches.begun
    run.run(epochs=3)
    assert batches.begun - begun <= 3 + 3  # to train on, and to evaluate


# ---- on disk ------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", WAYS)
def test_a_saved_run_goes_on(way, tmp_path):
    run = streamed(WAYS[way]())
    run.run(epochs=1)
    run.step("op", 7)
    run.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run", train=WAYS[way]())
    held = reference()
    held.run(epochs=1)
    held.step("op", 7)
    for one in (loaded, held):
        one.run(epochs=2)
    assert same_run(loaded, held)
    with pytest.raises(nbann.FileError, match=r"train: expected the run's own data"):
        nbann.Trainer.load(tmp_path / "run", train=nbann.Stream(BATCHES[::-1]))


def test_a_saved_run_of_an_iterator_goes_on_with_a_new_one(tmp_path):
    def stream():
        return nbann.Stream((one for _ in range(4) for one in BATCHES), samples=ROWS)

    run, held = streamed(stream()), reference()
    for one in (run, held):
        one.run(epochs=1)
        one.step("batch", 3)
    run.save(tmp_path / "run")
    loaded = nbann.Trainer.load(tmp_path / "run", train=stream())
    for one in (loaded, held):
        one.run(epochs=2)
    assert loaded.history.losses == held.history.losses


@pytest.mark.torch
def test_a_loader_of_pytorch_is_a_stream():
    torch = pytest.importorskip("torch", reason="PyTorch's loader is what is streamed")
    from torch.utils.data import DataLoader, TensorDataset

    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=PER)
    run, held = streamed(nbann.Stream(loader)), reference()
    for one in (run, held):
        one.run(epochs=2)
    assert same_run(run, held)
