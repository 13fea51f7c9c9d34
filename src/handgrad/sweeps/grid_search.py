"""Every combination of the values of all parameters."""

from itertools import product
from math import prod

from handgrad.errors import ConfigError
from handgrad.sweeps.space import Setting
from handgrad.sweeps.sweep import Sweep

MOST_SETTINGS = 10_000


def grid(sweep: Sweep) -> list[Setting]:
    """The settings of a grid, the last parameter changing fastest."""
    names = [parameter.name for parameter in sweep.space]
    points = [parameter.points() for parameter in sweep.space]
    count = prod(map(len, points))
    if count > MOST_SETTINGS:
        raise ConfigError(
            f"{sweep.source}: the grid has {count} settings; up to {MOST_SETTINGS} are "
            'tried. Leave values out, or take method = "random".'
        )
    return [
        sweep.setting(dict(zip(names, values, strict=True)))
        for values in product(*points)
    ]
