"""What a still picture may differ by from what was drawn: it has 256 colors, chosen for it."""

import numpy as np


def assert_alike(still, drawn):
    """Compare a PNG as matplotlib reads it (0 to 1) with a drawn RGBA array (0 to 255)."""
    apart = np.abs(np.asarray(still)[..., :3] * 255 - np.asarray(drawn, float)[..., :3]).max(-1)
    assert apart.shape == np.shape(drawn)[:2]
    assert apart.mean() < 0.5
    assert (apart > 24).mean() < 0.005
