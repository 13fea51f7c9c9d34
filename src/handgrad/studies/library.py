"""Studies: folders of experiments, of the package or of a user."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel

from handgrad.errors import ConfigError, unknown_name
from handgrad.parsing import read_toml
from handgrad.studies.contents import Contents, contents_of
from handgrad.studies.experiment import Experiment, Size, Texts, read_experiment
from handgrad.studies.ledger import Ledger
from handgrad.studies.table_validation import checked
from handgrad.studies.trials import Cell, cells_of
from handgrad.training.settings_table import RULES

PACKAGED = Path(__file__).parent / "experiments"
ABOUT = "study.toml"  # the one file of a folder that is not an experiment


class About(BaseModel):
    """The description of a study: title, report, and conventions for all rows."""

    model_config = RULES
    title: str = ""
    report: str = ""
    conventions: Texts = ()


@dataclass(frozen=True)
class Study:
    """A study: experiments by the names of their rows.

    `name` is that of the study, `about` holds its title, report and conventions, and
    `experiments` maps rows to experiments. `contents` describes the data.
    """

    name: str
    about: About
    experiments: dict[str, Experiment]
    contents: Contents = field(default_factory=Contents)

    @property
    def data_dir(self) -> Path | None:
        """The folder of data sets that the experiments name; None without one.

        ConfigError for several: all trials of a study search one folder.
        """
        of = {
            row: each.dataset.get("data_dir")
            for row, each in self.experiments.items()
            if each.kind == "training"
        }
        named = sorted({str(place) for place in of.values() if place is not None})
        if not named:
            return None
        if len(set(of.values())) > 1:
            other = next(row for row, place in of.items() if place != named[0])
            raise ConfigError(
                f"{self.name} has experiments whose data_dir is {named[0]}, and "
                f"{other}, which names {of[other] or 'none'}. Give all of them the "
                "same one, or give --data-dir."
            )
        return Path(named[0])

    def on(self, ledger: Ledger) -> "Study":
        """Return the study on the data that the `ledger` has last seen."""
        return replace(self, contents=contents_of(ledger))

    def cells(self, size: Size) -> list[Cell]:
        """Every trial of the study in this `size`, "quick" or "full", row by row."""
        return [cell for row in self.experiments for cell in self.cells_of(row, size)]

    def cells_of(self, row: str, size: Size) -> list[Cell]:
        """Every trial of a `row` in this `size`, "quick" or "full"."""
        source = f"{self.name}/{row}.toml"
        made = cells_of(row, self.experiments[row], size, source)
        return [self.contents.cell(cell) for cell in made]

    def only(self, rows: list[str]) -> "Study":
        """The study with only these `rows`; ConfigError for an unknown row or none."""
        if not rows:
            raise ConfigError(
                f"{self.name} needs at least one row, got none. Give some of: "
                f"{', '.join(self.experiments)}."
            )
        for row in rows:
            if row not in self.experiments:
                raise unknown_name(f"row of {self.name}", row, self.experiments)
        chosen = {row: e for row, e in self.experiments.items() if row in rows}
        return replace(self, experiments=chosen)


def matching(cells: list[Cell], words: list[str]) -> list[Cell]:
    """The cells whose names contain all of these words, such as `seed 0`.

    Example
        matching(study.cells("full"), ["max pooling", "seed 0"])
    """
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in words]
    found = [c for c in cells if all(p.search(str(c)) for p in patterns)]
    if not found:
        raise ConfigError(
            f"No trial's name contains {' and '.join(map(repr, words))}. Names "
            f"are like {str(cells[0])!r} and {str(cells[-1])!r}."
        )
    return found


def names() -> list[str]:
    """The names of the studies that come with the package."""
    return sorted(path.parent.name for path in PACKAGED.glob(f"*/{ABOUT}"))


def find(name_or_path: str) -> Study:
    """Find a study by name, or read one from a folder or file.

    `name_or_path` is a name of `names()`, a folder of TOML files, or one such file.
    ConfigError for an unknown name or an invalid file.

    Example
        find("csci581-a").experiments["a9"].question
    """
    if name_or_path in names():
        return read_study(PACKAGED / name_or_path)
    path = Path(name_or_path)
    if path.is_file():
        return Study(path.stem, About(), {path.stem: read_experiment(path)})
    if path.is_dir():
        return read_study(path)
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        raise ConfigError(
            f"{path} is not a study. Give a folder of TOML files, one such file, "
            f"or a name: {', '.join(names())}."
        )
    raise unknown_name("study", name_or_path, names())


def read_study(folder: Path) -> Study:
    """Read all experiments of a folder, in natural order."""
    about = About()
    if (folder / ABOUT).is_file():
        about = checked(About, read_toml(folder / ABOUT), str(folder / ABOUT))
    paths = [path for path in folder.glob("*.toml") if path.name != ABOUT]
    if not paths:
        raise ConfigError(
            f"{folder} contains no experiments. Put TOML files there, one for each row."
        )
    paths.sort(key=lambda path: _counted(path.stem))
    experiments = {path.stem: read_experiment(path) for path in paths}
    return Study(folder.resolve().name, about, experiments)


def _counted(name: str) -> list[tuple[int, str]]:
    """Sort a9 before a10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
