"""Whether an engine, its data and the settings of a Trainer fit one another."""

from collections.abc import Sequence

from handgrad.augmentation import Augmentation
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Engine
from handgrad.engine.parts import optional, part
from handgrad.errors import ConfigError
from handgrad.training.settings import TrainingSettings


def check_kinds(
    train: Split, validation: Split | None, settings: TrainingSettings
) -> None:
    """ConfigError for plain arrays as a split, or a dictionary as settings."""
    example = "Split(images, targets)"
    part(Split, example).check("A Trainer", "train", train)
    optional(part(Split, example)).check("A Trainer", "validation", validation)
    settings_part = part(TrainingSettings, "TrainingSettings(epochs=10)")
    settings_part.check("A Trainer", "settings", settings)


def check_splits(engine: Engine, train: Split, validation: Split | None) -> None:
    """An error unless both splits hold images that fit the network."""
    for split, name in ((train, "training"), (validation, "validation")):
        if split is not None:
            if len(split) == 0:
                raise ConfigError(f"There are no {name} images. Give at least one.")
            engine.check.split(split)


def check_are_images(
    engine: Engine, settings: TrainingSettings, augmentation: Sequence[Augmentation]
) -> None:
    """ConfigError if vectors are to be changed as only images can be."""
    shape = engine.check.input_shape
    if len(shape) == 1 and (augmentation or settings.predict_with_flip):
        what = "augmentation" if augmentation else "predict_with_flip"
        raise ConfigError(
            f"{what} moves the pixels of images, got vectors of {shape[0]} features. "
            "Leave it out."
        )
