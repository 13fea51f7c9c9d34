"""Which folders of pictures are classes and which are splits, by their names alone.

    CLASS/any/where/picture.png                 all pictures of a class
    train/CLASS/picture.png, test/..., val/...  with splits of their own
    CLASS/train/picture.png, CLASS/test/...     the same, the other way round

Splits go by their usual names in any spelling: Training, TRAIN, seg_train, valid, dev.
A single folder around all of that is passed through, also within a split. Classes are
numbered in the order of their names. Without test and validation, a fifth of each class
(rounded down) is the test split: those whose names draw the lowest numbers from a fixed
key, so a picture stays on its side when others are added.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import DatasetError
from handgrad.randomness import Key
from handgrad.text import decoded

Kind: TypeAlias = Literal["train", "test", "validation"]
Row: TypeAlias = tuple[PictureFile, tuple[str, ...]]  # a file, and its place

TEST_SHARE = 5  # one in so many, of each class
TEST_KEY = Key(0).child("image folder").child("test")
SHAPE_HINT = "Make one folder of pictures for each class"
WORDS: dict[str, Kind] = {
    **dict.fromkeys(("train", "training", "trn", "learn", "learning"), "train"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
    **dict.fromkeys(
        ("validation", "validate", "valid", "val", "dev", "development"), "validation"
    ),
}
FILLERS = {"set", "data", "dataset", "image", "images", "split", "folder"}
GLUED = re.compile(r"(train|training|test|testing|val|valid|validation|dev)sets?$")
NAMED = 5  # names that an error lists


@dataclass(frozen=True)
class Plan:
    """Which file is what: those of training, of the test, and of validation.

    `sources` says where each split came from, `left` names folders that are no part of
    any; `bit_depth` is that of deep pictures, see `pictures.Header`.

    Shapes
        targets  (files,), int64, in the order of `files`
        counts   of training, test and validation files, in this order
    """

    files: tuple[PictureFile, ...]
    targets: NumpyArray
    counts: tuple[int, int, int]
    class_names: tuple[str, ...]
    sources: Mapping[str, str]
    left: tuple[str, ...] = ()
    bit_depth: int | None = None


def arrange(
    files: Sequence[PictureFile], source: str, places: Iterable[str] = ()
) -> Plan:
    """Find classes and splits in the names of the files.

    DatasetError where there are no two classes, where it is not clear which folders
    they are, and for a folder beside those of classes, one of `places`, that holds no
    picture.
    """
    rows = _passed_through([(file, file.parts) for file in files])
    splits, folders, left = _splits(rows, source)
    names = _class_names(splits["train"], source)
    _check_none_empty(splits["train"], places, source)
    if folders:
        _check_classes(splits, names, source)
    sources: dict[str, str] = {
        kind: f"the folder {decoded(folder)}" for kind, folder in folders.items()
    }
    if not splits["test"] and not splits["validation"]:
        splits["train"], splits["test"] = put_aside(splits["train"])
        sources["test"] = "a fifth of each class"
        sources.setdefault("train", "the others")
    number = {name: place for place, name in enumerate(names)}
    rows = [*splits["train"], *splits["test"], *splits["validation"]]
    return Plan(
        tuple(file for file, _ in rows),
        np.array([number[parts[0]] for _, parts in rows], dtype=np.int64),
        (len(splits["train"]), len(splits["test"]), len(splits["validation"])),
        tuple(map(decoded, names)),
        sources,
        left,
    )


def kind_of(name: str) -> tuple[Kind, tuple[str, ...]] | None:
    """Which split a folder's name means, and what else it says; None for other names.

    Example
        kind_of("seg_train") == ("train", ("seg",))
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    words = [GLUED.sub(r"\1", word) for word in re.findall(r"[^\W\d_]+", apart)]
    kinds = [WORDS[word] for word in words if word in WORDS]
    if len(kinds) != 1:
        return None
    rest = [word for word in words if word not in WORDS and word not in FILLERS]
    return kinds[0], tuple(rest)


def _passed_through(rows: list[Row]) -> list[Row]:
    """The rows without the single folders around all of them."""
    while rows and len({parts[0] for _, parts in rows}) == 1 and _depth(rows) > 2:
        rows = [(file, parts[1:]) for file, parts in rows]
    return rows


def _splits(
    rows: list[Row], source: str
) -> tuple[dict[Kind, list[Row]], dict[Kind, str], tuple[str, ...]]:
    """The rows of each split, below it; its folder; and folders that are in none."""
    tops = {parts[0] for _, parts in rows if len(parts) > 1}
    kinds = _kinds(tops, rows)
    if kinds:
        return _by_top(rows, kinds, source)
    if inner := _inner_kinds(rows):
        found: dict[Kind, list[Row]] = {"train": [], "test": [], "validation": []}
        for file, (name, split, *rest) in rows:
            found[inner[split]].append((file, (name, *rest)))
        return found, {kind: split for split, kind in inner.items()}, ()
    _check_not_alike(rows, source)
    return {"train": rows, "test": [], "validation": []}, {}, ()


