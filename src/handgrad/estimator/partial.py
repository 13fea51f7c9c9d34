"""Training on one portion of the examples after another."""

from collections.abc import Callable
from dataclasses import replace

from handgrad.datasets import Split
from handgrad.estimator.fitting import check_finite_network
from handgrad.training.build import (
    build_augmentation,
    build_engine,
    build_optimizer,
    training_settings,
)
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord
from handgrad.training.trained_network import TrainedNetwork
from handgrad.training.trainer import Trainer


class Portions:
    """A network that trains on portions: each is one epoch of the same optimizer.

    The optimizer's state begins anew here; lengths of a schedule follow from the first
    portion.
    """

    def __init__(self, network: TrainedNetwork, first: Split, epochs: int = 0) -> None:
        config = network.config
        size = config.training.batch_size
        self.network = network
        self.optimizer = build_optimizer(config, -(-len(first) // size))
        self.engine = build_engine(
            config,
            network.model,
            network.loss,
            self.optimizer,
            network.normalization,
            batch_size=size,
            workers=network.workers,
        )
        self.position = Position(epoch=epochs + 1)

    def train(self, portion: Split, on_epoch: Callable[[EpochRecord], None]) -> None:
        """One pass over these examples."""
        config, epoch = self.network.config, self.position.epoch
        settings = training_settings(config)
        trainer = Trainer(
            self.engine,
            portion,
            loss=self.network.loss,
            learning_rate=self.optimizer.rate,
            settings=replace(settings, epochs=epoch, early_stopping=None),
            augmentation=build_augmentation(config, portion.image_shape),
        )
        trainer.position = Position(epoch=epoch, step=self.position.step)
        for record in trainer:
            if isinstance(record, EpochRecord):
                on_epoch(record)
        self.position = trainer.position
        check_finite_network(self.network.model, config, portion.images)
