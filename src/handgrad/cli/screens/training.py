"""Terminal output of a run: progress, a clean stop, figures, and the final result."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from handgrad.cli.screens.advice import Advice, Step, after_non_finite
from handgrad.cli.screens.balance import (
    balance_of,
    evaluation_of,
    imbalance_notice,
    macro_recall_note,
)
from handgrad.cli.screens.console import say, say_json
from handgrad.cli.screens.images import images_in_words
from handgrad.cli.screens.progress import EpochLine, TrainingScreen
from handgrad.cli.screens.stopping import Stop
from handgrad.errors import HandgradError, NonFiniteError, StoppedError, UnsavedError
from handgrad.paths import from_here
from handgrad.training.manifest import seal
from handgrad.training.other_images import some
from handgrad.training.records import EpochRecord, Record
from handgrad.training.run import Run


def follow(run: Run, stop: Stop, *, quiet: bool, as_json: bool) -> None:
    """Train a run, show its progress, and print its result."""
    unsaved: UnsavedError | None = None
    has_ended = bool(run.result)
    balance = balance_of(run)
    try:
        notice = imbalance_notice(balance, run.config.loss.class_weight)
        _train(run, stop, notice, quiet)
        if stop.number is not None and not run.result:
            raise _stopped(run, stop.number)
        pictures = sorted(run.folder.figures.glob("*")) if has_ended else _draw(run)
    except NonFiniteError:
        if not quiet:
            _try_next([after_non_finite(run)], stderr=True)
        raise
    except UnsavedError as error:  # the result exists in memory only
        unsaved, pictures = error, []
    if as_json:
        say_json(run.result)
    else:
        found = None
        with suppress(HandgradError):  # the evaluation is optional
            found = evaluation_of(run)
        _print_result(run.result, pictures, macro_recall_note(found))
        if not quiet and unsaved is None:
            _try_next(Advice(run, balance, found).steps())
    if unsaved is not None:
        raise unsaved


def _train(run: Run, stop: Stop, notice: str, quiet: bool) -> None:
    trainer = run.trainer
    screen = TrainingScreen(
        epochs=run.config.training.epochs,
        steps=trainer.steps_per_epoch * run.config.training.epochs,
        steps_before=trainer.position.step,
        quiet=quiet,
    )
    screen.say(_header(run))
    if run.result:
        screen.say("The run has already ended; its files are unchanged.")
    if run.config.start is not None and trainer.position.step == 0:
        screen.say(_start(run))
    if notice:
        screen.say(notice)
    trainer.between = stop.check
    was_saved = True
    with screen, suppress(StoppedError):
        for record in run:
            stop.waits = True  # before the first step there is nothing to save
            _show(screen, record)
            is_saved = run.unsaved.failure is None
            if is_saved != was_saved:
                screen.warn(_saving_message(run))
                was_saved = is_saved
            if stop.number is not None and not trainer.is_finished:
                run.save()
                break
    stop.waits = False


def _saving_message(run: Run) -> str:
    """The message when saving starts to fail, and when it works again."""
    if run.unsaved.failure is None:
        return f"Saved again: {from_here(run.folder.path)} is up to date."
    return (
        "NOT SAVED: training continues and will retry at the next checkpoint. "
        f"{run.unsaved.failure}"
    )


def _show(screen: TrainingScreen, record: Record) -> None:
    if isinstance(record, EpochRecord):
        screen.epoch(
            EpochLine(
                record.epoch,
                record.train_loss,
                record.train_accuracy,
                record.validation_loss,
                record.validation_accuracy,
                record.duration_seconds,
                record.is_best,
            )
        )
    else:
        screen.step(
            epoch=record.epoch,
            loss=record.loss,
            correct=record.correct,
            images=record.examples,
        )


def _stopped(run: Run, number: int) -> StoppedError:
    """The error for a run that was stopped by a signal, after saving."""
    error = StoppedError(
        f"Stopped after step {run.trainer.position.step}; everything is saved. "
        f"To resume: handgrad train --resume {from_here(run.folder.path)}"
    )
    error.exit_code = 128 + number
    return error


def _draw(run: Run) -> list[Path]:
    """Draw the figures; an error, such as a full disk, must not hide the result."""
    from handgrad.inspection.run_figures import draw_run

    try:
        pictures = draw_run(run)
        seal(run.folder.path)
    except HandgradError as error:
        say(str(error), stderr=True)
        return []
    return pictures


def _header(run: Run) -> str:
    config, resolved = run.config, run.config.resolved
    assert resolved is not None
    channels, height, width = resolved.input_shape
    images = images_in_words(config, run.parts.dataset)
    return "\n".join(
        [
            f"{config.model.name} on {config.dataset.name}: {images[0]}",
            *images[1:],
            f"{height} x {width} {'grey' if channels == 1 else 'colour'}, "
            f"{len(resolved.class_names)} classes: {some(resolved.class_names)}",
            f"run folder: {from_here(run.folder.path)}",
        ]
    )


def _start(run: Run) -> str:
    """How many arrays were loaded from another run, and which are new."""
    resolved, start = run.config.resolved, run.config.start
    assert resolved is not None
    assert start is not None
    new = [name.partition("/")[2] for name in resolved.new_arrays or ()]
    count = len(run.parts.model.parameters()) + len(run.parts.model.buffers())
    words = f"starts from {count - len(new)} of {count} arrays of {start.source}"
    return f"{words}; new: {', '.join(new)}" if new else words


def _print_result(result: dict[str, Any], pictures: list[Path], balance: str) -> None:
    path, epochs = result["run"], result["epochs"]
    measure = "test" if result["test_accuracy"] is not None else "validation"
    accuracy = result[f"{measure}_accuracy"]
    said = "" if accuracy is None else f"{measure} accuracy {accuracy:.2%}, "
    say(
        f"{said}{result['parameters']:,} parameters, {epochs} "
        f"epoch{'' if epochs == 1 else 's'}, "
        f"{result['seconds']:.1f} s"
    )
    if balance:
        say(balance)
    say(f"run folder: {path}")
    if pictures:
        say(f"figures: {from_here(pictures[0].parent)}")


def _try_next(steps: list[Step], *, stderr: bool = False) -> None:
    """Print suggestions: a reason, and below it the command."""
    say(stderr=stderr)
    say("Try next", stderr=stderr)
    for step in steps:
        say(f"  {step.why}", stderr=stderr)
        say(f"    {step.command}", stderr=stderr)
