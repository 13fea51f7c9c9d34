"""Reading tar archives in memory, without extracting files to disk."""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from handgrad.errors import DatasetError, HandgradError

NEXT_STEP = "Download the file again."


class Limited:
    """A stream that raises DatasetError after more than `limit` bytes."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, limit: int, name: str) -> None:
        self.stream, self.left, self.name = stream, limit, name

    def read(self, count: int) -> bytes:
        """Return the next bytes, at most `count`."""
        content = self.stream.read(count)
        self.left -= len(content)
        if self.left < 0:
            raise DatasetError(f"{self.name} unpacks to more bytes than expected")
        return content


def read_tar(path: Path, names: Sequence[str], largest: int) -> dict[str, bytes]:
    """Return the content of these members of a tar.gz, each of at most `largest` bytes.

    A member must be a regular file with exactly this name and occur only once; links
    and devices are refused.
    """
    found: dict[str, bytes] = {}
    limit = (len(names) + 2) * (largest + 4096)
    try:
        with gzip.open(path) as unpacked:
            stream = Limited(unpacked, limit, str(path))
            with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]  # has read()
                for member in archive:
                    name = member.name.removeprefix("./")
                    if name in names:
                        found[name] = _content(archive, member, path, name in found)
            while stream.read(1 << 20):  # to the end, so that gzip checks its checksum
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} is a damaged tar.gz ({error}). {NEXT_STEP}"
        ) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise DatasetError(f"{path} holds no {missing[0]}. {NEXT_STEP}")
    return found


def _content(
    archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, is_second: bool
) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    if file is None or is_second:
        kind = "twice" if is_second else "not as a regular file"
        raise DatasetError(f"{path} holds {member.name} {kind}. {NEXT_STEP}")
    return file.read()
