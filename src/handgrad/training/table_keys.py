"""The keys of the tables of a configuration, and the table that a key belongs to."""

from typing import Any, get_args

from pydantic import BaseModel

from handgrad import catalog

PARTS = {
    "model": catalog.MODELS,
    "loss": catalog.LOSSES,
    "optimizer": catalog.OPTIMIZERS,
    "schedule": catalog.SCHEDULES,
}
OF_THE_RUN = "resolved"  # a table that nobody writes by hand
OF_OPTIMIZERS = "learning_rate"  # which schedules are given


def keys_of(config: type[BaseModel], tables: list[str]) -> list[str]:
    """Return the keys that a table may have; the path of the top is empty."""
    model: Any = config
    for table in tables:
        field = model.model_fields.get(table)
        model = table_of(getattr(field, "annotation", None))
        if model is None:
            return []
    return list(model.model_fields)


def table_of(annotation: Any) -> type[BaseModel] | None:
    """Return the table type of a field, also of an optional one."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def home_of(config: type[BaseModel], key: str, tables: list[str]) -> str:
    """Name the table of a key that is in another one, in a sentence.

    Options of networks, losses and so on count. Empty unless exactly one table has it.

    Example
        home_of(RunConfig, "learning_rate", ["model"]) == " It belongs to [optimizer]."
    """
    fields = config.model_fields
    inner = {name for name in fields if table_of(fields[name].annotation)}
    if tables and key in fields.keys() - inner:
        return " It belongs to the top of the file, before all tables."
    others = inner - {*tables, OF_THE_RUN}
    homes = [name for name in others if key in _all(config, name)]
    return f" It belongs to [{homes[0]}]." if len(homes) == 1 else ""


def _all(config: type[BaseModel], table: str) -> set[str]:
    """The keys of a table, and the options of everything that it can name."""
    options = {
        option
        for function in PARTS.get(table, {}).values()
        for option in catalog.options_of(function)
        if option != OF_OPTIMIZERS
    }
    return options.union(keys_of(config, [table]))
