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
    Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from math import prod

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ConfigError, ShapeError
from handgrad.ranges import check_seed

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

    ConfigError for a step or example index outside 0 to 2**32 - 1; ShapeError unless
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
    steps = np.asarray(key.step)
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


def normal_quantile(probability: NumpyArray) -> NumpyArray:
    """The quantile function of the standard normal distribution, to about 1e-15.

    Probabilities lie strictly between 0 and 1, as drawn by `uniform`. Its smallest,
    2**-33, gives -6.3, so normal draws lie between -6.3 and 6.3.
    """
    centred = np.asarray(probability - 0.5)
    found = np.asarray(centred * _ratio(0.180625 - centred * centred, CENTRE))
    outside = np.abs(centred) > 0.425
    root = np.sqrt(-logarithm(np.minimum(probability, 1.0 - probability)[outside]))
    outer = np.where(root <= 5.0, _ratio(root - 1.6, MIDDLE), _ratio(root - 5.0, FAR))
    found[outside] = np.copysign(outer, centred[outside])
    return found


def logarithm(value: NumpyArray) -> NumpyArray:
    """Natural logarithm from IEEE operations only: the same bits on any machine."""
    mantissa, exponent = np.frexp(value)
    small = mantissa < np.sqrt(0.5)
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    exponent = np.where(small, exponent - 1, exponent)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = np.zeros_like(ratio)
    for odd in range(25, 0, -2):
        series = series * square + 1.0 / odd
    return 2.0 * ratio * series + exponent * 0.6931471805599453


def _ratio(
    value: NumpyArray, coefficients: tuple[tuple[float, ...], ...]
) -> NumpyArray:
    numerator, denominator = (
        _polynomial(value, np.asarray(side)) for side in coefficients
    )
    return numerator / denominator


def _polynomial(value: NumpyArray, coefficients: NumpyArray) -> NumpyArray:
    result = np.full_like(value, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= value
        result += coefficient
    return result


# Wichura's coefficients, constant term first: numerator, denominator.
CENTRE = (
    (
        3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
        1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3,
    ),
    (
        1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
        5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
        2.8729085735721942674e4, 5.2264952788528545610e3,
    ),
)  # fmt: skip
MIDDLE = (
    (
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
        3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ),
    (
        1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
        6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
        5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ),
)  # fmt: skip
FAR = (
    (
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
        2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
        2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ),
    (
        1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
        1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
        1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ),
)  # fmt: skip
