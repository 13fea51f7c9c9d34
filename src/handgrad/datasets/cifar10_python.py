"""CIFAR's official Python version, the most widespread one.

Its files are pickles, and unpickling can run arbitrary code. So nothing is unpickled
here: `pickletools` of the standard library parses a file into opcodes without running
them, and a small interpreter runs those listed below. They can build arrays of bytes,
lists, tuples, dictionaries, bytes, strings, integers, booleans and None, and nothing
else: the names in a file are compared with an allowlist and never imported, and no
function that a file names is called.

    data_batch_1 ... data_batch_5, test_batch
        {"data": uint8 (count, 3072), "labels": [class, ...], ...}

Protocols 2 (that of the original files) to 4 are supported.

Source
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

import pickletools
import struct
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import cifar10_binary
from handgrad.datasets.dataset import Split, check_targets
from handgrad.errors import DatasetError

FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILES = ("test_batch",)
LARGEST_BYTES = 64 << 20  # of a file in the archive: twice the original
PIXELS = 3 * 32 * 32
NEXT_STEP = "Extract its archive again."

RECONSTRUCT, ARRAY, DTYPE, ENCODE = "array", "ndarray", "dtype", "encode"
NAMES = {  # the names allowed in a file, and their meaning here
    "numpy.core.multiarray _reconstruct": RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": RECONSTRUCT,
    "numpy ndarray": ARRAY,
    "numpy dtype": DTYPE,
    "_codecs encode": ENCODE,  # how Python 3 writes bytes for Python 2
}
BROKEN = (
    ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error,
    Warning,  # from an invalid escape in a string, if warnings are errors
)  # fmt: skip


def read_batches(place: Path, names: tuple[str, ...]) -> Split:
    """Read the images of these files of a folder or a tar.gz.

    Shapes
        images   (count, 3, 32, 32), uint8
        targets  (count,), int64
    """
    return cifar10_binary.read_batches(
        place, names, folder=FOLDER, largest=LARGEST_BYTES, parse=parse_batch
    )


def is_at(place: Path) -> bool:
    """Whether a folder or an archive holds this version."""
    is_binary = (place / cifar10_binary.TRAIN_FILES[0]).is_file()
    return place.name == ARCHIVE or (
        (place / TRAIN_FILES[0]).is_file() and not is_binary
    )


def parse_batch(
    content: bytes, name: str, labels_key: str = "labels", classes: int = 10
) -> Split:
    """Parse the images of one file; DatasetError for other content."""
    values = plain_values(content, name)
    fields = values if isinstance(values, dict) else {}
    keys = ("data", labels_key)
    data, labels = (fields.get(key, fields.get(key.encode())) for key in keys)
    pixels = data.values if isinstance(data, _Array) else None
    if pixels is None or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise _refused(name, f"no data of {PIXELS} bytes for each image")
    if not isinstance(labels, list) or any(type(label) is not int for label in labels):
        raise _refused(name, "no list of labels")
    if len(labels) != len(pixels) or not labels:
        raise _refused(name, f"{len(labels)} labels for {len(pixels)} images")
    if not all(-128 <= label < 256 for label in labels):  # larger ones may overflow
        raise _refused(name, "a label that is out of range")
    targets = np.array(labels, dtype=np.int64)
    check_targets(targets, classes, name)
    return Split(pixels.reshape(-1, *cifar10_binary.SHAPE), targets)


def plain_values(content: bytes, name: str) -> Any:
    """Return what a pickle of plain values holds; DatasetError for other opcodes."""
    machine = _Machine()
    try:
        for instruction, argument, _ in pickletools.genops(content):
            run = OPCODES.get(instruction.name)
            if run is None:
                raise _Unwanted(f"the opcode {instruction.name}")
            run(machine, argument)
        return machine.stack.pop()
    except _Unwanted as error:
        raise _refused(name, f"{error}, which CIFAR data sets do not need") from error
    except BROKEN as error:
        raise _refused(name, "an incomplete or damaged pickle") from error


class _Unwanted(Exception):  # noqa: N818 - a signal, not an error
    """Something in a file that is not allowed."""


class _Array:
    """An array whose values are still to be set."""

    values: NumpyArray | None = None


class _Name:
    """A name of the allowlist; it can only be used as defined here."""

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning


class _Machine:
    """A pickle machine: the stack, the stacks below the marks, and the memo."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def mark(self) -> None:
        """Start a new stack above the current one."""
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        """Pop the values pushed since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def last(self, count: int) -> tuple[Any, ...]:
        """Pop `count` values."""
        return tuple(self.stack.pop() for _ in range(count))[::-1]

    def remember(self, number: int | None = None) -> None:
        """Store the top value in the memo, under `number` or the next index."""
        self.memo[len(self.memo) if number is None else number] = self.stack[-1]

    def append(self, items: list[Any]) -> None:
        """Extend the list on top."""
        _the(list, self.stack[-1]).extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Add keys and values to the dictionary on top."""
        pairs = zip(items[::2], items[1::2], strict=True)
        values = _the(dict, self.stack[-1])
        for key, value in pairs:
            if not isinstance(key, str | bytes):
                raise _Unwanted("a key that is not a string")
            values[key] = value

    def name(self, text: str) -> None:
        """Push a name of the allowlist."""
        if text not in NAMES:
            raise _Unwanted(f"the name {text.replace(' ', '.')!r}")
        self.stack.append(_Name(NAMES[text]))

    def call(self) -> None:
        """Replace a name and its arguments by the result of the call."""
        name, arguments = self.last(2)
        self.stack.append(_called(_the(_Name, name), _the(tuple, arguments)))

    def build(self) -> None:
        """Set the values of an array; the state of a dtype is ignored."""
        state = _the(tuple, self.stack.pop())
        target = self.stack[-1]
        if isinstance(target, _Array) and target.values is None:
            target.values = _filled(*state)
        elif not (isinstance(target, _Name) and target.meaning == "u1"):
            raise _Unwanted("a BUILD of another object")


