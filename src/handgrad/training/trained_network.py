"""A trained network for prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad import catalog
from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets import Normalization, Split
from handgrad.datasets.array_input import InputForm, as_examples, to_array, with_count
from handgrad.datasets.example_input import check_examples
from handgrad.datasets.input_scale import warn_of_scale
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.plain import plain_logits
from handgrad.engine.state import model_state, restore_model
from handgrad.errors import ConfigError, DatasetError, RunError
from handgrad.layers import Sequential
from handgrad.losses import Loss
from handgrad.losses.loss import forward_loss
from handgrad.metrics import Evaluation, probabilities_of
from handgrad.metrics import evaluate as count
from handgrad.options import name_of
from handgrad.paths import path_of
from handgrad.ranges import check_count, shown
from handgrad.training.build import build_model, normalization_of
from handgrad.training.calibration_file import saved_temperature
from handgrad.training.checkpoint import POINTERS
from handgrad.training.config import RunConfig
from handgrad.training.finite_numbers import check_numbers
from handgrad.training.label_types import labels_of
from handgrad.training.model_file import of_file, save_model
from handgrad.training.start_from import read_saved
from handgrad.training.temperature import Temperature, fit_temperature

if TYPE_CHECKING:
    from handgrad.engine.prediction import PredictionProgram


class TrainedNetwork:
    """A trained network with its normalization and class names, for prediction.

    `model` is the network, `config` the resolved configuration of its training; `load`
    reads both from a run or a file. Predictions run on the engine that trained the
    network; `workers` is the number of threads of the CPU engine, by default one for
    each core that this process may use. `handgrad.Classifier` is the counterpart with
    the scikit-learn interface and labels of any kind.

    ShapeError for images of another shape or dtype; DatasetError for NaN, infinity, or
    targets that are not classes of the network.

    Shapes
        images  (count, channels, height, width) or (count, height, width, channels);
                (count, height, width) for grey images; one image without the first
                axis; (count, features) for a network of vectors

    Example
        network = load("runs/lenet-digits-1")
        network.predict(images)
    """

    def __init__(
        self, model: Sequential, config: RunConfig, *, workers: int | None = None
    ) -> None:
        resolved = config.resolved
        assert resolved is not None
        self.workers = workers
        self._program: PredictionProgram | None = None
        self.model, self.config = model, config
        self.class_names = resolved.class_names
        self.input_shape: Shape = resolved.input_shape
        self.form = InputForm(resolved.input_shape, resolved.input_dtype or "uint8")
        self.given_form = replace(
            self.form, channels=resolved.channels, columns=resolved.feature_names
        )  # the form of the arrays passed by the user
        self.labels = labels_of(resolved.class_names, resolved.label_type)
        self.normalization: Normalization = normalization_of(config)
        self.check = BatchCheck(
            model, self.input_shape, self.normalization, self.form.dtype
        )
        self.loss: Loss[Any] = catalog.build(
            "loss", config.loss.name, config.loss.options
        )

    def predict(self, images: NumpyArray) -> NumpyArray:
        """The most probable class number of each image, (count,), int64."""
        classes: NumpyArray = self.logits(images).argmax(axis=1)
        return classes

    def predict_probabilities(self, images: NumpyArray) -> NumpyArray:
        """Softmax of the logits, (count, classes), float64; rows sum to 1.

        They estimate class probabilities only if the network was trained with softmax
        cross-entropy. With another loss they rank the classes, but do not measure
        confidence: see `gives_probabilities`. After calibration the logits are divided
        by the `temperature` first.
        """
        return self.probabilities_of(self.logits(images))

    def probabilities_of(self, logits: NumpyArray) -> NumpyArray:
        """softmax(logits / temperature), (count, classes), float64.

        Shapes
            logits  (count, classes)
        """
        return probabilities_of(logits, self.temperature)

    @property
    def temperature(self) -> float:
        """What the logits are divided by before the softmax; 1 before calibration."""
        return self.config.prediction.temperature or 1.0

    def calibrate(self, split: Split) -> Temperature:
        """Fit the temperature to a `split` that the network was not trained on.

        Predicted classes stay the same; probabilities, and files saved from now on,
        have the new temperature. ConfigError for a network without probabilities.
        """
        if not self.gives_probabilities:
            raise ConfigError(
                "Calibration needs a network whose loss gives probabilities, got "
                f"{self.config.loss.name}. Train with softmax_cross_entropy."
            )
        self.check.labels(split)
        found = fit_temperature(self.logits(split.images), split.targets)
        self.set_temperature(found.value)
        return found

    def set_temperature(self, temperature: float | None) -> None:
        """Divide the logits by this `temperature` from now on; None: by 1."""
        changed = {"temperature": temperature}
        prediction = self.config.prediction.model_copy(update=changed)
        self.config = self.config.model_copy(update={"prediction": prediction})

    def scores(self, images: NumpyArray) -> NumpyArray:
        """Probabilities if the loss provides them, else logits, (count, classes)."""
        if self.gives_probabilities:
            return self.predict_probabilities(images)
        return self.logits(images).astype(np.float64)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the softmax of the logits estimates probabilities with this loss."""
        return self.loss.gives_probabilities

    def evaluate(self, split: Split) -> Evaluation:
        """Loss, accuracy and per-class metrics on a `split`.

        The loss is weighted if the split has weights; the other metrics are not. It is
        that of training with its label smoothing, without the L2 term and class
        weights, at temperature 1.
        """
        self.check.labels(split)
        return self.evaluation_of(self.logits(split.images), split)

    def evaluation_of(self, logits: NumpyArray, split: Split) -> Evaluation:
        """The same as `evaluate`, from the `logits` of the images of a `split`.

        Shapes
            logits  (count, classes)
        """
        loss, _ = forward_loss(self.loss, logits, split.targets, split.weights)
        return count(logits, split.targets, loss)

    def logits(self, images: NumpyArray) -> NumpyArray:
        """The outputs of the last layer, (count, classes), float32, all finite."""
        check_examples(images)
        examples = as_examples(with_count(to_array(images), self.form), self.form)
        is_known = self.config.dataset.normalization == "standard"
        if is_known and self.form.dtype == "float32":
            warn_of_scale(examples, self.normalization)
        logits = self.config.prediction.logits(self._logits_once, examples)
        finite = np.isfinite(logits).all(axis=1)
        if not finite.all():
            raise RunError(
                f"The network gives NaN or infinity for image {finite.argmin()}: its "
                "weights are too large. Train again with a smaller learning rate, or "
                "with a maximum gradient norm of 1 (clip_norm)."
            )
        return logits

    def save(self, path: str | Path, history: Sequence[Mapping[str, Any]] = ()) -> None:
        """Write the network to a `.safetensors` file at `path`.

        `history` holds plain values of each epoch to store with it. RunError if the
        file cannot be written.
        """
        place = path_of("save", "path", path, RunError)
        save_model(place, self.config, model_state(self.model), history)

    def _logits_once(self, examples: NumpyArray) -> NumpyArray:
        if self.config.engine == "plain":
            checked = self.check.inputs(examples)
            return plain_logits(self.model, self.normalization, checked)
        return self._fast().logits(examples)

    def _fast(self) -> "PredictionProgram":
        """The compiled forward pass, created on first use."""
        if self._program is None:
            from handgrad.engine.prediction import predictor  # Numba is slow to import

            self._program = predictor(
                self.model,
                self.input_shape,
                self.normalization,
                self.workers,
                self.form.dtype,
            )
        return self._program

    def read_image(self, path: Path) -> NumpyArray:
        """Read the image file at `path` as (channels, height, width), uint8.

        It is converted to the network's size and channels as in training; DatasetError
        if it is unreadable. A 16-bit image that uses more bits than the training images
        did keeps them, with a HandgradWarning.
        """
        from handgrad.datasets.image_decoding import read_image
        from handgrad.training.other_images import bit_depth_for

        place = path_of("read_image", "path", path, DatasetError)
        depth = bit_depth_for(self.config, [place], str(place))
        return read_image(place, self.input_shape, depth, fit=self.config.fit)


