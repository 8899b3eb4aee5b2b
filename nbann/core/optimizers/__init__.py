"""Optimizers and schedules: how a gradient changes the parameters."""
