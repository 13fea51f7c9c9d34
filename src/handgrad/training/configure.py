"""The configuration of a new run: a network, a file or another run, with changes.

All names and options are checked before any data is loaded or downloaded.
"""

import os
from pathlib import Path
from typing import Any

from handgrad import catalog
from handgrad.datasets.image_fit import USUAL
from handgrad.datasets.load import OWN_IMAGES
from handgrad.datasets.sources import NAMES
from handgrad.datasets.splits import count_of
from handgrad.errors import ConfigError, unknown_name, warn
from handgrad.names import known_name
from handgrad.parsing import read_toml
from handgrad.paths import path_of
from handgrad.ranges import shown
from handgrad.starting_points import usual_name
from handgrad.training.config import RunConfig, config_from
from handgrad.training.data_place import check_there, located
from handgrad.training.model_names import check_model_name
from handgrad.training.run_images import is_same_data
from handgrad.training.start_from import read_saved
from handgrad.training.table_keys import PARTS, home_of

Tables = dict[str, dict[str, Any]]  # table -> key -> value; "" holds the top-level keys

QUICK_START: Tables = {  # without a model: seconds, above 98 % of the digits
    "dataset": {"augmentation": [{"name": "random_crop", "padding": 2}]},
    "model": {"name": "lenet", "activation": "relu", "pooling": "max"},
    "optimizer": {"name": "adam", "learning_rate": 0.003},
    "schedule": {"name": "cosine"},
    "training": {"epochs": 20, "batch_size": 32},
}
NETWORK_KEYS = ("fit", "normalization", "augmentation")  # in [dataset]; rest: the data
ANEW = ", or give images with --dataset"
LOOKS_LIKE_PATH = ("/", "\\", ".")


def configure(
    model: str | None, changes: Tables, start_from: Path | None = None
) -> RunConfig:
    """Build and check the configuration of a new run.

    `model` is the name of a network or a TOML file; None is the quick start, or with
    `start_from` the network of that run or saved network, whose weights are the initial
    ones. `changes` replace its settings. ConfigError for an unknown name or option.
    """
    base = (
        _base(model, changes)
        if start_from is None
        else _base_of(start_from, model, changes)
    )
    if base is not QUICK_START:
        _warn_of_dropped(base, changes)
    tables = merged(base, changes)
    top = tables.pop("")
    check_start(tables)
    config = config_from({**top, **tables}, "The configuration")
    check_names(config)
    return config


def check_start(tables: Tables) -> None:
    """Refuse a table `[start]` without `source`: a ConfigError."""
    if "start" in tables and "source" not in tables["start"]:
        raise ConfigError(
            f"[start] has {' and '.join(tables['start'])}, but no weights to start "
            "from. Add --start-from RUN, or leave that out."
        )


def merged(base: Tables, over: Tables) -> Tables:
    """Merge tables over a base; another name resets the options of its table.

    Options that do not belong to one kind stay, such as an L2 penalty or a warm-up. A
    learning rate belongs to its optimizer.

    Example
        base "sgd" with a momentum, merged with "adam": "adam" without a momentum
    """
    tables = {name: dict(table) for name, table in base.items() if name}
    top = {**base.get("", {}), **over.get("", {})}
    for name, table in over.items():
        before = tables.get(name, {})
        gone = _dropped(name, before, table)
        kept = {key: value for key, value in before.items() if key not in gone}
        tables[name] = {**kept, **table}
    return {**tables, "": top}


def _dropped(name: str, before: dict[str, Any], table: dict[str, Any]) -> list[str]:
    """The options in a table that belong to its name, if `table` has another one."""
    if name not in PARTS or "name" not in table:
        return []
    old = _name_in(name, before)
    names = [old, usual_name({**before, "name": old})] if name == "optimizer" else [old]
    if known_name(str(table["name"]), names) is not None:
        return []
    common = type(getattr(RunConfig(), name)).model_fields.keys() - {"learning_rate"}
    return [key for key in before if key not in common]


def _name_in(name: str, table: dict[str, Any]) -> str:
    return str(table.get("name", getattr(RunConfig(), name).name))


def _warn_of_dropped(base: Tables, over: Tables) -> None:
    """Warn of options of a file or run that another name leaves out."""
    for name, table in over.items():
        before = base.get(name, {})
        gone = [key for key in _dropped(name, before, table) if key not in table]
        if gone:
            options = ", ".join(f"{key} = {shown(before[key])}" for key in gone)
            warn(
                f"{table['name']} replaces {_name_in(name, before)} as the {name}, "
                f"without its {options}. Set again what should stay, with --set "
                f"{name}.NAME=VALUE."
            )


