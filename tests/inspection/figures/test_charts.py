import numpy as np
import pytest
from matplotlib.colors import to_hex

from handgrad.inspection.figures.charts import (
    bar_values,
    chart,
    finish,
    legend,
    remark,
    signed_image,
    vertical,
    vertical_note,
)
from handgrad.inspection.figures.style import INK, MUTED, ORANGE


def test_a_chart_has_one_axes_of_its_size():
    figure, axes = chart(3.0, 2.0)
    assert figure.axes == [axes]
    assert figure.get_size_inches().tolist() == [3.0, 2.0]


@pytest.mark.parametrize("grid", ["x", "y", ""])
def test_it_has_a_title_labels_and_grid_lines(grid):
    _, axes = chart(3, 2)
    axes.plot([1, 2], [1, 2])
    finish(axes, "Loss", "a note", across="step", up="loss", grid=grid)
    assert axes.get_title(loc="left") == "Loss"
    assert [text.get_text() for text in axes.texts] == ["a note"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert axes.xaxis.label.get_color() == MUTED
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        assert axis.get_gridlines()[0].get_visible() == (name == grid)


def test_a_legend_has_no_frame():
    figure, axes = chart(3, 2)
    axes.plot([1, 2], [1, 2], label="one")
    for owner, place in ((axes, "upper left"), (figure, "outside lower center")):
        legend(owner, place, ncols=2)
    found = axes.get_legend()
    assert not found.get_frame_on()
    assert [text.get_text() for text in found.get_texts()] == ["one"]
    assert to_hex(found.get_texts()[0].get_color()) == INK
    assert len(figure.legends) == 1


def test_bars_and_points_have_their_values():
    _, axes = chart(3, 2)
    bar_values(axes, axes.bar([0, 1], [0.25, 1.0]), "{:.0%}")
    remark(axes, "here", (0, 1), (7, 0), va="center")
    assert [text.get_text() for text in axes.texts] == ["25%", "100%", "here"]
    assert axes.texts[-1].xy == (0, 1)


@pytest.mark.parametrize(("on_left", "side"), [(True, "right"), (False, "left")])
def test_a_vertical_line_has_its_note_at_the_lower_end(on_left, side):
    _, axes = chart(3, 2)
    vertical(axes, 0.5)
    vertical_note(axes, 0.5, "best", on_left=on_left)
    assert list(axes.lines[0].get_xdata()) == [0.5, 0.5]
    assert axes.texts[0].get_ha() == side
    assert to_hex(axes.texts[0].get_color()) == ORANGE


def test_zero_is_the_middle_of_the_colours_of_a_signed_image():
    _, axes = chart(3, 2)
    signed_image(axes, np.array([[1.0, -4.0]]))
    assert axes.images[0].get_clim() == (-4.0, 4.0)
    signed_image(axes, np.zeros((1, 2)))
    assert axes.images[1].get_clim()[1] > 0
