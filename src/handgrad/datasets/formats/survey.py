"""Survey of the images at a path, and of problems: `handgrad data inspect`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Dataset, Progress
from handgrad.datasets.formats.assemble import dataset_of
from handgrad.datasets.formats.content import Arrays, EncodedImages
from handgrad.datasets.formats.detection import LISTED, Found
from handgrad.datasets.formats.labelled_files import plan_of
from handgrad.datasets.formats.load_formats import find_chosen
from handgrad.datasets.image_decoding import decode, quiet_decoder, read_header
from handgrad.datasets.image_files import ImageFile, ImageFiles, in_words
from handgrad.datasets.image_folder import open_images
from handgrad.datasets.layout import NONE_HELD_OUT, Plan, arrange
from handgrad.errors import DatasetError
from handgrad.text import decoded, nearly_equal, number_of, quoted, some

SPLITS = ("train", "test", "validation")
LARGE_RATIO = 10  # size of the largest class to the smallest
NARROW = 32  # least brightest pixel, of 255, of images on the usual scale
NAMED = 3  # examples named in a sentence


@dataclass(frozen=True)
class Example:
    """One image: its name, split, class, size and pixel statistics.

    `content` is the SHA-256 of its pixels, None if it cannot be read; `fault` says why.
    `size` is (height, width), and `brightest` its largest pixel value.
    """

    name: str
    split: str
    class_name: str
    size: tuple[int, int] = (0, 0)
    channels: int = 0
    content: str | None = None
    darkest: int = 0
    brightest: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Survey:
    """Summary of a path. `counts[split][class]` are numbers of images."""

    kind: str
    counts: dict[str, dict[str, int]]
    sizes: dict[str, int]
    channels: int
    notes: tuple[str, ...]
    unreadable: tuple[str, ...]
    duplicates: int
    odd: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the survey as plain values."""
        return {
            "kind": self.kind,
            "images": {name: sum(of.values()) for name, of in self.counts.items()},
            "counts": self.counts,
            "sizes": self.sizes,
            "channels": self.channels,
            "notes": list(self.notes),
            "unreadable": list(self.unreadable),
            "duplicates_across_splits": self.duplicates,
            "odd": list(self.odd),
        }


def survey(
    path: Path, label_from: str | None = None, progress: Progress | None = None
) -> Survey:
    """Check every image of a path; files that cannot be read are reported.

    DatasetError if the path holds no images with labels.
    """
    found = find_chosen(path, label_from)
    if found is None:
        with open_images(path) as encoded:
            files = encoded.sorted_files()
            plan = arrange(files, str(path), (), encoded.ignored)
            empty = _without_images(files, path, encoded)
            with quiet_decoder():
                examples = list(_of_files(encoded, plan, progress))
        left = [f"not used: {', '.join(plan.left)}"] if plan.left else []
        over = [in_words(encoded.passed_over)] if encoded.passed_over else []
        about = "images in class folders"
        return summed(about, plan.class_names, examples, [*left, *over], empty)
    content = found.read()
    if isinstance(content, Arrays):
        dataset = dataset_of(path.name, content)
        notes = _notes(found, content, dataset.sources)
        about = found.kind.about
        return summed(about, dataset.class_names, of_arrays(dataset), notes)
    with content.files as encoded, quiet_decoder():
        plan = plan_of(content.rows, str(path))
        examples = list(_of_files(encoded, plan, progress))
    notes = _notes(found, content, plan.sources)
    return summed(found.kind.about, plan.class_names, examples, notes)


def of_arrays(dataset: Dataset) -> Iterator[Example]:
    """Iterate over the examples of a data set in memory."""
    splits = (dataset.train, dataset.test, dataset.validation)
    for name, split in zip(SPLITS, splits, strict=True):
        if split is None:
            continue
        for row, (image, target) in enumerate(
            zip(split.images, split.targets.tolist(), strict=True)
        ):
            where = f"image {row} of {name}"
            yield _example(where, name, dataset.class_names[target], image)


def summed(
    kind: str,
    class_names: Sequence[str],
    found: Iterable[Example],
    notes: Sequence[str] = (),
    odd: Sequence[str] = (),
) -> Survey:
    """Summarize these examples: counts, sizes, duplicates and problems."""
    examples = list(found)
    read = [example for example in examples if example.content is not None]
    splits = [name for name in SPLITS if _has(examples, name)]
    counts = {split: dict.fromkeys(class_names, 0) for split in splits}
    for example in read:
        counts[example.split][example.class_name] += 1
    sizes = Counter(f"{height} x {width}" for height, width in (e.size for e in read))
    shared, contradicting = _duplicates(read)
    return Survey(
        kind,
        counts,
        dict(sizes.most_common()),
        max((example.channels for example in read), default=0),
        tuple(notes),
        tuple(example.fault for example in examples if example.fault),
        len(shared),
        (*odd, *_odd(counts, examples, shared, contradicting)),
    )


