"""Lists of augmentations by name: for digits, for photographs of objects, none."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handgrad.errors import ConfigError
from handgrad.names import known_name

Row = Mapping[str, Any]

# digits and letters keep their class when tilted a little, not when mirrored
PRESETS: dict[str, tuple[Row, ...]] = {
    "digits": (
        {
            "name": "random_affine",
            "rotation": 10.0,
            "scale": 0.1,
            "translation": 0.08,
            "shear": 0.1,
        },
    ),
    "objects": (
        {"name": "random_resized_crop", "area": 0.35},
        {"name": "random_flip"},
        {
            "name": "color_jitter",
            "brightness": 0.3,
            "contrast": 0.3,
            "saturation": 0.3,
            "hue": 0.02,
        },
        {"name": "random_erasing", "probability": 0.25, "area": 0.2},
    ),
    "none": (),
}


def expanded(rows: Any) -> Any:
    """The rows of a configuration, with the rows of a preset in the place of its name.

    What is no list of tables with names is returned as it is. ConfigError for a preset
    with options, and for `none` among others.

    Example
        expanded([{"name": "none"}]) == ()
    """
    is_list = isinstance(rows, Sequence) and not isinstance(rows, str)
    return tuple(_all_of(rows)) if is_list else rows


def _all_of(rows: Sequence[Any]) -> Iterator[Any]:
    for row in rows:
        name = row.get("name") if isinstance(row, Mapping) else None
        preset = known_name(name, PRESETS) if isinstance(name, str) else None
        if preset is None:
            yield row
            continue
        if len(row) > 1:
            raise ConfigError(
                f"The preset {preset} takes no options, got {', '.join([*row][1:])}. "
                "Leave them out, or list its augmentations yourself."
            )
        if not PRESETS[preset] and len(rows) > 1:
            raise ConfigError(
                f"The preset {preset} stands for no augmentation, got {len(rows) - 1} "
                "besides it. Leave it out, or the others."
            )
        yield from map(dict, PRESETS[preset])
