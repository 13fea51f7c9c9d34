"""The data sets that have a name."""

from typing import Any

from handgrad.arrays import Pair
from handgrad.datasets.cifar10 import CIFAR10
from handgrad.datasets.digits import DIGITS
from handgrad.datasets.fashion_mnist import FASHION_MNIST
from handgrad.datasets.local_copies import is_here
from handgrad.datasets.mnist import MNIST
from handgrad.datasets.source import Source
from handgrad.errors import DatasetError
from handgrad.names import known_name

SOURCES = {each.name: each for each in (DIGITS, MNIST, FASHION_MNIST, CIFAR10)}
NAMES = tuple(sorted(SOURCES))


def source_of(name: str) -> Source | None:
    """The data set of this name, however it is spelled; None for another name."""
    return SOURCES.get(known_name(name, NAMES) or "")


def check_is_here(name: str) -> None:
    """DatasetError for a data set with this name that is not on this machine."""
    source = source_of(name)
    if source is not None and not is_here(source):
        raise DatasetError(
            f"{name} is not on this machine. To download it: handgrad data fetch {name}"
        )


def usual_size(name: str) -> Pair | None:
    """The (height, width) to which a named data set is resized; None for no change."""
    source = source_of(name)
    return None if source is None else source.usual_size


def overview() -> list[dict[str, Any]]:
    """Each data set of the catalogue: name, description, images, shapes.

    `shape` is that of the stored images, `usual` that which networks get; `is_here`
    says whether it is on this machine.
    """
    return [
        {
            "id": name,
            "name": name,
            "description": source.description,
            "images": source.train_shape[0],
            "shape": source.train_shape[1:],
            "usual": source.usual_shape,
            "is_here": is_here(source),
        }
        for name, source in SOURCES.items()
    ]
