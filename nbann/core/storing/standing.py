"""Where a run stands, as bytes without its data and settings; imports the core's own parts only.

For whoever can make the trainer anew with the same arguments: a sweep, which calls its `build`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .container import read_container, write_container
from .faults import bad_file, item
from .run import describe_run
from .saving import put_back
from .timeline import describe_timeline

if TYPE_CHECKING:
    from ..trainer import Trainer


def standing_of(trainer: Trainer) -> bytes:
    """Return position, numbers and history of a trainer that is at rest.

    Of the timeline's snapshots only the first is in it, from which every other is run again.
    """
    snapshots = trainer._timeline.snapshots
    kept = snapshots.copy()
    try:
        snapshots.thin(1)
        document, arrays = describe_run(trainer)
        past, found = describe_timeline(trainer)
    finally:
        snapshots.steps, snapshots.states = kept.steps, kept.states
    layout = [[p.name, list(p.shape)] for p in trainer._recipe.plan.parameters]
    file = io.BytesIO()
    whole = {"layout": layout, "run": document, "timeline": past}
    write_container(file, whole, arrays | found)
    return file.getvalue()


def put_standing_back(trainer: Trainer, standing: bytes) -> None:
    """Put a trainer that was made with the same arguments where the other one stood.

    Raises
    ------
    FileError
        The bytes are damaged, or of a trainer that was made with other arguments.
    """
    document, arrays = read_container(io.BytesIO(standing), "The stored run")
    layout = [[p.name, list(p.shape)] for p in trainer._recipe.plan.parameters]
    if layout != item(document, "layout", list):
        mend = "Let build return the same net for the same settings."
        raise bad_file("The trainer", f"parameters {document['layout']!r:.200}", layout, mend)
    put_back(trainer, document, arrays)
