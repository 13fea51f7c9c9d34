"""Whether a network takes the images of its data set, before a run starts."""

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.datasets.sources import NAMES, SOURCES
from handgrad.errors import ConfigError
from handgrad.inspection.layer_list import check_layers
from handgrad.names import known_name
from handgrad.training.build import load_dataset
from handgrad.training.config import RunConfig

OF_LAYERS = "from_layers"


def check_network(config: RunConfig) -> None:
    """Build the network of a configuration for its data set, and drop it.

    ConfigError that names the first layer of a list that does not fit; ConfigError or
    ShapeError for another network; DatasetError for images that cannot be read. A data
    set of the catalogue is neither read nor downloaded.

    Example
        check_network(config_from({"model": {"name": "lenet"}}))
    """
    shape, classes = sizes_of(config)
    name, options = config.model.name, config.model.options
    if name != OF_LAYERS:
        sizes = {"input_shape": shape, "classes": classes}
        catalog.build("model", name, options, **sizes)
        return
    if not options.get("layers"):
        raise ConfigError("A network needs at least one layer. Add one.")
    found = check_layers(options["layers"], shape, classes)
    if found.row is not None:
        raise ConfigError(f"Layer {found.row + 1}: {found.message}")


def sizes_of(config: RunConfig) -> tuple[Shape, int]:
    """The shape of the images that the network gets, and the number of classes."""
    known = known_name(config.dataset.name, NAMES)
    if known is None:
        found = load_dataset(config)
        return found.image_shape, len(found.class_names)
    source = SOURCES[known]
    channels, *usual = source.usual_shape
    size = config.dataset.image_size or usual
    return (channels, *size), len(source.class_names)
