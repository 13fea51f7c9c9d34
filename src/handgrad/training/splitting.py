"""Split images into training and validation sets, randomly or as in the data set."""

from handgrad import datasets
from handgrad.datasets import Dataset, Split
from handgrad.datasets.splits import subset
from handgrad.errors import ConfigError
from handgrad.randomness import Key
from handgrad.training.config import RunConfig, Validation


def validation_of(config: RunConfig, dataset: Dataset) -> Validation:
    """The validation setting: as requested, else the data set's own images if any."""
    is_asked = "validation" in config.dataset.model_fields_set
    is_own = dataset.validation is not None and not is_asked
    return "folder" if is_own else config.dataset.validation


def split_of(config: RunConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """Return the training and validation images; random splits depend on the seed."""
    key, wanted = Key(config.seed), validation_of(config, dataset)
    train: Split = dataset.train
    validation: Split | None = None
    if wanted == "test":
        if dataset.test is None:
            raise ConfigError(
                f"{dataset.name} has no test images to validate on. Give a fraction, "
                "such as 0.1."
            )
        validation = dataset.test
    elif wanted == "folder":
        if dataset.validation is None:
            raise ConfigError(
                f"{dataset.name} has no validation images of its own. Give a fraction, "
                "such as 0.1."
            )
        validation = dataset.validation
    elif not isinstance(wanted, str):
        train, validation = datasets.split(train, wanted, key.child("validation"))
    if config.dataset.train_count is not None:
        train = subset(train, config.dataset.train_count, key.child("subset"))
    return train, validation
