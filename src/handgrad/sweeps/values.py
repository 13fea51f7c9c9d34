"""Check of the values of a sweep by building networks, without training."""

import json
from pathlib import Path
from typing import Any

from handgrad import catalog, datasets
from handgrad.errors import ConfigError, HandgradError
from handgrad.studies.trial_runs import config_of
from handgrad.sweeps.space import Choice, Parameter, Setting, Values
from handgrad.sweeps.sweep import Sweep
from handgrad.training import build
from handgrad.training.build_optimizer import build_optimizer
from handgrad.training.config import RunConfig
from handgrad.training.splitting import split_of


def corners(sweep: Sweep) -> list[Setting]:
    """Both ends of each range and each choice, with the first values of the others."""
    first = first_values(sweep)
    values = [
        {**first, parameter.name: value}
        for parameter in sweep.space
        for value in _ends(parameter)
    ]
    settings = [sweep.setting(one) for one in values]
    return list({setting.name: setting for setting in settings}.values())


def first_values(sweep: Sweep) -> Values:
    """The lower end of every range and the first value of every list."""
    return {parameter.name: parameter.at(0.0) for parameter in sweep.space}


def check_values(sweep: Sweep, data_dir: Path | None = None) -> None:
    """ConfigError if the parts of a run cannot be built at a corner of the space.

    Invalid combinations of two values are left to the trials.
    """
    resolved: dict[str, RunConfig] = {}
    built: set[str] = set()
    for setting in corners(sweep):
        config = config_of(sweep.cells(setting)[0].trial.tables, data_dir)
        data = config.dataset.model_dump_json()
        try:
            if data not in resolved:
                resolved[data] = _resolve(config)
            known = config.model_copy(update={"resolved": resolved[data].resolved})
            model = json.dumps([data, config.model.model_dump(mode="json")])
            if model not in built:
                build.build_model(known)
                built.add(model)
            build_optimizer(known, steps_per_epoch=1)
            catalog.build("loss", config.loss.name, config.loss.options)
        except HandgradError as error:
            raise ConfigError(f"{sweep.source}, {setting.name}: {error}") from error


def _resolve(config: RunConfig) -> RunConfig:
    """Resolve the configuration: fill in the sizes of its data."""
    dataset = build.load_dataset(config)
    train, validation = split_of(config, dataset)
    unit = datasets.normalization("unit", train.images)  # only the sizes matter
    return build.resolve(config, dataset, train, validation, unit)


def _ends(parameter: Parameter) -> tuple[Any, ...]:
    if isinstance(parameter, Choice):
        return parameter.values
    return parameter.low, parameter.high
