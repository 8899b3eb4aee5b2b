"""Sweeps on a dask cluster of real worker processes, one of them killed in the midst."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import nbann

from ..clusters import client_of_two
from . import builds

pytest.importorskip("distributed", reason="the extra nbann[distributed]")

# what distributed and tornado leave open when a worker has been killed is not nbann's
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def client():
    with client_of_two() as client:
        yield client


@pytest.fixture(scope="module")
def here():
    return nbann.sweep(builds.build, builds.GRID, "in process", seeds=3, epochs=3)


def test_the_same_numbers_on_a_cluster(client, here):
    found = nbann.sweep(builds.build, builds.GRID, client.get_executor(), seeds=3, epochs=3)
    builds.same(here, found)
    back, by_hand = found[4].trainer(), here[4].trainer()
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])


def test_a_client_will_do_as_well(client):
    found = nbann.sweep(builds.build, {"rate": [0.1, 0.2]}, client, epochs=1)
    assert found.table["status"].tolist() == ["done"] * 2


def test_failures_on_a_cluster_are_rows(client):
    def build(rate):
        if rate == 2:
            raise ZeroDivisionError("of the build's own")
        return builds.steep(1e120 if rate == 3 else 0.1)

    found = nbann.sweep(build, {"rate": [1, 2, 3]}, client.get_executor(), epochs=2)
    assert found.table["status"].tolist() == ["done", "failed", "diverged"]
    assert "in build" in found[1].traceback


def test_a_worker_is_killed_and_its_runs_are_done_again(client):
    def slow(rate, neurons=4, seed=0):
        trainer = builds.build(rate, neurons, seed)
        trainer.on("epoch", lambda event: time.sleep(0.05))
        return trainer

    victim = next(iter(client.run(os.getpid).values()))
    found = nbann.sweep(slow, builds.GRID, client.get_executor(), seeds=3, epochs=3, wait=False)
    some = threading.Event()
    found.watch(lambda sweep: some.set() if sweep.finished >= 2 else None)
    assert some.wait(60)
    os.kill(victim, signal.SIGKILL)
    assert found.finished < 12
    found.wait(120)
    assert found.table["status"].tolist() == ["done"] * 12
    whole = nbann.sweep(builds.build, builds.GRID, "in process", seeds=3, epochs=3)
    builds.same(whole, found)
    assert victim not in client.run(os.getpid).values()


def test_every_worker_is_asked_for_its_version(client):
    def pretend(version):
        import nbann

        nbann.__version__ = version

    client.wait_for_workers(2)
    one = next(iter(client.run(os.getpid)))
    client.run(pretend, "0.0.7", workers=[one])
    try:
        with pytest.raises(RuntimeError, match=r"received one with nbann 0\.0\.7"):
            nbann.sweep(builds.build, {"rate": [0.1, 0.2]}, client.get_executor(), epochs=1)
    finally:
        client.run(pretend, nbann.__version__, workers=[one])


def test_a_run_that_kills_each_of_its_workers_is_a_failed_row(client):
    def build(n):
        if n == 1:
            os._exit(7)
        return builds.build(0.1 * (n + 1))

    found = nbann.sweep(build, {"n": [0, 1, 2]}, client.get_executor(), epochs=1)
    assert found.table["status"].tolist() == ["done", "failed", "done"]
    assert "KilledWorker" in found[1].reason
