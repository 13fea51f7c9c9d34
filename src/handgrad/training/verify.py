"""A finished run held against itself: its files, then its numbers, made once more."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.engine.matrix_unit import VARIABLE
from handgrad.errors import DifferenceError, IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.ranges import check_at_least
from handgrad.training.build import build
from handgrad.training.checkpoint import Checkpoint, load_checkpoint
from handgrad.training.environment import code_checksum, matrix_kernels
from handgrad.training.manifest import check_manifest
from handgrad.training.position import Position
from handgrad.training.records import StepRecord
from handgrad.training.run import check_same_data
from handgrad.training.run_folder import RunFolder, lines_of
from handgrad.training.trainer import Trainer


@dataclass(frozen=True)
class Verdict:
    """What was compared and found equal.

    `checkpoints` are those that were reached and compared array by array;
    `is_same_code` says whether Handgrad's own files are those of the run.
    """

    files: int
    first_step: int
    last_step: int
    checkpoints: tuple[str, ...]
    family: tuple[str, ...]
    is_same_code: bool


def verify(
    path: Path,
    *,
    steps: int = 10,
    workers: int | None = None,
    progress: Any = None,
    announce: Callable[[str], None] | None = None,
) -> Verdict:
    """Check every file, then train some steps again and compare all bits.

    It begins at the best checkpoint if the run went on from there, else at the first
    step. Raises IntegrityError for a file, DifferenceError for a number, and RunError
    where the two cannot be compared.
    """
    check_at_least("verify", "steps", steps, 1)
    folder = RunFolder.open(path)
    files = check_manifest(path)
    environment = _environment(path)
    parts = build(folder.config, workers=workers, progress=progress, announce=announce)
    check_same_data(folder.config, parts.config)
    family = _check_family(path, environment)
    trainer = parts.trainer
    saved = {which: load_checkpoint(folder.checkpoints, which) for which in _SAVED}
    best, last = saved["best"], saved["last"]
    if best.position.step < last.position.step:
        trainer.restore(best.arrays, best.position)
    first = trainer.position.step + 1
    lines = _lines(folder, first, first + steps - 1)
    reached = _compare(trainer, lines, saved)
    return Verdict(
        files,
        first,
        trainer.position.step,
        tuple(reached),
        family,
        environment.get("code_sha256") == code_checksum(),
    )


_SAVED = ("best", "last")


def family_of(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """The kernel families that a process's matrix libraries chose, and the matrix unit.

    Runs from before the matrix unit was used say nothing of it, and made none of it.
    """
    libraries = environment["blas"]
    names = {str(library.get("architecture") or "unknown") for library in libraries}
    unit = environment.get("matrix_unit")
    return (*sorted(names), *([str(unit)] if unit else []))


def _check_family(path: Path, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """The family, if it is that of this process; products differ in others."""
    made, here = family_of(environment), family_of(matrix_kernels())
    if made != here:
        by_unit = environment.get("matrix_unit")
        unit = "" if by_unit else f" {VARIABLE}=0"
        is_off = os.environ.get(VARIABLE) == "0"
        unset = f" Unset {VARIABLE}." if by_unit and is_off else ""
        raise RunError(
            f"{path} was made with {', '.join(made)} matrix kernels, here are "
            f"{', '.join(here)}: their last bits differ by right. Verify it on such a "
            f"processor, or try OPENBLAS_CORETYPE={made[0]}{unit}.{unset}"
        )
    return here


def _environment(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = parse_json((path / "environment.json").read_bytes())
        family_of(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{path / 'environment.json'} does not say on which kernels the run was "
            "made. Train it again from its config.toml."
        ) from error
    return found


def _lines(folder: RunFolder, first: int, last: int) -> list[str]:
    """What the run wrote down of these steps, and of the epochs that end with them."""
    records = folder.records()
    return [json.dumps(line) for line in records if first <= line["step"] <= last]


def _compare(
    trainer: Trainer, lines: list[str], saved: Mapping[str, Checkpoint]
) -> list[str]:
    """Train on and compare; the checkpoints that were reached."""
    reached = []
    for line, record in zip(lines, trainer, strict=False):
        again, _ = lines_of(record)
        if again != line:
            kind = "step" if isinstance(record, StepRecord) else "the epoch of step"
            raise DifferenceError(
                f"At {kind} {record.step} training again gives {again}, the run wrote "
                f"{line}. {_ADVICE}"
            )
        for which, checkpoint in saved.items():
            if checkpoint.position == trainer.position:
                _compare_arrays(trainer.state(), checkpoint, which, trainer.position)
                reached.append(which)
    return reached


_ADVICE = (
    "Compare environment.json with this machine: other versions or another processor "
    "may give other last bits."
)


def _compare_arrays(
    arrays: Mapping[str, NumpyArray],
    checkpoint: Checkpoint,
    which: str,
    position: Position,
) -> None:
    for name, array in sorted(arrays.items()):
        expected = checkpoint.arrays.get(name)
        if expected is None or expected.tobytes() != array.tobytes():
            raise DifferenceError(
                f"After step {position.step} {name} is not what the {which} "
                f"checkpoint holds. {_ADVICE}"
            )
