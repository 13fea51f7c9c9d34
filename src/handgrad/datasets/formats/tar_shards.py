"""WebDataset: tar files of images and their labels, read in memory.

    000017.jpg      an image
    000017.cls      its class: a number or a name; or .txt, or .json with a label in it

Files whose names are equal without extension, or up to the first dot, belong together.
The split is given by the name of the shard or of its folder. Nothing is extracted;
links and devices are ignored.
"""

import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.formats.name_roles import split_in
from handgrad.datasets.gzip_files import GZIP
from handgrad.datasets.image_decoding import FILE_LIMIT, SUFFIXES
from handgrad.datasets.image_files import ImageFile, ImageFiles
from handgrad.errors import ConfigError, DatasetError, HandgradError, cannot_read
from handgrad.free_memory import check_memory
from handgrad.parsing import parse_json

LABELS = ("cls", "json", "txt")  # in order of precedence
KEYS = ("label", "cls", "class", "class_name", "target", "category")
LABEL_LIMIT = 1 << 20  # bytes of a label file
BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError)


class TarShards(ImageFiles):
    """The images of several tar files; `labels` holds the label files by key."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self.files: list[tuple[ImageFile, Path]] = []
        self.places: dict[str, tuple[Path, int, int]] = {}
        self.contents: dict[str, bytes] = {}  # of compressed shards
        self.labels: dict[str, dict[str, bytes]] = {}
        for path in paths:
            try:
                self._scan(path)
            except BROKEN as error:
                if isinstance(error, HandgradError):
                    raise
                raise DatasetError(
                    f"{path} is a damaged tar file ({error}). Replace the file."
                ) from error

    def _scan(self, path: Path) -> None:
        about = path.stat()
        with path.open("rb") as raw:
            is_packed = raw.read(2) == GZIP
        if is_packed:
            check_memory(2 * about.st_size, str(path))
        else:
            _check_end(path)
        with tarfile.open(path) as archive:
            for member in filter(tarfile.TarInfo.isreg, archive):
                name = f"{path}/{member.name.removeprefix('./')}"
                stem, _, last = name.rpartition(".")
                last = last.lower()
                if f".{last}" in SUFFIXES:
                    if name in self.places:
                        raise DatasetError(
                            f"{path} holds {member.name} twice. Create the file again."
                        )
                    stamp = (about.st_mtime_ns, about.st_ctime_ns, member.offset_data)
                    self.files.append((ImageFile(name, member.size, stamp), path))
                    self.places[name] = (path, member.offset_data, member.size)
                    if is_packed:
                        check_memory(member.size, str(path))
                        self.contents[name] = _content(archive, member, FILE_LIMIT + 1)
                elif last in LABELS:
                    content = _content(archive, member, LABEL_LIMIT)
                    self.labels.setdefault(stem, {})[last] = content

    def sorted_files(self) -> list[ImageFile]:
        """Return every image, shard by shard."""
        return [file for file, _ in self.files]

    def read(self, name: str) -> bytes:
        """Return the content of an image."""
        if name in self.contents:
            return self.contents[name]
        path, offset, size = self.places[name]
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(min(size, FILE_LIMIT + 1))
        except OSError as error:
            raise cannot_read(path, error, "Replace the file.") from error


def read_tar_shards(paths: Sequence[Path], label_from: str | None) -> EncodedImages:
    """Read the images of these shards; an error for one without a label."""
    shards = TarShards(paths)
    rows = []
    for file, path in shards.files:
        beside = _beside(shards.labels, file.name)
        label = _label(beside, label_from)
        if not label:
            member = file.name.removeprefix(f"{path}/").lstrip("/")
            raise _no_label(f"{path}: {member}", beside, label_from)
        split = split_in(path.name) or split_in(path.parent.name)
        rows.append(LabelledFile(file, label, split))
    return EncodedImages(shards, tuple(rows))


def _beside(labels: dict[str, dict[str, bytes]], name: str) -> dict[str, bytes]:
    """Return the label files of an image, by its name without extension."""
    folder, _, base = name.rpartition("/")
    keys = (name.rpartition(".")[0], f"{folder}/{base.partition('.')[0]}")
    return next((labels[key] for key in keys if key in labels), {})


def _check_end(path: Path) -> None:
    """Raise ReadError unless a block of zeros ends the file, as in a complete tar."""
    with tarfile.open(path, "r:") as archive, path.open("rb") as raw:
        archive.getmembers()
        raw.seek(archive.offset)
        if raw.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it is truncated")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read(limit)


def _label(contents: dict[str, bytes], label_from: str | None) -> str:
    """Return the label in the label files of an image, or ""."""
    for ending in LABELS:
        if ending not in contents:
            continue
        text = contents[ending].decode("utf-8-sig", "replace").strip()
        found = _from_json(text, label_from) if ending == "json" else text
        if found and "\n" not in found and not (label_from and ending != "json"):
            return found
    return ""


def _no_label(
    image: str, contents: dict[str, bytes], label_from: str | None
) -> DatasetError | ConfigError:
    """Return the error for an image without the chosen label, listing its keys."""
    value = _parsed(contents.get("json", b""))
    if isinstance(value, dict) and value:
        keys = ", ".join(map(str, value))
        wanted = "" if label_from is None else f" under {label_from}"
        return ConfigError(
            f"{image} has no label{wanted} in its .json, whose keys are {keys}. "
            "Choose the key of its class with --label-from KEY."
        )
    if label_from is not None and contents:
        return ConfigError(
            f"{image} has no .json with the key {label_from} next to it, but "
            f"{', '.join(f'.{ending}' for ending in contents)}. Omit --label-from."
        )
    return DatasetError(
        f"{image} has no label file. Put its class into a file of the same name that "
        "ends in .cls, .txt or .json; if its folder is its class, unpack the tar file "
        "and give the folder."
    )


def _parsed(content: bytes) -> Any:
    try:
        return parse_json(content)
    except ValueError:
        return None


def _from_json(text: str, label_from: str | None) -> str:
    value = _parsed(text.encode())
    if isinstance(value, dict):
        keys = KEYS if label_from is None else (label_from,)
        value = next((value[key] for key in keys if key in value), "")
    return str(value).strip() if isinstance(value, str | int) else ""
