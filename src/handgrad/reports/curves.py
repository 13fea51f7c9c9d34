"""Learning curves of a variant over its seeds: mean, minimum, maximum, and CSV."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from statistics import mean

from handgrad.errors import HandgradError
from handgrad.studies.experiment import CURVES
from handgrad.studies.ledger import DONE, Ledger, Outcome
from handgrad.studies.trials import Cell
from handgrad.text import csv_of
from handgrad.training.run_folder import RunFolder

Curves = dict[str, list[float | None]]


@dataclass
class Series:
    """One metric of one variant by epoch, for each seed that was run.

    A seed that stopped early has the epochs that it completed.
    """

    variant: str
    seeds: dict[int, list[float | None]] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)  # seeds that stopped early

    @property
    def epochs(self) -> int:
        """The number of epochs of the longest seed."""
        return max(map(len, self.seeds.values()), default=0)

    def at(self, epoch: int) -> list[float]:
        """The values after an epoch, of the seeds that completed it."""
        values = [v[epoch - 1] for v in self.seeds.values() if len(v) >= epoch]
        return [v for v in values if v is not None and isfinite(v)]

    def means(self) -> list[tuple[int, float]]:
        """Epoch and mean, for all epochs with values."""
        epochs = range(1, self.epochs + 1)
        return [(e, mean(values)) for e in epochs if (values := self.at(e))]

    def spread(self) -> list[tuple[int, float, float]]:
        """Epoch, minimum and maximum, for all epochs with more than one seed."""
        epochs = range(1, self.epochs + 1)
        found = [(e, self.at(e)) for e in epochs]
        return [(e, min(v), max(v)) for e, v in found if len(v) > 1]

    def ends(self) -> list[tuple[int, int, float]]:
        """Seed, epoch and value at which a seed stopped early, if it is finite."""
        return [
            (seed, len(values), last)
            for seed in self.broken
            if (values := self.seeds[seed])
            and (last := values[-1]) is not None
            and isfinite(last)
        ]


def series_of(
    metric: str, cells: Sequence[Cell], curves: dict[str, Curves], broken: set[str]
) -> list[Series]:
    """A metric of every variant with epochs; `curves` and `broken` are by trial key."""
    found: dict[str, Series] = {}
    for cell in cells:
        values = curves.get(cell.trial.key, {}).get(metric)
        if not values:
            continue
        series = found.setdefault(cell.variant, Series(cell.variant))
        series.seeds[cell.trial.seed] = values
        if cell.trial.key in broken:
            series.broken.append(cell.trial.seed)
    return list(found.values())


def curves_of(
    cells: Sequence[Cell], outcomes: dict[str, Outcome], ledger: Ledger
) -> tuple[dict[str, Curves], set[str]]:
    """The learning curves of all ended trials, and the keys of those stopped early."""
    curves: dict[str, Curves] = {}
    broken = set()
    for key in {cell.trial.key for cell in cells} & outcomes.keys():
        if outcomes[key]["status"] == DONE:
            curves[key] = outcomes[key].get("curves", {})
        else:
            curves[key] = curves_until(ledger, key)
            broken.add(key)
    return curves, broken


def curves_until(ledger: Ledger, key: str) -> Curves:
    """The learning curves that a trial has written before it stopped early."""
    try:
        records = RunFolder(ledger.trial_folder(key) / "run").records()
    except (HandgradError, OSError, ValueError):  # damaged: no curve
        return {}
    rows = [row for row in records if isinstance(row, dict)]
    epochs = [row for row in rows if row.get("kind") == "epoch"]
    return {name: [row.get(name) for row in epochs] for name in CURVES}


def as_csv(series: Sequence[Series]) -> str:
    """CSV of variant, epoch, mean, minimum, maximum and each seed, a row per epoch."""
    seeds = sorted({seed for one in series for seed in one.seeds})
    header = ["variant", "epoch", "mean", "lowest", "highest"]
    rows: list[list[object]] = [[*header, *(f"seed {seed}" for seed in seeds)]]
    for one in series:
        for epoch, middle in one.means():
            values = one.at(epoch)
            each = [one.seeds.get(seed, [])[epoch - 1 : epoch] for seed in seeds]
            written = [cell[0] if cell and cell[0] is not None else "" for cell in each]
            low, high = min(values), max(values)
            rows.append([one.variant, epoch, middle, low, high, *written])
    return csv_of(rows)
