"""Terminal output of a planned training: the plan, and what the result means."""

import shlex
from contextlib import suppress
from math import nan

from handgrad.auto.deadline import Deadline
from handgrad.auto.explain import lines
from handgrad.auto.plan import Plan
from handgrad.cli.screens.advice import MISSED, Advice
from handgrad.cli.screens.console import say
from handgrad.cli.screens.training import validation_accuracy
from handgrad.errors import HandgradError
from handgrad.inspection.confusion import named_pairs
from handgrad.inspection.labels import FOLDS
from handgrad.metrics import Evaluation, evaluate
from handgrad.paths import from_here
from handgrad.text import one_line
from handgrad.training.run import Run

PAIRS = 3  # confusions in the line
COMMANDS = {
    "classify images": "predict {run} IMAGE_OR_FOLDER",
    "see which images it gets wrong": "inspect mistakes {run}",
    "look for wrong labels": "inspect labels {run}",
    "make its probabilities reliable": "calibrate {run}",
    "change the plan and train again": "train {run}/plan.toml",
}
WEIGHTED = "train {run}/plan.toml --class-weight balanced"


def print_plan(plan: Plan) -> None:
    """Print the five lines of a plan on stderr."""
    for line in lines(plan):
        say(line, stderr=True)


def print_ending(advice: Advice, deadline: Deadline | None = None) -> None:
    """Print accuracies, the weakest class, the most frequent confusions, commands.

    `deadline` is that of the training; a training that was resumed has none.
    """
    run = advice.run
    epochs = run.config.training.epochs
    path = shlex.quote(str(from_here(run.folder.path)))
    for line in [*accuracy_lines(run), *weakness_lines(run)]:
        say(line)
    if deadline is not None and deadline.is_cut:
        done = run.result["epochs"]
        say(f"The time was over after epoch {done} of {epochs}. The other epochs:")
        say(f"    handgrad train --resume {path}")
    say()
    say("Try next")
    for why, command in next_steps(run, is_unequal=advice.misses_rare_classes):
        say(f"  {why}")
        say(f"    handgrad {command.format(run=path)}")


def next_steps(run: Run, *, is_unequal: bool = False) -> list[tuple[str, str]]:
    """The rows of COMMANDS that can be run: most take images that were held out.

    `is_unequal` adds class weights.
    """
    validation, test = run.parts.validation, run.parts.dataset.test
    excluded = {"calibrate"} if validation is None else set()
    if validation is None and test is None:
        excluded.add("inspect mistakes")
    if len(run.parts.train) < FOLDS:
        excluded.add("inspect labels")
    first = [(MISSED, WEIGHTED)] if is_unequal else []
    return first + [
        (why, command)
        for why, command in COMMANDS.items()
        if command.partition(" {")[0] not in excluded
    ]


def accuracy_lines(run: Run) -> list[str]:
    """Validation accuracy of the epoch kept, or why no accuracy is known."""
    best, found = run.trainer.position.best_epoch, validation_accuracy(run)
    if found is None and run.result["test_accuracy"] is None:
        return [
            "The accuracy is unknown: there are too few images to hold some out. Add "
            "images, at least five of each class."
        ]
    if found is None:
        return []
    return [f"validation accuracy {found:.2%} after epoch {best}, which was kept"]


def weakness_lines(run: Run) -> list[str]:
    """The class with the lowest recall, and the most frequent confusions."""
    test, validation = run.parts.dataset.test, run.parts.validation
    split = validation if test is None else test
    if split is None:
        return []
    with suppress(HandgradError):  # of very many classes
        logits = run.trainer.logits(split.images)
        found = evaluate(logits, split.targets, loss=nan)
        return _weakness(found, run.parts.dataset.class_names)
    return []


def _weakness(found: Evaluation, names: tuple[str, ...]) -> list[str]:
    pairs = named_pairs(found.confusion, names, PAIRS)
    if not pairs:
        return []
    seen = [k for k, count in enumerate(found.support) if count]
    worst = min(seen, key=lambda k: float(found.recall[k]))
    confused = ", ".join(
        f"{one_line(true)} as {one_line(answer)} ({count})"
        for true, answer, count in pairs
    )
    return [
        f"lowest recall: {one_line(names[worst])}, {found.recall[worst]:.0%} of "
        f"{found.support[worst]:,}; most confused: {confused}"
    ]
