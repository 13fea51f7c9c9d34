"""Train in a run folder, to the last file: what `handgrad train` does, in Python."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError, RunError, warn
from handgrad.inspection.run_figures import draw_run
from handgrad.paths import path_of
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import check_names, configure
from handgrad.training.environment import draws_figures
from handgrad.training.manifest import seal
from handgrad.training.records import Record
from handgrad.training.run import Run, start


def train(
    settings: RunConfig | Mapping[str, Any] | str | Path | None = None,
    folder: str | Path | None = None,
    *,
    workers: int | None = None,
    force: bool = False,
) -> Run:
    """Train a network and save everything about the run in a folder.

    The folder is that of `handgrad train`, file for file. `settings` is the name of a
    network, a TOML file, a mapping of its tables or a `RunConfig`; None is the quick
    start. `folder` defaults to a new one under runs/. `workers` is the number of
    threads; `force` skips the memory check. ConfigError, DatasetError or ResourceError
    for the settings, RunError for a folder in use, NonFiniteError for NaN.

    Example
        run = train({"model": {"name": "mlp"}, "training": {"epochs": 3}}, "runs/mlp")
        run.result["test_accuracy"]
    """
    place = None if folder is None else path_of("train", "folder", folder, RunError)
    run = start(_config(settings), place, workers=workers, force=force)
    for _ in complete(run):
        pass
    return run


def complete(run: Run) -> Iterator[Record]:
    """Train a run to its end and draw its figures; yield each record.

    Iterate over this rather than over the `run` itself, which draws no figures. A
    figure that cannot be drawn is a HandgradWarning: the result is saved before.
    HANDGRAD_FIGURES=0 leaves the figures out, which take about two seconds, unless the
    run has some, which would be out of date; ConfigError if it is neither 0 nor 1.

    Example
        for record in complete(resume("runs/lenet-digits-1")): print(record)
    """
    has_ended, draws = bool(run.result), draws_figures()
    yield from run
    if has_ended:
        return
    try:
        if draws or any(run.folder.figures.glob("*")):
            draw_run(run)
        seal(run.folder.path)
    except HandgradError as error:
        warn(str(error))


def _config(settings: Any) -> RunConfig:
    """The configuration of these settings, with all names checked."""
    if isinstance(settings, str | Path | None):
        return configure(None if settings is None else str(settings), {})
    is_config = isinstance(settings, RunConfig)
    config = settings if is_config else config_from(settings)
    check_names(config)
    return config
