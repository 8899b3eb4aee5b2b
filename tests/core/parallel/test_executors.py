"""Real workers: processes of an executor, and of a local Dask cluster, some of them killed."""

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import nbann
from nbann.core.parallel.faults import LostWorkersError, WorkersError
from nbann.core.parallel.part import Held, Part

from ...clusters import client_of_two
from ..nets import copies, same_run

distributed = pytest.importorskip("distributed", reason="Dask's workers are an extra")
# Dask's threads close their sockets when they are collected, after the test that opened them
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def made(n=400, **settings):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 20))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    net = nbann.Sequential([nbann.Dense(16), nbann.Tanh(), nbann.Dropout(0.2), nbann.Dense(2)])
    return nbann.Trainer(net, (X, y), batch_size=40, **settings)


def assert_equal(a, b):
    assert a.position == b.position
    np.testing.assert_allclose(a.history["loss"], b.history["loss"], rtol=1e-12)
    for one, other in zip(copies(a), copies(b), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


# ---- executors ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "executor",
    [
        lambda: ThreadPoolExecutor(2),
        lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
        lambda: ProcessPoolExecutor(2, mp_context=get_context("forkserver")),
    ],
    ids=["threads", "spawned processes", "forkserver"],
)
def test_an_executor_gives_what_one_process_gives(executor):
    alone, here, there = made(), made(), made()
    alone.run(2)
    here.run(2, workers=2)
    with executor() as pool:
        there.run(1, executor=pool)
        assert len(there.workers) == 2
        there.step("op", 5)
        there.run(1)
    same_run(here, there)
    assert_equal(there, alone)


def test_a_process_keeps_the_data_of_no_more_trainers_than_there_is_room_for(monkeypatch):
    held = Held()
    monkeypatch.setattr("nbann.core.parallel.part.HELD", held)
    alone = made()
    rows = sum(array.nbytes for array in alone._train.values()) // 2  # bytes of a worker's share
    monkeypatch.setattr("nbann.core.parallel.part.ROOM", 4.5 * rows)
    alone.run(3)
    trainers = [made() for _ in range(4)]
    with ThreadPoolExecutor(2) as executor:
        for _ in range(3):  # the first ones have lost their data by the time they go on
            for trainer in trainers:
                trainer.run(1, executor=executor)
                assert sum(part.nbytes for part in held._parts.values()) <= 4 * rows
        assert len(held._parts) == 4
        trainers[-1].freeze("dense1")  # another net: its parts take the place of the former ones
        trainers[-1].run(1)
        assert len(held._parts) == 4
    for trainer in trainers[:-1]:
        assert_equal(trainer, alone)


def test_an_executor_that_is_shut_down():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    trainer = made()
    with pytest.raises(ValueError, match="shutdown"):
        trainer.run(1, executor=pool)
    assert trainer.position == (0, 0, 0)
    assert trainer.workers == []


def test_one_that_is_shut_down_between_two_runs():
    alone, trainer = made(), made()
    alone.run(3)
    pool = ThreadPoolExecutor(2)

    trainer.run(1, executor=pool)
    pool.shutdown()
    with pytest.raises(LostWorkersError, match=r"trainer\.gather"):
        trainer.run(1)
    assert trainer.position == (1, 0, 0)
    with ThreadPoolExecutor(2) as other:
        trainer.run(1, executor=other)
    trainer.gather()
    trainer.run(1)
    assert_equal(trainer, alone)


def test_a_process_that_is_killed_breaks_its_pool_and_nothing_is_lost():
    alone, trainer = made(), made()
    alone.run(3)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        trainer.run(1, executor=pool)
        trainer.step("op", 2)
        os.kill(next(iter(pool._processes)), signal.SIGKILL)
        with pytest.raises(LostWorkersError, match="Nothing is lost"):
            trainer.run(2)
        assert trainer.position.op == 0
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        trainer.run(3 - trainer.position.epoch, executor=pool)
    assert_equal(trainer, alone)


