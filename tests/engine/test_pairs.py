"""No operation writes over what a layer before it keeps: every pair of layers."""

from itertools import product

import pytest

from .agreement import agrees
from .pairs import LAYERS, networks_of


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
