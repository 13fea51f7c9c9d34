"""Data sets of one's own: folders of images, or zips as they were sent.

data/data-0123456789abcdef/   see `handgrad.datasets.PictureFolder`
    pictures.zip              of a zip
"""

import shutil
from pathlib import Path
from threading import Lock
from typing import Any

from handgrad.datasets import PictureFolder
from handgrad.errors import DatasetError
from handgrad.web.handles import Home, looked_up, new_handle

MOST_SETS = 50
ZIP = "pictures.zip"


class OwnData:
    """The data sets in the server's folder."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = Lock()

    def paths(self) -> dict[str, Path]:
        """What training reads, by handle: the folder of images and labels, or a zip.

        Data sets without images are left out.
        """
        found = {}
        for folder in sorted(self.home.data.glob("data-*")):
            archive = folder / ZIP
            if archive.is_file():
                found[folder.name] = archive
            elif (folder / "labels.csv").is_file():
                found[folder.name] = folder
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Handle, name, classes and number of images of each."""
        return [self.about(folder.name) for folder in sorted(self._folders().values())]

    def about(self, handle: str) -> dict[str, Any]:
        """Handle, name, classes and counts of a data set; whether it is a zip."""
        found = self._pictures(handle)
        is_zip = (found.path / ZIP).is_file()
        about = {"id": handle, "name": found.name, "classes": found.classes}
        return {**about, "counts": found.counts, "is_zip": is_zip}

    def create(self, name: str, archive: bytes | None = None) -> str:
        """Make an empty data set, or one of a zip; return its handle."""
        with self._lock:
            if len(self._folders()) >= MOST_SETS:
                raise DatasetError(
                    f"At most {MOST_SETS} data sets are kept. Remove one first."
                )
            handle = new_handle("data")
            made = PictureFolder.create(self.home.data / handle, name)
            if archive is not None:
                (made.path / ZIP).write_bytes(archive)
        return handle

    def add(self, handle: str, label: str, content: bytes) -> int:
        """Add an image to a class, which is made if it is new; return its count."""
        with self._lock:
            found = self._pictures(handle)
            if (found.path / ZIP).is_file():
                raise DatasetError(
                    f"{found.name} is a zip, which cannot be changed. Create a new "
                    "data set for your own images."
                )
            return found.add(label, content)

    def remove_last(self, handle: str, label: str) -> None:
        """Remove the last image of a class; without images the class goes too."""
        with self._lock:
            self._pictures(handle).remove_last(label)

    def remove(self, handle: str) -> None:
        """Remove a data set."""
        folder = looked_up("data set", self._folders(), handle)
        with self._lock:
            (folder / "about.json").unlink(missing_ok=True)  # hides what is left
            shutil.rmtree(folder)

    def _pictures(self, handle: str) -> PictureFolder:
        return PictureFolder(looked_up("data set", self._folders(), handle))

    def _folders(self) -> dict[str, Path]:
        return {p.parent.name: p.parent for p in self.home.data.glob("*/about.json")}
