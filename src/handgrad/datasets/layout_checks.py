"""Errors for folders whose classes are missing or ambiguous."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from handgrad.datasets.image_files import PLAIN, UNREAD, ImageFile
from handgrad.datasets.split_names import Kind, crossed, kind_of, not_classes
from handgrad.errors import DatasetError
from handgrad.text import composed, decoded, number_of, some

Row: TypeAlias = tuple[ImageFile, tuple[str, ...]]  # a file and its path parts
Place: TypeAlias = tuple[str, ...]  # a folder

ARCHIVES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2",
    ".tar.zst", ".7z", ".rar",
)  # fmt: skip
OTHER_TEXTS = ("readme", "license", "licence", "copying", "requirements")
LABEL_FILES = (".txt", ".tsv", ".json", ".jsonl", ".xlsx", ".xls", ".ods", ".xml")
Ignored: TypeAlias = Mapping[str, Mapping[str, int]]  # files by folder and kind

NAMED = 3  # archives in a message
SHAPE_HINT = "Make one folder of images for each class"
NAME_THEM = (
    "Name the splits train, validation and test; or put the images of each class "
    "directly into its folder."
)
NAMED = 5  # names listed in an error


def check_not_alike(rows: Sequence[Row], source: str) -> None:
    """Raise DatasetError if top-level folders share several folder names.

    A single shared name, such as in cat/images and dog/images, is not ambiguous.
    """
    below: dict[str, dict[str, str]] = defaultdict(dict)
    for top, *folders in {parts[:-1] for _, parts in rows if len(parts) > 2}:
        for count in range(1, len(folders) + 1):
            path = "/".join(folders[:count])
            below[top][path.casefold()] = path
    seen: dict[str, list[str]] = defaultdict(list)
    for top in sorted(below):
        if len(_tips(below[top])) < 2:
            continue
        shared: dict[str, set[str]] = defaultdict(set)
        for path in below[top]:
            for other in seen[path]:
                shared[other].add(path)
            seen[path].append(top)
        for other, paths in shared.items():
            if len(tips := _tips(paths)) > 1:
                names = [below[top][path] for path in sorted(tips)]
                raise DatasetError(
                    f"{source}: {decoded(other)} and {decoded(top)} hold folders of "
                    f"the same names ({_some(names)}), so it is not clear which are "
                    f"the classes. {NAME_THEM}"
                )


def check_not_crossed(tops: Iterable[str], source: str) -> None:
    """Raise DatasetError for folders of one split and class each: train_cat, ..."""
    if (pair := crossed(tops)) is not None:
        first, second = map(decoded, pair)
        raise DatasetError(
            f"{source}: {first} and {second} combine a split with another name, so it "
            f"is not clear which are the classes. {NAME_THEM}"
        )


def check_alone(train: str, others: Iterable[str], source: str) -> None:
    """Raise DatasetError for train, with folders in it, next to unknown folders."""
    if names := sorted(others):
        raise DatasetError(
            f"{source}: {decoded(train)} holds folders, as a split does, and next to "
            f"it is {_some(names)}, so it is not clear which are the classes. "
            f"{NAME_THEM}"
        )


def check_all_classes(tops: Iterable[str], source: str) -> None:
    """Raise DatasetError for test or unlabelled images next to class folders."""
    names = set(tops)
    if wrong := not_classes(names):
        raise DatasetError(
            f"{source}: folders of held-out or unlabelled images by their names "
            f"({_some(wrong)}) are next to others ({_some(sorted(names - {*wrong}))}), "
            "so it is not clear which are the classes. Move them elsewhere; or rename "
            "those that are classes."
        )


def check_classes(
    splits: Mapping[Kind, Sequence[Row]], names: Sequence[str], source: str
) -> None:
    """Raise DatasetError for a class that the training split does not have."""
    known = set(names)
    for kind in ("test", "validation"):
        check_in_folders(splits[kind], source)
        for file, parts in splits[kind]:
            if parts[0] not in known:
                raise DatasetError(
                    f"{source}: {decoded(file.name)} belongs to none of the training "
                    f"classes ({_some(names)}). Use the same folder names in all "
                    "splits."
                )


def unread(ignored: Ignored, folder: str = "") -> tuple[str, str]:
    """Count the images of a folder that are not read, and say what makes them read.

    Both are empty without files of other image formats or without an extension.

    Example
        unread({"hat": {".heic": 5}}) == (
            "5 .heic files, which are not read", "Convert .heic files to JPEG"
        )
    """
    kinds: Counter[str] = Counter()
    for place, counts in ignored.items():
        if not folder or f"{composed(place)}/".startswith(f"{folder}/"):
            kinds.update({k: n for k, n in counts.items() if k in {*UNREAD, PLAIN}})
    found = sorted(UNREAD.intersection(kinds))
    said = [number_of(kinds[kind], f"{kind} file") for kind in found]
    steps = [f"convert {', '.join(found)} files to JPEG"] if found else []
    if kinds[PLAIN]:
        said.append(f"{number_of(kinds[PLAIN], 'file')} without an extension")
        steps.append("add an extension, such as .jpg, to the names of images without")
    step = ", ".join(steps)
    which = f"which {'is' if kinds.total() == 1 else 'are'} not read"
    return f"{', '.join(said)}, {which}" if said else "", step[:1].upper() + step[1:]


def no_images(source: str, ignored: Ignored) -> DatasetError:
    """The error for a folder without images; archives and other images are named."""
    try:
        names = sorted(path.name for path in Path(source).iterdir())
    except OSError:  # not a folder, or one that cannot be listed
        names = []
    packed = [name for name in names if name.lower().endswith(ARCHIVES)]
    said, step = unread(ignored)
    if said and not packed:
        return DatasetError(f"{source} holds no images, but {said}. {step}.")
    if not packed:
        return DatasetError(f"{source} holds no images. {SHAPE_HINT}.")
    return DatasetError(
        f"{source} holds no images, but {some(packed, NAMED)}. Unpack what holds the "
        f"images, or give a single archive. {SHAPE_HINT}."
    )


def shape_hint(source: str) -> str:
    """The next step for images without class folders; files of labels are named."""
    try:
        names = sorted(path.name for path in Path(source).iterdir())
    except OSError:  # a zip
        names = []
    found = [name for name in names if name.lower().endswith(LABEL_FILES)]
    found = [name for name in found if not name.lower().startswith(OTHER_TEXTS)]
    if not found:
        return SHAPE_HINT
    return (
        f"{SHAPE_HINT}; or, if the labels are in {_some(found)}, save them as a CSV "
        "file with a column of file names and one of labels"
    )


def check_in_folders(rows: Sequence[Row], source: str) -> None:
    """Raise DatasetError for an image that is not in a class folder."""
    loose = next((file.name for file, parts in rows if len(parts) < 2), None)
    if loose is not None:
        raise DatasetError(
            f"{source}: {decoded(loose)} is not in a class folder. "
            f"{shape_hint(source)}."
        )


def without_images(
    files: Sequence[ImageFile],
    around: set[Place],
    places: Iterable[str],
    source: str,
    ignored: Ignored,
) -> set[str]:
    """Return the empty folders next to the folders `around` the classes.

    DatasetError for those of classes and of splits.
    """
    full = {file.parts[:k] for file in files for k in range(len(file.parts))}
    above = {place[:k] for place in around for k in range(len(place))}
    in_split = any(kind_of(name) is not None for place in around for name in place)
    split = (tuple(composed(place).split("/")) for place in places)
    empty = sorted(place for place in split if place not in full)
    beside = {place for place in empty if place[:-1] in above}
    missing = [place for place in empty if place[:-1] in around]
    if in_split:
        missing += [place for place in beside if kind_of(place[-1]) is not None]
    if missing:
        names = sorted("/".join(place) for place in missing)
        said, step = unread(ignored, names[0])
        held = f" ({decoded(names[0])}: {said})" if said else ""
        raise DatasetError(
            f"{source}: there are no images in {_some(names)}{held}, next to the class "
            f"folders. {step or 'Add some'}, remove the folder, or ignore it "
            "(allow_empty_classes, --allow-empty-classes)."
        )
    return {"/".join(place) for place in beside}


def _tips(paths: Iterable[str]) -> set[str]:
    """The innermost of these folders."""
    found = set(paths)
    return found - {path.rpartition("/")[0] for path in found}


def _some(names: Sequence[str]) -> str:
    return some([decoded(name) for name in names], NAMED)
