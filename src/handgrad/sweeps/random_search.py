"""Random search: settings drawn one by one from keys, reproducible and extensible.

    share of parameter p in draw i = uniform number of (seed, "sweep", p) at step i

So the same file gives the same settings on any machine, a longer sweep starts with the
settings of a shorter one, and adding or removing a parameter does not change the draws
of the others.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.randomness import Key, philox
from handgrad.sweeps.space import Setting, Values
from handgrad.sweeps.sweep import TRIALS, Sweep

MOST_REPEATS = 200  # consecutive repeated draws after which the space is exhausted
BLOCK = 256  # draws at a time; one by one would be slow for a long sweep


def drawn(sweep: Sweep) -> list[Setting]:
    """As many distinct settings as there are trials, or as the space contains."""
    wanted = sweep.trials or TRIALS
    found: dict[str, Setting] = {}
    repeats = 0
    for values in draws(sweep):
        repeats += 1
        setting = sweep.setting(values)
        if setting.name not in found:
            found[setting.name] = setting
            repeats = 0
        if len(found) == wanted or repeats == MOST_REPEATS:
            break
    return list(found.values())


def draws(sweep: Sweep) -> Iterator[Values]:
    """Yield the values of each draw by parameter, infinitely many."""
    key = Key(sweep.seed).child("sweep")
    for first in count(0, BLOCK):
        steps = np.arange(first, first + BLOCK, dtype=np.uint64)
        shares = [
            _uniform(key.child(parameter.name), steps) for parameter in sweep.space
        ]
        for row in zip(*shares, strict=True):
            yield {
                parameter.name: parameter.at(float(share))
                for parameter, share in zip(sweep.space, row, strict=True)
            }


def _uniform(key: Key, steps: NumpyArray) -> NumpyArray:
    """The first number that `randomness.uniform` draws from `key.at(step)`, by step.

    Shapes
        steps    (count,), uint64
        outputs  (count,), float64
    """
    zero = np.zeros_like(steps)
    return (philox((zero, zero, steps, zero), key.words)[0] + 0.5) * 2.0**-32
