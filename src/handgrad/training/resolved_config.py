"""Values derived from the data, as a configuration stores them."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from handgrad.datasets.image_fit import Fit
from handgrad.datasets.normalization import Normalization
from handgrad.training.label_types import LabelType, labels_of
from handgrad.training.settings_table import Table, Whole


class ResolvedConfig(Table):
    """Values derived from the data; written into a run's configuration.

    `brightness` is the mean of the training pixels (of up to about a thousand images),
    from 0 to 1; None for inputs that are not bytes. `bit_depth` is the number of bits
    used of images with 16 bits per channel, if there are any; 0 for fractions. `fit`
    is how images get the network's size; runs without it stretched them.

    For arrays in memory, and None for data sets: `label_type` is the dtype of the
    labels that the class names spell out, `channels` the position of the channel axis,
    `feature_names` the column names of a data frame.

    For a run that starts from existing weights, `initial_sha256` is the checksum of all
    initial arrays, and `new_arrays` names those not taken from the source.
    """

    LATER = frozenset({"fit"})
    input_shape: Annotated[tuple[Whole, ...], Field(strict=False)]
    class_names: Annotated[tuple[str, ...], Field(strict=False)]
    mean: Annotated[tuple[float, ...], Field(strict=False)]
    std: Annotated[tuple[float, ...], Field(strict=False)]
    dataset_sha256: str
    train_images: int
    validation_images: int
    input_dtype: Literal["float32"] | None = None  # None: bytes
    brightness: Annotated[float | None, Field(ge=0, le=1)] = None
    bit_depth: Literal[0, 8, 10, 12, 16] | None = None
    fit: Fit | None = None
    label_type: LabelType | None = None
    channels: Literal["first", "last"] | None = None
    feature_names: Annotated[tuple[str, ...] | None, Field(strict=False)] = None
    initial_sha256: str | None = None
    new_arrays: Annotated[tuple[str, ...] | None, Field(strict=False)] = None

    def kept(self) -> dict[str, Any]:
        """Return the values that stay as first recorded.

        The image properties that older runs do not record stay None.
        """
        of_arrays = {"label_type", "channels", "feature_names"}
        begun = self.model_dump(include={"initial_sha256", "new_arrays"})
        of_pictures = ("brightness", "bit_depth", "fit")
        unsaid = {name: None for name in of_pictures if getattr(self, name) is None}
        return {**self.model_dump(include=of_arrays), **_known(begun), **unsaid}

    @field_validator("std")
    @classmethod
    def _can_normalize(
        cls, std: tuple[float, ...], info: ValidationInfo
    ) -> tuple[float, ...]:
        Normalization(info.data.get("mean", std), std)  # ConfigError
        return std

    @field_validator("label_type")
    @classmethod
    def _fits_the_names(
        cls, kind: LabelType | None, info: ValidationInfo
    ) -> LabelType | None:
        labels_of(info.data.get("class_names", ()), kind)  # ConfigError
        return kind


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
