"""Which trials are done: one plain JSON file each, named by the trial's key.

    trials/KEY/trial.json      what the trial is
    trials/KEY/run/            its run folder
    trials/KEY/outcome.json    how it ended, written last
    ledger/KEY.json            the same bytes

Every file is written as a whole or not at all. The ledger can be rebuilt from
the trials at any time, and is completed from them whenever it is opened.
"""

import json
from pathlib import Path
from typing import Any

from handgrad.errors import IntegrityError
from handgrad.parsing import parse_json
from handgrad.studies.trials import Trial
from handgrad.training.atomic import make_folder, remove_file, sweep, write_file
from handgrad.training.real_files import read_file

Outcome = dict[str, Any]

DONE = "done"  # it has its numbers
DIVERGED = "diverged"  # NaN or infinity: that is a result as well
FAILED = "failed"  # an error that was said in words
PRUNED = "pruned"  # ended early, because others were better by then
CRASHED = "crashed"  # the process died, more than once
STATUSES = [DONE, DIVERGED, FAILED, PRUNED, CRASHED]


class Ledger:
    """The outcomes of one study's trials, as files in `folder`.

    Any process may read, one writes. IntegrityError for an outcome that is damaged;
    RunError if a file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = folder / "ledger"
        self.trials = folder / "trials"

    def outcome(self, key: str) -> Outcome | None:
        """The outcome of the trial with this `key`; None if it has not ended."""
        return _read(self.entries / f"{key}.json")

    def outcomes(self) -> dict[str, Outcome]:
        """All outcomes by key, also those that are not entered yet."""
        entered = {path.stem: path for path in self.entries.glob("*.json")}
        ended = {p.parent.name: p for p in self.trials.glob("*/outcome.json")}
        paths = sorted({**ended, **entered}.items())
        return {key: outcome for key, path in paths if (outcome := _read(path))}

    def trial_folder(self, key: str) -> Path:
        """The folder of the trial with this `key`."""
        return self.trials / key

    def prepare(self, trial: Trial) -> Path:
        """Make the folder of a `trial`, with its specification."""
        make_folder(self.entries, self.folder)
        folder = self.trial_folder(trial.key)
        make_folder(folder, self.folder)
        if not (folder / "trial.json").is_file():
            write_file(folder / "trial.json", as_json(trial.spec), self.folder)
        return folder

    def record(self, key: str, outcome: Outcome) -> None:
        """Write an `outcome` of the trial with this `key`, in its own folder first."""
        path = self.trial_folder(key) / "outcome.json"
        write_file(path, as_json(outcome), self.folder)
        self.adopt(key)

    def adopt(self, key: str) -> Outcome | None:
        """Enter the outcome that the trial with this `key` wrote; None if not ended."""
        path = self.trial_folder(key) / "outcome.json"
        outcome = _read(path)
        if outcome is not None:
            make_folder(self.entries, self.folder)
            write_file(self.entries / f"{key}.json", read_file(path), self.folder)
        return outcome

    def complete(self) -> None:
        """Enter all trials that ended without being entered."""
        sweep(self.entries, self.folder)
        for path in sorted(self.trials.glob("*/outcome.json")):
            if not (self.entries / f"{path.parent.name}.json").is_file():
                self.adopt(path.parent.name)

    def forget(self, key: str) -> None:
        """Remove the outcome of this `key`, so that the trial runs again.

        It continues from its last checkpoint.
        """
        for path in (
            self.entries / f"{key}.json",
            self.trial_folder(key) / "outcome.json",
        ):
            remove_file(path, self.folder)


def as_json(content: dict[str, Any]) -> bytes:
    """Plain values as text that a person can read."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _read(path: Path) -> Outcome | None:
    try:
        content = parse_json(read_file(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(content, dict) or not _is_whole(content):
        raise _damaged(path)
    return content


def _is_whole(outcome: Outcome) -> bool:
    """Whether it says how the trial ended, and with which numbers."""
    metrics = outcome.get("metrics")
    return (
        outcome.get("status") in STATUSES
        and isinstance(metrics, dict)
        and all(isinstance(value, int | float) for value in metrics.values())
    )


def _damaged(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} is not what a trial has written. Remove it; the trial is then entered "
        "anew or done again."
    )
