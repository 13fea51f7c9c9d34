"""A cache of compiled kernels on disk, safe against damage and other users.

Whoever can write this code can run code here. So it is read from a folder that only
this user (or the administrator) can write, under an absolute path, and never through a
link. Each file begins with a digest of the rest; a damaged one is deleted. Without a
writable folder, kernels are compiled in each process.

Numba's own cache does none of this, and may write beside the source.
"""

import errno
import os
import pickle
import stat
import sys
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
from handgrad.engine import processor
from handgrad.engine.fences import checks_bounds
from handgrad.errors import warn

DIGEST = 32  # bytes of SHA-256 at the start of a file
LARGEST = 1 << 26  # bytes: the largest kernels take a few hundred thousand
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
ADMINISTRATOR = 0


@dataclass
class Tally:
    """How many kernels this process compiled, and how many of them it cached."""

    compiled: int = 0
    kept: int = 0


tally = Tally()


class KernelCache(FunctionCache):  # type: ignore[misc]  # Numba has no types
    """The compiled forms of one function, a file for each signature and processor.

    `layout` are the types of a program's kernel's arguments.
    """

    def __init__(self, function: Any, layout: Any = ()) -> None:
        self._py_func, self._layout = function, layout
        self._name = repr(function)
        place = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._stem = place.replace("<", "").replace(">", "")
        self.enable()

    @property
    def cache_path(self) -> str:
        """The folder, for Numba's messages."""
        return str(kernels_folder())

    def flush(self) -> None:
        """Do nothing: every file is written at once."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        """Signature, processor, code and closure; two sets may have one target."""
        target = (codegen.magic_tuple(), processor.instruction_set())
        return sig, target, code_of(self._py_func)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form, or None.

        Numba's own method first imports all that it can compile, which takes 0.3 s;
        machine code needs the runtime's symbols only.
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
        except Exception:  # a file may hold anything
            discard(path)
            return None

    def holds(self, sig: Any) -> bool:
        """Whether there is a file for this signature, damaged or not."""
        return self.place(sig).exists()

    def place(self, sig: Any) -> Path:
        """The file for this signature."""
        return self._path(self._index_key(sig, cpu_target.target_context.codegen()))

    def _save_overload(self, sig: Any, data: Any) -> None:
        if data.library.has_dynamic_globals or any(
            not x.can_cache for x in data.lifted
        ):
            return
        key = self._index_key(sig, data.codegen)
        tally.compiled += 1
        tally.kept += write_private(self._path(key), sealed(dumps(data._reduce())))

    def _path(self, key: Any) -> Path:
        sig, target, code = key
        key = repr((str(sig), target, code, self._layout))
        name = sha256(key.encode()).hexdigest()[:24]
        return kernels_folder() / f"{self._stem[:80]}-{name}"


def code_of(function: Any) -> Any:
    """A function's code, and that of its closure: numbers, and other functions."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    held = tuple(code_of(c.py_func) if hasattr(c, "py_func") else c for c in cells)
    return function.__module__, function.__qualname__, function.__code__.co_code, held


def kernels_folder() -> Path:
    """The folder for this source, Numba and Python, with or without bounds checks."""
    kind = "-checked" if checks_bounds() else ""
    return cache_folder() / "kernels" / (source_digest() + kind)


def can_keep() -> bool:
    """Whether this process can write compiled kernels."""
    with suppress(OSError):
        make_private(kernels_folder())
        return os.access(kernels_folder(), os.W_OK)
    return False


@cache
def source_digest() -> str:
    """A short digest of the source of all kernels, and of the compiler's versions."""
    versions = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
    digest = sha256(repr(versions).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def sealed(payload: bytes) -> bytes:
    """The payload after its digest."""
    return sha256(payload).digest() + payload


def unsealed(content: bytes) -> Any:
    """The objects of a sealed payload; ValueError if it is damaged."""
    digest, payload = content[:DIGEST], content[DIGEST:]
    if sha256(payload).digest() != digest:
        raise ValueError("the digest differs")
    return pickle.loads(payload)


def read_private(path: Path) -> bytes | None:
    """A file's content; None if it is missing, or others could have written it."""
    try:
        folder = os.lstat(path.parent)
        with open(path, "rb", opener=_without_links) as file:
            found = os.fstat(file.fileno())
            is_file = stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST
            if not is_file or not is_private(folder) or not is_private(found):
                refuse(path.parent)
                return None
            return file.read()
    except OSError as error:  # missing, unreadable, or a link
        if error.errno == errno.ELOOP:
            refuse(path.parent)
        return None


def write_private(path: Path, content: bytes) -> bool:
    """Write a file atomically, for this user alone; False if that fails."""
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
    except OSError:  # a full or read-only disk: the next process compiles again
        return False
    return True


def make_private(folder: Path) -> None:
    """Create a folder that only this user can write, and its parents."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def is_private(found: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and no other can write it."""
    if not hasattr(os, "getuid"):  # Windows: a user's folders are private
        return True
    is_own = found.st_uid in (os.getuid(), ADMINISTRATOR)
    is_link = stat.S_ISLNK(found.st_mode)
    return is_own and not is_link and not found.st_mode & OTHERS_WRITE


def discard(path: Path) -> None:
    """Delete a damaged file, and warn."""
    with suppress(OSError):
        path.unlink()
    _say(
        f"A compiled kernel in {path.parent} is damaged. It is deleted and compiled "
        "again."
    )


def refuse(folder: Path) -> None:
    """Warn that a folder is not trusted."""
    _say(
        f"Compiled kernels in {folder} are not used: others could have written them. "
        "Make the folder writable for you only, or set HANDGRAD_CACHE to a folder of "
        "your own."
    )


@cache
def _say(message: str) -> None:
    """Warn once in a process."""
    warn(message)


def _without_links(path: str, flags: int) -> int:
    """Open a file, but no link, and without blocking on a pipe."""
    more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | more)
