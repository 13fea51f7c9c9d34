"""The process of one training: `python -m handgrad.web.train_process`.

It trains by the same functions as `handgrad train`, and appends what happens to a
file that the page shows while it runs. SIGINT and SIGTERM save and stop it.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from handgrad.errors import HandgradError, StoppedError
from handgrad.inspection.gradient_flow import flow_rows
from handgrad.inspection.subject import Subject, as_inputs
from handgrad.run import complete
from handgrad.training import resume, start
from handgrad.training.config import read_config
from handgrad.training.records import Record, StepRecord
from handgrad.training.run import Run

PAUSE = 0.2  # seconds between two lines at the beginning of a run
PART = 1 / 300  # of the time since then, later on
IMAGES = 16  # that the gradients of layers are measured on
FIRST = 4.0  # seconds before they are measured first
REST = 100  # at most 1 % of the time


class Stop:
    """Whether a signal has asked to stop."""

    def __init__(self) -> None:
        self.is_asked = False
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), self._ask)

    def _ask(self, *_: Any) -> None:
        self.is_asked = True

    def check(self) -> None:
        """StoppedError if a signal was received."""
        if self.is_asked:
            raise StoppedError("Stopped.")


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


class Live:
    """A file of steps, one JSON line each, fewer the longer a run takes."""

    def __init__(self, path: Path, run: Run) -> None:
        self.path = path
        self.steps = run.trainer.steps_per_epoch * run.config.training.epochs
        self.first = run.trainer.position.step
        self.started = self.written = monotonic()
        self.layers = Layers(run)

    def show(self, record: Record) -> None:
        """Append a step, unless the last line was written only just before."""
        now = monotonic()
        wait = max(PAUSE, PART * (now - self.started))
        if isinstance(record, StepRecord) and now - self.written >= wait:
            layers = self.layers.now()
            line = self.line(record, now - self.started)
            self.write({**line, "layers": layers} if layers else line)
            self.written = now

    def line(self, record: StepRecord, seconds: float) -> dict[str, Any]:
        """What the page shows of a step; `seconds` have passed since the start."""
        left = (self.steps - record.step) / max(1, record.step - self.first) * seconds
        return {
            "step": record.step,
            "steps": self.steps,
            "epoch": record.epoch,
            "loss": record.loss,
            "accuracy": record.correct / record.examples,
            "learning_rate": record.learning_rate,
            "gradient_norm": record.gradient_norm,
            "images_per_second": record.examples / max(record.duration_seconds, 1e-9),
            "seconds_left": left,
        }

    def write(self, values: dict[str, Any]) -> None:
        """Append one line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def main(words: Sequence[str]) -> int:
    """Train with a `start CONFIG FOLDER LIVE` or `resume FOLDER LIVE`; exit code."""
    stop = Stop()
    try:
        run = _begun(words)
        run.trainer.between = stop.check
        live = Live(Path(words[-1]), run)
        stop.check()
        for record in complete(run):
            live.show(record)
    except StoppedError:
        return 0
    except HandgradError as error:
        print(" ".join(str(error).split()), file=sys.stderr, flush=True)
        return error.exit_code
    except MemoryError:
        print("Out of memory. Use a smaller batch size.", file=sys.stderr, flush=True)
        return 2
    return 0


def _begun(words: Sequence[str]) -> Run:
    if words[0] == "resume":
        return resume(Path(words[1]))
    return start(read_config(Path(words[1])), Path(words[2]))


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
