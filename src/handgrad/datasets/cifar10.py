"""CIFAR-10's official binary version.

A record is one label byte and 3,072 pixel bytes: red, green, blue, each 32 x 32 row by
row. Five training batches and one test batch of 10,000 records each. The other
official version, for Python, is a pickle, which could run code; it is not read here.

Source
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

from pathlib import Path

import numpy as np

from handgrad.datasets.dataset import Split, check_targets
from handgrad.errors import DatasetError

FOLDER = "cifar-10-batches-bin"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILES = ("test_batch.bin",)
SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
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


def read_batches(folder: Path, names: tuple[str, ...]) -> Split:
    """The records of these files, one after another.

    Shapes
        images   (count, 3, 32, 32), uint8
        targets  (count,), int64
    """
    splits = [read_batch(folder / name) for name in names]
    return Split(
        np.concatenate([split.images for split in splits]),
        np.concatenate([split.targets for split in splits]),
    )


def read_batch(path: Path) -> Split:
    """The records of one file; DatasetError if it does not hold whole ones."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error.strerror or error}. "
            "Unpack cifar-10-binary.tar.gz again."
        ) from error
    if not content or len(content) % RECORD_BYTES:
        raise DatasetError(
            f"{path} holds {len(content)} bytes, which is not a whole number of records "
            f"of {RECORD_BYTES}. Unpack cifar-10-binary.tar.gz again."
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, RECORD_BYTES)
    targets = records[:, 0].astype(np.int64)
    check_targets(targets, len(CLASS_NAMES), str(path))
    return Split(records[:, 1:].reshape(-1, *SHAPE), targets)
