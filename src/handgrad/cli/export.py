"""`handgrad export`: write a trained network for other software."""

from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.options import Json
from handgrad.errors import ConfigError


def export(
    network: Annotated[
        Path, typer.Argument(help="Run folder of handgrad train, or a saved network.")
    ],
    onnx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="ONNX model to write.")
    ] = None,
    torch: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Safetensors file of weights, for torch."),
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.py",
            help="Python program on NumPy to write; its weights go to FILE.npz.",
        ),
    ] = None,
    c: Annotated[
        Path | None,
        typer.Option(metavar="FILE.c", help="C file to write, of a small network."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV file for the metrics of each epoch."),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the TensorBoard events of a run."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export a network for other software: model, weights, source code, history."""
    from handgrad.cli.screens.console import say, say_json, show, table
    from handgrad.paths import target_of
    from handgrad.training.atomic import write_file

    wanted = {"onnx": onnx, "torch": torch, "python": python, "c": c, "csv": csv}
    files = {name: path for name, path in wanted.items() if path is not None}
    if not files and tensorboard is None:
        raise ConfigError(
            "handgrad export takes a format, got none. For example: "
            f"handgrad export {network} --onnx network.onnx"
        )
    contents = _all_contents(files, network, tensorboard)  # before any is written
    for path, content in contents.items():
        write_file(target_of(path), content)
    written: dict[str, Any] = {name: str(path) for name, path in files.items()}
    said = [f"{path}: {len(content):,} bytes" for path, content in contents.items()]
    if tensorboard is not None:
        from handgrad.interop.tensorboard_log import to_tensorboard

        written["tensorboard"] = place = str(to_tensorboard(network, tensorboard))
        said.append(f"{place}: to show it, tensorboard --logdir {tensorboard}")
    names = {} if torch is None else _torch_names(network)
    if as_json:
        values = written | ({"torch_names": names} if names else {})
        say_json({"network": str(network), **values})
        return
    if names:
        pairs = table("Handgrad", "torch")
        for pair in names.items():
            pairs.add_row(*pair)
        show(pairs)
    for line in said:
        say(line)


def _all_contents(
    files: dict[str, Path], network: Path, tensorboard: Path | None
) -> dict[Path, bytes]:
    """The files of all formats, by path; ConfigError for one that cannot be written."""
    _check_targets(files, network, tensorboard)
    contents: dict[Path, bytes] = {}
    for name, path in files.items():
        contents |= _contents(name, path, network)
    return contents


def _contents(name: str, path: Path, network: Path) -> dict[Path, bytes]:
    """The files of one format, by path."""
    if name == "onnx":
        from handgrad.interop.onnx_export import onnx_model

        return {path: onnx_model(network).SerializeToString()}
    if name == "python":
        from handgrad.interop.python_source import python_files

        return python_files(network, path)
    if name == "c":
        from handgrad.interop.c_source import c_file

        return {path: c_file(network, path)}
    if name == "torch":
        from handgrad.interop.torch_weights import torch_weights

        return {path: torch_weights(network)}
    from handgrad.interop.history_csv import history_csv

    return {path: history_csv(network).encode()}


def _torch_names(network: Path) -> dict[str, str]:
    from handgrad.interop.torch_weights import torch_names

    return torch_names(network)


def _check_targets(
    files: dict[str, Path], network: Path, tensorboard: Path | None
) -> None:
    """ConfigError for two outputs of one path, or for one that cannot be written."""
    from handgrad.paths import target_of

    outputs = list(files.items())
    if "python" in files and files["python"].suffix == ".py":
        outputs.append(("python", files["python"].with_suffix(".npz")))  # its weights
    taken: dict[Path, str] = {}
    if tensorboard is not None:
        taken[tensorboard.resolve()] = "tensorboard"
    for name, path in outputs:
        target = target_of(path)
        if target in taken:
            raise ConfigError(
                f"--{taken[target]} and --{name} both write to {path}: give each "
                "its own path."
            )
        taken[target] = name
        _check_target(name, path, target, network)


def _check_target(name: str, path: Path, target: Path, network: Path) -> None:
    """ConfigError for a file in no folder, or one that is the network itself."""
    if not target.parent.is_dir():
        raise ConfigError(
            f"--{name} writes to {path}, but its folder does not exist. Create the "
            "folder, or give another path."
        )
    source = network.resolve()
    if target == source or source in target.parents:
        raise ConfigError(
            f"--{name} writes to {path}, which is part of the network itself. Give "
            "another path."
        )
