from handgrad.inspection.figures.loss_by_step import loss_by_step


def test_each_run_has_a_line():
    (axes,) = loss_by_step({"ours": [2.0, 1.0], "library": [2.0, 1.1]}).axes
    assert [line.get_label() for line in axes.lines] == ["ours", "library"]
    assert list(axes.lines[1].get_ydata()) == [2.0, 1.1]
    assert list(axes.lines[1].get_xdata()) == [1, 2]
    assert axes.lines[0].get_linewidth() > axes.lines[1].get_linewidth()
