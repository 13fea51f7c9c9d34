"""What is shown before training: data on its way, kernels being compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from handgrad.cli.screens.console import console, say
from handgrad.text import printable

PATIENCE_SECONDS = 0.5


@contextmanager
def loading(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A function (what, done, of how many) that draws a bar on stderr.

    In a pipe each thing is named once, when it begins.
    """
    screen = console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        console=screen,
        transient=True,
        disable=quiet or not screen.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(printable(what), total=total or None)
            if bar.disable and not quiet:
                say(what, stderr=True)
        bar.update(tasks[what], completed=done, total=total or None)

    with bar:
        yield report


def _counts() -> tuple[int, int]:
    from handgrad.engine.kernels.kernel_cache import tally  # Numba takes a while

    return tally.compiled, tally.kept


class Compiling:
    """Told each kernel's name before it is compiled or read from the disk's cache.

    If kernels are compiled and that takes long, one sentence says why nothing else
    happens, and whether the next process will have to wait as well. `between` is called
    before each, and may raise; `counts` says how many kernels were compiled and kept.
    """

    def __init__(
        self,
        between: Callable[[], None] = lambda: None,
        *,
        quiet: bool = False,
        clock: Callable[[], float] = monotonic,
        counts: Callable[[], tuple[int, int]] = _counts,
    ) -> None:
        self.between, self.clock, self.counts = between, clock, counts
        self.said = quiet
        self.begun: float | None = None
        self.compiled = self.kept = 0  # before the first

    def __call__(self, name: str) -> None:
        self.between()
        now = self.clock()
        if self.begun is None:
            self.begun = now
            self.compiled, self.kept = self.counts()
        if not self.said and now - self.begun > PATIENCE_SECONDS:
            self._say()

    def _say(self) -> None:
        compiled, kept = self.counts()
        if compiled == self.compiled:
            return  # they were only read from a slow disk
        if kept == self.kept:
            say("Compiling kernels; they cannot be kept on disk.", stderr=True)
        else:
            say("Compiling kernels, this once; they are kept on disk.", stderr=True)
        self.said = True
