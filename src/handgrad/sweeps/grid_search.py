"""Grid search: every combination of the values of all parameters."""

from itertools import product

from handgrad.sweeps.space import Setting
from handgrad.sweeps.sweep import Sweep


def grid(sweep: Sweep) -> list[Setting]:
    """The settings of a grid; the last parameter varies fastest."""
    names = [parameter.name for parameter in sweep.space]
    points = [parameter.points() for parameter in sweep.space]
    return [
        sweep.setting(dict(zip(names, values, strict=True)))
        for values in product(*points)
    ]
