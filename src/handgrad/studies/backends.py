"""What does trials: the two words that the runner needs of it.

`LocalProcesses` (processes.py) does them on this machine, `DaskCluster` (cluster.py) on
the workers of a Dask scheduler. The runner's loop is the same for both.
"""

from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias


class Job(Protocol):
    """A trial that was begun."""

    def close(self) -> None:
        """Free what it has left, once it has ended; RunError if no trial can go on."""

    def stop(self) -> None:
        """End it now; it can be gone on with from its last checkpoint."""

    def how_it_died(self) -> str:
        """What is known of the end of one that left no outcome."""


# What a job says. None comes once, last; before it plain values:
#   {"process": number, "where": address}   a process has begun, "" is this machine
#   {"epoch": number, "train_loss": value}  it has finished an epoch
#   {"died": how}                           it is gone; another begins by itself
Messages: TypeAlias = "SimpleQueue[tuple[Job, dict[str, Any] | None]]"


class Backend(Protocol):
    """Somewhere where trials are done in processes of their own.

    `data_dir` is where data sets are searched first.
    """

    @property
    def data_dir(self) -> Path | None:
        """A folder, or None for the usual places."""

    def slots(self) -> int:
        """How many trials to have begun at the same time, as of now."""

    def begin(self, folder: Path, messages: Messages) -> Job:
        """Begin the trial of that folder; what it says goes into the queue."""

    def close(self) -> None:
        """Let go of it when no trial is left."""
