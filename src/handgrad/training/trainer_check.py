"""Check that the engine, the data and the settings of a Trainer fit together."""

from collections.abc import Sequence
from typing import Any

from handgrad.augmentation import Augmentation
from handgrad.augmentation.augmentation import check_smaller
from handgrad.augmentation.mixture import Mixer, is_mixer, only_mixer
from handgrad.calls import misfit
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Engine
from handgrad.engine.parts import optional, part
from handgrad.errors import ConfigError, warn
from handgrad.layers import Layer, Sequential, Softmax
from handgrad.losses.loss import Loss, check_takes_soft_targets
from handgrad.ranges import shown
from handgrad.training.settings import TrainingSettings


def check_kinds(
    train: Split, validation: Split | None, settings: TrainingSettings
) -> None:
    """Raise ConfigError unless the splits and the settings have the right types."""
    example = "Split(images, targets)"
    part(Split, example).check("A Trainer", "train", train)
    optional(part(Split, example)).check("A Trainer", "validation", validation)
    settings_part = part(TrainingSettings, "TrainingSettings(epochs=10)")
    settings_part.check("A Trainer", "settings", settings)


def check_splits(engine: Engine, train: Split, validation: Split | None) -> None:
    """Raise an error unless both splits hold images that fit the network."""
    for split, name in ((train, "training"), (validation, "validation")):
        if split is not None:
            if len(split) == 0:
                raise ConfigError(f"There are no {name} images. Pass at least one.")
            engine.check.split(split)


def check_averaging(settings: TrainingSettings, validation: Split | None) -> None:
    """Raise ConfigError for averaging without validation images or beyond the end.

    The training loss is that of the weights before averaging, so it does not show the
    best epoch of the averaged ones.
    """
    first = settings.average_from
    if first is not None and validation is None:
        raise ConfigError(
            f"average_from = {first} needs validation images, which show the best "
            "epoch of the averaged weights. Hold some out: --validation 0.1, in "
            "Python validation=0.1."
        )
    if first is not None and first > settings.epochs:
        raise ConfigError(
            f"average_from = {first} is after the last of {settings.epochs} epochs. "
            f"Give an epoch up to {settings.epochs}."
        )


def check_augmentation(augmentation: Any) -> None:
    """Raise ConfigError unless this is a list of augmentations: objects, not names."""
    if not isinstance(augmentation, list | tuple):
        raise ConfigError(
            "A Trainer takes augmentation as a list of objects with a method "
            f"apply(images, key), got {shown(augmentation)}. Put it into a list."
        )
    for change in augmentation:
        method = getattr(change, "mixture" if is_mixer(change) else "apply", None)
        if isinstance(change, type) or not callable(method):
            is_kind = isinstance(change, type)
            got = f"the class {change.__name__}" if is_kind else shown(change)
            raise ConfigError(
                "A Trainer takes augmentations as objects with a method "
                f"apply(images, key), got {got}. Create one, such as RandomFlip(); "
                "names are for Classifier, TOML and the command line."
            )
        if not is_mixer(change) and (problem := misfit(method, 0, 0)):
            raise ConfigError(
                f"apply of {type(change).__name__} takes other arguments ({problem}). "
                "Write it as 'def apply(self, images, key)'."
            )


def check_are_images(
    engine: Engine,
    settings: TrainingSettings,
    augmentation: Sequence[Augmentation | Mixer],
) -> None:
    """Raise ConfigError for augmented or flipped vectors, or too large a shift."""
    shape = engine.check.input_shape
    what = "augmentation" if augmentation else settings.prediction.only_for_images
    if len(shape) == 1 and what:
        raise ConfigError(
            f"{what} needs images, got vectors of {shape[0]} features. Leave it out."
        )
    pixels = settings.prediction.shift
    if pixels is not None and 1 in shape[1:]:
        raise ConfigError(
            f"predict_shift needs images of at least two pixels on each side, got "
            f"{shape[1]} x {shape[2]}. Leave it out."
        )
    if pixels is not None:
        check_smaller("Training", "predict_shift", pixels, (shape[1], shape[2]))


def check_ending(model: Sequential, loss: Loss[Any]) -> None:
    """Warn of a last Softmax before a loss that takes the softmax of its logits."""
    last: Layer[Any] = model
    while isinstance(last, Sequential) and last.layers:
        last = next(reversed(last.layers.values()))
    if isinstance(last, Softmax) and loss.gives_probabilities:
        warn(
            f"The network ends with Softmax, and {type(loss).__name__} takes the "
            "softmax of its outputs once more: gradients become small. Remove the last "
            "layer."
        )


def check_mixing(loss: Loss[Any], augmentation: Sequence[Augmentation | Mixer]) -> None:
    """Raise ConfigError if labels are mixed twice, or the loss takes one class only."""
    place = only_mixer(augmentation)
    if place is not None:
        check_takes_soft_targets(loss, repr(augmentation[place]))
