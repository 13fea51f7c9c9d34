"""Reading archives in memory: nothing is ever extracted by an archive's own names."""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from handgrad.errors import DatasetError, HandgradError

MENDING = "Get the file again."


class Limited:
    """A stream that ends with an error after so many bytes."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, limit: int, name: str) -> None:
        self.stream, self.left, self.name = stream, limit, name

    def read(self, count: int) -> bytes:
        """The next bytes, at most `count`."""
        content = self.stream.read(count)
        self.left -= len(content)
        if self.left < 0:
            raise DatasetError(f"{self.name} unpacks to more than it should")
        return content


def read_tar(path: Path, names: Sequence[str], largest: int) -> dict[str, bytes]:
    """The content of these members of a tar.gz, none larger than `largest` bytes.

    A member counts if it is a plain file with exactly that name, and only once; links
    and devices do not.
    """
    found: dict[str, bytes] = {}
    limit = (len(names) + 2) * (largest + 4096)
    try:
        with gzip.open(path) as unpacked:
            stream = Limited(unpacked, limit, str(path))
            with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]  # it can read
                for member in archive:
                    name = member.name.removeprefix("./")
                    if name in names:
                        found[name] = _content(archive, member, path, name in found)
            while stream.read(1 << 20):  # to the end, where gzip has its checksum
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} is a damaged tar.gz ({error}). {MENDING}"
        ) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise DatasetError(f"{path} holds no {missing[0]}. {MENDING}")
    return found


def _content(
    archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, is_second: bool
) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    if file is None or is_second:
        kind = "twice" if is_second else "not as a plain file"
        raise DatasetError(f"{path} holds {member.name} {kind}. {MENDING}")
    return file.read()
