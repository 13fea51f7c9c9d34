from handgrad.reports.row import _where, chip, published_table, shown_size, verdict

from .pages import Page

PUBLISHED = {
    "name": "loss",
    "variant": "a",
    "value": 0.5,
    "words": None,
    "epsilon": 0.01,
    "kind": "loss",
    "source": "table <3>",
    "ours": {"mean": 0.45, "spread": None, "count": 1},
    "verdict": "below",
    "why": "",
}


def test_published_ours_and_verdict_stand_side_by_side():
    page = Page(published_table([PUBLISHED]))
    assert "loss, a table <3> 0.5 ± 0.01 0.4500 1 below" in page.text
    absent = {**PUBLISHED, "ours": None, "verdict": "not run", "why": "not run"}
    words = {**absent, "words": "about one half"}
    assert "about one half ± 0.01 — — not run" in Page(published_table([words])).text
    assert published_table([]) is None


def test_a_section_is_named_as_the_report_does():
    assert _where("2.4.3, question 2") == "section 2.4.3, question 2"
    assert _where("part 1, question 2") == "part 1, question 2"


def test_a_verdict_says_why():
    found = verdict({"verdict": "not comparable", "why": "other <images>"})
    assert '<span class="chip not-comparable">not comparable</span>' in found
    assert Page(found).text == "not comparable other <images>"
    assert chip("holds") == '<span class="chip holds">holds</span>'


def test_the_size_of_which_more_was_run_is_shown_first():
    def size(full, quick):
        sizes = {"full": {"ended": full}, "quick": {"ended": quick}}
        return shown_size({"sizes": sizes})

    assert size(0, 0) == size(3, 1) == size(2, 2) == "full"
    assert size(0, 1) == size(1, 5) == "quick"
