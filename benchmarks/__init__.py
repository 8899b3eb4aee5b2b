"""Benchmarks: nbann against what a user could have used instead (``python -m benchmarks``)."""
