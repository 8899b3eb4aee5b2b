"""What is asked of every call: that its arguments are of their kind. Imports the core."""

from __future__ import annotations

from nbann.core.errors import bad_value


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    ValueError
    """
    if not isinstance(value, bool):
        raise bad_value(name, "True or False", repr(value), f"Pass e.g. {name}=True.")
