"""Pictures that a client sends: checked before they are decoded."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from handgrad.arrays import NumpyArray
from handgrad.datasets.image_decoding import decode, quiet_decoder, read_header
from handgrad.datasets.inverted import seems_inverted
from handgrad.errors import DatasetError
from handgrad.training.trained_network import TrainedNetwork
from handgrad.web.arrays_json import as_json

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PIXEL_LIMIT = 16_000_000
ALPHA_LIMIT = 8_000_000  # of a picture that is composited over white
LARGEST_SIDE = 256  # pixels of a picture that is kept
NAME = "This picture"


def check_picture(content: bytes) -> None:
    """DatasetError for another format, or too many pixels; nothing is decoded."""
    try:
        with quiet_decoder(), Image.open(BytesIO(content), formats=FORMATS) as image:
            pixels, is_plain = image.width * image.height, image.mode in ("L", "RGB")
    except Exception as error:  # decoders raise nearly every kind of exception
        raise DatasetError(
            f"{NAME} is none of {', '.join(FORMATS)}, or it is damaged. Save it in one "
            "of these formats."
        ) from error
    limit = PIXEL_LIMIT if is_plain else ALPHA_LIMIT
    if pixels > limit:
        raise DatasetError(
            f"{NAME} has {pixels:,} pixels; the limit is {limit:,}. Reduce its size."
        )


def kept(content: bytes) -> bytes:
    """The picture as a small PNG, without anything else that the file held."""
    check_picture(content)
    with quiet_decoder():
        header = read_header(content, NAME)
        height, width = header.size
        part = min(1.0, LARGEST_SIDE / max(height, width))
        size = (max(1, round(height * part)), max(1, round(width * part)))
        pixels = decode(content, NAME, (1 if header.is_grey else 3, *size), 16)
    return png_of(pixels)


def png_of(pixels: NumpyArray) -> bytes:
    """Encode an image.

    Shapes
        pixels  (channels, height, width), uint8
    """
    out = BytesIO()
    grey_or_colour = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(grey_or_colour)).save(out, "PNG")
    return out.getvalue()


def pixels_for(network: TrainedNetwork, content: bytes) -> NumpyArray:
    """A picture as the network takes it, (channels, height, width), uint8."""
    check_picture(content)
    resolved = network.config.resolved
    depth = (resolved.bit_depth if resolved else None) or 16
    if len(network.input_shape) != 3:
        raise DatasetError(
            "This network takes vectors, not pictures. Use a network of images."
        )
    with quiet_decoder():
        return decode(content, NAME, network.input_shape, depth)


def answer(network: TrainedNetwork, content: bytes) -> dict[str, Any]:
    """The scores of one picture, and what the network received.

    Light and dark are swapped if the picture looks inverted.
    """
    pixels = pixels_for(network, content)
    resolved = network.config.resolved
    is_inverted = seems_inverted(pixels, resolved.brightness if resolved else None)
    pixels = 255 - pixels if is_inverted else pixels
    return {
        "classes": list(network.class_names),
        "scores": network.scores(pixels[None])[0].tolist(),
        "are_probabilities": network.gives_probabilities,
        "inverted": is_inverted,
        "seen": as_json(pixels),
    }
