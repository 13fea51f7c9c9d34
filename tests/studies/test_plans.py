from handgrad.studies.plans import Listed

from .small import study


def test_a_list_runs_in_order_and_stops_none_early(tmp_path):
    cells = study(tmp_path / "rows").cells("full")
    plan = Listed(cells)
    assert plan.next() == cells[0]
    assert plan.why_end(cells[0], {"epoch": 1, "validation_loss": 1e9}) == ""
    plan.take(cells[0], {"status": "crashed"})
    assert [plan.next(), plan.next()] == [cells[1], None]
