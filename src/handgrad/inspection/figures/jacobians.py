"""The Jacobians of a two-layer perceptron as images."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import finish, signed_image
from handgrad.inspection.figures.style import new_figure
from handgrad.inspection.jacobians import Jacobian
from handgrad.inspection.table import sizes

MOST = 64  # most rows and columns drawn, from the first corner
FEW = 10  # most units drawn of a Jacobian for a weight, each with its row of weights


def jacobians(found: Sequence[Jacobian]) -> Figure:
    """One panel per Jacobian: blue is positive, white 0, orange negative."""
    figure = new_figure(10.2, 7.0)
    for axes, one in zip(figure.subplots(2, 3).ravel(), found, strict=True):
        corner = _corner(one.value)
        signed_image(axes, corner)
        rows, columns = corner.shape
        is_part = corner.size < one.value.size
        finish(
            axes,
            f"{one.name} = {one.equation}",
            f"{sizes(one.shape)}; {one.nonzero:.1%} nonzero; "
            f"max error {one.max_error:.0e}",
            across=f"first {rows} rows and {columns} columns" if is_part else "",
            grid="",
        )
    return figure


def _corner(value: NumpyArray) -> NumpyArray:
    """The part that is drawn: one row per output, one column per input entry."""
    if value.ndim == 2:
        return value[:MOST, :MOST]
    part = value[:FEW, :FEW]
    corner: NumpyArray = part.reshape(len(part), -1)
    return corner
