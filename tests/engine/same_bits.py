"""The same bits for any number of workers, and of an image wherever it stands."""

import numpy as np

from .networks import cpu_engine


def assert_same_bits(chosen, batch, images, **options):
    """Train two steps by one, two and three workers, then predict in several orders."""
    states, logits = [], []
    for workers in (1, 2, 3):
        engine = cpu_engine(chosen, workers=workers, **options)
        for step in (1, 2):
            engine.train_step(batch, step)
        states.append(engine.state())
        logits.append(engine.logits(images))
    for state in states[1:]:
        for key, value in state.items():
            np.testing.assert_array_equal(value, states[0][key])
    for others in logits[1:]:
        np.testing.assert_array_equal(others, logits[0])
    np.testing.assert_array_equal(engine.logits(images[::-1])[::-1], logits[0])
    np.testing.assert_array_equal(engine.logits(images[7:8]), logits[0][7:8])
