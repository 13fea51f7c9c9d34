"""One linear map of the colours of each image."""

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.pixel_values import as_pixels, mean_grey
from handgrad.augmentation.source_coordinates import Images

Mixing = Float32[NumpyArray, "batch rows columns"]


def recolour(
    images: Images, mixing: Mixing, pull: Float32[NumpyArray, " batch"]
) -> Images:
    """Mix the channels of each pixel, and add a share of the image's mean luminance.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        mixing   (batch, 3, 3) for images of 3 channels, else (batch, 1, 1): one factor
                 for all channels
        pull     (batch,): the share of the mean luminance that is added
        outputs  like images

    Equations
        offset = pull * mean_grey(image)                           float64, to float32
        outputs[k] = ((mixing[k, 0] * image[0] + mixing[k, 1] * image[1])
                      + mixing[k, 2] * image[2]) + offset          float32
        bytes are clipped to 0 .. 255 and rounded to the nearest
    """
    offsets = (pull * mean_grey(images)).astype(np.float32)[:, None, None]
    by_channel = mixing.shape[1:] == (3, 3)
    outputs = np.empty_like(images)
    for channel in range(images.shape[1]):
        row = mixing[:, channel if by_channel else 0, :, None, None]
        sources = images.transpose(1, 0, 2, 3) if by_channel else [images[:, channel]]
        total = row[:, 0] * sources[0]
        for number, source in enumerate(sources[1:], 1):
            total = total + row[:, number] * source
        outputs[:, channel] = as_pixels(total + offsets, images.dtype)
    return outputs
