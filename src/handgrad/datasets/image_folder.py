"""A user's own pictures: one folder for each class, in a folder or a zip.

    ROOT/CLASS/any/where/picture.png                all pictures of a class
    ROOT/train/CLASS/picture.png, ROOT/test/...     with a test split of its own

A single folder around all of that is passed through. Classes are numbered in the
order of their names. Beside `train`, only `test` is read. Without `test`, a fifth of
each class (rounded down) is the test split: those whose names draw the lowest numbers
from a fixed key, so a picture stays on its side when others are added.

Pictures are grey (one channel) if all files are, else RGB. Without an `image_size` they
keep the size that most of them have, the smaller one of two, if no side of it is over
128 pixels; otherwise they become 32 x 32. They are stretched, not cut.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets.dataset import Dataset
from handgrad.datasets.image_cache import ImageCache
from handgrad.datasets.picture_files import Folder, PictureFile, PictureFiles, Zip
from handgrad.datasets.pictures import (
    Header,
    decode,
    quiet_decoder,
    read_header,
    read_image,
)
from handgrad.errors import DatasetError
from handgrad.randomness import Key
from handgrad.text import decoded

__all__ = ["load_images", "read_image"]

Progress: TypeAlias = Callable[[str, int, int], None]
Row: TypeAlias = tuple[PictureFile, tuple[str, ...]]  # a file, and its place

TEST_SHARE = 5  # one in so many, of each class
TEST_KEY = Key(0).child("image folder").child("test")
KEPT_SIDE = 128
USUAL_SIZE = (32, 32)
SHAPE_HINT = "Make one folder of pictures for each class"


@dataclass(frozen=True)
class Plan:
    """Which file is what: training files first, then test files."""

    files: tuple[PictureFile, ...]
    targets: NumpyArray
    train_count: int
    class_names: tuple[str, ...]


def load_images(
    path: Path,
    image_size: Pair | None = None,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> Dataset:
    """Decode the pictures once; later calls map the decoded pixels into memory.

    Without `use_cache` they are decoded again, and kept in place of those before.
    """
    with open_pictures(path) as pictures:
        files = pictures.sorted_files()
        return load_planned(
            path,
            pictures,
            files,
            lambda: arrange(files, str(path)),
            image_size,
            progress,
            use_cache=use_cache,
        )


def load_planned(
    path: Path,
    pictures: PictureFiles,
    files: Sequence[PictureFile],
    plan_of: Callable[[], Plan],
    image_size: Pair | None = None,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> Dataset:
    """The data set of a plan; `files` are what its cached pixels depend on."""
    place = path.resolve()
    name = place.name if path.is_dir() else place.stem
    cache = ImageCache(place, files, image_size, is_read=use_cache)
    found = cache.open(name)
    if found is not None:
        return found
    plan = plan_of()
    with quiet_decoder():
        headers = _headers(pictures, plan.files, path, progress)
        shape = shape_of(headers, image_size)
        return cache.build(
            name,
            plan.class_names,
            plan.targets,
            plan.train_count,
            shape,
            lambda pixels: _decode_all(pictures, plan, path, pixels, progress),
        )


def arrange(files: Sequence[PictureFile], source: str) -> Plan:
    """Find classes and splits in the names of the files."""
    rows = [(file, file.parts) for file in files]
    while rows and len({parts[0] for _, parts in rows}) == 1 and _depth(rows) > 2:
        rows = [(file, parts[1:]) for file, parts in rows]
    if _has_splits(rows):
        train = [(f, parts[1:]) for f, parts in rows if parts[0] == "train"]
        test = [(f, parts[1:]) for f, parts in rows if parts[0] == "test"]
    else:
        train, test = rows, []
    class_names = _class_names(train, source)
    if not test:
        train, test = put_aside(train)
    number = {name: place for place, name in enumerate(class_names)}
    for file, parts in test:
        if len(parts) < 2 or parts[0] not in number:
            raise DatasetError(
                f"{source}: {file.name} is of no class that train has "
                f"({', '.join(class_names[:5])}, ...). Name the folders alike."
            )
    both = [*train, *test]
    targets = np.array([number[parts[0]] for _, parts in both], dtype=np.int64)
    shown = tuple(map(decoded, class_names))
    return Plan(tuple(file for file, _ in both), targets, len(train), shown)


def shape_of(headers: Sequence[Header], image_size: Pair | None) -> Shape:
    """(channels, height, width) that all pictures are brought to."""
    channels = 1 if all(header.is_grey for header in headers) else 3
    if image_size is not None:
        return (channels, *image_size)
    counts = Counter(header.size for header in headers)
    most = min(counts, key=lambda size: (-counts[size], size))
    return (channels, *(most if max(most) <= KEPT_SIDE else USUAL_SIZE))


def _has_splits(rows: Sequence[Row]) -> bool:
    """Whether `train` is a split here, and not one of the classes."""
    depths = [len(parts) for _, parts in rows if parts[0] == "train"]
    has_test = any(parts[0] == "test" for _, parts in rows)
    return bool(depths) and (has_test or min(depths) > 2)


def open_pictures(path: Path) -> PictureFiles:
    """The pictures of a folder or a zip; a context."""
    return Folder(path) if path.is_dir() else Zip(path)


def _depth(rows: Sequence[Row]) -> int:
    return min(len(parts) for _, parts in rows)


def _class_names(rows: Sequence[Row], source: str) -> tuple[str, ...]:
    if not rows:
        raise DatasetError(
            f"{source} holds no PNG, JPEG, BMP or WebP pictures. {SHAPE_HINT}."
        )
    loose = next((file.name for file, parts in rows if len(parts) < 2), None)
    if loose is not None:
        raise DatasetError(
            f"{source}: {loose} lies in no class's folder. {SHAPE_HINT}."
        )
    names = sorted({parts[0] for _, parts in rows})
    if len(names) < 2:
        raise DatasetError(
            f"{source} holds pictures of one class only ({names[0]}), and a classifier "
            f"needs two or more. {SHAPE_HINT}."
        )
    return tuple(names)


def put_aside(
    rows: Sequence[Row],
) -> tuple[list[Row], list[Row]]:
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


def _headers(
    pictures: PictureFiles,
    files: Sequence[PictureFile],
    path: Path,
    progress: Progress | None,
) -> list[Header]:
    headers = []
    for count, file in enumerate(files, 1):
        headers.append(read_header(pictures.read(file.name), f"{path}: {file.name}"))
        if progress is not None:
            progress(f"looking at {len(files):,} pictures", count, len(files))
    return headers


def _decode_all(
    pictures: PictureFiles,
    plan: Plan,
    path: Path,
    pixels: NumpyArray,
    progress: Progress | None,
) -> None:
    """Fill the rows of `pixels`; the decoders of several files run side by side."""
    _, channels, height, width = pixels.shape
    colour = "grey" if channels == 1 else "RGB"
    what = f"decoding {len(pixels):,} pictures to {height} x {width}, {colour}"

    def fill(row: int) -> None:
        name = plan.files[row].name
        content = pictures.read(name)
        pixels[row] = decode(content, f"{path}: {name}", pixels.shape[1:])

    with ThreadPoolExecutor() as pool:
        try:
            for count, _ in enumerate(pool.map(fill, range(len(pixels))), 1):
                if progress is not None:
                    progress(what, count, len(pixels))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
