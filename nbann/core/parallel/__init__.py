"""Data-parallel training: the gradient of a batch, computed in parts by workers."""
