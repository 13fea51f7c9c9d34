"""The number of parameters, and the memory of training and prediction."""

from collections.abc import Mapping
from typing import Any

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.engine.memory_plan import FLOAT_BYTES
from handgrad.engine.planned_bytes import parameter_count
from handgrad.inspection.training_memory import measure
from handgrad.layers import Sequential
from handgrad.optimizers import Optimizer
from handgrad.studies.inspections.output_folder import Place

GREY, CLASSES = (1, 28, 28), 10


def parameters(
    *, model: Mapping[str, Any], seed: int, place: Place
) -> dict[str, float]:
    """Number of parameters of a network, and their bytes as float32."""
    count = parameter_count(build(model, seed))
    return {"parameters": count, "parameter_bytes": count * FLOAT_BYTES}


def training_memory(
    *,
    model: Mapping[str, Any],
    optimizer: Mapping[str, Any],
    batch_size: int = 256,
    network: str | None = None,
    images: int = 60_000,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Bytes of one training step and of one prediction, by purpose.

    `network` names one of the benchmark networks: its whole process is measured as
    well, with `images` images in memory, and compared with the CPU engine's plan.

    Units
        ROLE_bytes      predicted by the equations of engine.planned_bytes
        measured_ROLE   bytes of the arrays of a step of the plain layers
        *_peak          peak memory of NumPy during it, including parameters
    """
    found = measure(
        build(model, seed), _optimizer(optimizer), GREY, batch_size=batch_size
    )

    def draw() -> Any:
        from handgrad.inspection.figures.training_memory import memory

        return memory(found.bars)

    rows = [
        {"when": when, "role": role, "bytes": size}
        for when, sizes in found.bars.items()
        for role, size in sizes.items()
    ]
    place.draw("memory", draw, rows)
    measured = {
        **{f"{role}_bytes": size for role, size in found.training.items()},
        **{f"measured_{role}": size for role, size in found.measured.items()},
        "parameters": found.training["parameters"] // FLOAT_BYTES,
        "training_bytes": sum(found.training.values()),
        "prediction_bytes": sum(found.prediction.values()),
        "training_peak": found.training_peak,
        "prediction_peak": found.prediction_peak,
    }
    return measured | (process_memory(network, batch_size, images) if network else {})


def process_memory(network: str, batch_size: int, images: int) -> dict[str, float]:
    """Planned and peak memory of a whole training process with the CPU engine."""
    from handgrad.inspection.speed.memory_report import memory_report

    report = memory_report(network, batch_size=batch_size, workers=1, images=images)
    return {
        **{f"plan_{role}": size for role, size in report.roles.items()},
        "process_before": report.baseline,
        "process_images": report.images,
        "process_predicted": report.predicted,
        "process_measured": report.measured,
        "process_error": abs(report.error),
    }


def build(model: Mapping[str, Any], seed: int, shape: Shape = GREY) -> Sequential:
    """Build a network of the catalogue for images of that shape and ten classes."""
    options = dict(model)
    network: Sequential = catalog.build(
        "model",
        options.pop("name", ""),
        options,
        input_shape=shape,
        classes=CLASSES,
        seed=seed,
    )
    return network


def _optimizer(chosen: Mapping[str, Any]) -> Optimizer:
    options = dict(chosen)
    rate = options.pop("learning_rate", 0.1)
    rule: Optimizer = catalog.build(
        "optimizer", options.pop("name", ""), options, learning_rate=rate
    )
    return rule
