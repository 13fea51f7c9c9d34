"""What a network and its training can be made of, by name."""

from typing import Any

from handgrad import catalog
from handgrad.datasets.sources import SOURCES
from handgrad.models.named_layers import LAYERS, layer_defaults
from handgrad.starting_points import STARTING_POINTS
from handgrad.training.configure import QUICK_START


def choices() -> dict[str, Any]:
    """The names of the catalogue that settings may use, with usual values.

    `models`, `schedules` and `augmentations` are names; `layers` and `optimizers` have
    their usual options; `datasets` the shape and classes that networks get;
    `quick_start` is the configuration without any choice.
    """
    return {
        "models": [name for name in catalog.MODELS if name != "from_layers"],
        "layers": {name: layer_defaults(name) for name in sorted(LAYERS)},
        "optimizers": STARTING_POINTS,
        "schedules": list(catalog.SCHEDULES),
        "augmentations": list(catalog.AUGMENTATIONS),
        "datasets": {
            name: {"shape": source.usual_shape, "classes": len(source.class_names)}
            for name, source in SOURCES.items()
        },
        "quick_start": QUICK_START,
    }
