"""What all tables of a configuration have in common: strict, checked, unchangeable."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from handgrad.errors import ConfigError
from handgrad.ranges import LARGEST, MOST, shown
from handgrad.text import decoded

RULES = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,  # "10" is not 10, and true is not 1
    allow_inf_nan=False,
    validate_default=True,
    protected_namespaces=(),
)

Whole = Annotated[int, Field(ge=1, le=MOST)]
Real = Annotated[float, Field(ge=0, le=LARGEST)]
Positive = Annotated[float, Field(gt=0, le=LARGEST)]

OrNone = BeforeValidator(  # the word for what TOML and the command line cannot write
    lambda value: None if isinstance(value, str) and value == "none" else value
)


class Table(BaseModel):
    """A table whose keys are the fields; all others are refused.

    Keys of `LATER` came after the first files, ledgers and sweeps were written: they
    are left out while they are None, so that what is older stays the same.
    """

    model_config = RULES
    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = dump(self)
        return {
            k: v for k, v in written.items() if v is not None or k not in self.LATER
        }


def written(name: str) -> str:
    """A name that a file can hold; ConfigError for bytes that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{shown(decoded(name))} holds bytes that are no UTF-8, which the settings "
            "of a run cannot hold. Rename the folder or file."
        ) from error
    return name
