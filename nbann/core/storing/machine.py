"""Where a file was written, as far as it may change the last bit of a number; NumPy alone."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..version import version

_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def facts() -> dict[str, str]:
    """Return what the rounding of sums and products may depend on, in words.

    The same arithmetic in another order rounds otherwise: which order it is, NumPy and its linear
    algebra decide by their version, the processor and the number of threads.
    """
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    vectors = config.get("SIMD Extensions", {})
    found = [*vectors.get("baseline", ()), *vectors.get("found", ())]
    threads = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    return {
        "nbann": version(),
        "numpy": np.__version__,
        "linear algebra": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": " ".join(found),
        "threads": " ".join(threads) or f"{os.cpu_count()}",
    }


def differences(there: Mapping[str, object], here: Mapping[str, str]) -> tuple[str, ...]:
    """Return what differs between two machines, in words, with what it was there and is here."""
    return tuple(
        f"{key} ({_short(there[key])} there, {_short(here[key])} here)"
        for key in here
        if key in there and there[key] != here[key]
    ) + tuple(f"{key} (not known there)" for key in here if key not in there)


def _short(text: object) -> str:
    words = str(text)
    return words if len(words) <= 40 else f"{words[:37]}..."
