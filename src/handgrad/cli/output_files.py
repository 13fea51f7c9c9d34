"""Checks of the files that a command will write, before it computes."""

from pathlib import Path

from handgrad.errors import ConfigError

ENDINGS = (".png", ".svg")


def file_target(name: str, path: Path, ending: str = "") -> Path:
    """The file to write to; an error if it cannot be written or has no folder.

    A file with content is replaced only if it has the usual `ending`.
    """
    from handgrad.paths import target_of
    from handgrad.training.atomic import check_writable

    target = target_of(path)
    if not target.parent.is_dir():
        raise ConfigError(
            f"{name} writes to {path}, but its folder does not exist. Create the "
            "folder, or give another path."
        )
    check_writable(target)
    if ending and path.suffix.lower() != ending and holds_something(target):
        raise ConfigError(
            f"{name} would replace {path}, which exists and does not end in {ending}. "
            f"Give another path, such as {path.stem}{ending}."
        )
    return target


def holds_something(path: Path) -> bool:
    """Whether a file is there and is not empty."""
    return path.is_file() and path.stat().st_size > 0


def check_apart(name: str, path: Path, network: Path | None) -> None:
    """ConfigError for a file that is part of the network that a command reads."""
    if network is None:
        return
    source, target = network.resolve(), path.resolve()
    if target == source or source in target.parents:
        raise ConfigError(
            f"{name} writes to {path}, which is part of the network itself. Give "
            "another path."
        )


def check_figure(path: Path | None, name: str = "--figure") -> None:
    """An error for a figure of an unsupported format, or that cannot be written.

    A missing folder is created with the figure.
    """
    if path is None:
        return
    if path.suffix not in ENDINGS:
        raise ConfigError(
            f"{name} takes a file that ends in .png or .svg, got '{path}'. "
            f"For example: {name} {path.stem or 'figure'}.png"
        )
    from handgrad.paths import target_of
    from handgrad.training.atomic import check_writable

    check_writable(target_of(path))
