"""Pictures whose light and dark are swapped: ink on paper, for a network of chalk."""

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split

SURE = 0.15  # how far from middle grey, at least, both must lie, on opposite sides
MANY = 1000  # images that tell how bright all are


def brightness_of(split: Split) -> float:
    """The mean of the pixels of images spread over the split, from 0 to 1."""
    every = max(1, len(split) // MANY)
    return float(split.images[::every].mean()) / 255


def seems_inverted(image: NumpyArray, usual: float | None) -> bool:
    """Whether an image is light where those of the training were dark, or reversed.

    Shapes
        image  (channels, height, width), uint8

    Units
        usual  `brightness_of` the training images; None if that is not known
    """
    if usual is None:
        return False
    ours, theirs = usual - 0.5, float(image.mean()) / 255 - 0.5
    return bool(ours * theirs < 0 and min(abs(ours), abs(theirs)) > SURE)
