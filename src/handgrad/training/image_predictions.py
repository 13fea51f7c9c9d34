"""Classify image files with a trained network, a part of them at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.image_decoding import read_image
from handgrad.datasets.image_files import Folder, in_words
from handgrad.datasets.inverted import seems_inverted
from handgrad.datasets.untrusted_images import NAME, decode_untrusted
from handgrad.errors import DatasetError
from handgrad.training.other_images import as_shape
from handgrad.training.trained_network import TrainedNetwork

BATCH = 256  # images in memory at a time
TABLES = (".csv", ".tsv")
OTHERS = {  # suffixes of files that are not images, and what to do with them
    **dict.fromkeys((".zip", ".tar", ".tgz", ".gz"), "Unpack it and give the folder."),
    **dict.fromkeys(
        (".npy", ".npz"), "For arrays, use Python: handgrad.load(run).predict(images)."
    ),
}


@dataclass(frozen=True)
class Answer:
    """The scores of one image: probabilities if the network gives them.

    Shapes
        scores  (classes,), float64
    """

    path: Path
    scores: NumpyArray
    seems_inverted: bool

    def is_unsure(self, limit: float) -> bool:
        """Whether the most probable class is less probable than `limit`."""
        return bool(self.scores.max() < limit)


def image_paths(given: Iterable[Path]) -> tuple[list[Path], Counter[str]]:
    """List the files given, and all images in the folders given and below.

    Also returns the kinds of files that were skipped in folders, with their counts.
    """
    files: list[Path] = []
    passed_over: Counter[str] = Counter()
    for path in given:
        if not path.is_dir():
            files.append(path)
            continue
        folder = Folder(path)
        found = folder.sorted_files()
        if not found:
            over = f" ({in_words(folder.passed_over)})" if folder.passed_over else ""
            raise DatasetError(
                f"{path} contains no images{over}. Give a folder of images."
            )
        files += (path / file.name for file in found)
        passed_over += folder.passed_over
    return files, passed_over


def answer_of_content(
    network: TrainedNetwork, content: bytes
) -> tuple[Answer, NumpyArray]:
    """Classify an untrusted image; also return what the network received.

    Light and dark are swapped where the image looks inverted. DatasetError for another
    format than PNG, JPEG, WebP and GIF, too many pixels, or a network of vectors, of
    decimal numbers or of other channels than grey or RGB.

    Shapes
        second value  (channels, height, width), uint8
    """
    if len(network.input_shape) != 3:
        raise DatasetError(
            "This network takes vectors, not images. Use a network trained on images."
        )
    resolved, fit = network.config.resolved, network.config.fit
    is_float = resolved is not None and resolved.input_dtype is not None
    if is_float or network.input_shape[0] not in (1, 3):
        raise DatasetError(
            "This network takes other numbers than image files hold: decimal numbers, "
            "or neither one channel nor three. Use a network trained on image files."
        )
    depth = (resolved.bit_depth if resolved else None) or 16
    read = decode_untrusted(content, network.input_shape, depth, fit=fit)
    pixels, is_other = _as_usual(network, read, "auto")
    return Answer(Path(NAME), network.scores(pixels[None])[0], is_other), pixels


def answers_of(
    network: TrainedNetwork,
    paths: Sequence[Path],
    bit_depth: int,
    invert: str = "no",
) -> tuple[list[Answer], list[str]]:
    """Classify the files that can be read; return messages on the others as well.

    `bit_depth` is the number of bits used of 16-bit images. `invert` is "yes" to swap
    light and dark, or "auto" to do so only where an image looks inverted.
    """
    answers: list[Answer] = []
    bad: list[str] = []
    for start in range(0, len(paths), BATCH):
        part = paths[start : start + BATCH]
        answers += _answered(network, part, bit_depth, invert, bad)
    return answers, bad


def _answered(
    network: TrainedNetwork,
    paths: Sequence[Path],
    bit_depth: int,
    invert: str,
    bad: list[str],
) -> list[Answer]:
    read = [
        (path, *_as_usual(network, pixels, invert))
        for path, pixels in _images(network, paths, bit_depth, bad)
    ]
    if not read:
        return []
    scores = network.scores(np.stack([pixels for _, pixels, _ in read]))
    return [
        Answer(path, row, is_other)
        for (path, _, is_other), row in zip(read, scores, strict=True)
    ]


def _as_usual(
    network: TrainedNetwork, pixels: NumpyArray, invert: str
) -> tuple[NumpyArray, bool]:
    """The pixels with light and dark swapped if needed; whether they look inverted."""
    resolved = network.config.resolved
    is_other = seems_inverted(pixels, None if resolved is None else resolved.brightness)
    if invert == "yes" or (invert == "auto" and is_other):
        pixels = 255 - pixels
    return pixels, is_other


def _images(
    network: TrainedNetwork, paths: Sequence[Path], bit_depth: int, bad: list[str]
) -> Iterator[tuple[Path, NumpyArray]]:
    """Yield each image with its pixels: one per file, many per table of pixels."""
    for path in paths:
        suffix = path.suffix.lower() if path.is_file() else ""
        try:
            if suffix in TABLES:
                yield from _rows(network, path)
            elif suffix in OTHERS:
                raise DatasetError(
                    f"{path} is not an image; predict takes image files, folders of "
                    f"images and CSV files of pixels. {OTHERS[suffix]}"
                )
            else:
                fit = network.config.fit
                yield path, read_image(path, network.input_shape, bit_depth, fit=fit)
        except DatasetError as error:
            bad.append(str(error))


def _rows(network: TrainedNetwork, path: Path) -> Iterator[tuple[Path, NumpyArray]]:
    """Yield the images of a CSV file, counted from 1; its labels are ignored."""
    from handgrad.datasets.formats.pixel_csv import read_rows
    from handgrad.datasets.formats.pixel_strings import is_pixel_strings, read_strings

    shape = network.input_shape
    if len(shape) != 3:
        raise _other_rows(path, f"vectors of {shape[0]} features")
    try:
        images = read_strings(path) if is_pixel_strings(path) else read_rows(path)[0]
    except DatasetError as error:
        if shape[1] == shape[2]:
            raise
        raise _other_rows(path, f"images of {shape[1]} x {shape[2]} pixels") from error
    fitted = as_shape(images, shape, network.config.fit)
    for number, image in enumerate(fitted, 1):
        yield Path(f"{path}:{number}"), image


def _other_rows(path: Path, takes: str) -> DatasetError:
    return DatasetError(
        f"{path}: handgrad predict reads tables of square images, but this network "
        f"takes {takes}. Read the table in Python and use handgrad.load(run).predict."
    )
