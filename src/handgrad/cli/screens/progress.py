"""Progress of a run: a live line in a terminal, one plain line per epoch elsewhere."""

from collections.abc import Callable
from time import monotonic
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from handgrad.cli.screens.console import console
from handgrad.text import number_of
from handgrad.training.records import EpochRecord, Record, StepRecord

REDRAW_SECONDS = 0.1


class TrainingScreen:
    """Progress of a run on stderr, so that stdout contains only results.

    The bar shows the mean loss and accuracy of the epoch so far, the images per second
    and the time left for the whole run. `quiet` shows nothing.
    """

    def __init__(
        self,
        *,
        epochs: int,
        steps: int,
        steps_before: int = 0,
        quiet: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.console = console(stderr=True)
        self.epochs = epochs
        self.steps = steps
        self.quiet = quiet
        self.clock = clock
        self.drawn = self.begun = clock()
        self.steps_before = self.done = steps_before
        self.images = 0
        self.sums = [0.0, 0.0, 0]  # loss, right answers, images of this epoch
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=self.console,
            transient=True,
            auto_refresh=False,  # no extra thread during training
            disable=quiet or not self.console.is_terminal,
        )
        self.task: TaskID = self.bar.add_task("starting", total=steps, numbers="")

    def __enter__(self) -> "TrainingScreen":
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def show(self, record: Record) -> None:
        """Count a step, or print a permanent line for a finished epoch."""
        if isinstance(record, StepRecord):
            self._count(record)
            return
        self.sums = [0.0, 0.0, 0]
        if not self.quiet:
            style = "bold" if record.is_best else ""
            self.console.print(epoch_line(record), soft_wrap=True, style=style)

    def _count(self, step: StepRecord) -> None:
        """Count one step; redraw if the last redraw is long enough ago."""
        self.done += 1
        self.images += step.examples
        self.sums[0] += step.loss * step.examples
        self.sums[1] += step.correct
        self.sums[2] += step.examples
        now = self.clock()
        if not self.bar.disable and now - self.drawn >= REDRAW_SECONDS:
            self.drawn = now
            self.bar.update(
                self.task,
                completed=self.done,
                description=f"epoch {step.epoch}/{self.epochs}",
                numbers=self.numbers(now),
                refresh=True,
            )

    def reschedule(self, epochs: int) -> None:
        """Show that there will be fewer or more epochs than the first number given."""
        planned, self.epochs = self.epochs, epochs
        self.steps = self.steps * epochs // planned
        self.bar.update(self.task, total=self.steps)
        why = "The epochs take longer than planned"
        if epochs > planned:
            why = "There is time for more epochs than planned"
        self.say(f"{why}: {number_of(epochs, 'epoch')} instead of {planned}.")

    def say(self, sentence: str) -> None:
        """Print a permanent line."""
        if not self.quiet:
            self.console.print(sentence, soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Print a permanent line, even if `quiet`."""
        self.console.print(sentence, soft_wrap=True, style="bold red")

    def numbers(self, now: float) -> str:
        """Loss, accuracy, images per second and time left, as of `now`."""
        loss, right, images = self.sums
        seconds = max(now - self.begun, 1e-9)
        left = (
            (self.steps - self.done) * seconds / max(self.done - self.steps_before, 1)
        )
        return (
            f"loss {loss / max(images, 1):.4f}  accuracy {right / max(images, 1):.1%}  "
            f"{self.images / seconds:,.0f} images/s  {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """Format seconds: 8 s, 3:07, 1:02:09."""
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def epoch_line(epoch: EpochRecord) -> str:
    """The line printed at the end of an epoch."""
    words = [
        f"epoch {epoch.epoch:3}",
        f"loss {epoch.train_loss:7.4f}",
        f"accuracy {epoch.train_accuracy:6.2%}",
    ]
    if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
        words.append(f"validation {epoch.validation_loss:7.4f}")
        words[-1] += f" {epoch.validation_accuracy:6.2%}"
    words.append(f"{epoch.duration_seconds:6.1f} s")
    return "  ".join(words) + ("  best" if epoch.is_best else "")
