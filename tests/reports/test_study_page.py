from handgrad.reports.study_page import rows_of, study_page, with_essences
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.study_results import results_of

from .pages import Page

EVIL = '<script>alert(1)</script> & "quoted"'


def page_of(study, ledger, asked="rows"):
    results = results_of(study, ledger)
    document, files = study_page(rows_of(study, ledger, results, asked), results)
    return document, Page(document), files


def test_the_page_shows_all_results(done):
    document, page, files = page_of(done.study, done.ledger)
    for words in (
        "Does a larger learning rate learn faster?",
        "Published numbers: 1 of 1 below.",
        "the largest rate learns fastest.",
        "Trials without results",
        "handgrad study run rows --rows r1 --full",
        "Mean of 2 seeds",
        "quick 6/6, full 6/6",
        "cores; Handgrad",
        "model.hidden_sizes = 8",
    ):
        assert words in page.text, words
    assert len(files) == 16  # four figures of each size, with their data
    assert len(document) < 300_000


def test_the_results_carry_what_came_out_in_sentences(done):
    results = results_of(done.study, done.ledger)
    rows = rows_of(done.study, done.ledger, results, "rows")
    (row,) = with_essences(results, rows)["rows"]
    assert row["essence"].startswith("Published numbers: 1 of 1 below.")
    assert row["question"] == results["rows"][0]["question"]


def test_links_lead_somewhere_and_names_are_there_once(done):
    _, page, _ = page_of(done.study, done.ledger)
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link.startswith("data:text/csv") or link[1:] in page.ids, link


def test_nothing_of_a_file_becomes_markup(done, tmp_path):
    (experiment,) = done.study.experiments.values()
    finding = experiment.findings[0].model_copy(update={"says": EVIL})
    changed = {"question": EVIL, "notes": (EVIL,), "findings": (finding,)}
    evil = experiment.model_copy(update=changed)
    about = done.study.about.model_copy(update={"title": EVIL, "conventions": (EVIL,)})
    study = Study(done.study.name, about, {"r1": evil})
    document, page, _ = page_of(study, done.ledger, EVIL)
    assert "<script" not in document
    assert page.text.count("<script>alert(1)</script>") >= 7


def test_a_study_that_was_not_run_has_a_page_too(done, tmp_path):
    _, page, files = page_of(done.study, Ledger(tmp_path / "none"))
    assert "Not run. Full size: 6 trials to do, time unknown" in page.text
    assert "No trials were run yet." in page.text
    assert files == {}
