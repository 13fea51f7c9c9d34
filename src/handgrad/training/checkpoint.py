"""Checkpoints: one folder each, written atomically and verified when loaded.

    checkpoints/
        epoch-0003-step-00000705/
            state.safetensors    every array: parameters, buffers, optimizer state
            position.json        position in training
            manifest.json        the folder's name, SHA-256 of both
        last.json, best.json     the folder's name and its manifest's SHA-256

A pointer is written after its folder, so it always names a complete checkpoint.
Only a folder whose manifest holds the folder's own name is ever removed: a copy under
another name is the user's.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from handgrad.arrays import NumpyArray
from handgrad.errors import IntegrityError, RunError
from handgrad.options import name_of
from handgrad.parsing import parse_json
from handgrad.training.atomic import make_folder, sweep, write_file, write_folder
from handgrad.training.position import Position
from handgrad.training.real_files import Place, is_file, opened, read_file

STATE, POSITION, MANIFEST = "state.safetensors", "position.json", "manifest.json"
POINTERS = ("last", "best")
NAME = re.compile(r"epoch-\d+-step-\d+(-\d+)?")
OTHER = "Use the other checkpoint of the run (last or best), or a backup of the folder."


@dataclass(frozen=True)
class Checkpoint:
    """A training state: its arrays, its position, and the notes of the run."""

    arrays: dict[str, NumpyArray]
    position: Position
    notes: dict[str, Any]


def save_checkpoint(
    folder: Path,
    arrays: Mapping[str, NumpyArray],
    position: Position,
    *,
    notes: Mapping[str, Any] | None = None,
    is_best: bool = False,
    is_last: bool = True,
) -> Path:
    """Save a state as the last checkpoint, and as the best one with `is_best`.

    After a failure both pointers are unchanged, or one already names the new state.
    """
    root = folder.parent
    make_folder(folder, root)
    numbers = {"position": position.as_numbers(), "notes": dict(notes or {})}
    # no indentation: json would encode the n losses of each save in slow Python
    text = json.dumps(numbers, sort_keys=True) + "\n"
    files = {STATE: save(dict(arrays)), POSITION: text.encode()}
    path = _free_name(folder, position)
    sums = {name: _sha256(content) for name, content in files.items()}
    manifest = _json({"checkpoint": path.name, **sums})
    names = [("best", is_best), ("last", is_last)]
    try:
        write_folder(path, {**files, MANIFEST: manifest}, root)
        for which in (name for name, is_wanted in names if is_wanted):
            point(folder, which, path.name, _sha256(manifest))
    finally:
        _remove_unnamed(folder)
    return path


def point(folder: Path, which: str, name: str, manifest_sha256: str) -> None:
    """Write last.json or best.json."""
    pointer = {"which": which, "checkpoint": name, "manifest_sha256": manifest_sha256}
    write_file(folder / f"{which}.json", _json(pointer), folder.parent)


def load_checkpoint(folder: Path, which: str = "last") -> Checkpoint:
    """Read the last or the best checkpoint; IntegrityError if a file was changed."""
    which = name_of("checkpoint", dict.fromkeys(POINTERS), which)
    pointer = _read_pointer(folder, which)
    return read_checkpoint(folder / pointer["checkpoint"], pointer["manifest_sha256"])


def find_checkpoint(path: Path) -> tuple[Checkpoint, str]:
    """Read a checkpoint that no pointer names, and its manifest's SHA-256."""
    manifest_sha256 = _sha256(_read(path / MANIFEST))
    if not names_itself(path):
        raise _damaged(path / MANIFEST)
    return read_checkpoint(path, manifest_sha256), manifest_sha256


def read_checkpoint(path: Path, manifest_sha256: str) -> Checkpoint:
    """Read the checkpoint of a folder; IntegrityError if a file was changed."""
    sums = _parse(path / MANIFEST, _check(path / MANIFEST, manifest_sha256))
    contents = {file: _check(path / file, sums.get(file)) for file in (STATE, POSITION)}
    numbers = _parse(path / POSITION, contents[POSITION])
    try:
        arrays = load(contents[STATE])
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise _damaged(path / STATE) from error
    position = Position.from_numbers(_part(path, numbers, "position"))
    return Checkpoint(arrays, position, _part(path, numbers, "notes"))


def has_checkpoint(folder: Path, which: str = "last") -> bool:
    """Whether the pointer to this checkpoint exists."""
    return is_file(folder / f"{which}.json")


def has_whole_pointer(folder: Path, which: str = "last") -> bool:
    """Whether the pointer to this checkpoint exists and is intact."""
    with suppress(IntegrityError):
        return has_checkpoint(folder, which) and bool(_read_pointer(folder, which))
    return False


def tidy(folder: Path) -> None:
    """Remove what a killed process left: temporary files, unreferenced checkpoints."""
    if folder.is_dir():
        sweep(folder, folder.parent)
        if all(has_checkpoint(folder, which) for which in POINTERS):
            _remove_unnamed(folder)  # else an unreferenced one may be the lost one


