"""The plan of a training: a network, an image size and epochs that fit the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from handgrad.arrays import Pair, Shape
from handgrad.auto.candidates import (
    MUON,
    USUAL_BATCH,
    Candidate,
    prediction,
    recipe,
    weak_augmentation,
)
from handgrad.auto.facts import Facts
from handgrad.auto.timing import Pace
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import Tables, merged

PREDICTION = 0.3  # time of a view of an image in prediction, of one in training
OVERHEAD = 0.1  # seconds of an epoch: its checkpoint, its line
PATIENCE = 20  # epochs, or half of all: the learning rate falls late
LONG = 30  # epochs, from which on augmentation is strong
RATE, USUAL_STEPS, MOST_RATE = 0.006, 2000, 2.5  # see `learning_rate`
FORGOTTEN = 5.0  # times in a training that decay at the full rate shrinks weights by e
MOST_DECAY = 1.0

# Epochs from which on a larger network is worth its time, and those after which nothing
# more is gained: so many images seen in all, within these bounds.
LEAST_SEEN, LEAST_EPOCHS = 300_000, (6, 40)
MOST_SEEN, MOST_EPOCHS = 3_000_000, (30, 120)


@dataclass(frozen=True)
class Plan:
    """A planned training: `tables` are the settings of its run, `pace` is measured.

    `is_augmentation_given` means that it was not planned.

    Units
        minutes   asked for
        measured  seconds that the measurements took
        seconds   expected length of the training
    """

    tables: Tables
    facts: Facts
    pace: Pace
    minutes: float
    measured: float
    seconds: float
    is_augmentation_given: bool = False

    @property
    def config(self) -> RunConfig:
        """The configuration of the run."""
        return config_of(self.tables)


def tables_of(facts: Facts, candidate: Candidate, given: Tables) -> Tables:
    """The settings of a run with this candidate; those `given` replace its recipe."""
    batch = given.get("training", {}).get("batch_size")
    chosen = recipe(facts, candidate, batch, given_size(given))
    tables = merged(chosen, given)
    settings = prediction(facts, tables["dataset"]["augmentation"])
    settings |= tables.pop("prediction", {})
    return {**tables, "prediction": settings} if settings else tables


def given_size(given: Tables) -> Pair | None:
    """The image size (height, width) among the settings given, if it is there."""
    found: Pair | None = config_of(
        {name: table for name, table in given.items() if name in ("", "dataset")}
    ).dataset.image_size
    return found


def with_augmentation(tables: Tables, facts: Facts, given: Tables) -> Tables:
    """Weaker augmentation for few epochs, and predictions that suit it.

    Settings that are given stay.
    """
    is_given = "augmentation" in given.get("dataset", {})
    if is_given or tables["training"]["epochs"] >= LONG:
        return tables
    size = input_shape(facts, config_of(tables))[1:]
    chosen = weak_augmentation(facts, size)
    settings = {**prediction(facts, chosen), **given.get("prediction", {})}
    dataset = {**tables["dataset"], "augmentation": chosen}
    return {**tables, "dataset": dataset, "prediction": settings}


def config_of(tables: Tables) -> RunConfig:
    """The configuration of these tables."""
    rest = {name: table for name, table in tables.items() if name}
    return config_from({**tables.get("", {}), **rest}, "The configuration")


def input_shape(facts: Facts, config: RunConfig) -> Shape:
    """The shape of one input of the network."""
    size = config.dataset.image_size
    return facts.shape if size is None else (facts.shape[0], *size)


def split_sizes(facts: Facts, config: RunConfig) -> tuple[int, int]:
    """The expected numbers of training and of validation images."""
    is_asked = "validation" in config.dataset.model_fields_set
    wanted, total = config.dataset.validation, facts.images
    held_out = 0
    if not isinstance(wanted, str) and (is_asked or not facts.has_validation):
        held_out = round(wanted * total if wanted < 1 else wanted)
    trained = max(1, total - held_out)
    count = config.dataset.train_count
    own = facts.tests if wanted == "test" else held_out
    return trained if count is None else min(count, trained), own


def epoch_seconds(facts: Facts, config: RunConfig, image: float) -> float:
    """Seconds of an epoch and its validation, at so many seconds per image."""
    trained, validated = split_sizes(facts, config)
    seen = config.prediction.views * validated
    return OVERHEAD + image * (trained + PREDICTION * seen)


def least_epochs(images: int) -> int:
    """The epochs that a larger network needs, to be better than a smaller one."""
    return _within(LEAST_EPOCHS, LEAST_SEEN / images)


def most_epochs(images: int) -> int:
    """The epochs after which nothing more is gained."""
    return _within(MOST_EPOCHS, MOST_SEEN / images)


def patience(epochs: int) -> int:
    """The epochs without a lower validation loss that end a training of so many."""
    return max(PATIENCE, epochs // 2)


def choose(paces: Sequence[Pace], is_too_slow: Callable[[Pace], bool]) -> Pace:
    """The most expensive candidate that is not too slow, else the fastest one."""
    fitting = [pace for pace in paces if not is_too_slow(pace)]
    return fitting[-1] if fitting else min(paces, key=lambda pace: pace.image)


def with_length(tables: Tables, facts: Facts, image: float, left: float) -> Tables:
    """Add the epochs that fit the time, and fewer images if not even one does.

    Settings that are given stay.

    Units
        image  seconds per image of a training step
        left   seconds for the whole training
    """
    tables = {name: dict(table) for name, table in tables.items()}
    training, dataset = tables["training"], tables["dataset"]
    seconds = epoch_seconds(facts, config_of(tables), image)
    images, _ = split_sizes(facts, config_of(tables))
    fitting = max(0.0, left) / seconds
    if fitting < 1 and "epochs" not in training:
        least = min(images, max(2, len(facts.counts)))
        dataset.setdefault("train_count", max(least, int(images * fitting)))
    epochs = max(1, min(int(fitting), most_epochs(images)))
    training.setdefault("epochs", epochs)
    epochs = training["epochs"]
    training.setdefault("early_stopping", patience(epochs))
    config = config_of(tables)
    count, _ = split_sizes(facts, config)
    steps = -(-count // config.training.batch_size) * config.training.epochs
    if config.optimizer.name == MUON["name"]:
        rate = learning_rate(config.training.batch_size, steps)
        tables["optimizer"].setdefault("learning_rate", rate)
        rate = config_of(tables).optimizer.learning_rate
        tables["optimizer"].setdefault("weight_decay", weight_decay(rate, steps))
    return tables


def learning_rate(batch: int, steps: int) -> float:
    """The learning rate of Muon for so many steps of batches of this size.

    In proportion to the square root of the batch size, whose gradients are less noisy,
    and larger for fewer steps, up to 2.5 times: with a small one, networks learn few
    images by heart.
    """
    scale = min(max(sqrt(USUAL_STEPS / steps), 1.0), MOST_RATE)
    return float(f"{RATE * scale * sqrt(batch / USUAL_BATCH):.3g}")


def weight_decay(rate: float, steps: int) -> float:
    """The weight decay of Muon for a learning rate and so many steps.

    Weights forget their past over a fifth of the training, however long it is.

    Source
        Wang, Aitchison (2025), How to set AdamW's weight decay as you scale model and
        dataset size, section 3, for 1 / (learning rate * weight decay) as a time; that
        it is a part of the training is measured here.
    """
    decay = FORGOTTEN / (rate * steps)
    return float(f"{min(decay, MOST_DECAY):.2g}")


def _within(bounds: tuple[int, int], value: float) -> int:
    return min(max(round(value), bounds[0]), bounds[1])
