"""The result of the microscope: the factors of one gradient, and its check."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handgrad.inspection.result import Result
from handgrad.inspection.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # outputs of a convolution listed
HEADS = ("forward value", "upstream gradient", "local derivative", "product")


@dataclass(frozen=True)
class Place:
    """One output that the weight contributes to.

    Equations
        product = upstream * local

    Units
        output    index of the output: (unit,) or (channel, row, column)
        forward   value of the output
        upstream  d loss / d output
        local     d output / d weight: the input that the weight multiplies, or 1
    """

    output: tuple[int, ...]
    forward: float
    upstream: float
    local: float

    @property
    def product(self) -> float:
        """The contribution of this output to the gradient."""
        return self.upstream * self.local


@dataclass(frozen=True, repr=False, eq=False)
class Reading(Result):
    """The gradient of one image's loss for one weight.

    The weight is `parameter[index]` of the `layer`, with value `value`; `sample` is the
    image's number in the batch, `places` holds the terms of the sum. `file`, `line` and
    `code` locate the layer's equation.

    Units
        gradient  sum of all products
        backward  the same gradient, computed by the layer's backward pass
        numeric   central finite difference; None if every step crossed a kink
    """

    layer: str
    parameter: str
    index: tuple[int, ...]
    sample: int
    value: float
    loss: float
    places: tuple[Place, ...]
    gradient: float
    backward: float
    numeric: float | None
    file: str
    line: int
    code: str

    @property
    def relative_error(self) -> float | None:
        """|gradient - numeric|, relative to the larger magnitude of the two."""
        if self.numeric is None:
            return None
        largest = max(abs(self.gradient), abs(self.numeric), 1e-8)
        return abs(self.gradient - self.numeric) / largest

    @property
    def largest(self) -> tuple[Place, ...]:
        """The outputs with the largest products, largest first."""
        ordered = sorted(self.places, key=lambda place: -abs(place.product))
        return tuple(ordered[:SHOWN])

    def table(self) -> Table:
        """The factors of the largest products, the sum of all and its check."""
        rows = []
        for place in self.largest:
            parts = (place.forward, place.upstream, place.local, place.product)
            output = ", ".join(map(str, place.output))
            rows.append((output, *(f"{part:.6g}" for part in parts)))
        check = "every step crossed a kink"
        if self.numeric is not None:
            check = f"{self.numeric:.9g} (relative error {self.relative_error:.1e})"
        index = ",".join(map(str, self.index))
        above = (
            f"{self.layer}.{self.parameter}[{index}] = {self.value:.6g}; "
            f"image {self.sample}, loss {self.loss:.6g}"
        )
        below = (
            f"gradient (sum of {len(self.places)}): {self.gradient:.9g}\n"
            f"finite difference:      {check}\n"
            f"{self.file}:{self.line}: {self.code}"
        )
        return Table(("output", *HEADS), tuple(rows), HEADS, (above,), (below,))

    def figure(self) -> "Figure":
        """The table as a figure."""
        from handgrad.inspection.figures import microscope as drawing

        return drawing.microscope(self)

    def as_dict(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)
