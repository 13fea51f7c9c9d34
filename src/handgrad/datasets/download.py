"""Downloads of data sets from mirrors, verified by SHA-256.

A file is downloaded under a temporary name, its SHA-256 is verified, and only then is
it moved into place; an older file stays until then. If a mirror is down, sends
something else or stops midway, the next one is tried.
"""

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from handgrad.datasets import atomic_files
from handgrad.datasets.archive import Limited, read_tar
from handgrad.datasets.dataset import Progress
from handgrad.datasets.gzip_files import GZIP, opened
from handgrad.datasets.source import File, Source
from handgrad.errors import DatasetError

TIMEOUT_SECONDS = 30
CHUNK = 1 << 18


class Receiver:
    """The target of a download: a file with a size limit and a progress report.

    It is pooch's file and pooch's progress bar at once; `total` is 0 if the mirror does
    not state the size.
    """

    def __init__(
        self, file: BinaryIO, limit: int, what: str, progress: Progress | None
    ) -> None:
        self.file, self.limit, self.what, self.progress = file, limit, what, progress
        self.total = self.done = 0

    def write(self, chunk: bytes) -> None:
        """Write the next bytes; DatasetError beyond the limit."""
        self.done += len(chunk)
        if self.done > self.limit:
            raise DatasetError("it sends more bytes than the file has")
        self.file.write(chunk)
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)

    def flush(self) -> None:
        """Do nothing: the file is flushed when it is closed."""

    def update(self, count: int) -> None:
        """Do nothing: `write` counts the bytes."""

    def reset(self) -> None:
        """Do nothing: `write` counts the bytes."""

    def close(self) -> None:
        """Do nothing: the caller closes the file."""


def fetch_files(source: Source, folder: Path, progress: Progress | None = None) -> Path:
    """Download all files of a data set; return the folder that holds them.

    Files that exist with the right content are not downloaded again. A download that
    fails leaves no new folder.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        return _fetched(source, folder, progress)
    except BaseException:
        with suppress(OSError):  # from the first that holds something
            for path in new:
                path.rmdir()
        raise


def _fetched(source: Source, folder: Path, progress: Progress | None) -> Path:
    if source.archive is not None:
        return _fetch_archive(source, source.archive, folder, progress)
    for file in source.files:
        if not any(is_right(folder / name, file) for name in (file.packed, file.name)):
            _fetch(source, file, folder, progress)
    return folder


def is_right(path: Path, file: File) -> bool:
    """Whether a file exists and its unpacked content has the right SHA-256."""
    try:
        return path.is_file() and content_sha256(path, file.size) == file.sha256
    except (DatasetError, OSError, EOFError, zlib.error):
        return False


def content_sha256(path: Path, limit: int) -> str:
    """SHA-256 of a file's content, unpacked if gzip; DatasetError over `limit`."""
    digest = sha256()
    with opened(path) as stream:
        limited = Limited(stream, limit, path.name)
        while block := limited.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _fetch(source: Source, file: File, folder: Path, progress: Progress | None) -> None:
    """Download one file; keep it as gzip, or unpacked if the mirror sent it so."""
    with atomic_files.temporary_beside(folder / file.packed) as temporary:

        def check() -> None:
            if not _matches(temporary, file):
                raise DatasetError("it sends another file (SHA-256 mismatch)")

        _from_mirrors(source, file.packed, file.size, temporary, check, progress)
        with temporary.open("rb") as opened:
            name = file.packed if opened.read(2) == GZIP else file.name
        _put(temporary, folder / name)


def _matches(path: Path, file: File) -> bool:
    try:
        return content_sha256(path, file.size) == file.sha256
    except (EOFError, OSError, zlib.error) as error:
        raise DatasetError(f"it sends a damaged gzip file ({error})") from error


def _fetch_archive(
    source: Source, archive: File, folder: Path, progress: Progress | None
) -> Path:
    """Download an archive, verify its SHA-256 and extract the files."""
    target = folder / source.folders[0]
    with atomic_files.temporary_beside(folder / archive.name) as temporary:

        def check() -> None:
            from pooch import file_hash

            if file_hash(str(temporary), alg="sha256") != archive.sha256:
                raise DatasetError("it sends another file (SHA-256 mismatch)")

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
    """Try the mirrors in turn until a download passes the check."""
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
    """Download a URL into a file; DatasetError if the mirror fails."""
    from pooch import HTTPDownloader
    from requests import RequestException

    limit = size + (size >> 4) + (1 << 16)  # gzip may add a few bytes
    try:
        with temporary.open("wb") as file:
            what = f"downloading {address.rpartition('/')[2]}"
            receiver = Receiver(file, limit, what, progress)
            download = HTTPDownloader(
                progressbar=receiver, chunk_size=CHUNK, timeout=TIMEOUT_SECONDS
            )
            download(address, receiver, None)
    except RequestException as error:  # also an OSError, so it comes first
        raise DatasetError(_reason(error)) from error
    except OSError as error:
        raise atomic_files.cannot_write(temporary.parent, error) from error


def _reason(error: Exception) -> str:
    from requests import ConnectionError as NoConnection
    from requests import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"it answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    if isinstance(error, NoConnection):
        return "it cannot be reached"
    return f"the connection broke ({type(error).__name__})"


def _sentence(source: Source, name: str, folder: Path, reasons: Sequence[str]) -> str:
    return (
        f"{name} of {source.name} could not be downloaded ({'; '.join(reasons)}). "
        f"Check the network and try again, or put the file into {folder} yourself."
    )


def _write(path: Path, content: bytes) -> None:
    with atomic_files.temporary_beside(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise atomic_files.cannot_write(path, error) from error
        _put(temporary, path)


def _put(temporary: Path, path: Path) -> None:
    try:
        atomic_files.put_file(temporary, path)
    except OSError as error:
        raise atomic_files.cannot_write(path, error) from error