def check_names(config: RunConfig) -> None:
    """ConfigError for an unknown name or option, or an invalid fraction."""
    check_parts(config)
    if not isinstance(config.dataset.validation, str):
        count_of(config.dataset.validation, 0)  # 1.5 is neither a fraction nor a count
    name = config.dataset.name
    is_path = any(sign in name for sign in LOOKS_LIKE_PATH) or os.path.exists(name)
    if known_name(name, NAMES) is None and not is_path:
        raise ConfigError(f"{unknown_name('data set', name, NAMES)} {OWN_IMAGES}.")


def check_parts(config: RunConfig) -> None:
    """ConfigError for the first name or option that is not in the catalogue.

    It names the table that an option belongs to, if that is another one.
    """
    for kind, part in ((kind, getattr(config, kind)) for kind in PARTS):
        known = catalog.options_of(catalog.find(kind, part.name))
        wrong = next((name for name in part.options if name not in known), "")
        if home := home_of(RunConfig, wrong, [kind]):
            unknown = unknown_name(f"option of {part.name}", wrong, known)
            raise ConfigError(f"{unknown}{home}")
        catalog.check_options(kind, part.name, part.options)
    for row in config.dataset.augmentation:
        catalog.check_options("augmentation", row.name, row.options)


def _base(model: str | None, over: Tables) -> Tables:
    """The settings before any change: the quick start, a file, or a named network."""
    if model is None:
        return QUICK_START
    check_model_name(model)
    if not (model.endswith(".toml") or "/" in model or "\\" in model):
        return {"model": {"name": model}}
    read = read_toml(path_of("configure", "model", Path(model)))
    config = config_from(read, model)
    if config.resolved is not None:  # that of a run
        folder = Path(model).parent
        config = located(folder, config)
        _check_data(folder, config, over)
    tables = _tables_of(config)
    if "optimizer" in read:  # by its name there: momentum is more than sgd
        tables["optimizer"] = read["optimizer"]
    return tables


def _check_data(source: Path, before: RunConfig, over: Tables) -> None:
    """DatasetError if the images of a run are used again, and are not there."""
    if "name" not in over.get("dataset", {}):
        check_there(source, before, ANEW)


def _base_of(source: Path, model: str | None, over: Tables) -> Tables:
    """The settings of the run to start from, or its data for another network.

    A normalization given explicitly is computed for the new run.
    """
    before, _ = read_saved(source, warns=False)
    _check_data(source, before, over)
    base, said = _tables_of(before), over
    if model is not None and known_name(model, (before.model.name,)) is None:
        own = _base(model, base)
        top = {**base[""], **own.get("", {})}  # the seed determines the split
        base = {**own, "": top, "dataset": base.get("dataset", {})}
        said = merged(own, over)
    data = said.get("dataset", {})
    name = before.dataset.name
    if "name" in data and not is_same_data(data["name"], name):
        base = _without_data(base, before)
    kept = "own" if "normalization" in data else "source"
    base["dataset"] = {**base.get("dataset", {}), **data}
    base["start"] = {"source": str(source), "normalization": kept}
    return base


def _without_data(base: Tables, before: RunConfig) -> Tables:
    """The settings without those of the data; images have the network's input size.

    The location of the images, how they are read and split, and the class weights
    belong to one data set.
    """
    data = {k: v for k, v in base.get("dataset", {}).items() if k in NETWORK_KEYS}
    shape = before.resolved.input_shape if before.resolved else ()
    if len(shape) == 3:
        data["image_size"] = list(shape[1:])
    loss = dict(base.get("loss", {}))
    if isinstance(loss.get("class_weight"), dict):
        del loss["class_weight"]
    return {**base, "dataset": data, "loss": loss}


def _tables_of(config: RunConfig) -> Tables:
    """The explicit settings of a configuration; top-level keys are in table "".

    A resolved configuration keeps its `fit`, if it is not the default.
    """
    read = config.model_dump(
        exclude_unset=True, exclude={"resolved"}, exclude_none=True
    )
    top = {name: value for name, value in read.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in read.items() if isinstance(value, dict)}
    if config.resolved is not None and config.fit != USUAL:
        tables["dataset"] = {**tables.get("dataset", {}), "fit": config.fit}
    return {**tables, "": top}
