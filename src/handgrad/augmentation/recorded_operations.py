"""The operations that change the images of a batch, recorded with all their numbers.

Recording draws the random numbers; it touches no pixel. `perform` runs the operations
in NumPy, the CPU engine's kernel runs them on each tile, to the same bits.
"""

from typing import Any, NamedTuple, Protocol, TypeGuard

import numpy as np
from jaxtyping import Float32, Int64

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.noise import add_noise
from handgrad.augmentation.recolour import Mixing, recolour
from handgrad.augmentation.resample import Affine, resample
from handgrad.augmentation.source_coordinates import (
    Images,
    Movable,
    Views,
    defines_both,
    is_movable,
    look,
)
from handgrad.randomness import Key

VIEW, RESAMPLE, RECOLOUR, NOISE, MIX = range(5)
WORDS = 4  # before a noise's deviation: two words of the key, the step, the example


class Recorded(NamedTuple):
    """Operations in order, and for each image of a batch their numbers.

    Shapes
        steps  (operations, 2), int64: which operation, and its first column in `table`
        table  (batch, columns), int64; of a fractional number, the bits of a float64
        keys   of each operation; None where it draws nothing
    """

    steps: Int64[NumpyArray, "operations 2"]
    table: Int64[NumpyArray, "batch columns"]
    keys: tuple[Key | None, ...]

    def columns(self, number: int) -> Int64[NumpyArray, "batch columns"]:
        """The columns of an operation."""
        ends = [*self.steps[1:, 1], self.table.shape[1]]
        return self.table[:, self.steps[number, 1] : ends[number]]

    def part(self, images: slice, step: int, examples: NumpyArray) -> "Recorded":
        """Those of some images, drawn for their `examples` at one `step`."""
        keys = tuple(key and key.at(step, examples) for key in self.keys)
        return Recorded(self.steps, self.table[images], keys)


class Pipeline:
    """Records the operations of a `batch` of so many images, in order.

    Shapes
        images  (all, channels, height, width): the images are like these
    """

    def __init__(self, batch: int, images: Images) -> None:
        self.batch, self.dtype = batch, images.dtype
        self.image_shape: Shape = images.shape[1:]
        self._entries: list[tuple[int, Views | NumpyArray, Key | None]] = []

    def add(self, change: Any, key: Key) -> None:
        """Record an augmentation, drawn from `key`."""
        if is_movable(change):
            change.view(self._views(), key)
        else:
            change.record(self, key)

    def resample(self, affine: Affine) -> None:
        """Record `resample`."""
        self._add(RESAMPLE, affine.reshape(self.batch, -1))

    def recolour(self, mixing: Mixing, pull: Float32[NumpyArray, " batch"]) -> None:
        """Record `recolour`."""
        flat = mixing.reshape(self.batch, -1)
        self._add(RECOLOUR, np.concatenate([pull[:, None], flat], axis=1))

    def add_noise(self, key: Key, deviation: Float32[NumpyArray, " batch"]) -> None:
        """Record `add_noise`."""
        words = np.empty((self.batch, WORDS + 1), np.int64)
        words[:, :WORDS].T[:2] = np.reshape(key.words, (2, 1))
        words[:, 2] = key.step
        words[:, 3] = 0 if key.examples is None else key.examples
        words[:, WORDS] = as_bits(deviation)
        self._entries.append((NOISE, words, key))

    def recorded(self) -> Recorded:
        """All that was recorded."""
        steps, tables, columns = [], [], 0
        for operation, entry, _ in self._entries:
            table = entry.table if isinstance(entry, Views) else entry
            steps.append((operation, columns))
            tables.append(table)
            columns += table.shape[1]
        return Recorded(
            np.array(steps, np.int64).reshape(-1, 2),
            np.concatenate([np.empty((self.batch, 0), np.int64), *tables], axis=1),
            tuple(key for _, _, key in self._entries),
        )

    def _views(self) -> Views:
        """The views to which moves are added: those that come last, or new ones."""
        last = self._entries[-1][1] if self._entries else None
        if isinstance(last, Views):
            return last
        views = Views(self.batch, *self.image_shape[1:])
        self._entries.append((VIEW, views, None))
        return views

    def _add(self, operation: int, numbers: NumpyArray) -> None:
        self._entries.append((operation, as_bits(numbers), None))


class Recordable(Protocol):
    """An augmentation made of the operations of a `Pipeline`."""

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """Record what `apply` would do to the images."""


def is_recordable(change: object) -> TypeGuard[Movable | Recordable]:
    """Whether `view` or `record` may stand for `apply`."""
    return is_movable(change) or defines_both(change, "record")


def as_bits(numbers: NumpyArray) -> Int64[NumpyArray, "..."]:
    """The bits of numbers as float64."""
    bits: NumpyArray = np.ascontiguousarray(numbers, np.float64).view(np.int64)
    return bits


def from_bits(bits: NumpyArray) -> Float32[NumpyArray, "..."]:
    """The numbers again, in float32."""
    numbers: NumpyArray = np.ascontiguousarray(bits).view(np.float64)
    return numbers.astype(np.float32)


def perform(images: Images, recorded: Recorded) -> Images:
    """The images after all recorded operations."""
    for number, (operation, _) in enumerate(recorded.steps.tolist()):
        columns, key = recorded.columns(number), recorded.keys[number]
        images = _perform_one(images, operation, columns, key)
    return images


def _perform_one(
    images: Images, operation: int, columns: NumpyArray, key: Key | None
) -> Images:
    if operation == VIEW:
        return look(images, columns)
    if key is not None:
        return add_noise(images, key, from_bits(columns[:, WORDS]))
    numbers = from_bits(columns)
    if operation == RESAMPLE:
        return resample(images, numbers.reshape(-1, 2, 3))
    side = 3 if numbers.shape[1] > 2 else 1
    return recolour(images, numbers[:, 1:].reshape(-1, side, side), numbers[:, 0])
