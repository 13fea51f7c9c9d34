"""Pictures by the ways in which a table may name them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from handgrad.datasets.formats.table import Form, form_of, rows_of
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import DatasetError
from handgrad.text import composed, decoded


class PictureIndex:
    """Pictures by their names, with or without ending and folders."""

    def __init__(self, files: Sequence[PictureFile]) -> None:
        self.files = files
        self.places: dict[str, list[PictureFile]] = defaultdict(list)
        for file in files:
            parts = [decoded(part) for part in file.parts]
            for start in range(len(parts)):
                name = "/".join(parts[start:])
                for key in {name, name.rpartition(".")[0]}:
                    self.places[key].append(file)

    def has(self, name: str) -> bool:
        """Whether a name is that of a picture."""
        return bool(self.find(name))

    def find(self, name: str) -> list[PictureFile]:
        """The pictures of a name; folders of another machine before it may be left."""
        parts = composed(name).replace("\\", "/").removeprefix("./").split("/")
        for start in range(len(parts)):
            found = self.places.get("/".join(parts[start:]))
            if found:
                return found
        return []

    def form_of(self, table: Path) -> Form | None:
        """How a table is written; its first row is the first that names a picture.

        That of the file where none does.
        """
        form = form_of(table)
        if form is None or any(map(self.has, form.first)):
            return form
        try:
            for row in rows_of(table, form):
                if any(map(self.has, row)):
                    return replace(form, first=tuple(row))
        except DatasetError:  # rows of several lengths
            pass
        return form
