"""Values of options of `handgrad train` that are more than a number or a name."""

from typing import Any

from handgrad.cli.options import parse_value
from handgrad.errors import ConfigError


def read_validation(text: str) -> Any:
    """A fraction, a count, test, folder or none."""
    value = parse_value(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and value not in ("test", "none", "folder"):
        raise ConfigError(
            "--validation takes a fraction, a number of images, test, folder or none, "
            f"got {text!r}. For example: --validation 0.1"
        )
    return value


def read_image_size(side: int) -> list[int]:
    """Height and width of square images."""
    if side < 1:
        raise ConfigError(
            f"--image-size takes an integer of at least 1, got {side}. "
            "Give the side length in pixels."
        )
    return [side, side]


def read_freeze(text: str) -> Any:
    """A number of layers, or all-but-last."""
    count = parse_value(text)
    is_count = isinstance(count, int) and not isinstance(count, bool) and count >= 1
    if not is_count and count != "all-but-last":
        raise ConfigError(
            "--freeze takes the number of first layers to freeze, from 1, or "
            f"all-but-last, got {text!r}. For example: --freeze all-but-last"
        )
    return count
