"""A trained network, ready to look at pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad import catalog
from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation import logits_with_flip
from handgrad.datasets import Normalization, Split
from handgrad.engine.plain import plain_logits
from handgrad.engine.state import restore_model
from handgrad.errors import ShapeError
from handgrad.layers import Sequential
from handgrad.losses import Loss
from handgrad.metrics import Evaluation
from handgrad.metrics import evaluate as count
from handgrad.training.build import build_model
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.config import RunConfig
from handgrad.training.run_folder import RunFolder

if TYPE_CHECKING:
    from handgrad.engine.prediction import PredictionProgram


class Classifier:
    """A network with its normalisation and the names of its classes.

    It predicts with the engine that it was trained with; `workers` are the threads of
    the CPU engine, by default the cores that this process may use.

    Shapes
        images  uint8, (count, channels, height, width); (count, height, width) for grey
                pictures; or one picture without the first axis
    """

    def __init__(
        self, model: Sequential, config: RunConfig, *, workers: int | None = None
    ) -> None:
        assert config.resolved is not None
        self.workers = workers
        self._program: PredictionProgram | None = None
        self.model, self.config = model, config
        self.class_names = config.resolved.class_names
        self.input_shape: Shape = config.resolved.input_shape
        self.normalization = Normalization(config.resolved.mean, config.resolved.std)
        self.loss: Loss[Any] = catalog.build(
            "loss", config.loss.name, config.loss.options
        )

    def predict(self, images: NumpyArray) -> NumpyArray:
        """The most probable class number of each image, (count,), int64."""
        classes: NumpyArray = self.logits(images).argmax(axis=1)
        return classes

    def predict_probabilities(self, images: NumpyArray) -> NumpyArray:
        """Softmax probabilities, (count, classes), float64; rows sum to 1."""
        logits = self.logits(images).astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: NumpyArray = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    def evaluate(self, split: Split) -> Evaluation:
        """Loss, accuracy, and per-class counts on a split."""
        logits = self.logits(split.images)
        loss, _ = self.loss.forward(logits, split.targets)
        return count(logits, split.targets, loss)

    def logits(self, images: NumpyArray) -> NumpyArray:
        """What the network says before softmax, (count, classes), float32."""
        pictures = self._as_batch(np.asarray(images))
        if self.config.prediction.with_flip:
            return logits_with_flip(self._logits_once, pictures)
        return self._logits_once(pictures)

    def _logits_once(self, pictures: NumpyArray) -> NumpyArray:
        if self.config.engine == "plain":
            return plain_logits(self.model, self.normalization, pictures)
        return self._fast().logits(pictures)

    def _fast(self) -> "PredictionProgram":
        """The program of a forward pass; made when it is first needed."""
        if self._program is None:
            from handgrad.engine.prediction import predictor  # Numba is slow to import

            self._program = predictor(
                self.model, self.input_shape, self.normalization, self.workers
            )
        return self._program

    def read_image(self, path: Path) -> NumpyArray:
        """A picture file as the network wants it, (channels, height, width), uint8."""
        from handgrad.datasets.pictures import read_image

        return read_image(path, self.input_shape)

    def _as_batch(self, images: NumpyArray) -> NumpyArray:
        shape, wanted = images.shape, self.input_shape
        if images.dtype != np.uint8:
            raise ShapeError(
                f"The classifier takes images as bytes (uint8), got {images.dtype}. "
                "Give pixels from 0 to 255; it normalises them itself."
            )
        if shape[-len(wanted) :] == wanted and images.ndim in (3, 4):
            return images.reshape(-1, *wanted)
        if wanted[0] == 1 and shape[-2:] == wanted[1:] and images.ndim in (2, 3):
            return images.reshape(-1, *wanted)
        raise ShapeError(
            f"The classifier takes images of shape {('count', *wanted)}, got {shape}. "
            "Resize them, or read files with read_image."
        )


def load(
    path: str | Path, which: str = "best", *, workers: int | None = None
) -> Classifier:
    """The network of a run, as its best (or last) checkpoint left it."""
    folder = RunFolder.open(Path(path))
    config = folder.config
    model = build_model(config)
    checkpoint = load_checkpoint(folder.checkpoints, which)
    folder.check_config(checkpoint)
    restore_model(model, checkpoint.arrays)
    return Classifier(model, config, workers=workers)
