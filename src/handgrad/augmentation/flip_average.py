"""Test-time augmentation with horizontal flips."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.source_coordinates import Images

PART = 4096  # images flipped at a time, so that a whole split is never copied

Answers = Callable[
    [Images],
    Float32[NumpyArray, "batch classes"],
]


def logits_with_flip(
    answers: Answers, images: Images
) -> Float32[NumpyArray, "batch classes"]:
    """Test-time augmentation: average the logits of each image and its horizontal flip.

    `answers` is the network: a function from images to logits. Use it for a network
    that was trained with `RandomFlip`, and not where a flip changes the class, as with
    digits. It doubles the prediction time.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  (batch, classes), float32

    Equations
        mirrored[c, y, x] = image[c, y, width - 1 - x]
        logits = (answers(image) + answers(mirrored)) / 2

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1, which averages the probabilities
        of reflections and crops; a mean of logits works for every loss.
    """
    logits = np.array(answers(images))
    for start in range(0, len(images), PART):
        part = slice(start, start + PART)
        logits[part] += answers(np.ascontiguousarray(images[part, ..., ::-1]))
    logits *= np.float32(0.5)
    return logits
