"""Records of a data set's content, and descriptions of what has changed since.

    sha256   of all its images and labels
    shape    of an image
    counts   numbers of images, by split and class
    files    by split, class and name: the file's size, a colon and the first digits of
             the SHA-256 of its content; empty for data without files
    skipped  by name: why a file was skipped

The digits are missing for files that were only listed, not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from handgrad.datasets.dataset import Dataset
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.image_folder import open_images
from handgrad.datasets.layout import arrange
from handgrad.errors import DatasetError
from handgrad.text import decoded, some

Record: TypeAlias = dict[str, Any]

SPLITS = ("train", "test", "validation")
NAMED = 5  # files of a kind named in a sentence


def record_of(dataset: Dataset) -> Record:
    """Return the record of a whole data set."""
    splits = (dataset.train, dataset.test, dataset.validation)
    counts, files = {}, {}
    rest = iter(dataset.files.items())
    for name, split in zip(SPLITS, splits, strict=True):
        if split is None:
            continue
        numbers = np.bincount(split.targets, minlength=dataset.classes).tolist()
        counts[name] = dict(zip(dataset.class_names, numbers, strict=True))
        if dataset.files:
            own = list(islice(rest, len(split)))
            files[name] = _by_class(own, split.targets.tolist(), dataset.class_names)
    return {
        "sha256": dataset.checksum,
        "shape": list(dataset.image_shape),
        "counts": counts,
        "files": files,
        "skipped": {decoded(k): decoded(why) for k, why in dataset.skipped.items()},
    }


def known_classes(names: Sequence[str]) -> Record:
    """Return the record of a data set of which only the classes are known."""
    return {"counts": {"": dict.fromkeys(names, 0)}}


def listed(path: Path, before: Record) -> Record:
    """Return the record of class folders as they are now, by file names and sizes.

    If it is ambiguous which folders are classes, files keep their recorded split and
    class. DatasetError if the folder or zip cannot be read.
    """
    with open_images(path) as images:
        files = images.sorted_files()
    sizes = {decoded(file.name): f"{file.size}:" for file in files}
    skipped = {name: "" for name in before.get("skipped", {}) if name in sizes}
    found = _arranged(files, path, skipped) or {
        split: {
            name: {file: sizes[file] for file in rows if file in sizes}
            for name, rows in of.items()
        }
        for split, of in before.get("files", {}).items()
    }
    counts = {
        split: {name: len(rows) for name, rows in of.items()}
        for split, of in found.items()
    }
    return {"counts": counts, "files": found, "skipped": skipped}


def changes(before: Record, now: Record) -> str:
    """Describe what has changed; an empty string if nothing visible has."""
    return "; ".join([*_of_classes(before, now), *_of_images(before, now)])


def shared(before: Record, now: Record, split: str) -> int:
    """Count files of this split of `now` with the content of a training file before."""
    known = set(_digests(before, "train")) - {""}
    return sum(digest in known for digest in _digests(now, split))


def _digests(record: Record, split: str) -> list[str]:
    of = record.get("files", {}).get(split, {})
    files = [digest for rows in of.values() for digest in rows.values()]
    return [digest.partition(":")[2] for digest in files]


def _by_class(
    rows: Sequence[tuple[str, str]], targets: Sequence[int], names: Sequence[str]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for (file, digest), target in zip(rows, targets, strict=True):
        found[names[target]][decoded(file)] = digest
    return found


def _arranged(
    files: Sequence[ImageFile], path: Path, skipped: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the files by split and class; None if these are ambiguous."""
    try:
        plan = arrange(files, str(path))
    except DatasetError:
        return None
    rows = [(file.name, f"{file.size}:") for file in plan.files]
    found, start = {}, 0
    for split, count in zip(SPLITS, plan.counts, strict=True):
        targets = plan.targets[start : start + count].tolist()
        own = _by_class(rows[start : start + count], targets, plan.class_names)
        found[split] = {
            name: {file: size for file, size in of.items() if file not in skipped}
            for name, of in own.items()
        }
        start += count
    return found


def _of_classes(before: Record, now: Record) -> Iterator[str]:
    then, today = _totals(before), _totals(now)
    if not then or not today:  # one of them is unknown
        return
    yield from _classes(then, today, "gone")
    yield from _classes(today, then, "new")
    for name in sorted(then.keys() & today.keys()):
        if then[name] and not before.get("files") and then[name] != today[name]:
            yield f"{name} has {today[name]:,} images, not {then[name]:,}"


def _classes(ours: dict[str, int], theirs: dict[str, int], what: str) -> Iterator[str]:
    """Describe the classes that only the first of two records has."""
    names = sorted(ours.keys() - theirs.keys())
    shown = [f"{name}{_images(ours[name])}" for name in names[:NAMED]]
    if len(names) == 1:
        yield f"the class {shown[0]} is {what}"
    elif names:
        more = ", ..." if len(names) > NAMED else ""
        yield f"{len(names):,} classes are {what}: {', '.join(shown)}{more}"


def _of_images(before: Record, now: Record) -> Iterator[str]:
    """Describe changed files in classes that both records have."""
    both = _totals(before).keys() & _totals(now).keys()
    then, today = _places(before), _places(now)
    bad, was_bad = now.get("skipped", {}), before.get("skipped", {})
    gone = [f for f, (_, c, _) in then.items() if f not in today and c in both]
    new = [f for f, (_, c, _) in today.items() if f not in then and c in both]
    if not then:
        gone, new = [], []
    shared = [file for file in then if file in today]
    moved = [file for file in shared if then[file][:2] != today[file][:2]]
    yield from _files([file for file in gone if file not in bad], "gone")
    yield from _files([f for f in gone if f in bad], "no longer readable")
    yield from _files([file for file in new if file not in was_bad], "new")
    yield from _files([f for f in new if f in was_bad], "now readable")
    yield from _files(
        [f for f in shared if _are_other(then[f][2], today[f][2])], "replaced"
    )
    if not gone and not new:
        yield from _files(moved, "in another split or class")
    shapes = before.get("shape"), now.get("shape")
    if all(shapes) and shapes[0] != shapes[1]:
        said = [" x ".join(map(str, shape)) for shape in shapes if shape]
        yield f"images are now {said[1]}, not {said[0]}"


def _totals(record: Record) -> dict[str, int]:
    """Number of images of each class in all splits; 0 only if all are 0."""
    found: dict[str, int] = {}
    for of in record.get("counts", {}).values():
        for name, count in of.items():
            found[name] = found.get(name, 0) + count
    if any(found.values()):
        return {name: count for name, count in found.items() if count}
    return found


def _places(record: Record) -> dict[str, tuple[str, str, str]]:
    """Map each file to its split, its class, and its size with its digest."""
    return {
        file: (split, name, digest)
        for split, of in record.get("files", {}).items()
        for name, rows in of.items()
        for file, digest in rows.items()
    }


def _are_other(one: str, other: str) -> bool:
    """Whether two files differ; by size alone if one of them was not read."""
    if one.endswith(":") or other.endswith(":"):
        return one.partition(":")[0] != other.partition(":")[0]
    return one != other


def _files(names: Sequence[str], what: str) -> Iterator[str]:
    if names:
        verb = "file is" if len(names) == 1 else "files are"
        yield f"{len(names):,} {verb} {what} ({some(names, NAMED)})"


def _images(count: int) -> str:
    return f" ({count:,} image{'s' * (count != 1)})" if count else ""


def counted(record: Mapping[str, Any]) -> int:
    """Return the number of files in a record."""
    return sum(len(rows) for of in record.get("files", {}).values()
               for rows in of.values())  # fmt: skip
