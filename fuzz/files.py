"""Places in memory for the files that parsers read."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from handgrad.training.checkpoint import MANIFEST, POSITION, STATE
from handgrad.training.manifest import ALWAYS
from handgrad.training.position import Position

MEMORY = Path("/dev/shm")  # where there is one, files never reach a disk
RUN = {name: b"seed = 1\n" for name in sorted(ALWAYS)}
CHECKPOINT = "epoch-0001-step-00000001"


@cache
def root() -> Path:
    """A folder of this process, named after it and removed at its end."""
    prefix, folder = f"fuzz-{os.getpid()}-", MEMORY if MEMORY.is_dir() else None
    made = tempfile.mkdtemp(prefix=prefix, dir=folder)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@cache
def place(name: str) -> Path:
    """Where a file of this name lies; without a folder it has one of its own."""
    path = root() / (name if "/" in name else f"{name}/{name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def put(content: bytes, name: str = "file") -> Path:
    """The file of this name, with this content now."""
    path = place(name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def checkpoint(
    *, state: bytes | None = None, position: bytes | None = None
) -> dict[str, bytes]:
    """A checkpoint's files with another state or position; all sums fit them."""
    parts = {
        STATE: sound_state() if state is None else state,
        POSITION: sound_position() if position is None else position,
    }
    manifest = as_json({name: _sum(content) for name, content in parts.items()})
    files = {f"{CHECKPOINT}/{name}": content for name, content in parts.items()}
    files[f"{CHECKPOINT}/{MANIFEST}"] = manifest
    files["last.json"] = as_json(
        {"checkpoint": CHECKPOINT, "manifest_sha256": _sum(manifest), "which": "last"}
    )
    return files


def put_all(folder: str, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        put(content, f"{folder}/{name}")
    return root() / folder


@cache
def put_once(folder: str) -> Path:
    """A folder with what lies beside the file that a parser is tried on."""
    beside = {"run": RUN, "resting": checkpoint()}
    return put_all(folder, beside[folder])


@cache
def sound_state() -> bytes:
    """The arrays of a small network."""
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    return save({"weight": weight, "bias": np.zeros(3, dtype=np.float32)})


@cache
def sound_position() -> bytes:
    """Where its training stands."""
    notes = {"sizes": {"metrics": 1, "timings": 1}, "seconds": 0.5, "last_epoch": {}}
    numbers = Position(2, 1, 3, 0.5, 4, 8, (0.25,)).as_numbers()
    return as_json({"position": numbers, "notes": notes})


def manifest_of(files: object) -> bytes:
    """A run's manifest that names these files and holds its own sum."""
    total = _sum(json.dumps(files, sort_keys=True).encode())
    return as_json({"files": files, "sha256": total})


def as_json(content: Mapping[str, object]) -> bytes:
    """JSON as checkpoints are written."""
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _sum(content: bytes) -> str:
    return sha256(content).hexdigest()
