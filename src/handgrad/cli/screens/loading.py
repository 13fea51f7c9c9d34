"""What is shown before training: data on its way, kernels being compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from handgrad.cli.screens.console import console, say


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
            tasks[what] = bar.add_task(what, total=total or None)
            if bar.disable and not quiet:
                say(what, stderr=True)
        bar.update(tasks[what], completed=done, total=total or None)

    with bar:
        yield report


@contextmanager
def compiling(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A function that is told each kernel's name as it is compiled.

    In a terminal the names pass by on one line that goes away; in a pipe the first one
    is said in a sentence.
    """
    screen = console(stderr=True)
    said: list[str] = []
    status = screen.status("Compiling kernels, this once ...", spinner="line")

    def announce(name: str) -> None:
        if quiet:
            return
        if screen.is_terminal:
            status.start()
            status.update(f"Compiling kernels, this once: {name}")
        elif not said:
            say("Compiling kernels, this once; they are kept on disk.", stderr=True)
        said.append(name)

    try:
        yield announce
    finally:
        status.stop()
