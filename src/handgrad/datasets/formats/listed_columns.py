"""Detection of the columns of a table that hold image names and labels.

The column of names is the one whose cells name existing images; the label column has
a known name, or is the only other one. Several columns of 0 and 1 are one-hot classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handgrad.datasets.formats.csv_table import Form
from handgrad.datasets.formats.split_column import NAMES as SPLITS

FILES = (
    "filename", "file_name", "file name", "filepath", "filepaths", "file_path", "file",
    "files", "image_path", "imagepath", "img_path", "image_name", "image_file",
    "imagename", "img_name", "image_id", "imageid", "image", "images", "img", "path",
    "paths", "picture", "photo", "fname", "name", "id", "id_code", "uuid", "key",
)  # fmt: skip
LABELS = (
    "label", "labels", "class", "class_name", "classname", "class_id", "classid",
    "category", "target", "y", "diagnosis", "dx", "breed", "species", "genus",
    "finding", "level", "tag", "tags", "emotion", "type", "class name", "class id",
)  # fmt: skip

MARKS = {"0", "0.0", "1", "1.0"}


@dataclass(frozen=True)
class Columns:
    """The columns of a table: the image's name, its label, its split if any.

    With one column per class, `label` is None and `classes` are these columns.
    """

    file: int
    label: int | None
    split: int | None = None
    classes: tuple[int, ...] = ()


def columns_of(
    form: Form, is_image: Callable[[str], bool], label_from: str | None = None
) -> Columns | None:
    """Detect the columns; None for a table without names and classes of images."""
    names = form.header or ("",) * len(form.first)
    if len(names) != len(form.first):
        return None
    wanted = LABELS if label_from is None else (label_from.strip().lower(),)
    file = _file(names, form.first, is_image, wanted)
    if file is None:
        return None
    split = _place(names, SPLITS)
    others = [place for place in range(len(names)) if place not in (file, split)]
    label = _place(names, wanted)
    if label in others:
        return Columns(file, label, split)
    if label_from is not None:
        return None
    if len(others) == 1:
        return Columns(file, others[0], split)
    if form.header and others and {form.first[place] for place in others} <= MARKS:
        return Columns(file, None, split, tuple(others))
    return None


def file_column(form: Form, is_image: Callable[[str], bool]) -> int | None:
    """Return the column of image names; None if there is none."""
    names = form.header or ("",) * len(form.first)
    if len(names) != len(form.first):
        return None
    return _file(names, form.first, is_image, ())


def _file(
    names: Sequence[str],
    cells: Sequence[str],
    is_image: Callable[[str], bool],
    labels: Sequence[str],
) -> int | None:
    """Return the column whose first cell names an image; known headers first."""
    found = [place for place, cell in enumerate(cells) if is_image(cell)]
    ranks = {name: rank for rank, name in enumerate(FILES) if name not in labels}
    found = [place for place in found if names[place] not in labels]
    return min(
        found,
        key=lambda place: (ranks.get(names[place], len(FILES)), place),
        default=None,
    )


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
