"""Numeric arrays of MATLAB files of version 5 to 7, the format of SVHN.

    header       128 bytes; the last two give the byte order
    element      a type and a length, 4 bytes each, then its content, padded to 8 bytes;
                 with 4 bytes or fewer of content, the whole element takes 8 bytes
    compressed   an element compressed with zlib
    matrix       elements: flags, sizes, name, numbers, in column-major (Fortran) order

Only matrices of real numbers are read; others are ignored. SciPy's reader is not used:
a damaged file can make it crash the process.

Source
    The MathWorks, MAT-File Format, chapter 1: level 5.
"""

import struct
import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError, HandgradError, cannot_read
from handgrad.free_memory import check_memory

HEADER = 128
ORDERS = {b"IM": "<", b"MI": ">"}
COMPRESSED, MATRIX = 15, 14
NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
    13: "u8",
}  # fmt: skip
COMPLEX = 0x0800  # a flag
FIRST_CLASS, LAST_CLASS = 6, 15  # the numeric classes of matrices
ZLIB_RATIO = 1032  # the highest compression ratio of deflate
MOST_AXES = 8
BROKEN = (struct.error, zlib.error, ValueError, UnicodeDecodeError)


def read_mat5(path: Path) -> dict[str, NumpyArray]:
    """Read the numeric matrices of a file by name; DatasetError if damaged."""
    try:
        check_memory(3 * path.stat().st_size, str(path))
        content = path.read_bytes()
        order = ORDERS[content[HEADER - 2 : HEADER]]
        return dict(_matrices(content[HEADER:], order, path))
    except OSError as error:
        raise cannot_read(path, error, "Replace the file.") from error
    except (*BROKEN, KeyError) as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} is a damaged MATLAB file. Replace the file."
        ) from error


def _matrices(
    content: bytes, order: str, path: Path
) -> Iterator[tuple[str, NumpyArray]]:
    for kind, body in _elements(content, order):
        if kind == COMPRESSED:
            yield from _matrices(_unpacked(body, order, path), order, path)
        elif kind == MATRIX:
            found = _matrix(body, order)
            if found is not None:
                yield found


def _unpacked(body: bytes, order: str, path: Path) -> bytes:
    """Decompress one element; ValueError unless its size is as declared."""
    reader = zlib.decompressobj()
    start = reader.decompress(body, 8)
    kind, size = struct.unpack(f"{order}2I", start)
    if kind != MATRIX or size > ZLIB_RATIO * len(body):
        raise ValueError("no matrix")
    check_memory(size, str(path))
    rest = reader.decompress(reader.unconsumed_tail, size or 1)
    if len(rest) != size or not _ends(reader):
        raise ValueError("another length")
    return start + rest


def _ends(reader: "zlib._Decompress") -> bool:
    """Whether only the checksum is left, and it is correct."""
    return not reader.decompress(reader.unconsumed_tail, 1) and reader.eof


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(content):
        kind, size = struct.unpack_from(f"{order}2I", content, place)
        start = place + 8
        if kind >> 16:  # a small element: length, type and up to 4 bytes
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            place += 8
        else:
            place = start + size if kind == COMPRESSED else start + -(-size // 8) * 8
        if start + size > len(content) or (start == place - 4 and size > 4):
            raise ValueError("a truncated element")
        yield kind, content[start : start + size]


def _matrix(body: bytes, order: str) -> tuple[str, NumpyArray] | None:
    (_, flags), (_, sizes), (_, name), *parts = _elements(body, order)
    flag = struct.unpack_from(f"{order}I", flags)[0]
    if flag & COMPLEX or not FIRST_CLASS <= flag & 0xFF <= LAST_CLASS:
        return None
    shape = [int(size) for size in np.frombuffer(sizes, f"{order}i4")]
    (kind, numbers), *_ = parts
    values = np.frombuffer(numbers, np.dtype(order + NUMBERS[kind]))
    if len(shape) > MOST_AXES or min(shape) < 0 or prod(shape) != len(values):
        raise ValueError("another number of values")
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return name.decode("ascii"), native.reshape(shape, order="F")
