"""One size of a row, and its results."""

from dataclasses import dataclass

from handgrad.studies.claims import Term
from handgrad.studies.experiment import Experiment, Published, Size
from handgrad.studies.ledger import Ledger, Outcome
from handgrad.studies.study_summary import Summary, summarize
from handgrad.studies.trials import Cell

USUAL = ("test_accuracy", "validation_accuracy", "validation_loss")

Metric = tuple[str, int | None]  # its name, and the epoch of a curve


@dataclass(frozen=True)
class View:
    """One size of a row, with the outcomes of its trials."""

    row: str
    size: Size
    experiment: Experiment
    cells: list[Cell]
    outcomes: dict[str, Outcome]
    ledger: Ledger

    @property
    def variants(self) -> list[str]:
        """The variants of this size, in order."""
        return list(dict.fromkeys(cell.variant for cell in self.cells))

    @property
    def ended(self) -> list[Cell]:
        """The cells whose trial has ended."""
        return [cell for cell in self.cells if cell.trial.key in self.outcomes]

    def seeds_of(self, variant: str) -> tuple[list[Cell], int]:
        """The ended cells of a variant, and the number of all its cells."""
        ended = [cell for cell in self.ended if cell.variant == variant]
        return ended, sum(cell.variant == variant for cell in self.cells)

    def known(self, term: Term) -> Summary:
        """A metric over the seeds that have ended, whether or not all have."""
        ended, _ = self.seeds_of(term.variant)
        if not ended:
            return Summary(why="not run")
        return summarize(term, ended, self.outcomes)

    def published(self, metric: Metric) -> dict[str, Published]:
        """The published values of a metric by variant; only for the full size."""
        if self.size != "full":
            return {}
        rows = [p for p in self.experiment.published if (p.metric, p.epoch) == metric]
        return {p.variant or self.variants[0]: p for p in rows}


def metrics_of(view: View) -> list[Metric]:
    """The published metrics, or else those of the findings, or else a usual one."""
    found = [(p.metric, p.epoch) for p in view.experiment.published]
    if not found:
        of_size = [f for f in view.experiment.findings if view.size in f.sizes]
        found = [(t.metric, t.epoch) for f in of_size for t in f.claim.terms]
    known = {m for c in view.ended for m in view.outcomes[c.trial.key]["metrics"]}
    measured = [metric for metric in found if metric[0] in known]
    if not measured:
        usual = [name for name in USUAL if name in known]
        return [(name, None) for name in usual[:1]]
    return list(dict.fromkeys(measured))
