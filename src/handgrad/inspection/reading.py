"""What the microscope found: the factors of one gradient, and its check."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handgrad.inspection.result import Result
from handgrad.inspection.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # places of a convolution that are listed


@dataclass(frozen=True)
class Place:
    """One output that the weight acts on.

    Equations
        product = upstream * local

    Units
        output    the output's place: (unit,) or (channel, row, column)
        forward   the output's value
        upstream  d loss / d output
        local     d output / d weight: the input that the weight multiplies, or 1
    """

    output: tuple[int, ...]
    forward: float
    upstream: float
    local: float

    @property
    def product(self) -> float:
        """This place's part of the gradient."""
        return self.upstream * self.local


@dataclass(frozen=True, repr=False, eq=False)
class Reading(Result):
    """The gradient of one image's loss by one weight.

    The weight is `parameter[index]` of the `layer`, and its number `value`; `sample`
    is the image's number in the batch, `places` what was summed. `file`, `line` and
    `code` show the layer's equation.

    Units
        gradient  the sum of all places' products
        backward  the same number, as the layer's own backward pass gives it
        numeric   its central finite difference; None where every step crossed a kink
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
        """The difference of gradient and finite difference, by the larger of them."""
        if self.numeric is None:
            return None
        largest = max(abs(self.gradient), abs(self.numeric), 1e-8)
        return abs(self.gradient - self.numeric) / largest

    @property
    def largest(self) -> tuple[Place, ...]:
        """The places with the largest products, largest first."""
        ordered = sorted(self.places, key=lambda place: -abs(place.product))
        return tuple(ordered[:SHOWN])

    def table(self) -> Table:
        """The factors of the largest products, their sum and its check."""
        heads = ("forward value", "upstream gradient", "local derivative", "product")
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
            f"image {self.sample}, its loss {self.loss:.6g}"
        )
        below = (
            f"gradient (sum of {len(self.places)}): {self.gradient:.9g}\n"
            f"finite difference:      {check}\n"
            f"{self.file}:{self.line}: {self.code}"
        )
        return Table(("output", *heads), tuple(rows), heads, (above,), (below,))

    def figure(self) -> "Figure":
        """The same table as a picture."""
        from handgrad.inspection.figures import microscope as drawing

        return drawing.microscope(self)

    def as_dict(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)
