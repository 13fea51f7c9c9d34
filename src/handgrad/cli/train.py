"""`handgrad train`: from command-line arguments to a run folder."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.cli.options import parse_settings
from handgrad.cli.train_options import signature, tables_from
from handgrad.errors import ConfigError

if TYPE_CHECKING:
    from handgrad.cli.screens.stopping import Stop
    from handgrad.training.run import Run

ALLOWED_WITH_RESUME = {
    *("resume", "epochs", "workers", "tensorboard", "live", "force", "quiet"),
    "as_json",
}


def train(**options: Any) -> None:
    """Train a network and save everything about the run in a folder.

    The model auto measures this machine and plans network and settings for the images
    and the --minutes; it is the default for a path of images. Without a model or a
    path, train LeNet on the handwritten digits included in scikit-learn, with its own
    recipe; the defaults below are those of a named model.
    """
    from handgrad.cli.auto import ending_of, train_auto, wants_auto
    from handgrad.cli.screens.stopping import stopping
    from handgrad.cli.screens.training import follow, records_of

    given = {
        name: value
        for name, value in options.items()
        if value is not None and value is not False and value not in ([], ())
    }
    _check_workers(given.get("workers"), given.get("engine"))
    if "resume" in given:
        _refuse_beside_resume(given)
    quiet, as_json = options["quiet"], options["as_json"]
    is_auto = "resume" not in given and wants_auto(given)
    if "tensorboard" in given:
        from handgrad.interop.event_file import check_tensorboard

        check_tensorboard()
    if "live" in given:
        _check_live(given["live"])
    with stopping() as stop:
        if is_auto:
            train_auto(given, stop, quiet=quiet, json=as_json)
            return
        run = _begun(given, stop, quiet=quiet)
        follow(
            run,
            stop,
            quiet=quiet,
            as_json=as_json,
            records=records_of(run, given),
            ending=ending_of(run) if "resume" in given else None,
        )


train.__signature__ = signature()  # type: ignore[attr-defined]


def _begun(given: dict[str, Any], stop: "Stop", *, quiet: bool) -> "Run":
    """Start a run, or resume one, from the options given."""
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.configure import configure
    from handgrad.training.resuming import resume
    from handgrad.training.run import start

    if "resume" in given:
        begin = partial(resume, given["resume"], epochs=given.get("epochs"))
    else:
        changes = tables_from(given, parse_settings(given.get("settings", [])))
        config = configure(given.get("model"), changes, given.get("start_from"))
        begin = partial(start, config, given.get("run"))
    with loading(quiet=quiet) as progress:
        return begin(
            workers=given.get("workers"),
            progress=progress,
            announce=Compiling(stop.check, quiet=quiet),
            force="force" in given,
        )


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    others = sorted(given.keys() - ALLOWED_WITH_RESUME)
    if others:
        name = {"model": "a model", "settings": "--set"}.get(
            others[0], f"--{others[0].replace('_', '-')}"
        )
        raise ConfigError(
            "handgrad train --resume uses the settings of the run itself, got "
            f"{name} as well. Remove it, or start a new run with --start-from instead "
            "of --resume."
        )


def _check_live(path: Path) -> None:
    """ConfigError for a file that cannot be made, before a run folder is."""
    if path.is_dir() or not path.parent.is_dir():
        wrong = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise ConfigError(
            f"--live writes to {path}, which {wrong}. Give a file in a folder that "
            "exists."
        )


def _check_workers(workers: int | None, engine: str | None) -> None:
    if workers is None:
        return
    if workers < 1:
        raise ConfigError(
            f"--workers takes an integer of at least 1, got {workers}. Give 1 or more."
        )
    if engine == "plain":
        raise ConfigError(
            "--workers needs --engine cpu, got --engine plain. Remove one of them."
        )
