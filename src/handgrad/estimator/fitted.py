"""What a fitted classifier says about its training."""

from handgrad.arrays import Shape
from handgrad.estimator.history import History
from handgrad.training.trained_network import TrainedNetwork


class FittedMixin:
    """Properties of a fitted classifier, from its history and its network."""

    history_: History
    trained_: TrainedNetwork

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
