"""Inspect data: images with their class names, and the results of the IDX reader."""

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Split, normalization
from handgrad.errors import ConfigError
from handgrad.studies.inspections.output_folder import Place


def labelled_pictures(
    *,
    dataset: str = "digits",
    count: int = 10,
    split: Literal["train", "test"] = "train",
    seed: int,
    place: Place,
) -> dict[str, float]:
    """The first images of a split with the names of their classes.

    Units
        class_N  the class of image N, counted from 1; classes are counted from 0
    """
    found = place.load(dataset)
    images = found.train if split == "train" else found.test
    if images is None:
        raise ConfigError(f"{found.name} has no test images. Use split = 'train'.")
    shown = Split(images.images[:count], images.targets[:count])
    names = [found.class_names[target] for target in shown.targets]

    def draw() -> Any:
        from handgrad.inspection.figures.named_images import named_images

        return named_images(shown.images, names, what=f"{found.name}, {split}")

    pairs = zip(shown.targets.tolist(), names, strict=True)
    rows = [
        {"image": number, "class": target, "name": name}
        for number, (target, name) in enumerate(pairs, 1)
    ]
    place.draw("labelled_pictures", draw, rows, kind="png")
    _, height, width = found.image_shape
    return {
        "train_images": len(found.train),
        "test_images": 0 if found.test is None else len(found.test),
        "classes": found.classes,
        "height": height,
        "width": width,
        "shown": len(names),
        **{f"class_{row['image']}": row["class"] for row in rows},
    }


def reading(*, dataset: str = "digits", seed: int, place: Place) -> dict[str, float]:
    """Check the IDX reader and the scalings on a data set.

    Training images are written byte by byte, as IDX is defined, and read back. Every
    pixel value from 0 to 255 is scaled.

    Units
        differing_pixels  between what was written and what was read
        unit_*, half_*    the lowest and the highest value after each scaling
        mean, std         of the training pixels, from 0 to 1
        is_original       1 if the content has the checksum of the published files
    """
    from handgrad.datasets.sources import SOURCES

    found = place.load(dataset)
    train = found.train.images[:, 0]
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    measured: dict[str, float] = {}
    for name in ("unit", "half"):
        scaled = normalization(name, levels).apply(levels)
        measured |= {f"{name}_lowest": scaled.min(), f"{name}_highest": scaled.max()}
    standard = normalization("standard", found.train.images)
    source = SOURCES.get(dataset)
    return measured | {
        "train_images": len(found.train),
        "test_images": 0 if found.test is None else len(found.test),
        "differing_pixels": int((read_back(train[:1000]) != train[:1000]).sum()),
        "mean": standard.mean[0],
        "std": standard.std[0],
        "is_original": float(source is not None and source.checksum == found.checksum),
    }


def read_back(images: NumpyArray) -> NumpyArray:
    """Write images (count, height, width) to an IDX file and read them back."""
    from handgrad.datasets.idx import read_idx

    with TemporaryDirectory() as folder:
        path = Path(folder) / "images"
        path.write_bytes(as_idx(images))
        return read_idx(path, axes=3)


def as_idx(images: NumpyArray) -> bytes:
    """The bytes of an IDX file: kind, axes, sizes, then one pixel after another."""
    header = bytes((0, 0, 8, images.ndim))
    sizes = b"".join(size.to_bytes(4, "big") for size in images.shape)
    places = product(*map(range, images.shape))
    return header + sizes + bytes(int(images[place]) for place in places)
