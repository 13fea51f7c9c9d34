"""Fewer epochs for a training that runs: the rest of its schedule passes faster."""

from dataclasses import replace

from handgrad.schedules import constant, shorten
from handgrad.training.build import Parts


def shorten_training(parts: Parts, epochs: int) -> None:
    """Pass the rest of the schedule by the end of so many `epochs`.

    At an epoch boundary only. The trainer, its optimizer and `parts.config` change; a
    run from this configuration gives the same bits.
    """
    config, trainer = parts.config, parts.trainer
    done, planned = trainer.position.epoch - 1, config.training.epochs
    schedule = config.schedule.shorten(after=done, planned=planned, epochs=epochs)
    training = config.training.model_copy(update={"epochs": epochs})
    parts.config = config.model_copy(
        update={"schedule": schedule, "training": training}
    )
    trainer.settings = replace(trainer.settings, epochs=epochs)
    each, optimizer = trainer.steps_per_epoch, trainer.engine.optimizer
    rate = optimizer.learning_rate
    lengths = {"after": done, "steps": planned, "end": epochs}
    optimizer.learning_rate = shorten(
        rate if callable(rate) else constant(rate),
        **{name: each * number for name, number in lengths.items()},
    )
