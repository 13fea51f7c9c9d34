"""The outcomes of trials: one plain JSON file each, named by the trial's key.

    trials/KEY/trial.json      its specification
    trials/KEY/run/            its run folder
    trials/KEY/outcome.json    how it ended, written last
    ledger/KEY.json            a copy of outcome.json
    data.json                  checksums of the data sets, see `contents`
    data/CHECKSUM.json         their description, see `datasets.data_changes`

Every file is written atomically. The ledger can be rebuilt from the trials at any time,
and is completed from them whenever it is opened. Every outcome that is read must belong
to its key, be consistent (`outcomes`) and agree with the trial's own file.
"""

import json
from pathlib import Path
from typing import Any

from handgrad.datasets.data_changes import Record
from handgrad.errors import IntegrityError, RunError
from handgrad.parsing import check_limits, parse_json
from handgrad.paths import path_of
from handgrad.studies.outcomes import difference, wrong_in
from handgrad.studies.trials import Trial, key_of
from handgrad.training.atomic import make_folder, remove_file, sweep, write_file
from handgrad.training.real_files import is_file, read_file

Outcome = dict[str, Any]

DONE = "done"  # it has results
DIVERGED = "diverged"  # NaN or infinity: that is a result as well
FAILED = "failed"  # it stopped with an error
PRUNED = "pruned"  # stopped early, because others were better by then
CRASHED = "crashed"  # the process died, more than once
DATA = "data.json"


class Ledger:
    """The outcomes of one study's trials, as files in `folder`.

    Any process may read, one writes. IntegrityError for an outcome that is damaged, of
    another trial, or different from the trial's own file; RunError if a file cannot be
    written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = folder = path_of("Ledger", "folder", folder, RunError)
        self.entries = folder / "ledger"
        self.trials = folder / "trials"
        self._checksums: dict[str, str] | None = None
        self.data_records: dict[str, Record] = {}  # descriptions of data, by checksum
        self.unread_data: dict[str, str] = {}  # reasons, by the data set's name
        self.has_looked = False  # whether this process has read the data's checksums

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of the data sets, as last seen; by their settings."""
        if self._checksums is None:
            self._checksums = _read_checksums(self.folder / DATA)
        return self._checksums

    @checksums.setter
    def checksums(self, found: dict[str, str]) -> None:
        self._checksums, self.has_looked = found, True

    def keep_checksums(self) -> None:
        """Save the checksums and descriptions of the data sets."""
        if self.checksums:
            write_file(self.folder / DATA, as_json(self.checksums), self.folder)
        for checksum, record in self.data_records.items():
            path = self._data_record(checksum)
            if not path.exists():
                make_folder(path.parent, self.folder)
                write_file(path, as_json(record), self.folder)

    def data_record(self, checksum: str) -> Record | None:
        """Description of the data with this `checksum`; None if it was not saved."""
        if checksum in self.data_records:
            return self.data_records[checksum]
        path = self._data_record(checksum)
        try:
            found: Record = parse_json(read_file(path))
            return found if found["sha256"] == checksum else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _data_record(self, checksum: str) -> Path:
        return self.folder / "data" / f"{checksum}.json"

    def outcome(self, key: str) -> Outcome | None:
        """The outcome of the trial with this `key`; None if it has not ended."""
        entry, own = self.entries / f"{key}.json", self._own(key)
        entered, ended = _read(entry, key), _read(own, key)
        if entered and ended and (found := difference(entered, ended)):
            raise IntegrityError(
                f"{entry} and {own} disagree: {found}. Remove the one that was "
                "changed; the other one is then used."
            )
        return entered or ended

    def outcomes(self) -> dict[str, Outcome]:
        """All outcomes by key, including those not yet copied to the ledger."""
        keys = {path.stem for path in self.entries.glob("*.json")}
        keys |= {path.parent.name for path in self.trials.glob("*/outcome.json")}
        found = {key: self.outcome(key) for key in sorted(keys)}
        return {key: outcome for key, outcome in found.items() if outcome is not None}

    def ended(self, key: str) -> float:
        """When the trial with this `key` ended, by its file's time; 0 if not ended."""
        places = (self._own(key), self.entries / f"{key}.json")
        return next((path.stat().st_mtime for path in places if path.is_file()), 0.0)

    def trial_folder(self, key: str) -> Path:
        """The folder of the trial with this `key`."""
        return self.trials / key

    def _own(self, key: str) -> Path:
        """The path of the trial's own outcome file."""
        return self.trial_folder(key) / "outcome.json"

    def prepare(self, trial: Trial) -> Path:
        """Create the folder of a `trial`, with its specification."""
        make_folder(self.entries, self.folder)
        folder = self.trial_folder(trial.key)
        make_folder(folder, self.folder)
        path = folder / "trial.json"
        if not is_file(path):
            write_file(path, as_json(trial.spec), self.folder)
        elif found := difference(_values(path), trial.spec):
            raise _other_trial(path, found)
        return folder

    def record(self, key: str, outcome: Outcome) -> None:
        """Write an `outcome` of the trial with this `key`, in its own folder first."""
        write_file(self._own(key), as_json(outcome), self.folder)
        self.adopt(key)

    def adopt(self, key: str) -> Outcome | None:
        """Copy the outcome of this `key` to the ledger; None if it has not ended."""
        path = self._own(key)
        outcome = _read(path, key)
        if outcome is not None:
            make_folder(self.entries, self.folder)
            write_file(self.entries / f"{key}.json", read_file(path), self.folder)
        return outcome

    def complete(self) -> None:
        """Copy the outcomes that are missing from the ledger.

        IntegrityError for a folder whose trial does not have its key.
        """
        for path in sorted(self.trials.glob("*/trial.json")):
            actual = key_of(_values(path))
            if actual != path.parent.name:
                raise _other_trial(path, f"its key is {actual}")
        sweep(self.entries, self.folder)
        for path in sorted(self.trials.glob("*/outcome.json")):
            if not (self.entries / f"{path.parent.name}.json").is_file():
                self.adopt(path.parent.name)

    def forget(self, key: str) -> None:
        """Remove the outcome of this `key`, so that the trial runs again.

        It continues from its last checkpoint.
        """
        for path in (self.entries / f"{key}.json", self._own(key)):
            remove_file(path, self.folder)


def as_json(content: dict[str, Any]) -> bytes:
    """Format plain values as readable JSON."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _read_checksums(path: Path) -> dict[str, str]:
    try:
        found = _values(path)
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict) or not all(map(_is_text, found.values())):
        raise IntegrityError(
            f"{path} does not hold checksums of data sets. Remove it; they are "
            "computed again when trials run."
        )
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _read(path: Path, key: str) -> Outcome | None:
    """Read and check the outcome of that key; None if there is no such file."""
    try:
        content: Outcome = _values(path)
    except FileNotFoundError:
        return None
    if wrong := wrong_in(content, key):
        raise _damaged(path, wrong)
    return content


def _values(path: Path) -> Any:
    """Read a JSON file."""
    try:
        content = parse_json(read_file(path))
        check_limits(content)
    except (FileNotFoundError, RunError):  # RunError: a device
        raise
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    return content


def _damaged(path: Path, wrong: str) -> IntegrityError:
    return IntegrityError(
        f"{path} is not what a trial has written ({wrong}). Remove it; the "
        "outcome is then restored, or the trial run again."
    )


def _other_trial(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"{path} is not the trial of its folder: {found}. Remove {path.parent}; the "
        "trial is then run again."
    )
