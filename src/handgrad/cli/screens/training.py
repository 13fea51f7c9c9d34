"""Terminal output of a run: progress, the final result, and what to try next."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from handgrad.arrays import Shape
from handgrad.cli.screens.advice import Advice, Step, after_non_finite
from handgrad.cli.screens.balance import (
    balance_of,
    evaluation_of,
    imbalance_notice,
    macro_recall_note,
)
from handgrad.cli.screens.console import say, say_json
from handgrad.cli.screens.images import images_in_words
from handgrad.cli.screens.progress import TrainingScreen
from handgrad.cli.screens.stopping import Interrupted, Stop
from handgrad.errors import (
    HandgradError,
    NonFiniteError,
    StoppedError,
    UnsavedError,
)
from handgrad.paths import from_here
from handgrad.run import complete
from handgrad.training.freezing import multipliers
from handgrad.training.other_images import some
from handgrad.training.records import Record
from handgrad.training.run import Run


def follow(
    run: Run,
    stop: Stop,
    *,
    quiet: bool,
    as_json: bool,
    records: Iterator[Record] | None = None,
    ending: Callable[[Advice], None] | None = None,
) -> None:
    """Train a run, show its progress, and print its result.

    `records` are those of the whole run, by default `complete(run)`; `ending` prints
    what follows the result, by default suggestions from the metrics.
    """
    unsaved: UnsavedError | None = None
    balance = balance_of(run)
    try:
        notice = imbalance_notice(balance, run.config.loss.class_weight)
        _train(run, stop, notice, quiet, complete(run) if records is None else records)
    except NonFiniteError as error:
        has_moved = error.details.get("updates", 1)  # else no learning rate caused it
        if has_moved and not quiet:
            _try_next([after_non_finite(run)], stderr=True)
        raise
    except UnsavedError as error:  # the result exists in memory only
        unsaved = error
    except Interrupted as error:
        raise _stopped_at_once(run, error) from error
    if as_json:
        say_json(run.result)
    else:
        found = None
        with suppress(HandgradError):  # the evaluation is optional
            found = evaluation_of(run)
        has_figures = unsaved is None and any(run.folder.figures.glob("*"))
        figures = from_here(run.folder.figures) if has_figures else ""
        _print_result(run, figures, macro_recall_note(found))
        if not quiet and unsaved is None:
            (ending or _advise)(Advice(run, balance, found))
    if unsaved is not None:
        raise unsaved


def _advise(advice: Advice) -> None:
    _try_next(advice.steps())


def _stopped_at_once(run: Run, signal: Interrupted) -> StoppedError:
    """The error of a run that a signal ended while there was nothing to save."""
    what = "To resume" if run.trainer.position.step else "Nothing is lost; to begin"
    stopped = StoppedError(
        f"Stopped. {what}: handgrad train --resume {from_here(run.folder.path)}"
    )
    stopped.exit_code = 128 + signal.number
    return stopped


def _train(
    run: Run, stop: Stop, notice: str, quiet: bool, records: Iterator[Record]
) -> None:
    trainer = run.trainer
    screen = TrainingScreen(
        epochs=run.config.training.epochs,
        steps=trainer.steps_per_epoch * run.config.training.epochs,
        steps_before=trainer.position.step,
        quiet=quiet,
    )
    for line in _header(run):
        screen.say(line)
    if run.result:
        screen.say("The run has already ended; its files are unchanged.")
    if run.config.start is not None and trainer.position.step == 0:
        for line in _start(run):
            screen.say(line)
    if notice:
        screen.say(notice)
    trainer.between, stop.waits = stop.check, lambda: run.has_work
    was_saved = True
    with screen:
        for record in records:
            screen.show(record)
            if trainer.settings.epochs != screen.epochs:
                screen.reschedule(trainer.settings.epochs)
            is_saved = run.unsaved.failure is None
            if is_saved != was_saved:
                screen.warn(_saving_message(run))
                was_saved = is_saved


def records_of(run: Run, given: Mapping[str, Any]) -> Iterator[Record]:
    """Train a run to its end; write what --tensorboard and --live ask for."""
    records = complete(run)
    if "tensorboard" in given:
        from handgrad.interop.tensorboard_log import log_to_tensorboard

        records = log_to_tensorboard(run, given["tensorboard"])
    if "live" in given:
        from handgrad.interop.live_log import log_live

        records = log_live(run, given["live"], records)
    return records


def _saving_message(run: Run) -> str:
    """The message when saving starts to fail, and when it works again."""
    if run.unsaved.failure is None:
        return f"Saved again: {from_here(run.folder.path)} is up to date."
    return (
        "NOT SAVED: training continues and will retry at the next checkpoint. "
        f"{run.unsaved.failure}"
    )


def _header(run: Run) -> list[str]:
    config, resolved = run.config, run.config.resolved
    assert resolved is not None
    images = images_in_words(config, run.parts.dataset)
    return [
        f"{config.model.name} on {config.dataset.name}: {images[0]}",
        *images[1:],
        f"{_shape(resolved.input_shape)}, "
        f"{len(resolved.class_names)} classes: {some(resolved.class_names)}",
        f"run folder: {from_here(run.folder.path)}",
    ]


def _shape(shape: Shape) -> str:
    if len(shape) != 3:
        return f"{shape[0]} features"
    channels, height, width = shape
    return f"{height} x {width} {'grey' if channels == 1 else 'colour'}"


def _start(run: Run) -> list[str]:
    """What was loaded from another run, what is new, and what is frozen or slowed."""
    resolved, start = run.config.resolved, run.config.start
    assert resolved is not None
    assert start is not None
    new = [name.partition("/")[2] for name in resolved.new_arrays or ()]
    count = len(run.parts.model.parameters()) + len(run.parts.model.buffers())
    words = f"starts from {count - len(new)} of {count} arrays of {start.source}"
    lines = [f"{words}; new: {', '.join(new)}" if new else words]
    if start.normalization == "source":
        lines.append("images are normalized as for these weights")
    for how, layers in multipliers(run.parts.model).items():
        how = how if how == "frozen" else f"learning rate {how}"
        lines.append(f"{how}: {', '.join(layers)}")
    return lines


def validation_accuracy(run: Run) -> float | None:
    """That of the epoch kept, whose network the run uses; None if it had none."""
    epochs = [r for r in run.folder.records() if r["kind"] == "epoch"]
    found: float | None = epochs[run.result["best_epoch"] - 1]["validation_accuracy"]
    return found


def _print_result(run: Run, figures: str, balance: str) -> None:
    result, measure = run.result, "test"
    path, epochs, accuracy = result["run"], result["epochs"], result["test_accuracy"]
    if accuracy is None:
        measure, accuracy = "validation", validation_accuracy(run)
    said = "" if accuracy is None else f"{measure} accuracy {accuracy:.2%}, "
    say(
        f"{said}{result['parameters']:,} parameters, {epochs} "
        f"epoch{'' if epochs == 1 else 's'}, "
        f"{result['seconds']:.1f} s"
    )
    if balance:
        say(balance)
    say(f"run folder: {path}")
    if figures:
        say(f"figures: {figures}")


def _try_next(steps: list[Step], *, stderr: bool = False) -> None:
    """Print suggestions: a reason, and below it the command."""
    say(stderr=stderr)
    say("Try next", stderr=stderr)
    for step in steps:
        say(f"  {step.why}", stderr=stderr)
        say(f"    {step.command}", stderr=stderr)
