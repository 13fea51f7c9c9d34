from handgrad.inspection.figures.saturation import saturation, saturation_by_scale
from handgrad.inspection.saturation import SaturationRow, ScaleRow


def row(name, share):
    return SaturationRow(name, "Sigmoid", share, 0.0, 0.1)


def test_each_layer_has_a_bar():
    (axes,) = saturation([row("sigmoid_1", 0.25), row("sigmoid_2", 0.5)], 0.01).axes
    assert [bar.get_width() for bar in axes.patches] == [0.25, 0.5]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["sigmoid_1", "sigmoid_2"]
    assert axes.yaxis_inverted()
    assert any("|slope| < 0.01" in text.get_text() for text in axes.texts)


def test_each_layer_has_a_line_against_the_scale():
    rows = [
        ScaleRow(0.1, (row("sigmoid_1", 0.0), row("sigmoid_2", 0.1))),
        ScaleRow(1.0, (row("sigmoid_1", 0.6), row("sigmoid_2", 0.7))),
    ]
    (axes,) = saturation_by_scale(rows, 0.01).axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.0, 0.6], [0.1, 0.7]]
    assert list(axes.lines[0].get_xdata()) == [0.1, 1.0]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["sigmoid_1", "sigmoid_2"]