def _called(name: _Name, arguments: tuple[Any, ...]) -> Any:
    if name.meaning == RECONSTRUCT:
        kind, *_ = arguments
        if isinstance(kind, _Name) and kind.meaning == ARRAY:
            return _Array()
    if name.meaning == DTYPE and arguments[0] in ("u1", b"u1"):
        return _Name("u1")
    if name.meaning == ENCODE:
        text, code = arguments
        if isinstance(text, str) and code in ("latin1", b"latin1"):
            return text.encode("latin-1")
    raise _Unwanted(f"a call of {name.meaning} with other arguments")


def _filled(
    version: Any, shape: Any, kind: Any, is_fortran: Any, content: Any
) -> NumpyArray:
    """Array of bytes, whose shape must match their number."""
    if not (isinstance(kind, _Name) and kind.meaning == "u1"):
        raise _Unwanted("an array of another dtype than uint8")
    sizes = _the(tuple, shape)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise _Unwanted("an array with an invalid shape")
    values = np.frombuffer(_the(bytes, content), dtype=np.uint8)
    if len(sizes) > 4 or prod(sizes) != len(values):
        raise _Unwanted(f"an array of shape {sizes} with {len(values)} bytes")
    return values.reshape(sizes, order="F" if is_fortran else "C")


def _the(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise _Unwanted(f"a {type(value).__name__} instead of a {kind.__name__}")
    return value


def _refused(name: str, what: str) -> DatasetError:
    return DatasetError(f"{name} holds {what}. {NEXT_STEP}")


def _push(machine: _Machine, value: Any) -> None:
    machine.stack.append(value)


def _push_text(machine: _Machine, text: str) -> None:
    machine.stack.append(text.encode("latin-1"))  # Python 2 strings are bytes


Run = Callable[[_Machine, Any], None]
VALUES = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE",
          "BINBYTES", "SHORT_BINBYTES")  # fmt: skip
OPCODES: dict[str, Run] = {
    "PROTO": lambda machine, _: None,
    "FRAME": lambda machine, _: None,
    "STOP": lambda machine, _: None,
    **dict.fromkeys(VALUES, _push),
    "BINSTRING": _push_text,
    "SHORT_BINSTRING": _push_text,
    "NONE": lambda machine, _: _push(machine, None),
    "NEWTRUE": lambda machine, _: _push(machine, True),
    "NEWFALSE": lambda machine, _: _push(machine, False),
    "EMPTY_TUPLE": lambda machine, _: _push(machine, ()),
    "EMPTY_LIST": lambda machine, _: _push(machine, []),
    "EMPTY_DICT": lambda machine, _: _push(machine, {}),
    "MARK": lambda machine, _: machine.mark(),
    "TUPLE": lambda machine, _: _push(machine, tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: _push(machine, machine.last(1)),
    "TUPLE2": lambda machine, _: _push(machine, machine.last(2)),
    "TUPLE3": lambda machine, _: _push(machine, machine.last(3)),
    "APPEND": lambda machine, _: machine.append([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items(list(machine.last(2))),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "BINPUT": lambda machine, number: machine.remember(number),
    "LONG_BINPUT": lambda machine, number: machine.remember(number),
    "MEMOIZE": lambda machine, _: machine.remember(),
    "BINGET": lambda machine, number: _push(machine, machine.memo[number]),
    "LONG_BINGET": lambda machine, number: _push(machine, machine.memo[number]),
    "GLOBAL": lambda machine, text: machine.name(text),
    "STACK_GLOBAL": lambda machine, _: machine.name(" ".join(machine.last(2))),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
