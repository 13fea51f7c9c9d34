"""What the server keeps while it runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import Request

from handgrad.training.run_table import RunTable
from handgrad.web.handles import Home
from handgrad.web.jobs import Jobs
from handgrad.web.loaded import Networks
from handgrad.web.own_data import OwnData

if TYPE_CHECKING:
    from handgrad.web.study_runs import StudyRuns


class State:
    """The runs in a folder, their queue, the networks in memory, and the data sets."""

    def __init__(self, runs: Path) -> None:
        self.home = Home(runs)
        self.table = RunTable()
        self.jobs = Jobs(self.home)
        self.networks = Networks()
        self.data = OwnData(self.home)
        self._studies: StudyRuns | None = None

    @property
    def studies(self) -> "StudyRuns":
        """The studies, imported when they are first asked for: they take a second."""
        from handgrad.web.study_runs import StudyRuns

        self._studies = self._studies or StudyRuns(self.jobs)
        return self._studies


def state_in(request: Request) -> State:
    """The state of the server that answers a request."""
    state: State = request.app.state.handgrad
    return state


Server = Annotated[State, Depends(state_in)]
