"""The page of one study, and the files next to it."""

from collections.abc import Sequence
from typing import Any

from handgrad.reports.essence import essence
from handgrad.reports.figures import Figures
from handgrad.reports.machines import details
from handgrad.reports.markup import Markup, element
from handgrad.reports.page import overview, page, verdict_chips
from handgrad.reports.row import Row, row_section
from handgrad.reports.views import View
from handgrad.studies.contents import as_sentences
from handgrad.studies.experiment import SIZES
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study

ABOUT = (
    "“Full” is the published size; “quick” is smaller, and only tests whether each "
    "finding holds. A verdict compares our mean over all seeds with the published "
    "number: “reproduced” means within the ± next to it, a tolerance that was chosen "
    "beforehand. The ± next to our numbers is the standard deviation over the seeds. "
    "Accuracies are fractions. ◇ marks published values."
)


def rows_of(
    study: Study, ledger: Ledger, results: dict[str, Any], asked: str
) -> list[Row]:
    """The rows of a study, each with both sizes.

    `asked` is the study as named on the command line.
    """
    outcomes, study = ledger.outcomes(), study.on(ledger)
    return [
        Row(
            asked,
            name,
            experiment,
            found,
            {
                size: View(
                    name,
                    size,
                    experiment,
                    study.cells_of(name, size),
                    outcomes,
                    ledger,
                )
                for size in SIZES
            },
        )
        for (name, experiment), found in zip(
            study.experiments.items(), results["rows"], strict=True
        )
    ]


def with_essences(results: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The results, with a summary of each row in two or three sentences."""
    pairs = zip(results["rows"], rows, strict=True)
    said = [{**found, "essence": essence(found, row.first)} for found, row in pairs]
    return {**results, "rows": said}


def study_page(
    rows: Sequence[Row], results: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """The HTML document, and the files of its figures by name."""
    figures = Figures()
    sections = [row_section(row, figures) for row in rows]
    title = results["title"] or results["study"]
    document = page(
        title,
        _header(title, results),
        overview(results, link=""),
        element("p", ABOUT, class_="quiet"),
        *sections,
        _footer(results),
    )
    return document, figures.files


def _header(title: str, results: dict[str, Any]) -> Markup:
    notes = [*results["conventions"], *as_sentences(results)]
    conventions = [element("li", text) for text in notes]
    return element(
        "header",
        element("h1", title),
        element("p", results["report"]) if results["report"] else None,
        element("p", verdict_chips(results["rows"]), class_="totals"),
        element("ul", *conventions, class_="notes") if conventions else None,
    )


def _footer(results: dict[str, Any]) -> Markup:
    machines = [element("pre", details(each)) for each in results["environments"]]
    return element(
        "footer",
        element("h2", "Made with"),
        *(machines or [element("p", "No trials were run yet.")]),
        element(
            "p",
            "The folder “figures” next to this file contains every figure as SVG, with "
            "its data as CSV; report.json contains all results. The settings, metrics "
            "and checkpoints of each trial are in the folder “trials”.",
            class_="quiet",
        ),
        element("p", element("a", "Back to top", href="#top")),
    )
