"""Writes `stopping.json`: what Keras' `EarlyStopping` makes of courses of a measure.

Run it where Keras 3 is installed: ``python tests/goldens/make_stopping.py``. Each case is a course
of a measure over the epochs with a patience, a least change and a direction; kept are the epochs
that ran, the best epoch (from 1) and the epoch whose weights are there in the end. The values are
multiples of 1/16, since Keras compares them in float32.
"""

import json
import os
from pathlib import Path

import numpy as np

COURSES = 150


def cases():
    """Return courses that sink or rise, with noise, and their settings."""
    rng = np.random.default_rng(11)
    for number in range(COURSES):
        epochs = int(rng.integers(3, 25))
        trend = np.linspace(0, rng.uniform(-1, 4), epochs) + rng.normal(0, 0.7, epochs)
        mode = "max" if number % 3 == 0 else "min"
        values = np.round(16 * (trend if mode == "max" else -trend)) / 16
        yield {
            "values": values.tolist(),
            "patience": int(rng.integers(1, 6)),
            "min_delta": [0.0, 0.0, 0.125, 0.5][number % 4],
            "mode": mode,
        }


class Net:
    """Stands in for a model: its weights are the number of the epoch."""

    stop_training = False
    epoch = 0

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.epoch = weights


def by_keras(case, restore):
    """Return the epochs that ran, the best epoch, and the epoch of the weights in the end."""
    from keras.callbacks import EarlyStopping

    settings = {key: case[key] for key in ("patience", "min_delta", "mode")}
    rule = EarlyStopping("measure", restore_best_weights=restore, **settings)
    net = Net()
    rule.set_model(net)
    rule.on_train_begin()
    ran = 0
    for epoch, value in enumerate(case["values"]):
        ran = net.epoch = epoch + 1
        rule.on_epoch_end(epoch, {"measure": value})
        if net.stop_training:
            break
    rule.on_train_end()
    return [ran, rule.best_epoch + 1, net.epoch]


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    made = [
        case | {"keras": [by_keras(case, restore) for restore in (True, False)]} for case in cases()
    ]
    lines = ",\n".join(json.dumps(case) for case in made)
    place = Path(__file__).with_name("stopping.json")
    place.write_text(f'{{"keras version": "{keras.__version__}", "cases": [\n{lines}\n]}}\n')
