"""Pictures with their class in the file name: `cat.0.jpg`, `cat_0001.png`.

The class is what stands before the last number, without the marks between them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.formats.roles import split_in
from handgrad.datasets.image_folder import open_pictures
from handgrad.errors import DatasetError
from handgrad.text import decoded

NAMED = re.compile(r"(.*?[^\W\d_].*?)[\s._()#-]*\d+[\s._()-]*\Z", re.DOTALL)


def class_in(name: str) -> str | None:
    """The class that a file name without its ending begins with.

    Example
        class_in("cat.0") == "cat"
    """
    found = NAMED.fullmatch(name)
    return found[1].rstrip(" ._-(#") or None if found is not None else None


def read_file_names(paths: Sequence[Path], label_from: str | None) -> Pictures:
    """The pictures of a folder or zip; those without a class are an error."""
    path = paths[0]
    files = open_pictures(path)
    rows = []
    for file in files.sorted_files():
        *folders, name = file.parts
        stem = name.rpartition(".")[0]
        class_name = class_in(decoded(stem))
        if class_name is None:
            raise DatasetError(
                f"{path}: the name of {decoded(file.name)} does not begin with a class "
                "and end with a number, as cat.0.jpg does. Rename the file, or make "
                "one folder of pictures for each class."
            )
        rows.append(LabelledFile(file, class_name, _split(folders)))
    return Pictures(files, tuple(rows))


def names_hold_classes(names: Sequence[str]) -> bool:
    """Whether these names, without their endings, are those of a few classes."""
    counts = Counter(class_in(name) for name in names)
    return len(counts) > 1 and None not in counts and min(counts.values()) > 1


def check_folder(path: Path) -> None:
    """DatasetError for loose pictures whose names say their classes."""
    with open_pictures(path) as pictures:
        names = [file.name for file in pictures.sorted_files()]
    if names_hold_classes([decoded(name).rpartition(".")[0] for name in names]):
        raise DatasetError(
            f"{path} holds pictures without folders, such as {decoded(names[0])}. If "
            "their names begin with their class, say --label-from name."
        )


def _split(folders: Sequence[str]) -> str:
    return next((split for name in folders if (split := split_in(name))), "")
