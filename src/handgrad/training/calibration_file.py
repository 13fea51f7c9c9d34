"""calibration.json: the temperature of a run's network, fitted after training.

It holds the SHA-256 of the arrays that it belongs to and of itself, and is not part of
the manifest: a run may be calibrated again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.engine.state import without_training
from handgrad.errors import IntegrityError
from handgrad.parsing import parse_json
from handgrad.training.atomic import write_file
from handgrad.training.manifest import CALIBRATION
from handgrad.training.real_files import is_file, read_file
from handgrad.training.start_from import arrays_checksum
from handgrad.training.temperature import HIGHEST, LOWEST, Temperature


def write_temperature(
    folder: Path, found: Temperature, arrays: Mapping[str, NumpyArray], what: str
) -> None:
    """Write the temperature of these arrays; `what` describes the images."""
    values = {**asdict(found), "arrays_sha256": _checksum(arrays), "on": what}
    write_file(folder / CALIBRATION, _content(values), folder)


def saved_temperature(folder: Path, arrays: Mapping[str, NumpyArray]) -> float | None:
    """The temperature of these arrays; None if none was fitted to them.

    After more training the network is another one, and its temperature unknown.
    IntegrityError for a file that was changed.
    """
    path = folder / CALIBRATION
    if not is_file(path):
        return None
    content = read_file(path)
    try:
        values = parse_json(content)
        del values["sha256"]
        temperature, checksum = values["value"], values["arrays_sha256"]
        is_whole = _content(values) == content and LOWEST <= temperature <= HIGHEST
    except (ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise IntegrityError(
            f"{path} is damaged: its content is not what was saved. Remove it, or "
            f"calibrate again: handgrad calibrate {folder}"
        )
    return float(temperature) if checksum == _checksum(arrays) else None


def _checksum(arrays: Mapping[str, NumpyArray]) -> str:
    """SHA-256 of the arrays of a network, without those of the optimizer."""
    return arrays_checksum(without_training(arrays))


def _content(values: dict[str, Any]) -> bytes:
    """The exact bytes of the file; a valid file has no others."""
    digest = sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    whole = {**values, "sha256": digest}
    return (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode()
