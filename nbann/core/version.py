"""Which nbann this is, for files and workers that have to be told; the standard library only."""

from __future__ import annotations

import sys


def version() -> str:
    """Return nbann's version where this is called, which may be on a worker elsewhere."""
    # the package stands above the core, which imports nothing from it
    return str(getattr(sys.modules[__name__.partition(".")[0]], "__version__", ""))
