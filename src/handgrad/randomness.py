"""Stateless random numbers: every draw is a pure function of a key.

A key consists of the seed, a path of purposes ("order", "dropout_1", ...), the step,
and the examples. The numbers come from the counter-based generator Philox4x32-10. They
are deterministic: the same key gives the same bits in any process, for any number of
workers and on any machine, since only integer operations and correctly rounded
floating-point operations are used, and not the logarithm of a library.

    key words    = 64 bits of BLAKE2b("seed/path")
    counter      = (position // 4, example, step, 0), position within one example
    draw         = word (position mod 4) of Philox(counter, key words)

Source
    Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from math import prod

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ConfigError, ShapeError
from handgrad.quantile import normal_quantile
from handgrad.ranges import check_seed, is_whole, shown

__all__ = ["Key", "normal", "permutation", "random_bits", "uniform"]

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = np.uint64(0xFFFFFFFF)
PIECE = 1 << 15  # numbers drawn at a time for a large array


@dataclass(frozen=True)
class Key:
    """The key that determines a random draw.

    Equal keys give equal draws; drawing changes no state. For errors see `random_bits`.

    Shapes
        examples  (batch,), integers from 0 to 2**32 - 1: the index of each example in
                  its data set; None if the draws do not depend on examples

    Units
        seed  seed of a run, from 0 to 2**63 - 1; ConfigError if out of range
        path  purpose, such as "/initialization/linear_1/weight"
        step  number of the update, or (batch,), one for each example; 0 outside
              training

    Example
        uniform(Key(0).child("dropout").at(step=1), (2, 3))  # the same every time
    """

    seed: int
    path: str = ""
    step: int | NumpyArray = 0
    examples: NumpyArray | None = None

    def __post_init__(self) -> None:
        check_seed("A Key", "seed", self.seed)

    def child(self, purpose: str) -> "Key":
        """Return a new key with `purpose` appended to the path."""
        return Key(self.seed, f"{self.path}/{purpose}", self.step, self.examples)

    def at(self, step: int | NumpyArray, examples: NumpyArray | None = None) -> "Key":
        """Return a new key for a `step`, or several, and the `examples` of a batch."""
        return replace(self, step=step, examples=examples)

    @property
    def words(self) -> tuple[int, int]:
        """The two 32-bit key words of Philox."""
        return _key_words(self.seed, self.path)


def child(key: Key | None, purpose: str) -> Key | None:
    """`key.child(purpose)`, or None if there is no key."""
    return key.child(purpose) if key is not None else None


@lru_cache(maxsize=4096)
def _key_words(seed: int, path: str) -> tuple[int, int]:
    name = f"{seed}{path}".encode(errors="surrogateescape")
    digest = blake2b(name, digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def philox(
    counter: Sequence[NumpyArray], words: tuple[int, int]
) -> tuple[NumpyArray, ...]:
    """Ten rounds of Philox4x32 over four arrays of 32-bit counter words.

    Shapes
        counter  four uint64 arrays that broadcast together, values below 2**32
        outputs  four uint64 arrays of the broadcast shape, values below 2**32
    """
    c0, c1, c2, c3 = counter
    k0, k1 = words
    for _ in range(ROUNDS):
        high_low_0 = c0 * np.uint64(MULTIPLIERS[0])
        high_low_1 = c2 * np.uint64(MULTIPLIERS[1])
        c0 = (high_low_1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0)
        c2 = (high_low_0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = high_low_1 & WORD, high_low_0 & WORD
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def random_bits(key: Key, shape: Shape) -> NumpyArray:
    """Uniform 32-bit integers.

    With `key.examples`, the first axis of `shape` is the batch, and row b depends on
    `key.examples[b]`, not on b. Without, the whole array belongs to example 0.

    ConfigError for a step or example index that is no integer from 0 to 2**32 - 1, and
    for a shape that is no tuple; ShapeError unless
    there is one example index per row, and one step or as many. The same holds for
    `uniform` and `normal`.

    Shapes
        outputs  `shape`, uint32
    """
    examples, count = _rows_of(key, shape)
    return _bits(key, examples, range(count)).reshape(shape)


def _bits(key: Key, examples: NumpyArray, places: range) -> NumpyArray:
    """The draws (examples, places) at consecutive places."""
    first = places.start // 4
    blocks = np.arange(first, -(-places.stop // 4), dtype=np.uint64)
    rows = examples.astype(np.uint64)[:, None]
    zero = np.zeros((1, 1), dtype=np.uint64)
    steps = np.asarray(key.step, dtype=np.uint64).reshape(-1, 1)
    lanes = philox((blocks[None, :], rows, steps, zero), key.words)
    words = np.stack(np.broadcast_arrays(*lanes), axis=-1).astype(np.uint32)
    begin = places.start - 4 * first
    return words.reshape(len(rows), 4 * len(blocks))[:, begin : begin + len(places)]


def _rows_of(key: Key, shape: Shape) -> tuple[NumpyArray, int]:
    """The example index of each row, and the number of draws per row."""
    if not isinstance(shape, tuple | list):
        raise ConfigError(
            f"A random draw takes its shape as a tuple, got {shown(shape)}. Give, for "
            "example, (5,)."
        )
    steps = np.asarray(key.step)
    if steps.dtype.kind not in "iu" and not all(map(is_whole, steps.flat)):
        raise ConfigError(
            f"A random draw takes a step as an integer, got {shown(key.step)}. Count "
            "steps from 1."
        )
    if not np.all((steps >= 0) & (steps < 2**32)):
        raise ConfigError(
            f"A random draw takes a step from 0 to {2**32 - 1}, got {key.step}. "
            "Count steps from 1."
        )
    own = () if key.examples is None else np.shape(key.examples)
    if steps.shape not in ((), own):
        raise ShapeError(
            f"A random draw takes one step, or one for each example index, got steps "
            f"of shape {steps.shape}. Use key.at(steps, examples) with as many of both."
        )
    if key.examples is None:
        return np.zeros(1), prod(shape)
    examples = np.asarray(key.examples)
    if examples.shape != shape[:1]:
        raise ShapeError(
            f"A random draw of shape {shape} takes one example index per row, got "
            f"indices of shape {examples.shape}. Use key.at(step, examples) with the "
            "examples of this batch."
        )
    if examples.dtype.kind not in "iu" and not all(map(is_whole, examples.flat)):
        raise ConfigError(
            "A random draw takes example indices as integers, got "
            f"{shown(key.examples)}. Count the examples from 0."
        )
    if np.any((examples < 0) | (examples >= 2**32)):
        raise ConfigError(
            f"A random draw takes example indices from 0 to {2**32 - 1}, got "
            f"{examples.min()} to {examples.max()}. Count the examples from 0."
        )
    return examples, prod(shape[1:])


def uniform(key: Key, shape: Shape, low: float = 0.0, high: float = 1.0) -> NumpyArray:
    """Uniform numbers strictly between `low` and `high`, from 32 bits of `key` each.

    Shapes
        outputs  `shape`, float64
    """
    return _between(random_bits(key, shape), low, high)


def _between(bits: NumpyArray, low: float, high: float) -> NumpyArray:
    return low + (high - low) * (bits + 0.5) * 2.0**-32


def uniform_pieces(
    key: Key, shape: Shape, low: float = 0.0, high: float = 1.0
) -> Iterator[tuple[slice, NumpyArray]]:
    """Yield the draws of `uniform` for a key without examples, in chunks.

    Drawing needs temporary arrays many times as large as the result; chunks keep them
    small for a large weight. Each slice indexes the flattened array.
    """
    whole = _rows_of(replace(key, examples=None), shape)[1]
    for start in range(0, whole, PIECE):
        places = range(start, min(start + PIECE, whole))
        bits = _bits(key, np.zeros(1), places)[0]
        yield slice(places.start, places.stop), _between(bits, low, high)


def keep_threshold(dropped: float) -> int:
    """The smallest 32-bit draw that is kept if this fraction is dropped."""
    return min(round(dropped * 2**32), 2**32 - 1)


def permutation(key: Key, count: int) -> NumpyArray:
    """A random permutation of 0, ..., `count` - 1, for a key without examples.

    Sorts by 64 random bits of `key` per number. The result is (`count`,), int64.
    """
    high, low = random_bits(key, (2, count)).astype(np.uint64)
    return np.argsort((high << np.uint64(32)) | low, kind="stable").astype(np.int64)


def normal(key: Key, shape: Shape) -> NumpyArray:
    """Standard normal numbers: the normal quantile of uniform draws of `key`.

    Shapes
        outputs  `shape`, float64, from -6.3 to 6.3
    """
    return normal_quantile(uniform(key, shape))
