from handgrad.reports.row import _where, published_rows

from .pages import part

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
    page = part("published_table", published_rows([PUBLISHED]))
    assert "loss, a table <3> 0.5 ± 0.01 0.4500 1 below" in page.text
    absent = {**PUBLISHED, "ours": None, "verdict": "not run", "why": "not run"}
    words = published_rows([{**absent, "words": "about one half"}])
    page = part("published_table", words)
    assert page.text.endswith("about one half ± 0.01 — — not run")
    assert part("published_table", []).elements == []


def test_a_section_is_named_as_the_report_does():
    assert _where("2.4.3, question 2") == "section 2.4.3, question 2"
    assert _where("") == ""
    assert _where("part 1, question 2") == "part 1, question 2"


def test_a_verdict_says_why():
    one = {**PUBLISHED, "verdict": "not comparable", "why": "other <images>"}
    page = part("published_table", published_rows([one]))
    assert page.text.endswith("not comparable other <images>")
    assert page.all("span")[-1] == {"class": "chip not-comparable"}