def _kinds(names: Iterable[str], rows: Sequence[Row]) -> dict[str, Kind]:
    """The split of each of these folders that is one; none where they are classes.

    A class may well be called train, beside plane and car: so a split has a sibling
    that is another one, or folders of classes in it.
    """
    found = {name: kind for name in names if (kind := kind_of(name)) is not None}
    rests = {rest for _, rest in found.values() if rest}
    kinds = {kind for kind, _ in found.values()}
    if "train" not in kinds or len(rests) > 1:
        return {}
    depths = [len(p) for _, p in rows if p[0] in found and found[p[0]][0] == "train"]
    if len(kinds) == 1 and min(depths) < 3:
        return {}
    return {name: kind for name, (kind, _) in found.items()}


def _by_top(
    rows: list[Row], kinds: Mapping[str, Kind], source: str
) -> tuple[dict[Kind, list[Row]], dict[Kind, str], tuple[str, ...]]:
    found: dict[Kind, list[Row]] = {"train": [], "test": [], "validation": []}
    folders: dict[Kind, str] = {}
    left = {parts[0] for _, parts in rows if parts[0] not in kinds}
    for name, kind in sorted(kinds.items()):
        below = [(file, parts[1:]) for file, parts in rows if parts[0] == name]
        below = _within(below, kind)
        if kind != "train" and all(len(parts) < 2 for _, parts in below):
            left.add(name)  # pictures without classes
            continue
        found[kind] += below
        folders[kind] = f"{folders[kind]} and {name}" if kind in folders else name
    return found, folders, tuple(sorted(map(decoded, left)))


def _within(rows: list[Row], kind: Kind) -> list[Row]:
    """The rows of a split without a folder in it that is called like a split again."""
    while _depth(rows) > 2 and len(tops := {parts[0] for _, parts in rows}) == 1:
        again = kind_of(next(iter(tops)))
        if again is None or again[0] != kind:
            break
        rows = [(file, parts[1:]) for file, parts in rows]
    return rows


def _inner_kinds(rows: Sequence[Row]) -> dict[str, Kind]:
    """Splits one level down, CLASS/train/picture.png, where all folders have them."""
    if not rows or _depth(rows) < 3:
        return {}
    seconds = {parts[1] for _, parts in rows}
    kinds = _kinds(seconds, [(file, parts[1:]) for file, parts in rows])
    is_all = set(kinds) == seconds and len(set(kinds.values())) > 1
    return kinds if is_all else {}


def _check_not_alike(rows: Sequence[Row], source: str) -> None:
    """DatasetError where top-level folders hold the same folders: which are classes?"""
    below: dict[str, set[str]] = defaultdict(set)
    for _, parts in rows:
        if len(parts) > 2:
            below[parts[0]].add(parts[1])
    owners: dict[frozenset[str], str] = {}
    for name, own in sorted(below.items()):
        for other, theirs in sorted(below.items()):
            if name < other and len(shared := own & theirs) > 1:
                owners.setdefault(frozenset(shared), f"{name} and {other}")
    if owners:
        most, pair = max(owners.items(), key=lambda item: len(item[0]))
        raise DatasetError(
            f"{source}: {decoded(pair)} hold folders of the same names "
            f"({some(sorted(most))}), so it is not clear which are the classes. Call "
            "splits train, validation and test; or put the pictures of each class "
            "directly into its folder."
        )


def _class_names(rows: Sequence[Row], source: str) -> tuple[str, ...]:
    if not rows:
        raise DatasetError(f"{source} holds no pictures. {SHAPE_HINT}.")
    _check_in_folders(rows, source)
    names = sorted({parts[0] for _, parts in rows})
    if len(names) < 2:
        raise DatasetError(
            f"{source} holds pictures of one class only ({decoded(names[0])}), and a "
            f"classifier needs two or more. {SHAPE_HINT}."
        )
    return tuple(names)


def _check_none_empty(rows: Sequence[Row], places: Iterable[str], source: str) -> None:
    """DatasetError for a folder beside those of the classes without a picture."""
    beside = {file.parts[: len(file.parts) - len(parts)] for file, parts in rows}
    full = {file.parts[:k] for file, _ in rows for k in range(len(file.parts))}
    split = (tuple(place.split("/")) for place in places)
    empty = sorted(p for p in split if p not in full and p[:-1] in beside)
    if empty:
        names = ["/".join(parts) for parts in empty]
        raise DatasetError(
            f"{source}: there are no pictures in {some(names)}, beside the folders of "
            "the classes. Put some in, take the folder out, or go on without it "
            "(allow_empty_classes, --allow-empty-classes)."
        )


def _check_classes(
    splits: Mapping[Kind, Sequence[Row]], names: Sequence[str], source: str
) -> None:
    for kind in ("test", "validation"):
        _check_in_folders(splits[kind], source)
        for file, parts in splits[kind]:
            if parts[0] not in names:
                raise DatasetError(
                    f"{source}: {decoded(file.name)} is of no class that train has "
                    f"({some(names)}). Name the folders alike."
                )


def _check_in_folders(rows: Sequence[Row], source: str) -> None:
    loose = next((file.name for file, parts in rows if len(parts) < 2), None)
    if loose is not None:
        raise DatasetError(
            f"{source}: {decoded(loose)} lies in no class's folder. {SHAPE_HINT}."
        )


def put_aside(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """A fifth of each class, by the numbers that their names draw."""
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


def _depth(rows: Sequence[Row]) -> int:
    return min((len(parts) for _, parts in rows), default=0)


def some(names: Sequence[str]) -> str:
    """The first few names, as text."""
    shown = ", ".join(map(decoded, names[:NAMED]))
    return f"{shown}, ..." if len(names) > NAMED else shown
