"""Cropping a random part of each image and enlarging it to the whole size."""

import numpy as np

from handgrad.arrays import Shape
from handgrad.augmentation.draws import about, fractions, ratio
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.resample import Affine, about_the_centre, resample
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key
from handgrad.ranges import check_between


class RandomResizedCrop:
    """Random resized crop: a random part of each image, resized to the whole size.

    ConfigError for a setting out of its range.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        fraction = uniform in area .. 1
        aspect = a ratio from 1 / (1 + stretch) to 1 + stretch, log-uniform or nearly
        sides = min(sqrt(fraction / aspect), 1), min(sqrt(fraction * aspect), 1)
        corner = uniform in 0 .. 1 - sides          all times height and width
        outputs = the part resampled, see `resample`

    Units
        area     smallest part, as a fraction of the image, 0.01 to 1
        stretch  fraction by which the part is wider or narrower than the image, 0 to 1

    Source
        Szegedy et al. (2015), Going deeper with convolutions, section 6.
    """

    def __init__(self, area: float = 0.35, stretch: float = 1 / 3) -> None:
        check_between("random_resized_crop", "area", area, 0.01, 1)
        check_between("random_resized_crop", "stretch", stretch, 0, 1)
        self.area, self.stretch = float(area), float(stretch)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be resampled."""

    def apply(self, images: Images, key: Key) -> Images:
        """Crop each of the `images`, at a place drawn from `key`, and resize it."""
        return resample(images, self._affine(key, len(images), images.shape[1:]))

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        pipeline.resample(self._affine(key, pipeline.batch, pipeline.image_shape))

    def _affine(self, key: Key, batch: int, shape: Shape) -> Affine:
        part, outline, *places = fractions(key, batch, 4)
        area = self.area + (1 - self.area) * part
        aspect = ratio(outline, 1 + self.stretch)
        both = np.stack([area / aspect, area * aspect], axis=1)
        sides = np.minimum(np.sqrt(both), 1.0)
        places = [about(place, 0.0, 0.5) for place in places]
        shift = np.stack(places, axis=1) * (1 - sides)  # of the part's centre
        linear = sides[:, :, None] * np.eye(2)
        return about_the_centre(linear, shape, shift)

    def __repr__(self) -> str:
        return f"RandomResizedCrop(area={self.area:g}, stretch={self.stretch:g})"
