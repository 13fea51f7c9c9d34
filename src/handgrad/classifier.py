"""The classifier: a scikit-learn estimator for networks with hand-written gradients."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from handgrad.arrays import NumpyArray
from handgrad.datasets.label_input import as_labels
from handgrad.estimator.changes import for_portions
from handgrad.estimator.fit_progress import follow
from handgrad.estimator.fitted import FittedMixin
from handgrad.estimator.fitting import prepare, run_training
from handgrad.estimator.history import History, history_of
from handgrad.estimator.inputs import (
    classes_of,
    held_out,
    more_of,
    split_of,
    training_examples,
    weights_of,
)
from handgrad.estimator.lock import restored_on_error, training_lock
from handgrad.estimator.parameter_rules import checked_parameters
from handgrad.estimator.partial import Portions, first_portion, next_portion
from handgrad.estimator.planning import deadline_of
from handgrad.imports import random_state_kept
from handgrad.interop.export_mixin import ExportMixin
from handgrad.layers import Sequential
from handgrad.training.build import Parts
from handgrad.training.classifier_settings import settings_of
from handgrad.training.trained_network import TrainedNetwork
from handgrad.training.trained_network import load as load_network

Settings = Mapping[str, Any]


class Classifier(FittedMixin, ExportMixin, ClassifierMixin, BaseEstimator):
    """A neural network for images or vectors, as a scikit-learn estimator.

    `model` is "auto", the name of a network (with `model_options`), a list of layers of
    `handgrad.network`, a `Sequential`, or a function `(input_shape, classes, seed) ->
    Sequential`. `optimizer`, `schedule`, `loss` and `augment` take names, or tables
    with options. The network kept is that of the epoch with the lowest validation loss
    (or training loss, without validation). ConfigError for invalid settings and
    ShapeError or DatasetError for invalid data, from `fit`; ValueError for an array
    that scikit-learn rejects.

    Shapes
        X  vectors (count, features) or images (count, height, width), (..., 1 or 3) or
           (count, 1 or 3, height, width); all but uint8 become float32
        y  (count,), labels that are numbers, strings or booleans; `sample_weight`
           (count,), not negative, multiplies each example's loss and its share in the
           mean and deviation of "standard" normalization (`class_weight`: the loss)

    Units
        minutes          for `fit` with "auto", which then plans for these examples and
                         this machine what is not given; None: MLP or LeNet
        epochs           passes over the training set; "auto" gives about 1,000 steps
        batch_size       examples per step
        learning_rate    None: 0.1 for sgd, 0.02 with momentum, 0.003 muon, else 0.001
        l2               factor of half the sum of the squared weights, in the loss
        label_smoothing  fraction of the target probability spread over all classes
        clip_norm        maximum gradient norm (global-norm clipping)
        validation       a fraction or a count of the examples, (X, y), or None
        early_stopping   epochs without a lower loss; True: 10, holding out a tenth
        average_from     epoch from which on the network is the mean of all since then
        class_weight     None, "balanced", or a weight for each label
        normalization    "standard" (mean 0 and standard deviation 1), "unit" or "half"
        channels         "first" or "last", if the sizes leave the axis ambiguous
        random_state     seed; runs with the same seed are bit-identical
        engine, workers  "cpu" or "plain"; threads, by default all usable cores
        run, verbose     folder to write the run to; whether to print progress
        start_from       run or file to take weights, normalization, "auto" network from
        freeze           number of first layers to freeze, or "all-but-last"
        backbone_multiplier  of the learning rate, for all layers but the last

    After `fit`: `classes_`, `n_features_in_`, `n_iter_` (epochs), `loss_curve_` and
    `history_` (by epoch), `network_`, `trained_` (`handgrad.training.TrainedNetwork`).

    Example
        clf = Classifier("lenet", epochs=5).fit(images, labels)
    """

    classes_: NumpyArray
    history_: History
    network_: Sequential
    n_features_in_: int
    trained_: TrainedNetwork
    _portions: Portions | None
    _settings: Settings

    def __init__(  # noqa: PLR0913  scikit-learn: each setting is a parameter
        self,
        model: str | Sequence[Settings] | Sequential | Callable[..., Any] = "auto",
        *,
        model_options: Settings | None = None,
        minutes: float | None = None,
        epochs: int | str = "auto",
        batch_size: int = 128,
        optimizer: str | Settings = "adam",
        learning_rate: float | None = None,
        schedule: str | Settings = "constant",
        loss: str | Settings = "softmax_cross_entropy",
        l2: float = 0.0,
        label_smoothing: float = 0.0,
        clip_norm: float | None = None,
        validation: float | int | tuple[Any, Any] | None = None,
        early_stopping: bool | int = False,
        average_from: int | None = None,
        augment: str | Sequence[str | Settings] = (),
        class_weight: str | Mapping[Any, float] | None = None,
        normalization: str = "standard",
        channels: str | None = None,
        random_state: int | np.random.RandomState | None = 0,
        engine: str = "cpu",
        workers: int | None = None,
        run: str | Path | None = None,
        verbose: bool | int = False,
        start_from: str | Path | None = None,
        freeze: int | str | None = None,
        backbone_multiplier: float | None = None,
    ) -> None:
        self.model = model
        self.model_options = model_options
        self.minutes = minutes
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.loss = loss
        self.l2 = l2
        self.label_smoothing = label_smoothing
        self.clip_norm = clip_norm
        self.validation = validation
        self.early_stopping = early_stopping
        self.average_from = average_from
        self.augment = augment
        self.class_weight = class_weight
        self.normalization = normalization
        self.channels = channels
        self.random_state = random_state
        self.engine = engine
        self.workers = workers
        self.run = run
        self.verbose = verbose
        self.start_from = start_from
        self.freeze = freeze
        self.backbone_multiplier = backbone_multiplier

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train from scratch on examples X and their labels y.

        `sample_weight` weights each loss; 0 excludes an example. A KeyboardInterrupt
        leaves the best epoch so far; in the first, an earlier fit or else this one.
        """
        with training_lock(self), restored_on_error(self, keeps_interrupted=True):
            return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        settings = checked_parameters(self.get_params(deep=False))
        deadline = deadline_of(settings)
        form, examples, labels = training_examples(self, X, y)
        classes, targets = classes_of(labels)
        is_whole = (self.validation, self.class_weight) == (None, None)
        size = self.batch_size if is_whole and not self.early_stopping else 0
        train = split_of(examples, targets, sample_weight, size)
        held = held_out(self, form, classes)
        parts, dataset = prepare(settings, form, train, held, classes, deadline)
        history = History()
        on_epoch = follow(history, parts.config.training.epochs, self.verbose)
        try:
            run_training(parts, dataset, self.run, on_epoch, deadline)
        finally:
            if parts.trainer.position.step:  # what there is, if it was interrupted
                self._adopt(parts, history, classes)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Continue training with one pass over these examples (incremental learning).

        The first call takes all `classes` that may occur in any call, or those of y;
        its examples determine the normalization. Parameters of optimizer and loss, such
        as the learning rate, `batch_size`, `augment` and `workers` may be set between
        calls; others need `fit`. An error leaves the classifier unchanged.
        """
        with training_lock(self), restored_on_error(self):
            settings = for_portions(self.get_params(deep=False))
            if hasattr(self, "network_"):
                portion = next_portion(self, X, y, classes, sample_weight)
            else:
                parts, known, portion = first_portion(
                    self, settings, X, y, classes, sample_weight
                )
                self._adopt(parts, History(), known)
            if self._portions is None:
                self._portions = Portions(
                    self.trained_, portion, self.n_iter_, self._settings
                )
            self._portions.follow(settings)
            self.trained_.set_temperature(None)
            self._portions.train(portion, follow(self.history_, None, self.verbose))
            return self

    def predict(self, X: Any) -> NumpyArray:
        """The most probable label of each example, (count,)."""
        numbers = self.logits(X).argmax(axis=1)
        return np.asarray(self.classes_[numbers])

    def predict_proba(self, X: Any) -> NumpyArray:
        """Softmax of the logits, (count, classes), float64; rows sum to 1.

        After another loss than softmax cross-entropy, they only rank the classes.
        """
        examples = more_of(self, X)  # first: it requires a fitted classifier
        return self.trained_.predict_probabilities(examples)

    predict_probabilities = predict_proba  # the earlier name

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy, weighted by `sample_weight` if given."""
        weights_of(sample_weight, y)
        with random_state_kept():
            import sklearn.metrics  # noqa: F401 (`super` imports it)
        return float(super().score(X, as_labels(y), sample_weight))

    def _adopt(self, parts: Parts, history: History, classes: NumpyArray) -> Self:
        network = TrainedNetwork(parts.model, parts.config, workers=self.workers)
        return self._become(network, history, classes)

    def _become(self, net: TrainedNetwork, history: History, known: NumpyArray) -> Self:
        """Take over a trained network, its history and its classes."""
        self.trained_, self.network_ = net, net.model
        self.classes_, self.history_ = known, history
        self.n_features_in_ = prod(net.input_shape)
        if (columns := net.given_form.columns) is not None:
            self.feature_names_in_ = np.array(columns, dtype=object)
        self._portions, self._settings = None, self.get_params(deep=False)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def load(
    path: str | Path,
    which: str = "best",
    *,
    workers: int | None = None,
    model: Callable[..., Sequential] | None = None,
) -> Classifier:
    """Load a fitted classifier from `path`: a file of `save`, or a run folder.

    `which` is the checkpoint of the run, "best" or "last"; `workers` the number of
    threads; `model` the function that built a network of your own. RunError on failure.
    """
    network = load_network(path, which, workers=workers, model=model)
    settings = settings_of(network.config) | ({} if model is None else {"model": model})
    made = Classifier(**settings, workers=workers)
    return made._become(network, history_of(path), network.labels)


def from_onnx(path: str | Path, *, workers: int | None = None) -> Classifier:
    """Read a fitted classifier from the ONNX model at `path`, to use or to train.

    `partial_fit` continues from its weights; `fit` starts from random ones. For several
    epochs, save it, and fit `Classifier(start_from=FILE, epochs=N)`. `workers` is the
    number of threads. ConfigError names operators without a layer.
    """
    from handgrad.interop.onnx_import import network_from_onnx

    network = network_from_onnx(path, workers=workers)
    made = Classifier(**settings_of(network.config), workers=workers)
    return made._become(network, History(), network.labels)
