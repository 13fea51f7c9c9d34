"""The index page of all studies in a folder: a summary of every row, with links."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handgrad.errors import IntegrityError
from handgrad.parsing import parse_json
from handgrad.reports.overview import overview, verdict_chips
from handgrad.reports.row import published_rows
from handgrad.reports.study_page import rows_of, with_essences
from handgrad.reports.templates import link_to, render
from handgrad.reports.write import PAGE, write_report
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import find, names
from handgrad.studies.study_results import results_of
from handgrad.text import decoded
from handgrad.training.atomic import make_folder, write_file
from handgrad.training.real_files import read_file

INDEX = "index.html"
TITLE = "Handgrad: published and reproduced results"


def write_index(root: Path) -> tuple[Path, list[Path]]:
    """Write the report of every study and the index page; return their paths.

    Built-in studies are listed even if no trials were run; a user's own studies are
    listed once `write_report` has written a report.json to their folder.
    """
    pages, all_results = [], []
    for name in names():
        ledger, study = Ledger(root / name), find(name)
        if ledger.folder.is_dir():
            pages.append(write_report(study, ledger)["html"])
        results = results_of(study, ledger)
        rows = rows_of(study, ledger, results, name)
        all_results.append(with_essences(results, rows))
    for folder in _others(root):
        all_results.append(_read(folder / "report.json") | {"study": folder.name})
        pages.append(folder / PAGE)
    make_folder(root)
    index = root / INDEX
    write_file(index, index_page(root, all_results).encode())
    return index, pages


def index_page(root: Path, all_results: Sequence[dict[str, Any]]) -> str:
    """The document."""
    rows = [row for found in all_results for row in found["rows"]]
    return render(
        "index.html",
        title=TITLE,
        verdicts=verdict_chips(rows),
        studies=[_study(root, found) for found in all_results],
    )


def _study(root: Path, found: dict[str, Any]) -> dict[str, Any]:
    name = found["study"]
    page = Path(name, PAGE)
    return {
        "name": decoded(name),
        "title": found["title"] or decoded(name),
        "report": found["report"],
        "link": link_to(page) if (root / page).is_file() else None,
        "overview": overview(found),
        "published": [
            (f"{row['row']}: {row['question']}", published_rows(row["published"]))
            for row in found["rows"]
            if row["published"]
        ],
    }


def _others(root: Path) -> list[Path]:
    """The folders with a report of studies that are not built in."""
    known = set(names())
    paths = sorted(root.glob("*/report.json")) if root.is_dir() else []
    return [path.parent for path in paths if path.parent.name not in known]


def _read(path: Path) -> dict[str, Any]:
    """Read a report.json of `write_report`."""
    try:
        found = parse_json(read_file(path))
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(found, dict) or not {"rows", "title", "report"} <= found.keys():
        raise _damaged(path)
    return found


def _damaged(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} is damaged, or was not written by handgrad study report. Remove it, "
        "or report that study again."
    )
