"""A complete run: train, record everything, and write the final result."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from handgrad.datasets import Dataset
from handgrad.errors import HandgradError, NonFiniteError, StoppedError
from handgrad.paths import from_here
from handgrad.training.build import Parts, build
from handgrad.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from handgrad.training.config import RunConfig
from handgrad.training.data_record import as_text
from handgrad.training.environment import draws_figures
from handgrad.training.finite_numbers import check_numbers
from handgrad.training.loop_guard import Turn
from handgrad.training.manifest import seal, unseal
from handgrad.training.notes import Notes
from handgrad.training.records import EpochRecord, Record
from handgrad.training.rescheduling import reschedule_training
from handgrad.training.run_config import as_written, lengthen
from handgrad.training.run_folder import RunFolder, check_free
from handgrad.training.run_result import checksum_of, result_of, summary_of
from handgrad.training.saving import Unsaved
from handgrad.training.start_from import initial_of

Announce = Callable[[str], None]
NON_FINITE = "non_finite.json"  # details of a NaN or infinity that stopped a run
LAST_RECORDS = 10


class Run:
    """Training with a run folder: iterate to run it; afterwards `result` is set.

    `start` and `resume` create it from its `parts` and `folder`. At the end the network
    is that of the best checkpoint, tested once, and the checksum that of the final
    parameters. RunError for a second simultaneous loop, NonFiniteError for NaN,
    UnsavedError at the end if not everything was saved. A StoppedError from
    `trainer.between`, which is called after each record and between the parts of a long
    prediction, stops the run once everything is saved; `has_work` is whether there may
    be something to save.

    Example
        run = start(RunConfig(), Path("runs/first"))
        records, result = list(run), run.result
    """

    def __init__(self, parts: Parts, folder: RunFolder) -> None:
        self.parts, self.folder = parts, folder
        self.trainer = parts.trainer
        self.result: dict[str, Any] = {}
        self.has_work = False
        self._started = self._saved = perf_counter()
        self._seconds_before = 0.0
        self._last_epoch: dict[str, Any] = {}
        self.turn = Turn(folder)
        self.unsaved = Unsaved()
        self._config_checksum = folder.config_checksum()

    @property
    def config(self) -> RunConfig:
        """The configuration, as in the folder."""
        return self.parts.config

    def reschedule(self, epochs: int, *, early_stopping: int | None = None) -> None:
        """End after so many `epochs`, see `rescheduling`; the folder records it.

        `early_stopping` is the patience from now on, if it is longer. A checkpoint of
        before stays usable.
        """
        reschedule_training(self.parts, epochs, early_stopping=early_stopping)
        changed = {n: getattr(self.config, n) for n in ("schedule", "training")}
        path = self.folder.path
        lengthen(path, as_written(path).model_copy(update=changed))
        self._config_checksum = self.folder.config_checksum()

    def __iter__(self) -> Iterator[Record]:
        if self.turn.stage == "finished":
            return
        with self.turn:
            try:
                yield from self._saved_records()
                self._finish()
            except NonFiniteError as error:
                self._write_non_finite(error)
                raise
            except StoppedError as error:
                raise self._stopped(error) from error
            finally:
                self.has_work = False
        self.turn.stage = "finished"

    def _saved_records(self) -> Iterator[Record]:
        """The trainer's records; when stopped between two steps, it saves its state."""
        try:
            for record in self.trainer:
                self.has_work = True
                self.folder.add(record)
                if isinstance(record, EpochRecord):
                    self._last_epoch = summary_of(asdict(record))
                    self._save_in_time(is_best=record.is_best)
                elif self._is_time_to_save():
                    self._save_in_time()
                yield record
                self.turn.go_on()
                if not self.trainer.is_finished:
                    self.trainer.between()
        except StoppedError:
            self._save()
            raise

    def _stopped(self, error: StoppedError) -> StoppedError:
        """The error of a run that was stopped and has been saved."""
        stopped = StoppedError(
            f"Stopped after step {self.trainer.position.step}; everything is saved. "
            f"To resume: handgrad train --resume {from_here(self.folder.path)}"
        )
        stopped.exit_code = error.exit_code
        return stopped

    def _write_non_finite(self, error: NonFiniteError) -> None:
        """Write the details of a NaN and the records of the steps before it."""
        with suppress(HandgradError):  # a full disk must not hide the first error
            self.folder.flush()
            last = self.folder.records()[-LAST_RECORDS:]
            details = {"message": str(error), **error.details, "last_records": last}
            self.folder.write(NON_FINITE, json.dumps(details, indent=1) + "\n")

    def continue_from(self, notes: Notes) -> None:
        """Continue the time and the last epoch of the checkpoint with these `notes`."""
        self._seconds_before, self._last_epoch = notes.seconds, notes.last_epoch

    def save(self, *, is_best: bool = False) -> None:
        """Write a checkpoint now, marked as the best one if `is_best`.

        Nothing is written for a finished run, whose last state is already saved.
        """
        if self.turn.stage == "going":
            self._save(is_best=is_best)
        elif self.turn.stage != "finished":
            with self.turn:
                self._save(is_best=is_best)

    def _save(self, *, is_best: bool = False) -> None:
        self.turn.check_save()
        self._save_unsaved_best()
        notes = self._notes(self.folder.flush())
        save_checkpoint(
            self.folder.checkpoints,
            self.trainer.state(),
            self.trainer.position,
            notes=notes.as_values(),
            is_best=is_best,
        )
        self._saved = perf_counter()

    def _notes(self, sizes: dict[str, int]) -> Notes:
        """The notes of a checkpoint, besides arrays and position."""
        return Notes(sizes, self._seconds(), self._last_epoch, self._config_checksum)

    def _save_in_time(self, *, is_best: bool = False) -> None:
        """Save; on failure, stop or continue according to the configuration."""
        self._saved = perf_counter()
        try:
            self._save(is_best=is_best)
            self.unsaved.clear()
        except HandgradError as error:
            if self.config.training.on_failed_save == "stop":
                raise
            self.unsaved.failed(error, self._checkpoint() if is_best else None)

    def _checkpoint(self) -> Checkpoint:
        notes = {"last_epoch": self._last_epoch}
        return Checkpoint(self.trainer.state(), self.trainer.position, notes)

    def _save_unsaved_best(self) -> None:
        """Save the best state that an earlier failure left unsaved, if there is one."""
        best = self.unsaved.best
        if best is not None:
            self.folder.flush()
            notes = self._notes(self.folder.sizes_at(best.position.lines))
            folder = self.folder.checkpoints
            save_checkpoint(
                folder,
                best.arrays,
                best.position,
                notes=notes.as_values() | best.notes,
                is_best=True,
                is_last=False,
            )
            self.unsaved.best = None

    def _seconds(self) -> float:
        return self._seconds_before + perf_counter() - self._started

    def _is_time_to_save(self) -> bool:
        waited = perf_counter() - self._saved
        return waited >= self.config.training.checkpoint_seconds

    def _finish(self) -> None:
        trainer, final = self.trainer, checksum_of(self.parts.model)
        if self.unsaved.failure is not None:
            self._save_in_time()
        best = self.unsaved.best or load_checkpoint(self.folder.checkpoints, "best")
        trainer.engine.restore(best.arrays)
        check_numbers(self.parts.model, self.folder.path)
        tested = self._test()
        self.result = {
            "run": from_here(self.folder.path),
            **result_of(self.parts, trainer.position, self._last_epoch, tested, final),
            "seconds": round(self._seconds(), 3),
        }
        self._write_result()

    def _test(self) -> tuple[float | None, float | None]:
        """Loss and accuracy on the test images; if stopped, report unsaved state."""
        try:
            return self.trainer.measure(self.parts.dataset.test)
        except StoppedError as error:
            if self.unsaved.failure is None:
                raise
            raise self.unsaved.error(self.trainer.position.step) from error

    def _write_result(self) -> None:
        """Write the final result if everything else is saved; else UnsavedError."""
        if self.unsaved.failure is None:
            try:
                unseal(self.folder.path)
                self.folder.write_result(self.result)
                seal(self.folder.path)
            except HandgradError as error:
                if self.config.training.on_failed_save == "stop":
                    raise
                self.unsaved.failed(error, None)
        if self.unsaved.failure is not None:
            raise self.unsaved.error(self.trainer.position.step)


def start(
    config: RunConfig,
    path: Path | None = None,
    *,
    workers: int | None = None,
    progress: Any = None,
    announce: Announce | None = None,
    force: bool = False,
) -> Run:
    """Start a run in a new folder, which is created once all settings are checked.

    `path` defaults to a new folder under runs/. `workers` is the number of threads;
    `progress` is called while data is loaded, `announce` with notices; `force` skips
    the memory check. ConfigError, DatasetError or ResourceError for `config`, RunError
    for a folder in use.
    """
    check_free(path)  # before the images are decoded
    parts = build(
        config, workers=workers, progress=progress, announce=announce, force=force
    )
    return begin(parts, path)


def begin(parts: Parts, path: Path | None = None, arrays: Dataset | None = None) -> Run:
    """Start a run of these `parts` in a new folder at `path`, see `start`.

    `arrays` is a data set given as arrays, which the folder has to hold.
    """
    draws_figures()  # refuses a wrong variable, before there is a folder
    record = b"" if parts.record is None else as_text(parts.record).encode()
    made = RunFolder.create(
        path, parts.config, record=record, arrays=arrays, **initial_of(parts)
    )
    return Run(parts, made)
