"""The padding of poolings, with what ceil_mode adds."""

import pytest

from handgrad import layers
from handgrad.interop.source_windows import NO_BORDERS, average_borders, whole_borders

SHAPE = (1, 7, 6)


@pytest.mark.parametrize(
    ("options", "borders"),
    [
        ({}, NO_BORDERS),
        ({"ceil_mode": True}, ((0, 1), (0, 0))),
        ({"padding": (0, 1), "ceil_mode": True}, ((0, 1), (1, 1))),
        ({"stride": 4, "ceil_mode": True}, NO_BORDERS),
        ({"stride": 4, "padding": ((0, 1), (0, 1))}, ((0, 1), (0, 1))),
    ],
)
def test_of_all_windows(options, borders):
    assert whole_borders(layers.MaxPool2d(2, **options), SHAPE) == borders


def test_the_part_that_means_include():
    pool = layers.AveragePool2d(2, padding=(0, 1), ceil_mode=True)
    assert average_borders(pool, SHAPE) == (((0, 0), (1, 1)), ((0, 1), (0, 0)))
    pool = layers.AveragePool2d(2, padding=(0, 1), count_include_pad=False)
    assert average_borders(pool, SHAPE) == (NO_BORDERS, ((0, 0), (1, 1)))
