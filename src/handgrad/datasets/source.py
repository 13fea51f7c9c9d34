"""The declaration of a data set that has a name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from handgrad.arrays import Pair, Shape
from handgrad.datasets.dataset import Split


@dataclass(frozen=True)
class File:
    """One file: its name, and size and SHA-256 when unpacked ("" if unknown)."""

    name: str
    size: int
    sha256: str

    @property
    def packed(self) -> str:
        """Its name when compressed with gzip."""
        return f"{self.name}.gz"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set: its description, its files, and how they are read.

    `read` returns the training and the test split, given the folder or the archive.
    `checksum` is `Dataset.checksum` of the original content. `mirrors` are URLs to
    which the file's packed name is appended; with `archive`, the files are inside that
    archive, in the first of `folders`, and its SHA-256 is that of the archive itself.
    `folders` are also those in which libraries store the data set. `other` is the same
    data in another format, read if it is found and never downloaded. A data set without
    files is part of another library and is never downloaded. Training and inspections
    resize the images to `usual_size` unless another size is given.

    Units
        train_shape  images, channels, height, width
        usual_size   (height, width) in pixels
    """

    name: str
    description: str
    train_shape: tuple[int, int, int, int]
    class_names: tuple[str, ...]
    read: Callable[[Path], tuple[Split, Split]]
    checksum: str | None = None
    files: tuple[File, ...] = ()
    mirrors: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    archive: File | None = None
    other: "Source | None" = None
    usual_size: Pair | None = None

    @property
    def usual_shape(self) -> Shape:
        """(channels, height, width) of the images that a network is trained on."""
        channels, *size = self.train_shape[1:]
        return (channels, *(self.usual_size or size))
