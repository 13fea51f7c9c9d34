"""Whether the equations of a class are those that its kernels were derived from.

`equations.json` has two hashes of each module with equations: of the whole text, and of
the text without docstrings and comments. Where a module was edited, or a method was
replaced, the kernels would compute something else than what is written.
"""

import ast
import io
import json
import sys
import tokenize
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from types import FunctionType

PACKAGES = tuple(
    f"handgrad.{name}" for name in ("augmentation", "layers", "losses", "optimizers")
)
RECORD = Path(__file__).with_name("equations.json")
DIGITS = 16  # of a hash
WITH_DOCSTRING = ast.Module | ast.ClassDef | ast.FunctionDef

Hashes = tuple[str, str]


def is_rewritten(kind: type) -> bool:
    """Whether a class of the library, or what it uses, is not as it was released.

    The classes of others have no kernels, so they are never rewritten.
    """
    return any(map(_has_other_methods, _own_classes(kind))) or _is_edited(kind)


@cache
def was_edited(kind: type) -> bool:
    """Whether the text of a class, or what it uses, was another one when first asked.

    For every step of a training: it reads no file again.
    """
    return _is_edited(kind)


def hashes_of(text: str) -> Hashes:
    """The hash of a module's text, and that of its code alone."""
    return _hash(text), _hash("\n".join(_code(text)))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:DIGITS]


def _code(text: str) -> Iterator[str]:
    """The lines of a module without docstrings, comments and blank lines."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node) is not None:
            first = node.body[0]
            for row in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                lines[row - 1] = ""
    return (line.rstrip() for line in lines if line.strip())


def _own_classes(kind: type) -> list[type]:
    """The class and its bases, as far as they belong to the library."""
    return [base for base in kind.__mro__ if _is_ours(base.__module__)]


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and module.startswith(PACKAGES)


def _has_other_methods(kind: type) -> bool:
    """Whether a class has a function that is not written in it."""
    for value in vars(kind).values():
        function = getattr(value, "fget", getattr(value, "__func__", value))
        if isinstance(function, FunctionType) and (
            function.__module__ != kind.__module__
            or not function.__qualname__.startswith(f"{kind.__qualname__}.")
        ):
            return True
    return False


def _modules(names: set[str]) -> set[str]:
    """These modules, and all of the packages from which they take something."""
    found, new = set(names), set(names)
    while new:
        used = {
            getattr(value, "__module__", None)
            for name in new
            for value in vars(sys.modules[name]).values()
        }
        new = {name for name in used if name and _is_ours(name)} - found
        found |= new
    return found


def _is_edited(kind: type) -> bool:
    """Whether the text of a module with equations of a class was changed."""
    return any(map(_is_changed, _modules({k.__module__ for k in _own_classes(kind)})))


def _is_changed(name: str) -> bool:
    """Whether the text of a module is another one than was recorded."""
    place = getattr(sys.modules[name], "__file__", None)
    known = _recorded().get(name)
    if place is None or known is None or not Path(place).is_file():
        return False
    status = Path(place).stat()
    return _differs(place, tuple(known), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _differs(place: str, known: Hashes, changed: int, size: int) -> bool:
    """Whether a file differs from its hashes; the rest tells that it was written."""
    text = Path(place).read_text(encoding="utf-8")
    if _hash(text) == known[0]:
        return False
    try:
        return hashes_of(text)[1] != known[1]
    except (SyntaxError, tokenize.TokenError):
        return True


@cache
def _recorded() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found
