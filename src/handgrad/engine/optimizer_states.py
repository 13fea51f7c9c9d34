"""Which kernel updates the parameters of an optimizer, and the numbers it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.engine.kernels import updates
from handgrad.engine.network_layers import exact
from handgrad.optimizers import SGD, Adam, AdamW, Muon, Optimizer, RMSProp


@dataclass(frozen=True)
class Rule:
    """The number of an optimizer's kernel, and its rates of a step, from the fourth."""

    kernel: Callable[[Any], int]
    rates: Callable[[Any, int], tuple[float, ...]]


def rule_of(optimizer: Optimizer) -> int | None:
    """The kernel's number of an optimizer, None for one that it does not know."""
    kind = exact(optimizer, RULES)
    return None if kind is None else RULES[kind].kernel(optimizer)


def write_rates(
    rates: NumpyArray,
    rule: int | None,
    optimizer: Any,
    step: int,
    multiplier: float = 1.0,
) -> None:
    """The numbers of one step that `kernels.updates` reads."""
    rates[1] = 1.0  # until clipping says otherwise
    if rule is None:
        return
    learning_rate = multiplier * optimizer.rate(step)
    rates[:3] = learning_rate, 1.0, optimizer.weight_decay
    of_rule = RULES[type(optimizer)].rates(optimizer, step)
    rates[3 : 3 + len(of_rule)] = of_rule
    rates[10] = learning_rate * optimizer.weight_decay


def _kernel_of_sgd(optimizer: SGD) -> int:
    if optimizer.momentum == 0:
        return updates.SGD
    return updates.NESTEROV if optimizer.nesterov else updates.MOMENTUM


def _rates_of_adam(optimizer: Adam | AdamW, step: int) -> tuple[float, ...]:
    beta1, beta2 = optimizer.beta1, optimizer.beta2
    corrections = 1 - beta1**step, 1 - beta2**step
    return beta1, 1 - beta1, beta2, 1 - beta2, optimizer.eps, *corrections


RULES: dict[type, Rule] = {
    SGD: Rule(_kernel_of_sgd, lambda of, step: (of.momentum,)),
    RMSProp: Rule(
        lambda of: updates.RMSPROP,
        lambda of, step: (of.decay, 1 - of.decay, 0, 0, of.eps),
    ),
    Adam: Rule(lambda of: updates.ADAM, _rates_of_adam),
    AdamW: Rule(lambda of: updates.ADAMW, _rates_of_adam),
    Muon: Rule(lambda of: updates.MUON, lambda of, step: (of.momentum,)),
}
