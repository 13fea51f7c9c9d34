"""Images with their class in the file name: `cat.0.jpg`, `cat_0001.png`.

The class is the text before the last number, without separators, or else the text
after the first one (`0001_cat.jpg`). A folder of test images without classes, such as
`test1/1.jpg` of a competition, is ignored.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.formats.name_roles import split_in
from handgrad.datasets.image_folder import open_images
from handgrad.errors import DatasetError
from handgrad.text import decoded

MARKS = r"[\s._()#-]"
FIRST = re.compile(rf"(.*?[^\W\d_].*?){MARKS}*\d+{MARKS}*\Z", re.DOTALL)
NUMBER = re.compile(rf"(\d+){MARKS}+\d+{MARKS}*\Z")
LAST = re.compile(rf"\d+{MARKS}+(\D+)\Z")


def class_in(name: str) -> str | None:
    """Return the class in a file name without its extension; None if there is none.

    Example
        class_in("cat.0") == "cat"
    """
    found = FIRST.match(name) or NUMBER.match(name) or LAST.match(name)
    return found[1].strip(" ._-(#") or None if found is not None else None


def read_file_names(paths: Sequence[Path], label_from: str | None) -> EncodedImages:
    """Read the images of a folder or zip; DatasetError for one without a class."""
    path = paths[0]
    files = open_images(path)
    rows, unnamed = [], []
    for file in files.sorted_files():
        *folders, name = file.parts
        stem = name.rpartition(".")[0]
        class_name = class_in(decoded(stem))
        split = _split(folders)
        if class_name is None and split == "test":
            unnamed.append(file)
            continue
        if class_name is None:
            raise DatasetError(
                f"{path}: the name of {decoded(file.name)} does not start with a class "
                "and end with a number, as cat.0.jpg does. Rename the file, or make "
                "one folder of images for each class."
            )
        rows.append(LabelledFile(file, class_name, split))
    left = f"{len(unnamed):,} test images without a class"
    return EncodedImages(files, tuple(rows), (left,) if unnamed else ())


def names_hold_classes(names: Sequence[str]) -> bool:
    """Whether these names, without extensions, are those of a few classes."""
    counts = Counter(class_in(name) for name in names)
    if not all(re.search(r"[^\W\d_]", name or "") for name in counts):
        return False
    return len(counts) > 1 and None not in counts and min(counts.values()) > 1


def check_loose(path: Path, names: Sequence[str]) -> None:
    """Raise DatasetError for images without folders whose names give the classes."""
    if names_hold_classes([decoded(name).rpartition(".")[0] for name in names]):
        raise DatasetError(
            f"{path} holds images without folders, such as {decoded(names[0])}. If "
            "their names start with their class, use --label-from name."
        )


def _split(folders: Sequence[str]) -> str:
    return next((split for name in folders if (split := split_in(name))), "")
