"""Settings of the training and of inference in the metadata of an ONNX model."""

import json
from typing import Any

from handgrad.arrays import NumpyArray
from handgrad.datasets.image_fit import FITS
from handgrad.errors import ConfigError, HandgradError
from handgrad.interop.onnx_source import Source
from handgrad.layers import Sequential
from handgrad.models.to_layers import rows_of
from handgrad.training.config import RunConfig, config_from
from handgrad.training.data_place import ARRAYS
from handgrad.training.trained_network import TrainedNetwork

TABLES = ("loss", "optimizer", "prediction")  # of `RunConfig`
OF_ARRAYS = ("label_type", "channels", "feature_names")  # of `ResolvedConfig`
OURS = {"class_names", "input_dtype", "input_shape"}  # in every model of Handgrad


def settings_of(network: TrainedNetwork) -> dict[str, str]:
    """What `config_of` restores of a network, besides `metadata_of`; JSON each."""
    config, resolved = network.config, network.config.resolved
    assert resolved is not None, "a trained network is resolved"
    loss = config.loss.model_dump(mode="json", exclude={"name"})
    values = {
        "loss_options": loss,
        "optimizer": config.optimizer.model_dump(mode="json"),
        "prediction": config.prediction.model_dump(mode="json"),
        **resolved.model_dump(mode="json", include=set(OF_ARRAYS)),
    }
    return {name: json.dumps(each) for name, each in values.items() if each is not None}


def config_of(
    source: Source,
    network: Sequential,
    classes: int,
    normalization: tuple[NumpyArray, NumpyArray],
) -> RunConfig:
    """The configuration of a network that was read from a graph.

    Only models of Handgrad have labels, a loss, an optimizer and settings of inference.
    """
    mean, std = (each.tolist() for each in normalization)
    channels = source.shape[0]
    restored = _restored(source, classes) if source.metadata.keys() >= OURS else {}
    tables: dict[str, Any] = {
        "dataset": {"name": ARRAYS, "validation": "none", "normalization": "standard"},
        "model": {"name": "from_layers", "layers": rows_of(network)},
        **{name: restored.pop(name, {}) for name in TABLES},
        "resolved": {
            "input_shape": list(source.shape),
            "class_names": [str(k) for k in range(classes)],
            "mean": mean * channels if len(mean) == 1 else mean,
            "std": std * channels if len(std) == 1 else std,
            "dataset_sha256": "",
            "train_images": 0,
            "validation_images": 0,
            "input_dtype": "float32" if source.dtype == "float32" else None,
            **restored,
        },
    }
    try:
        return config_from(tables, "its settings")
    except HandgradError as error:
        raise ConfigError(f"{source.what} cannot be read: {error}") from error


def _restored(source: Source, classes: int) -> dict[str, Any]:
    """Tables and values that the metadata of a model of Handgrad hold."""
    fit = source.metadata.get("fit")
    found: dict[str, Any] = {
        "loss": {"name": source.metadata.get("loss", "softmax_cross_entropy")}
        | (source.noted("loss_options", dict) or {}),
        **{name: source.noted(name, dict) or {} for name in TABLES[1:]},
        "fit": fit if fit in FITS else None,
    }
    names = source.noted("class_names", list)
    if names and len(names) == classes:
        found["class_names"] = [str(name) for name in names]
        found |= {name: source.noted(name, object) for name in OF_ARRAYS}
    return found
