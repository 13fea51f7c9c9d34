"""Verify a finished run: check its files and records, then repeat training steps."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.data_changes import record_of
from handgrad.errors import DifferenceError
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
from handgrad.training.environment import code_checksum
from handgrad.training.logs import lines_of
from handgrad.training.manifest import check_manifest
from handgrad.training.position import Position
from handgrad.training.run_config import check_data, check_same_data
from handgrad.training.run_folder import RunFolder
from handgrad.training.same_kernels import compare_with, environment_of
from handgrad.training.trainer import Trainer


@dataclass(frozen=True)
class Verdict:
    """The outcome of a successful verification.

    The run has `steps` steps in `epochs` epochs; those from `first_step` to `last_step`
    were repeated. `evaluated` names the splits on which the checkpoints were evaluated
    again, and `checkpoints` those that the repeated steps reached: all their arrays are
    equal. `is_same_code` says whether Handgrad's source files are those of the run.
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
    """Check every file and every record, then repeat some training steps.

    Images are decoded again. Training starts from the best checkpoint if the run
    continued after it, else from the first step; always from the first step with
    `from_start`. The process is restricted to the instruction set and the matrix
    kernels of the run. Raises IntegrityError for a changed file, DifferenceError for a
    number that differs, and RunError if they cannot be compared.
    """
    check_at_least("verify", "steps", steps, 1)
    folder = RunFolder.open(path)
    files = check_manifest(path)
    environment = environment_of(path)
    family = compare_with(path, environment)
    config = folder.config
    saved = {which: load_checkpoint(folder.checkpoints, which) for which in _SAVED}
    for checkpoint in saved.values():
        folder.check_config(checkpoint)
    with naming_changes(path, config):
        dataset = load_dataset(config, progress, use_cache=False)
        check_data(path, config, dataset)
    parts = assemble(config, dataset, workers=workers, announce=announce)
    check_same_data(path, config, parts.config, record_of(dataset))
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


def _again(lines: Sequence[Line], first: int, last: int) -> list[str]:
    """The lines that the run wrote for these steps and the epochs that end in them."""
    return [json.dumps(line) for line in lines if first <= line["step"] <= last]


def _compare(
    trainer: Trainer, lines: Sequence[str], saved: Mapping[str, Checkpoint]
) -> list[str]:
    """Continue training, compare every line, and return the checkpoints reached."""
    reached = []
    for line, record in zip(lines, chain(trainer, repeat(None)), strict=False):
        again = lines_of(record)[0] if record is not None else "no further record"
        if again != line:
            raise DifferenceError(
                f"After step {trainer.position.step}, repeating the training gives "
                f"{again}, but the run recorded {line}. {ADVICE}"
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
                f"After step {position.step}, {name} differs from the {which} "
                f"checkpoint. {ADVICE}"
            )
