"""Machines of two layers and one matrix as columns, like a net's; imports the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.boltzmann.rbm import RBM
from ..core.models.bam import BAM, BAMRecall

if TYPE_CHECKING:
    from ..core.trainer import Trainer


def machine_columns(trainer: Trainer) -> list[dict[str, Any]]:
    """Return what the columns of such a machine are made of; none for any other model."""
    model = trainer.model
    if isinstance(model, RBM):
        return _rbm(trainer, model.name)
    if isinstance(model, BAM):
        return _two(trainer, "bam", ("x",), ("y", "bam.field", "bam.out"), about=("bam.change",))
    if isinstance(model, BAMRecall):
        columns = _two(trainer, "bam", ("bam.x",), ("bam.y",))
        columns[0]["near"] = ("x", "bam.x_field", "bam.x_turned")
        columns[1]["near"] = ("bam.y_field", "bam.y_turned", "bam.support")
        return columns
    return []


def _rbm(trainer: Trainer, machine: str) -> list[dict[str, Any]]:
    """Return visible and hidden units: what is known of them, and what is drawn by chance."""
    names = [n for n in trainer.names if n.startswith(f"{machine}.")]
    of_weight = [n for n in names if "correlation" in n or n.startswith(f"{machine}.weight.")]
    # probabilities and samples: between 0 and 1, a row for each sample
    shown = [n for n in names if n.rpartition(".")[2] in ("visible", "visible_sample")]
    hidden = [n for n in names if n.rpartition(".")[2] in ("hidden", "hidden_sample")]
    given_back = f"{machine}.reconstruction"
    shown += [given_back] if given_back in names else []
    columns = _two(trainer, machine, ("x", *shown), hidden, about=tuple(of_weight))
    for column, word in zip(columns, ("visible", "hidden"), strict=True):
        column["bias"] = f"{machine}.{word}_bias"
        words = ("visible", "reconstruction") if word == "visible" else (word,)
        column["near"] = tuple(
            name
            for name in names
            if name not in column["arrays"]
            and not name.startswith(column["bias"])
            and any(one in name.removeprefix(machine) for one in words)
        )
    return columns


def _two(
    trainer: Trainer, name: str, left: tuple[str, ...], right: Any, about: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    weight = f"{name}.weight"
    rows, columns = trainer[weight].shape
    return [
        {"layers": (), "arrays": tuple(left), "width": rows},
        {
            "layers": (name,),
            "arrays": tuple(right),
            "width": columns,
            "weight": weight,
            "sources": (0,),
            "depth": 1,
            "about_weight": about,
        },
    ]
