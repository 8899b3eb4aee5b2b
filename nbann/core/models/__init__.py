"""Models that are more than layers one after another."""
