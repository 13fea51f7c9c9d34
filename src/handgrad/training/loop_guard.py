"""Allow one loop at a time over a run, in the process that created it.

Between two loops the run may be continued elsewhere in the same folder, so a loop that
follows another one checks whether that has happened.
"""

import os
from threading import get_ident
from types import TracebackType

from handgrad.errors import RunError
from handgrad.training.run_folder import RunFolder

TRACES = ("metrics.jsonl", "timings.jsonl", "checkpoints/last.json", "result.json")
REFUSED = {
    "going": "is running in another loop. Leave that loop first.",
    "left": "was interrupted and is unsaved. Continue with handgrad.training.resume.",
}


class Turn:
    """A context manager for the loop that trains a run; RunError if it may not start.

    It belongs to the process that created it and the thread that started the loop.
    `stage` is "ready", "going", "left" after an error, or "finished".
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.stage = folder, "ready"
        self._paused: list[tuple[int, ...] | None] = []  # empty: never paused
        self._process, self._thread = os.getpid(), get_ident()
        self._place = self._identity()

    def __enter__(self) -> None:
        self._check_process()
        if self.stage in REFUSED:
            raise RunError(f"The run {self.folder.path} {REFUSED[self.stage]}")
        self.folder.own()
        if self._paused and self._paused != self._traces():
            self.folder.release()
            raise RunError(
                f"{self.folder.path} was continued elsewhere while this run was "
                "paused. Continue from its checkpoint with handgrad.training.resume."
            )
        self.stage, self._thread = "going", get_ident()
        self._place = self._identity()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        is_break = kind is GeneratorExit  # between two records
        self.stage = "ready" if kind is None or is_break else "left"
        self._paused = self._traces()
        self.folder.release()

    def go_on(self) -> None:
        """Check before each step: RunError in a fork; only this thread may save."""
        self._check_process()
        self._thread = get_ident()

    def check_save(self) -> None:
        """Raise RunError for another thread's loop, or if the folder was replaced."""
        self._check_process()
        if self._thread != get_ident():
            raise RunError(
                f"{self.folder.path} is trained by another thread, which may be in the "
                "middle of a step. Call save in the training loop itself."
            )
        if self._place != self._identity():
            raise RunError(
                f"{self.folder.path} is no longer the folder in which the run started. "
                "Move that folder back and continue with handgrad.training.resume."
            )

    def _check_process(self) -> None:
        """Raise RunError in any process but the one that created the run."""
        if self._process != os.getpid():
            raise RunError(
                f"{self.folder.path} is the run of process {self._process}, of which "
                "this one is a fork: only the original may continue it. Start another "
                "run here, or use handgrad.training.resume when that process has ended."
            )

    def _identity(self) -> tuple[int, int] | None:
        """Device and inode of the folder, independent of its name."""
        try:
            about = os.stat(self.folder.path)
        except OSError:
            return None
        return about.st_dev, about.st_ino

    def _traces(self) -> list[tuple[int, ...] | None]:
        """Size, time and inode of the files that change while the run is trained."""
        found: list[tuple[int, ...] | None] = []
        for name in TRACES:
            try:
                about = os.stat(self.folder.path / name)
            except OSError:  # missing, or not accessible
                found.append(None)
            else:
                found.append((about.st_size, about.st_mtime_ns, about.st_ino))
        return found
