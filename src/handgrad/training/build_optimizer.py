"""Build the optimizer of a configuration, with its schedule in steps."""

from handgrad import catalog
from handgrad.optimizers import Optimizer
from handgrad.schedules import Schedule, reschedule, warm_up
from handgrad.training.config import RunConfig


def build_optimizer(config: RunConfig, steps_per_epoch: int) -> Optimizer:
    """Build the optimizer and its schedule; lengths default to the whole run."""
    schedule = config.schedule
    known = catalog.options_of(catalog.find("schedule", schedule.name))
    options = dict(schedule.options)
    if "steps" in known:
        epochs = schedule.planned_epochs(config.training.epochs)
        options.setdefault("steps", steps_per_epoch * epochs)
    if "every" in known:
        options.setdefault("every", step_decay_length(config, steps_per_epoch))
    rate: Schedule = catalog.build(
        "schedule",
        schedule.name,
        options,
        learning_rate=config.optimizer.learning_rate,
    )
    if schedule.warmup_epochs:
        rate = warm_up(rate, steps=round(schedule.warmup_epochs * steps_per_epoch))
    for row in schedule.rescheduled or ():
        lengths = {"after": row.after, "steps": row.planned, "end": row.epochs}
        rate = reschedule(rate, **{k: n * steps_per_epoch for k, n in lengths.items()})
    optimizer: Optimizer = catalog.build(
        "optimizer", config.optimizer.name, config.optimizer.options, learning_rate=rate
    )
    return optimizer


def step_decay_length(config: RunConfig, steps_per_epoch: int | None = None) -> int:
    """Steps between two decays of the learning rate: by default a third of the run."""
    if steps_per_epoch is None:
        assert config.resolved is not None, "the configuration is not resolved"
        images = config.resolved.train_images
        steps_per_epoch = -(-images // config.training.batch_size)
    epochs = config.schedule.planned_epochs(config.training.epochs)
    return steps_per_epoch * max(1, epochs // 3)
