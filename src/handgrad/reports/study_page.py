"""The page of one study, and the files next to it."""

from collections.abc import Sequence
from typing import Any

from handgrad.reports.figures import Figures
from handgrad.reports.machines import details
from handgrad.reports.overview import overview, verdict_chips
from handgrad.reports.row import Row, row_values
from handgrad.reports.row_summary import essence
from handgrad.reports.row_views import View
from handgrad.reports.templates import render
from handgrad.studies.contents import as_sentences
from handgrad.studies.experiment import SIZES
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study


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
    document = render(
        "study.html",
        title=results["title"] or results["study"],
        report=results["report"],
        notes=[*results["conventions"], *as_sentences(results)],
        verdicts=verdict_chips(results["rows"]),
        overview=overview(results),
        rows=[row_values(row, figures) for row in rows],
        machines=list(dict.fromkeys(map(details, results["environments"]))),
    )
    return document, figures.files
