"""What tests of exports share."""

import pytest


@pytest.fixture(autouse=True)
def _one_thread(request):
    """Let PyTorch compute with one thread: its nets here are too small for more."""
    if request.node.get_closest_marker("torch") is None:
        yield
        return
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
