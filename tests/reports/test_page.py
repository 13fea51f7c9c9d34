import pytest

from handgrad.reports.page import finding_chips, overview, page, verdict_chips

from .pages import Page


def row(*verdicts, full=1, holds=(True,)):
    size = {
        "trials": 3,
        "ended": full,
        "findings": [{"holds": value} for value in holds],
    }
    return {
        "row": "r<1>",
        "question": "Why & how?",
        "published": [{"verdict": verdict} for verdict in verdicts],
        "sizes": {"quick": {**size, "ended": 0}, "full": size},
    }


def test_a_page_asks_nothing_of_the_network():
    found = Page(page("A <title>", "Words & words"))
    policy = next(a for a in found.all("meta") if "http-equiv" in a)
    assert policy["content"].startswith("default-src 'none'")
    assert found.links == []
    assert found.all("script") == found.all("link") == []
    assert found.text == "A <title> Words & words"
    assert found.all("html") == [{"lang": "en"}]


def test_every_row_is_in_the_overview():
    found = Page(overview({"rows": [row("reproduced", "below", "below")]}, link="x"))
    assert found.links == ["x#r<1>"]
    assert found.text.endswith(
        "r<1> Why & how? reproduced 2 below holds quick 0/3, full 1/3"
    )


def test_rows_without_a_page_are_not_linked_and_may_have_their_essence():
    found = Page(overview({"rows": [{**row(), "essence": "So."}]}, link=None))
    assert found.links == []
    assert "Why & how? So. none" in found.text


def test_verdicts_are_counted_in_their_order():
    text = Page(verdict_chips([row("not run"), row("below", "reproduced")])).text
    assert text == "reproduced below not run"
    assert Page(verdict_chips([row()])).text == "none"


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ([True, True], "2 hold"),
        ([True, False, None], "holds does not hold not known"),
        ([], "none"),
    ],
)
def test_findings_are_counted(holds, words):
    assert Page(finding_chips(holds, is_run=True)).text == words


def test_findings_of_what_was_not_run_are_not_known_to_fail():
    assert Page(finding_chips([None], is_run=False)).text == "not run"
