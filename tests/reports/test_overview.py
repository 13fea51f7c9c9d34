import pytest

from handgrad.reports.overview import (
    finding_chips,
    overview,
    shown_size,
    verdict_chips,
)

from .pages import part


def row(*verdicts, full=1, quick=0, holds=(True,)):
    size = {
        "trials": 3,
        "ended": full,
        "findings": [{"holds": value} for value in holds],
    }
    return {
        "row": "r<1>",
        "question": "Why & how?",
        "published": [{"verdict": verdict} for verdict in verdicts],
        "sizes": {"quick": {**size, "ended": quick}, "full": size},
    }


def test_every_row_is_in_the_overview():
    rows = overview({"rows": [row("reproduced", "below", "below")]})
    found = part("overview", rows, "x")
    assert found.links == ["x#r<1>"]
    assert found.text.endswith(
        "r<1> Why & how? reproduced 2 below holds quick 0/3, full 1/3"
    )


def test_rows_without_a_page_are_not_linked_and_may_have_their_essence():
    rows = overview({"rows": [{**row(), "essence": "So."}]})
    found = part("overview", rows, None)
    assert found.links == []
    assert "Why & how? So. none" in found.text


def test_a_table_keeps_its_meaning_as_cards():
    found = part("overview", overview({"rows": [row()]}), None)
    assert [a["role"] for a in found.all("tr")] == ["row"] * 2
    heads = [a["data-head"] for a in found.all("td")]
    assert heads == ["Question", "Published numbers", "Findings", "Trials"]
    assert [a["role"] for a in found.all("th")] == [
        *["columnheader"] * 5,
        "rowheader",
    ]


def test_verdicts_are_counted_in_their_order():
    chips = verdict_chips([row("not run"), row("below", "reproduced", "below")])
    assert part("chips", chips).text == "reproduced 2 below not run"
    assert part("chips", verdict_chips([row()])).text == "none"
    classes = [a["class"] for a in part("chips", chips).all("span")]
    assert classes == ["chips", "chip reproduced", "chip below", "chip not-run"]


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ([True, True], "2 hold"),
        ([True, False, None], "holds does not hold not known"),
        ([], "none"),
    ],
)
def test_findings_are_counted(holds, words):
    assert part("chips", finding_chips(row(holds=holds))).text == words


def test_findings_of_what_was_not_run_are_not_known_to_fail():
    assert finding_chips(row(full=0, holds=[None])) == [("not run", "not run")]


def test_the_size_of_which_more_was_run_is_shown_first():
    assert shown_size(row(full=0, quick=0)) == "full"
    assert shown_size(row(full=3, quick=1)) == shown_size(row(full=2, quick=2))
    assert shown_size(row(full=0, quick=1)) == shown_size(row(full=1, quick=5))
    assert shown_size(row(full=1, quick=5)) == "quick"
