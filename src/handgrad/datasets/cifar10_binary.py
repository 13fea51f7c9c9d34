"""CIFAR-10's official binary version.

A record is one label byte and 3,072 pixel bytes: red, green, blue, each 32 x 32 row by
row. There are five training batches and one test batch of 10,000 records each; other
numbers of records are accepted. For the other official version, see `cifar10_python`.

Source
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np

from handgrad.datasets.archive import read_tar
from handgrad.datasets.dataset import Split, check_targets
from handgrad.errors import DatasetError, cannot_read
from handgrad.free_memory import check_memory

FOLDER = "cifar-10-batches-bin"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILES = ("test_batch.bin",)
SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
LARGEST_BYTES = 10_000 * RECORD_BYTES  # of a file in the archive
CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


NEXT_STEP = "Extract its archive again."


def read_batches(
    place: Path,
    names: tuple[str, ...],
    *,
    folder: str = FOLDER,
    largest: int = LARGEST_BYTES,
    parse: Callable[[bytes, str], Split] | None = None,
) -> Split:
    """Read the records of these files of a folder or a tar.gz.

    Shapes
        images   (count, 3, 32, 32), uint8
        targets  (count,), int64
    """
    if place.is_dir():
        check_memory(2 * sum(_size(place / name) for name in names), str(place))
        contents = [(str(place / name), _read(place / name)) for name in names]
    else:
        members = [f"{folder}/{name}" for name in names]
        found = read_tar(place, members, largest)
        contents = [(f"{place}: {name}", found[name]) for name in members]
    parse = parse or parse_batch
    splits = [parse(content, name) for name, content in contents]
    return Split(
        np.concatenate([split.images for split in splits]),
        np.concatenate([split.targets for split in splits]),
    )


def parse_batch(
    content: bytes, name: str, label: tuple[int, int] = (0, 1), classes: int = 10
) -> Split:
    """Parse the records of one file; DatasetError if the last one is incomplete.

    `label` is the place of the label, and how many labels stand before the pixels.
    """
    at, labels = label
    size = labels + prod(SHAPE)
    if not content or len(content) % size:
        raise DatasetError(
            f"{name} holds {len(content)} bytes, not a multiple of the record size of "
            f"{size}. {NEXT_STEP}"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, size)
    targets = records[:, at].astype(np.int64)
    check_targets(targets, classes, name)
    pixels = np.ascontiguousarray(records[:, labels:])
    return Split(pixels.reshape(-1, *SHAPE), targets)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error, NEXT_STEP) from error
