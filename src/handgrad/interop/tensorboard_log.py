"""The metrics, weights and figures of a run for TensorBoard, live or afterwards."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.errors import HandgradError, RunError, warn
from handgrad.interop.event_file import (
    EventFile,
    histograms_in,
    own_files,
)
from handgrad.paths import path_of
from handgrad.run import complete
from handgrad.training.atomic import cannot_write, make_folder
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.real_files import read_file
from handgrad.training.records import MOST_STEPS, EpochRecord, Record, StepRecord
from handgrad.training.run import Run
from handgrad.training.run_folder import RunFolder

POINTS = 50  # of each epoch for the metrics of steps, which are averaged between them
LONGEST = 10.0  # seconds that events wait, if an epoch takes longer
PARAMETERS = "parameters/"
MEASURES = ("loss", "accuracy")


def to_tensorboard(run: str | Path, directory: str | Path) -> Path:
    """Write the events of the run at path `run` for TensorBoard; return their folder.

    The folder is that of the run's name in `directory`. It shows loss, accuracy,
    learning rate and seconds by step, the figures, the distribution of the weights at
    the best and last checkpoint, and the hyperparameters. Events that Handgrad has
    written there of this run are replaced, except the distributions of other steps.

    ConfigError if tensorboard is not installed; RunError for a path that is no run, a
    folder that holds events of another run, or one that cannot be written.

    Example
        to_tensorboard("runs/lenet-digits-1", "logs")
    """
    place = path_of("to_tensorboard", "run", run, RunError)
    log = TensorBoardLog(RunFolder.open(place), directory, MOST_STEPS)
    log.finish()
    return log.place


def log_to_tensorboard(run: Run, directory: str | Path) -> Iterator[Record]:
    """Train a `run` as `handgrad.run.complete` does and write events as it proceeds.

    Yields its records. The folder is that of the run's name in `directory`; there are
    the distributions of the weights after each epoch, besides what `to_tensorboard`
    writes. For a resumed run, the events after its checkpoint are replaced. Events that
    cannot be written later on are a HandgradWarning, and training goes on. Errors: see
    `to_tensorboard`.

    Example
        run = resume("runs/lenet-digits-1")
        for record in log_to_tensorboard(run, "logs"): print(record)
    """
    log = TensorBoardLog(run.folder, directory, run.trainer.position.step)
    try:
        for record in complete(run):
            log.follow(record, run)
            yield record
    finally:
        log.end(has_result=bool(run.result))


class TensorBoardLog:
    """The event file of a run, begun with all that the run's folder holds.

    `place` is its folder: that of the run's name in `directory`. Distributions that
    were written there before are kept up to `last_step`.
    """

    def __init__(self, run: RunFolder, directory: str | Path, last_step: int) -> None:
        parent = path_of("TensorBoard", "its folder", directory, RunError)
        self.run, self.place = run, parent / run.path.name
        self._is_broken = False
        self._recent: list[StepRecord] = []
        self._has_weights: set[int] = set()
        config, owner = run.config, _owner(run, self.place)
        assert config.resolved is not None
        steps = -(-config.resolved.train_images // config.training.batch_size)
        self._every = max(1, steps // POINTS)
        self._seconds = (run.path / "environment.json").stat().st_mtime
        before = own_files(self.place)
        self.file = EventFile(self.place, owner)
        settings = dict(_settings(config.model_dump(exclude={"resolved"})))
        self.file.add_hyperparameters(run.path.name, self._seconds, settings)
        for record in _records_of(run):
            self.add(record)
        self._replace(before, last_step)

    def _replace(self, before: list[Path], last_step: int) -> None:
        """Write the file in place of those before it, with their distributions."""
        make_folder(self.place)
        try:
            for path in before:
                for step, content in histograms_in(path, last_step):
                    self._has_weights.add(step)
                    self.file.add_raw(content)
            self._flush()
            for path in before:
                path.unlink()
        except OSError as error:
            raise cannot_write(self.file.path, error) from error

    def follow(self, record: Record, run: Run) -> None:
        """Add a record of a run that is being trained, and its weights."""
        self.add(record)
        if isinstance(record, EpochRecord):
            parameters = run.parts.model.parameters().items()
            arrays = {name: to_numpy(each.value) for name, each in parameters}
            self._add_weights(record.step, arrays)
        if isinstance(record, EpochRecord) or monotonic() - self._flushed > LONGEST:
            self._try(self._flush)

    def end(self, *, has_result: bool) -> None:
        """Write the rest; with a result, what the run leaves, too."""
        self._add_steps()
        self._try(self.finish if has_result else self._flush)

    def finish(self) -> None:
        """Add the figures, the result on the test images, and missing weights."""
        step = 0
        for which in ("best", "last"):
            with suppress(HandgradError):  # a run that has only begun has none
                found = load_checkpoint(self.run.checkpoints, which)
                step = found.position.step
                self._add_weights(step, _parameters_in(found.arrays))
        result = self.run.result or {}
        tested = {f"{each}/test": result.get(f"test_{each}") for each in MEASURES}
        self.file.add_scalars(step, self._seconds, tested)
        figures = sorted(self.run.figures.glob("*.png"))
        images = {path.stem: read_file(path) for path in figures}
        self.file.add_images(step, self._seconds, images)
        self._flush()

    def add(self, record: Record) -> None:
        """Add the metrics of an epoch, or those of steps, averaged between points."""
        if isinstance(record, StepRecord):
            self._seconds += record.duration_seconds
            self._recent.append(record)
            if record.step % self._every == 0:
                self._add_steps()
            return
        self._add_steps()
        values = {
            "loss/train": record.train_loss,
            "loss/validation": record.validation_loss,
            "accuracy/train": record.train_accuracy,
            "accuracy/validation": record.validation_accuracy,
            "epoch/learning_rate": record.learning_rate,
            "epoch/seconds": record.duration_seconds,
            "epoch/images_per_second": record.images_per_second,
        }
        self.file.add_scalars(record.step, self._seconds, values)

    def _add_steps(self) -> None:
        """The mean of the metrics of the steps since the last point."""
        recent, self._recent = self._recent, []
        if not recent:
            return
        examples = sum(each.examples for each in recent)
        norms = [r.gradient_norm for r in recent if r.gradient_norm is not None]
        values = {
            "step/loss": sum(r.loss * r.examples for r in recent) / examples,
            "step/accuracy": sum(r.correct for r in recent) / examples,
            "step/learning_rate": recent[-1].learning_rate,
            "step/gradient_norm": sum(norms) / len(norms) if norms else None,
        }
        self.file.add_scalars(recent[-1].step, self._seconds, values)

    def _add_weights(self, step: int, arrays: Mapping[str, NumpyArray]) -> None:
        if step not in self._has_weights:
            self._has_weights.add(step)
            named = {f"weights/{name}": values for name, values in arrays.items()}
            self.file.add_histograms(step, self._seconds, named)

    def _flush(self) -> None:
        self.file.flush()
        self._flushed = monotonic()

    def _try(self, action: Callable[[], None]) -> None:
        """Write what training must not wait for; warn the first time it fails."""
        if self._is_broken:
            return
        try:
            action()
        except OSError as error:
            self._is_broken = True
            why = cannot_write(self.file.path, error)
            warn(f"Nothing more is written for TensorBoard: {why}")


def _owner(run: RunFolder, place: Path) -> str:
    """The name of a run in its event files; RunError for a folder of another run's."""
    if place.resolve() == run.path.resolve():
        raise RunError(
            f"The folder {place.parent} holds the run itself, so it cannot take the "
            "events for TensorBoard. Give another one, such as logs."
        )
    owner = sha256(str(run.path.resolve()).encode()).hexdigest()[:12]
    if any(f".{owner}." not in path.name for path in own_files(place)):
        raise RunError(
            f"The folder {place} holds the events of another run with this name. Give "
            "another folder for TensorBoard."
        )
    return owner


def _records_of(run: RunFolder) -> Iterator[Record]:
    """The records in the logs of a run, with their durations."""
    for numbers, times in zip(run.records(), run.records("timings"), strict=False):
        values = numbers | times
        kind = EpochRecord if values.pop("kind") == "epoch" else StepRecord
        yield kind(**values)


def _parameters_in(arrays: Mapping[str, NumpyArray]) -> dict[str, NumpyArray]:
    """The parameters in a saved state, by their names in the network."""
    names = (name for name in arrays if name.startswith(PARAMETERS))
    return {name.removeprefix(PARAMETERS): arrays[name] for name in names}


def _settings(
    tables: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, float | str | bool]]:
    """All settings as section.name and value; lists as text, without those unset."""
    for name, value in tables.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{above}{name}.")
        elif isinstance(value, bool | int | float | str):
            yield f"{above}{name}", value
        elif value is not None:
            yield f"{above}{name}", json.dumps(value, default=str)
