"""The formats in which a run or a network can be taken away, as contents of files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from handgrad.engine.state import model_state
from handgrad.errors import RunError
from handgrad.interop.history_csv import history_csv
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.torch_weights import torch_weights
from handgrad.training.model_file import content_of, load_history
from handgrad.training.real_files import read_file
from handgrad.training.run_folder import RunFolder
from handgrad.training.trained_network import load


@dataclass(frozen=True)
class Format:
    """A file: the ending of its name, and its content for the path of a run."""

    ending: str
    content: Callable[[Path], bytes]


def safetensors_of(path: Path) -> bytes:
    """The network at `path` as a file that `handgrad.load` reads."""
    network, epochs = load(path), _epochs(path)
    return content_of(network.config, model_state(network.model), epochs)


def onnx_of(path: Path) -> bytes:
    """The network as an ONNX model; ConfigError if onnx is not installed."""
    content: bytes = onnx_model(path).SerializeToString()
    return content


def report_of(path: Path) -> bytes:
    """A page of results, curves, mistakes and settings of a run."""
    from handgrad.reports.run_page import run_page  # slow to import

    return run_page(path).encode()


def settings_of(path: Path) -> bytes:
    """The settings of a run, for `handgrad train FILE`."""
    return read_file(RunFolder.open(path).path / "config.toml")


def script_of(path: Path) -> bytes:
    """A Python script that trains the network of a run again, with the same numbers.

    RunError for a run that started from other weights.
    """
    config = RunFolder.open(path).config
    if config.start is not None:
        raise RunError(
            "A run that started from other weights needs those weights, so it cannot "
            "be exported as a single script. Export the settings and the network "
            "instead."
        )
    toml = config.model_copy(update={"resolved": None}).to_toml()
    quoted = toml.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return SCRIPT.format(toml=quoted).encode()


SCRIPT = '''"""Train this network again: run this file with python."""

import tomllib

import handgrad

SETTINGS = """
{toml}"""

if __name__ == "__main__":
    run = handgrad.train(tomllib.loads(SETTINGS))
    print(run.result)
'''

FORMATS = {
    "safetensors": Format("safetensors", safetensors_of),
    "onnx": Format("onnx", onnx_of),
    "torch": Format("torch.safetensors", torch_weights),
    "csv": Format("csv", lambda path: history_csv(path).encode()),
    "report": Format("html", report_of),
    "settings": Format("toml", settings_of),
    "script": Format("py", script_of),
}


def files_of(kind: str, network: Path, target: Path) -> dict[Path, bytes]:
    """The contents of the files in a format for the name `target`, by path.

    `kind` is a name of `FORMATS`, or "python" or "c", whose code names its files.
    """
    if kind == "python":
        from handgrad.interop.python_source import python_files

        return python_files(network, target)
    if kind == "c":
        from handgrad.interop.c_source import c_file

        return {target: c_file(network, target)}
    return {target: FORMATS[kind].content(network)}


def _epochs(path: Path) -> list[dict[str, object]]:
    if path.is_file():
        return load_history(path)
    return [row for row in RunFolder.open(path).records() if row["kind"] == "epoch"]
