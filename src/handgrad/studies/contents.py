"""The content of the data sets of trials, and its part in a trial's key.

A trial on data other than the original stores the SHA-256 of its data as `data`, so its
key changes when the data change. A trial on the original content of a named data set
stores none, and keeps its key from before this entry existed. A trial without the entry
that ran on the same content is recognized by its outcome, and keeps its key as well.

Class names are not part of the checksum: with the same pixels and class numbers they do
not change the results of a trial. Where they determine the test split, it differs.

    data.json    checksums found by the last call, by the data set's settings
    data/        descriptions of the data by checksum, see `datasets.data_changes`
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.datasets.data_changes import changes, record_of
from handgrad.datasets.load import load
from handgrad.datasets.local_copies import is_here
from handgrad.datasets.sources import SOURCES, source_of
from handgrad.errors import HandgradError, RunError
from handgrad.studies.instruction_sets import as_sentences as mixed_sets
from handgrad.studies.trial_runs import config_of
from handgrad.studies.trials import Cell, Trial

if TYPE_CHECKING:
    from handgrad.datasets import Dataset
    from handgrad.studies.ledger import Ledger, Outcome

CUT = {"validation", "train_count", "normalization", "augmentation"}  # affect no file
USUAL_VALIDATION = 0.1  # of the training images, by default
SHOWN = 12  # digits of a checksum in a sentence


@dataclass(frozen=True)
class Contents:
    """The content of the data sets: `checksums` by their settings, see `settings_of`.

    `outcomes` are those of the trials without `data`, by key.
    """

    checksums: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, "Outcome"] = field(default_factory=dict)

    def trial(self, trial: Trial) -> Trial:
        """Return the trial on the current data."""
        bare = without_data(trial)
        content = self.checksums.get(settings_of(bare), "")
        if not content:
            return bare
        for known in (bare, _as_before(bare)):
            if self.outcomes.get(known.key, {}).get("dataset_sha256") == content:
                return known
        is_free = not self.outcomes.get(bare.key, {}).get("dataset_sha256")
        is_bare = is_free and content == original_of(bare)
        return bare if is_bare else Trial({**bare.spec, "data": content})

    def cell(self, cell: Cell) -> Cell:
        """Return the cell with its trial on the current data."""
        return replace(cell, trial=self.trial(cell.trial))

    @property
    def others(self) -> list[str]:
        """The checksums of all data that are not the original, sorted."""
        originals = {source.checksum or "" for source in SOURCES.values()}
        return sorted(set(self.checksums.values()) - originals)


def without_data(trial: Trial) -> Trial:
    """Return the trial as its file specifies it, without the checksum of its data."""
    return Trial({name: part for name, part in trial.spec.items() if name != "data"})


def _as_before(trial: Trial) -> Trial:
    """Return the trial with its key from before data sets had validation images."""
    config = trial.spec.get("config", {})
    if "validation" in config.get("dataset", {"validation": None}):
        return trial
    dataset = {**config["dataset"], "validation": USUAL_VALIDATION}
    return Trial({**trial.spec, "config": {**config, "dataset": dataset}})


def original_of(trial: Trial) -> str | None:
    """Return the checksum of the original, if it is known for a named data set."""
    source = source_of(trial.dataset or "")
    return None if source is None else source.checksum


def settings_of(trial: Trial) -> str:
    """Return the settings that determine which files a trial reads; empty if none."""
    if trial.dataset is None:
        return ""
    if trial.kind == "inspection":
        return json.dumps({"name": trial.dataset})
    table = trial.spec["config"]["dataset"]
    kept = {k: v for k, v in table.items() if k not in CUT and v is not None}
    return json.dumps(kept, sort_keys=True)


def look(
    trials: Iterable[Trial],
    ledger: "Ledger",
    data_dir: Path | None = None,
    progress: Any = None,
) -> None:
    """Compute the checksums of the data of these `trials`, for the `ledger` to use.

    Nothing is downloaded: a named data set that is not on this machine is assumed to be
    the original. Other data that cannot be read keep their last known checksum, and
    `ledger.unread_data` says why.
    """
    found = dict(ledger.checksums)
    ledger.unread_data = {}
    for settings, trial in _by_settings(trials).items():
        try:
            found[settings] = _content(trial, ledger, data_dir, progress)
        except HandgradError as error:  # the trials that need it report it, too
            why = str(error).partition(". ")[0].removesuffix(".")
            ledger.unread_data[str(trial.dataset)] = why
    ledger.checksums = found


def load_all(
    trials: Iterable[Trial], data_dir: Path | None = None, progress: Any = None
) -> None:
    """Load or download the data of each of these `trials`, as its settings say.

    DatasetError for the first that cannot be read.
    """
    for trial in _by_settings(trials).values():
        _loaded(trial, data_dir, progress)


def contents_of(ledger: "Ledger") -> Contents:
    """Return the content of the data of a `ledger`, as far as it is known."""
    outcomes = ledger.outcomes()
    bare = {key: o for key, o in outcomes.items() if "data" not in o["trial"]}
    return Contents(_checksums(ledger, outcomes), bare)


def on_other_data(ledger: "Ledger") -> dict[str, int]:
    """Count the trials that ran on data other than the current data, by checksum."""
    return dict(Counter(then for then, _ in _others(ledger)))


def changes_of_data(ledger: "Ledger") -> dict[str, str]:
    """Describe what has changed since the data of such trials, by their checksum."""
    found: dict[str, str] = {}
    for then, now in dict(_others(ledger)).items():
        before, today = ledger.data_record(then), ledger.data_record(now)
        if before and today and (said := changes(before, today)):
            found[then] = said
    return found


def _others(ledger: "Ledger") -> Iterator[tuple[str, str]]:
    """Yield the old and the current checksum for each trial on other data."""
    outcomes = ledger.outcomes()
    checksums = _checksums(ledger, outcomes)
    for outcome in outcomes.values():
        trial = Trial(outcome["trial"])
        now = checksums.get(settings_of(without_data(trial)))
        then = trial.spec.get("data") or outcome.get("dataset_sha256")
        if now and then and now != then:
            yield then, now


def _checksums(
    ledger: "Ledger", outcomes: Mapping[str, "Outcome"]
) -> Mapping[str, str]:
    """Return the checksums: as last computed, else as read by the latest trial.

    A ledger from before `data.json` may hold trials on several contents, which must not
    be averaged.
    """
    in_order = sorted(outcomes, key=lambda key: (ledger.ended(key), key))
    read = {
        settings_of(without_data(Trial(outcomes[key]["trial"]))): content
        for key in in_order
        if (content := outcomes[key].get("dataset_sha256"))
    }
    return {**read, **ledger.checksums}


def as_sentences(results: Mapping[str, Any]) -> list[str]:
    """Report data in `results` that were not read or differ, and instruction sets."""
    since = results.get("changes_of_data", {})
    unread = [
        f"It is unknown whether the data have changed since these trials: {why}."
        for why in results.get("unread_data", {}).values()
    ]
    others = [
        f"On other data: {count} trial{'s' * (count != 1)} of {checksum[:SHOWN]}..., "
        f"not counted{_since(since.get(checksum))}."
        for checksum, count in results["other_data"].items()
    ]
    return unread + others + mixed_sets(results.get("instruction_sets", {}))


def _since(changed: str | None) -> str:
    return f"; since then {changed}" if changed else ""


def check_content(trial: Trial, content: str | None) -> None:
    """RunError if the `content` that a trial has read is not that of its key."""
    expected = trial.spec.get("data") or original_of(trial)
    if content and expected and content != expected:
        raise RunError(
            f"The data set {trial.dataset} has changed since this trial was prepared. "
            "Run the same command again; it runs the trial on the current data."
        )


def _by_settings(trials: Iterable[Trial]) -> dict[str, Trial]:
    """Return one trial for each data set that is needed, by its settings."""
    found = {settings_of(trial): trial for trial in trials}
    return {settings: trial for settings, trial in found.items() if settings}


def _content(
    trial: Trial, ledger: "Ledger", data_dir: Path | None, progress: Any
) -> str:
    """Return the checksum; before a download the published one, or empty.

    The description of the data is stored in `ledger.data_records`.
    """
    source = source_of(trial.dataset or "")
    if source is not None and not is_here(source, data_dir):
        return source.checksum or ""
    dataset = _loaded(trial, data_dir, progress)
    ledger.data_records[dataset.checksum] = record_of(dataset)
    return dataset.checksum


def _loaded(trial: Trial, data_dir: Path | None, progress: Any) -> "Dataset":
    if trial.kind == "inspection":
        return load(str(trial.dataset), data_dir=data_dir, progress=progress)
    from handgrad.training.build import load_dataset

    return load_dataset(config_of(trial.tables, data_dir), progress)
