"""Which kernel moves parameters as an optimizer does, and what it keeps for each."""

from handgrad.engine.kernels import updates
from handgrad.engine.network_layers import exact
from handgrad.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

STATE_NAMES = {
    updates.SGD: (),
    updates.MOMENTUM: ("velocity",),
    updates.NESTEROV: ("velocity",),
    updates.RMSPROP: ("mean_square",),
    updates.ADAM: ("mean", "mean_square"),
    updates.ADAMW: ("mean", "mean_square"),
}
SGD_RULES = (updates.SGD, updates.MOMENTUM, updates.NESTEROV)
RULES: dict[type, int] = {
    SGD: updates.SGD,  # or one of two others, by its momentum
    RMSProp: updates.RMSPROP,
    Adam: updates.ADAM,
    AdamW: updates.ADAMW,
}


def rule_of(optimizer: Optimizer) -> int | None:
    """The kernel's number of an optimizer, None for one that it does not know."""
    kind = exact(optimizer, RULES)
    if isinstance(optimizer, SGD) and kind is not None:
        if optimizer.momentum == 0:
            return updates.SGD
        return updates.NESTEROV if optimizer.nesterov else updates.MOMENTUM
    return None if kind is None else RULES[kind]
