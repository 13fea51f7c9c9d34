"""Images whose labels are probably wrong."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from handgrad.inspection.figures.captioned_images import captioned_images
from handgrad.inspection.figures.style import class_labels

if TYPE_CHECKING:
    from handgrad.inspection.labels import LabelReport

MOST = 24
LONGEST = 12  # characters of a class name


def suspects(found: "LabelReport") -> Figure:
    """Draw the first suspects: image, label, and the class that is suggested."""
    first = found.rows[:MOST]
    names = class_labels(found.class_names, LONGEST)
    captions = [
        (f"label {names[one.given]}", f"{names[one.suggested]} {one.confidence:.0%}")
        for one in first
    ]
    note = f"{len(found.rows):,} suspects among {found.judged:,} images"
    if len(found.rows) > len(first):
        note += f"; the {len(first)} least plausible labels"
    images = [found.images[one.row] for one in first]
    return captioned_images(images, captions, "Labels that are probably wrong", note)
