"""What to try after a run: one or two steps that its numbers and its data suggest.

Each comes with the reason and a command that repeats the run with one change, out of
its own config.toml.
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

MOST = 2  # steps
FALLING = 0.01  # of the loss, in the last epoch
RISEN = 1.05  # times the lowest validation loss
GAP = 0.03  # between the accuracies of training and of validation
GUESSING = 0.02  # above always giving the most frequent class
POOR = 0.95  # accuracy of training
WIDE = 0.015  # half of the interval of the test accuracy
BURST = 2.0  # times the loss of equal probabilities
ENOUGH = 3  # epochs in a row without a mistake
ERRORS = 1.96  # standard errors: 95 %
USUAL_RATE = 0.01
PADDED = 8  # pixels of a side for each pixel of padding


@dataclass(frozen=True)
class Step:
    """A reason, and the command that follows from it."""

    why: str
    command: str


class Advice:
    """What the numbers of a finished `run` suggest.

    `found` is what was measured on its test or validation images; None if it was not,
    since the classes are as frequent as each other.
    """

    def __init__(self, run: Run, balance: Balance, found: Evaluation | None) -> None:
        self.run, self.config, self.result = run, run.config, run.result
        self.folder, self.position = run.folder, run.trainer.position
        self.balance, self.found = balance, found
        self.parts = run.parts
        self.epochs = [r for r in run.folder.records() if r["kind"] == "epoch"]

    def steps(self) -> list[Step]:
        """One or two, the most urgent first."""
        found = list(self._urgent()) + list(self._from_curves())
        found += list(self._small_test())
        return (found or [self._look()])[:MOST]

    def _urgent(self) -> Iterator[Step]:
        is_missed = self.found is not None and is_unequal(self.found)
        if is_missed and self.config.loss.class_weight is None:
            yield Step(
                "rare classes are recognised less often than frequent ones: let each "
                "class count alike",
                self.again("--class-weight", "balanced"),
            )
        if self._has_burst():
            yield after_non_finite(self.run)
        elif self._is_frozen():
            yield Step(
                "the loss has hardly moved: look for a learning rate that trains",
                self._finder(),
            )
        elif self._is_guessing():
            yield Step(
                "it is hardly better than always giving the most frequent class: look "
                "for a learning rate that trains",
                self._finder(),
            )

    def _from_curves(self) -> Iterator[Step]:
        if self._has_burst() or self._is_frozen():
            return
        if self._is_falling():
            yield Step(
                "the loss was still falling in the last epoch: train longer",
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

    def _has_burst(self) -> bool:
        """Whether the loss ended far above that of equal probabilities."""
        equal = log(max(2, len(self.balance.counts)))
        return self.gives_entropy and bool(self.last["train_loss"] > BURST * equal)

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
        missed = (1 - last["train_accuracy"]) / 4  # more of that: it fits too little
        return bool(gap > missed and (has_risen or gap > max(GAP, ERRORS * error)))

    def _against_overfitting(self) -> Iterator[Step]:
        last, best = self.last, self.position.best_epoch
        why = (
            f"it fits its training images ({last['train_accuracy']:.1%}) better than "
            f"others ({last['validation_accuracy']:.1%})"
        )
        stop = []
        if self.config.training.early_stopping is None and 2 * best < len(self.epochs):
            stop = ["--early-stopping", "5"]
            why += f", and was best after epoch {best} of {len(self.epochs)}"
        remedy = self._remedy()
        if remedy is not None:
            words, options = remedy
            yield Step(f"{why}: {words}", self.again(*options, *stop))
        elif stop:
            yield Step(f"{why}: stop there", self.again(*stop))

    def _remedy(self) -> tuple[str, list[str]] | None:
        """The first remedy against overfitting that is not in use."""
        config, shape = self.config, self.shape
        if not config.dataset.augmentation and len(shape) == 3:
            padding = min(4, min(shape[1:]) // PADDED)
            if padding:
                return "shift them at random", ["--augment", f"random_crop:{padding}"]
        known = catalog.options_of(catalog.find("model", self.model))
        if "dropout" in known and not config.model.options.get("dropout"):
            return "drop units at random", ["--set", "dropout=0.3"]
        if not config.loss.l2 and not config.optimizer.options.get("weight_decay"):
            return "keep its weights small", ["--l2", "0.0005"]
        return None

    def _against_underfitting(self) -> Iterator[Step]:
        why = f"it fits only {self.last['train_accuracy']:.1%} of its training images"
        wider = self._wider()
        if wider:
            yield Step(f"{why}, and no longer gets better: widen it", wider)
        yield Step(f"{why}: look for a better learning rate", self._finder())

    def _wider(self) -> str:
        """The network with twice the units, if it has a number of them."""
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
                f"{len(test):,} test images leave the accuracy between {low:.1%} and "
                f"{high:.1%} (95 %): see how much another seed changes",
                self.again("--seed", str(self.config.seed + 1)),
            )

    def _longer(self) -> str:
        epochs = 2 * self.config.training.epochs
        try:
            with_epochs(self.folder, epochs)
        except ConfigError:  # its learning rates follow from the number of epochs
            return self.again("--epochs", str(epochs))
        return _command("train", "--resume", self.path, "--epochs", str(epochs))

    def _finder(self) -> str:
        """The range test of just these settings."""
        settings = f"{self.path}/config.toml"
        return _command("inspect", "learning-rate-finder", settings)

    def _look(self) -> Step:
        split = self.parts.dataset.test or self.parts.validation
        if split is None or self.result["test_accuracy"] == 1.0:
            return Step(
                "see how the network looks at an image",
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
        """Whether the loss is that of probabilities, without an L2 term."""
        loss = self.config.loss
        return loss.name == "softmax_cross_entropy" and not loss.l2

    @property
    def model(self) -> str:
        """The network's name."""
        return self.config.model.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        assert self.config.resolved is not None, "a run is resolved"
        return self.config.resolved.input_shape

    @cached_property
    def last(self) -> dict[str, Any]:
        """The record of the last epoch."""
        return self.epochs[-1]


def after_non_finite(run: Run) -> Step:
    """What to try after NaN: a tenth of the learning rate, at most a usual one."""
    rate = min(run.config.optimizer.learning_rate / 10, USUAL_RATE)
    path = f"{from_here(run.folder.path)}/config.toml"
    return Step(
        "the steps are too large: take a smaller learning rate",
        _command("train", path, "--learning-rate", f"{rate:g}"),
    )


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of `count` images.

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
