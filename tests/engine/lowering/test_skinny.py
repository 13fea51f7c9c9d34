import numpy as np
import pytest

from ..by_rows import SKINNY
from ..networks import cpu_engine
from ..reference import reference_step
from ..test_cpu import Settings, values_of


@pytest.mark.parametrize("name", SKINNY)
@pytest.mark.parametrize("count", [1, 130])
def test_loss_and_gradients_are_the_plain_layers(name, count):
    chosen = SKINNY[name]
    engine = cpu_engine(chosen, batch_size=130, keep=True)
    batch, values = chosen.batch(count), values_of(engine)
    expected = reference_step(chosen, Settings(), values, batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())


def test_bits_do_not_depend_on_workers():
    chosen = SKINNY["softmax regression"]
    batch, states = chosen.batch(130), []
    for workers in (1, 2, 4):
        engine = cpu_engine(chosen, batch_size=130, workers=workers)
        engine.train_step(batch, 1)
        states.append(engine.state())
    for state in states[1:]:
        for key, value in state.items():
            np.testing.assert_array_equal(value, states[0][key])
