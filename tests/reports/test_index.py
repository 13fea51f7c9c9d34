import json
import shutil

import pytest

from handgrad.errors import IntegrityError
from handgrad.reports.index import write_index
from handgrad.reports.write import write_report
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import find, names

from .conftest import do
from .pages import Page


@pytest.fixture
def root(done, tmp_path):
    """A study of the package, hardly run, and one of a user's own, with a report."""
    mine = shutil.copytree(done.ledger.folder, tmp_path / "studies" / "mine")
    write_report(done.study, Ledger(mine))
    one = find("csci581-e").only(["e5"])
    for cell in one.cells("full"):
        do(cell.trial, Ledger(tmp_path / "studies" / one.name))
    return tmp_path / "studies"


def test_all_studies_stand_on_one_page_with_links_to_their_rows(root):
    index, pages = write_index(root)
    page = Page(index.read_text())
    assert set(page.ids) == {*names(), "mine", "top"}
    assert {path.parent.name for path in pages} == {"csci581-e", "mine"}
    for link in page.links:
        file, _, row = link.partition("#")
        target = Page((root / file).read_text()) if file else page
        assert not row or row in target.ids, link
    assert "Not run. Full size: 3 trials to do" in page.text
    assert "csci581-e/report.html#e5" in page.links
    assert "quick 1/1, full 1/1" in page.text
    assert "No trials were run yet. To start: handgrad study run cs776" in page.text


def test_a_damaged_report_is_named(root):
    path = root / "mine" / "report.json"
    for content in ("{", json.dumps([1]), json.dumps({"rows": []})):
        path.write_text(content)
        with pytest.raises(IntegrityError, match="report that study again"):
            write_index(root)
