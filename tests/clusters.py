"""Dask clusters of real worker processes, for the tests that divide work."""

from contextlib import contextmanager

import pytest


@contextmanager
def client_of_two():
    """Give a client of two worker processes on this machine; both end with the block."""
    dask = pytest.importorskip("dask", reason="the extra nbann[distributed]")
    distributed = pytest.importorskip("distributed", reason="the extra nbann[distributed]")
    # a cluster closes a nanny whose worker is away for so long, which may be on a busy machine
    patient = {"distributed.deploy.lost-worker-timeout": "10 minutes"}
    settings = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with (
        dask.config.set(patient),
        distributed.LocalCluster(n_workers=2, processes=True, **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
