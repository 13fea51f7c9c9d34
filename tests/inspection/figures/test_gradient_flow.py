from handgrad.inspection.figures.gradient_flow import depth_flow, gradient_flow
from handgrad.inspection.gradient_flow import DepthRow, FlowRow


def test_bars_are_in_layer_order():
    rows = [FlowRow("conv2d_1", "Conv2d", 1e-5, 1.0), FlowRow("l", "Linear", 2.0, 1.0)]
    (axes,) = gradient_flow(rows).axes
    assert [bar.get_width() for bar in axes.patches] == [1e-5, 2.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["conv2d_1", "l"]
    assert axes.get_xscale() == "log"
    assert axes.yaxis_inverted()


def test_a_gradient_of_zero_is_drawn_without_a_logarithm():
    (axes,) = gradient_flow([FlowRow("linear_1", "Linear", 0.0, 1.0)]).axes
    assert axes.get_xscale() == "linear"


def test_each_depth_has_a_line_and_each_activation_a_colour():
    rows = [
        DepthRow("sigmoid", 2, (0.1, 0.2, 0.3)),
        DepthRow("sigmoid", 1, (0.2, 0.3)),
        DepthRow("relu", 1, (1.0, 2.0)),
    ]
    left, right = depth_flow(rows).axes
    assert [len(line.get_xdata()) for line in left.lines] == [2, 3, 2]
    assert [list(line.get_ydata()) for line in right.lines] == [[0.2, 0.1], [1.0]]
    assert right.lines[0].get_color() != right.lines[1].get_color()
