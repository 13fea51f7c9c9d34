"""MNIST: 70,000 handwritten digits in four IDX files.

Source
    LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document
    recognition.
"""

from pathlib import Path

from handgrad.datasets.dataset import Split
from handgrad.datasets.idx import read_split
from handgrad.datasets.search_path import existing
from handgrad.datasets.source import File, Source

CLASSES = 10
SIZES = {  # bytes of each file: header and content
    "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}


def idx_files(*sha256: str) -> tuple[File, ...]:
    """The four files, given the SHA-256 of each."""
    pairs = zip(SIZES.items(), sha256, strict=True)
    return tuple(File(name, size, digest) for (name, size), digest in pairs)


def read_idx_files(folder: Path) -> tuple[Split, Split]:
    """Read the training and the test split from the four files of a folder."""
    images, labels, *test = (existing(folder, name) or folder / name for name in SIZES)
    return read_split(images, labels, CLASSES), read_split(test[0], test[1], CLASSES)


MNIST = Source(
    name="mnist",
    description="70,000 handwritten digits, 28 x 28, grey",
    train_shape=(60_000, 1, 28, 28),
    class_names=tuple(str(digit) for digit in range(CLASSES)),
    read=read_idx_files,
    checksum="1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b",
    files=idx_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    folders=("mnist", "MNIST/raw", "MNIST"),
)
