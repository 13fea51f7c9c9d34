"""Rows of the studies, each run by `handgrad study run` in a process of its own."""

import signal
import sys
from functools import cache
from pathlib import Path
from typing import Any

from handgrad.datasets.sources import check_is_here
from handgrad.errors import DatasetError
from handgrad.studies import library
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.progress import progress
from handgrad.training.ownership import living_owner
from handgrad.web.handles import looked_up
from handgrad.web.jobs import Jobs

PAGE = "report.html"  # as `handgrad study report` names it
COMMAND = (sys.executable, "-m", "handgrad", "study", "run")
OWN_CODES = (0, 1)  # it ended; with 1 a finding does not hold, as the report says


class StudyRuns:
    """The studies of the package, in the folder that the command line uses as well."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs, self.folder = jobs, jobs.home.studies

    def rows(self) -> list[dict[str, Any]]:
        """All studies, each as `about` describes it."""
        return [self.about(name) for name in library.names()]

    def about(self, name: str) -> dict[str, Any]:
        """Title, state, and the rows with their question and epochs, done and all."""
        study, folder = study_of(name), self.folder / name
        has_outcomes = bool(Ledger(folder).outcomes())
        return {
            "name": name,
            "title": study.about.title,
            "report": study.about.report,
            "has_report": has_outcomes or (folder / PAGE).is_file(),
            "is_running": self._is_running(name),
            "message": self._message(name),
            "rows": progress(study, folder, "quick"),
        }

    def start(self, name: str, row: str) -> None:
        """Run the quick trials of a row that are missing.

        DatasetError if its data are not on this machine, RunError while anything else
        trains.
        """
        study = study_of(name)
        looked_up("row", study.experiments, row)
        for cell in study.cells_of(row, "quick"):
            check_is_here(cell.trial.dataset or "")
        words = (name, "--rows", row, "--quick", "--quiet")
        self.jobs.launch_alone(
            _handle(name), *COMMAND, *words, "--folder", str(self.folder / name)
        )

    def stop(self, name: str) -> None:
        """End the process of a study; what is done stays, and a trial resumes later."""
        study_of(name)
        self.jobs.process(_handle(name), self.folder / name).send_signal(signal.SIGTERM)

    def report(self, name: str) -> Path:
        """The page of the report, written anew; DatasetError if nothing was run."""
        from handgrad.reports import write_report  # slow to import

        study, ledger = study_of(name), Ledger(self.folder / name)
        if ledger.outcomes():
            write_report(study, ledger)
        if not (ledger.folder / PAGE).is_file():
            raise DatasetError(
                f"{name} has no report, since none of its rows has been run here. "
                "Run a row first."
            )
        return ledger.folder / PAGE

    def _is_running(self, name: str) -> bool:
        is_owned = bool(living_owner(self.folder / name))
        return is_owned or self.jobs.has_process(_handle(name))

    def _message(self, name: str) -> str:
        """What the process of a study said if it could not run."""
        code = self.jobs.exit_code(_handle(name))
        failed = code is not None and code not in OWN_CODES and 0 < code < 128
        return self.jobs.said(_handle(name)) if failed else ""


@cache
def study_of(name: str) -> Study:
    """A study of the package; MissingError for an unknown name."""
    known = {each: each for each in library.names()}
    return library.find(looked_up("study", known, name))


def _handle(name: str) -> str:
    return f"study-{name}"
