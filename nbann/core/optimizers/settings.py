"""What is described by its arguments shows itself by them; imports the standard library only."""

from __future__ import annotations

import inspect


class Settings:
    """Something that keeps each argument of its constructor under the argument's own name."""

    def __repr__(self) -> str:
        """Return the call that makes it: the first argument, and those that are not the default."""
        shown = []
        for place, argument in enumerate(inspect.signature(type(self)).parameters.values()):
            value = getattr(self, argument.name)
            if place == 0 or value != argument.default:
                text = f"{value:g}" if isinstance(value, float) else repr(value)
                shown.append(f"{argument.name}={text}")
        return f"{type(self).__name__}({', '.join(shown)})"
