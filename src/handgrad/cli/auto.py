"""`handgrad train auto`: plan a training for images and machine, and run it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from handgrad.cli import clock
from handgrad.cli.options import parse_settings
from handgrad.cli.train_options import tables_from
from handgrad.errors import ConfigError
from handgrad.names import known_name

if TYPE_CHECKING:
    from handgrad.auto.deadline import Deadline
    from handgrad.auto.plan import Plan
    from handgrad.cli.screens.advice import Advice
    from handgrad.cli.screens.stopping import Stop
    from handgrad.training.run import Run

AUTO = "auto"
MINUTES = 10.0


def wants_auto(given: dict[str, Any]) -> bool:
    """Whether these options of `handgrad train` ask for a plan.

    They do with the model auto, with --minutes, and with the path of images without a
    model. ConfigError for options that contradict a plan.
    """
    model = given.get("model")
    if model is not None and known_name(model, (AUTO,)) is None:
        if "minutes" in given:
            from handgrad.training.model_names import check_model_name

            check_model_name(model)
            raise ConfigError(
                f"--minutes plans the network itself, got the network {model} as well. "
                "Remove one of them: handgrad train auto --minutes 10."
            )
        return False
    if model is None and "start_from" in given and "minutes" not in given:
        return False
    if "start_from" in given:
        raise ConfigError(
            "A plan chooses a network of its own, got --start-from as well. Remove "
            "it, or leave out auto and --minutes."
        )
    return model is not None or "minutes" in given or _is_path(given.get("dataset"))


def train_auto(given: dict[str, Any], stop: "Stop", *, quiet: bool, json: bool) -> None:
    """Plan, show the plan, train until the minutes are over, and show the result."""
    from handgrad.auto.deadline import Deadline
    from handgrad.auto.planner import check_minutes
    from handgrad.cli.screens.auto import print_ending
    from handgrad.cli.screens.training import follow, records_of
    from handgrad.training.run_folder import check_free

    check_free(given.get("run"))  # before the networks are measured
    minutes = check_minutes("--minutes", given.get("minutes", MINUTES))
    deadline = Deadline(minutes, before=clock.seconds())
    run = _begun(given, deadline, stop, quiet=quiet)
    records = records_of(run, given)
    follow(
        run,
        stop,
        quiet=quiet,
        as_json=json,
        records=deadline.watch(run.trainer, records, run.reschedule),
        ending=partial(print_ending, deadline=deadline),
    )


def ending_of(run: "Run") -> Callable[["Advice"], None] | None:
    """What follows the result of a planned training that was resumed; else None."""
    from handgrad.auto.explain import PLAN
    from handgrad.cli.screens.auto import print_ending

    return print_ending if (run.folder.path / PLAN).is_file() else None


def _begun(
    given: dict[str, Any], deadline: "Deadline", stop: "Stop", *, quiet: bool
) -> "Run":
    """Plan a training and start its run; the plan is written into its folder."""
    from handgrad.auto.explain import PLAN, as_toml
    from handgrad.cli.screens.auto import print_plan
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.run import start

    announce = Compiling(stop.check, quiet=quiet)
    with loading(quiet=quiet) as progress:
        plan = _planned(given, deadline, progress, announce)
        if not quiet:
            print_plan(plan)
        run = start(
            plan.config,
            given.get("run"),
            workers=given.get("workers"),
            progress=progress,
            announce=announce,
            force="force" in given,
        )
    run.folder.write(PLAN, as_toml(plan))
    return run


def _planned(
    given: dict[str, Any], deadline: "Deadline", progress: Any, announce: Any
) -> "Plan":
    """Look at the data, measure the networks, load the images, and plan."""
    from handgrad.auto.facts import facts_of
    from handgrad.auto.plan import config_of
    from handgrad.auto.planner import Planner
    from handgrad.training.build import load_dataset
    from handgrad.training.configure import check_names, check_start

    tables = tables_from(given, parse_settings(given.get("settings", [])))
    check_start(tables)
    tables.setdefault("dataset", {}).setdefault("name", "digits")
    config = config_of({n: table for n, table in tables.items() if n != "model"})
    check_names(config)
    facts, loaded = facts_of(config, progress)
    planner = Planner(facts, tables, deadline)
    progress("measuring networks on this machine", 0, 0)
    planner.measure(workers=given.get("workers"), announce=announce)
    pace = planner.chosen()
    if loaded is None:  # decoded once: `start` finds the pixels in the cache
        loaded = load_dataset(planner.config_of(pace.candidate), progress)
    progress("looking at mirrored and turned images", 0, 0)
    planner.look(loaded.train, given.get("workers"))
    return planner.plan(pace)


def _is_path(dataset: str | None) -> bool:
    if dataset is None:
        return False
    from handgrad.datasets.sources import NAMES

    return known_name(dataset, NAMES) is None
