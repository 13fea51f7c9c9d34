"""Rotating, scaling, shifting and shearing images in one resampling."""

import numpy as np

from handgrad.arrays import Shape
from handgrad.augmentation.draws import about, cosine_and_sine, fractions, ratio
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.resample import Affine, about_the_centre, resample
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key
from handgrad.ranges import check_between


class RandomAffine:
    """Random rotation, scale, translation and shear about the centre of each image.

    One bilinear resampling, with mirror images at the borders. ConfigError for a
    setting out of its range.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        angle = uniform in -rotation .. rotation
        zoom = a ratio from 1 / (1 + scale) to 1 + scale, log-uniform or nearly
        slope = uniform in -shear .. shear
        shift = uniform in -translation .. translation, times height and width
        outputs[p] = image[centre + R @ S @ (p - centre) / zoom + shift]
        R = [[cos angle, sin angle], [-sin angle, cos angle]], S = [[1, 0], [slope, 1]]
        for positions p = (row, column); see `resample` for what is between pixels

    Units
        rotation     degrees, 0 to 180
        scale        fraction of the size, 0 to 1
        translation  fraction of height and width, 0 to 1
        shear        pixels sideways for each pixel down, 0 to 1

    Source
        Simard, Steinkraus, Platt (2003), Best practices for convolutional neural
        networks applied to visual document analysis, section 2.
    """

    def __init__(
        self,
        rotation: float = 10.0,
        scale: float = 0.1,
        translation: float = 0.1,
        shear: float = 0.0,
    ) -> None:
        check_between("random_affine", "rotation", rotation, 0, 180)
        check_between("random_affine", "scale", scale, 0, 1)
        check_between("random_affine", "translation", translation, 0, 1)
        check_between("random_affine", "shear", shear, 0, 1)
        self.rotation, self.scale = float(rotation), float(scale)
        self.translation, self.shear = float(translation), float(shear)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be resampled."""

    def apply(self, images: Images, key: Key) -> Images:
        """Resample each of the `images`, by a map drawn from `key`."""
        return resample(images, self._affine(key, len(images), images.shape[1:]))

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        pipeline.resample(self._affine(key, pipeline.batch, pipeline.image_shape))

    def _affine(self, key: Key, batch: int, shape: Shape) -> Affine:
        turn, size, slant, *places = fractions(key, batch, 5)
        cosine, sine = cosine_and_sine(about(turn, 0.0, self.rotation / 360))
        slope, zoom = about(slant, 0.0, self.shear), ratio(size, 1 + self.scale)
        rotated = [[cosine + sine * slope, sine], [cosine * slope - sine, cosine]]
        linear = np.array(rotated).transpose(2, 0, 1) / zoom[:, None, None]
        shift = np.stack([about(u, 0.0, self.translation) for u in places], axis=1)
        return about_the_centre(linear, shape, shift)

    def __repr__(self) -> str:
        return (
            f"RandomAffine(rotation={self.rotation:g}, scale={self.scale:g}, "
            f"translation={self.translation:g}, shear={self.shear:g})"
        )
