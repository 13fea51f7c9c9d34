"""Files to take away: the network for other software, the run as report or script."""

import re
from collections.abc import Callable
from pathlib import Path

from handgrad.errors import RunError
from handgrad.interop.history_csv import history_csv
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.torch_weights import torch_weights
from handgrad.training.run_folder import RunFolder
from handgrad.training.trained_network import load

LONGEST = 40  # characters of a file name


def safetensors_of(path: Path) -> bytes:
    """The network as a file that `handgrad.load` reads."""
    from tempfile import TemporaryDirectory

    epochs = [row for row in RunFolder.open(path).records() if row["kind"] == "epoch"]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.safetensors"
        load(path).save(file, epochs)
        return file.read_bytes()


def onnx_of(path: Path) -> bytes:
    """The network as an ONNX model; ConfigError if onnx is not installed."""
    content: bytes = onnx_model(path).SerializeToString()
    return content


def report_of(path: Path) -> bytes:
    """A page of results, curves, mistakes and settings."""
    from handgrad.reports.run_page import run_page  # slow to import

    return run_page(path).encode()


def csv_of(path: Path) -> bytes:
    """The metrics of each epoch."""
    return history_csv(path).encode()


def config_of(path: Path) -> bytes:
    """The settings, for `handgrad train FILE`."""
    return (path / "config.toml").read_bytes()


def script_of(path: Path) -> bytes:
    """A Python script that trains the same network again, with the same numbers."""
    config = RunFolder.open(path).config
    if config.start is not None:
        raise RunError(
            "A run that started from other weights needs them as well, so it is no "
            "single script. Take the settings and the network instead."
        )
    toml = config.model_copy(update={"resolved": None}).to_toml()
    quoted = toml.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return SCRIPT.format(toml=quoted).encode()


SCRIPT = '''"""Train this network again: python reproduce.py"""

import tomllib

import handgrad

SETTINGS = """
{toml}"""

if __name__ == "__main__":
    run = handgrad.train(tomllib.loads(SETTINGS))
    print(run.result)
'''

KINDS: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "safetensors": ("safetensors", safetensors_of),
    "onnx": ("onnx", onnx_of),
    "torch": ("torch.safetensors", torch_weights),
    "report": ("html", report_of),
    "csv": ("csv", csv_of),
    "settings": ("toml", config_of),
    "script": ("py", script_of),
}


def file_name(name: str, ending: str) -> str:
    """A file name of letters, digits and hyphens."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:LONGEST]
    return f"{plain or 'run'}.{ending}"
