"""Decoding of image files to bytes, for every still format that is safe to read.

    rotation    by the EXIF orientation
    16 bits     the top 8 of the bits that the data set uses: 8, 10, 12 or 16
    fractions   from 0 to 1, multiplied by 255
    palette     replaced by its colours
    alpha       composited over white
    CMYK        converted to RGB
    animation   the first frame

The number of pixels is checked against the limit before decoding. A larger JPEG is
decoded at a half, a quarter or an eighth of each side, as that format allows; so is one
to be cropped or padded, if at least two pixels are left for each one of the result.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets.deep_images import (
    as_bytes,
    bits_of,
    is_deep,
    is_deep_grey,
    numbers_of,
)
from handgrad.datasets.image_fit import BEFORE, USUAL, Fit, fitted
from handgrad.errors import DatasetError, cannot_read
from handgrad.paths import check_ordinary

KINDS = {  # Pillow's name of a format, and its file extensions; no program is called
    "AVIF": (".avif", ".avifs"),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "ICO": (".ico",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jif"),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c"),
    "PCX": (".pcx",),
    "PNG": (".png", ".apng"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "QOI": (".qoi",),
    "SGI": (".sgi", ".rgb", ".rgba", ".bw"),
    "TGA": (".tga",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
FORMATS = tuple(KINDS)
T = TypeVar("T")
SUFFIXES = tuple(suffix for suffixes in KINDS.values() for suffix in suffixes)
PIXEL_LIMIT = 16_000_000
OVERSAMPLING = 2  # decoded pixels for each one of the result, per side, at least
MOST_SHIFT = 1 / 8  # pixels of the result
REDUCED_LIMIT = 100_000_000  # of a JPEG, which is decoded at 1/8 of each side
FILE_LIMIT = 64 << 20  # bytes; images within the pixel limit are smaller
GREY_MODES = ("1", "L", "LA", "La")
ORIENTATION = 0x0112  # EXIF tag; values from 5 on swap height and width


@dataclass(frozen=True)
class Header:
    """Size and type of an image file, read before it is decoded.

    `bit_depth` is the number of bits that an image with 16 bits per channel uses: 8,
    10, 12 or 16; 0 for a floating-point image, None for all others.
    """

    size: Pair
    is_grey: bool
    bit_depth: int | None = None


def read_header(content: bytes, name: str) -> Header:
    """Read the upright (height, width), whether it is grey, and the bit depth."""
    with _refusals(name), _open(content, name) as image:
        width, height = image.size
        # PNG's own getexif would decode the image
        turned = Image.Image.getexif(image).get(ORIENTATION, 1) in (5, 6, 7, 8)
        size = (width, height) if turned else (height, width)
        has_no_colour = is_grey(image)
        numbers = _numbers(image, content, name)
        depth = None if numbers is None else bits_of(_colours(numbers, image.mode))
        return Header(size, has_no_colour, depth)


def depth_of_all(read: Callable[[T], bytes], files: Iterable[T]) -> int | None:
    """Largest bit depth of these images, without those that cannot be read."""
    depths = []
    with quiet_decoder():
        for file in files:
            with suppress(DatasetError):
                depths.append(read_header(read(file), str(file)).bit_depth)
    return max((depth for depth in depths if depth is not None), default=None)


def decode(
    content: bytes, name: str, shape: Shape, bit_depth: int = 16, *, fit: Fit = USUAL
) -> NumpyArray:
    """Decode an image file to uint8, fitted to `shape`: (channels, height, width).

    Of 16 bits per channel, the top 8 of the lowest `bit_depth` bits are used.
    """
    channels, height, width = shape
    with _refusals(name), _open(content, name) as opened:
        _reduce(opened)
        if fit != BEFORE:  # those were decoded in full
            _draft(opened, max(height, width), fit)
        numbers = _numbers(opened, content, name)
        upright = (
            ImageOps.exif_transpose(opened)
            if numbers is None
            else _shallow(numbers, opened.mode, bit_depth)
        )
        image = plain(upright, "L" if channels == 1 else "RGB")
        pixels = np.asarray(fitted(image, (height, width), fit), dtype=np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def read_image(
    path: Path, shape: Shape, bit_depth: int = 16, *, fit: Fit = USUAL
) -> NumpyArray:
    """Read an image file as input of a network: (channels, height, width), uint8."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DatasetError(
            f"{path} can be read with 1 or 3 channels, got shape {shape}. "
            "Pass images of other shapes as an array."
        )
    with quiet_decoder():
        return decode(content_of(path), str(path), shape, bit_depth, fit=fit)


