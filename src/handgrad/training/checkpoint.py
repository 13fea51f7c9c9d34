"""Checkpoints: a folder each, whole or not there, checked before use.

    checkpoints/
        epoch-0003-step-00000705/
            state.safetensors    every array: parameters, buffers, optimizer state
            position.json        where training stands
            manifest.json        SHA-256 of both
        last.json, best.json     which folder that is, and its manifest's SHA-256

A pointer is written after its folder is safe, so it always names a whole checkpoint.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from handgrad.arrays import NumpyArray
from handgrad.errors import IntegrityError, RunError
from handgrad.training.atomic import sweep, write_file, write_folder
from handgrad.training.settings import Position

STATE, POSITION, MANIFEST = "state.safetensors", "position.json", "manifest.json"
POINTERS = ("last", "best")


@dataclass(frozen=True)
class Checkpoint:
    """A state of training: its arrays, its position, and what the run noted with it."""

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
) -> Path:
    """Save a state as the last one, and as the best one if it is."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {"position": position.as_numbers(), "notes": dict(notes or {})}
    files = {STATE: save(dict(arrays)), POSITION: _json(numbers)}
    manifest = _json({name: _sha256(content) for name, content in files.items()})
    path = _free_name(folder, position)
    write_folder(path, {**files, MANIFEST: manifest})
    pointer = _json({"checkpoint": path.name, "manifest_sha256": _sha256(manifest)})
    for which in POINTERS[: 2 if is_best else 1]:
        write_file(folder / f"{which}.json", pointer)
    _remove_unnamed(folder)
    return path


def load_checkpoint(folder: Path, which: str = "last") -> Checkpoint:
    """Read the last or the best checkpoint; IntegrityError if a file was changed."""
    pointer = _read_json(folder / f"{which}.json")
    name, expected = pointer.get("checkpoint"), pointer.get("manifest_sha256")
    if not isinstance(name, str) or Path(name).name != name:
        raise _damaged(folder / f"{which}.json")
    path = folder / name
    _check(path / MANIFEST, expected)
    sums = _read_json(path / MANIFEST)
    contents = {file: _check(path / file, sums.get(file)) for file in (STATE, POSITION)}
    numbers = json.loads(contents[POSITION])
    try:
        arrays = load(contents[STATE])
    except SafetensorError as error:
        raise _damaged(path / STATE) from error
    position = Position.from_numbers(numbers["position"])
    return Checkpoint(arrays, position, numbers["notes"])


def has_checkpoint(folder: Path, which: str = "last") -> bool:
    """Whether there is one."""
    return (folder / f"{which}.json").is_file()


def tidy(folder: Path) -> None:
    """Remove what a killed process left: half-written files, unnamed checkpoints."""
    if folder.is_dir():
        sweep(folder)
        _remove_unnamed(folder)


def _check(path: Path, expected: Any) -> bytes:
    content = _read(path)
    if _sha256(content) != expected:
        raise _damaged(path)
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(
            f"{path} is missing. Give a run folder that handgrad train has made, or "
            "train again."
        ) from error
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return content


def _damaged(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} is damaged: its content is not what was saved. Use the other "
        "checkpoint of the run (last or best), or a copy of the folder."
    )


def _free_name(folder: Path, position: Position) -> Path:
    name = f"epoch-{position.epoch:04d}-step-{position.step:08d}"
    path, number = folder / name, 1
    while path.exists():  # the same step, saved again after a kill
        number += 1
        path = folder / f"{name}-{number}"
    return path


def _remove_unnamed(folder: Path) -> None:
    named = set()
    for which in POINTERS:
        if has_checkpoint(folder, which):
            named.add(_read_json(folder / f"{which}.json").get("checkpoint"))
    for path in folder.glob("epoch-*"):
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()
