import pytest

from handgrad.layers import BatchNorm2d, Conv2d, Dropout, ReLU
from handgrad.randomness import Key
from handgrad.testing.batch_laws import (
    an_example_alone_is_the_same,
    examples_do_not_meet,
    memory_order_does_not_matter,
    order_of_examples_does_not_matter,
)
from handgrad.testing.trial import Trial

LAWS = (
    an_example_alone_is_the_same,
    examples_do_not_meet,
    memory_order_does_not_matter,
    order_of_examples_does_not_matter,
)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2d(2, 3, 3, padding=1, key=Key(0)),
        lambda: BatchNorm2d(2),
        lambda: Dropout(0.5),
        ReLU,
    ],
)
def test_layers_obey_them(law, make):
    law(Trial(make, (2, 4, 4), examples_meet=isinstance(make(), BatchNorm2d)))