def _without_images(
    files: Sequence[ImageFile], path: Path, encoded: ImageFiles
) -> list[str]:
    """Return the error text for empty folders of classes or splits."""
    try:
        arrange(files, str(path), encoded.folders, encoded.ignored)
    except DatasetError as error:
        return [str(error)]
    return []


def _of_files(
    encoded: ImageFiles, plan: Plan, progress: Progress | None
) -> Iterator[Example]:
    what = f"checking {number_of(len(plan.files), 'image')}"
    of_row = [split for split, count in zip(SPLITS, plan.counts, strict=True)
              for _ in range(count)]  # fmt: skip
    for row, (file, target) in enumerate(
        zip(plan.files, plan.targets.tolist(), strict=True)
    ):
        split = of_row[row]
        name, class_name = decoded(file.name), plan.class_names[target]
        try:
            content = encoded.read(file.name)
            header = read_header(content, name)
            channels = 1 if header.is_grey else 3
            image = decode(
                content, name, (channels, *header.size), header.bit_depth or 16
            )
            yield _example(name, split, class_name, image)
        except DatasetError as error:
            yield Example(name, split, class_name, fault=str(error))
        if progress is not None:
            progress(what, row + 1, len(plan.files))


def _example(name: str, split: str, class_name: str, image: NumpyArray) -> Example:
    digest = sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes())
    channels, height, width = image.shape
    return Example(
        name,
        split,
        class_name,
        (height, width),
        channels,
        digest.hexdigest(),
        int(image.min()),
        int(image.max()),
    )


def _notes(
    found: Found, content: Arrays | EncodedImages, sources: Mapping[str, str]
) -> tuple[str, ...]:
    """Describe the source of labels and splits if needed, and what is not used."""
    tables = [path.name for path in found.paths[1:]] if found.kind is LISTED else []
    labels = [f"labels are those of {', '.join(tables)}"] if tables else []
    unused = [f"not used: {', '.join(content.notes)}"] if content.notes else []
    aside = sources.get("test")
    done = aside if aside == NONE_HELD_OUT else f"{aside} is held out"
    splits = [] if aside is None else [f"there is no test split: {done}"]
    return (*labels, *unused, *splits)


def _has(examples: Iterable[Example], split: str) -> bool:
    return any(example.split == split for example in examples)


def _duplicates(read: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Return test images that are also training images; images of several classes."""
    alike: dict[str, list[Example]] = defaultdict(list)
    for example in read:
        alike[example.content or ""].append(example)
    several = [group for group in alike.values() if len(group) > 1]
    shared = [e for group in several if _has(group, "train")
              for e in group if e.split != "train"]  # fmt: skip
    contradicting = [group[0] for group in several
                     if len({e.class_name for e in group}) > 1]  # fmt: skip
    return shared, contradicting


def _odd(
    counts: dict[str, dict[str, int]],
    examples: Sequence[Example],
    shared: Sequence[Example],
    contradicting: Sequence[Example],
) -> Iterator[str]:
    bad = [example for example in examples if example.fault]
    read = [example for example in examples if not example.fault]
    flat = [example for example in read if example.darkest == example.brightest]
    brightest = max((example.brightest for example in read), default=0)
    if bad:
        yield f"{len(bad):,} cannot be read: {_some(bad)}"
    if shared:
        yield (
            "test or validation images that are also training images "
            f"({len(shared):,}): {_some(shared)}"
        )
    if contradicting:
        yield f"images with several classes ({len(contradicting):,}): " + _some(
            contradicting
        )
    if flat:
        yield f"images of a single colour ({len(flat):,}): {_some(flat)}"
    if read and brightest < NARROW:
        yield f"the brightest pixel is {brightest} of 255: perhaps on another scale"
    for names in nearly_equal(next(iter(counts.values()), ())):
        yield f"classes whose names hardly differ: {', '.join(map(quoted, names))}"
    if "test" not in counts:
        yield "there are no test images"
    for split, of in counts.items():
        yield from _odd_counts(split, of)


def _odd_counts(split: str, counts: dict[str, int]) -> Iterator[str]:
    empty = [name for name, count in counts.items() if not count]
    if len(counts) < 2:
        yield f"{split}: one class only ({', '.join(counts)})"
    if empty:
        yield f"{split}: no images of {some(empty, NAMED)}"
    largest = max(counts, key=counts.__getitem__)
    smallest = min(counts, key=counts.__getitem__)
    if counts[smallest] and counts[largest] >= LARGE_RATIO * counts[smallest]:
        ratio = counts[largest] / counts[smallest]
        yield (
            f"{split}: {ratio:.0f} times as many images of {largest} as of {smallest}"
        )


def _some(examples: Sequence[Example]) -> str:
    return some([example.name for example in examples], NAMED)
