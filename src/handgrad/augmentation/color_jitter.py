"""Changing the brightness, contrast, saturation and hue of images."""

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.colours import hue_rotation, saturation
from handgrad.augmentation.draws import about, fractions
from handgrad.augmentation.recolour import Mixing, recolour
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key
from handgrad.ranges import check_between


class ColorJitter:
    """Random brightness, contrast, saturation and hue, in one linear map.

    Images without 3 channels have brightness and contrast only. ConfigError for a
    setting out of its range.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        b, c, s = uniform in 1 - setting .. 1 + setting, of brightness, contrast and
                  saturation
        h = uniform in -hue .. hue
        grey = 0.213 red + 0.715 green + 0.072 blue       the mean where not 3 channels
        bright = b * pixel
        contrasted = c * bright + (1 - c) * mean grey of bright
        saturated = s * contrasted + (1 - s) * grey of contrasted
        outputs = saturated, rotated by h about the grey axis at constant grey
        bytes are clipped once, after all four, and rounded to the nearest

    Units
        brightness, contrast, saturation  fractions, 0 to 1
        hue                               fraction of a full turn, 0 to 0.5

    Source
        Howard (2013), Some improvements on deep convolutional neural network based
        image classification, section 2; W3C, Filter Effects Module Level 1, section
        9.6, for the matrices of saturation and hue.
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.2,
        saturation: float = 0.2,
        hue: float = 0.0,
    ) -> None:
        check_between("color_jitter", "brightness", brightness, 0, 1)
        check_between("color_jitter", "contrast", contrast, 0, 1)
        check_between("color_jitter", "saturation", saturation, 0, 1)
        check_between("color_jitter", "hue", hue, 0, 0.5)
        self.brightness, self.contrast = float(brightness), float(contrast)
        self.saturation, self.hue = float(saturation), float(hue)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be recoloured."""

    def apply(self, images: Images, key: Key) -> Images:
        """Recolour each of the `images`, by a map drawn from `key`."""
        return recolour(images, *self._map(key, *images.shape[:2]))

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        pipeline.recolour(*self._map(key, pipeline.batch, pipeline.image_shape[0]))

    def _map(
        self, key: Key, batch: int, channels: int
    ) -> tuple[Mixing, Float32[NumpyArray, " batch"]]:
        light, spread, depth, turn = fractions(key, batch, 4)
        bright = about(light, 1.0, self.brightness)
        contrast = about(spread, 1.0, self.contrast)
        mixing = (bright * contrast)[:, None, None]
        if channels == 3:
            saturated = saturation(about(depth, 1.0, self.saturation))
            rotated = hue_rotation(about(turn, 0.0, self.hue))
            products = rotated[:, :, :, None] * saturated[:, None, :, :]
            both = products[:, :, 0] + products[:, :, 1] + products[:, :, 2]
            mixing = mixing * both
        pull = bright * (1 - contrast)
        return mixing.astype(np.float32), pull.astype(np.float32)

    def __repr__(self) -> str:
        return (
            f"ColorJitter(brightness={self.brightness:g}, contrast={self.contrast:g}, "
            f"saturation={self.saturation:g}, hue={self.hue:g})"
        )
