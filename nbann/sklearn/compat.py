"""What differs between the releases of scikit-learn from 1.5 on, in one place."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn 1.5: a method of the estimator

    def validate_data(estimator: Any, X: Any, y: Any = "no_validation", **checks: Any) -> Any:
        """Check X, and y if given, and remember names and number of the features."""
        return estimator._validate_data(X, y, **checks)


try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9 there are no callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands where there are no callbacks to support."""

    def with_callbacks(method: Any) -> Any:
        """Return a method as it is."""
        return method


CALLBACKS = hasattr(CallbackSupportMixin, "set_callbacks")
"""Whether this scikit-learn has callbacks."""

__all__ = ["CALLBACKS", "CallbackSupportMixin", "validate_data", "with_callbacks"]
