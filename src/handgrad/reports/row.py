"""One row of a study: question, answer, figures, settings, cost, commands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handgrad.reports.embedded import trial_figures
from handgrad.reports.figures import Figures
from handgrad.reports.findings import finding_words
from handgrad.reports.machines import different
from handgrad.reports.numbers import lost_trials, numbers_table
from handgrad.reports.overview import HOLDS, shown_size
from handgrad.reports.row_summary import essence, time_left
from handgrad.reports.row_views import View
from handgrad.reports.settings_section import all_settings, settings_list
from handgrad.reports.sizes import size_figures
from handgrad.reports.text_formatting import (
    NOTHING,
    capital,
    counted,
    duration_words,
    mean_and_spread,
)
from handgrad.studies.experiment import Experiment, Size
from handgrad.studies.verdicts import findings_of


@dataclass(frozen=True)
class Row:
    """The results of a row as plain values, its two sizes, and the study's name."""

    study: str
    name: str
    experiment: Experiment
    results: Mapping[str, Any]
    views: Mapping[Size, View]

    @property
    def first(self) -> View:
        """The size that is shown first."""
        return self.views[shown_size(self.results)]


def row_values(row: Row, figures: Figures) -> dict[str, Any]:
    """What the section of a row shows."""
    first = row.first
    other = next(view for view in row.views.values() if view is not first)
    cells = {size: view.cells for size, view in row.views.items()}
    return {
        "name": row.name,
        "question": row.results["question"],
        "where": _where(row.results["section"]),
        "essence": essence(row.results, first),
        "published": published_rows(row.results["published"]),
        "first": _size(row, first, figures),
        "other": _size(row, other, figures) if other.ended else None,
        # a row without any trials says so only once
        "not_run": f"Not run. {_left(row, other)}" if first.ended else "",
        "notes": row.results["notes"],
        "settings": settings_list(row.experiment, cells),
        "all_settings": all_settings(cells["full"]),
        "command": f"handgrad study run {row.study} --rows {row.name}",
        "times": " ".join(_times(row)),
        "machines": different(_environments(row)),
    }


def _where(section: str) -> str:
    return f"section {section}" if section[:1].isdigit() else section


def published_rows(published: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The published numbers, ours, and the verdicts with their reasons."""
    rows = []
    for one in published:
        ours = one["ours"]
        row = {
            "what": one["name"] + (f", {one['variant']}" if one["variant"] else ""),
            "source": one["source"],
            "theirs": one["words"] or f"{one['value']:,.10g}",
            "epsilon": f"{one['epsilon']:g}",
            "ours": mean_and_spread(ours["mean"], ours["spread"]) if ours else NOTHING,
            "seeds": str(ours["count"]) if ours else NOTHING,
            "verdict": one["verdict"],
            "why": "" if one["why"] == one["verdict"] else one["why"],
        }
        rows.append(row)
    return rows


def _size(row: Row, view: View, figures: Figures) -> dict[str, Any]:
    """Findings, figures and numbers of one size."""
    seeds = {cell.trial.seed for cell in view.cells}
    one_seed = ", one seed" if len(seeds) == 1 else ""
    return {
        "title": f"{capital(view.size)} size: {_done(row, view)}",
        "heading": f"Findings, {view.size} size{one_seed}",
        "findings": _findings(view) if view.ended else [],
        "figures": size_figures(view, figures),
        "pictures": trial_figures(view, figures.embedded),
        "lost": lost_trials(view),
        "left": _left(row, view) if view.ended else "",
        "numbers": numbers_table(view) if view.ended else None,
    }


def _findings(view: View) -> list[dict[str, str]]:
    """Each finding: the expectation, whether it holds, and the numbers."""
    results = findings_of(view.experiment, view.size, view.cells, view.outcomes)
    return [
        {
            "mark": HOLDS[result.holds],
            "says": result.finding.says,
            "words": finding_words(result, view.cells, view.outcomes),
        }
        for result in results
    ]


def _left(row: Row, view: View) -> str:
    return time_left(row.results["sizes"][view.size], view.size)


def _done(row: Row, view: View) -> str:
    size = row.results["sizes"][view.size]
    return f"{size['ended']} of {counted(size['trials'], 'trial')}"


def _times(row: Row) -> Iterator[str]:
    """The time of the trials of each size that was run."""
    for view in filter(lambda view: view.ended, row.views.values()):
        time = duration_words(row.results["sizes"][view.size]["seconds"])
        yield f"{capital(view.size)} size: {_done(row, view)}, {time} in total."


def _environments(row: Row) -> Iterator[dict[str, Any]]:
    """The machine of every trial, by size."""
    for view in row.views.values():
        for key in sorted({cell.trial.key for cell in view.ended}):
            yield view.outcomes[key]["environment"]
