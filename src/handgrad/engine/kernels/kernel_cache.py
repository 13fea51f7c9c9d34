"""Machine code on disk, and taken back only if it is sound and nobody else's.

Who can write this code decides what runs here. So it is read from a folder that only
this user (or the system's administrator) can write, under an absolute path, and never
through a link. Each file begins with a digest of the rest: a damaged one is thrown
away. Where nothing can be kept, kernels are compiled anew in each process.

Numba's own cache does none of this, and writes beside the source if it cannot write
where it should.
"""

import errno
import os
import pickle
import stat
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import llvmlite
import numba
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from handgrad.datasets.search_path import cache_folder
from handgrad.engine.fences import checks_bounds
from handgrad.errors import HandgradWarning

DIGEST = 32  # bytes of SHA-256 at the start of a file
LARGEST = 1 << 26  # bytes: the largest kernels take a few hundred thousand
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
ADMINISTRATOR = 0


@dataclass
class Tally:
    """How many kernels this process compiled, and how many of them it could keep."""

    compiled: int = 0
    kept: int = 0


tally = Tally()


class KernelCache(FunctionCache):  # type: ignore[misc]  # Numba has no types
    """The compiled forms of one function, a file for each signature and processor.

    Of a program's kernel, `layout` says how its arguments are loaded.
    """

    def __init__(self, function: Any, layout: Any = ()) -> None:
        self._py_func, self._layout = function, layout
        self._name = repr(function)
        place = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._stem = place.replace("<", "").replace(">", "")
        self.enable()

    @property
    def cache_path(self) -> str:
        """The folder; Numba shows it."""
        return str(kernels_folder())

    def flush(self) -> None:
        """Nothing waits to be written."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        """What tells compiled forms apart: signature, processor, code and closure."""
        return sig, codegen.magic_tuple(), code_of(self._py_func)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form, if it is there.

        Numba's own imports first all that it can compile: 0.3 s for nothing where no
        kernel is compiled (its compiler does the same). Machine code asks for the
        runtime's symbols only.
        """
        rtsys.initialize(target_context)
        key = self._index_key(sig, target_context.codegen())
        path = self._path(key)
        content = read_private(path)
        if content is None:
            return None
        try:
            payload = unsealed(content)
            return numba.core.compiler.CompileResult._rebuild(target_context, *payload)
        except Exception:  # whatever a file of this name may hold
            discard(path)
            return None

    def holds(self, sig: Any) -> bool:
        """Whether there is a file for this signature, sound or not."""
        return self._path(
            self._index_key(sig, cpu_target.target_context.codegen())
        ).exists()

    def _save_overload(self, sig: Any, data: Any) -> None:
        if data.library.has_dynamic_globals or any(
            not x.can_cache for x in data.lifted
        ):
            return
        key = self._index_key(sig, data.codegen)
        tally.compiled += 1
        tally.kept += write_private(self._path(key), sealed(dumps(data._reduce())))

    def _path(self, key: Any) -> Path:
        sig, processor, code = key
        key = repr((str(sig), processor, code, self._layout))
        name = sha256(key.encode()).hexdigest()[:24]
        return kernels_folder() / f"{self._stem[:80]}-{name}"


def code_of(function: Any) -> Any:
    """A function's code, and what its closure holds: numbers, and other functions."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    held = tuple(code_of(c.py_func) if hasattr(c, "py_func") else c for c in cells)
    return function.__module__, function.__qualname__, function.__code__.co_code, held


def kernels_folder() -> Path:
    """The folder for this source, this Numba, this Python, and what the code checks."""
    kind = "-checked" if checks_bounds() else ""
    return cache_folder() / "kernels" / (source_digest() + kind)


def can_keep() -> bool:
    """Whether this process may write compiled kernels into their folder."""
    with suppress(OSError):
        make_private(kernels_folder())
        return os.access(kernels_folder(), os.W_OK)
    return False


@cache
def source_digest() -> str:
    """A short digest of every kernel's source, and of what compiles it."""
    versions = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
    digest = sha256(repr(versions).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def sealed(payload: bytes) -> bytes:
    """The payload after its digest."""
    return sha256(payload).digest() + payload


def unsealed(content: bytes) -> Any:
    """The objects of a sealed payload; ValueError if a bit of it is another."""
    digest, payload = content[:DIGEST], content[DIGEST:]
    if sha256(payload).digest() != digest:
        raise ValueError("the digest is another")
    return pickle.loads(payload)


def read_private(path: Path) -> bytes | None:
    """A file's content; None unless it is there and only this user could write it."""
    try:
        folder = os.lstat(path.parent)
        with open(path, "rb", opener=_without_links) as file:
            found = os.fstat(file.fileno())
            is_file = stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST
            if not is_file or not is_private(folder) or not is_private(found):
                refuse(path.parent)
                return None
            return file.read()
    except OSError as error:  # it is not there, or cannot be read; or it is a link
        if error.errno == errno.ELOOP:
            refuse(path.parent)
        return None


def write_private(path: Path, content: bytes) -> bool:
    """Put a file in its place at once, for this user alone; False if it cannot be."""
    partial = path.parent / f".{uuid4().hex}.partial"
    try:
        make_private(path.parent)
        if not is_private(os.lstat(path.parent)):
            refuse(path.parent)
            return False
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:
                file.write(content)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError:  # a full or read-only disk: the next process compiles anew
        return False
    return True


def make_private(folder: Path) -> None:
    """A folder that only this user can write, and the folders above it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def is_private(found: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and no other can write it."""
    if not hasattr(os, "getuid"):  # Windows: a user's own folders are
        return True
    is_own = found.st_uid in (os.getuid(), ADMINISTRATOR)
    is_link = stat.S_ISLNK(found.st_mode)
    return is_own and not is_link and not found.st_mode & OTHERS_WRITE


def discard(path: Path) -> None:
    """Throw away a file that is damaged, and say so."""
    with suppress(OSError):
        path.unlink()
    _say(
        f"A compiled kernel in {path.parent} was damaged; it is thrown away and "
        "compiled anew."
    )


def refuse(folder: Path) -> None:
    """Say that a folder is not trusted."""
    _say(
        f"Compiled kernels in {folder} are not used: others could have written them. "
        "Take their right to write there, or name a folder of your own in "
        "HANDGRAD_CACHE."
    )


@cache
def _say(message: str) -> None:
    """Warn once in a process."""
    warnings.warn(message, HandgradWarning, stacklevel=2)


def _without_links(path: str, flags: int) -> int:
    """Open a file, but no link, and without waiting for a pipe's other end."""
    more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | more)
