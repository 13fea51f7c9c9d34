"""Reproducible splits of training images into training and validation."""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError
from handgrad.randomness import Key, permutation
from handgrad.ranges import is_number, is_whole, shown


def split(
    whole: Split, validation: float, key: Key, *, stratified: bool = True
) -> tuple[Split, Split]:
    """Split examples into a training and a validation part; return both, in this order.

    `whole` is the split to divide, `key` the key of the random choice. With
    `stratified` each class contributes in proportion to its size, the largest
    remainders rounded up. Rows keep their order. ConfigError unless both parts have an
    example.

    Units
        validation  a float below 1: a fraction of the examples; else their number

    Example
        training, validation = split(digits.train, 0.1, Key(0).child("validation"))
    """
    rows = validation_rows(whole.targets, validation, key, stratified=stratified)
    chosen = np.zeros(len(whole), dtype=bool)
    chosen[rows] = True
    return whole.take(np.flatnonzero(~chosen)), whole.take(np.flatnonzero(chosen))


def validation_rows(
    targets: NumpyArray, validation: float, key: Key, *, stratified: bool = True
) -> NumpyArray:
    """Return the row numbers of the validation images."""
    total = len(targets)
    count = held_out(validation, total)
    order = permutation(key, total)
    if not stratified:
        return np.sort(order[:count])
    return np.sort(_stratified(targets[order], order, count))


def held_out(validation: float, total: int) -> int:
    """The number of validation images; ConfigError unless both parts have an image."""
    count = count_of(validation, total)
    if not 0 < count < total:
        raise ConfigError(
            f"validation = {shown(validation)} would hold out {count} of {total} "
            "images, but both parts need at least one. "
            + (f"Give a count from 1 to {total - 1}." if total > 1 else "Add images.")
        )
    return count


def count_of(validation: float, total: int) -> int:
    """The number of images for a fraction or a count; ConfigError if it is neither."""
    if is_number(validation) and 0 < validation < 1:
        return round(validation * total)
    is_one = is_number(validation) and not is_whole(validation) and validation == 1
    is_count = is_number(validation) and abs(validation) < 1e18 and not validation % 1
    if is_count and not is_one:
        return int(validation)
    hint = "Give 0.1 for a tenth."
    if is_one:
        hint = "Give 1 for one example; a fraction of 1.0 would leave none to train on."
    raise ConfigError(
        "validation takes a fraction above 0 and below 1 or an integer, got "
        f"{shown(validation)}. {hint}"
    )


def subset(whole: Split, count: int, key: Key) -> Split:
    """Return a random subset of `count` images, in the order of the data set."""
    check_subset(count, len(whole))
    return whole.take(np.sort(permutation(key, len(whole))[:count]))


def check_subset(count: int, total: int) -> None:
    """ConfigError unless a subset of `total` images can have so many."""
    if not 0 < count <= total:
        raise ConfigError(
            f"train_count must be from 1 to {total}, the number of training "
            f"images, got {count}. Give a count in that range."
        )


def _stratified(targets: NumpyArray, order: NumpyArray, count: int) -> NumpyArray:
    classes, sizes = np.unique(targets, return_counts=True)
    shares = sizes * count / len(targets)
    counts = np.floor(shares).astype(int)
    remainders = np.argsort(-(shares - counts), kind="stable")
    counts[remainders[: count - counts.sum()]] += 1
    return np.concatenate(
        [
            order[targets == number][:size]
            for number, size in zip(classes, counts, strict=True)
        ]
    )
