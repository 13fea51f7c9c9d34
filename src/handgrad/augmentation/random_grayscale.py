"""Taking the colour from some images."""

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.colours import saturation
from handgrad.augmentation.draws import fractions
from handgrad.augmentation.recolour import Mixing, recolour
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key
from handgrad.ranges import check_between


class RandomGrayscale:
    """Random grayscale: make some images grey; the channels stay.

    Images without 3 channels are left as they are. ConfigError for a probability that
    is not from 0 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        is_grey = true with this probability, one draw for each image
        outputs = 0.213 red + 0.715 green + 0.072 blue in each channel where is_grey,
                  else inputs

    Units
        probability  fraction of the images, 0 to 1

    Source
        Chen, Kornblith, Norouzi, Hinton (2020), A simple framework for contrastive
        learning of visual representations, appendix A.
    """

    def __init__(self, probability: float = 0.1) -> None:
        check_between("random_grayscale", "probability", probability, 0, 1)
        self.probability = float(probability)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be made grey."""

    def apply(self, images: Images, key: Key) -> Images:
        """Make some of the `images` grey; which ones is drawn from `key`."""
        return recolour(images, *self._map(key, *images.shape[:2]))

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        pipeline.recolour(*self._map(key, pipeline.batch, pipeline.image_shape[0]))

    def _map(
        self, key: Key, batch: int, channels: int
    ) -> tuple[Mixing, Float32[NumpyArray, " batch"]]:
        (draw,) = fractions(key, batch, 1)
        is_grey = draw < self.probability
        mixing = np.ones((batch, 1, 1))
        if channels == 3:
            mixing = saturation(np.where(is_grey, 0.0, 1.0))
        return mixing.astype(np.float32), np.zeros(batch, np.float32)

    def __repr__(self) -> str:
        return f"RandomGrayscale(probability={self.probability:g})"
