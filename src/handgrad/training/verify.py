"""Verify a finished run: its files, its records, then steps trained again."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.changes import record_of
from handgrad.engine.matrix_unit import VARIABLE
from handgrad.errors import DifferenceError, IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.ranges import check_at_least
from handgrad.training.build import assemble, load_dataset
from handgrad.training.checkpoint import Checkpoint, load_checkpoint
from handgrad.training.consistency import (
    ADVICE,
    Line,
    check_records,
    check_result,
)
from handgrad.training.data_record import naming_changes
from handgrad.training.environment import code_checksum, matrix_kernels
from handgrad.training.logs import lines_of
from handgrad.training.manifest import check_manifest
from handgrad.training.position import Position
from handgrad.training.real_files import read_file
from handgrad.training.run_config import check_same_data
from handgrad.training.run_folder import RunFolder
from handgrad.training.trainer import Trainer


@dataclass(frozen=True)
class Verdict:
    """What was compared and found equal.

    The run has `steps` steps in `epochs` epochs; those from `first_step` to `last_step`
    were trained again. `evaluated` names the splits on which the checkpoints were
    evaluated again, and `checkpoints` those that training again reached: all their
    arrays are equal. `is_same_code` says whether Handgrad's own files are those of the
    run.
    """

    files: int
    steps: int
    epochs: int
    first_step: int
    last_step: int
    checkpoints: tuple[str, ...]
    evaluated: tuple[str, ...]
    family: tuple[str, ...]
    is_same_code: bool


def verify(
    path: Path,
    *,
    steps: int = 10,
    from_start: bool = False,
    workers: int | None = None,
    progress: Any = None,
    announce: Callable[[str], None] | None = None,
) -> Verdict:
    """Check every file and every record, then train some steps again.

    Pictures are decoded again. Training begins at the best checkpoint if the run went
    on from there, else at the first step; always at the first with `from_start`. Raises
    IntegrityError for a file, DifferenceError for a number, and RunError where the two
    cannot be compared.
    """
    check_at_least("verify", "steps", steps, 1)
    folder = RunFolder.open(path)
    files = check_manifest(path)
    environment = _environment(path)
    config = folder.config
    saved = {which: load_checkpoint(folder.checkpoints, which) for which in _SAVED}
    for checkpoint in saved.values():
        folder.check_config(checkpoint)
    with naming_changes(path, config):
        dataset = load_dataset(config, progress, use_cache=False)
    parts = assemble(config, dataset, workers=workers, announce=announce)
    check_same_data(path, config, parts.config, record_of(dataset))
    family = _check_family(path, environment)
    trainer = parts.trainer
    beginning = Checkpoint(trainer.state(), trainer.position, {})
    lines = check_records(folder, trainer, saved)
    evaluated = check_result(folder, parts, saved, lines)
    best, last = saved["best"], saved["last"]
    is_before_end = best.position.step < last.position.step and not from_start
    start = best if is_before_end else beginning
    trainer.restore(start.arrays, start.position)
    first = start.position.step + 1
    reached = _compare(trainer, _again(lines, first, first + steps - 1), saved)
    return Verdict(
        files,
        last.position.step,
        last.position.epoch - 1,
        first,
        trainer.position.step,
        tuple(reached),
        evaluated,
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
        found: dict[str, Any] = parse_json(read_file(path / "environment.json"))
        family_of(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{path / 'environment.json'} does not say on which kernels the run was "
            "made. Train it again from its config.toml."
        ) from error
    return found


def _again(lines: Sequence[Line], first: int, last: int) -> list[str]:
    """What the run wrote of these steps, and of the epochs that end with them."""
    return [json.dumps(line) for line in lines if first <= line["step"] <= last]


def _compare(
    trainer: Trainer, lines: Sequence[str], saved: Mapping[str, Checkpoint]
) -> list[str]:
    """Train on and compare every line; the checkpoints that were reached."""
    reached = []
    for line, record in zip(lines, chain(trainer, repeat(None)), strict=False):
        again = lines_of(record)[0] if record is not None else "no further record"
        if again != line:
            raise DifferenceError(
                f"After step {trainer.position.step} training again gives {again}, the "
                f"run wrote {line}. {ADVICE}"
            )
        for which, checkpoint in saved.items():
            if checkpoint.position == trainer.position:
                _compare_arrays(trainer.state(), checkpoint, which, trainer.position)
                reached.append(which)
    return reached


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
                f"checkpoint holds. {ADVICE}"
            )
