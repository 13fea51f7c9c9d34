"""Detection of inverted images, such as dark on light for a light-on-dark network."""

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split

SURE = 0.15  # least distance of both from mid-grey, on opposite sides
MANY = 1000  # images sampled to estimate the brightness


def brightness_of(split: Split) -> float:
    """Mean pixel of a sample of images spread over the split, from 0 to 1."""
    every = max(1, len(split) // MANY)
    return float(split.images[::every].mean()) / 255


def seems_inverted(image: NumpyArray, usual: float | None) -> bool:
    """Whether an image is light and the training images are dark, or the reverse.

    Shapes
        image  (channels, height, width), uint8

    Units
        usual  `brightness_of` the training images; None if unknown
    """
    if usual is None:
        return False
    ours, theirs = usual - 0.5, float(image.mean()) / 255 - 0.5
    return bool(ours * theirs < 0 and min(abs(ours), abs(theirs)) > SURE)
