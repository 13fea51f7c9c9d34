"""Pictures with more than 8 bits a channel: their numbers, and these as bytes.

whole numbers       grey, from 0 to 65,535
floating point      grey, fractions from 0 to 1: 1 becomes 255
colours of 16 bits  of PNG, TIFF and PPM. Pillow keeps the high byte of each number;
                    told that the other byte comes first, it keeps the low one
"""

import sys
import warnings

import numpy as np
from PIL import Image, ImageFile, ImageOps

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError, HandgradWarning

GREY_MODES = ("I", "I;16", "I;16B", "I;16L", "F")
BIT_DEPTHS = (8, 10, 12, DEEPEST := 16)
FRACTIONS = 0  # in place of a bit depth
LARGEST = 65_535
COLOURS = ("RGB;16", "RGBX;16", "RGBA;16", "CMYK;16")  # Pillow's, with B, L or N
SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
GREY_ALPHA = "LA;16B"
BITS, PLANES = 258, 284  # tags of TIFF; each channel has a plane of its own if it is 2


def is_deep(picture: Image.Image) -> bool:
    """Whether a picture that is not decoded yet has more than 8 bits a channel."""
    is_colour = _raw(picture)[:-1] in COLOURS or _has_planes(picture)
    return is_deep_grey(picture) or is_colour


def is_deep_grey(picture: Image.Image) -> bool:
    """Whether it is deep and has no colours; Pillow reads its alpha as RGBA's."""
    return picture.mode in GREY_MODES or _raw(picture) == GREY_ALPHA


def numbers_of(picture: Image.Image, again: Image.Image, name: str) -> NumpyArray:
    """The numbers of a deep picture, (height, width) or (height, width, channels).

    `again` is the same file, opened once more. DatasetError for numbers that do not say
    what is black and what is white.
    """
    if picture.mode in GREY_MODES:
        return _checked(_upright(picture), name)
    if _has_planes(picture):
        raise DatasetError(
            f"{name} holds its colours of 16 bits in one plane after another, which "
            "are not read. Save it with the colours of each pixel together."
        )
    raw = _raw(picture)
    other = "RGBA" if raw == GREY_ALPHA else raw[:-1] + SWAPPED[raw[-1]]
    high, low = _upright(_read_as(picture, raw)), _upright(_read_as(again, other))
    if raw == GREY_ALPHA:  # its four bytes: both of the grey, both of the alpha
        low = low[..., [1, 1, 1, 3]]
    return high.astype(np.uint16) << 8 | low


def bits_of(numbers: NumpyArray) -> int:
    """How many bits the numbers need: 8, 10, 12 or 16; 0 for fractions."""
    if numbers.dtype.kind == "f":
        return FRACTIONS
    largest = int(numbers.max())
    return next(bits for bits in BIT_DEPTHS if largest < 1 << bits)


def as_bytes(numbers: NumpyArray, bit_depth: int) -> NumpyArray:
    """The highest 8 of the lowest `bit_depth` bits, uint8; fractions times 255."""
    is_fraction = numbers.dtype.kind == "f"
    scaled = np.rint(numbers * 255) if is_fraction else numbers >> (bit_depth - 8)
    pixels: NumpyArray = np.clip(scaled, 0, 255).astype(np.uint8)
    return pixels


def new_bit_depth(needed: int | None, trained: int | None, name: str) -> int:
    """How many bits of new pictures are used: as in training, or more if they need it.

    `needed` is the bit depth of the new ones together, `trained` that of the training
    pictures. A HandgradWarning says so where it is another.
    """
    if needed is None or (trained is not None and needed <= trained):
        return trained or DEEPEST
    warn_of_depth(needed, trained, name)
    return needed or DEEPEST


def warn_of_depth(used: int, trained: int | None, name: str) -> None:
    """HandgradWarning that new pictures have another white than those of training."""
    white = 1 if trained == FRACTIONS else (1 << (trained or 8)) - 1
    warnings.warn(
        f"{name}: {white_in_words(used)}; in training it was {white:,}.",
        HandgradWarning,
        stacklevel=3,
    )


def white_in_words(bit_depth: int) -> str:
    """What is white in the deep pictures of a data set."""
    if bit_depth == FRACTIONS:
        return "pictures of fractions: 1 is white"
    largest = (1 << bit_depth) - 1
    return f"pictures of 16 bits use {bit_depth} of them: {largest:,} is white"


def _has_planes(picture: Image.Image) -> bool:
    """Whether the channels of a TIFF of 16 bits each follow one after another."""
    tags = getattr(picture, "tag_v2", {})
    bits = tags.get(BITS, ())
    return len(bits) > 1 and max(bits) > 8 and tags.get(PLANES) == 2


def _upright(picture: Image.Image) -> NumpyArray:
    return np.asarray(ImageOps.exif_transpose(picture))


def _raw(picture: Image.Image) -> str:
    """Pillow's name of how the numbers lie in the file; "" where there is none."""
    tiles = getattr(picture, "tile", [])
    if not tiles:
        return ""
    if _is_ppm(tiles[0]):
        return "RGB;16B"
    arguments = tiles[0].args
    first = arguments[0] if isinstance(arguments, tuple) else arguments
    return first if isinstance(first, str) else ""


def _read_as(picture: Image.Image, raw: str) -> Image.Image:
    """The picture, to be decoded as if its numbers lay so in the file."""
    assert isinstance(picture, ImageFile.ImageFile)
    picture.tile = [_tile_as(tile, raw) for tile in picture.tile]
    return picture


def _tile_as(tile: ImageFile._Tile, raw: str) -> ImageFile._Tile:
    if _is_ppm(tile):
        return tile._replace(codec_name="raw", args=(raw, 0, 1))
    if isinstance(tile.args, tuple):
        return tile._replace(args=(raw, *tile.args[1:]))
    return tile._replace(args=raw)


def _is_ppm(tile: ImageFile._Tile) -> bool:
    """Whether these are colours of PPM, binary, that Pillow would scale to 8 bits."""
    return tile.codec_name == "ppm" and tile.args == ("RGB", LARGEST)


def _checked(numbers: NumpyArray, name: str) -> NumpyArray:
    low, high = numbers.min(), numbers.max()
    is_fraction = numbers.dtype.kind == "f"
    if low >= 0 and high <= (1 if is_fraction else LARGEST):  # not so of NaN
        return numbers
    raise DatasetError(
        f"{name} holds floating-point pixels from {low:.6g} to {high:.6g}; read are "
        "fractions from 0 to 1. Save it so, or with whole numbers of 8 or 16 bits."
        if is_fraction
        else f"{name} holds pixels from {low:,} to {high:,}; read are those from 0 to "
        f"{LARGEST:,}. Save it so."
    )
