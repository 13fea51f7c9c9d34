"""Disk cache of decoded images, memory-mapped when they are used again.

There is a folder under HANDGRAD_CACHE (or the user's cache) for each set of files and
settings:

    images.bin      the pixels, (count, channels, height, width), uint8
    index.json      shape, targets, class names, SHA-256 of all content
    manifest.json   the key of the cache, size and SHA-256 of the two files above

The key is the SHA-256 of the images' path, names, sizes and stamps (`ImageFile`),
of the settings, and of Pillow's version. A cache that does not match its manifest is
rebuilt.
"""

import json
import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets import atomic_files
from handgrad.datasets.dataset import Dataset, Split, checksum_of
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.image_fit import BEFORE, USUAL, Fit
from handgrad.datasets.layout import Plan
from handgrad.datasets.search_path import cache_folder
from handgrad.errors import warn
from handgrad.free_memory import check_disk, check_memory
from handgrad.parsing import parse_json

FORMAT = 6
DIGITS = 16  # kept of a file's SHA-256
IMAGES, INDEX, MANIFEST = "images.bin", "index.json", "manifest.json"
WHOLE_LIMIT = 2 << 30  # bytes; only blocks of larger files are hashed
BLOCK = 1 << 20
BLOCKS = 256


class ImageCache:
    """The cache of one set of decoded images."""

    def __init__(
        self,
        source: Path,
        files: Sequence[ImageFile],
        image_size: Pair | None,
        bit_depth: int | None = None,
        *,
        fit: Fit = USUAL,
        is_read: bool = True,
    ) -> None:
        self.image_size, self.fit, self.is_read = image_size, fit, is_read
        settings = [str(source), image_size, bit_depth]
        if fit != BEFORE:  # earlier caches are still used
            settings.append(fit)
        rows = [(file.name, file.size, file.stamp) for file in files]
        self.key = _sum_of([FORMAT, PIL.__version__, *settings, rows])
        self.place = _sum_of(settings)[:16]
        self.folder = cache_folder() / "images" / f"{self.place}-{self.key[:32]}"

    def open(self, name: str) -> Dataset | None:
        """Return the data set, or None unless its cache is complete and unchanged."""
        if not self.is_read:
            return None
        try:
            manifest = parse_json((self.folder / MANIFEST).read_bytes())
            if manifest["key"] != self.key or manifest["files"] != self._files():
                return None
            return self._map(name)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def build(
        self,
        name: str,
        plan: Plan,
        shape: Shape,
        fill: Callable[[NumpyArray], list[str]],
    ) -> Dataset:
        """Let `fill` write all pixels, cache them, and return the data set.

        `fill` returns the SHA-256 of each file.

        Caches of the same path and settings are removed if they are a day old or more.
        If nothing can be written, the pixels stay in memory, with a HandgradWarning.
        """
        index = {
            "shape": [len(plan.targets), *shape],
            "counts": list(plan.counts),
            "class_names": list(plan.class_names),
            "targets": plan.targets.tolist(),
            "sources": dict(plan.sources),
            "left": list(plan.left),
            "bit_depth": plan.bit_depth,
            "files": {file.name: file.size for file in plan.files},
            "skipped": dict(plan.skipped),
        }
        try:
            return self._keep(name, index, fill)
        except atomic_files.UnwritableError as error:
            warn(f"{error} Until then the images are decoded into memory every time.")
        return _in_memory(name, index, fill)

    def _keep(
        self, name: str, index: dict[str, Any], fill: Callable[[NumpyArray], list[str]]
    ) -> Dataset:
        with atomic_files.temporary_beside(self.folder) as temporary:
            try:
                self._write(temporary, index, fill)
                atomic_files.put_folder(temporary, self.folder)
                atomic_files.sweep(self.folder.parent, f"{self.place}-")
            except OSError as error:
                found = self.open(name)  # another process may have been faster
                if found is not None:
                    return found
                raise atomic_files.cannot_write(self.folder, error) from error
        return self._map(name)

    def _write(
        self,
        folder: Path,
        index: dict[str, Any],
        fill: Callable[[NumpyArray], list[str]],
    ) -> None:
        folder.mkdir()
        shape = tuple(index["shape"])
        _reserve(folder / IMAGES, prod(shape))
        pixels: Any = np.memmap(folder / IMAGES, dtype=np.uint8, mode="r+", shape=shape)
        index["sums"] = [digest[:DIGITS] for digest in fill(pixels)]
        pixels.flush()
        targets = np.array(index["targets"], dtype=np.int64)
        index["checksum"] = checksum_of(*_splits(pixels, targets, index["counts"]))
        del pixels  # some systems cannot rename a mapped file
        (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
        manifest = {"key": self.key, "files": self._files(folder)}
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    def _files(self, folder: Path | None = None) -> dict[str, list[Any]]:
        paths = [(folder or self.folder) / name for name in (IMAGES, INDEX)]
        return {path.name: [path.stat().st_size, fingerprint(path)] for path in paths}

    def _map(self, name: str) -> Dataset:
        index = parse_json((self.folder / INDEX).read_bytes())
        pixels: NumpyArray = np.memmap(
            self.folder / IMAGES, dtype=np.uint8, mode="r", shape=tuple(index["shape"])
        )
        return _dataset(name, pixels, index)


def _in_memory(
    name: str, index: dict[str, Any], fill: Callable[[NumpyArray], list[str]]
) -> Dataset:
    """Decode the pixels into memory; ResourceError if they do not fit."""
    check_memory(prod(index["shape"]), "Decoding the images into memory")
    pixels = np.empty(index["shape"], np.uint8)
    index["sums"] = [digest[:DIGITS] for digest in fill(pixels)]
    pixels.flags.writeable = False  # like those of a memory map
    return _dataset(name, pixels, index)


def _dataset(name: str, pixels: NumpyArray, index: dict[str, Any]) -> Dataset:
    """Return the data set; its checksum is computed if the index has none."""
    targets = np.array(index["targets"], dtype=np.int64)
    train, test, validation = _splits(pixels, targets, index["counts"])
    return Dataset(
        name,
        train,
        test,
        tuple(index["class_names"]),
        index.get("checksum") or checksum_of(train, test, validation),
        validation,
        index["sources"],
        tuple(index["left"]),
        bit_depth=index["bit_depth"],
        files={
            name: f"{size}:{digest}"
            for (name, size), digest in zip(
                index["files"].items(), index["sums"], strict=True
            )
        },
        skipped=index["skipped"],
    )


def _sum_of(values: list[Any]) -> str:
    return sha256(json.dumps(values).encode()).hexdigest()


def _reserve(path: Path, size: int) -> None:
    """Create a file of this size and allocate its disk space.

    Writing to a memory map on a full disk would end the process.
    """
    check_disk(size, path.parent, "The cache of decoded images")
    with path.open("wb") as file:
        file.truncate(size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, or of 256 evenly spaced blocks if it is over 2 GiB."""
    size = path.stat().st_size
    digest = sha256()
    with path.open("rb") as file:
        if size <= WHOLE_LIMIT:
            while block := file.read(BLOCK):
                digest.update(block)
        else:
            for place in np.linspace(0, size - BLOCK, BLOCKS).astype(np.int64):
                file.seek(int(place))
                digest.update(file.read(BLOCK))
    return digest.hexdigest()


def _splits(
    pixels: NumpyArray, targets: NumpyArray, counts: Sequence[int]
) -> tuple[Split, Split | None, Split | None]:
    """Return training, test and validation split; None for an empty one."""
    train, test, _ = counts
    places = (slice(train), slice(train, train + test), slice(train + test, None))
    first, second, third = (Split(pixels[place], targets[place]) for place in places)
    return first, second if len(second) else None, third if len(third) else None