def test_a_net_that_can_not_be_sent():
    X, y = np.random.default_rng(0).standard_normal((20, 3)), [0, 1] * 10
    net = nbann.Sequential([nbann.Dense(2, init=lambda rng, shape: rng.standard_normal(shape))])
    trainer = nbann.Trainer(net, (X, y))
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(ValueError, match="at the top of a module"),
    ):
        trainer.run(1, executor=pool)
    assert trainer.workers == []
    with ThreadPoolExecutor(1) as pool:
        assert trainer.run(1, executor=pool).reason == "epochs"


def test_what_goes_wrong_in_a_part_is_told_and_nothing_is_lost(monkeypatch):
    alone, trainer = made(), made()
    alone.run(2)
    trainer.distribute(workers=2)
    trainer.step("batch", 3)
    answer = Part.answer
    monkeypatch.setattr(Part, "answer", lambda part, asked: 1 / 0)
    for move in (lambda: trainer.step("batch"), lambda: trainer.run(1)):
        with pytest.raises(WorkersError, match=r"(?s)Worker 1 .*ZeroDivisionError.*part.py"):
            move()
        assert trainer.position == (0, 3, 0)
    monkeypatch.setattr(Part, "answer", answer)
    trainer.run(2)
    assert_equal(trainer, alone)


# ---- Dask ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def client():
    """Return a client of two worker processes on this machine."""
    with client_of_two() as client:
        yield client


def pids(client):
    client.wait_for_workers(2)
    return client.run(os.getpid)


def test_dask_gives_what_one_process_gives(client):
    alone, here, there = made(), made(), made()
    alone.run(2)
    here.run(2, workers=2)
    there.run(2, executor=client)
    assert [text.rpartition(" ")[2] for text in there.workers] == sorted(pids(client))
    same_run(here, there)
    assert_equal(there, alone)


def test_each_worker_holds_its_share_alone(client):
    trainer = made()
    trainer.run(1, executor=client)
    session = trainer._link._session

    def held(session):
        from nbann.core.parallel.part import HELD

        return {key[2]: len(p.samples["x"]) for key, p in HELD._parts.items() if key[0] == session}

    found = client.run(held, session)
    assert sorted(map(str, found.values())) == ["{0: 200}", "{1: 200}"]


def test_run_after_run_its_data_are_sent_once(client):
    alone, trainer = made(), made()
    alone.run(3)
    trainer.run(1, executor=client)
    lanes = trainer._link.lanes
    sent = set(lanes._sent)
    trainer.run(1, executor=client.get_executor())
    trainer.run(1, executor=client)
    assert trainer._link.lanes is lanes
    assert lanes._sent == sent
    assert_equal(trainer, alone)


def test_dask_steps_by_phase(client):
    alone, trainer = made(), made()
    alone.step("batch", 3)
    trainer.distribute(client)
    for _ in range(3):
        phases = [trainer.step("phase")[0].phase for _ in range(5)]
        assert phases[0] == "scatter"
        assert phases[1:3] == ["gradient on worker 1", "gradient on worker 2"]
        assert phases[3:] == ["reduce", "update"]
    assert_equal(trainer, alone)
    trainer.back("batch", 2)
    trainer.step("batch", 2)
    assert_equal(trainer, alone)


def test_its_executor_and_more_parts_than_workers(client):
    alone, trainer = made(), made()
    alone.run(1)
    trainer.run(1, executor=client.get_executor(), workers=5)
    assert len(trainer.workers) == 5
    assert_equal(trainer, alone)


def test_a_worker_that_is_killed_in_the_midst_of_a_batch(client):
    alone, trainer = made(), made()
    alone.run(4)
    trainer.run(1, executor=client)
    trainer.step("op", 3)  # both have been asked, the first has answered
    before = pids(client)
    os.kill(before[sorted(before)[1]], signal.SIGKILL)
    trainer.step("batch")
    trainer.run(1)
    pids(client)  # until there are two of them again
    time.sleep(1.1)
    trainer.run(2)
    assert_equal(trainer, alone)
    assert len(set(trainer.workers)) == 2


