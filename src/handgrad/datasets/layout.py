"""Detection of class folders and split folders, by their names alone.

    CLASS/any/where/image.png                 all images of a class
    train/CLASS/image.png, test/..., val/...  predefined splits
    CLASS/train/image.png, CLASS/test/...     predefined splits within each class

Splits may have any of their usual names: Training, TRAIN, seg_train, valid, dev. A
single folder that contains all of that is skipped, also within a split. Classes are
numbered in the order of their names. Without test and validation, a fifth of each class
(rounded down) is the test split: the images whose names have the lowest random
numbers under a fixed key, so most stay in their split when others are added.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.layout_checks import (
    Ignored,
    Place,
    Row,
    check_all_classes,
    check_alone,
    check_classes,
    check_in_folders,
    check_not_alike,
    check_not_crossed,
    no_images,
    shape_hint,
    without_images,
)
from handgrad.datasets.split_names import (
    Kind,
    is_unlabelled,
    kind_of,
    kinds_of,
    names_no_class,
)
from handgrad.errors import DatasetError
from handgrad.randomness import Key
from handgrad.text import decoded

TEST_SHARE = 5  # one in five of each class
NONE_HELD_OUT = "no class has the five images needed to hold one out"
TEST_KEY = Key(0).child("image folder").child("test")


@dataclass(frozen=True)
class Plan:
    """The files of a data set, with their classes and splits.

    `sources` describes the origin of each split, `left` lists folders that belong to
    none; `bit_depth` is the minimum for deep images, see `image_decoding.Header`;
    `skipped` says why files that cannot be read were skipped, by their names.

    Shapes
        targets  (files,), int64, in the order of `files`
        counts   of training, test and validation files, in this order
    """

    files: tuple[ImageFile, ...]
    targets: NumpyArray
    counts: tuple[int, int, int]
    class_names: tuple[str, ...]
    sources: Mapping[str, str]
    left: tuple[str, ...] = ()
    bit_depth: int | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)


def arrange(
    files: Sequence[ImageFile],
    source: str,
    places: Iterable[str] = (),
    ignored: Ignored = MappingProxyType({}),
) -> Plan:
    """Determine classes and splits from the names of the files.

    DatasetError for fewer than two classes, if it is ambiguous which folders they are,
    and for a folder of a class or a split, one of `places`, without images. `ignored`
    are the other files in each folder, for these errors.
    """
    rows, beside = _passed_through([(file, file.parts) for file in files])
    found = _splits(rows, source)
    splits = found.rows
    around = found.around()
    beside |= found.left | without_images(files, around, places, source, ignored)
    if not splits["train"]:
        raise no_images(source, ignored)
    names = _class_names(splits["train"], source)
    if found.folders:
        check_classes(splits, names, source)
    sources: dict[str, str] = {
        kind: f"the folder {decoded(folder)}" for kind, folder in found.folders.items()
    }
    if not splits["test"] and not splits["validation"]:
        splits["train"], splits["test"] = hold_out(splits["train"])
        sources = describe_held_out(len(splits["test"])) | sources
    number = {name: place for place, name in enumerate(names)}
    rows = [*splits["train"], *splits["test"], *splits["validation"]]
    return Plan(
        tuple(file for file, _ in rows),
        np.array([number[parts[0]] for _, parts in rows], dtype=np.int64),
        (len(splits["train"]), len(splits["test"]), len(splits["validation"])),
        tuple(map(decoded, names)),
        sources,
        tuple(sorted(map(decoded, beside))),
    )


@dataclass
class _Found:
    """The rows and the folder of each split, and the folders that are in none."""

    rows: dict[Kind, list[Row]]
    folders: dict[Kind, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    is_inner: bool = False  # class folders contain the splits, not the reverse

    def around(self) -> set[Place]:
        """Return the folders that contain the class folders."""
        more = 1 if self.is_inner else 0
        rows = self.rows["train"]
        return {file.parts[: -len(parts) - more] for file, parts in rows}


def _passed_through(rows: list[Row]) -> tuple[list[Row], set[str]]:
    """Strip folders that contain all classes; also return what is next to these."""
    beside: set[str] = set()
    while (around := _around(rows)) is not None:
        beside |= {parts[0] for _, parts in rows if parts[0] != around}
        rows = _below(rows, around)
    return rows, beside


def _around(rows: Sequence[Row]) -> str | None:
    """The folder that contains all classes: the only one, or the one with splits."""
    tops = {parts[0] for _, parts in rows}
    if len(tops) < 2:
        return tops.pop() if tops and _holds_folders(rows) else None
    if _depth(rows) < 2 or kinds_of(tops):
        return None
    below: dict[str, list[Row]] = defaultdict(list)
    for file, parts in rows:
        below[parts[0]].append((file, parts[1:]))
    depths = {top: depth for top, own in below.items() if (depth := _split_depth(own))}
    (holder, depth), *others = depths.items() or [("", 0)]
    return holder if depth > 2 and not others else None


def _holds_folders(rows: Sequence[Row]) -> bool:
    """Whether the only folder contains folders, apart from a few images."""
    below = {parts[1] for _, parts in rows if len(parts) > 2}
    return _depth(rows) > 2 or len(below) > 1


def _split_depth(rows: list[Row]) -> int:
    """Depth of the training images in split folders; 0 without splits."""
    rows, _ = _passed_through(rows)
    kinds = kinds_of({parts[0] for _, parts in rows if len(parts) > 1})
    if len(set(kinds.values())) < 2:
        return 0
    return _depth([row for row in rows if kinds.get(row[1][0]) == "train"])


def _splits(rows: list[Row], source: str) -> _Found:
    tops = {parts[0] for _, parts in rows if len(parts) > 1}
    kinds = kinds_of(tops)
    train = [name for name, kind in kinds.items() if kind == "train"]
    is_alone = len(train) == len(kinds)
    if train and is_alone and _depth(_below(rows, train[0])) > 1:
        others = [name for name in tops - set(kinds) if not is_unlabelled(name)]
        check_alone(train[0], others, source)
        is_alone = False
    if train and not is_alone:
        return _by_top(rows, kinds)
    check_not_crossed(tops, source)
    if (inner := _inner(rows)) is not None:
        check_not_alike([row for part in inner.rows.values() for row in part], source)
        return inner
    check_not_alike(rows, source)
    check_all_classes(tops, source)
    return _Found({"train": rows, "test": [], "validation": []})


def _by_top(rows: list[Row], kinds: Mapping[str, Kind]) -> _Found:
    """Splits that contain the classes; those of unlabelled images are not used."""
    left = {parts[0] for _, parts in rows if parts[0] not in kinds}
    found = _Found({"train": [], "test": [], "validation": []}, left=left)
    known: set[str] = set()
    for name, kind in sorted(
        kinds.items(), key=lambda item: (item[1] != "train", item)
    ):
        below = _within(_below(rows, name), kind, known)
        folders = {parts[0].casefold() for _, parts in below if len(parts) > 1}
        if kind == "train":
            known |= folders
        elif _are_unlabelled(below, folders, known):
            left.add(name)
            continue
        found.rows[kind] += below
        before = f"{found.folders[kind]} and " if kind in found.folders else ""
        found.folders[kind] = before + name
    return found


def _are_unlabelled(rows: Sequence[Row], folders: set[str], known: set[str]) -> bool:
    """Whether a split has no class folders, or a single one such as `images`."""
    is_no_class = len(folders) == 1 and all(map(names_no_class, folders))
    return not folders or (is_no_class and _depth(rows) > 1 and not folders & known)


def _within(rows: list[Row], kind: Kind, known: set[str]) -> list[Row]:
    """Strip single folders within a split that contain its classes."""
    while _depth(rows) > 1 and len(tops := {parts[0] for _, parts in rows}) == 1:
        (top,) = tops
        again = kind_of(top)
        is_same = again is not None and again[0] == kind
        if not is_same and (_depth(rows) < 3 or top.casefold() in known):
            break
        rows = _below(rows, top)
    return rows


def _inner(rows: Sequence[Row]) -> _Found | None:
    """Splits one level down, CLASS/train/image.png, if all folders have them."""
    seconds = {parts[1] for _, parts in rows if len(parts) > 2}
    kinds = kinds_of(seconds)
    left = seconds - set(kinds)
    if (
        _depth(rows) < 3
        or len(set(kinds.values())) < 2
        or not all(map(is_unlabelled, left))
    ):
        return None
    found = _Found({"train": [], "test": [], "validation": []}, left=left)
    found.is_inner = True
    for file, (name, split, *rest) in rows:
        if split in kinds:
            found.rows[kinds[split]].append((file, (name, *rest)))
    found.folders.update({kind: split for split, kind in kinds.items()})
    return found


def _class_names(rows: Sequence[Row], source: str) -> tuple[str, ...]:
    check_in_folders(rows, source)
    names = sorted({parts[0] for _, parts in rows})
    if len(names) < 2:
        raise DatasetError(
            f"{source} holds images of one class only ({decoded(names[0])}), but a "
            f"classifier needs two or more. {shape_hint(source)}."
        )
    return tuple(names)


def hold_out(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Hold out a fifth of each class, by random numbers of their names."""
    aside, by_class = set(), defaultdict(list)
    for _, parts in rows:
        by_class[parts[0]].append("/".join(parts))
    for members in by_class.values():
        members.sort(key=lambda member: TEST_KEY.child(member).words)
        aside.update(members[: len(members) // TEST_SHARE])
    is_test = ["/".join(parts) in aside for _, parts in rows]
    return (
        [row for row, chosen in zip(rows, is_test, strict=True) if not chosen],
        [row for row, chosen in zip(rows, is_test, strict=True) if chosen],
    )


def describe_held_out(count: int) -> dict[str, str]:
    """Describe the splits if `count` images were held out for testing."""
    if not count:
        return {"test": NONE_HELD_OUT}
    return {"test": "a fifth of each class", "train": "the others"}


def _below(rows: Sequence[Row], top: str) -> list[Row]:
    return [(file, parts[1:]) for file, parts in rows if parts[0] == top]


def _depth(rows: Sequence[Row]) -> int:
    return min((len(parts) for _, parts in rows), default=0)
