"""Split images into training and validation sets, randomly or as in the data set."""

from handgrad import datasets
from handgrad.datasets import Dataset, Split
from handgrad.datasets.splits import check_subset, held_out, subset
from handgrad.errors import ConfigError
from handgrad.randomness import Key
from handgrad.training.config import RunConfig, Validation


def validation_of(config: RunConfig, dataset: Dataset) -> Validation:
    """The validation setting: as requested, else the data set's own images if any."""
    is_asked = "validation" in config.dataset.model_fields_set
    is_own = dataset.validation is not None and not is_asked
    return "folder" if is_own else config.dataset.validation


def check_split(
    config: RunConfig, *, images: int, tests: int, own: bool, name: str = ""
) -> None:
    """ConfigError if a data set with so many images cannot be split as configured.

    `images` counts those to train and to validate on, `tests` the test images; `own`
    says whether there are validation images of its own.
    """
    chosen, name = config.dataset, name or config.dataset.name
    wanted, trained = chosen.validation, images
    if own and "validation" not in chosen.model_fields_set:
        wanted = "folder"
    if wanted == "test" and not tests:
        raise ConfigError(
            f"{name} has no test images to validate on. Give a fraction, such as 0.1."
        )
    if wanted == "folder" and not own:
        raise ConfigError(
            f"{name} has no validation images of its own. Give a fraction, such as 0.1."
        )
    if wanted == 0:
        raise ConfigError(
            f"validation = {wanted} would hold out no image. For no validation images "
            'use "none" (None in Python); otherwise give a fraction, such as 0.1.'
        )
    if not isinstance(wanted, str):
        trained -= held_out(wanted, images)
    if chosen.train_count is not None:
        check_subset(chosen.train_count, trained)


def split_of(config: RunConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """Return the training and validation images; random splits depend on the seed."""
    check_split(
        config,
        images=len(dataset.train),
        tests=0 if dataset.test is None else len(dataset.test),
        own=dataset.validation is not None,
        name=dataset.name,
    )
    key, wanted = Key(config.seed), validation_of(config, dataset)
    train: Split = dataset.train
    validation: Split | None = None
    if wanted == "test":
        validation = dataset.test
    elif wanted == "folder":
        validation = dataset.validation
    elif not isinstance(wanted, str):
        train, validation = datasets.split(train, wanted, key.child("validation"))
    if config.dataset.train_count is not None:
        train = subset(train, config.dataset.train_count, key.child("subset"))
    return train, validation
