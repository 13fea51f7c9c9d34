"""How far the rows of a study are, also while a trial runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from handgrad.studies.experiment import Size
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.trials import Cell
from handgrad.training.log_reading import last_epoch


def progress(study: Study, folder: Path, size: Size) -> list[dict[str, Any]]:
    """Each row of a study in this size: its name, its question, and its epochs.

    `folder` is that of the study's trials. The epochs are a pair: those done, and all;
    an inspection counts as one.

    Example
        progress(find("csci581-a"), Path("studies/csci581-a"), "quick")
    """
    ledger = Ledger(folder)
    ended, found = set(ledger.outcomes()), study.on(ledger)
    return [
        {
            "row": row,
            "question": experiment.question,
            "epochs": epochs_done(found.cells_of(row, size), ledger, ended),
        }
        for row, experiment in found.experiments.items()
    ]


def epochs_done(
    cells: Iterable[Cell], ledger: Ledger, ended: set[str]
) -> tuple[int, int]:
    """Epochs of these trials that are done, and all; `ended` holds keys of trials."""
    trials = {cell.trial.key: cell.trial.epochs for cell in cells}
    runs = {key: ledger.trial_folder(key) / "run" for key in trials.keys() - ended}
    left = [trials[key] - last_epoch(run).get("epoch", 0) for key, run in runs.items()]
    total = sum(trials.values())
    return total - sum(left), total
