"""Images with more than 8 bits per channel, and their conversion to 8 bits.

integers        grey, from 0 to 65,535
floating point  grey, from 0 to 1: 1 becomes 255
16-bit colour   PNG, TIFF and PPM. Pillow keeps the high byte of each number; with the
                opposite byte order it keeps the low one
"""

import sys

import numpy as np
from PIL import Image, ImageFile, ImageOps

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError, warn

GREY_MODES = ("I", "I;16", "I;16B", "I;16L", "F")
BIT_DEPTHS = (8, 10, 12, DEEPEST := 16)
FRACTIONS = 0  # in place of a bit depth
LARGEST = 65_535
COLOURS = ("RGB;16", "RGBX;16", "RGBA;16", "CMYK;16")  # Pillow's, with B, L or N
SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
GREY_ALPHA = "LA;16B"
BITS, PLANES = 258, 284  # TIFF tags; 2 stores each channel as a separate plane


def is_deep(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet has more than 8 bits per channel."""
    is_colour = _raw(image)[:-1] in COLOURS or _has_planes(image)
    return is_deep_grey(image) or is_colour


def is_deep_grey(image: Image.Image) -> bool:
    """Whether it is deep and grey; Pillow reads grey with alpha as RGBA."""
    return image.mode in GREY_MODES or _raw(image) == GREY_ALPHA


def numbers_of(image: Image.Image, again: Image.Image, name: str) -> NumpyArray:
    """Return a deep image's pixels, (height, width) or (height, width, channels).

    `again` is the same file, opened a second time. DatasetError if the values of black
    and white are unknown.
    """
    if image.mode in GREY_MODES:
        return _checked(_upright(image), name)
    if _has_planes(image):
        raise DatasetError(
            f"{name} stores its 16-bit channels as separate planes, which is not "
            "supported. Save it with the channels of each pixel together."
        )
    raw = _raw(image)
    other = "RGBA" if raw == GREY_ALPHA else raw[:-1] + SWAPPED[raw[-1]]
    high, low = _upright(_read_as(image, raw)), _upright(_read_as(again, other))
    if raw == GREY_ALPHA:  # its four bytes: two of grey, two of alpha
        low = low[..., [1, 1, 1, 3]]
    return high.astype(np.uint16) << 8 | low


def bits_of(numbers: NumpyArray) -> int:
    """Number of bits needed: 8, 10, 12 or 16; 0 for floating point."""
    if numbers.dtype.kind == "f":
        return FRACTIONS
    largest = int(numbers.max())
    return next(bits for bits in BIT_DEPTHS if largest < 1 << bits)


def as_bytes(numbers: NumpyArray, bit_depth: int) -> NumpyArray:
    """Convert to uint8: the top 8 of `bit_depth` bits; fractions times 255."""
    is_fraction = numbers.dtype.kind == "f"
    scaled = np.rint(numbers * 255) if is_fraction else numbers >> (bit_depth - 8)
    pixels: NumpyArray = np.clip(scaled, 0, 255).astype(np.uint8)
    return pixels


def new_bit_depth(needed: int | None, trained: int | None, name: str) -> int:
    """Return the bit depth for new images: that of training, or more if needed.

    `needed` is the bit depth of all new images, `trained` that of the training
    images. HandgradWarning if it is not that of training.
    """
    if needed is None or (trained is not None and needed <= trained):
        return trained or DEEPEST
    warn_of_depth(needed, trained, name)
    return needed or DEEPEST


def warn_of_depth(used: int, trained: int | None, name: str) -> None:
    """Issue a HandgradWarning that white has another value than in training."""
    white = 1 if trained == FRACTIONS else (1 << (trained or 8)) - 1
    warn(f"{name}: {white_in_words(used)}; in training it was {white:,}.")


def white_in_words(bit_depth: int) -> str:
    """Describe the value of white in the deep images of a data set."""
    if bit_depth == FRACTIONS:
        return "floating-point images: 1 is white"
    largest = (1 << bit_depth) - 1
    return f"16-bit images use {bit_depth} bits: {largest:,} is white"


def _has_planes(image: Image.Image) -> bool:
    """Whether a 16-bit TIFF stores its channels as separate planes."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(BITS, ())
    return len(bits) > 1 and max(bits) > 8 and tags.get(PLANES) == 2


def _upright(image: Image.Image) -> NumpyArray:
    return np.asarray(ImageOps.exif_transpose(image))


def _raw(image: Image.Image) -> str:
    """Pillow's raw mode of the pixel data in the file; "" if there is none."""
    tiles = getattr(image, "tile", [])
    if not tiles:
        return ""
    if _is_ppm(tiles[0]):
        return "RGB;16B"
    arguments = tiles[0].args
    first = arguments[0] if isinstance(arguments, tuple) else arguments
    return first if isinstance(first, str) else ""


def _read_as(image: Image.Image, raw: str) -> Image.Image:
    """Set the raw mode in which the image is decoded."""
    assert isinstance(image, ImageFile.ImageFile)
    image.tile = [_tile_as(tile, raw) for tile in image.tile]
    return image


def _tile_as(tile: ImageFile._Tile, raw: str) -> ImageFile._Tile:
    if _is_ppm(tile):
        return tile._replace(codec_name="raw", args=(raw, 0, 1))
    if isinstance(tile.args, tuple):
        return tile._replace(args=(raw, *tile.args[1:]))
    return tile._replace(args=raw)


def _is_ppm(tile: ImageFile._Tile) -> bool:
    """Whether this is a binary colour PPM, which Pillow would scale to 8 bits."""
    return tile.codec_name == "ppm" and tile.args == ("RGB", LARGEST)


def _checked(numbers: NumpyArray, name: str) -> NumpyArray:
    low, high = numbers.min(), numbers.max()
    is_fraction = numbers.dtype.kind == "f"
    if low >= 0 and high <= (1 if is_fraction else LARGEST):  # false for NaN
        return numbers
    raise DatasetError(
        f"{name} holds floating-point pixels from {low:.6g} to {high:.6g}, expected "
        "0 to 1. Rescale them, or save integers of 8 or 16 bits."
        if is_fraction
        else f"{name} holds pixels from {low:,} to {high:,}, expected 0 to "
        f"{LARGEST:,}. Rescale them."
    )
