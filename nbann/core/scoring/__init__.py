"""Measuring: metrics, history, statistics of layers, diagnosis, gradient check."""
