"""Loading a kernel's declared arguments from a program's table of integers.

An array takes four integers. The first three give its address

    base + tile * tile_stride + worker * worker_stride        (bytes)

and the last how many elements may be touched. A number or a library's function takes
one integer, the tile's number none.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.declaration import Argument, Array, Sizes, Tile
from handgrad.engine.kernels.machine import INT64


def loader(arguments: Sequence[Argument | Sizes]) -> Any:
    """Numba's function (words, tile, worker) -> the arguments of a kernel."""
    returned = types.BaseTuple.from_types([argument.type for argument in arguments])

    @intrinsic
    def load(typing_context, words, tile, worker):
        def generate(context, builder, signature, values):
            words = Words(context, builder, *values)
            found = [words.argument(argument) for argument in arguments]
            return context.make_tuple(builder, signature.return_type, found)

        return returned(types.int64, types.int64, types.int64), generate

    return load


class Words:
    """Emits code that loads one word after the other."""

    def __init__(
        self, context: Any, builder: Any, words: Any, tile: Any, worker: Any
    ) -> None:
        self.context, self.builder = context, builder
        self.tile, self.worker = tile, worker
        self._words = builder.inttoptr(words, INT64.as_pointer())
        self._next = 0

    def word(self) -> Any:
        """The next integer."""
        at = ir.Constant(INT64, self._next)
        self._next += 1
        return self.builder.load(self.builder.gep(self._words, [at]))

    def argument(self, argument: Argument | Sizes) -> Any:
        """The value of the next argument."""
        if isinstance(argument, Tile):
            return self.tile
        if isinstance(argument, Sizes):
            numbers = [self.word() for _ in argument.each()]
            return self.context.make_tuple(self.builder, argument.type, numbers)
        if isinstance(argument, Array):
            address, size = self.address(), self.word()
            is_array = not argument.element.is_address
            return self.array(argument.type, address, size) if is_array else address
        word = self.word()
        if argument.type == types.boolean:
            return self.builder.icmp_signed("!=", word, ir.Constant(INT64, 0))
        return word

    def address(self) -> Any:
        """The address of an array for this tile and this worker."""
        builder = self.builder
        base, by_tile, by_worker = self.word(), self.word(), self.word()
        moved = builder.add(base, builder.mul(self.tile, by_tile))
        return builder.add(moved, builder.mul(self.worker, by_worker))

    def array(self, kind: Any, address: Any, size: Any) -> Any:
        """Numba's array of `size` elements at an address."""
        from numba.np.arrayobj import make_array, populate_array

        array = make_array(kind)(self.context, self.builder)
        item = self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype))
        step = self.context.get_constant(types.intp, item)
        start = self.builder.inttoptr(address, array.data.type)
        populate_array(array, start, [size], [step], step, meminfo=None)
        return array._getvalue()
