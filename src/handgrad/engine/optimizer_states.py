"""Which kernel moves parameters as an optimizer does, and what it keeps for each."""

from handgrad.engine.kernels import updates
from handgrad.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

STATE_NAMES = {
    updates.SGD: (),
    updates.MOMENTUM: ("velocity",),
    updates.NESTEROV: ("velocity",),
    updates.RMSPROP: ("mean_square",),
    updates.ADAM: ("mean", "mean_square"),
    updates.ADAMW: ("mean", "mean_square"),
}


def rule_of(optimizer: Optimizer) -> int | None:
    """The kernel's number of an optimizer, None for one that it does not know."""
    if type(optimizer) is SGD:
        if optimizer.momentum == 0:
            return updates.SGD
        return updates.NESTEROV if optimizer.nesterov else updates.MOMENTUM
    rules: dict[type, int] = {
        RMSProp: updates.RMSPROP,
        Adam: updates.ADAM,
        AdamW: updates.ADAMW,
    }
    return rules.get(type(optimizer))
