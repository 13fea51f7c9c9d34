"""manifest.json: the size and SHA-256 of every file of a finished run.

It is written last and removed first, so it never describes files that are about to
change. It also holds its own SHA-256, so that damage to it is reported as such.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from handgrad.errors import IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.training.atomic import TEMPORARY, remove_file, write_file
from handgrad.training.ownership import NAME as OWNER
from handgrad.training.real_files import is_file, read_file

MANIFEST = "manifest.json"
CALIBRATION = "calibration.json"  # may change, and has its own SHA-256
ALWAYS = {"config.toml", "environment.json", "metrics.jsonl", "timings.jsonl"}
ALWAYS |= {"result.json", "checkpoints/last.json", "checkpoints/best.json"}
KEPT = ("data.json", "environment.json", "initial.safetensors")
NEXT = "Restore a backup of the run, or train again with its settings."


def seal(folder: Path) -> None:
    """Write the size and SHA-256 of every file of a finished run."""
    files = {name: _entry(folder / name) for name in _names(folder)}
    write_file(folder / MANIFEST, _content(files))


def unseal(folder: Path) -> None:
    """Remove the manifest, because the files are about to change."""
    remove_file(folder / MANIFEST)


def check_manifest(folder: Path) -> int:
    """Compare every file with the manifest; IntegrityError names the first mismatch.

    Returns the number of files compared. Files added later are ignored.
    """
    files = _read(folder)
    unlisted = sorted(ALWAYS - files.keys())
    if unlisted:
        raise IntegrityError(
            f"{folder / MANIFEST} does not list {unlisted[0]}, which every run writes. "
            f"{NEXT}"
        )
    _compare(folder, files)
    return len(files)


def check_kept(folder: Path) -> None:
    """Do the same for the files that a resumed run keeps.

    It rewrites or checks the others itself, and would seal these as they are. Without a
    manifest, those of JSON have to be readable.
    """
    if is_file(folder / MANIFEST):
        files = _read(folder)
        _compare(folder, {name: files[name] for name in KEPT if name in files})
        return
    for path in (folder / name for name in KEPT if name.endswith(".json")):
        if is_file(path):
            _check_object(path)


def _check_object(path: Path) -> None:
    try:
        is_whole = isinstance(parse_json(read_file(path)), dict)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise IntegrityError(
            f"{path} is damaged: it holds no complete JSON object. {NEXT}"
        )


def _compare(folder: Path, files: dict[str, Any]) -> None:
    for name, expected in files.items():
        path = folder / name
        if not is_file(path):
            raise IntegrityError(f"{path} is missing. {NEXT}")
        if _entry(path) != expected:
            raise IntegrityError(
                f"{path} is damaged: its content is not what the run wrote. {NEXT}"
            )


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = read_file(path)
    except FileNotFoundError as error:
        raise RunError(
            f"{folder} has no {MANIFEST}, so the run has not ended. "
            f"Continue with: handgrad train --resume {folder}"
        ) from error
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}. Fix that first."
        ) from error
    try:
        files: dict[str, Any] = parse_json(content)["files"]
        is_whole = isinstance(files, dict) and content == _content(files)
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if not is_whole or any(_leads_out(name) for name in files):
        raise IntegrityError(
            f"{path} is damaged: its content is not what was saved. {NEXT}"
        )
    return files


def _leads_out(name: str) -> bool:
    path = Path(name)
    return path.is_absolute() or ".." in path.parts


def _content(files: dict[str, Any]) -> bytes:
    """Return the exact bytes of the manifest; a valid file has no others."""
    total = sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    whole = {"files": files, "sha256": total}
    return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()


def _names(folder: Path) -> list[str]:
    """List all files of the run, except those that may change after its end."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return sorted(
        name
        for name in names
        if TEMPORARY not in name
        and name not in (MANIFEST, CALIBRATION)
        and not OWNER.fullmatch(name)
    )


def _entry(path: Path) -> list[Any]:
    content = read_file(path)
    return [len(content), sha256(content).hexdigest()]
