"""Change the number of epochs of a run that has started or ended.

Allowed only if the steps done so far would have been the same, so if their learning
rates do not depend on the number of epochs. A step decay without an explicit `every`
keeps the value that followed from the previous number of epochs.
"""

from handgrad import catalog
from handgrad.errors import ConfigError
from handgrad.ranges import check_count
from handgrad.training.atomic import remove_file
from handgrad.training.build_optimizer import step_decay_length
from handgrad.training.checkpoint import (
    Checkpoint,
    has_whole_pointer,
    load_checkpoint,
)
from handgrad.training.config import RunConfig
from handgrad.training.early_stopping import should_stop
from handgrad.training.manifest import unseal
from handgrad.training.notes import Notes
from handgrad.training.recovery import recover
from handgrad.training.run_config import as_written, lengthen
from handgrad.training.run_folder import RunFolder


def with_epochs(folder: RunFolder, epochs: int) -> RunConfig:
    """Return the configuration with other epochs; ConfigError if that is impossible."""
    check_count("A resumed run", "epochs", epochs)
    config = folder.config
    if epochs == config.training.epochs:
        return config
    _check_schedule(folder, config)
    if has_whole_pointer(folder.checkpoints):
        _check_place(folder, load_checkpoint(folder.checkpoints), epochs)
    return longer(config, epochs)


def longer(config: RunConfig, epochs: int) -> RunConfig:
    """Return the configuration with other epochs and the same step decay."""
    training = config.training.model_copy(update={"epochs": epochs})
    schedule = config.schedule
    known = catalog.options_of(catalog.find("schedule", schedule.name))
    if "every" in known and "every" not in schedule.options:
        every = step_decay_length(config)
        schedule = type(schedule)(**{**schedule.model_dump(), "every": every})
    return config.model_copy(update={"training": training, "schedule": schedule})


def write_epochs(folder: RunFolder, config: RunConfig) -> None:
    """Write the epochs to config.toml, after removing the files of a finished run."""
    written, epochs = as_written(folder.path), config.training.epochs
    if epochs == written.training.epochs:
        return
    folder.own()
    checkpoint = recover(folder)
    if checkpoint is not None:
        _check_place(folder, checkpoint, epochs)
    unseal(folder.path)
    remove_file(folder.path / "result.json")
    lengthen(folder.path, longer(written, epochs))


def _check_schedule(folder: RunFolder, config: RunConfig) -> None:
    schedule = config.schedule
    known = catalog.options_of(catalog.find("schedule", schedule.name))
    if "steps" in known and "steps" not in schedule.options:
        raise ConfigError(
            f"{folder.path} has the schedule {schedule.name}, whose learning rates "
            f"depend on the number of epochs ({config.training.epochs}): with another "
            "number, the steps done so far would have been different. Start a new run "
            f"from its weights: handgrad train --start-from {folder.path}"
        )


def _check_place(folder: RunFolder, checkpoint: Checkpoint, epochs: int) -> None:
    """Raise HandgradError if the run cannot continue from here to so many epochs."""
    folder.check_config(checkpoint)
    position, notes = checkpoint.position, Notes.from_values(checkpoint.notes)
    folder.check_place(position.lines, notes.sizes)
    done = position.epoch - 1
    patience = folder.config.training.early_stopping
    if position.batch == 0 and should_stop(position.losses, patience):
        raise ConfigError(
            f"{folder.path} was stopped early after epoch {done}, as it would be with "
            f"{epochs} epochs. Start a new run from its weights: handgrad train "
            f"--start-from {folder.path}"
        )
    if epochs < done + (position.batch > 0):
        raise ConfigError(
            f"{folder.path} is already in epoch {done + 1}, got {epochs} epochs."
            if position.batch
            else f"{folder.path} has finished {done} epochs, got {epochs}."
            " Give a larger number."
        )
