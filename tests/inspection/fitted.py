"""A classifier as inspections see one: small, made by hand, without a run."""

import numpy as np

from handgrad.datasets.normalization import half
from handgrad.losses import MulticlassSVM
from handgrad.models import softmax_regression


class Fitted:
    """Softmax regression of 1 x 3 x 4 bytes, with the attributes of a classifier."""

    def __init__(self, class_names=("a", "b", "c"), **more):
        self.input_shape, self.class_names = (1, 3, 4), class_names
        self.model = softmax_regression(
            input_shape=self.input_shape, classes=len(class_names), seed=3
        )
        self.loss, self.normalization, self.config = MulticlassSVM(), half(1), None
        self.__dict__.update(more)

    def logits(self, images):
        """Float32 logits, by the layers."""
        return self.model.forward(self.normalization.apply(images))[0].astype(
            np.float32
        )
