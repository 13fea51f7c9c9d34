"""What every loss is: a mean over the batch, and its gradient."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from handgrad.arrays import Array

Cache = TypeVar("Cache")


class Loss(ABC, Generic[Cache]):
    """How far a network's logits are from the targets, averaged over the batch."""

    @abstractmethod
    def forward(self, logits: Array, targets: Array) -> tuple[float, Cache]:
        """Return the mean loss (averaged in float64) and the cache for `backward`.

        Shapes
            logits   (batch, classes)
            targets  (batch,), true class numbers
        """

    @abstractmethod
    def backward(self, cache: Cache, /) -> Array:
        """Return `d_logits`, shape (batch, classes), of the mean loss."""
