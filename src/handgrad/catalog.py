"""All names that a configuration or a command line may use.

Plain dictionaries map a name in snake_case to a class or a function. Nothing is ever
imported or evaluated from a file; an unknown name is an error that suggests the
closest known one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handgrad import augmentation, losses, models, optimizers, schedules
from handgrad.models.named_layers import (
    ACTIVATIONS,
    INITIALIZERS,
    LAYERS,
    InitializerChoice,
    initializer,
)
from handgrad.options import call, checked, named, options_of

__all__ = [
    "ACTIVATIONS",
    "AUGMENTATIONS",
    "CATALOG",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "MODELS",
    "OPTIMIZERS",
    "SCHEDULES",
    "InitializerChoice",
    "build",
    "check_options",
    "find",
    "initializer",
    "options_of",
]

LOSSES: dict[str, Callable[..., Any]] = {
    "softmax_cross_entropy": losses.SoftmaxCrossEntropy,
    "multiclass_svm": losses.MulticlassSVM,
    "mean_squared_error": losses.MeanSquaredError,
}

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    rule.__name__.lower(): rule for rule in optimizers.RULES
}

SCHEDULES: dict[str, Callable[..., Any]] = {
    "constant": schedules.constant,
    "step_decay": schedules.step_decay,
    "cosine": schedules.cosine,
    "one_cycle": schedules.one_cycle,
}

MODELS: dict[str, Callable[..., Any]] = {
    "softmax_regression": models.softmax_regression,
    "perceptron": models.perceptron,
    "mlp": models.mlp,
    "lenet": models.lenet,
    "alexnet": models.alexnet,
    "vgg": models.vgg,
    "resnet": models.resnet,
    "airbench": models.airbench,
    "from_layers": models.from_layers,
}

AUGMENTATIONS: dict[str, Callable[..., Any]] = {
    "random_affine": augmentation.RandomAffine,
    "random_crop": augmentation.RandomCrop,
    "random_resized_crop": augmentation.RandomResizedCrop,
    "random_flip": augmentation.RandomFlip,
    "random_vertical_flip": augmentation.RandomVerticalFlip,
    "random_rotate90": augmentation.RandomRotate90,
    "color_jitter": augmentation.ColorJitter,
    "random_grayscale": augmentation.RandomGrayscale,
    "gaussian_noise": augmentation.GaussianNoise,
    "cutout": augmentation.Cutout,
    "random_erasing": augmentation.RandomErasing,
    "mixup": augmentation.Mixup,
    "cutmix": augmentation.CutMix,
}

CATALOG: dict[str, Mapping[str, Callable[..., Any]]] = {
    "activation": ACTIVATIONS,
    "augmentation": AUGMENTATIONS,
    "initializer": INITIALIZERS,
    "layer": LAYERS,
    "loss": LOSSES,
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}


def find(kind: str, name: str) -> Callable[..., Any]:
    """Return the class or function of that name; ConfigError for an unknown name.

    Example
        find("optimizer", "adam") is optimizers.Adam
    """
    return named(kind, named("kind of part", CATALOG, kind), name)


def build(kind: str, name: str, options: Mapping[str, Any], **given: Any) -> Any:
    """Build a part from its name and options; `given` is passed on unchecked.

    Example
        build("model", "lenet", {"activation": "relu"}, seed=1, classes=10)
    """
    return call(name, find(kind, name), options, **given)


def check_options(kind: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Check and convert the options of a part without building it."""
    return checked(name, find(kind, name), options, options_of(find(kind, name)))
