"""A file of steps to follow a training while it runs, one line of JSON for each.

    {"step": 120, "steps": 900, "epoch": 2, "loss": 0.31, ..., "layers": {...}}

Unlike the logs of the run folder, it is written at once, holds speed and time left, and
becomes sparser the longer a run takes. Now and then a line has the gradient norm of
each layer.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from statistics import median_low
from time import monotonic
from typing import Any

from handgrad.errors import HandgradError, RunError, warn
from handgrad.inspection.gradient_flow import flow_rows
from handgrad.inspection.subject import Subject, as_inputs
from handgrad.paths import path_of
from handgrad.ranges import shown
from handgrad.run import complete
from handgrad.training.atomic import cannot_write
from handgrad.training.records import Record, StepRecord
from handgrad.training.run import Run

PAUSE = 0.2  # seconds between two lines at the beginning of a run
PART = 1 / 300  # of the time since then, later on
IMAGES = 16  # that the gradients of layers are measured on
FIRST = 4.0  # seconds before they are measured first
REST = 100  # at most 1 % of the time
RECENT = 51  # steps, and ends of epochs, that the time left is estimated from


def log_live(
    run: Run, path: str | Path, records: Iterable[Record] | None = None
) -> Iterator[Record]:
    """Train a `run` as `handgrad.run.complete` does, and append steps to a file.

    Yields its records. The file at `path` has a line of JSON for some of the steps:
    loss and accuracy of the batch, learning rate, images per second, seconds left, and
    now and then `layers`, the norm of each layer's gradient on 16 training images. At
    first there are five lines a second, later fewer; they take 1 to 2 % of the time.
    `records` are those of the run, if another function already trains it.

    RunError for anything but a run, or if the file cannot be made; one that cannot be
    written later on is a HandgradWarning, and training goes on.
    """
    if not isinstance(run, Run):
        raise RunError(
            f"log_live takes a run, got {shown(run)}. Give that of "
            "handgrad.training.start or resume."
        )
    log = LiveLog(run, path_of("log_live", "path", path, RunError))
    for record in complete(run) if records is None else records:
        log.add(record)
        yield record


class Layers:
    """The gradient norm of each layer on a few training images, now and then.

    A measurement stops the training: it is repeated after `REST` times its duration.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.next = run, monotonic() + FIRST

    def now(self) -> dict[str, float] | None:
        """Gradient norms by layer; None if it is not yet time."""
        began = monotonic()
        if began < self.next:
            return None
        trainer, rows = self.run.trainer, slice(IMAGES)
        subject = Subject("The run", trainer.engine.model, trainer.loss)
        inputs = as_inputs(trainer.train.images[rows], trainer.engine.normalization)
        try:
            found = flow_rows(subject, inputs, trainer.train.targets[rows])
        except HandgradError:  # of a user's layers or loss: it is not measured
            self.next = inf
            return None
        self.next = monotonic() + REST * (monotonic() - began)
        return {row.layer: row.gradient_norm for row in found}


class Pace:
    """The time that recent steps took, and the time between two epochs.

    A median: a pause of the process, or compilation before the first step, is one
    value among many.
    """

    def __init__(self, steps: int, epochs: int) -> None:
        self.steps, self.epochs = steps, epochs
        self._steps, self._ends = deque[float](maxlen=RECENT), deque[float](maxlen=5)
        self._epoch, self._last = 0, inf

    def add(self, record: StepRecord, now: float) -> None:
        """Count a step that has ended `now`."""
        if self._epoch:
            is_same = record.epoch == self._epoch
            (self._steps if is_same else self._ends).append(now - self._last)
        self._epoch, self._last = record.epoch, now

    def seconds_left(self, record: StepRecord) -> float | None:
        """The time until the last step; None after the first one."""
        times = self._steps or self._ends
        if not times:
            return None
        left = (self.steps - record.step) * median_low(times)
        if not (self._ends and self._steps):
            return left
        between = max(0.0, median_low(self._ends) - median_low(times))
        return left + (self.epochs - record.epoch) * between


class LiveLog:
    """The file at `path`, and when its next line is due."""

    def __init__(self, run: Run, path: Path) -> None:
        self.path = path
        epochs = run.config.training.epochs
        self.steps = run.trainer.steps_per_epoch * epochs
        self.pace = Pace(self.steps, epochs)
        self.started = self.written = monotonic()
        self.layers = Layers(run)
        self.is_broken = False
        try:
            self._append("")
        except OSError as error:
            raise cannot_write(path, error) from error

    def add(self, record: Record) -> None:
        """Append a step, unless the last line was written only just before."""
        now = monotonic()
        wait = max(PAUSE, PART * (now - self.started))
        if not isinstance(record, StepRecord):
            return
        self.pace.add(record, now)
        if now - self.written < wait:
            return
        layers = self.layers.now()
        line = self.line(record)
        self.write({**line, "layers": layers} if layers else line)
        self.written = now

    def line(self, record: StepRecord) -> dict[str, Any]:
        """The values of a step."""
        return {
            "step": record.step,
            "steps": self.steps,
            "epoch": record.epoch,
            "loss": record.loss,
            "accuracy": record.correct / record.examples,
            "learning_rate": record.learning_rate,
            "gradient_norm": record.gradient_norm,
            "images_per_second": record.examples / max(record.duration_seconds, 1e-9),
            "seconds_left": self.pace.seconds_left(record),
        }

    def write(self, values: dict[str, Any]) -> None:
        """Append one line; warn the first time that it cannot be written."""
        try:
            self._append(json.dumps(values) + "\n")
        except OSError as error:
            if not self.is_broken:
                said = f"{self.path} cannot be written: {error.strerror or error}."
                warn(f"{said} Training goes on.")
            self.is_broken = True

    def _append(self, text: str) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)
