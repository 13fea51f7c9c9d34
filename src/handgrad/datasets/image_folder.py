"""Custom image data sets: one folder for each class, in a folder or a zip.

`layout` determines which folders are classes and which are splits. Images are grey
(one channel) if all files are stored so, else RGB. Without an `image_size` they are
resized to their most common size (the smaller one of a tie) if no side of it is over
128 pixels, else to 32 x 32; see `image_fit`.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypedDict, Unpack

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets.dataset import Dataset, Progress
from handgrad.datasets.image_cache import ImageCache
from handgrad.datasets.image_decoding import (
    Header,
    decode,
    quiet_decoder,
    read_header,
    read_image,
)
from handgrad.datasets.image_files import Folder, ImageFile, ImageFiles, Zip
from handgrad.datasets.image_fit import USUAL, Fit
from handgrad.datasets.layout import Plan, arrange
from handgrad.datasets.unreadable_images import (
    UnreadableImagesError,
    all_bad,
    warn_of,
    without,
)
from handgrad.errors import DatasetError
from handgrad.text import number_of

__all__ = ["load_images", "read_image"]

AHEAD = 4096  # files in the queue of the decoding threads
KEPT_SIDE = 128
USUAL_SIZE = (32, 32)


class Decoding(TypedDict, total=False):
    """How images are decoded: the optional arguments of `load_planned`."""

    image_size: Pair | None
    fit: Fit
    progress: Progress | None
    use_cache: bool
    skip_bad: bool


def load_images(
    path: Path, *, allow_empty_classes: bool = False, **how: Unpack[Decoding]
) -> Dataset:
    """Decode the images of class folders, see `load_planned`.

    An empty folder next to the class folders is an error unless `allow_empty_classes`.
    """
    with open_images(path) as encoded:
        files = encoded.sorted_files()
        place = () if allow_empty_classes else encoded.folders
        plan = arrange(files, str(path), place, encoded.ignored)
        return load_planned(path, encoded, files, plan, **how)


def load_planned(  # noqa: PLR0913 - the ways to read are its arguments
    path: Path,
    encoded: ImageFiles,
    files: Sequence[ImageFile],
    plan: Plan,
    *,
    image_size: Pair | None = None,
    fit: Fit = USUAL,
    progress: Progress | None = None,
    use_cache: bool = True,
    skip_bad: bool = False,
) -> Dataset:
    """Decode the images of a plan once; later calls memory-map the decoded pixels.

    The cache depends on `files`. Without `use_cache` images are decoded again and
    replace those in the cache. Images that cannot be read are an error; with `skip_bad`
    they are skipped, with a HandgradWarning.
    """
    place = path.resolve()
    name = place.name if path.is_dir() else place.stem
    depth = plan.bit_depth
    cache = ImageCache(place, files, image_size, depth, fit=fit, is_read=use_cache)
    found = cache.open(name)
    bad: dict[str, str] = {}
    while found is None or (found.skipped and not skip_bad):
        try:
            rest = without(plan, bad)
            found = _decoded(path, name, encoded, rest, cache, progress)
        except UnreadableImagesError as error:
            if not skip_bad:
                raise
            bad |= error.found
    warn_of(found.skipped, len(plan.files))
    return replace(found, passed_over=dict(sorted(encoded.passed_over.items())))


def _decoded(
    path: Path,
    name: str,
    encoded: ImageFiles,
    plan: Plan,
    cache: ImageCache,
    progress: Progress | None,
) -> Dataset:
    """Decode all files of a plan; UnreadableImagesError if some cannot be read."""
    with quiet_decoder():
        headers = _headers(encoded, plan.files, path, progress)
        shape = shape_of(headers, cache.image_size)
        depths = [one.bit_depth for one in headers if one.bit_depth is not None]
        depth = max(plan.bit_depth or 0, *depths) if depths else None
        plan = replace(plan, bit_depth=depth)
        return cache.build(
            name,
            plan,
            shape,
            lambda rows: _all_decoded(encoded, plan, path, rows, cache.fit, progress),
        )


def shape_of(headers: Sequence[Header], image_size: Pair | None) -> Shape:
    """Return (channels, height, width) to which all images are resized."""
    channels = 1 if all(header.is_grey for header in headers) else 3
    if image_size is not None:
        return (channels, *image_size)
    counts = Counter(header.size for header in headers)
    most = min(counts, key=lambda size: (-counts[size], size))
    return (channels, *(most if max(most) <= KEPT_SIDE else USUAL_SIZE))


def open_images(path: Path) -> ImageFiles:
    """Open the images of a folder or a zip; a context manager."""
    return Folder(path) if path.is_dir() else Zip(path)


def _headers(
    encoded: ImageFiles,
    files: Sequence[ImageFile],
    path: Path,
    progress: Progress | None,
) -> list[Header]:
    """Read the header of each file; DatasetError that names all unreadable files.

    If a header cannot be read, the other files are decoded as well, so that one error
    names every bad file.
    """
    headers: list[Header] = []
    bad: dict[str, str] = {}
    for count, file in enumerate(files, 1):
        try:
            content = encoded.read(file.name)
            headers.append(read_header(content, f"{path}: {file.name}"))
        except DatasetError as error:
            bad[file.name] = str(error)
        if progress is not None:
            progress(f"checking {number_of(len(files), 'image')}", count, len(files))
    if not bad:
        return headers
    for file in files:
        if file.name not in bad:
            try:
                content = encoded.read(file.name)
                decode(content, f"{path}: {file.name}", (1, 1, 1))
            except DatasetError as error:
                bad[file.name] = str(error)
    raise all_bad(bad, len(files))


def _all_decoded(
    encoded: ImageFiles,
    plan: Plan,
    path: Path,
    pixels: NumpyArray,
    fit: Fit,
    progress: Progress | None,
) -> list[str]:
    """Decode into `pixels`; return the SHA-256 of each file's content."""
    files, depth = plan.files, plan.bit_depth or 16
    sums, bad = decode_files(encoded, files, path, pixels, depth, progress, fit=fit)
    if bad:
        raise all_bad(bad, len(pixels))
    return sums


def decode_files(
    encoded: ImageFiles,
    files: Sequence[ImageFile],
    path: Path,
    pixels: NumpyArray,
    bit_depth: int,
    progress: Progress | None,
    *,
    fit: Fit,
) -> tuple[list[str], dict[str, str]]:
    """Decode into the rows of `pixels`, several files in parallel.

    Returns the SHA-256 of each file's content, and a sentence for each file, by its
    name, that cannot be read.
    """
    _, channels, height, width = pixels.shape
    colour = "grey" if channels == 1 else "RGB"
    count = number_of(len(pixels), "image")
    what = f"decoding {count} to {height} x {width}, {colour}"
    bad: dict[str, str] = {}
    sums = [""] * len(pixels)

    def fill(row: int) -> None:
        name = files[row].name
        try:
            content = encoded.read(name)
            where, shape = f"{path}: {name}", pixels.shape[1:]
            pixels[row] = decode(content, where, shape, bit_depth, fit=fit)
            sums[row] = sha256(content).hexdigest()
        except DatasetError as error:
            bad[name] = str(error)

    with ThreadPoolExecutor() as pool:
        try:
            for start in range(0, len(files), AHEAD):  # a queue of all takes memory
                rows = range(start, min(start + AHEAD, len(files)))
                for done, _ in enumerate(pool.map(fill, rows), start + 1):
                    if progress is not None:
                        progress(what, done, len(files))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return sums, bad
