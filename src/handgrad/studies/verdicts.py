"""Compare published numbers with ours, and findings with results."""

from dataclasses import dataclass
from typing import Literal

from handgrad.studies.claims import Term
from handgrad.studies.experiment import Experiment, Finding, Published
from handgrad.studies.ledger import DIVERGED, DONE, Outcome
from handgrad.studies.study_summary import Summary, summarize
from handgrad.studies.trials import Cell

Verdict = Literal["reproduced", "better", "below", "not comparable", "not run"]


LUCK = 2.0  # standard deviations


@dataclass(frozen=True)
class Row:
    """One published number, our results and the verdict."""

    published: Published
    ours: Summary
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Result:
    """One finding: whether it holds (None: not known), and the numbers of its sides."""

    finding: Finding
    holds: bool | None
    values: tuple[float, ...]
    why: str


def judge(published: Published, cells: list[Cell], outcomes: dict[str, Outcome]) -> Row:
    """Compare a published number with the mean over the seeds of its variant.

    `published` is the number with its tolerance epsilon, `cells` are the trials of its
    row, and `outcomes` maps their keys to outcomes. The verdict is one of:

    reproduced      within epsilon of the published number
    better          outside on the better side: higher accuracy, lower loss
    below           outside on the other side: a defect until explained; or a seed has
                    diverged, whatever the results of the others
    not comparable  for a reason in the experiment or in the data
    not run         a seed is missing or has no number
    """
    term = Term(published.metric, published.variant or "", published.epoch)
    ours = summarize(term, cells, outcomes)
    if not ours:
        return _without_all_seeds(published, ours, cells, outcomes)
    reason = published.not_comparable or other_data(cells, outcomes)
    if reason:
        return Row(published, ours, "not comparable", reason)
    above = ours.mean - published.value
    if abs(above) <= published.epsilon:
        return Row(published, ours, "reproduced", "")
    is_better = {"accuracy": above > 0, "loss": above < 0, "value": False}
    verdict: Verdict = "better" if is_better[published.kind] else "below"
    return Row(published, ours, verdict, by_luck(above, ours.spread))


def _without_all_seeds(
    published: Published,
    ours: Summary,
    cells: list[Cell],
    outcomes: dict[str, Outcome],
) -> Row:
    """Judge as below if only diverged seeds have no number; ours is of the others."""
    variant = published.variant or ""
    mine = [cell for cell in cells if variant in ("", cell.variant)]
    by_status: dict[str | None, list[Cell]] = {}
    for cell in mine:
        status = outcomes.get(cell.trial.key, {}).get("status")
        by_status.setdefault(status, []).append(cell)
    lost, rest = by_status.pop(DIVERGED, []), by_status.pop(DONE, [])
    if by_status or not lost:
        return Row(published, ours, "not run", ours.why)
    term = Term(published.metric, variant, published.epoch)
    seeds = ", ".join(str(cell.trial.seed) for cell in lost)
    why = f"diverged with seed{'s' * (len(lost) > 1)} {seeds}"
    return Row(published, summarize(term, rest, outcomes), "below", why)


def by_luck(above: float, spread: float | None) -> str:
    """Remark that a difference is within two standard deviations of our seeds."""
    if spread is None or abs(above) > LUCK * spread:
        return ""
    return "within two standard deviations of our mean"


def other_data(cells: list[Cell], outcomes: dict[str, Outcome]) -> str:
    """Why results cannot be compared, if the trials used other images."""
    from handgrad.datasets.sources import source_of

    for cell in cells:
        outcome = outcomes.get(cell.trial.key, {})
        source = source_of(cell.trial.dataset or "")
        ours, original = outcome.get("dataset_sha256"), source and source.checksum
        if ours and original and ours != original:
            return f"the images of {cell.trial.dataset} are not the original ones"
    return ""


def decide(finding: Finding, cells: list[Cell], outcomes: dict[str, Outcome]) -> Result:
    """Decide whether a `finding` holds for the means over seeds.

    `cells` are the trials of its row, `outcomes` maps their keys to outcomes. Its
    `holds` is None where a trial is missing.
    """
    claim = finding.claim
    found = {term: summarize(term, cells, outcomes) for term in claim.terms}
    for term, summary in found.items():
        if not summary:
            return Result(finding, None, (), f"{term}: {summary.why}")
    values = claim.values(lambda term: found[term].mean)
    return Result(
        finding, claim.holds(lambda term: found[term].mean), tuple(values), ""
    )


def findings_of(
    experiment: Experiment, size: str, cells: list[Cell], outcomes: dict[str, Outcome]
) -> list[Result]:
    """Decide the findings that belong to a size."""
    belonging = [finding for finding in experiment.findings if size in finding.sizes]
    return [decide(finding, cells, outcomes) for finding in belonging]
