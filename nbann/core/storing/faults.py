"""What is wrong with a file, and reading its document piece by piece; imports the errors alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ANOTHER = "Load a file that Trainer.save wrote, or save the run anew."


class FileError(ValueError):
    """A file that can not be loaded: unknown, damaged, made by a newer nbann, or not honest.

    Nothing of it has been carried out, and no trainer was made or changed.
    """


class NotGivenError(ValueError):
    """Something that no file can hold, and that was not passed to `load` either."""


def bad_file(what: str, expected: str, received: object, mend: str = ANOTHER) -> FileError:
    """Build the error in the house's form: expected, received, mend."""
    return FileError(f"{what}: expected {expected}; received {received}. {mend}")


_WORDS = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "text",
}


def item(section: object, key: str, *kinds: type | None) -> Any:
    """Return an entry of a JSON object, of one of these types (None: null may stand there).

    Raises
    ------
    FileError
        It is not there, or something else.
    """
    if not isinstance(section, dict) or key not in section:
        raise bad_file("The file's document", f"an entry {key!r}", "none")
    value = section[key]
    if not _is_one_of(value, kinds):
        raise bad_file(f"The entry {key!r} of the file's document", _said(kinds), _shown(value))
    return value


def _said(kinds: Iterable[type | None]) -> str:
    return " or ".join("null" if kind is None else _WORDS[kind] for kind in kinds)


def _shown(value: object) -> str:
    return repr(value)[:60]


def _is_one_of(value: object, kinds: Iterable[type | None]) -> bool:
    for kind in kinds:
        if kind is None:
            fits = value is None
        elif kind in (int, float):  # True is an int to Python; a whole number may be a float's
            wanted = (int, float) if kind is float else (int,)
            fits = isinstance(value, wanted) and not isinstance(value, bool)
        else:
            fits = isinstance(value, kind)
        if fits:
            return True
    return False


def items(section: object, key: str, *kinds: type | None) -> list[Any]:
    """Return a list each entry of which is of one of these types."""
    values: list[Any] = item(section, key, list)
    for value in values:
        if not _is_one_of(value, kinds):
            raise bad_file(f"An entry of {key!r}", _said(kinds), _shown(value))
    return values


def whole(section: object, key: str, least: int, most: int) -> int:
    """Return a whole number in its range."""
    value: int = item(section, key, int)
    if not least <= value <= most:
        raise bad_file(f"The entry {key!r}", f"a number from {least} to {most}", str(value)[:30])
    return value
