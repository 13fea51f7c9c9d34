import json
import shutil

from handgrad.reports.write import write_report
from handgrad.studies.ledger import Ledger


def test_page_tables_and_figures_are_written(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    made = write_report(done.study, ledger)
    assert made["html"].read_text().startswith("<!doctype html>")
    assert "# rows" in made["markdown"].read_text()
    (row,) = json.loads(made["json"].read_text())["rows"]
    assert row["sizes"]["full"]["estimate"] == {"trials": 0, "seconds": 0}
    names = {path.suffix for path in made["figures"].iterdir()}
    assert names == {".svg", ".csv"}


def test_the_same_results_make_the_same_bytes(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    first, second = (
        {
            path: path.read_bytes()
            for made in [write_report(done.study, ledger)]
            for path in [made["html"], *made["figures"].iterdir()]
        }
        for _ in range(2)
    )
    assert first == second


def test_a_report_can_be_written_of_nothing(done, tmp_path):
    made = write_report(done.study, Ledger(tmp_path / "new"))
    assert "Not run." in made["html"].read_text()
    assert not made["figures"].exists()
