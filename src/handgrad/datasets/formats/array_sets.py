"""Arrays of images and labels that belong together, matched by their names.

The four arrays of MNIST, `x_train` and `y_train`, or `X` and `y`: whatever the format,
images and labels of the same set and split make a part.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.content import Part
from handgrad.datasets.formats.labels import labels_of
from handgrad.datasets.formats.pixels import images_of
from handgrad.datasets.formats.roles import role_of
from handgrad.errors import DatasetError


@dataclass(frozen=True)
class Pair:
    """The names of two arrays that belong together."""

    images: str
    labels: str
    split: str
    rest: tuple[str, ...]


def pairs_of(axes: Mapping[str, int], source: str) -> list[Pair]:
    """Which arrays belong together, by their names and their number of axes.

    DatasetError where images have no labels, or labels no images.
    """
    found: dict[tuple[tuple[str, ...], str], dict[str, str]] = {}
    for name, count in axes.items():
        role = role_of(name)
        kind = role.kind or ("images" if count > 2 else "labels" if count == 1 else "")
        if kind:
            known = found.setdefault((role.rest, role.split), {})
            if kind in known:
                raise DatasetError(
                    f"{source} holds two arrays of {role.split or 'all'} {kind}: "
                    f"{known[kind]} and {name}. Leave one of them out."
                )
            known[kind] = name
    for known in found.values():
        if len(known) < 2:
            has = next(iter(known))
            other = {"images": "labels", "labels": "images"}[has]
            raise DatasetError(
                f"{source} holds the {has} {known[has]}, but no {other} with a name "
                "like theirs. Name them alike, such as x_train and y_train."
            )
    return [
        Pair(known["images"], known["labels"], split, rest)
        for (rest, split), known in found.items()
    ]


def part_of(pair: Pair, images: NumpyArray, labels: NumpyArray, source: str) -> Part:
    """The part that two arrays are."""
    return Part(
        f"{source}: {pair.images}",
        pair.split,
        images_of(images, f"{source}: {pair.images}"),
        labels_of(labels, f"{source}: {pair.labels}"),
    )
