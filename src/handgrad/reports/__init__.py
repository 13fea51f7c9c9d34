"""Reports: what studies found, as pages that need nothing but a browser."""

from handgrad.reports.index import write_index
from handgrad.reports.write import write_report

__all__ = ["write_index", "write_report"]
