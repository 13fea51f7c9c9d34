"""A size of the small study as the report looks at it."""

from handgrad.reports.row_views import View


def view_of(done, size="full"):
    """Its one row in that size."""
    (experiment,) = done.study.experiments.values()
    cells = done.study.cells(size)
    return View("r1", size, experiment, cells, done.ledger.outcomes(), done.ledger)
