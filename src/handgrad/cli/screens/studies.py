"""Terminal output of studies: lists, progress over all trials, verdicts."""

from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn

from handgrad.cli.screens.console import console, say, say_json, show, table
from handgrad.cli.screens.progress import duration
from handgrad.studies.contents import as_sentences
from handgrad.studies.experiment import SIZES, Size, all_variants
from handgrad.studies.ledger import DIVERGED, DONE, Ledger, Outcome
from handgrad.studies.library import Study
from handgrad.studies.runner import Advanced, Begun, Died, Ended, Event
from handgrad.studies.study_results import (
    MARKS,
    as_published,
    mean_and_spread,
    number,
    results_of,
)
from handgrad.studies.trials import Cell, unique
from handgrad.text import number_of, one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

SHOWN = ("test_accuracy", "validation_accuracy", "validation_loss", "train_loss")


def show_list(studies: list[Study], *, as_json: bool) -> None:
    """Print names, titles, numbers of rows and of trials."""
    if as_json:
        say_json({study.name: _about(study) for study in studies})
        return
    right = ("rows", "quick trials", "full trials")
    shown = table("study", "description", *right, right=right)
    for study in studies:
        counts = [str(len(study.cells(size))) for size in SIZES]
        rows = str(len(study.experiments))
        shown.add_row(study.name, study.about.title, rows, *counts)
    show(shown)
    say()
    say("Experiments of a study:   handgrad study show NAME")
    say("Run it in a few minutes:  handgrad study run NAME --quick")


def _about(study: Study) -> dict[str, Any]:
    trials = {size: len(study.cells(size)) for size in SIZES}
    return {
        "title": study.about.title,
        "report": study.about.report,
        "rows": list(study.experiments),
        "trials": trials,
    }


def show_study(study: Study, *, as_json: bool) -> None:
    """Print every row: question, variants, expected findings, published numbers."""
    if as_json:
        rows = {row: e.model_dump(mode="json") for row, e in study.experiments.items()}
        say_json({**_about(study), "experiments": rows})
        return
    say(study.about.title or study.name)
    for text in study.about.conventions:
        say(f"  {text}")
    for row, experiment in study.experiments.items():
        say()
        section = f" (section {experiment.section})" if experiment.section else ""
        say(f"{row}  {experiment.question}{section}")
        say(f"    variants   {'; '.join(v.name for v in all_variants(experiment))}")
        for size in SIZES:
            variants, seeds = experiment.variants_of(size), experiment.seeds_of(size)
            count = len(variants) * len(seeds)
            say(f"    {size:<9}  {count} trials, seeds {', '.join(map(str, seeds))}")
        for note in experiment.notes:
            say(f"    note       {note}")
        for finding in experiment.findings:
            say(f"    finding    {finding.says}: {finding.holds}")
        for published in experiment.published:
            of = f" of {published.variant}" if published.variant else ""
            words = as_published(published.model_dump())
            say(f"    published  {published.name}{of}: {words}")


def show_status(study: Study, ledger: Ledger, *, as_json: bool) -> None:
    """Print the trials done of each row and size, and those without results."""
    results = results_of(study, ledger)
    if as_json:
        say_json(
            {
                row["row"]: {
                    name: {k: size[k] for k in ("trials", "ended", "without_numbers")}
                    for name, size in row["sizes"].items()
                }
                for row in results["rows"]
            }
        )
        return
    shown = table("row", "question", *SIZES, right=SIZES)
    for row in results["rows"]:
        counts = [f"{s['ended']} of {s['trials']}" for s in row["sizes"].values()]
        shown.add_row(row["row"], row["question"], *counts)
    show(shown)
    for sentence in as_sentences(results):
        say(sentence)
    for row in results["rows"]:
        for size in row["sizes"].values():
            for trial in size["without_numbers"]:
                say(f"{trial['trial']}: {trial['status']}. {trial['reason']}")


