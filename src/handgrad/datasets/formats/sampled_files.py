"""A sample of the image files of a path: their sizes and pixels."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

import numpy as np

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets.formats.content import Arrays
from handgrad.datasets.formats.labelled_files import plan_of
from handgrad.datasets.formats.load_formats import find_chosen
from handgrad.datasets.image_decoding import decode, quiet_decoder, read_header
from handgrad.datasets.image_files import ImageFile, ImageFiles
from handgrad.datasets.image_folder import open_images
from handgrad.datasets.layout import Plan, arrange
from handgrad.errors import DatasetError

MOST = 100  # files read, evenly spaced
USUAL_SIZE = (32, 32)


@dataclass(frozen=True)
class SampledFiles:
    """Classes and splits of all files, and the pixels of some training files.

    Shapes
        pixels  (sampled, channels, 32, 32), uint8

    Units
        size    median (height, width) of the sampled files, in pixels
    """

    plan: Plan
    size: Pair
    pixels: NumpyArray

    @property
    def image_shape(self) -> Shape:
        """(channels, height, width) of a typical file."""
        return (self.pixels.shape[1], *self.size)


def sample_files(
    path: Path, label_from: str | None = None, *, allow_empty_classes: bool = False
) -> SampledFiles | None:
    """Sample the training files of a path; None if it holds arrays of pixels.

    Files that cannot be read are left out: loading reports them. DatasetError if none
    can be read, or for a path without images of two classes.
    """
    found = find_chosen(path, label_from)
    if found is None:
        with open_images(path) as encoded:
            files = encoded.sorted_files()
            places = () if allow_empty_classes else encoded.folders
            plan = arrange(files, str(path), places, encoded.ignored)
            return _sampled(path, encoded, plan)
    content = found.read()
    if isinstance(content, Arrays):
        return None
    with content.files as encoded:
        return _sampled(path, encoded, plan_of(content.rows, str(path)))


def _sampled(path: Path, encoded: ImageFiles, plan: Plan) -> SampledFiles:
    headers, contents = [], []
    with quiet_decoder():
        for file in _spread(plan.files[: plan.counts[0]]):
            with suppress(DatasetError):
                content = encoded.read(file.name)
                headers.append(read_header(content, file.name))
                contents.append(content)
        channels = 1 if all(header.is_grey for header in headers) else 3
        shape = (channels, *USUAL_SIZE)
        pixels = []
        for content in contents:
            with suppress(DatasetError):
                pixels.append(decode(content, "", shape))
    if not pixels:
        raise DatasetError(
            f"{path}: none of the images can be read. Check them: handgrad data "
            f"inspect {path}"
        )
    height, width = (median_low(h.size[axis] for h in headers) for axis in (0, 1))
    return SampledFiles(plan, (height, width), np.stack(pixels))


def _spread(files: Sequence[ImageFile]) -> Sequence[ImageFile]:
    return files[:: -(-len(files) // MOST) or 1]
