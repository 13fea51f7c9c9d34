"""The bias of a linear layer or a convolution, which may have none.

Private to this package.
"""

import numpy as np

from handgrad.parameter import Parameter
from handgrad.ranges import check_bool


def zeros_if(owner: str, has_bias: bool, size: int) -> Parameter | None:
    """A bias of `size` zeros, float32, or None; ConfigError unless given a boolean."""
    check_bool(owner, "bias", has_bias)
    return Parameter(np.zeros(size, dtype=np.float32)) if has_bias else None


def weight_and(bias: Parameter | None, weight: Parameter) -> dict[str, Parameter]:
    """The parameters by name, the bias only if there is one."""
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
