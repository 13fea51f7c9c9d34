"""Picture files as bytes of pixels, of every still format that is safe to read.

    turned      as the camera's EXIF orientation says
    16 bits     the high byte of each number counts
    palette     by its colours
    alpha       over white
    CMYK        to RGB
    animation   the first picture

Nothing is decoded before the number of pixels is known to be within the limit.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.errors import DatasetError
from handgrad.paths import check_ordinary

KINDS = {  # Pillow's name of a format, and how its files end; no program is called
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
SUFFIXES = tuple(suffix for suffixes in KINDS.values() for suffix in suffixes)
PIXEL_LIMIT = 16_000_000
FILE_LIMIT = 64 << 20  # bytes; what a picture within the pixel limit does not reach
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L")
ORIENTATION = 0x0112  # the EXIF tag; from 5 on, height and width change places


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself before it is decoded."""

    size: Pair
    is_grey: bool


def read_header(content: bytes, name: str) -> Header:
    """The upright (height, width) of a picture, and whether it has no colours."""
    with _refusals(name), _open(content, name) as picture:
        width, height = picture.size
        # PNG's own getexif would decode the picture
        turned = Image.Image.getexif(picture).get(ORIENTATION, 1) in (5, 6, 7, 8)
        size = (width, height) if turned else (height, width)
        return Header(size, _is_grey(picture))


def decode(content: bytes, name: str, shape: Shape) -> NumpyArray:
    """A picture file's pixels, uint8, resized to `shape`: (channels, height, width)."""
    channels, height, width = shape
    with _refusals(name), _open(content, name) as opened:
        picture = _plain(
            ImageOps.exif_transpose(opened), "L" if channels == 1 else "RGB"
        )
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def read_image(path: Path, shape: Shape) -> NumpyArray:
    """A picture file as a network wants it: (channels, height, width), uint8."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DatasetError(
            f"{path} can be read with 1 or 3 channels, got the shape {shape}. "
            "Prepare images of other shapes as an array."
        )
    try:
        check_ordinary(path, DatasetError, "Give a picture file.")
        if path.stat().st_size > FILE_LIMIT:
            raise DatasetError(_too_large(str(path)))
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error.strerror or error}. Give a picture file."
        ) from error
    with quiet_decoder():
        return decode(content, str(path), shape)


@contextmanager
def quiet_decoder() -> Iterator[None]:
    """Keep Pillow's warnings to itself: what matters of them is an error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(content: bytes, name: str) -> Image.Image:
    if len(content) > FILE_LIMIT:
        raise DatasetError(_too_large(name))
    picture = Image.open(BytesIO(content), formats=FORMATS)
    if picture.width * picture.height > PIXEL_LIMIT:
        raise DatasetError(
            f"{name} has {picture.width} x {picture.height} pixels; pictures of up to "
            f"{PIXEL_LIMIT // 1_000_000} million are read. Make it smaller."
        )
    return picture


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Whatever a decoder raises on a damaged file becomes one sentence."""
    try:
        yield
    except DatasetError:
        raise
    except Exception as error:  # decoders raise nearly every kind
        reason = " ".join(str(error).split()).partition("<_io")[0].strip(" .'\"")
        raise DatasetError(
            f"{name} cannot be read as a picture"
            f"{f' ({reason})' if reason else ''}. Replace the file or take it out."
        ) from error


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode not in ("P", "PA"):
        return picture.mode in GREY_MODES
    colours = np.reshape(picture.getpalette("RGB") or (0, 0, 0), (-1, 3))
    return bool((colours == colours[:, :1]).all())


def _plain(picture: Image.Image, mode: str) -> Image.Image:
    """The picture with 8 bits a channel and nothing to see through."""
    if picture.mode in DEEP_MODES:
        deep = np.asarray(picture).astype(np.int32)
        picture = Image.fromarray(np.clip(deep >> 8, 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, seen).convert("RGB")
    return picture if picture.mode == mode else picture.convert(mode)


def _too_large(name: str) -> str:
    return (
        f"{name} is larger than {FILE_LIMIT >> 20} MiB, too large for a picture. "
        "Replace the file or take it out."
    )
