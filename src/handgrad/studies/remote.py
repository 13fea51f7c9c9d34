"""Run the trial of a shared folder on a Dask worker, in a process of its own.

The process is the one of trial.py, so it ends when the worker does. Its messages go to
the scheduler as events of a topic, and from there to the runner.
"""

from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from handgrad.errors import RunError
from handgrad.studies.processes import Child
from handgrad.training.ownership import disown, is_owned_elsewhere

if TYPE_CHECKING:
    from distributed import Worker

    from handgrad.studies.backends import Messages

SHARED = 15.0  # seconds until a file of one machine is visible on the others
LOOKS = 0.5  # seconds between checks whether the trial was cancelled
ENDS = 3.0  # seconds until the process of a lost worker has ended


def do_trial(
    folder: str, topic: str, workers: int | None, data_dir: str | None
) -> str | None:
    """Run it; return None if it wrote its outcome, else how its process died.

    A trial that has an outcome is not run again. RunError if the folder is not on a
    file system that this worker shares.
    """
    from distributed import get_worker

    worker, path = get_worker(), Path(folder)
    if not appears(path / "trial.json"):
        raise RunError(
            f"{folder} is not visible to the Dask worker {worker.address}. Give "
            "--folder on a file system that the workers and this machine share."
        )
    if (path / "outcome.json").is_file():
        return None
    key = worker.get_current_task()
    take_over(path / "run")
    messages: Messages = SimpleQueue()
    child = Child(
        path,
        messages,
        workers=workers or worker.state.nthreads,
        data_dir=Path(data_dir) if data_dir else None,
    )
    try:
        for values in _said(messages, worker, key):
            told = {**values, "key": key, "where": worker.address}
            worker.log_event(topic, told)
    except BaseException:
        child.stop()
        release(path / "run")
        raise
    child.close()
    return None if (path / "outcome.json").is_file() else child.how_it_died()


def appears(path: Path) -> bool:
    """Whether a file appears within seconds, since shared folders lag behind."""
    end = monotonic() + SHARED
    while not path.is_file():
        if monotonic() > end:
            return False
        sleep(0.1)
    return True


def take_over(run: Path) -> None:
    """Release the run from a process of another machine whose worker is lost.

    One runner owns the study, and the scheduler gives a trial to one worker at a time:
    so that process has ended, or is about to end with its worker.
    """
    if is_owned_elsewhere(run):
        sleep(ENDS)
        release(run)


def release(run: Path) -> None:
    """Allow any machine to continue the run of a process that has ended."""
    if run.is_dir():
        disown(run)


def _said(messages: "Messages", worker: "Worker", key: str) -> Any:
    """Yield the messages of the child; InterruptedError if the task is cancelled."""
    while True:
        if _is_cancelled(worker, key):
            raise InterruptedError(f"The task {key} was cancelled.")
        try:
            _, values = messages.get(timeout=LOOKS)
        except Empty:
            continue
        if values is None:
            return
        yield values


def _is_cancelled(worker: "Worker", key: str) -> bool:
    """Whether the runner has stopped or was killed, or this worker is closing.

    Dask lets a cancelled task run on; its state shows that it was cancelled.
    """
    if worker.status.name in ("closing", "closed", "failed"):
        return True
    task = worker.state.tasks.get(key)
    return task is None or task.state not in ("executing", "long-running")
