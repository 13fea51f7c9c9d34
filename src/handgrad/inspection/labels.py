"""What is wrong with labelled images: label errors, near-duplicates, uniform images."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError, DatasetError
from handgrad.inspection.held_out_logits import (
    Announce,
    dataset_of,
    logits_of,
    parts_of,
)
from handgrad.inspection.label_errors import Suspect, suspects_of
from handgrad.inspection.near_duplicates import (
    SIMILARITY,
    Duplicate,
    near_duplicates,
    uniform,
)
from handgrad.inspection.result import Rows
from handgrad.inspection.table import Table
from handgrad.metrics import probabilities_of
from handgrad.ranges import check_at_least, is_number, shown
from handgrad.text import csv_of, number_of, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDS = 4
LISTED = 24  # suspects in the table
LEAST_AGREEMENT = 0.6  # below it most suspects are the network's mistakes
HEADS = ("image", "split", "label", "suggested", "probability")
CSV = ("problem", "image", "split", "label", "suggested", "value", "other image")


@dataclass(frozen=True, repr=False, eq=False)
class LabelReport(Rows[Suspect]):
    """Images to look at: suspects, least plausible label first, and duplicates.

    `rows` are the suspects, `duplicates` pairs of nearly equal images, `flat` the
    numbers of uniform images. Images are numbered through all splits, in the order of
    `splits`, which maps the name of each to its number of images. `files[k]` names the
    file of image k, and is empty for data sets that are not image files;
    `class_names[k]` names class k. `not_judged` are the images of which no network was
    trained on others of their class.

    Shapes
        images   (count, channels, height, width)
        targets  (count,), class numbers
    """

    rows: tuple[Suspect, ...]
    duplicates: tuple[Duplicate, ...]
    flat: tuple[int, ...]
    images: NumpyArray
    targets: NumpyArray
    splits: dict[str, int]
    files: tuple[str, ...]
    class_names: tuple[str, ...]
    not_judged: tuple[int, ...] = ()

    def name(self, image: int) -> str:
        """The file of an `image`, or its number in its split."""
        if self.files:
            return self.files[image]
        split, number = self._place(image)
        return f"{split} {number}"

    def split(self, image: int) -> str:
        """The split of an `image`."""
        return self._place(image)[0]

    @property
    def judged(self) -> int:
        """The number of images with a held-out prediction."""
        return len(self.targets) - len(self.not_judged)

    @property
    def agreement(self) -> float:
        """The fraction of judged images whose held-out prediction is their label."""
        return 1 - len(self.rows) / self.judged

    @property
    def gap(self) -> str:
        """How many images were not judged, and why; empty if all were."""
        said = (
            f"{number_of(len(self.not_judged), 'image')} not judged: no network was "
            "trained on other images of their class; add some to judge them"
        )
        return said if self.not_judged else ""

    @property
    def across(self) -> tuple[Duplicate, ...]:
        """The near-duplicates whose images are in different splits."""
        return tuple(
            one
            for one in self.duplicates
            if self.split(one.first) != self.split(one.second)
        )

    def table(self) -> Table:
        """The first suspects, and how much was found."""
        rows = tuple(
            (
                one_line(self.name(one.row)),
                self.split(one.row),
                self.class_names[one.given],
                self.class_names[one.suggested],
                f"{one.confidence:.1%}",
            )
            for one in self.rows[:LISTED]
        )
        return Table(HEADS, rows, ("probability",), below=tuple(self._notes()))

    def figure(self) -> "Figure":
        """A gallery of the first suspects."""
        from handgrad.inspection.figures.suspects import suspects

        return suspects(self)

    def as_dict(self) -> dict[str, Any]:
        """All suspects, near-duplicates and uniform images, by name."""
        names = self.class_names
        return {
            "images": self.splits,
            "agreement": self.agreement,
            "not_judged": [self.name(image) for image in self.not_judged],
            "suspects": [
                {
                    "image": self.name(one.row),
                    "split": self.split(one.row),
                    "label": names[one.given],
                    "suggested": names[one.suggested],
                    "probability": one.confidence,
                    "margin": one.margin,
                    "confident": one.is_confident,
                }
                for one in self.rows
            ],
            "near_duplicates": [
                {
                    "image": self.name(one.second),
                    "other": self.name(one.first),
                    "splits": [self.split(one.second), self.split(one.first)],
                    "similarity": one.similarity,
                    "identical": one.is_exact,
                }
                for one in self.duplicates
            ],
            "uniform": [self.name(image) for image in self.flat],
        }

    def csv(self) -> str:
        """Every finding in a row: problem, image, split, classes, value, other image.

        The value is the margin of a suspect and the similarity of a near-duplicate.
        """
        names = self.class_names
        rows: list[tuple[Any, ...]] = [CSV]
        for one in self.rows:
            classes = (names[one.given], names[one.suggested])
            rows.append(("label", *self._of(one.row), *classes, one.margin, ""))
        for pair in self.duplicates:
            label = names[self.targets[pair.second]]
            kind = "identical" if pair.is_exact else "near-duplicate"
            other = self.name(pair.first)
            values = (label, "", pair.similarity, other)
            rows.append((kind, *self._of(pair.second), *values))
        for kind, images in (("uniform", self.flat), ("not judged", self.not_judged)):
            for image in images:
                label = names[self.targets[image]]
                rows.append((kind, *self._of(image), label, "", "", ""))
        return csv_of(rows)

    def _of(self, image: int) -> tuple[str, str]:
        return self.name(image), self.split(image)

    def _place(self, image: int) -> tuple[str, int]:
        number = image
        for split, count in self.splits.items():
            if number < count:
                return split, number
            number -= count
        raise IndexError(image)

    def _notes(self) -> list[str]:
        confident = sum(one.is_confident for one in self.rows)
        found = (
            f"{number_of(len(self.rows), 'suspect')} among "
            f"{number_of(self.judged, 'image')}, {confident:,} of them predicted as "
            "confidently as images of the other class"
        )
        pairs = number_of(len(self.duplicates), "near-duplicate")
        flat = number_of(len(self.flat), "uniform image")
        agreed = f"held-out predictions agree with {self.agreement:.1%} of the labels"
        if self.agreement < LEAST_AGREEMENT:
            agreed += ": too few to judge labels; train a better network first"
        copies = f"{pairs}, {len(self.across):,} across splits; {flat}"
        return [line for line in (found, agreed, self.gap, copies) if line]


@takes_kinds
def labels(
    run: str | Path,
    *,
    folds: int = FOLDS,
    epochs: int | None = None,
    similarity: float = SIMILARITY,
    data_dir: Path | None = None,
    workers: int | None = None,
    progress: Any = None,
    announce: Announce | None = None,
) -> LabelReport:
    """Look for wrong labels, near-duplicates and uniform images in the data of a `run`.

    Training images are judged by cross-validation: `folds` networks with the settings
    of the run, each trained on the other folds, for `epochs` (by default as many as the
    run); validation and test images by the run's own network. Pairs of images with at
    least this `similarity` (a correlation) are near-duplicates. `data_dir` is searched
    for data sets first; `workers` is the number of threads. `announce` receives a line
    for each fold, `progress` what is being read, the amount done and the total.

    ConfigError for a number of folds below 2, a loss without probabilities or a data
    set that is not images; DatasetError if the data have changed since training, or no
    class has two images.

    Example
        labels("runs/lenet-digits-1", folds=2, epochs=1).csv()
    """
    from handgrad.training.trained_network import load

    check_at_least("labels", "folds", folds, 2)
    if not is_number(similarity) or not 0 < similarity <= 1:
        raise ConfigError(
            f"labels takes similarity as a number above 0 and up to 1, got "
            f"{shown(similarity)}. Give, for example, 0.99."
        )
    network = load(run, workers=workers)
    if not network.gives_probabilities:
        raise ConfigError(
            f"{run} was trained with {network.config.loss.name}, which gives no "
            "probabilities. Train with softmax_cross_entropy."
        )
    dataset = dataset_of(network, Path(run), data_dir, progress)
    logits = logits_of(network, dataset, folds, epochs, announce)
    parts, is_judged = parts_of(dataset), np.isfinite(logits).all(axis=1)
    if not is_judged.any():
        raise DatasetError(
            "labels judges an image by a network trained on others of its class, but "
            f"no class of {dataset.name} has two images. Add images to the classes."
        )
    images = np.concatenate([part.images for part in parts.values()])
    targets = np.concatenate([part.targets for part in parts.values()])
    return LabelReport(
        rows=tuple(suspects_of(probabilities_of(logits), targets)),
        duplicates=tuple(near_duplicates(images, similarity)),
        flat=tuple(np.flatnonzero(uniform(images)).tolist()),
        images=images,
        targets=targets,
        splits={name: len(part) for name, part in parts.items()},
        files=tuple(dataset.files),
        class_names=network.class_names,
        not_judged=tuple(np.flatnonzero(~is_judged).tolist()),
    )