def _read_pointer(folder: Path, which: str) -> dict[str, Any]:
    """Read last.json or best.json; IntegrityError if a byte was changed."""
    path = folder / f"{which}.json"
    content = _read(path)
    pointer = _parse(path, content)
    is_whole = pointer.keys() == {"which", "checkpoint", "manifest_sha256"} and (
        content == _json(pointer)
    )
    if not is_whole or pointer["which"] != which:
        raise _damaged(path)
    if not NAME.fullmatch(str(pointer["checkpoint"])):
        raise _damaged(path)
    if not (folder / pointer["checkpoint"]).is_dir():
        raise IntegrityError(
            f"{path} names {pointer['checkpoint']}, which does not exist. "
            f"{_recover(path)}"
        )
    return pointer


def _check(path: Path, expected: Any) -> bytes:
    content = _read(path)
    if _sha256(content) != expected:
        raise _damaged(path)
    return content


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileNotFoundError as error:
        run = path.parent.parent
        if path.stem in POINTERS and _was_written(path):
            raise IntegrityError(
                f"{path} is missing, though the run has saved checkpoints. "
                f"{_recover(path)}"
            ) from error
        if path.stem in POINTERS:
            raise RunError(
                f"{run} holds no checkpoint yet. If it is training, wait for the first "
                "one; if it ended before that, start it again with: handgrad train "
                f"--resume {run}"
            ) from error
        raise IntegrityError(f"{path} is missing. {OTHER}") from error
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}. Fix that and try again."
        ) from error


def _was_written(pointer: Path) -> bool:
    """Whether the pointer is lost: the run has saved a checkpoint.

    best.json is read only once an epoch has ended.
    """
    has_ended = is_file(pointer.parent.parent / "result.json")
    return has_ended or _holds_any(pointer.parent) or not pointer.parent.is_dir()


def _holds_any(folder: Path) -> bool:
    """Whether there is a checkpoint, named by a pointer or not."""
    return any(NAME.fullmatch(path.name) for path in folder.glob("epoch-*"))


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        values = parse_json(content)
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(values, dict):
        raise _damaged(path)
    return values


def _part(path: Path, numbers: dict[str, Any], name: str) -> dict[str, Any]:
    part = numbers.get(name)
    if not isinstance(part, dict):
        raise _damaged(path / POSITION)
    return part


def _damaged(path: Path) -> IntegrityError:
    step = _recover(path) if path.stem in POINTERS else OTHER
    return IntegrityError(
        f"{path} is damaged: its content has changed since it was saved. {step}"
    )


def _recover(pointer: Path) -> str:
    """What to do about a pointer that is lost or damaged."""
    run = pointer.parent.parent
    if not _holds_any(pointer.parent):
        return train_again(pointer.parent)
    return f"Restore it from a copy, or recover it with: handgrad train --resume {run}"


def train_again(folder: Path) -> str:
    """What to do about a run whose checkpoints are all gone."""
    settings = folder.parent / "config.toml"
    return (
        f"No checkpoint is left in {folder}: restore a copy of it, or train again with "
        f"the same settings: handgrad train {settings}"
    )


def _free_name(folder: Path, position: Position) -> Path:
    epoch = position.epoch - (position.batch == 0)  # at its end, or in the middle
    name = f"epoch-{epoch:04d}-step-{position.step:08d}"
    path, number = folder / name, 1
    while os.path.lexists(path):  # the same step, saved again after a kill
        number += 1
        path = folder / f"{name}-{number}"
    return path


def _remove_unnamed(folder: Path) -> None:
    """Remove unreferenced checkpoints, if every pointer can be read."""
    try:
        wanted = {
            _read_pointer(folder, which)["checkpoint"]
            for which in POINTERS
            if has_checkpoint(folder, which)
        }
    except IntegrityError:
        return  # the checkpoint of a damaged pointer may still be needed
    with opened(folder, folder.parent) as place:
        for name in filter(NAME.fullmatch, place.names()):
            if name not in wanted:
                _remove(place, name)


def names_itself(path: Path) -> bool:
    """Return whether a run saved this checkpoint: the manifest holds its name."""
    with suppress(OSError, RunError):
        manifest = _parse(path / MANIFEST, read_file(path / MANIFEST))
        return bool(manifest.get("checkpoint") == path.name)
    return False


def _remove(place: Place, name: str) -> None:
    """Remove the checkpoint's files, the manifest last, and the folder if empty."""
    with suppress(OSError, RunError), closing(place.folder(name)) as inner:
        for file in (STATE, POSITION, MANIFEST) if names_itself(inner.path) else ():
            with suppress(FileNotFoundError):
                os.unlink(inner.at(file), dir_fd=inner.handle)
        os.rmdir(place.at(name), dir_fd=place.handle)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()
