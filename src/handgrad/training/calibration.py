"""Calibrate the network of a run on images that it was not trained on."""

from pathlib import Path
from typing import Any

from handgrad.datasets import Split
from handgrad.engine.state import model_state
from handgrad.errors import ConfigError
from handgrad.training.calibration_file import write_temperature
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_images import run_images
from handgrad.training.temperature import Temperature
from handgrad.training.trained_network import TrainedNetwork, load


def calibrate(
    path: Path,
    *,
    dataset: str | None = None,
    data_dir: Path | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> tuple[TrainedNetwork, Split, Temperature]:
    """Fit the temperature of a run's best network to its validation images.

    The run's folder keeps it in calibration.json, and `load` uses it from then on.
    `dataset` names other labelled images of the same classes. Returns the network, now
    calibrated, the images and the temperature.

    ConfigError for a run without validation images or without probabilities; RunError
    if another process is writing to the run.
    """
    network = load(path, workers=workers)
    if dataset is None and not _has_validation(network):
        raise ConfigError(
            f"{path} was trained without validation images. Give other labelled images "
            "of its classes: --dataset NAME|PATH"
        )
    name, images = run_images(
        network.config,
        "validation" if dataset is None else None,
        dataset=dataset,
        data_dir=data_dir,
        run=path,
        progress=progress,
    )
    found = network.calibrate(images)
    folder = RunFolder.open(path)
    folder.own()
    try:
        arrays = model_state(network.model)
        write_temperature(path, found, arrays, name or str(dataset))
    finally:
        folder.release()
    return network, images, found


def _has_validation(network: TrainedNetwork) -> bool:
    resolved = network.config.resolved
    return resolved is not None and resolved.validation_images > 0
