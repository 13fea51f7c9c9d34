"""Whose turn it is to go on with a run: one loop at a time, in the process that began.

Between two loops anybody may go on with the folder, so a loop that follows another one
looks whether somebody has.
"""

import os
from threading import get_ident
from types import TracebackType

from handgrad.errors import RunError
from handgrad.training.run_folder import RunFolder

TRACES = ("metrics.jsonl", "timings.jsonl", "checkpoints/last.json", "result.json")
REFUSED = {
    "going": "is under way in another loop. Leave that loop first.",
    "left": "was interrupted, so it is unsaved. Go on with handgrad.training.resume.",
}


class Turn:
    """A context in which its run is trained; RunError where that cannot be.

    It is the turn of the process that made it, and of the thread that began. `stage` is
    "ready", "going", "left" after an error, or "finished".
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.stage = folder, "ready"
        self._paused: list[tuple[int, ...] | None] = []  # none if it never was
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
                f"{self.folder.path} was gone on with by somebody else while this run "
                "was paused. Go on from its checkpoint with handgrad.training.resume."
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
        """Before each step: RunError in a fork; other threads may not save from now."""
        self._check_process()
        self._thread = get_ident()

    def check_save(self) -> None:
        """RunError unless this thread's loop is at rest and the folder is its own."""
        self._check_process()
        if self._thread != get_ident():
            raise RunError(
                f"{self.folder.path} is trained by another thread, which may be within "
                "a step. Call save in the loop itself."
            )
        if self._place != self._identity():
            raise RunError(
                f"{self.folder.path} is not the folder any more in which the run began."
                " Put it back, and go on with handgrad.training.resume."
            )

    def _check_process(self) -> None:
        """The process that made the run may still write."""
        if self._process != os.getpid():
            raise RunError(
                f"{self.folder.path} is the run of process {self._process}, of which "
                "this one is a fork: only that one may go on with it. Start another "
                "run here, or use handgrad.training.resume when that one has ended."
            )

    def _identity(self) -> tuple[int, int] | None:
        """Which folder it is, whatever its name."""
        try:
            about = os.stat(self.folder.path)
        except OSError:
            return None
        return about.st_dev, about.st_ino

    def _traces(self) -> list[tuple[int, ...] | None]:
        """What changes in the folder whenever somebody trains in it."""
        found: list[tuple[int, ...] | None] = []
        for name in TRACES:
            try:
                about = os.stat(self.folder.path / name)
            except OSError:  # not there, or not to be looked at
                found.append(None)
            else:
                found.append((about.st_size, about.st_mtime_ns, about.st_ino))
        return found
