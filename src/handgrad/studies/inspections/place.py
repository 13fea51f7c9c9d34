"""Where an inspection may leave pictures and runs, and where its data lie."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from handgrad import datasets
from handgrad.datasets import Dataset
from handgrad.names import known_name
from handgrad.text import csv_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS_SIZE = (28, 28)  # networks for pictures are made for at least this size


@dataclass
class Place:
    """What one inspection is given besides its options; all of it may be missing.

    `folder` is the trial's: pictures go into FOLDER/figures, a training into
    FOLDER/run. Without it nothing is drawn and a training leaves nothing behind.
    `dataset_sha256` is filled in when a data set is loaded.
    """

    folder: Path | None = None
    data_dir: Path | None = None
    workers: int | None = None
    dataset_sha256: str | None = None

    def load(self, name: str) -> Dataset:
        """The data set of that name, the digits at the size of the others."""
        size = DIGITS_SIZE if known_name(name, ("digits",)) else None
        found = datasets.load(name, data_dir=self.data_dir, image_size=size)
        self.dataset_sha256 = found.checksum
        return found

    def draw(
        self,
        name: str,
        figure: "Callable[[], Figure]",
        rows: Sequence[Mapping[str, Any]],
        *,
        kind: str = "svg",
    ) -> None:
        """Write figures/NAME.svg (or .png) and, beside it, its numbers as NAME.csv."""
        if self.folder is None:
            return
        from handgrad.inspection.figures import save
        from handgrad.training.atomic import write_file

        base = self.folder / "figures" / name
        save(figure(), base, formats=(kind,), root=self.folder)
        write_file(base.with_suffix(".csv"), as_csv(rows), self.folder)

    @contextmanager
    def run_folder(self) -> Iterator[Path]:
        """Where a training may be kept; thrown away where there is no folder."""
        if self.folder is not None:
            yield self.folder / "run"
            return
        with TemporaryDirectory() as thrown_away:
            yield Path(thrown_away) / "run"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A line of names, then a line for each row; floats with all their digits."""
    names = list(rows[0]) if rows else []
    lines = [[row.get(name, "") for name in names] for row in rows]
    return csv_of([names, *lines]).encode()
