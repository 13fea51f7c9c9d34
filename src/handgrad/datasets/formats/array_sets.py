"""Pairs of image and label arrays, matched by their names.

Examples are the four arrays of MNIST, `x_train` and `y_train`, or `X` and `y`: in any
format, images and labels of the same set and split form a part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.formats.content import Part
from handgrad.datasets.formats.label_arrays import labels_of
from handgrad.datasets.formats.name_roles import role_of
from handgrad.datasets.formats.pixel_arrays import images_of
from handgrad.errors import ConfigError, DatasetError


@dataclass(frozen=True)
class Pair:
    """The names of two arrays that belong together."""

    images: str
    labels: str
    split: str
    rest: tuple[str, ...]


def pairs_of(axes: Mapping[str, int], source: str) -> list[Pair]:
    """Pair arrays by their names and numbers of axes.

    DatasetError for images without labels, or labels without images.
    """
    found: dict[tuple[tuple[str, ...], str], dict[str, str]] = {}
    for name, count in axes.items():
        role, kind = role_of(name), kind_of(name, count)
        if kind:
            known = found.setdefault((role.rest, role.split), {})
            if kind in known:
                raise DatasetError(
                    f"{source} holds two arrays of {role.split or 'all'} {kind}: "
                    f"{known[kind]} and {name}. Remove one of them."
                )
            known[kind] = name
    for known in found.values():
        if len(known) < 2:
            has = next(iter(known))
            other = {"images": "labels", "labels": "images"}[has]
            raise DatasetError(
                f"{source} holds the {has} {known[has]}, but no {other} with a "
                "matching name. Use matching names, such as x_train and y_train."
            )
    return [
        Pair(known["images"], known["labels"], split, rest)
        for (rest, split), known in found.items()
    ]


def kind_of(name: str, axes: int) -> str:
    """Return "images", "labels" or "", by an array's name or else its axes."""
    by_axes = "images" if axes > 2 else "labels" if axes == 1 else ""
    return role_of(name).kind or by_axes


def without_spare(shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Select the arrays of images and labels, each by its name.

    Other arrays are dropped: names, numbers, labels of other names or of another
    length. Labels of a split whose images are missing are kept, and so are images
    without labels that are called images: a part of the data set is missing.
    """
    roles = {name: role_of(name) for name in shapes}
    keys = {name: (role.rest, role.split) for name, role in roles.items()}
    kinds = {name: kind_of(name, len(shape)) for name, shape in shapes.items()}
    images = {keys[name]: name for name in shapes if kinds[name] == "images"}
    labels = [name for name in shapes if kinds[name] == "labels"]
    kept = []
    for name in labels:
        own = images.get(keys[name])
        if own is None:
            is_set = roles[name].rest in {rest for rest, _ in images}
            is_kept = not images or bool(roles[name].kind and is_set and keys[name][1])
        else:
            is_single = sum(keys[other] == keys[name] for other in labels) < 2
            is_kept = is_single or shapes[name][:1] == shapes[own][:1]
        kept += [name] * is_kept
    paired = {keys[name] for name in kept} & {*images}
    for key, name in images.items():
        kept += [name] * bool(key in paired or roles[name].kind or not paired)
    return {name: name for name in shapes if name in kept}


def with_labels(
    shapes: Mapping[str, Shape], label_from: str, source: str
) -> dict[str, str]:
    """Select the images and the chosen labels, under names that match in pairs.

    `label_from` is the name of an array; in other splits, arrays with a corresponding
    name are used. ConfigError if there are no labels of this name.
    """
    kinds = {name: kind_of(name, len(shape)) for name, shape in shapes.items()}
    images = {name: role_of(name) for name in shapes if kinds[name] == "images"}
    others = [name for name in shapes if name not in images]
    wanted = role_of(label_from)
    alike = [name for name in others if role_of(name).rest == wanted.rest]
    found = {}
    for name in sorted(alike, key=lambda name: name == label_from):
        split = role_of(name).split
        rests = [role.rest for role in images.values() if role.split == split]
        if len(rests) == 1 and (wanted.kind or wanted.rest):
            found[" ".join((*rests[0], split, "labels"))] = name
    if not found:
        raise unclear(source, others, f" named {label_from}")
    return {**{name: name for name in images}, **found}


def unclear(source: str, names: Iterable[str], wanted: str = "") -> ConfigError:
    """Return the error for images whose labels are ambiguous."""
    return ConfigError(
        f"{source} holds no labels{wanted} that clearly belong to its images. Choose "
        f"one of the arrays {', '.join(names)} with --label-from NAME."
    )


def part_of(pair: Pair, images: NumpyArray, labels: NumpyArray, source: str) -> Part:
    """Return the part of two arrays."""
    return Part(
        f"{source}: {pair.images}",
        pair.split,
        images_of(images, f"{source}: {pair.images}"),
        labels_of(labels, f"{source}: {pair.labels}"),
    )
