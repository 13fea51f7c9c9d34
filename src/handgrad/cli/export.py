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
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV file for the metrics of each epoch."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export a trained network: ONNX model, weights for torch, history as CSV."""
    from handgrad.cli.screens.console import say, say_json, show, table
    from handgrad.paths import target_of
    from handgrad.training.atomic import write_file

    wanted = {"onnx": onnx, "torch": torch, "csv": csv}
    written = {name: path for name, path in wanted.items() if path is not None}
    if not written:
        raise ConfigError(
            "handgrad export takes a format, got none. For example: "
            f"handgrad export {network} --onnx network.onnx"
        )
    for name, path in written.items():
        _check_target(name, path, network)
    contents = {name: _content(name, network) for name in written}  # before any file
    names = _torch_names(network) if "torch" in written else {}
    for name, path in written.items():
        write_file(target_of(path), contents[name])
    if as_json:
        values: dict[str, Any] = {n: str(path) for n, path in written.items()}
        values |= {"torch_names": names} if names else {}
        say_json({"network": str(network), **values})
        return
    if names:
        shown = table("Handgrad", "torch")
        for pair in names.items():
            shown.add_row(*pair)
        show(shown)
    for path in written.values():
        say(f"{path}: {path.stat().st_size:,} bytes")


def _content(name: str, network: Path) -> bytes:
    """The content of the file of one option."""
    if name == "onnx":
        from handgrad.interop.onnx_export import onnx_model

        content: bytes = onnx_model(network).SerializeToString()
        return content
    if name == "torch":
        from handgrad.interop.torch_weights import torch_weights

        return torch_weights(network)
    from handgrad.interop.history_csv import history_csv

    return history_csv(network).encode()


def _torch_names(network: Path) -> dict[str, str]:
    from handgrad.interop.torch_weights import torch_names

    return torch_names(network)


def _check_target(name: str, path: Path, network: Path) -> None:
    """ConfigError for a file in no folder, or one that is the network itself."""
    from handgrad.paths import target_of

    target = target_of(path)
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
