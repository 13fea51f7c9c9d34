"""Write a study's report: HTML, Markdown, JSON, and the figures with their data."""

from pathlib import Path

from handgrad.reports.study_page import rows_of, study_page, with_essences
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.study_results import results_of, write_tables
from handgrad.training.atomic import make_folder, write_file

PAGE = "report.html"
FIGURES = "figures"


def write_report(
    study: Study, ledger: Ledger, *, asked: str | None = None
) -> dict[str, Path]:
    """Write the report to the study's folder; return the path of each part.

    `asked` is the study as named on the command line, by default its own name.
    """
    results = results_of(study, ledger)
    rows = rows_of(study, ledger, results, asked or study.name)
    document, figures = study_page(rows, results)
    make_folder(ledger.folder)
    folder = ledger.folder / FIGURES
    if figures:
        make_folder(folder, ledger.folder)
    for name, content in figures.items():
        write_file(folder / name, content.encode(), ledger.folder)
    markdown, plain = write_tables(with_essences(results, rows), ledger.folder)
    html = ledger.folder / PAGE
    write_file(html, document.encode())
    return {"html": html, "markdown": markdown, "json": plain, "figures": folder}
