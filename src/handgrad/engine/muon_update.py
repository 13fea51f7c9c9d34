"""The operations of Muon's update: one task for each parameter."""

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.arrays import Shape
from handgrad.engine.kernels.muon import muon_direction, muon_factor, muon_step
from handgrad.engine.lowering.linear_products import Matrix, panel_bytes, product_of
from handgrad.engine.memory_plan import FLOAT_BYTES, Memory, Pointer
from handgrad.engine.operation import Operation
from handgrad.optimizers.muon import matrix_shape
from handgrad.optimizers.orthogonalize import ITERATIONS

SQUARES = ("gram", "factor", "factors", "next factors", "spare")


@dataclass(frozen=True)
class MuonParameter:
    """A parameter with its gradient and velocity, and what its update reads."""

    name: str
    shape: Shape
    value: Pointer
    gradient: Pointer
    velocity: Pointer
    rates: Pointer
    losses: Pointer
    count: int  # of the losses

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows and columns of the parameter as a matrix."""
        return matrix_shape(self.shape)

    @property
    def cost(self) -> int:
        """Multiplications, about: by this, tasks are ordered."""
        least, most = sorted(self.sizes)
        return 2 * least * least * (most + 8 * least)


class MuonUpdate:
    """Muon's update of parameters, with buffers for each worker."""

    def __init__(self, memory: Memory, parameters: Sequence[MuonParameter]) -> None:
        self.parameters = sorted(parameters, key=lambda one: -one.cost)
        sizes = [one.sizes for one in parameters]
        largest = max((rows * columns for rows, columns in sizes), default=1)
        side = max((min(pair) for pair in sizes), default=1)
        self.direction, self.moved = (
            memory.each_worker(f"muon {name}", "scratch", largest)
            for name in ("direction", "orthogonal")
        )
        self.squares = [
            memory.each_worker(f"muon {name}", "scratch", side * side)
            for name in SQUARES
        ]

        floats = panel_bytes() // FLOAT_BYTES
        self.panel = memory.each_worker("muon panel", "scratch", floats)

    def tasks(self) -> list[list[Operation]]:
        """The operations of each parameter."""
        return [self._operations(one) for one in self.parameters]

    def _operations(self, one: MuonParameter) -> list[Operation]:
        rows, columns = one.sizes
        first = Operation(
            muon_direction,
            f"direction of {one.name}",
            gradient=one.gradient,
            velocity=one.velocity,
            direction=self.direction,
            rates=one.rates,
            losses=one.losses,
            size=rows * columns,
            count=one.count,
        )
        is_matrix = min(rows, columns) > 1
        last = Operation(
            muon_step,
            f"Muon of {one.name}",
            parameter=one.value,
            direction=self.moved if is_matrix else self.direction,
            rates=one.rates,
            losses=one.losses,
            rows=rows,
            columns=columns,
            count=one.count,
            decays=len(one.shape) > 1,
        )
        return [first, *(self._orthogonalize(one) if is_matrix else []), last]

    def _orthogonalize(self, one: MuonParameter) -> list[Operation]:
        """The products of `optimizers.orthogonalize`, in its order."""
        rows, columns = one.sizes
        side, is_tall = min(rows, columns), rows > columns
        gram, factor, factors, following, spare = self.squares
        say = f"orthogonalize {one.name}"

        def square(left: Pointer, right: Pointer, outputs: Pointer) -> Operation:
            pair = (left, side, False), (right, side, False)
            return self._product(say, *pair, (outputs, side), (side, side, side))

        x = self.direction, columns
        sizes = (side, side, max(rows, columns))
        pair = (*x, is_tall), (*x, not is_tall)
        found = [self._product(say, *pair, (gram, side), sizes)]
        for iteration in range(ITERATIONS):
            is_first, is_last = iteration == 0, iteration == ITERATIONS - 1
            own = factors if is_first else factor
            found.append(square(gram, gram, own))
            found.append(Operation(muon_factor, say, gram=gram, factor=own, rows=side))
            if not is_first:
                found.append(square(own, factors, following))
                factors, following = following, factors
            if not is_last:
                found += [square(own, gram, spare), square(spare, own, gram)]
        of_all = (factors, side, is_tall)
        pair = ((*x, False), of_all) if is_tall else (of_all, (*x, False))
        sizes = (rows, columns, side)
        found.append(self._product(say, *pair, (self.moved, columns), sizes))
        return found

    def _product(
        self,
        what: str,
        left: Matrix,
        right: Matrix,
        outputs: tuple[Pointer, int],
        sizes: tuple[int, int, int],
    ) -> Operation:
        return product_of(what, left, right, outputs, sizes, self.panel)
