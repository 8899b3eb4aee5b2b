"""What a trainer keeps on disk: saving, loading, recording; imports the core's own parts only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from .data.batches import Order
from .losses.loss import Loss
from .model import Model
from .optimizers.optimizer import Optimizer
from .recipe import Metrics

if TYPE_CHECKING:
    from .looking import Data
    from .storing.autosave import Autosave
    from .storing.recording import Record, RecordUnit
    from .storing.saving import LoadedFrom
    from .trainer import Trainer

PathLike = str | os.PathLike[str]
# What is not needed for training (zipfile, hashlib, ...) is loaded when it is first asked for.


class Keeping:
    """The part of `Trainer` that writes runs to disk and brings them back."""

    loaded_from: LoadedFrom | None = None
    """The file that this trainer was loaded from, and what is another here than there; or None."""

    _autosaves: tuple[Autosave, ...] = ()

    def save(self, path: PathLike) -> None:
        """Save the whole run in one file, at any op: data, model, position, numbers, history.

        What is loaded goes on bit for bit as this run would have. The file is a .npz without pickle
        (`np.load` opens it); it is written beside the old one and then takes its place, so that
        whatever happens one of both is whole.

        Functions and classes of the user's are not in it (metrics, `shuffle`, layers, losses), nor
        data of a memory-mapped file or a stream: `load` asks for them. Of initializers it holds
        what they drew. Hooks are not in it either; attach them again (of those that change numbers,
        `load` reminds).

        Parameters
        ----------
        path : str or path
            Exactly the file's name: no ending is added to it.

        Raises
        ------
        FileNotFoundError
            The folder is not there.
        OSError
            The disk is full, there is no permission, ...; what was in the file still is.
        RuntimeError
            Called from within a hook: a step or run is under way.

        Examples
        --------
        >>> import nbann, os, tempfile
        >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
        >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
        >>> trainer.save(path)
        >>> nbann.Trainer.load(path).position == trainer.position
        True
        """
        from .storing.saving import save

        save(cast("Trainer", self), path)

    @classmethod
    def load(
        cls,
        path: PathLike,
        *,
        model: Model | None = None,
        loss: Loss | str | None = None,
        optimizer: Optimizer | str | None = None,
        metrics: Metrics = None,
        shuffle: Order | bool | None = None,
        train: Data | None = None,
        test: Data | None = None,
        validation: Data | None = None,
    ) -> Self:
        """Return the trainer of a file that `save` wrote, where it stood; it goes on bit for bit.

        Nothing of a file is carried out, and no more memory is taken than the file's size accounts
        for. On another machine, or with another NumPy, it works, and says (a `UserWarning`, and
        `loaded_from`) that the last digits may come out otherwise.

        Parameters
        ----------
        path : str or path
        model, loss, optimizer, metrics, shuffle
            What the file can not hold, as it was passed to `Trainer`: needed where the saved
            trainer had layers, a loss, an optimizer, metrics or an order of the user's own. Of
            metrics the functions are enough.
        train, test, validation : Dataset, Stream or (X, y)
            The data, where they were not in memory but in a memory-mapped file or a stream: a saved
            run has only a digest of some rows of these, by which they are known again.

        Raises
        ------
        FileError
            A file of another kind, cut short, changed or damaged, written by a newer nbann, or
            that what was passed does not fit. It is a `ValueError`.
        ValueError
            Something that the file can not hold was not passed; the message says what.
        FileNotFoundError
        """
        from .storing.saving import load
        from .storing.setup import Given

        data = {"train": train, "test": test, "validation": validation}
        given = Given(model, loss, optimizer, metrics, shuffle, data)
        return cast("Self", load(cast("type[Trainer]", cls), path, given))

    @classmethod
    def resume(cls, path: PathLike, make: Callable[[], Self], **given: Any) -> Self:
        """Return the saved trainer if there is one, else a new one: a cell that can be run again.

        Parameters
        ----------
        path : str or path
            Where `save` or `autosave` writes; it need not be there yet.
        make : callable
            ``make()`` returns the trainer to begin with; called only if there is no file.
        **given
            As `load` takes them.

        Raises
        ------
        FileError, ValueError
            As `load` does: a file that can not be read is not passed over.

        Examples
        --------
        >>> import nbann
        >>> net = nbann.Sequential([nbann.Dense(2)])
        >>> make = lambda: nbann.Trainer(net, nbann.datasets.xor())
        >>> nbann.Trainer.resume("not there yet.npz", make).position.epoch
        0
        """
        return cls.load(path, **given) if os.path.exists(path) else make()

    def autosave(
        self, path: PathLike, *, seconds: float | None = None, epochs: int | None = None
    ) -> Autosave:
        """Save by itself from now on, every so often, and at the end of each run.

        It saves between two batches, never in the midst of one: every `epochs` epochs exactly, by
        the clock at the first chance that is at most 256 batches later (or the end of an epoch, or
        of a step taken by hand), and when a run ends, by Ctrl-C as well. By the clock it takes at
        most a tenth of the time: where saving is slow, it saves less often. What can not be saved
        (the disk is full) is warned of once and tried again; the run goes on. To go on from the
        file in a notebook that was closed, see `resume`.

        Parameters
        ----------
        path : str or path
            As `save` takes it; what is there is replaced, whole by whole.
        seconds : float, optional
            Above 0; 60 if neither is given.
        epochs : int, optional
            At least 1.

        Returns
        -------
        Autosave
            ``.remove()`` ends it, as does leaving a ``with`` block; `.saves` counts, `.error` is
            why the newest try failed.

        Raises
        ------
        ValueError
            A number out of its range.
        FileNotFoundError, IsADirectoryError
            The folder is not there, or the path is that of one.
        """
        from .storing.autosave import Autosave

        return Autosave(cast("Trainer", self), path, seconds, epochs)

    def _goal_of_autosaves(self, goal: int) -> int:
        """Return the epoch that a run may go to before an autosave wants to be asked."""
        for autosave in self._autosaves:
            goal = autosave.goal(goal)
        return goal

    def _autosave(self) -> None:
        """Let those save for which it is time; the cursor calls it between batches."""
        for autosave in self._autosaves:
            autosave.look()

    def record(
        self,
        path: PathLike,
        arrays: Iterable[str] | str = ("loss",),
        unit: RecordUnit = "batch",
        every: int = 1,
        *,
        overwrite: bool = False,
    ) -> Record:
        """Write chosen numbers to disk as the run goes on, however long it gets.

        About a megabyte is kept in memory, whatever is recorded; as with any hook, batches are no
        longer run in a bare loop. Read it with
        `nbann.read_record`: ``{"hidden.weight": (steps, 4, 6), "epoch": (steps,), ...}``. A .csv
        is a table that any program reads, on disk line by line; a .npz is written by chunks, each
        a member of its own ("hidden.weight/000000", ...), and opens with `np.load` meanwhile.

        Whoever goes back and on again gets no second row for what has been recorded. What is done
        anew in the past is new: its rows come after those of the line of events that was left,
        which stay, so that an epoch and batch may be there twice; the last ones are the newest.

        Parameters
        ----------
        path : str or path
            Ending in .csv (single numbers) or .npz (arrays, too).
        arrays : list of str
            Names of arrays (see `names`); elements, "hidden.weight[0,1]"; "learning_rate"; columns
            of the history ("test_loss"), whose newest value is recorded, NaN before the first.
        unit : {"op", "batch", "epoch"}
            After each of which a row is written.
        every : int
            Of them, each how manieth; at least 1.
        overwrite : bool
            Whether a file that is there may be lost.

        Returns
        -------
        Record
            ``.close()`` ends it, as does leaving a ``with`` block.

        Raises
        ------
        UnknownNameError
            An array that is not there, or another unit; nothing has been written then.
        ValueError
            Another ending; an array for a .csv; an array that is shorter in a smaller last batch.
        FileExistsError, FileNotFoundError
            The file is there already; its folder is not.
        OSError
            While the run goes on: the disk is full, say.

        Examples
        --------
        >>> import nbann, os, tempfile
        >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
        >>> with trainer.record(os.path.join(tempfile.mkdtemp(), "run.csv"), ["loss"]) as record:
        ...     stop = trainer.run(epochs=3)
        >>> nbann.read_record(record.path)["epoch"].tolist()
        [0, 1, 2]
        """
        from .storing.recording import Record

        return Record(cast("Trainer", self), path, arrays, unit, every, overwrite)

    def to_frame(self, unit: Literal["epoch", "batch"] = "epoch") -> Any:
        """Return the history as a pandas frame.

        Parameters
        ----------
        unit : {"epoch", "batch"}
            A row for each evaluated epoch, with a column for each of `measured` ("epoch",
            "train_loss", ...; of a metric that gives an array one for each element,
            "test_confusion_matrix[0,1]"); or for each batch, with "epoch" and "batch", counted from
            0, and "loss".

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ModuleNotFoundError
            pandas is not installed.
        UnknownNameError
            Another unit.
        """
        from .storing.frame import to_frame

        return to_frame(cast("Trainer", self), unit)
