"""The data sets that have a name."""

from handgrad.arrays import Pair
from handgrad.datasets.cifar10 import CIFAR10
from handgrad.datasets.digits import DIGITS
from handgrad.datasets.fashion_mnist import FASHION_MNIST
from handgrad.datasets.mnist import MNIST
from handgrad.datasets.source import Source
from handgrad.names import known_name

SOURCES = {each.name: each for each in (DIGITS, MNIST, FASHION_MNIST, CIFAR10)}
NAMES = tuple(sorted(SOURCES))


def source_of(name: str) -> Source | None:
    """The data set of this name, however it is spelled; None for another name."""
    return SOURCES.get(known_name(name, NAMES) or "")


def usual_size(name: str) -> Pair | None:
    """The (height, width) to which a named data set is resized; None for no change."""
    source = source_of(name)
    return None if source is None else source.usual_size
