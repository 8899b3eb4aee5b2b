"""A trainer is not copied half: kernels are bound to its arrays."""

import copy
import pickle

import pytest

from .nets import make, same_run


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_copy_is_refused_and_nothing_is_lost(way):
    trainer, plain = make(), make()
    trainer.run(2)
    with pytest.raises(TypeError, match="Make another Trainer with the same arguments"):
        way(trainer)
    trainer.run(1)
    plain.run(3)
    same_run(trainer, plain)
