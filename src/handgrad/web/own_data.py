"""Data sets of one's own: pictures in classes that the user names, or a zip.

data/data-0123456789abcdef/
    about.json            name and classes
    pictures/000001.png   names given by the server
    labels.csv            the class of each picture
    pictures.zip          or a zip, as it was sent
"""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import Any

from handgrad.errors import DatasetError
from handgrad.web.handles import Home, looked_up, new_handle
from handgrad.web.pictures import kept

MOST_SETS, MOST_CLASSES, MOST_PICTURES = 50, 100, 5_000
LONGEST = 60  # characters of a name
ZIP = "pictures.zip"


class OwnData:
    """The data sets in the server's folder."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = Lock()

    def paths(self) -> dict[str, Path]:
        """What training reads, by handle: the folder of pictures and labels, or a zip.

        Data sets without pictures are left out.
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
        """Handle, name, classes and number of pictures of each."""
        return [self.about(folder.name) for folder in sorted(self._folders().values())]

    def about(self, handle: str) -> dict[str, Any]:
        """Handle, name, classes and counts of a data set; whether it is a zip."""
        folder = looked_up("data set", self._folders(), handle)
        about = json.loads((folder / "about.json").read_text("utf-8"))
        counts = Counter(label for _, label in _labels(folder))
        numbers = {name: counts[name] for name in about["classes"]}
        is_zip = (folder / ZIP).is_file()
        return {"id": handle, **about, "counts": numbers, "is_zip": is_zip}

    def create(self, name: str, archive: bytes | None = None) -> str:
        """Make an empty data set, or one of a zip; return its handle."""
        with self._lock:
            if len(self._folders()) >= MOST_SETS:
                raise DatasetError(
                    f"At most {MOST_SETS} data sets are kept. Remove one first."
                )
            handle = new_handle("data")
            folder = self.home.data / handle
            (folder / "pictures").mkdir(parents=True)
            _write_about(folder, _name(name), [])
            if archive is not None:
                (folder / ZIP).write_bytes(archive)
        return handle

    def add(self, handle: str, label: str, content: bytes) -> int:
        """Add a picture to a class, which is made if it is new; return its count."""
        folder = looked_up("data set", self._folders(), handle)
        label, picture = _name(label), kept(content)
        with self._lock:
            rows = list(_labels(folder))
            about = self.about(handle)
            if about["is_zip"]:
                raise DatasetError(
                    f"{about['name']} is a zip, which stays as it is. Make a new data "
                    "set for pictures of your own."
                )
            if len(rows) >= MOST_PICTURES:
                raise DatasetError(f"A data set has at most {MOST_PICTURES} pictures.")
            if label not in about["classes"]:
                if len(about["classes"]) >= MOST_CLASSES:
                    raise DatasetError(f"At most {MOST_CLASSES} classes are kept.")
                _write_about(folder, about["name"], [*about["classes"], label])
            last = max((int(name[:6]) for name, _ in rows), default=0)
            file = f"{last + 1:06d}.png"
            (folder / "pictures" / file).write_bytes(picture)
            _write_labels(folder, [*rows, (file, label)])
        return int(about["counts"].get(label, 0)) + 1

    def remove_last(self, handle: str, label: str) -> None:
        """Remove the last picture of a class; without pictures the class goes too."""
        folder = looked_up("data set", self._folders(), handle)
        with self._lock:
            rows = list(_labels(folder))
            own = [row for row in rows if row[1] == label]
            if not own:
                raise DatasetError(f"There is no picture of {label} to remove.")
            if len(own) == 1:
                about = self.about(handle)
                classes = [name for name in about["classes"] if name != label]
                _write_about(folder, about["name"], classes)
            _write_labels(folder, [row for row in rows if row != own[-1]])
            (folder / "pictures" / own[-1][0]).unlink(missing_ok=True)

    def remove(self, handle: str) -> None:
        """Remove a data set."""
        folder = looked_up("data set", self._folders(), handle)
        with self._lock:
            (folder / "about.json").unlink(missing_ok=True)  # hides what is left
            shutil.rmtree(folder)

    def _folders(self) -> dict[str, Path]:
        return {p.parent.name: p.parent for p in self.home.data.glob("*/about.json")}


def _name(name: str) -> str:
    """A name of a class or data set, on one line."""
    text = " ".join(name.split())
    if not text or len(text) > LONGEST or not text.isprintable():
        raise DatasetError(
            f"A name has 1 to {LONGEST} printable characters. Give another name."
        )
    return text


def _write_about(folder: Path, name: str, classes: list[str]) -> None:
    about = {"name": name, "classes": classes}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _labels(folder: Path) -> list[tuple[str, str]]:
    try:
        with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
            return [(row[0], row[1]) for row in list(csv.reader(file))[1:]]
    except FileNotFoundError:
        return []


def _write_labels(folder: Path, rows: list[tuple[str, str]]) -> None:
    with open(folder / "labels.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
