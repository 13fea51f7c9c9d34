"""CIFAR-10: 60,000 colour photographs, in the official binary or Python version.

Source
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

from dataclasses import replace
from pathlib import Path

from handgrad.datasets import cifar10_binary, cifar10_python
from handgrad.datasets.dataset import Split
from handgrad.datasets.source import File, Source


def read_either(place: Path) -> tuple[Split, Split]:
    """Read the training and the test split of either version."""
    form = cifar10_python if cifar10_python.is_at(place) else cifar10_binary
    train, test = (
        form.read_batches(place, names) for names in (form.TRAIN_FILES, form.TEST_FILES)
    )
    return train, test


CIFAR10_PYTHON = Source(
    name="cifar10",
    description="60,000 photographs of 10 classes, 32 x 32, colour",
    train_shape=(50_000, *cifar10_binary.SHAPE),
    class_names=cifar10_binary.CLASS_NAMES,
    read=read_either,
    files=tuple(
        File(name, 0, "")
        for name in (*cifar10_python.TRAIN_FILES, *cifar10_python.TEST_FILES)
    ),
    folders=(
        cifar10_python.FOLDER,
        f"cifar10/{cifar10_python.FOLDER}",
        f"cifar-10-batches-py-target/{cifar10_python.FOLDER}",  # Keras 3
        "cifar10",
        "cifar-10",
    ),
    archive=File(cifar10_python.ARCHIVE, 0, ""),
)
CIFAR10 = replace(
    CIFAR10_PYTHON,
    files=tuple(
        File(name, 10_000 * cifar10_binary.RECORD_BYTES, "")
        for name in (*cifar10_binary.TRAIN_FILES, *cifar10_binary.TEST_FILES)
    ),
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
    folders=(
        cifar10_binary.FOLDER,
        f"cifar10/{cifar10_binary.FOLDER}",
        "cifar10",
        "cifar-10",
    ),
    archive=File(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    other=CIFAR10_PYTHON,
)
