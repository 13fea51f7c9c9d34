"""Progress before training: loading of data, compilation of kernels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from handgrad.cli.screens.console import console, say
from handgrad.text import one_line

PATIENCE_SECONDS = 0.5


@contextmanager
def loading(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function (what, done, total) that draws a progress bar on stderr.

    Outside a terminal, the name of each item is printed once, when it starts.
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
            tasks[what] = bar.add_task(one_line(what), total=total or None)
            if bar.disable and not quiet:
                say(what, stderr=True)
        bar.update(tasks[what], completed=done, total=total or None)

    with bar:
        yield report


def _counts() -> tuple[int, int]:
    from handgrad.engine.kernels.kernel_cache import tally  # Numba takes a while

    return tally.compiled, tally.kept


class Compiling:
    """Called with the name of each kernel before it is compiled or read from the cache.

    If compilation takes long, prints one message that says so, and whether the kernels
    are cached for the next process. `between` is called before each kernel, and may
    raise; `counts` returns how many kernels were compiled and cached.
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
            return  # only read from a slow disk
        if kept == self.kept:
            say("Compiling kernels; they cannot be cached on disk.", stderr=True)
        else:
            say("Compiling kernels (only once; cached on disk).", stderr=True)
        self.said = True