class StudyScreen:
    """One progress bar for all trials, on stderr; a permanent line per ended trial."""

    def __init__(self, to_do: list[Cell], *, quiet: bool) -> None:
        self.console = console(stderr=True)
        self.quiet = quiet
        self.epochs = sum(cell.trial.epochs for cell in to_do)
        self.count, self.ended = len(to_do), 0
        self.done: dict[str, int] = {}  # epochs by the key of the trial
        self.begun = monotonic()
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[left]}", markup=False),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self.task: TaskID = self.bar.add_task("", total=self.epochs, left="")

    def take(self, event: Event) -> None:
        """Show an event."""
        cell = event.cell
        if isinstance(event, Begun):
            self._draw(str(cell))
        elif isinstance(event, Advanced):
            self.done[cell.trial.key] = event.epoch
            self._draw(f"{cell}, epoch {event.epoch} of {cell.trial.epochs}")
        elif isinstance(event, Died):
            self.say(f"{cell}: its process died ({event.how}); retrying.")
        else:
            self.ended += 1
            self.done[cell.trial.key] = cell.trial.epochs
            self.say(f"{self.ended:3} of {self.count}  {cell}: {ending(event)}")
            self._draw(f"{self.ended} of {self.count} trials")

    def _draw(self, words: str) -> None:
        done = sum(self.done.values())
        left = ""
        if done:
            seconds = (monotonic() - self.begun) * (self.epochs - done) / done
            left = f"{duration(seconds)} left"
        self.bar.update(
            self.task, completed=done, description=one_line(words), left=left
        )

    def say(self, sentence: str) -> None:
        """Print a permanent line."""
        if not self.quiet:
            self.console.print(sentence, soft_wrap=True)


def ending(event: Ended) -> str:
    """How a trial ended, in words."""
    outcome = event.outcome
    if outcome["status"] != DONE:
        return f"{outcome['status']}. {outcome['reason']}"
    numbers = [
        f"{name.replace('_', ' ')} {outcome['metrics'][name]:.4f}"
        for name in SHOWN
        if name in outcome["metrics"]
    ]
    if not numbers:
        numbers = [f"{name} {v:g}" for name, v in outcome["metrics"].items()]
    return f"{', '.join(numbers[:3])} ({duration(outcome['seconds'])})"


def said_before(done: int, to_do: int) -> str:
    """The message when a call resumes an earlier one."""
    is_are = "is" if done == 1 else "are"
    return f"{number_of(done, 'trial')} {is_are} already done; {to_do:,} to do."


def follow(
    study: Study,
    size: Size,
    ledger: Ledger,
    events: Iterable[Event],
    cells: list[Cell],
    to_do: list[Cell],
    *,
    quiet: bool,
    as_json: bool,
) -> bool:
    """Show the progress of a study, then its verdicts; return whether all is well.

    `cells` are those selected: in a part of a study, findings may lack numbers.
    """
    screen = StudyScreen(to_do, quiet=quiet)
    before = len(unique(cells)) - len(to_do)
    if before > 0:
        screen.say(said_before(before, len(to_do)))
    with screen.bar:
        for event in events:
            screen.take(event)
    results = results_of(study, ledger)
    if as_json:
        say_json(results)
    else:
        show_results(results, size)
    known = ledger.outcomes()
    in_part = len(cells) < len(study.cells(size))
    return is_right(results, size, in_part=in_part) and all(
        is_result(known[cell.trial.key]) for cell in cells
    )


def is_result(outcome: Outcome) -> bool:
    """Whether a trial has a result: it finished with numbers, or diverged."""
    return outcome["status"] in (DONE, DIVERGED)


def is_right(results: dict[str, Any], size: Size, *, in_part: bool = False) -> bool:
    """Whether all findings of the size hold; if `in_part`, those with numbers."""
    return all(
        finding["holds"] or (in_part and finding["holds"] is None)
        for row in results["rows"]
        for finding in row["sizes"][size]["findings"]
    )


def show_results(results: dict[str, Any], size: Size) -> None:
    """Print the findings of the size, and published numbers if it is the full size."""
    shown = table("row", "finding", "", "numbers")
    for row in results["rows"]:
        for finding in row["sizes"][size]["findings"]:
            values = " ".join(map(number, finding["values"]))
            mark = MARKS[finding["holds"]]
            shown.add_row(row["row"], finding["says"], mark, values or finding["why"])
    if shown.row_count:
        show(shown)
    for sentence in as_sentences(results):
        say(sentence)
    if size == "full":
        say()
        _show_published(results)


def _show_published(results: dict[str, Any]) -> None:
    shown = table("row", "number", "published", "ours", "seeds", "verdict")
    for row in results["rows"]:
        for published in row["published"]:
            ours, seeds = "", ""
            if published["ours"]:
                ours = mean_and_spread(published["ours"])
                seeds = str(published["ours"]["count"])
            of = f" ({published['variant']})" if published["variant"] else ""
            verdict, why = published["verdict"], published["why"]
            why = "" if why in ("", verdict) else f": {why}"
            shown.add_row(
                row["row"],
                f"{published['name']}{of}",
                as_published(published),
                ours,
                seeds,
                f"{verdict}{why}",
            )
    if shown.row_count:
        show(shown)
