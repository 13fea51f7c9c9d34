"""The base of all configuration tables: strict, validated and immutable."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from handgrad.errors import ConfigError
from handgrad.names import known_name
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


class Table(BaseModel):
    """A table whose keys are the fields; all other keys are errors.

    "none" stands for None, which TOML has no literal for, except where a field may be
    any text. Keys in `LATER` were added after the first files, ledgers and sweeps were
    written: they are omitted while they are None, so that older content stays the same.
    """

    model_config = RULES
    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _read_none(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        return {
            key: None if _is_none(value) and key in cls._optional() else value
            for key, value in table.items()
        }

    @classmethod
    def _optional(cls) -> set[str]:
        """The keys that may be absent, and are not any text."""
        fields = cls.model_fields.items()
        return {
            name
            for name, field in fields
            if field.default is None and str not in _kinds(field.annotation)
        }

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = dump(self)
        return {
            k: v for k, v in written.items() if v is not None or k not in self.LATER
        }


def _kinds(annotation: Any) -> list[Any]:
    """The types of a union, without their checks."""
    return [getattr(kind, "__origin__", kind) for kind in get_args(annotation)]


def _is_none(value: Any) -> bool:
    return isinstance(value, str) and value == "none"


def written(name: str) -> str:
    """Return the name, which a file must be able to hold; ConfigError unless UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{shown(decoded(name))} is not valid UTF-8, which the settings of a run "
            "require. Rename the folder or file."
        ) from error
    return name


def spelled(known: Iterable[str]) -> AfterValidator:
    """Spell a name as the catalogue does; unknown names are rejected when used."""
    names = tuple(known)
    return AfterValidator(lambda name: known_name(name, names) or name)


class NamedTable(Table):
    """A table with a name from the catalogue; all other keys are options."""

    model_config = RULES | ConfigDict(extra="allow")
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """All keys except the name."""
        return dict(self.model_extra or {})
