"""What a fitted classifier returns and saves of its network and its training."""

from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from handgrad.arrays import NumpyArray, Shape
from handgrad.estimator.history import History
from handgrad.estimator.inputs import more_of
from handgrad.training.label_types import check_can_be_saved
from handgrad.training.trained_network import TrainedNetwork


class FittedMixin:
    """Logits and properties of a fitted classifier."""

    classes_: NumpyArray
    history_: History
    trained_: TrainedNetwork

    def logits(self, X: Any) -> NumpyArray:
        """The outputs of the last layer, (count, classes), float32."""
        examples = more_of(self, X)  # first, since it requires a fitted classifier
        return self.trained_.logits(examples)

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained."""
        return len(self.history_)

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        return [record.train_loss for record in self.history_]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, as text."""
        return self.trained_.class_names

    @property
    def input_shape(self) -> Shape:
        """(features,) or (channels, height, width) of one example."""
        return self.trained_.input_shape

    def save(self, path: str | Path) -> None:
        """Save to a `.safetensors` file at `path`, without code; `load` reads it."""
        check_is_fitted(self, "network_")
        check_can_be_saved(self.classes_)
        self.trained_.save(path, self.history_.as_rows())
