"""CIFAR's official Python versions: what most people have on their disk.

Its files are pickles, and to unpickle is to run what a file says. So nothing is
unpickled here: `pickletools` of the standard library splits a file into its
instructions without following any, and those below are followed by our own hands. They
can build arrays of bytes, lists, tuples, dictionaries, bytes, strings, whole numbers,
true, false and none, and nothing else: names that a file uses are compared with a
closed list and never looked up, no function of a file's choice is ever called.

    data_batch_1 ... data_batch_5, test_batch
        {"data": uint8 (count, 3072), "labels": [class, ...], ...}

Read are protocols 2 (as the original has it) to 4.

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
from handgrad.datasets import cifar10
from handgrad.datasets.dataset import Split, check_targets
from handgrad.errors import DatasetError

FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILES = ("test_batch",)
LARGEST_BYTES = 64 << 20  # twice the original, of a file in the archive
PIXELS = 3 * 32 * 32
MENDING = "Unpack its archive again."

RECONSTRUCT, ARRAY, DTYPE, ENCODE = "array", "ndarray", "dtype", "encode"
NAMES = {  # what a file may call something, and what we do then
    "numpy.core.multiarray _reconstruct": RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": RECONSTRUCT,
    "numpy ndarray": ARRAY,
    "numpy dtype": DTYPE,
    "_codecs encode": ENCODE,  # how Python 3 writes bytes for Python 2
}
BROKEN = (
    ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error,
    Warning,  # of an odd escape in a text, where warnings are errors
)  # fmt: skip


def read_batches(place: Path, names: tuple[str, ...]) -> Split:
    """The images of these files of a folder or a tar.gz, one after another.

    Shapes
        images   (count, 3, 32, 32), uint8
        targets  (count,), int64
    """
    return cifar10.read_batches(
        place, names, folder=FOLDER, largest=LARGEST_BYTES, parse=parse_batch
    )


def is_at(place: Path) -> bool:
    """Whether a folder or an archive holds this version."""
    is_binary = (place / cifar10.TRAIN_FILES[0]).is_file()
    return place.name == ARCHIVE or (
        (place / TRAIN_FILES[0]).is_file() and not is_binary
    )


def parse_batch(
    content: bytes, name: str, labels_key: str = "labels", classes: int = 10
) -> Split:
    """The images of one file; DatasetError if it holds anything else."""
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
    if not all(-128 <= label < 256 for label in labels):  # else no array could hold it
        raise _refused(name, "a label that is out of range")
    targets = np.array(labels, dtype=np.int64)
    check_targets(targets, classes, name)
    return Split(pixels.reshape(-1, *cifar10.SHAPE), targets)


def plain_values(content: bytes, name: str) -> Any:
    """What a pickle of plain values holds; DatasetError for any other instruction."""
    machine = _Machine()
    try:
        for instruction, argument, _ in pickletools.genops(content):
            follow = FOLLOWED.get(instruction.name)
            if follow is None:
                raise _Unwanted(f"the instruction {instruction.name}")
            follow(machine, argument)
        return machine.stack.pop()
    except _Unwanted as error:
        raise _refused(name, f"{error}, which no CIFAR data set needs") from error
    except BROKEN as error:
        raise _refused(name, "what is no whole pickle") from error


class _Unwanted(Exception):  # noqa: N818 - it is an answer, not a mistake
    """Something that a file asks for and does not get."""


class _Array:
    """An array that a file is about to fill."""

    values: NumpyArray | None = None


class _Name:
    """A name of the closed list; nothing can be done with it but what stands here."""

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning


class _Machine:
    """A stack of plain values, those below the marks, and those remembered."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def mark(self) -> None:
        """Begin a new stack above the one there is."""
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        """What was put there since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def last(self, count: int) -> tuple[Any, ...]:
        """Take so many values from the top."""
        return tuple(self.stack.pop() for _ in range(count))[::-1]

    def remember(self, number: int | None = None) -> None:
        """Keep what is on top, under a number or the next."""
        self.memo[len(self.memo) if number is None else number] = self.stack[-1]

    def append(self, items: list[Any]) -> None:
        """Add to the list on top."""
        _the(list, self.stack[-1]).extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Add keys and values to the dictionary on top."""
        pairs = zip(items[::2], items[1::2], strict=True)
        values = _the(dict, self.stack[-1])
        for key, value in pairs:
            if not isinstance(key, str | bytes):
                raise _Unwanted("a key that is no text")
            values[key] = value

    def name(self, text: str) -> None:
        """A name, if it is on the list."""
        if text not in NAMES:
            raise _Unwanted(f"the name {text.replace(' ', '.')!r}")
        self.stack.append(_Name(NAMES[text]))

    def call(self) -> None:
        """What a name on the list makes of its arguments."""
        name, arguments = self.last(2)
        self.stack.append(_called(_the(_Name, name), _the(tuple, arguments)))

    def build(self) -> None:
        """Fill an array; of a number type nothing is left to say."""
        state = _the(tuple, self.stack.pop())
        target = self.stack[-1]
        if isinstance(target, _Array) and target.values is None:
            target.values = _filled(*state)
        elif not (isinstance(target, _Name) and target.meaning == "u1"):
            raise _Unwanted("a value that sets itself up")


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
    """An array of bytes, if they are as many as its shape says."""
    if not (isinstance(kind, _Name) and kind.meaning == "u1"):
        raise _Unwanted("an array of other numbers than bytes")
    sizes = _the(tuple, shape)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise _Unwanted("an array without a shape")
    values = np.frombuffer(_the(bytes, content), dtype=np.uint8)
    if len(sizes) > 4 or prod(sizes) != len(values):
        raise _Unwanted(f"an array of shape {sizes} with {len(values)} bytes")
    return values.reshape(sizes, order="F" if is_fortran else "C")


def _the(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise _Unwanted(f"a {type(value).__name__} in the place of a {kind.__name__}")
    return value


def _refused(name: str, what: str) -> DatasetError:
    return DatasetError(f"{name} holds {what}. {MENDING}")


def _push(machine: _Machine, value: Any) -> None:
    machine.stack.append(value)


def _push_text(machine: _Machine, text: str) -> None:
    machine.stack.append(text.encode("latin-1"))  # a string of Python 2 is bytes


Follow = Callable[[_Machine, Any], None]
VALUES = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE",
          "BINBYTES", "SHORT_BINBYTES")  # fmt: skip
FOLLOWED: dict[str, Follow] = {
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