def test_a_worker_that_is_killed_at_any_time(client):
    alone, trainer = made(), made()
    alone.run(30)
    trainer.distribute(client)
    there = pids(client)

    def kill():
        time.sleep(0.4)
        os.kill(there[min(there)], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    trainer.run(30)
    thread.join()
    assert_equal(trainer, alone)


def test_workers_with_another_nbann(client):
    def pretend(version):
        nbann.__version__ = version

    pids(client)
    trainer = made()
    client.run(pretend, "0.0.1")
    try:
        with pytest.raises(ValueError, match=r"nbann 0\.1\.0, as here; received nbann 0\.0\.1"):
            trainer.run(1, executor=client)
    finally:
        client.run(pretend, nbann.__version__)
    assert trainer.position == (0, 0, 0)
    trainer.run(1, executor=client)
    assert trainer.position == (1, 0, 0)


def test_dask_sends_what_only_a_notebook_knows(client):
    class Doubled(nbann.Tanh):
        """A layer of a notebook's cell, which no worker can import."""

    X, y = np.random.default_rng(0).standard_normal((20, 3)), [0, 1] * 10

    def of_a_notebook():
        init = lambda rng, shape: rng.standard_normal(shape)  # noqa: E731 (as one writes there)
        net = nbann.Sequential([nbann.Dense(3, init=init), Doubled(), nbann.Dense(2)])
        return nbann.Trainer(net, (X, y), batch_size=10)

    alone, trainer = of_a_notebook(), of_a_notebook()
    alone.run(2)
    trainer.run(2, executor=client)
    assert_equal(trainer, alone)
    net = nbann.Sequential([Doubled(), nbann.Dense(2)])
    net.lock = threading.Lock()
    with pytest.raises(ValueError, match="no locks"):
        nbann.Trainer(net, (X, y)).run(1, executor=client)


def test_ctrl_c_ends_a_run_on_workers_at_the_end_of_a_batch(client):
    alone, trainer = made(), made()
    trainer.distribute(client)

    def press():
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        trainer.run(10_000)
    thread.join()
    epoch, batch, op = trainer.position
    assert op == 0
    alone.step("batch", epoch * alone.batches + batch)
    assert_equal(trainer, alone)


def test_clusters_without_workers_and_clients_that_are_closed():
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as cluster:
        client = distributed.Client(cluster)
        trainer = made()
        with pytest.raises(ValueError, match="wait_for_workers"):
            trainer.run(1, executor=client)
        client.close()
        with pytest.raises(ValueError, match="closed"):
            trainer.run(1, executor=client)
        assert trainer.workers == []


@pytest.mark.parametrize("op", [0, 1, 2, 3])
def test_a_worker_that_is_gone_whenever_it_is_asked(client, op):
    alone, trainer = made(), made()
    alone.run(2)
    trainer.run(1, executor=client)
    trainer.step("batch", 2)
    if op:
        trainer.step("op", op)
    there = pids(client)
    for pid in there.values():  # both of them: it has to wait for new ones
        os.kill(pid, signal.SIGKILL)
    while set(client.nthreads()) & set(there):
        time.sleep(0.05)
    trainer.run(1)
    assert_equal(trainer, alone)


def test_a_worker_that_goes_before_it_has_begun(client, monkeypatch):
    """What is meant for it alone is never answered: that is found out, whoever waits how long."""
    monkeypatch.setattr("nbann.core.parallel.lanes.PATIENCE", np.inf)
    alone, trainer, submit, killed = made(), made(), client.submit, []
    alone.run(2)

    def kill_first(fn, *args, **how):
        if how.get("actor") and not killed:
            (at,) = how["workers"]
            killed.append(at)
            os.kill(pids(client)[at], signal.SIGKILL)
            while at in client.nthreads():
                time.sleep(0.05)
        return submit(fn, *args, **how)

    monkeypatch.setattr(client, "submit", kill_first)
    client.wait_for_workers(2)
    trainer.run(2, executor=client)
    assert len(killed) == 1
    assert_equal(trainer, alone)
