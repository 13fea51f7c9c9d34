"""Data sets of one's own, each in a folder: see `handgrad.datasets.PictureFolder`."""

import re
import shutil
from pathlib import Path
from threading import Lock
from typing import Any

from handgrad.datasets import PictureFolder
from handgrad.datasets.picture_folder import ZIP
from handgrad.errors import DatasetError
from handgrad.web.handles import Home, looked_up, new_handle

MOST_SETS = 50
GONE = "a removed data set"


class OwnData:
    """The data sets in the server's folder."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = Lock()
        folders = re.escape(str(home.data))
        self._paths = re.compile(rf"{folders}/(data-[0-9a-f]+)(?:/{re.escape(ZIP)})?")

    def paths(self) -> dict[str, Path]:
        """What training reads, by handle: the folder of images and labels, or a zip.

        Data sets without images are left out.
        """
        sources = {name: self.folder(name).source for name in sorted(self._folders())}
        return {name: source for name, source in sources.items() if source is not None}

    def named(self, text: str) -> str:
        """A text in which paths of these data sets are their names."""
        known = self._folders() if self._paths.search(text) else {}
        return self._paths.sub(
            lambda found: self.folder(found[1]).name if found[1] in known else GONE,
            text,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Handle, name, classes and number of images of each."""
        return [self.about(handle) for handle in sorted(self._folders())]

    def about(self, handle: str) -> dict[str, Any]:
        """Handle, name, classes and counts of a data set; whether it is a zip."""
        found = self.folder(handle)
        about = {"id": handle, "name": found.name, "classes": found.classes}
        return {**about, "counts": found.counts, "is_zip": found.is_zip}

    def create(self, name: str, archive: bytes | None = None) -> str:
        """Make an empty data set, or one of a zip; return its handle."""
        with self._lock:
            if len(self._folders()) >= MOST_SETS:
                raise DatasetError(
                    f"At most {MOST_SETS} data sets are kept. Remove one first."
                )
            handle = new_handle("data")
            place = self.home.data / handle
            if archive is None:
                PictureFolder.create(place, name)
            else:
                PictureFolder.of_zip(place, name, archive)
        return handle

    def add(self, handle: str, label: str, content: bytes) -> int:
        """Add an image to a class, which is made if it is new; return its count."""
        with self._lock:
            return self.folder(handle).add(label, content)

    def remove_last(self, handle: str, label: str) -> None:
        """Remove the last image of a class; without images the class goes too."""
        with self._lock:
            self.folder(handle).remove_last(label)

    def remove(self, handle: str) -> None:
        """Remove a data set."""
        folder = looked_up("data set", self._folders(), handle)
        with self._lock:
            (folder / "about.json").unlink(missing_ok=True)  # hides what is left
            shutil.rmtree(folder)

    def folder(self, handle: str) -> PictureFolder:
        """The data set with this handle; MissingError if there is none."""
        return PictureFolder(looked_up("data set", self._folders(), handle))

    def _folders(self) -> dict[str, Path]:
        return {p.parent.name: p.parent for p in self.home.data.glob("*/about.json")}
