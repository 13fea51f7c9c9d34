"""Where an inspection saves figures and runs, and where it finds its data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from handgrad import datasets
from handgrad.datasets import Dataset
from handgrad.datasets.sources import usual_size
from handgrad.text import csv_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Place:
    """What an inspection gets besides its options; everything is optional.

    `folder` is the trial's: figures go into FOLDER/figures, a run into FOLDER/run.
    Without it nothing is drawn and no run is kept.
    `dataset_sha256` is filled in when a data set is loaded.
    """

    folder: Path | None = None
    data_dir: Path | None = None
    workers: int | None = None
    dataset_sha256: str | None = None

    def load(self, name: str) -> Dataset:
        """Load the data set of that name; digits are resized to 28 x 28."""
        size = usual_size(name)
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
        """Write figures/NAME.svg (or .png) and its numbers as NAME.csv."""
        if self.folder is None:
            return
        from handgrad.inspection.figures import save
        from handgrad.training.atomic import write_file

        base = self.folder / "figures" / name
        save(figure(), base, formats=(kind,), root=self.folder)
        write_file(base.with_suffix(".csv"), as_csv(rows), self.folder)

    @contextmanager
    def run_folder(self) -> Iterator[Path]:
        """Yield the folder for a run; a temporary one if there is no `folder`."""
        if self.folder is not None:
            yield self.folder / "run"
            return
        with TemporaryDirectory() as temporary:
            yield Path(temporary) / "run"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Format rows as CSV with a header; floats with all their digits."""
    names = list(rows[0]) if rows else []
    lines = [[row.get(name, "") for name in names] for row in rows]
    return csv_of([names, *lines]).encode()
