from handgrad.reports.tables import table, td, th

from .pages import Page


def test_a_table_keeps_its_meaning_as_cards():
    text = table(["A <", "B"], [[th("x"), td("1", "B", "number")], ["y", "2"]])
    page = Page(text)
    assert [a["role"] for a in page.all("tr")] == ["row"] * 3
    assert [a["data-head"] for a in page.all("td")] == ["B", "A <", "B"]
    assert [a["role"] for a in page.all("th")] == ["columnheader"] * 2 + ["rowheader"]
    assert page.text == "A < B x 1 y 2"


def test_a_caption_is_there_if_it_is_given():
    assert Page(table(["A"], [], caption="What")).text == "What A"
