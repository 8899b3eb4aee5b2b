"""Workers of a sweep end with the process that asked for it, however that one ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

CODE = """
import time
import nbann

def build(pause):
    time.sleep(pause)
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())

sweep = nbann.sweep(build, {"pause": [600, 601]}, "processes", workers=2, wait=False)
time.sleep(600)
"""


def children(pid):
    """Return the processes that a process has started, by the table of processes."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    after = stat.read().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(after[1]) == pid and after[0] != "Z":
                found.append(int(entry))
    return found


def is_worker(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            return b"popen_loky_posix" in line.read()
    except OSError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads the table of processes of Linux")
def test_no_worker_is_left_when_the_one_who_asks_is_killed():
    asking = subprocess.Popen([sys.executable, "-c", CODE])
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            workers = [pid for pid in children(asking.pid) if is_worker(pid)]
            if len(workers) == 2:
                break
            time.sleep(0.1)
        assert len(workers) == 2
        time.sleep(2)  # they have begun
    finally:
        os.kill(asking.pid, signal.SIGKILL)
        asking.wait()
    deadline = time.monotonic() + 30
    while any(map(is_worker, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [pid for pid in workers if is_worker(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []
