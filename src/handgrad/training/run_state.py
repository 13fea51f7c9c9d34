"""Whether a run trains, and the process that trains it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import RunError
from handgrad.training.ownership import living_owner

if TYPE_CHECKING:
    from psutil import Process

LIVING = ("running", "paused")


def state_of(folder: Path) -> str:
    """The state of the run in `folder`.

    running   a process trains it
    paused    that process is suspended
    finished  it has a result
    failed    it met NaN or infinity
    stopped   it can be resumed
    """
    owner = living_owner(folder)
    if owner:
        return "paused" if _is_suspended(owner.get("process")) else "running"
    if (folder / "result.json").is_file():
        return "finished"
    return "failed" if (folder / "non_finite.json").is_file() else "stopped"


def process_of(folder: Path, begun: int | None = None) -> "Process":
    """The process that trains the run in `folder`; RunError if there is none.

    `begun` is the number of a process that was started for the run, and may not have
    made its folder yet. SIGTERM saves the run and ends the process.

    Example
        process_of(Path("runs/lenet-digits-1")).suspend()
    """
    import psutil

    number = living_owner(folder).get("process", begun)
    try:
        return psutil.Process(number or -1)
    except (psutil.Error, ValueError, TypeError) as error:
        raise RunError("This run is not training now. Resume it first.") from error


def _is_suspended(process: Any) -> bool:
    import psutil

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_STOPPED)
    except (psutil.Error, ValueError, TypeError):
        return False
