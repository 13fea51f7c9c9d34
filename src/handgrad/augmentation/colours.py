"""The matrices of saturation and hue, for images of red, green and blue."""

import numpy as np
from jaxtyping import Float64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.draws import cosine_and_sine
from handgrad.augmentation.pixel_values import LUMINANCE

Matrices = Float64[NumpyArray, "batch 3 3"]
GREY = np.tile(LUMINANCE, (3, 1))
# W3C, Filter Effects Module Level 1, section 9.6, hueRotate: factors of the sine
AGAINST = np.array(
    [(-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072)]
)


def saturation(factor: Float64[NumpyArray, " batch"]) -> Matrices:
    """Away from grey by a factor: 0 leaves grey, 1 the colours as they are.

    Equations
        outputs = factor * colour + (1 - factor) * grey
    """
    factor = factor[:, None, None]
    matrices: Matrices = factor * np.eye(3) + (1 - factor) * GREY
    return matrices


def hue_rotation(turns: Float64[NumpyArray, " batch"]) -> Matrices:
    """Rotation of the hue that keeps the luminance and every grey.

    Equations
        outputs = grey + cos(angle) * (colour - grey) + sin(angle) * AGAINST @ colour

    Units
        turns  fractions of a full turn, -0.5 to 0.5
    """
    cosine, sine = (part[:, None, None] for part in cosine_and_sine(turns))
    matrices: Matrices = GREY + cosine * (np.eye(3) - GREY) + sine * AGAINST
    return matrices
