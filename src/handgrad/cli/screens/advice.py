"""Suggestions after a run: one or two next steps, from its metrics and its data.

Each has a reason, and a command that repeats the run with one change, based on its own
config.toml.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from math import log, sqrt
from typing import Any

from handgrad import catalog
from handgrad.cli.screens.balance import Balance, is_unequal
from handgrad.errors import ConfigError
from handgrad.metrics import Evaluation
from handgrad.paths import from_here
from handgrad.training.epochs import with_epochs
from handgrad.training.run import Run

MOST = 2  # suggestions
FALLING = 0.01  # relative decrease of the loss in the last epoch
RISEN = 1.05  # times the lowest validation loss
GAP = 0.03  # between training and validation accuracy
GUESSING = 0.02  # above the accuracy of always predicting the most frequent class
POOR = 0.95  # training accuracy
WIDE = 0.015  # half width of the confidence interval of the test accuracy
DIVERGED = 2.0  # times the loss of equal probabilities
ENOUGH = 3  # consecutive epochs without a mistake
ERRORS = 1.96  # standard errors: 95 %
USUAL_RATE = 0.01
MISSED = (
    "rare classes have a lower recall than frequent ones: give all classes the same "
    "weight"
)
PADDED = 8  # pixels of side length for each pixel of padding


@dataclass(frozen=True)
class Step:
    """A suggestion: a reason and a command."""

    why: str
    command: str


class Advice:
    """Suggestions from the metrics of a finished `run`.

    `found` is its evaluation on test or validation images; None if it was not needed,
    because the classes are balanced.
    """

    def __init__(self, run: Run, balance: Balance, found: Evaluation | None) -> None:
        self.run, self.config, self.result = run, run.config, run.result
        self.folder, self.position = run.folder, run.trainer.position
        self.balance, self.found = balance, found
        self.parts = run.parts
        self.epochs = [r for r in run.folder.records() if r["kind"] == "epoch"]

    def steps(self) -> list[Step]:
        """Return one or two suggestions, the most urgent first."""
        found = list(self._urgent()) + list(self._from_curves())
        found += list(self._small_test())
        return (found or [self._look()])[:MOST]

    @property
    def misses_rare_classes(self) -> bool:
        """Whether rare classes have a lower recall, and no weights."""
        is_missed = self.found is not None and is_unequal(self.found)
        return is_missed and self.config.loss.class_weight is None

    def _urgent(self) -> Iterator[Step]:
        if self.misses_rare_classes:
            yield Step(MISSED, self.again("--class-weight", "balanced"))
        if self._has_diverged():
            yield after_non_finite(self.run)
        elif self._is_frozen():
            yield Step(
                "the loss has hardly changed: search for a better learning rate",
                self._finder(),
            )
        elif self._is_guessing():
            yield Step(
                "the accuracy is hardly better than always predicting the most "
                "frequent class: search for a better learning rate",
                self._finder(),
            )

    def _from_curves(self) -> Iterator[Step]:
        if self._has_diverged() or self._is_frozen():
            return
        if self._is_falling():
            yield Step(
                "the loss was still decreasing in the last epoch: train longer",
                self._longer(),
            )
        elif self._is_overfitted():
            yield from self._against_overfitting()
        elif self.last["train_accuracy"] < POOR and not self._is_guessing():
            yield from self._against_underfitting()

    def _is_guessing(self) -> bool:
        chance = self.balance.largest_share
        if self.config.loss.class_weight is not None:
            chance = 1 / len(self.balance.counts)
        is_low = self.last["train_accuracy"] <= chance + GUESSING
        return bool(is_low and not self._is_falling())

    def _has_diverged(self) -> bool:
        """Whether the final loss is far above that of equal probabilities."""
        equal = log(max(2, len(self.balance.counts)))
        return self.gives_entropy and bool(self.last["train_loss"] > DIVERGED * equal)

    def _is_frozen(self) -> bool:
        first, last = (self.epochs[k]["train_loss"] for k in (0, -1))
        moved = abs(first - last) > FALLING * abs(first)
        is_poor = self.last["train_accuracy"] < POOR
        return len(self.epochs) > 1 and is_poor and not moved

    def _is_falling(self) -> bool:
        if all(epoch["train_accuracy"] == 1.0 for epoch in self.epochs[-ENOUGH:]):
            return False
        losses, done = self.position.losses, len(self.epochs)
        is_last = self.position.best_epoch == done == self.config.training.epochs
        return is_last and (done == 1 or losses[-1] < losses[-2] * (1 - FALLING))

    def _is_overfitted(self) -> bool:
        last, losses = self.last, self.position.losses
        if self.parts.validation is None or self._is_guessing():
            return False
        accuracy, count = last["validation_accuracy"], len(self.parts.validation)
        error = sqrt(max(accuracy * (1 - accuracy), 0.01) / count)
        gap = last["train_accuracy"] - accuracy
        has_risen = losses[-1] > RISEN * min(losses)
        missed = (1 - last["train_accuracy"]) / 4  # a smaller gap: underfitting instead
        return bool(gap > missed and (has_risen or gap > max(GAP, ERRORS * error)))

    def _against_overfitting(self) -> Iterator[Step]:
        last, best = self.last, self.position.best_epoch
        why = (
            f"overfitting: training accuracy {last['train_accuracy']:.1%}, validation "
            f"accuracy {last['validation_accuracy']:.1%}"
        )
        stop = []
        if self.config.training.early_stopping is None and 2 * best < len(self.epochs):
            stop = ["--early-stopping", "5"]
            why += f", best after epoch {best} of {len(self.epochs)}"
        remedy = self._remedy()
        if remedy is not None:
            words, options = remedy
            yield Step(f"{why}; {words}", self.again(*options, *stop))
        elif stop:
            yield Step(f"{why}; stop early", self.again(*stop))

    def _remedy(self) -> tuple[str, list[str]] | None:
        """The first regularization method that is not in use yet."""
        config, shape = self.config, self.shape
        if not config.dataset.augmentation and len(shape) == 3:
            padding = min(4, min(shape[1:]) // PADDED)
            if padding:
                return "add random crops", ["--augment", f"random_crop:{padding}"]
        known = catalog.options_of(catalog.find("model", self.model))
        if "dropout" in known and not config.model.options.get("dropout"):
            return "add dropout", ["--set", "dropout=0.3"]
        if not config.loss.l2 and not config.optimizer.options.get("weight_decay"):
            return "add an L2 penalty", ["--l2", "0.0005"]
        return None

    def _against_underfitting(self) -> Iterator[Step]:
        why = f"underfitting: training accuracy {self.last['train_accuracy']:.1%}"
        wider = self._wider()
        if wider:
            yield Step(f"{why}, no longer increasing; use a wider network", wider)
        yield Step(f"{why}; search for a better learning rate", self._finder())

    def _wider(self) -> str:
        """The command for a network with twice the hidden units, or ''."""
        name = {"mlp": "hidden_sizes", "perceptron": "hidden"}.get(self.model)
        if name is None:
            return ""
        made_by = signature(catalog.find("model", self.model))
        given = self.config.model.options.get(name, made_by.parameters[name].default)
        is_one = isinstance(given, int)
        wide = 2 * given if is_one else [2 * units for units in given]
        return self.again("--set", f"{name}={json.dumps(wide)}")

    def _small_test(self) -> Iterator[Step]:
        test, accuracy = self.parts.dataset.test, self.result["test_accuracy"]
        if test is None or accuracy is None or self._is_guessing():
            return
        low, high = interval(accuracy, len(test))
        if high - low > 2 * WIDE:
            yield Step(
                f"with {len(test):,} test images, the 95 % confidence interval of the "
                f"accuracy is {low:.1%} to {high:.1%}: compare another seed",
                self.again("--seed", str(self.config.seed + 1)),
            )

    def _longer(self) -> str:
        epochs = 2 * self.config.training.epochs
        try:
            with_epochs(self.folder, epochs)
        except ConfigError:  # its schedule depends on the number of epochs
            return self.again("--epochs", str(epochs))
        return _command("train", "--resume", self.path, "--epochs", str(epochs))

    def _finder(self) -> str:
        """The command for a learning-rate range test with the same settings."""
        settings = f"{self.path}/config.toml"
        return _command("inspect", "learning-rate-finder", settings)

    def _look(self) -> Step:
        split = self.parts.dataset.test or self.parts.validation
        if split is None or self.result["test_accuracy"] == 1.0:
            return Step(
                "look at the outputs of all layers for an image",
                _command("inspect", "feature-maps", self.path),
            )
        return Step(
            "see which images it gets wrong", _command("inspect", "mistakes", self.path)
        )

    def again(self, *changes: str) -> str:
        """The command that repeats the run with these changes."""
        return _command("train", f"{self.path}/config.toml", *changes)

    @property
    def path(self) -> str:
        """The run's folder."""
        return from_here(self.folder.path)

    @property
    def gives_entropy(self) -> bool:
        """Whether the loss is the cross-entropy alone, without an L2 term."""
        loss = self.config.loss
        return loss.name == "softmax_cross_entropy" and not loss.l2

    @property
    def model(self) -> str:
        """The network's name."""
        return self.config.model.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        assert self.config.resolved is not None, "a run is resolved"
        return self.config.resolved.input_shape

    @cached_property
    def last(self) -> dict[str, Any]:
        """The record of the last epoch."""
        return self.epochs[-1]


def after_non_finite(run: Run) -> Step:
    """Suggest a tenth of the learning rate after NaN, at most a usual one."""
    rate = min(run.config.optimizer.learning_rate / 10, USUAL_RATE)
    path = f"{from_here(run.folder.path)}/config.toml"
    return Step(
        "training diverged: use a smaller learning rate",
        _command("train", path, "--learning-rate", f"{rate:g}"),
    )


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % confidence interval of a proportion of `count` images.

    Source
        Wilson (1927), Probable inference, the law of succession, and statistical
        inference.
    """
    z2 = ERRORS**2 / count
    middle = (share + z2 / 2) / (1 + z2)
    half = sqrt(share * (1 - share) * z2 + z2 * z2 / 4) / (1 + z2)
    return middle - half, middle + half


def _command(*words: str) -> str:
    return shlex.join(["handgrad", *words])
