"""What one sees inside a trained network: answers of the inspections as JSON."""

from dataclasses import asdict
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.filters import filters
from handgrad.inspection.gradient_flow import gradient_flow
from handgrad.inspection.microscope import microscope
from handgrad.inspection.mistakes import Mistakes
from handgrad.inspection.occlusion import occlusion
from handgrad.inspection.saturation import saturation
from handgrad.inspection.subject import Subject
from handgrad.inspection.trace import trace
from handgrad.inspection.trace_step import TraceStep
from handgrad.metrics import count_confusions
from handgrad.training.image_predictions import answer_of_content
from handgrad.web.arrays_json import as_json
from handgrad.web.loaded import Loaded, sentence

MOST_PICTURES = 60
NUMBERS = ("index", "value", "gradient", "backward", "numeric", "relative_error")
SMALL = 4_096  # entries of a picture in a gallery that are sent


def answer_to(loaded: Loaded, content: bytes) -> dict[str, Any]:
    """The scores of a picture, and what the network received."""
    answer, pixels = answer_of_content(loaded.network, content)
    return {
        "classes": list(loaded.network.class_names),
        "scores": answer.scores.tolist(),
        "are_probabilities": loaded.network.gives_probabilities,
        "inverted": answer.seems_inverted,
        "seen": as_json(pixels),
    }


def confusion_of(loaded: Loaded, split: str) -> dict[str, Any]:
    """The confusion matrix of a split, and the most confident mistakes."""
    found = loaded.predictions(split)
    counts = count_confusions(found.probabilities, found.targets)
    return {
        "split": found.split,
        "classes": list(found.class_names),
        "counts": counts.tolist(),
        "right": int(np.trace(counts)),
        "total": len(found.targets),
        "mistakes": gallery(found, [one.row for one in found.rows[:MOST_PICTURES]]),
    }


def cell_of(loaded: Loaded, split: str, true: int, predicted: int) -> Any:
    """The images of one cell of the confusion matrix."""
    found = loaded.predictions(split)
    is_there = found.targets == true
    is_there &= found.probabilities.argmax(axis=1) == predicted
    return gallery(found, np.flatnonzero(is_there)[:MOST_PICTURES].tolist())


def gallery(found: Mistakes, rows: list[int]) -> list[dict[str, Any]]:
    """These images with their number, classes and the network's answer."""
    predicted = found.probabilities[rows].argmax(axis=1) if rows else []
    return [
        {
            "image": row,
            "true": int(found.targets[row]),
            "predicted": int(answer),
            "score": float(found.probabilities[row, answer]),
            "picture": as_json(found.images[row], SMALL),
        }
        for row, answer in zip(rows, predicted, strict=True)
    ]


def filters_of(loaded: Loaded) -> dict[str, Any]:
    """The weights of the first layer as pictures."""
    found = filters(loaded.subject)
    return {"layer": found.layer, "pictures": as_json(found.pictures)}


def trace_of(loaded: Loaded, split: str, image: int) -> dict[str, Any]:
    """Every array of one image's forward and backward pass, with its equation."""
    found = trace(loaded.subject, image=image, split=split or None)
    logits, targets = found.loss.logits[0], found.loss.targets
    return {
        "image": image,
        "classes": list(found.class_names),
        "true": int(targets[0]),
        "predicted": int(logits.argmax()),
        "loss": found.loss.value,
        "picture": as_json(found.images[0]),
        "saliency": as_json(found.layers[0].d_inputs[0]),
        "steps": [_step(step) for step in (*found.layers, found.loss)],
    }


def occlusion_of(loaded: Loaded, split: str, image: int) -> dict[str, Any]:
    """The drop of the probability at each pixel, if a square hides it."""
    found = occlusion(loaded.subject, image=image, split=split or None)
    return {
        "name": found.name,
        "probability": found.probability,
        "side": found.side,
        "largest": float(found.drops.max()),
        "heat": as_json(found.heat[None]),
    }


def _step(step: TraceStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "equations": step.equations,
        "arrays": [
            {
                "name": one.name,
                "equation": one.equation,
                **(
                    {"array": as_json(one.value)}
                    if isinstance(one.value, np.ndarray) and one.value.ndim
                    else {"text": _text(one.value)}
                ),
            }
            for one in step.arrays
        ],
    }


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def gradient_of(
    loaded: Loaded, split: str, image: int, layer: str, parameter: str, flat: int
) -> dict[str, Any]:
    """One entry of a gradient, and the finite difference that checks it.

    `flat` is the number of the entry in row-major order.
    """
    found = loaded.subject.network.parameters()
    name = f"{layer}.{parameter}"
    if name not in found or not 0 <= flat < int(np.prod(found[name].shape)):
        raise ConfigError(
            "There is no such entry of a weight or bias. Choose one in the picture of "
            "d_weight or d_bias."
        )
    index = tuple(int(i) for i in np.unravel_index(flat, found[name].shape))
    reading = microscope(
        loaded.subject,
        layer=layer,
        parameter=parameter,
        index=index,
        image=image,
        split=split or None,
    )
    numbers = {name: getattr(reading, name) for name in NUMBERS}
    terms = [{**asdict(one), "product": one.product} for one in reading.largest]
    code = f"{reading.file}:{reading.line}: {reading.code}"
    return {**numbers, "code": code, "terms": terms}


def health_of(subject: Subject) -> dict[str, Any]:
    """Gradient norms and saturated units by layer, of the last checkpoint."""
    answers: dict[str, Any] = {}
    for name, look in (("gradients", gradient_flow), ("units", saturation)):
        try:
            answers[name] = look(subject).as_dict()
        except ConfigError as error:  # a network without such layers
            answers[name] = {"message": sentence(error)}
    return answers


def samples_of(
    images: NumpyArray, targets: NumpyArray, classes: int, each: int
) -> list[list[dict[str, Any]]]:
    """The first images of each class."""
    rows = [np.flatnonzero(targets == k)[:each] for k in range(classes)]
    return [[as_json(images[row], SMALL) for row in some] for some in rows]
