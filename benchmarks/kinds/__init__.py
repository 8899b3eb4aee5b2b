"""Benchmarks of the kinds of nets beside the feed-forward classifier."""
