"""The data sets that can be downloaded: files, mirrors and SHA-256 of the content."""

from dataclasses import dataclass

from handgrad.datasets import cifar10, cifar10_python


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


@dataclass(frozen=True)
class Source:
    """Download URLs of a data set, and the folders in which libraries store it.

    `mirrors` are URLs to which the file's packed name is appended; with `archive`, the
    files are inside that archive, in the first of `folders`; its SHA-256 is that of the
    archive itself. `other` is the same data in another format, read if it is found and
    never downloaded. `checksum` is `Dataset.checksum` of the original content.
    """

    name: str
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]
    class_names: tuple[str, ...]
    checksum: str | None
    archive: File | None = None
    other: "Source | None" = None


MNIST = Source(
    "mnist",
    (
        File(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        File(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        File(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        File(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    ("mnist", "MNIST/raw", "MNIST"),
    tuple(str(digit) for digit in range(10)),
    "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b",
)

FASHION_MNIST = Source(
    "fashion_mnist",
    (
        File(
            "train-images-idx3-ubyte",
            47_040_016,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        File(
            "train-labels-idx1-ubyte",
            60_008,
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        File(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        File(
            "t10k-labels-idx1-ubyte",
            10_008,
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    ("fashion_mnist", "fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
    (
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    "ece172613115fb18b120bec8f6c02271af90b8b8f0a5af5c51cbd5ceed68e619",
)

CIFAR10_PYTHON = Source(
    "cifar10",
    tuple(
        File(name, 0, "")
        for name in (*cifar10_python.TRAIN_FILES, *cifar10_python.TEST_FILES)
    ),
    (),
    (
        cifar10_python.FOLDER,
        f"cifar10/{cifar10_python.FOLDER}",
        f"cifar-10-batches-py-target/{cifar10_python.FOLDER}",  # Keras 3
        "cifar10",
        "cifar-10",
    ),
    cifar10.CLASS_NAMES,
    None,
    archive=File(cifar10_python.ARCHIVE, 0, ""),
)

CIFAR10 = Source(
    "cifar10",
    tuple(
        File(name, 10_000 * cifar10.RECORD_BYTES, "")
        for name in (*cifar10.TRAIN_FILES, *cifar10.TEST_FILES)
    ),
    (
        "https://www.cs.toronto.edu/~kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
    (cifar10.FOLDER, f"cifar10/{cifar10.FOLDER}", "cifar10", "cifar-10"),
    cifar10.CLASS_NAMES,
    None,
    archive=File(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    other=CIFAR10_PYTHON,
)

SOURCES = {source.name: source for source in (MNIST, FASHION_MNIST, CIFAR10)}
