"""The learning rate of some parameters as a multiple of the optimizer's."""

from copy import copy

from handgrad.optimizers.optimizer import Optimizer


def with_multiplier(optimizer: Optimizer, multiplier: float) -> Optimizer:
    """The same optimizer with `multiplier` times its learning rate at every step."""
    if multiplier == 1:
        return optimizer
    made = copy(optimizer)
    made.learning_rate = lambda step: multiplier * optimizer.rate(step)
    return made
