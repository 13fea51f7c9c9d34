"""The parts and settings of both engines, validated on every assignment."""

from typing import Any, TypeVar

from handgrad.datasets.normalization import Normalization
from handgrad.engine.network_check import read_dtype, read_shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.ranges import check_seed, shown
from handgrad.setting import Setting, positive

Kind = TypeVar("Kind")
MOST_WORKERS = 1024  # more than any machine has cores


def part(kind: Any, example: str) -> Setting[Any]:
    """An object of a class, or of one derived from it."""

    def check(owner: str, name: str, value: Any) -> Any:
        if isinstance(value, kind):
            return value
        got = f"the class {value.__name__}" if isinstance(value, type) else shown(value)
        raise ConfigError(
            f"{owner} takes as {name} an object of {kind.__name__} or of a class "
            f"derived from it, got {got}. Give, for example, {example}."
        )

    return Setting(check)


def mean_loss_setting() -> Setting[Loss[Any]]:
    """A loss that is a mean: records of training and evaluation are means, too."""
    kind = part(Loss, "SoftmaxCrossEntropy()")

    def check(owner: str, name: str, value: Any) -> Any:
        if getattr(kind.check(owner, name, value), "reduction", "mean") != "mean":
            raise ConfigError(
                f"{owner} takes a loss that is a mean over the batch, got {value!r}. "
                'Use reduction="mean", and multiply the learning rate by the batch '
                "size."
            )
        return value

    return Setting(check)


def optional(setting: Setting[Kind]) -> Setting[Kind | None]:
    """None, or a value of another setting."""

    def check(owner: str, name: str, value: Any) -> Kind | None:
        return None if value is None else setting.check(owner, name, value)

    return Setting(check)


def _check_seed(owner: str, name: str, value: Any) -> int:
    check_seed(owner, name, value)
    return int(value)


class Parts:
    """What a step of any engine depends on, besides the model's arrays."""

    TITLE = "An engine"

    model: Setting[Sequential] = part(
        Sequential, "Sequential([Flatten(), Linear(784, 10)])"
    )
    loss = mean_loss_setting()
    optimizer: Setting[Optimizer] = part(Optimizer, "SGD(0.1)")
    normalization: Setting[Normalization] = part(
        Normalization, "Normalization((0.5,), (0.5,))"
    )
    l2: Setting[L2 | None] = optional(part(L2, "L2(1e-4), or None"))
    clip_norm = optional(positive())
    seed = Setting(_check_seed)
    input_shape = Setting(lambda owner, name, value: read_shape(value))
    input_dtype = Setting(lambda owner, name, value: read_dtype(value))
