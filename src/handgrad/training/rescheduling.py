"""Other epochs for a training that runs: the rest of its schedule is passed in them."""

from dataclasses import replace

from handgrad.schedules import constant, reschedule
from handgrad.training.build import Parts


def reschedule_training(
    parts: Parts, epochs: int, *, early_stopping: int | None = None
) -> None:
    """Pass the rest of the schedule by the end of so many `epochs`.

    At an epoch boundary only. The trainer, its optimizer and `parts.config` change; a
    run from this configuration gives the same bits. So the patience never becomes
    shorter than it is: the run would have ended before.

    Units
        early_stopping  epochs without a lower validation loss; None changes nothing
    """
    config, trainer = parts.config, parts.trainer
    done, planned = trainer.position.epoch - 1, config.training.epochs
    schedule = config.schedule.reschedule(after=done, planned=planned, epochs=epochs)
    first = _average_from(config.training.average_from, done, epochs / planned)
    patience = config.training.early_stopping
    if patience is not None and early_stopping is not None:
        patience = max(patience, early_stopping)
    lengths = {"epochs": epochs, "average_from": first, "early_stopping": patience}
    training = config.training.model_copy(update=lengths)
    parts.config = config.model_copy(
        update={"schedule": schedule, "training": training}
    )
    trainer.settings = replace(
        trainer.settings, epochs=epochs, average_from=first, early_stopping=patience
    )
    each, optimizer = trainer.steps_per_epoch, trainer.engine.optimizer
    rate = optimizer.learning_rate
    ends = {"after": done, "steps": planned, "end": epochs}
    optimizer.learning_rate = reschedule(
        rate if callable(rate) else constant(rate),
        **{name: each * number for name, number in ends.items()},
    )


def _average_from(first: int | None, done: int, part: float) -> int | None:
    """The first epoch to average, at the same part of all unless it is over."""
    if first is None or first <= done:
        return first
    return max(done + 1, round(first * part))
