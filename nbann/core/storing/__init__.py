"""Runs on disk: saved, loaded, saved by themselves, recorded. Imports the core's own parts only."""
