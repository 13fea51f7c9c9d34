"""One row of a study: question, answer, figures, settings, cost, commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handgrad.reports.embedded import trial_figures
from handgrad.reports.essence import essence, time_left
from handgrad.reports.figures import Figures
from handgrad.reports.findings import finding_words
from handgrad.reports.machines import different
from handgrad.reports.markup import Markup, element
from handgrad.reports.numbers import lost_trials, numbers_table
from handgrad.reports.settings import all_settings, settings_list
from handgrad.reports.sizes import size_figures
from handgrad.reports.tables import table, td, th
from handgrad.reports.views import View
from handgrad.reports.words import (
    NOTHING,
    capital,
    counted,
    duration_words,
    mean_and_spread,
)
from handgrad.studies.experiment import Experiment, Size
from handgrad.studies.verdicts import findings_of

MARKS = {True: "holds", False: "does not hold", None: "not known"}


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


def shown_size(results: Mapping[str, Any]) -> Size:
    """The size to show first: full, unless more quick trials have ended."""
    full, quick = (results["sizes"][size]["ended"] for size in ("full", "quick"))
    return "quick" if quick > full else "full"


def row_section(row: Row, figures: Figures) -> Markup:
    """The section of a row."""
    first = row.first
    other = next(view for view in row.views.values() if view is not first)
    section = row.results["section"]
    name = element("a", row.name, href=f"#{row.name}", class_="row-name")
    return element(
        "section",
        element("h2", name, " ", row.results["question"]),
        element("p", f"In the report: {_where(section)}", class_="quiet")
        if section
        else None,
        element("p", essence(row.results, first), class_="essence"),
        published_table(row.results["published"]),
        _size(row, first, figures),
        _other_size(row, other, figures),
        _settings(row),
        _cost(row),
        element("p", element("a", "Back to top", href="#top"), class_="quiet"),
        id=row.name,
    )


def _where(section: str) -> str:
    return f"section {section}" if section[0].isdigit() else section


def published_table(published: Sequence[Mapping[str, Any]]) -> Markup | None:
    """The table of published numbers, ours, and the verdicts."""
    if not published:
        return None
    heads = ["What", "Published", "Ours", "Seeds", "Verdict"]
    rows = []
    for one in published:
        what = one["name"] + (f", {one['variant']}" if one["variant"] else "")
        ours = seeds = NOTHING
        if one["ours"]:
            ours = mean_and_spread(one["ours"]["mean"], one["ours"]["spread"])
            seeds = str(one["ours"]["count"])
        theirs = one["words"] or f"{one['value']:,.10g}"
        theirs = element(
            "span", f"{theirs} ", element("small", f"± {one['epsilon']:g}")
        )
        source = element("small", one["source"])
        rows.append(
            [
                th(element("span", what, " ", source)),
                td(theirs, "Published", "number"),
                td(ours, "Ours", "number"),
                td(seeds, "Seeds", "number"),
                td(verdict(one), "Verdict"),
            ]
        )
    return table(heads, rows, class_="published-table")


def verdict(one: Mapping[str, Any]) -> Markup:
    """A verdict as a coloured chip, and its reason."""
    why = "" if one["why"] in ("", one["verdict"]) else f" {one['why']}"
    word = chip(one["verdict"])
    return element("span", word, element("small", why) if why else None)


def chip(word: str) -> Markup:
    """A coloured chip with a symbol, for `reproduced`, `holds` and the like."""
    return element("span", word, class_=f"chip {word.replace(' ', '-')}")


def _size(row: Row, view: View, figures: Figures) -> Markup:
    """Findings, figures and numbers of one size."""
    size = row.results["sizes"][view.size]
    left = time_left(size, view.size) if view.ended else ""
    return element(
        "div",
        _findings(view),
        size_figures(view, figures),
        trial_figures(view, figures.embedded),
        _lost(view),
        element("p", left, class_="quiet") if left else None,
        _folded("All numbers", numbers_table(view)) if view.ended else None,
    )


def _lost(view: View) -> Markup | None:
    lost = lost_trials(view)
    if lost is None:
        return None
    return element("div", element("h3", "Trials without results"), lost)


def _findings(view: View) -> Markup | None:
    """Each finding: the expectation, whether it holds, and the numbers."""
    if not view.ended:
        return None
    items = []
    for result in findings_of(view.experiment, view.size, view.cells, view.outcomes):
        words = finding_words(result, view.cells, view.outcomes)
        items.append(
            element(
                "li",
                chip(MARKS[result.holds]),
                " ",
                element("strong", f"{result.finding.says}."),
                element("p", words),
            )
        )
    if not items:
        return None
    seeds = {cell.trial.seed for cell in view.cells}
    size = f"{view.size} size" + (", one seed" if len(seeds) == 1 else "")
    return element(
        "div",
        element("h3", f"Findings, {size}"),
        element("ul", *items, class_="findings"),
    )


def _other_size(row: Row, view: View, figures: Figures) -> Markup | None:
    """The size that is not shown first: collapsed, or one line if it was not run."""
    size = row.results["sizes"][view.size]
    if not view.ended:
        is_said = row.first.ended  # a row without any trials says so only once
        words = f"Not run. {time_left(size, view.size)}"
        return element("p", words, class_="quiet") if is_said else None
    done = f"{size['ended']} of {counted(size['trials'], 'trial')}"
    return _folded(f"{capital(view.size)} size: {done}", _size(row, view, figures))


def _settings(row: Row) -> Markup:
    cells = {size: view.cells for size, view in row.views.items()}
    notes = [element("li", note) for note in row.results["notes"]]
    return element(
        "div",
        element("h3", "Settings"),
        element("ul", *notes, class_="notes") if notes else None,
        settings_list(row.experiment, cells),
        _folded(
            "All settings of the full size",
            element("pre", all_settings(row.views["full"].cells)),
        ),
    )


def _cost(row: Row) -> Markup:
    """The time, the machines and the commands to reproduce a row."""
    lines, machines = [], []
    for name, view in row.views.items():
        size = row.results["sizes"][name]
        if view.ended:
            done = f"{size['ended']} of {counted(size['trials'], 'trial')}"
            time = duration_words(size["seconds"])
            lines.append(f"{capital(name)} size: {done}, {time} in total.")
        keys = {cell.trial.key for cell in view.ended}
        machines += [view.outcomes[key]["environment"] for key in sorted(keys)]
    command = f"handgrad study run {row.study} --rows {row.name} "
    quick, full = (
        element("span", word, class_="word") for word in ("--quick", "--full")
    )
    return element(
        "div",
        element("h3", "How to reproduce"),
        element("pre", command, quick, "\n", command, full, class_="command"),
        element("p", " ".join(lines)) if lines else None,
        *[element("p", words, class_="quiet") for words in different(machines)],
    )


def _folded(summary: str, *inside: Markup | None) -> Markup:
    return element("details", element("summary", summary), *inside)