def _check_no_choice(path: Path, which: str) -> None:
    """Raise ConfigError for a choice of checkpoint: a file holds one network."""
    if name_of("checkpoint", dict.fromkeys(POINTERS), which) != "best":
        raise ConfigError(
            f"{path} is a file with one network, but {shown(which)} is a checkpoint of "
            "a run. Leave it out, or give the folder of a run."
        )


@takes_kinds
def load(
    path: str | Path,
    which: str = "best",
    *,
    workers: int | None = None,
    model: Any = None,
) -> TrainedNetwork:
    """Load the network of a run folder, or of a file written by `save`.

    `path` is the folder or file; `which` selects the checkpoint of a run, "best" or
    "last"; until the first epoch has ended, "best" is the last one, with a
    HandgradWarning. `workers` is the number of threads, by default one for each core
    that this process may use. A network with custom layers needs `model`, the function
    that built it: `(input_shape, classes, seed) -> Sequential`.

    RunError for a path that is neither, or a missing checkpoint; IntegrityError for a
    file that does not match its checksum. ConfigError for an argument of the wrong
    type, or a network that needs `model`.

    Example
        load("runs/lenet-digits-1", "last").predict(images)
    """
    if workers is not None:
        check_count("load", "workers", workers)
    if model is not None and (isinstance(model, type) or not callable(model)):
        raise ConfigError(
            f"load takes model as the function that built the network, got "
            f"{shown(model)}. Leave it out for a network of the catalogue."
        )
    place = path_of("load", "path", path, RunError)
    if place.is_file():
        _check_no_choice(place, which)
    config, arrays = read_saved(place, which)
    with of_file(place):
        network = build_model(config, model)
        restore_model(network, arrays)
        check_numbers(network, place)
        found = TrainedNetwork(network, config, workers=workers)
        if place.is_dir() and (temperature := saved_temperature(place, arrays)):
            found.set_temperature(temperature)
        return found
