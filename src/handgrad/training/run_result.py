"""The final result of a run: the values of result.json."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np

from handgrad.arrays import to_numpy
from handgrad.layers import Sequential
from handgrad.training.build import Parts
from handgrad.training.position import Position
from handgrad.training.records import OF_EPOCH

Tested = tuple[float | None, float | None]


def result_of(
    parts: Parts,
    position: Position,
    last_epoch: Mapping[str, Any],
    tested: Tested,
    final: str,
) -> dict[str, Any]:
    """Everything reproducible: all of result.json except the run's path and seconds.

    `tested` is the loss and accuracy on the test images, `final` the checksum of the
    last parameters.
    """
    config = parts.config
    return {
        "model": config.model.name,
        "dataset": config.dataset.name,
        "epochs": position.epoch - 1,
        "steps": position.step,
        **summary_of(last_epoch),
        "test_loss": tested[0],
        "test_accuracy": tested[1],
        "best_epoch": position.best_epoch,
        "parameters": count_parameters(parts.model),
        "engine": config.engine,
        "seed": config.seed,
        "sha256": final,
    }


def summary_of(epoch: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the last epoch in result.json."""
    return {name: epoch[name] for name in OF_EPOCH}


def count_parameters(model: Sequential) -> int:
    """The number of trainable parameters."""
    return sum(int(np.prod(p.shape)) for p in model.parameters().values())


def checksum_of(model: Sequential) -> str:
    """SHA-256 over the parameters' bytes, in order of name."""
    digest = sha256()
    for _, parameter in sorted(model.parameters().items()):
        digest.update(to_numpy(parameter.value).tobytes())
    return digest.hexdigest()
