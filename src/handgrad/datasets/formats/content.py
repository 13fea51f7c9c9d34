"""What a format gives: arrays of images, or picture files with their classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.picture_files import PictureFile, PictureFiles


@dataclass(frozen=True)
class Part:
    """Images with their labels, from one file or array.

    `split` is "train", "validation", "test" or, where no name says it, "".

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
    """Images that are decoded already, and the names of labels that have other ones.

    `notes` name what is not used.
    """

    parts: tuple[Part, ...]
    names: Mapping[Any, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelledFile:
    """A picture file, its class and its split ("" where nothing says it)."""

    file: PictureFile
    class_name: str
    split: str = ""


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures with their classes. `notes` name what is not used."""

    files: PictureFiles
    rows: tuple[LabelledFile, ...]
    notes: tuple[str, ...] = ()
