"""A trained network in one file, verified when loaded: `digits.safetensors`.

The file is in the safetensors format: named arrays, and one metadata entry that holds
the settings, the normalization, the class names, and the SHA-256 of every array and of
itself. It holds no code. The error for a changed bit names the part that changed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from handgrad.arrays import NumpyArray
from handgrad.errors import HandgradError, IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.paths import check_ordinary
from handgrad.training.atomic import write_file
from handgrad.training.config import RunConfig, config_from

FORMAT = 1
PARTS = {"format", "config", "history"}
TEXT = "handgrad"  # the one entry of the file's metadata
START = b'{"__metadata__":{"handgrad":"'  # of every file, after the header's length
ALIKE = 0.8  # least share of these bytes in a damaged file
PICKLE, PICKLED = b"\x80", {".joblib", ".pickle", ".pkl"}
NEXT = "Use a copy of it, or save the classifier again."


def save_model(
    path: Path,
    config: RunConfig,
    arrays: Mapping[str, NumpyArray],
    history: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write arrays with their configuration atomically: no old file is lost."""
    if path.is_dir():
        raise RunError(f"{path} is a folder. Give the name of a file to save to.")
    if not path.parent.is_dir():
        raise RunError(
            f"{path} cannot be written, because its folder does not exist. Create "
            "the folder first, or give another name."
        )
    if path.exists() and not path.is_file():
        raise RunError(f"{path} is a device or a pipe. Give the name of a file.")
    target = path.resolve()  # a symbolic link stays, and points to the new content
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    write_file(target, content_of(config, arrays, history))
    if mode is not None:
        target.chmod(mode)


def content_of(
    config: RunConfig,
    arrays: Mapping[str, NumpyArray],
    history: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """The content of the file that `save_model` writes."""
    values = {
        "format": FORMAT,
        "config": config.model_dump(mode="json"),
        "history": list(history),
    }
    return _content(values, arrays)


def load_model(path: Path) -> tuple[RunConfig, dict[str, NumpyArray]]:
    """Read the configuration and the arrays; IntegrityError names what was changed."""
    values, arrays = _read(path)
    with of_file(path):
        config = config_from(values["config"], str(path))
        if config.resolved is None:
            raise RunError(f"Its settings have no table [resolved]. {NEXT}")
        return config, arrays


@contextmanager
def of_file(path: Path) -> Iterator[None]:
    """Add the path of the file or run to an error raised inside."""
    try:
        yield
    except (HandgradError, TypeError) as error:
        kind = type(error) if isinstance(error, HandgradError) else RunError
        says_so = str(error).startswith(str(path))
        raise kind(
            str(error) if says_so else f"{path} cannot be used: {error}"
        ) from error


def load_history(path: Path) -> list[dict[str, Any]]:
    """Read the record of each epoch, as given to `save_model`."""
    history: list[dict[str, Any]] = _read(path)[0]["history"]
    return history


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NumpyArray]]:
    """Read the metadata and the arrays; IntegrityError if a bit was changed."""
    check_ordinary(path, RunError)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}. Give a file that "
            "Classifier.save has written, or the folder of a run."
        ) from error
    text, arrays = _text_of(path, content), _arrays_of(path, content)
    try:
        values = parse_json(text)
        sums, known = dict(values.pop("sha256")), values.pop("own_sha256")
        version = values["format"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, "its settings") from error
    if known == _own_sum(values, sums) and version != FORMAT:
        raise RunError(
            f"{path} has format {version!r}, and this version reads format {FORMAT}. "
            "Use the version of Handgrad that wrote it."
        )
    for name in sorted(sums.keys() | arrays.keys()):
        if name not in arrays or _sum_of(arrays[name]) != sums.get(name):
            raise _damaged(path, name)
    if _content(values, arrays) != content:
        raise _damaged(path, "its settings")
    if values.keys() != PARTS or not isinstance(values["history"], list):
        raise _damaged(path, "the list of its parts")
    return values, arrays


def _content(values: Mapping[str, Any], arrays: Mapping[str, NumpyArray]) -> bytes:
    """Return the exact bytes of the file; a valid file has no others."""
    sums = {name: _sum_of(array) for name, array in arrays.items()}
    whole = {**values, "sha256": sums, "own_sha256": _own_sum(values, sums)}
    text = json.dumps(whole, sort_keys=True)
    return save({name: arrays[name] for name in sorted(arrays)}, {TEXT: text})


def _own_sum(values: Mapping[str, Any], sums: Mapping[str, str]) -> str:
    text = json.dumps([values, sums], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _sum_of(array: NumpyArray) -> str:
    digest = sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(array.tobytes())
    return digest.hexdigest()


def _text_of(path: Path, content: bytes) -> str:
    """Read the metadata entry from the header: its length, then JSON."""
    size = int.from_bytes(content[:8], "little")
    try:
        header = parse_json(content[8 : 8 + min(size, len(content))])
        return str(header["__metadata__"][TEXT])
    except (ValueError, KeyError, TypeError) as error:
        if path.suffix.lower() == ".onnx":
            raise RunError(
                f"{path} is an ONNX model, but only a file of Classifier.save or the "
                "folder of a run can be used here. Read it with handgrad.from_onnx in "
                "Python, and save the classifier."
            ) from error
        if _is_foreign(content):
            raise RunError(
                f"{path} was not written by Classifier.save: it has no Handgrad "
                f"settings. {_advice(path, content)}"
            ) from error
        raise _damaged(path, "its header") from error


def _is_foreign(content: bytes) -> bool:
    """Whether the file does not start as ours do, even with some bytes changed."""
    found = content[8 : 8 + len(START)]
    alike = sum(one == other for one, other in zip(found, START, strict=False))
    return not found or alike < ALIKE * len(found)


def _advice(path: Path, content: bytes) -> str:
    is_pickle = content[:1] == PICKLE and content[1:2] <= b"\x05"
    if is_pickle or path.suffix.lower() in PICKLED:
        return (
            "A pickle can run any code, so it is never read here: read it with the "
            "library that wrote it, such as joblib, and save the classifier with "
            'clf.save("net.safetensors").'
        )
    return "Give such a file, or the folder of a run."


def _arrays_of(path: Path, content: bytes) -> dict[str, NumpyArray]:
    try:
        return load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, "the list of its arrays") from error


def _damaged(path: Path, what: str) -> IntegrityError:
    return IntegrityError(f"{path} is damaged: {what} is not what was saved. {NEXT}")
