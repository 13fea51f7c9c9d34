"""What a plan needs to know about the training images: size, number, content."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.auto.symmetry import Symmetry
from handgrad.datasets import Dataset
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.datasets.formats.sampled_files import SampledFiles, sample_files
from handgrad.datasets.sources import NAMES
from handgrad.names import known_name
from handgrad.text import composed, one_line
from handgrad.training.build import load_dataset
from handgrad.training.config import RunConfig

SAMPLED = 100  # images
PLAIN = 0.6  # least fraction of background pixels in drawings
INK = 0.02  # least fraction of pixels of the opposite brightness in drawings
EXTREME = 40  # distance from black or white that counts as such, of 255
COLOURED = 12  # mean difference between channels from which on an image is coloured
CHARACTER = re.compile(
    r"((digit|number|letter|char(acter)?|upper|lower|capital|small)[ _-]*)?[0-9a-z]"
    r"([ _-]*(upper|lower|caps?|capital|small|uc|lc))?"
)
DIGITS = {
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
SIDED = re.compile(r"(?<![a-z])(left|right)")
SIDES = (  # beginnings of words of which one becomes the other in the mirror
    *("links rechts", "gauche droite", "izquierd derech", "sinistr destr"),
    *("esquerd direit", "vänster höger", "venstre højre", "lew praw", "лев прав"),
    *("sol sağ", "trái phải", "kiri kanan", "stâng drept", "左 右", "왼 오른"),
    *("east west", "clockwise counterclockwise", "clockwise anticlockwise", "cw ccw"),
    *("← →", "👈 👉", "⬅ ➡", "◀ ▶"),
)


@dataclass(frozen=True)
class Facts:
    """Facts about the training images of a data set.

    `class_names[k]` has `counts[k]` training images. `has_validation` and `tests` tell
    of the data set's own validation images and the number of test images. `is_fixed`
    means that the images cannot be resized. `is_drawn` means ink on a plain background.
    `symmetry` tells how mirrored and turned images are recognised, if that was tried.

    Shapes
        shape  (channels, height, width) of a typical image, or (features,)
    """

    class_names: tuple[str, ...]
    counts: tuple[int, ...]
    shape: Shape
    has_validation: bool = False
    tests: int = 0
    is_fixed: bool = False
    is_drawn: bool = False
    symmetry: Symmetry | None = None

    @property
    def images(self) -> int:
        """The number of training images, those for validation included."""
        return sum(self.counts)

    @property
    def is_image(self) -> bool:
        """Whether the examples are images and not vectors of features."""
        return len(self.shape) == 3

    @property
    def side(self) -> int:
        """The shorter side in pixels; 0 for vectors."""
        return min(self.shape[1:]) if self.is_image else 0

    @property
    def are_characters(self) -> bool:
        """Whether the images show digits, letters or drawings.

        Photographs of classes that are only numbered keep their class in the mirror.
        """
        is_named = are_characters(self.class_names) and not self.keeps_mirrored
        return self.is_image and (self.is_drawn or is_named)

    @property
    def keeps_mirrored(self) -> bool:
        """Whether mirrored images are known to keep their class."""
        return self.symmetry is not None and self.symmetry.keeps_mirrored

    @property
    def is_sided(self) -> bool:
        """Whether classes are named left or right."""
        names = self._words
        return any(map(SIDED.search, names)) or have_sides(names)

    @property
    def why_not_mirrored(self) -> str:
        """Why a mirrored image may belong to another class; '' if it does not."""
        if self.is_sided:
            return "the classes are named left or right"
        found = self.symmetry
        if found is not None and found.swapped is not None:
            one, other = (one_line(self.class_names[k]) for k in sorted(found.swapped))
            return f"the mirror images of {one} look like {other}, and the reverse"
        if self.keeps_mirrored:
            return ""
        if are_characters(self._words):
            return "the classes are digits or letters"
        if self.is_drawn:
            return "the images are drawings on a plain background"
        if all(name.isdigit() for name in self._words):
            return "the meaning of classes named by numbers is unknown"
        return ""

    @property
    def _words(self) -> list[str]:
        """The class names in lower case, their words separated."""
        return [composed(CAMEL.sub(" ", name)).casefold() for name in self.class_names]


def facts_of(config: RunConfig, progress: Any = None) -> tuple[Facts, Dataset | None]:
    """The facts of the data set of a configuration, and the data set if it was loaded.

    Of image files only a sample is decoded. DatasetError as in `datasets.load`.
    """
    chosen = config.dataset
    path = Path(chosen.name).expanduser()
    is_path = known_name(chosen.name, NAMES) is None and path.exists()
    if is_path and path.name != ARRAY_FILE:
        sample = sample_files(
            path, chosen.label_from, allow_empty_classes=chosen.allow_empty_classes
        )
        if sample is not None:
            return facts_of_files(sample), None
    dataset = load_dataset(config, progress)
    return facts_of_arrays(dataset), dataset


def facts_of_files(sample: SampledFiles) -> Facts:
    """The facts of image files."""
    plan = sample.plan
    images, tests, validation = plan.counts
    counts = np.bincount(plan.targets[:images], minlength=len(plan.class_names))
    return Facts(
        plan.class_names,
        tuple(counts.tolist()),
        sample.image_shape,
        validation > 0,
        tests,
        is_drawn=is_drawn(sample.pixels),
    )


def facts_of_arrays(dataset: Dataset, *, is_fixed: bool = False) -> Facts:
    """The facts of a data set in memory."""
    train, names = dataset.train, dataset.class_names
    sample = train.images[:: -(-len(train) // SAMPLED) or 1]
    is_image = len(train.image_shape) == 3
    return Facts(
        names,
        tuple(np.bincount(train.targets, minlength=len(names)).tolist()),
        train.image_shape,
        dataset.validation is not None,
        0 if dataset.test is None else len(dataset.test),
        is_fixed or not is_image,
        is_image and is_drawn(as_bytes(sample)),
    )


def as_bytes(images: NumpyArray) -> NumpyArray:
    """Scale float images to 0 to 255; bytes stay as they are."""
    if images.dtype == np.uint8:
        return images
    low, high = float(images.min()), float(images.max())
    return (images - low) * (255 / (high - low or 1))


def is_drawn(pixels: NumpyArray) -> bool:
    """Whether images are ink on a plain background, as scanned digits are.

    At least 60 % of the pixels are nearly black and some nearly white, or the reverse,
    and none has a marked colour.

    Shapes
        pixels  (count, channels, height, width), from 0 to 255
    """
    values = pixels.astype(np.float32)
    if float(np.ptp(values, axis=1).mean()) > COLOURED:
        return False
    dark = float((values < EXTREME).mean())
    light = float((values > 255 - EXTREME).mean())
    return max(dark, light) >= PLAIN and min(dark, light) >= INK


def are_characters(names: Sequence[str]) -> bool:
    """Whether all classes are named by a digit or a letter, such as 7, seven or b."""
    names = [name.casefold().strip() for name in names]
    return all(name in DIGITS or CHARACTER.fullmatch(name) for name in names)


def have_sides(names: Sequence[str]) -> bool:
    """Whether both of a pair of `SIDES` begin words of lower-case class names."""

    def occurs(side: str) -> bool:
        starts = rf"(?<![^\W\d_]){side}" if side < "\u1100" else side
        return any(re.search(starts, name) for name in names)

    return any(all(map(occurs, pair.split())) for pair in SIDES)


def per_class(facts: Facts) -> float:
    """The median number of training images of a class."""
    return float(median(facts.counts))
