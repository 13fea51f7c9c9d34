"""Results of the format readers: arrays of images, or labelled image files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.image_files import ImageFile, ImageFiles


@dataclass(frozen=True)
class Part:
    """Images with their labels, from one file or array.

    `split` is "train", "validation", "test" or, if unknown, "".

    Shapes
        images  (count, channels, height, width), uint8
        labels  (count,), int64 or text
    """

    source: str
    split: str
    images: NumpyArray
    labels: NumpyArray


@dataclass(frozen=True)
class Arrays:
    """Decoded images, and class names of labels that are not names themselves.

    `notes` list what is not used.
    """

    parts: tuple[Part, ...]
    names: Mapping[Any, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelledFile:
    """An image file, its class and its split ("" if unknown)."""

    file: ImageFile
    class_name: str
    split: str = ""


@dataclass(frozen=True)
class EncodedImages:
    """Encoded images with their classes. `notes` list what is not used."""

    files: ImageFiles
    rows: tuple[LabelledFile, ...]
    notes: tuple[str, ...] = ()
