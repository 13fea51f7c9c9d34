"""The plan in five lines, and as a TOML file that can be edited and run again."""

from typing import Any

import numpy as np

from handgrad.auto.candidates import FILLED, TURN, is_mirrored
from handgrad.auto.plan import Plan, input_shape, split_sizes
from handgrad.engine import processor
from handgrad.text import number_of, one_line
from handgrad.training.config import RunConfig

PLAN = "plan.toml"  # in the run folder
RATIO = 3  # of the largest to the smallest class, from which on it is stated
HEAD = "handgrad train plan.toml trains it again, with the same bits if it was in time."


def lines(plan: Plan) -> list[str]:
    """Five lines: the data, the network, the training, the augmentation, the time."""
    return [
        f"data: {_data(plan)}",
        f"network: {_network(plan)}",
        f"training: {_training(plan)}",
        f"augmentation: {_augmentation(plan)}",
        f"time: {_time(plan)}",
    ]


def as_toml(plan: Plan) -> str:
    """The plan as a configuration file; the lines above it are comments."""
    import tomli_w

    rest = {name: table for name, table in plan.tables.items() if name and table}
    comments = "".join(f"# {one_line(line)}\n" for line in [*lines(plan), HEAD])
    return f"{comments}\n{tomli_w.dumps({**plan.tables.get('', {}), **rest})}"


def _data(plan: Plan) -> str:
    facts = plan.facts
    counts = [count for count in facts.counts if count]
    if facts.is_image:
        channels, height, width = facts.shape
        colour = "grey" if channels == 1 else "colour"
        what = "drawings" if facts.is_drawn else "images"
        shape = f"{colour} {what} of about {height} x {width}"
    else:
        shape = f"vectors of {number_of(facts.shape[0], 'feature')}"
    few, many = min(counts), max(counts)
    share = f"{few:,}" if few == many else f"{few:,} to {many:,}"
    unequal = ", imbalanced" if many >= RATIO * few else ""
    return (
        f"{facts.images:,} {shape} to train and validate on, in "
        f"{len(facts.counts):,} classes of {share}{unequal}"
    )


def _network(plan: Plan) -> str:
    config = plan.config
    options = ", ".join(f"{k} {_words(v)}" for k, v in config.model.options.items())
    shape = input_shape(plan.facts, config)
    size = f" on {shape[1]} x {shape[2]}" if len(shape) == 3 else ""
    size += ", padded" if config.dataset.fit == "pad" else ""
    speed = f"{1 / plan.pace.image:,.0f} images per second in training"
    name = config.model.name + (f" ({options})" if options else "")
    return f"{name}{size}: {speed} on this machine{_faster(config)}"


def _faster(config: RunConfig) -> str:
    """What trains faster, where a matrix unit takes the network's channels."""
    name, channels = processor.BFLOAT16, config.model.options.get("channels", [0])
    if config.engine != "cpu" or min(np.hstack(channels)) < FILLED:
        return ""
    if name not in processor.named() or processor.rounds_to_bfloat16():
        return ""
    return f" (the instruction set {name}, with rounded products, is faster)"


def _training(plan: Plan) -> str:
    config = plan.config
    images, validated = split_sizes(plan.facts, config)
    training, optimizer = config.training, config.optimizer
    others = {
        "weight decay": optimizer.options.get("weight_decay", 0),
        "label smoothing": config.loss.options.get("label_smoothing", 0),
    }
    rest = "".join(f", {what} {value:g}" for what, value in others.items() if value)
    name = plan.tables["optimizer"].get("name", optimizer.name)
    averaged = f", weights averaged from epoch {training.average_from}"
    check = f", {validated:,} for validation" if validated else ""
    if plan.facts.has_validation and not validated:
        check = ", validated on images of their own"
    return (
        f"{number_of(training.epochs, 'epoch')} of {number_of(images, 'image')}{check}"
        f", batch size {training.batch_size}, {name} at "
        f"{optimizer.learning_rate:g} ({config.schedule.name})"
        f"{rest}{averaged if training.average_from else ''}"
    )


def _augmentation(plan: Plan) -> str:
    rows = [row.name for row in plan.config.dataset.augmentation]
    chosen, found = ", ".join(rows) or "none", plan.facts.symmetry
    if not plan.facts.is_image or plan.is_augmentation_given:
        return chosen
    if not is_mirrored(plan.facts):
        return f"{chosen}; not mirrored: {plan.facts.why_not_mirrored}"
    turned = " and turned" if TURN in rows else ""
    if found is None:
        why = " without a check: there are too few images, or minutes"
    elif found.keeps_mirrored:
        why = f", since {found.in_words}"
    else:
        why = f", though {found.in_words}, {found.images:,} images: undecided"
    return f"{chosen}; mirrored{turned}{why}"


def _time(plan: Plan) -> str:
    epochs, patience = plan.config.training.epochs, plan.config.training.early_stopping
    stop = ""
    if patience is not None and patience < epochs:
        stop = (
            f"; ends sooner after {number_of(patience, 'epoch')} without a lower loss"
        )
    return (
        f"{plan.measured:.0f} s measured, about {_duration(plan.seconds)} of training "
        f"within {plan.minutes:g} min{stop}"
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _words(value: Any) -> str:
    if not isinstance(value, list | tuple):
        return str(value)
    return "-".join(_words(one).replace("-", "+") for one in value)
