"""How a kernel becomes an address that a program can call."""

from collections.abc import Callable, Mapping
from functools import cache, cached_property, wraps
from inspect import get_annotations, signature
from typing import Any

import numba
from numba import njit
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from handgrad.engine.compiler import for_the_set
from handgrad.engine.fences import checks_bounds
from handgrad.engine.kernels.declaration import Argument
from handgrad.engine.kernels.kernel_cache import KernelCache
from handgrad.engine.kernels.loading import loader
from handgrad.engine.kernels.machine import ENTRY_SIGNATURE
from handgrad.errors import ConfigError

CHECKS_BOUNDS = checks_bounds()  # of every index: slow, for tests
COMMON = {"error_model": "numpy", "boundscheck": CHECKS_BOUNDS}
REASSOCIATE = {"reassoc", "contract"}  # sums over a tile, in an order the tile fixes
Announce = Callable[[str], None]


def kernel(function: Any) -> Any:
    """Compile a function for use in kernels: no interpreter, no lock, kept on disk."""
    return kept(njit(nogil=True, **COMMON)(function))


def inlined(function: Any) -> Any:
    """The same for a few lines of arithmetic that every caller takes in whole."""
    return kept(njit(nogil=True, inline="always", **COMMON)(function))


def summing_kernel(function: Any) -> Any:
    """The same for a sum whose order the compiler may choose, once and for all."""
    return kept(njit(nogil=True, fastmath=REASSOCIATE, **COMMON)(function))


def kept(compiled: Any) -> Any:
    """A function whose machine code is kept on disk."""
    if numba.config.DISABLE_JIT:
        raise ConfigError(
            "NUMBA_DISABLE_JIT is set, and the CPU engine is nothing but compiled "
            "kernels. Unset it, or train with the plain engine: --engine plain, in "
            'Python engine="plain".'
        )
    compiled._cache = KernelCache(compiled.__wrapped__)
    return compiled


class Kernel:
    """A function with a declaration of its arguments, and its way into a program.

    It is compiled when its address is first asked for, then cached. `operations` says
    what one run costs (a multiplication and an addition are two), as a function of
    arguments; `bytes_moved` the same for memory, where it is not each declared element
    once. `by_unit` says that products go through the processor's matrix unit.
    """

    def __init__(
        self,
        body: Callable[..., None],
        arguments: Mapping[str, Argument] | None = None,
        *,
        operations: Any = 0,
        bytes_moved: Any = None,
        by_unit: bool = False,
    ) -> None:
        self.body, self.by_unit = body, by_unit
        self.arguments = dict(arguments or get_annotations(body))
        self.operations, self.bytes_moved = operations, bytes_moved
        self.name = body.__name__.removesuffix("_kernel")
        self.__module__ = body.__module__
        self.recipe: tuple[Any, ...] | None = None  # of a family's kernel
        self._compiled: Any = None
        assert list(signature(body).parameters) == list(self.arguments), self.name

    @property
    def is_compiled(self) -> bool:
        """Whether this process has it compiled already."""
        return self._compiled is not None

    def address(self, announce: Announce | None = None) -> int:
        """Where the machine code stands; compiles it, or reads it from the disk."""
        if self._compiled is None:
            if announce is not None:
                announce(self.name)
            self._compiled = self._compile()
        address: int = self._compiled.address
        return address

    def __reduce__(self) -> Any:
        return self.body.__name__ if self.recipe is None else (make_again, self.recipe)

    @property
    def is_kept(self) -> bool:
        """Whether it is compiled, in this process or on disk."""
        if self.is_compiled:
            return True
        with for_the_set():
            found: bool = self._function._cache.holds(self._function._sig)
        return found

    def _compile(self) -> Any:
        with for_the_set():
            self._function.compile()
        return self._function

    @cached_property
    def _function(self) -> Any:
        arguments = tuple(self.arguments.values())
        body = njit(nogil=True, forceinline=True, **COMMON)(self.body)
        load = loader(arguments)

        def entry(words, tile, worker):
            body(*load(words, tile, worker))

        sig = normalize_signature(ENTRY_SIGNATURE)
        compiled: Any = CFunc(entry, sig, locals={}, options=COMMON)
        layout = tuple((type(each).__name__, str(each.type)) for each in arguments)
        compiled._cache = KernelCache(self.body, layout)
        return compiled


def kernel_family(make: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """A function that makes a kernel for its arguments, each once."""

    @wraps(make)
    def named(*arguments: Any, **options: Any) -> Kernel:
        made = make(*arguments, **options)
        made.recipe = (family, arguments, options)
        return made

    family = cache(named)
    return family


def make_again(family: Any, arguments: tuple[Any, ...], options: Any) -> Kernel:
    """The kernel of a family with these arguments."""
    made: Kernel = family(*arguments, **options)
    return made


def kernel_entry(
    *,
    operations: Any = 0,
    bytes_moved: Any = None,
    by_unit: bool = False,
    **arguments: Argument,
) -> Callable[[Callable[..., None]], Kernel]:
    """Make a `Kernel` of the function below.

    Its parameters' annotations declare them, or these arguments do, in their order.
    """

    def declared(body: Callable[..., None]) -> Kernel:
        return Kernel(
            body,
            arguments,
            operations=operations,
            bytes_moved=bytes_moved,
            by_unit=by_unit,
        )

    return declared
