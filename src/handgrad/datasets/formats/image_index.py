"""Look-up of images by the names that a table may use."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from handgrad.datasets.formats.csv_table import Form, form_of, rows_of
from handgrad.datasets.image_files import ImageFile
from handgrad.errors import DatasetError
from handgrad.text import composed, decoded


class ImageIndex:
    """Images by name, with or without extension and folders."""

    def __init__(self, files: Sequence[ImageFile]) -> None:
        self.files = files
        self.places: dict[str, list[ImageFile]] = defaultdict(list)
        for file in files:
            parts = [decoded(part) for part in file.parts]
            for start in range(len(parts)):
                name = "/".join(parts[start:])
                for key in {name, name.rpartition(".")[0]}:
                    self.places[key].append(file)

    def has(self, name: str) -> bool:
        """Whether there is an image of this name."""
        return bool(self.find(name))

    def find(self, name: str) -> list[ImageFile]:
        """Return the images of a name; unknown leading folders are ignored."""
        parts = composed(name).replace("\\", "/").removeprefix("./").split("/")
        for start in range(len(parts)):
            found = self.places.get("/".join(parts[start:]))
            if found:
                return found
        return []

    def form_of(self, table: Path) -> Form | None:
        """Return the form of a table; its first row is the first to name an image.

        If no row does, it is the first row of the file.
        """
        form = form_of(table)
        if form is None or any(map(self.has, form.first)):
            return form
        try:
            for row in rows_of(table, form):
                if any(map(self.has, row)):
                    return replace(form, first=tuple(row))
        except DatasetError:  # rows of different lengths
            pass
        return form
