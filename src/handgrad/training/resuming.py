"""Continue a run from its folder."""

from pathlib import Path
from typing import Any

from handgrad.datasets.data_changes import record_of
from handgrad.errors import HandgradError
from handgrad.paths import from_here
from handgrad.training.atomic import remove_file
from handgrad.training.build import assemble, load_dataset
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.data_record import naming_changes
from handgrad.training.epochs import with_epochs, write_epochs
from handgrad.training.finite_numbers import check_numbers
from handgrad.training.manifest import check_kept, check_manifest, unseal
from handgrad.training.notes import Notes
from handgrad.training.recovery import recover
from handgrad.training.run import Announce, Run
from handgrad.training.run_config import check_data, check_same_data
from handgrad.training.run_folder import RunFolder
from handgrad.training.same_kernels import go_on_with


def resume(
    path: Path,
    *,
    epochs: int | None = None,
    workers: int | None = None,
    progress: Any = None,
    announce: Announce | None = None,
    force: bool = False,
) -> Run:
    """Continue the run at `path` from its last checkpoint, bit for bit.

    `epochs` is a new total, also for a finished run; the result is the same as with it
    from the start. `workers`, `progress`, `announce`, `force`: see `start`. The
    instruction set is kept. RunError for changed files, ConfigError for bad `epochs`.
    """
    folder = RunFolder.open(path)
    check_kept(folder.path)
    go_on_with(folder.path)
    config = folder.config if epochs is None else with_epochs(folder, epochs)
    with naming_changes(path, config):
        dataset = load_dataset(config, progress)
        check_data(path, config, dataset)
        parts = assemble(
            config, dataset, workers=workers, announce=announce, force=force
        )
    check_same_data(path, config, parts.config, record_of(dataset))
    if epochs is not None:
        write_epochs(folder, config)
    run = Run(parts, folder)
    if not _has_ended(run):
        _go_back_to_checkpoint(run)
    return run


def _has_ended(run: Run) -> bool:
    """Return whether the run has finished and is unchanged, and load its `result`.

    The state is then the final one, and iterating over the run does nothing.
    """
    folder, trainer = run.folder, run.trainer
    try:
        check_manifest(folder.path)
        last = load_checkpoint(folder.checkpoints)
        best = load_checkpoint(folder.checkpoints, "best")
        result = folder.result
    except HandgradError:  # resuming recreates what is missing
        return False
    if result is None or not last.position.is_end(trainer.settings):
        return False
    last.position.check(run.config.training.epochs, trainer.steps_per_epoch)
    trainer.restore(best.arrays, last.position)
    check_numbers(run.parts.model, folder.path)
    run.result = {**result, "run": from_here(folder.path)}
    run.turn.stage = "finished"
    return True


def _go_back_to_checkpoint(run: Run) -> None:
    """Restore the state of the last checkpoint; RunError if it is unusable."""
    folder, trainer = run.folder, run.trainer
    folder.own()
    checkpoint = recover(folder)
    if checkpoint is None:
        return
    folder.check_config(checkpoint)
    notes, position = Notes.from_values(checkpoint.notes), checkpoint.position
    position.check(run.config.training.epochs, trainer.steps_per_epoch)
    folder.check_place(position.lines, notes.sizes)
    trainer.restore(checkpoint.arrays, position)
    check_numbers(run.parts.model, folder.path)
    if not position.is_end(trainer.settings):  # its clock had ended it: `auto.deadline`
        unseal(folder.path)
        remove_file(folder.path / "result.json")
    folder.cut_back(notes.sizes)
    run.continue_from(notes)
