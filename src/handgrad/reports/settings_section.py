"""The settings of a row: the relevant ones as a list, and all of them as text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handgrad.reports.text_formatting import listed
from handgrad.studies.experiment import Experiment, Size
from handgrad.studies.trials import Cell
from handgrad.studies.value_words import in_words
from handgrad.training.config import RunConfig

ALWAYS = (
    "dataset.name",
    "dataset.validation",
    "model.name",
    "optimizer.name",
    "optimizer.learning_rate",
    "training.epochs",
    "training.batch_size",
)
TABLES = {"dataset": "data", "model": "network", "optimizer": "optimizer"}
ABSENT = "none"
SAME = "the same for all"
UNSET = {"dataset.train_count": "all"}  # where "none" would be misleading

Flat = dict[str, Any]  # dotted key -> value


def settings_list(
    experiment: Experiment, cells: Mapping[Size, list[Cell]]
) -> list[dict[str, str]]:
    """The relevant settings: name, `full` size, and `quick` size where it differs."""
    full, quick = (_shown(cells[size]) for size in ("full", "quick"))
    full["seeds"], quick["seeds"] = (
        ", ".join(map(str, experiment.seeds_of(size))) for size in ("full", "quick")
    )
    if experiment.kind == "training":
        full["tested"] = quick["tested"] = f"network of the {experiment.test} epoch"
    return [
        {
            "name": _name(key),
            "full": full.get(key) or SAME,
            "quick": "" if quick.get(key) == full.get(key) else quick.get(key) or SAME,
        }
        for key in {**full, **quick}
    ]


def all_settings(cells: Sequence[Cell]) -> str:
    """All settings of the first variant, then the differences of the others."""
    of_variants = _by_variant(cells)
    if not of_variants:
        return ""
    (_, first), *others = of_variants.items()
    lines = [f"{key} = {_text(value)}" for key, value in first.items()]
    for name, flat in others:
        keys = [key for key in {**first, **flat} if flat.get(key) != first.get(key)]
        lines += ["", f"# {name}"]
        lines += [f"{key} = {_text(flat.get(key))}" for key in keys]
    return "\n".join(lines)


def _shown(cells: Sequence[Cell]) -> dict[str, str]:
    """The text of each setting that varies or differs from its default."""
    variants = _by_variant(cells)
    defaults = dict(_flat(RunConfig().model_dump(mode="json")))
    keys = dict.fromkeys(key for flat in variants.values() for key in flat)
    shown = {}
    for key in keys:
        values = {name: flat.get(key) for name, flat in variants.items()}
        texts = {name: _text(value, key) for name, value in values.items()}
        if len(set(texts.values())) > 1:
            shown[key] = _varied(texts)
        elif key in ALWAYS or defaults.get(key) != next(iter(values.values())):
            shown[key] = next(iter(texts.values()))
    return shown


def _varied(texts: Mapping[str, str]) -> str:
    """The values of the variants, with their names unless these contain the values."""
    if all(text.replace(", ", "-") in name for name, text in texts.items()):
        return listed(list(dict.fromkeys(texts.values())))
    return "; ".join(f"{name}: {text}" for name, text in texts.items())


def _by_variant(cells: Sequence[Cell]) -> dict[str, Flat]:
    found: dict[str, Flat] = {}
    for cell in cells:
        spec = cell.trial.spec
        tables = spec["config"] if spec["kind"] == "training" else _options(spec)
        found.setdefault(cell.variant, dict(_flat(tables)))
    return found


def _options(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"inspection": {"name": spec["name"], **spec["options"]}}


def _flat(tables: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and their values, in order."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _name(key: str) -> str:
    """A dotted key in words."""
    start, _, last = key.rpartition(".")
    table = start.rpartition(".")[2]
    where = TABLES.get(table, table)
    if last == "name" and where:
        return where
    words = last.replace("_", " ")
    return f"{where}: {words}" if where in ("data", "network") else words


def _text(value: Any, key: str = "") -> str:
    """A value as written in a file; tables and nested lists as JSON."""
    if value is None or value == []:
        return UNSET.get(key, ABSENT)
    if isinstance(value, list | tuple) and any(
        isinstance(v, dict | list) for v in value
    ):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value))
    return in_words(value)
