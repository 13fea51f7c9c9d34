"""A page of suspects: label errors, near-duplicates and uniform images."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from handgrad.arrays import NumpyArray
from handgrad.inspection.labels import LabelReport
from handgrad.reports.templates import render
from handgrad.text import number_of

MOST = 500  # images of a kind on the page; the CSV file has all


def suspects_page(found: LabelReport) -> str:
    """The document: every image with its file, label and suggestion.

    It is one file without external resources; names are text, never markup.
    """
    return render(
        "suspects.html",
        title="Labels to check",
        summary=_summary(found),
        suspects=[_suspect(found, one) for one in found.rows[:MOST]],
        pairs=[_pair(found, one) for one in found.duplicates[:MOST]],
        flat=[_shown(found, image) for image in found.flat[:MOST]],
        counts={
            "suspects": len(found.rows),
            "pairs": len(found.duplicates),
            "flat": len(found.flat),
        },
        most=MOST,
    )


def _summary(found: LabelReport) -> str:
    suspects = number_of(len(found.rows), "suspect")
    pairs = number_of(len(found.duplicates), "near-duplicate")
    flat = number_of(len(found.flat), "uniform image")
    images = number_of(len(found.targets), "image")
    gap = f" {found.gap}." if found.gap else ""
    return f"{suspects}, {pairs} and {flat} among {images}.{gap}"


def _suspect(found: LabelReport, one: Any) -> dict[str, Any]:
    return {
        **_shown(found, one.row),
        "suggested": found.class_names[one.suggested],
        "probability": f"{one.confidence:.0%}",
        "is_confident": one.is_confident,
    }


def _pair(found: LabelReport, one: Any) -> dict[str, Any]:
    return {
        "images": [_shown(found, image) for image in (one.first, one.second)],
        "similarity": "identical" if one.is_exact else f"{one.similarity:.3f}",
        "is_across": found.split(one.first) != found.split(one.second),
    }


def _shown(found: LabelReport, image: int) -> dict[str, Any]:
    """An image with its name, split and label."""
    return {
        "source": png_link(found.images[image]),
        "name": found.name(image),
        "split": found.split(image),
        "label": found.class_names[found.targets[image]],
    }


def png_link(image: NumpyArray) -> str:
    """An image (channels, height, width) as the data URL of a PNG.

    Float values are scaled: minimum black, maximum white. An image that has neither 1
    nor 3 channels is averaged over them.
    """
    pixels = image
    if pixels.dtype != np.uint8:
        low, high = float(pixels.min()), float(pixels.max())
        pixels = (255 * (pixels - low) / max(high - low, 1e-12)).astype(np.uint8)
    if len(pixels) not in (1, 3):
        pixels = pixels.mean(axis=0, keepdims=True).astype(np.uint8)
    shaped = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    stream = BytesIO()
    Image.fromarray(np.ascontiguousarray(shaped)).save(stream, "PNG")
    return f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}"
