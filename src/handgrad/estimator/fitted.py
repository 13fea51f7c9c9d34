"""What a fitted classifier returns and saves of its network and its training."""

from pathlib import Path
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from handgrad.arrays import NumpyArray, Shape
from handgrad.estimator.history import History
from handgrad.estimator.inputs import labelled_split, more_of
from handgrad.inspection.evaluation import EvaluationReport
from handgrad.training.trained_network import TrainedNetwork


class FittedMixin:
    """Measures, calibration and properties of a fitted classifier."""

    classes_: NumpyArray
    history_: History
    trained_: TrainedNetwork

    def logits(self, X: Any) -> NumpyArray:
        """The outputs of the last layer, (count, classes), float32."""
        examples = more_of(self, X)  # first, since it requires a fitted classifier
        return self.trained_.logits(examples)

    def evaluate(self, X: Any, y: Any) -> EvaluationReport:
        """Loss, accuracy, precision, recall, F1 and the confusion matrix on X and y.

        Labels may be those of `classes_` or the names of the classes.
        """
        examples = labelled_split(self, X, y, "evaluate")
        return EvaluationReport.of(self.trained_, examples)

    def calibrate(self, X: Any, y: Any) -> Self:
        """Calibrate `predict_proba` on held-out X and y, by temperature scaling.

        `predict` stays the same; more training discards the temperature.
        """
        examples = labelled_split(self, X, y, "calibrate")
        self.trained_.calibrate(examples)
        return self

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained."""
        return len(self.loss_curve_)

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        check_is_fitted(self, "history_")
        return [record.train_loss for record in self.history_]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, as text."""
        check_is_fitted(self, "trained_")
        return self.trained_.class_names

    @property
    def input_shape(self) -> Shape:
        """(features,) or (channels, height, width) of one example."""
        check_is_fitted(self, "trained_")
        return self.trained_.input_shape

    def save(self, path: str | Path) -> None:
        """Save to a `.safetensors` file at `path`, without code; `load` reads it."""
        check_is_fitted(self, "network_")
        self.trained_.save(path, self.history_.as_rows())
