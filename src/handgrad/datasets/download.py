"""Downloading data sets: mirrors in turn, nothing kept that is not checked.

A file is fetched under a temporary name, its content is held against its SHA-256, and
only then it is renamed to its place; what was there before stays until then. A mirror
that is down, answers with something else or stops half way is left for the next one.
"""

import gzip
import zlib
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeAlias
from urllib.parse import urlsplit

from handgrad.datasets import whole_files
from handgrad.datasets.archive import Limited, read_tar
from handgrad.datasets.sources import File, Source
from handgrad.errors import DatasetError

Progress: TypeAlias = Callable[[str, int, int], None]

TIMEOUT_SECONDS = 30
CHUNK = 1 << 18
GZIP = b"\x1f\x8b"


class Receiver:
    """What arrives from a mirror: written, counted, shown, and limited.

    It is pooch's file and pooch's progress bar at once; `total` is 0 where the mirror
    does not say how much will come.
    """

    def __init__(
        self, file: BinaryIO, limit: int, what: str, progress: Progress | None
    ) -> None:
        self.file, self.limit, self.what, self.progress = file, limit, what, progress
        self.total = self.done = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.done += len(chunk)
        if self.done > self.limit:
            raise DatasetError("it sends more than the file has")
        self.file.write(chunk)
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)

    def flush(self) -> None:
        """Nothing to do before the end."""

    def update(self, count: int) -> None:
        """`write` has counted already."""

    def reset(self) -> None:
        """`write` has counted already."""

    def close(self) -> None:
        """The file is closed by the one who opened it."""


def fetch_files(source: Source, folder: Path, progress: Progress | None = None) -> Path:
    """Put all files of a data set into a folder; returns where they are.

    Files that are there with the right content are not fetched again.
    """
    if source.archive is not None:
        return _fetch_archive(source, source.archive, folder, progress)
    for file in source.files:
        if not any(is_right(folder / name, file) for name in (file.packed, file.name)):
            _fetch(source, file, folder, progress)
    return folder


def is_right(path: Path, file: File) -> bool:
    """Whether a file is there and its unpacked content has the right SHA-256."""
    try:
        return path.is_file() and content_sha256(path, file.size) == file.sha256
    except (DatasetError, OSError, EOFError, zlib.error):
        return False


def content_sha256(path: Path, limit: int) -> str:
    """SHA-256 of a file's content, unpacked if it is gzip; an error over `limit`."""
    digest = sha256()
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == GZIP
        raw.seek(0)
        stream = Limited(
            gzip.GzipFile(fileobj=raw) if is_gzip else raw, limit, path.name
        )
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _fetch(source: Source, file: File, folder: Path, progress: Progress | None) -> None:
    """One file, kept as gzip, or as it is if the mirror sent it unpacked."""
    with whole_files.temporary_beside(folder / file.packed) as temporary:

        def check() -> None:
            if not _matches(temporary, file):
                raise DatasetError("what it sends is not the file (SHA-256 differs)")

        _from_mirrors(source, file.packed, file.size, temporary, check, progress)
        with temporary.open("rb") as opened:
            name = file.packed if opened.read(2) == GZIP else file.name
        _put(temporary, folder / name)


def _matches(path: Path, file: File) -> bool:
    try:
        return content_sha256(path, file.size) == file.sha256
    except (EOFError, OSError, zlib.error) as error:
        raise DatasetError(f"what it sends is a damaged gzip ({error})") from error


def _fetch_archive(
    source: Source, archive: File, folder: Path, progress: Progress | None
) -> Path:
    """The files out of one archive, whose own SHA-256 is known."""
    target = folder / source.folders[0]
    with whole_files.temporary_beside(folder / archive.name) as temporary:

        def check() -> None:
            from pooch import file_hash

            if file_hash(str(temporary), alg="sha256") != archive.sha256:
                raise DatasetError("what it sends is not the file (SHA-256 differs)")

        _from_mirrors(source, archive.name, archive.size, temporary, check, progress)
        names = [f"{source.folders[0]}/{file.name}" for file in source.files]
        largest = max(file.size for file in source.files)
        for name, content in read_tar(temporary, names, largest).items():
            _write(folder / name, content)
    return target


def _from_mirrors(
    source: Source,
    name: str,
    size: int,
    temporary: Path,
    check: Callable[[], None],
    progress: Progress | None,
) -> None:
    """Ask one mirror after the other until what came passes the check."""
    reasons = []
    for mirror in source.mirrors:
        try:
            _receive(mirror + name, temporary, size, progress)
            check()
        except DatasetError as error:
            reasons.append(f"{urlsplit(mirror).netloc}: {str(error).rstrip('.')}")
        else:
            return
    raise DatasetError(_sentence(source, name, temporary.parent, reasons))


def _receive(
    address: str, temporary: Path, size: int, progress: Progress | None
) -> None:
    """Fetch one address into a file; DatasetError with the mirror's fault."""
    from pooch import HTTPDownloader
    from requests import RequestException

    limit = size + (size >> 4) + (1 << 16)  # gzip may add a little to what it packs
    try:
        with temporary.open("wb") as file:
            what = f"fetching {address.rpartition('/')[2]}"
            receiver = Receiver(file, limit, what, progress)
            download = HTTPDownloader(
                progressbar=receiver, chunk_size=CHUNK, timeout=TIMEOUT_SECONDS
            )
            download(address, receiver, None)
    except RequestException as error:  # an OSError, too: asked first
        raise DatasetError(_reason(error)) from error
    except OSError as error:
        raise whole_files.cannot_write(temporary.parent, error) from error


def _reason(error: Exception) -> str:
    from requests import ConnectionError as NoConnection
    from requests import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"it answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    if isinstance(error, NoConnection):
        return "it cannot be reached"
    return f"it breaks off ({type(error).__name__})"


def _sentence(source: Source, name: str, folder: Path, reasons: Sequence[str]) -> str:
    return (
        f"{name} of {source.name} could not be downloaded ({'; '.join(reasons)}). "
        f"Check the network and try again, or put the file into {folder} yourself."
    )


def _write(path: Path, content: bytes) -> None:
    with whole_files.temporary_beside(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise whole_files.cannot_write(path, error) from error
        _put(temporary, path)


def _put(temporary: Path, path: Path) -> None:
    try:
        whole_files.put_file(temporary, path)
    except OSError as error:
        raise whole_files.cannot_write(path, error) from error
