"""Results of the format readers: arrays of images, or labelled picture files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.picture_files import PictureFile, PictureFiles


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
    """A picture file, its class and its split ("" if unknown)."""

    file: PictureFile
    class_name: str
    split: str = ""


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures with their classes. `notes` list what is not used."""

    files: PictureFiles
    rows: tuple[LabelledFile, ...]
    notes: tuple[str, ...] = ()
