"""The interface of back ends, which run trials.

`LocalProcesses` (processes.py) runs them on this machine, `DaskCluster` (cluster.py) on
the workers of a Dask scheduler. The runner's loop is the same for both.
"""

from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias


class Job(Protocol):
    """A trial that has been started."""

    def close(self) -> None:
        """Free its resources after its end; RunError if no trial can continue."""

    def stop(self) -> None:
        """Stop it now; it can be resumed from its last checkpoint."""

    def how_it_died(self) -> str:
        """Describe how a job without an outcome ended."""


# Messages of a job: plain values, then None once, as the last one:
#   {"process": number, "where": address}   a process has started, "" is this machine
#   {"epoch": number, "train_loss": value}  it has finished an epoch
#   {"died": how}                           it is lost; another one starts automatically
Messages: TypeAlias = "SimpleQueue[tuple[Job, dict[str, Any] | None]]"


class Backend(Protocol):
    """A place to run trials, each in its own process.

    `data_dir` is searched first for data sets.
    """

    @property
    def data_dir(self) -> Path | None:
        """A folder, or None for the usual places."""

    def slots(self) -> int:
        """Number of trials to run at the same time, as of now."""

    def begin(self, folder: Path, messages: Messages) -> Job:
        """Start the trial of that folder; its messages go into the queue."""

    def close(self) -> None:
        """Release the resources when no trial is left."""