def content_of(path: Path) -> bytes:
    """Return the bytes of an image file; DatasetError if it cannot be read."""
    try:
        check_ordinary(path, DatasetError, "Give an image file.")
        if path.stat().st_size > FILE_LIMIT:
            raise DatasetError(_too_large(str(path)))
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error, "Give an image file.") from error


@contextmanager
def quiet_decoder() -> Iterator[None]:
    """Suppress Pillow's warnings: those that matter are errors here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(content: bytes, name: str) -> Image.Image:
    if len(content) > FILE_LIMIT:
        raise DatasetError(_too_large(name))
    image = Image.open(BytesIO(content), formats=FORMATS)
    limit = REDUCED_LIMIT if image.format == "JPEG" else PIXEL_LIMIT
    if image.width * image.height > limit:
        raise DatasetError(
            f"{name} has {image.width} x {image.height} pixels; the limit is "
            f"{PIXEL_LIMIT // 1_000_000} million, and {REDUCED_LIMIT // 1_000_000} "
            "million for JPEG. Reduce its size."
        )
    return image


def _reduce(image: Image.Image) -> None:
    """Set a large JPEG to be decoded at 1/2, 1/4 or 1/8 of each side."""
    width, height = image.size
    for part in (2, 4, 8):
        if image.width * image.height > PIXEL_LIMIT:
            image.draft(None, (-(-width // part), -(-height // part)))


def _draft(image: Image.Image, side: int, fit: Fit) -> None:
    """Set a JPEG to be decoded at the smallest size with two pixels for each new one.

    The result has at most `side` pixels per side, upright or not. Decoding fills the
    last block: a size is used if that moves no pixel by more than an eighth.
    """
    pixels = min(image.size) if fit == "crop" else max(image.size)
    for part in (8, 4, 2):
        filled = max(-length % part / length for length in image.size)
        if pixels >= OVERSAMPLING * part * side and filled * side <= MOST_SHIFT:
            image.draft(None, (image.width // part or 1, image.height // part or 1))
            return


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Convert any exception of a decoder to DatasetError."""
    try:
        yield
    except DatasetError:
        raise
    except Exception as error:  # decoders raise nearly every kind of exception
        reason = " ".join(str(error).split()).partition("<_io")[0].strip(" .'\"")
        raise DatasetError(
            f"{name} cannot be read as an image"
            f"{f' ({reason})' if reason else ''}. Replace or remove the file."
        ) from error


def is_grey(image: Image.Image) -> bool:
    """Whether an image, or its palette, has shades of grey only."""
    if image.mode not in ("P", "PA"):
        return image.mode in GREY_MODES or is_deep_grey(image)
    colours = np.reshape(image.getpalette("RGB") or (0, 0, 0), (-1, 3))
    return bool((colours == colours[:, :1]).all())


def _numbers(image: Image.Image, content: bytes, name: str) -> NumpyArray | None:
    """Upright pixels of an image with more than 8 bits per channel; else None."""
    if not is_deep(image):
        return None
    with _open(content, name) as again:
        return numbers_of(image, again, name)


def _colours(numbers: NumpyArray, mode: str) -> NumpyArray:
    return numbers[..., :3] if mode == "RGBA" else numbers


def _shallow(numbers: NumpyArray, mode: str, bit_depth: int) -> Image.Image:
    """Convert to 8 bits per channel; alpha by its own bit depth."""
    pixels = as_bytes(numbers, bit_depth)
    if mode == "RGBA":
        pixels[..., 3] = as_bytes(numbers[..., 3], bits_of(numbers[..., 3]))
    height, width = numbers.shape[:2]
    shallow = "L" if numbers.ndim == 2 else mode
    return Image.frombytes(shallow, (width, height), pixels.tobytes())


def plain(image: Image.Image, mode: str) -> Image.Image:
    """Composite transparency over white, and convert to `mode`."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, rgba).convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _too_large(name: str) -> str:
    return (
        f"{name} is larger than {FILE_LIMIT >> 20} MiB, the limit of an image file. "
        "Replace or remove the file."
    )
