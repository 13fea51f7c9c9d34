"""CIFAR-10 and CIFAR-100 from their official folders and archives, both versions.

CIFAR-100 gives each image two labels, a fine one of 100 classes and a coarse one of
20: `label_from` is "fine" (the default) or "coarse". Their names are read from `meta`,
or `fine_label_names.txt` and `coarse_label_names.txt`, if these exist.

Source
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets import cifar10_binary, cifar10_python
from handgrad.datasets.archive import read_tar
from handgrad.datasets.cifar10 import read_either
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.errors import ConfigError, cannot_read

CLASSES = {"fine": 100, "coarse": 20}
LARGEST = 256 << 20  # bytes of a file in an archive
BINARY = ("train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt")
PYTHON = ("train", "test", "meta")
TEN = (*cifar10_binary.TRAIN_FILES, *cifar10_binary.TEST_FILES)
TEN_PYTHON = (*cifar10_python.TRAIN_FILES, *cifar10_python.TEST_FILES)
ARCHIVES = {
    "cifar-100-python.tar.gz": ("cifar-100-python", PYTHON),
    "cifar-100-binary.tar.gz": ("cifar-100-binary", BINARY),
}
TEN_ARCHIVES = ("cifar-10-binary.tar.gz", cifar10_python.ARCHIVE)


def cifar_place(path: Path) -> Path | None:
    """Find the folder or archive of either data set at a path or in its folder."""
    if path.is_file():
        return path if path.name in (*ARCHIVES, *TEN_ARCHIVES) else None
    names = (
        cifar10_binary.FOLDER,
        cifar10_python.FOLDER,
        *(f for f, _ in ARCHIVES.values()),
    )
    for folder in (path, *(path / name for name in names)):
        has = {
            name
            for name in (*TEN, *TEN_PYTHON, *BINARY, *PYTHON)
            if (folder / name).is_file()
        }
        for wanted in (TEN, TEN_PYTHON, PYTHON[:2], BINARY[:2]):
            if {*wanted[:1], *wanted[-1:]} <= has:
                return folder
    return None


def read_cifar(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read the images of the folder or archive."""
    place = paths[0]
    files = None if _is_ten(place) else _files(place)
    if files is None:
        return _read_ten(place, label_from)
    kind = label_from or "fine"
    if kind not in CLASSES:
        raise ConfigError(
            f"CIFAR-100 has fine and coarse labels, got --label-from {kind}. Choose "
            "one of these."
        )
    is_binary = "train.bin" in files
    read = _records if is_binary else _pickled
    suffix = ".bin" if is_binary else ""
    parts = [
        Part(f"{place}: {split}", split, *read(files[split + suffix], place, kind))
        for split in ("train", "test")
    ]
    return Arrays(tuple(parts), dict(enumerate(_label_names(files, kind, place))))


def _is_ten(place: Path) -> bool:
    return place.name in TEN_ARCHIVES or any(
        (place / name).is_file() for name in (TEN[0], TEN_PYTHON[0])
    )


def _read_ten(place: Path, label_from: str | None) -> Arrays:
    if label_from is not None:
        raise ConfigError(
            f"CIFAR-10 has one label for each image, got --label-from {label_from}. "
            "Omit it."
        )
    parts = [
        Part(f"{place}: {name}", name, split.images, split.targets)
        for name, split in zip(("train", "test"), read_either(place), strict=True)
    ]
    return Arrays(tuple(parts), dict(enumerate(cifar10_binary.CLASS_NAMES)))


def _files(place: Path) -> dict[str, bytes]:
    """Return the content of each file by its name."""
    if place.is_file():
        folder, names = ARCHIVES[place.name]
        members = read_tar(place, [f"{folder}/{name}" for name in names], LARGEST)
        return {name.rpartition("/")[2]: content for name, content in members.items()}
    try:
        paths = [place / name for name in (*BINARY, *PYTHON)]
        return {path.name: path.read_bytes() for path in paths if path.is_file()}
    except OSError as error:
        raise cannot_read(place, error, "Extract its archive again.") from error


def _records(content: bytes, place: Path, kind: str) -> tuple[NumpyArray, NumpyArray]:
    at = ("coarse", "fine").index(kind)
    split = cifar10_binary.parse_batch(content, str(place), (at, 2), CLASSES[kind])
    return split.images, split.targets


def _pickled(content: bytes, place: Path, kind: str) -> tuple[NumpyArray, NumpyArray]:
    split = cifar10_python.parse_batch(
        content, str(place), f"{kind}_labels", CLASSES[kind]
    )
    return split.images, split.targets


def _label_names(files: dict[str, bytes], kind: str, place: Path) -> list[str]:
    if "meta" in files:
        fields: Any = cifar10_python.plain_values(files["meta"], f"{place}: meta")
        key = f"{kind}_label_names"
        names = (
            fields.get(key, fields.get(key.encode()))
            if isinstance(fields, dict)
            else []
        )
        return [_text(name) for name in names or []]
    text = files.get(f"{kind}_label_names.txt", b"").decode("utf-8-sig", "replace")
    return text.split()


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
