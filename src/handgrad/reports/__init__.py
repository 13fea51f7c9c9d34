"""Reports of studies, as self-contained HTML pages."""

from handgrad.reports.index import write_index
from handgrad.reports.write import write_report

__all__ = ["write_index", "write_report"]
