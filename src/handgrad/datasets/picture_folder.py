"""A data set of your own that images are added to, one by one."""

import csv
import json
import re
import shutil
from collections import Counter
from pathlib import Path

from handgrad.errors import DatasetError, HandgradError
from handgrad.paths import path_of

MOST_CLASSES, MOST_PICTURES = 100, 5_000
LONGEST = 60  # characters of a name
ABOUT, LABELS, PICTURES = "about.json", "labels.csv", "pictures"
ZIP = "pictures.zip"
FILE = re.compile(r"\d{6}\.png")
OPTION = re.compile(r",? or [^.,]* \([a-z_]+, --[a-z-]+\)")  # of a call or a command
Labels = list[tuple[str, str]]


class PictureFolder:
    """A data set in the folder `path`: images in classes that the user names.

    about.json            name and classes
    pictures/000001.png   names given here, whatever the images were called
    labels.csv            the class of each image
    pictures.zip          instead of both: a zip, which stays as it is

    `handgrad.datasets.load` and `handgrad train --dataset` read the folder as soon as
    it has images. Only one thread may change it at a time. DatasetError for a folder
    without an about.json, or a damaged one.

    Example
        shapes = PictureFolder.create("shapes", "Shapes")
        shapes.counts == {}
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path_of("PictureFolder", "path", path, DatasetError)
        if not (self.path / ABOUT).is_file():
            raise DatasetError(
                f"{self.path} has no {ABOUT}. Make it with PictureFolder.create."
            )
        try:
            about = json.loads((self.path / ABOUT).read_text("utf-8"))
            self.name = checked_name(about["name"])
            self.classes = [checked_name(name) for name in about["classes"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(self.path / ABOUT) from error

    @classmethod
    def create(cls, path: str | Path, name: str) -> "PictureFolder":
        """Make an empty data set called `name` in a new folder at `path`.

        DatasetError for a folder that exists, or a name of other than 1 to 60 printable
        characters.
        """
        text = checked_name(name)
        place = path_of("PictureFolder", "path", path, DatasetError)
        try:
            (place / PICTURES).mkdir(parents=True)
        except OSError as error:
            raise DatasetError(
                f"{place} cannot be made: {error.strerror}. Give another folder."
            ) from error
        _write_about(place, text, [])
        return cls(place)

    @classmethod
    def of_zip(cls, path: str | Path, name: str, content: bytes) -> "PictureFolder":
        """Make a data set called `name` of a zip in a new folder at `path`.

        `content` is that of a zip with one folder of images for each class. Images that
        cannot be read are skipped, see `skip_bad` of `datasets.load`.
        DatasetError for a zip that cannot be used, of which nothing is kept; and as
        `create`.
        """
        from handgrad.datasets.load import load

        made = cls.create(path, name)
        place = made.path / ZIP
        try:
            place.write_bytes(content)
            load(place, skip_bad=True)
        except BaseException as error:
            shutil.rmtree(made.path)
            if not isinstance(error, HandgradError):
                raise
            said = str(error).replace(str(place), f"{made.name}.zip")
            raise DatasetError(OPTION.sub("", said)) from error
        return made

    @property
    def source(self) -> Path | None:
        """What `datasets.load` reads: the zip or this folder; None without images."""
        if self.is_zip:
            return self.path / ZIP
        return self.path if (self.path / LABELS).is_file() else None

    @property
    def is_zip(self) -> bool:
        """Whether the images are those of a zip."""
        return (self.path / ZIP).is_file()

    @property
    def counts(self) -> dict[str, int]:
        """The number of images of each class."""
        counts = Counter(label for _, label in self._labels())
        return {name: counts[name] for name in self.classes}

    def add(self, label: str, content: bytes) -> int:
        """Add an image to the class `label`; return the number of its images.

        A new class is made. `content` is that of a PNG, JPEG, WebP or GIF file; what is
        kept is a PNG of at most 256 pixels per side, without anything else that the
        file held. DatasetError for another format, a name of other than 1 to 60
        printable characters, more than 5,000 images or 100 classes, or a zip.
        """
        from handgrad.datasets.untrusted_images import small_png  # Pillow is slow

        if self.is_zip:
            raise DatasetError(
                f"{self.name} is a zip, which cannot be changed. Create a new data set "
                "for your own images."
            )
        label, picture, rows = checked_name(label), small_png(content), self._labels()
        if len(rows) >= MOST_PICTURES:
            raise DatasetError(f"A data set has at most {MOST_PICTURES} images.")
        if label not in self.classes:
            if len(self.classes) >= MOST_CLASSES:
                raise DatasetError(f"At most {MOST_CLASSES} classes are kept.")
            self._set_classes([*self.classes, label])
        last = max((int(name[:6]) for name, _ in rows), default=0)
        file = f"{last + 1:06d}.png"
        (self.path / PICTURES / file).write_bytes(picture)
        self._write_labels([*rows, (file, label)])
        return self.counts[label]

    def remove_last(self, label: str) -> None:
        """Remove the last image of the class `label`; with its last, the class too.

        DatasetError if it has none.
        """
        rows = self._labels()
        own = [row for row in rows if row[1] == label]
        if not own:
            raise DatasetError(f"There is no image of {label} to remove.")
        if len(own) == 1:
            self._set_classes([name for name in self.classes if name != label])
        self._write_labels([row for row in rows if row != own[-1]])
        (self.path / PICTURES / own[-1][0]).unlink(missing_ok=True)

    def _set_classes(self, classes: list[str]) -> None:
        _write_about(self.path, self.name, classes)
        self.classes = classes

    def _labels(self) -> Labels:
        try:
            with open(self.path / LABELS, encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))[1:]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, csv.Error) as error:
            raise _damaged(self.path / LABELS) from error
        if not all(len(row) == 2 and FILE.fullmatch(row[0]) for row in rows):
            raise _damaged(self.path / LABELS)
        return [(file, label) for file, label in rows]

    def _write_labels(self, rows: Labels) -> None:
        with open(self.path / LABELS, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("file", "label"), *rows])


def checked_name(name: str) -> str:
    """A name of a class or data set on one line; DatasetError if it cannot be shown."""
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or len(text) > LONGEST or not text.isprintable():
        raise DatasetError(
            f"A name has 1 to {LONGEST} printable characters. Give another name."
        )
    return text


def _damaged(path: Path) -> DatasetError:
    return DatasetError(
        f"{path} is damaged. Restore it, or make another data set with "
        "PictureFolder.create."
    )


def _write_about(folder: Path, name: str, classes: list[str]) -> None:
    about = {"name": name, "classes": classes}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
