"""`handgrad export`: write a trained network for other software."""

from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.options import Json
from handgrad.cli.output_files import check_apart, file_target
from handgrad.errors import ConfigError

ENDINGS = {  # of the formats whose files may be named otherwise
    "onnx": ".onnx",
    "csv": ".csv",
    "report": ".html",
    "script": ".py",
    "torch": ".safetensors",
    "safetensors": ".safetensors",
}


def export(  # noqa: PLR0913 - a command's options are its arguments
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
    safetensors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The network as a file for handgrad.load."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Report of a run, as one HTML page."),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(metavar="FILE.py", help="Python script that trains a run again."),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the TensorBoard events of a run."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export a network: model, weights, source code, history, report."""
    from handgrad.cli.screens.console import say, say_json, show, table
    from handgrad.paths import target_of
    from handgrad.training.atomic import write_file

    wanted = {"onnx": onnx, "torch": torch, "python": python, "c": c, "csv": csv}
    wanted |= {"safetensors": safetensors, "report": report, "script": script}
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
    from handgrad.interop.run_files import files_of

    contents: dict[Path, bytes] = {}
    for name, path in files.items():
        contents |= files_of(name, network, path)
    return contents


def _torch_names(network: Path) -> dict[str, str]:
    from handgrad.interop.torch_weights import torch_names

    return torch_names(network)


def _check_targets(
    files: dict[str, Path], network: Path, tensorboard: Path | None
) -> None:
    """ConfigError for two outputs of one path, or for one that cannot be written."""
    outputs = list(files.items())
    if "python" in files and files["python"].suffix == ".py":
        outputs.append(("python", files["python"].with_suffix(".npz")))  # its weights
    taken: dict[Path, str] = {}
    if tensorboard is not None:
        taken[tensorboard.resolve()] = "tensorboard"
    for name, path in outputs:
        target = file_target(f"--{name}", path, ENDINGS.get(name, ""))
        if target in taken:
            raise ConfigError(
                f"--{taken[target]} and --{name} both write to {path}: give each "
                "its own path."
            )
        taken[target] = name
        check_apart(f"--{name}", path, network)
