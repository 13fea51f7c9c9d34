"""No operation writes over what a layer before it keeps: every pair of layers."""

from itertools import product

import pytest

from .networks import Settings, cpu_engine
from .pairs import LAYERS, networks_of
from .reference import distance_from_kinks, reference_step

COUNT, SEEDS = 34, range(40)  # two tiles


def smooth_batch(network, setting, values):
    """A batch that comes near no kink; None where every batch does."""
    for seed in SEEDS:
        batch = network.batch(COUNT, seed)
        case = (network, setting, values, batch, 1)
        if distance_from_kinks(*case, follows_norms=True) >= 1:
            return batch
    return None


def agrees(network):
    """Whether a batch was found; AssertionError unless the gradients are right."""
    setting = Settings()
    engine = cpu_engine(network, setting, batch_size=COUNT, keep=True)
    values = {name: p.value for name, p in engine.model.parameters().items()}
    batch = smooth_batch(network, setting, values)
    if batch is not None:
        case = (network, setting, values, batch, 1)
        expected = reference_step(*case, follows_norms=True)
        result = engine.train_step(batch, 1)
        expected.assert_agrees(result, engine.training.gradients())
    return batch is not None


def assert_all_agree(*names):
    """Every network in which these layers follow one another; how many were seen."""
    seen = []
    for place, network in networks_of(*names):
        try:
            seen.append(agrees(network))
        except AssertionError as error:
            error.add_note(f"{', '.join(names)}: {place}")
            raise
    return seen


@pytest.mark.parametrize("first", LAYERS)
def test_every_pair_has_the_plain_layers_gradients(first):
    seen = [kind for second in LAYERS for kind in assert_all_agree(first, second)]
    assert len(seen) > len(LAYERS)
    assert sum(seen) > 0.9 * len(seen), "kinks everywhere"


@pytest.mark.nightly
@pytest.mark.parametrize(("first", "second"), list(product(LAYERS, repeat=2)))
def test_every_triple_has_the_plain_layers_gradients(first, second):
    for third in LAYERS:
        assert_all_agree(first, second, third)
