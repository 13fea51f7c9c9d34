"""What one sees inside a trained network: answers of the inspections as JSON."""

from typing import Any

import numpy as np

from handgrad.inspection.encoded_arrays import encoded
from handgrad.inspection.filters import filters
from handgrad.inspection.microscope import microscope
from handgrad.inspection.mistakes import Mistakes
from handgrad.inspection.occlusion import occlusion
from handgrad.inspection.trace import trace
from handgrad.metrics import count_confusions
from handgrad.training.image_predictions import answer_of_content
from handgrad.web.loaded import Loaded

MOST_PICTURES = 60
SMALL = 4_096  # entries of an image in a gallery that are sent


def answer_to(loaded: Loaded, content: bytes) -> dict[str, Any]:
    """The scores of an image, and what the network received."""
    answer, pixels = answer_of_content(loaded.network, content)
    return {
        "classes": list(loaded.network.class_names),
        "scores": answer.scores.tolist(),
        "are_probabilities": loaded.network.gives_probabilities,
        "inverted": answer.seems_inverted,
        "seen": encoded(pixels),
    }


def images_of(loaded: Loaded, split: str) -> dict[str, Any]:
    """The split that is looked at, its number of images, and all splits of the run."""
    name = loaded.split(split)
    return {"split": name, "count": loaded.sizes[name], "splits": list(loaded.sizes)}


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
        "mistakes": gallery(found, [one.row for one in found.rows]),
    }


def cell_of(loaded: Loaded, split: str, true: int, predicted: int) -> Any:
    """The images of one cell of the confusion matrix."""
    found = loaded.predictions(split)
    return gallery(found, found.numbers(true, predicted))


def gallery(found: Mistakes, rows: list[int]) -> list[dict[str, Any]]:
    """The first of these images: number, classes, and the network's answer."""
    predictions = found.predictions
    return [
        {
            "image": row,
            "true": int(found.targets[row]),
            "predicted": int(predictions[row]),
            "score": float(found.probabilities[row].max()),
            "picture": encoded(found.images[row], SMALL),
        }
        for row in rows[:MOST_PICTURES]
    ]


def filters_of(loaded: Loaded) -> dict[str, Any]:
    """The weights of the first layer as images."""
    found = filters(loaded.subject)
    return {"layer": found.layer, "pictures": encoded(found.pictures)}


def trace_of(loaded: Loaded, split: str, image: int) -> dict[str, Any]:
    """Every array of one image's forward and backward pass, with its equation."""
    found = trace(loaded.subject, image=image, split=loaded.split(split))
    values = found.as_dict(encoded)
    return {
        "image": image,
        "classes": list(found.class_names),
        "true": int(found.loss.targets[0]),
        "predicted": int(found.loss.logits[0].argmax()),
        "loss": found.loss.value,
        "picture": encoded(found.images[0]),
        "saliency": encoded(found.layers[0].d_inputs[0]),
        "steps": [*values["layers"], values["loss"]],
    }


def occlusion_of(loaded: Loaded, split: str, image: int) -> dict[str, Any]:
    """The drop of the probability at each pixel, if a square hides it."""
    found = occlusion(loaded.subject, image=image, split=loaded.split(split))
    return {**found.as_dict(), "heat": encoded(found.heat[None])}


def gradient_of(
    loaded: Loaded, split: str, image: int, layer: str, parameter: str, entry: int
) -> dict[str, Any]:
    """One entry of a gradient, by its number, and its finite difference."""
    found = microscope(
        loaded.subject,
        layer=layer,
        parameter=parameter,
        index=entry,
        image=image,
        split=loaded.split(split),
    )
    return found.as_dict()
