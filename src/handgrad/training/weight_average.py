"""Weight averaging: the network of an epoch is the mean of those of several epochs."""

from collections.abc import Mapping

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.engine import Engine
from handgrad.engine.state import AVERAGE, model_arrays, model_state
from handgrad.layers import Sequential

MEAN, OWN, COUNT = f"{AVERAGE}mean/", f"{AVERAGE}own/", f"{AVERAGE}count"
Arrays = dict[str, NumpyArray]


class WeightAverage:
    """Mean of the arrays of a network at the ends of epochs, batch statistics included.

    `show` puts the mean into the network, for its evaluation and checkpoints; `keep`
    counts the epoch; `hide` puts the arrays back that training continues with. Each may
    be interrupted, and is then called again.

    Equations
        mean_n = mean_(n-1) + (array_n - mean_(n-1)) / n
        where array_n is that of the n-th epoch averaged, and mean_0 = 0

    Source
        Izmailov, Podoprikhin, Garipov, Vetrov, Wilson (2018), Averaging weights leads
        to wider optima and better generalization, algorithm 1, with the statistics of
        batch normalization averaged, too.
    """

    def __init__(self) -> None:
        self._count = self._last = 0  # epochs averaged, the last one's number
        self._mean: Arrays = {}  # of these epochs, float64
        self._next: Arrays = {}  # with the epoch that is shown
        self._own: Arrays = {}  # what training continues with, while the mean is shown

    def show(self, engine: Engine, epoch: int) -> None:
        """Put the mean into the network, with the `epoch` that ends now."""
        self._own = self._own or model_state(engine.model)
        self._next = self._mean
        if epoch != self._last:
            self._next = {
                name: _mean(array, self._mean.get(name), self._count + 1)
                for name, array in self._own.items()
            }
        _put(self._next, engine, like=self._own)

    def keep(self, epoch: int) -> None:
        """Count the `epoch` that is shown."""
        if epoch != self._last:
            count = self._count + 1
            self._mean, self._count, self._last = self._next, count, epoch

    def hide(self, engine: Engine) -> None:
        """Put back what training continues with, if the mean is shown."""
        if self._own:
            _put(self._own, engine, like=self._own)
            self._own = {}

    def state(self) -> Arrays:
        """All arrays, by name; empty before the first epoch that is averaged."""
        found = {f"{OWN}{name}": array for name, array in self._own.items()}
        if self._count:
            found |= {f"{MEAN}{name}": array for name, array in self._mean.items()}
            found[COUNT] = np.array([self._count, self._last], dtype=np.int64)
        return found

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Continue from the arrays of `state()` among those of a training state."""
        self._own, self._mean = _named(state, OWN), _named(state, MEAN)
        self._count, self._last = map(int, state.get(COUNT, (0, 0)))


def names_at_end(model: Sequential) -> set[str]:
    """The names of `WeightAverage.state` at the end of an epoch that is averaged."""
    names = model_arrays(model)
    return {COUNT, *(f"{prefix}{name}" for prefix in (MEAN, OWN) for name in names)}


def _mean(array: NumpyArray, before: NumpyArray | None, count: int) -> NumpyArray:
    wide = array.astype(np.float64)
    return wide if before is None else before + (wide - before) / count


def _named(state: Mapping[str, NumpyArray], prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): np.array(array)
        for name, array in state.items()
        if name.startswith(prefix)
    }


def _put(arrays: Arrays, engine: Engine, like: Arrays) -> None:
    """Put arrays into the network; the optimizer's state stays."""
    own = {name: array.astype(like[name].dtype) for name, array in arrays.items()}
    engine.restore({**engine.state(), **own})
