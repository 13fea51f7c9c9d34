"""Recover a run's checkpoints when last.json or best.json is missing or damaged.

A run that has saved anything never starts over: it continues from the newest valid
checkpoint, or raises an error.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from handgrad.errors import HandgradError, IntegrityError, warn
from handgrad.training.checkpoint import (
    NAME,
    POINTERS,
    Checkpoint,
    find_checkpoint,
    has_checkpoint,
    has_whole_pointer,
    load_checkpoint,
    point,
    train_again,
)
from handgrad.training.notes import Notes
from handgrad.training.run_folder import RunFolder

LEFT_AT_END = ("result.json", "manifest.json")
NEXT = "Restore it from a backup, or start a new run with another --run."


def recover(folder: RunFolder) -> Checkpoint | None:
    """The last checkpoint, to resume from; None for a run that has saved nothing.

    A missing or damaged last.json or best.json is rewritten for the newest valid
    checkpoint that it can have named, with a HandgradWarning. IntegrityError if there
    is none.
    """
    last = _last(folder)
    if last is None:
        return None
    best_epoch = last.position.best_epoch
    if best_epoch and not has_whole_pointer(folder.checkpoints, "best"):
        _point_to_newest(folder, "best", best_epoch)
    return last


def _last(folder: RunFolder) -> Checkpoint | None:
    if has_whole_pointer(folder.checkpoints):
        return load_checkpoint(folder.checkpoints)
    if next(_names(folder.checkpoints), None) or _has_gone_on(folder):
        return _point_to_newest(folder, "last")
    kept = folder.put_logs_aside()
    if kept:
        _say(
            f"{folder.path} holds no checkpoint, so the run starts again at step 1. "
            f"Its previous logs are in {' and '.join(kept)}."
        )
    return None


def _has_gone_on(folder: RunFolder) -> bool:
    """Return whether the run must have saved a checkpoint."""
    return (
        any(has_checkpoint(folder.checkpoints, which) for which in POINTERS)
        or any((folder.path / name).exists() for name in LEFT_AT_END)
        or (bool(folder.records()) and not folder.checkpoints.is_dir())
    )


def _point_to_newest(
    folder: RunFolder, which: str, best_epoch: int | None = None
) -> Checkpoint:
    """Write last.json or best.json for the newest checkpoint that fits."""
    pointer, why = folder.checkpoints / f"{which}.json", ""
    wrong = "invalid" if has_checkpoint(folder.checkpoints, which) else "missing"
    for name in _names(folder.checkpoints):
        try:
            found, manifest_sha256 = find_checkpoint(folder.checkpoints / name)
            _check_fits(folder, found, best_epoch)
        except (HandgradError, OSError) as error:
            why = why or f" Of {name}: {error}"
            continue
        point(folder.checkpoints, which, name, manifest_sha256)
        _say(f"{pointer} was {wrong}. It now names {name}, the newest valid one.")
        return found
    if not why and best_epoch is None:
        raise IntegrityError(train_again(folder.checkpoints))
    of = "" if best_epoch is None else f" of epoch {best_epoch}, the best"
    raise IntegrityError(
        f"{pointer} is {wrong}, and {folder.checkpoints} holds no valid "
        f"checkpoint{of}. {why or NEXT}"
    )


def _check_fits(folder: RunFolder, found: Checkpoint, best_epoch: int | None) -> None:
    """Raise HandgradError if the run cannot continue from this checkpoint."""
    folder.check_config(found)
    notes = Notes.from_values(found.notes)
    folder.check_place(found.position.lines, notes.sizes)
    ends_best = (found.position.batch, found.position.epoch - 1) == (0, best_epoch)
    if best_epoch is not None and not ends_best:
        raise IntegrityError("It is not the checkpoint of the best epoch.")


def _names(checkpoints: Path) -> Iterator[str]:
    """The names of all checkpoints, newest first."""
    paths = checkpoints.iterdir() if checkpoints.is_dir() else ()
    names = [path.name for path in paths if NAME.fullmatch(path.name)]
    yield from sorted(names, key=_age, reverse=True)


def _age(name: str) -> list[int]:
    """Sort key: step, epoch, and the number of the save at that step."""
    epoch, step, *again = map(int, re.findall(r"\d+", name))
    return [step, epoch, *again]


def _say(message: str) -> None:
    warn(message)
