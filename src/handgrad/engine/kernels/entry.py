"""Kernels: compiled functions that a program calls by address."""

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
from handgrad.engine.kernels.argument_loading import loader
from handgrad.engine.kernels.compile_lock import compiling
from handgrad.engine.kernels.declaration import SIZE, Argument, Sizes
from handgrad.engine.kernels.kernel_cache import KernelCache
from handgrad.engine.kernels.machine import ENTRY_SIGNATURE
from handgrad.errors import ConfigError

CHECKS_BOUNDS = checks_bounds()  # of every index: slow, for tests
COMMON = {"error_model": "numpy", "boundscheck": CHECKS_BOUNDS}
REASSOCIATE = {"reassoc", "contract"}  # for sums over a tile, in one order per build
Announce = Callable[[str], None]


def kernel(function: Any) -> Any:
    """Compile a function for use in kernels: without the GIL, cached on disk."""
    return kept(njit(nogil=True, **COMMON)(function))


def inlined(function: Any) -> Any:
    """The same, inlined into every caller: for a few lines of arithmetic."""
    return kept(njit(nogil=True, inline="always", **COMMON)(function))


def summing_kernel(function: Any) -> Any:
    """The same for a sum that the compiler may reassociate."""
    return kept(njit(nogil=True, fastmath=REASSOCIATE, **COMMON)(function))


def kept(compiled: Any) -> Any:
    """A compiled function with the cache of kernels on disk."""
    if numba.config.DISABLE_JIT:
        raise ConfigError(
            "NUMBA_DISABLE_JIT is set, but the CPU engine needs compiled kernels. "
            "Unset it, or train with the plain engine: --engine plain, in Python "
            'engine="plain".'
        )
    cache = compiled._cache = KernelCache(compiled.__wrapped__)
    compile_it = compiled.compile

    def compile_once(sig: Any) -> Any:
        with compiling(cache.place(sig)):
            return compile_it(sig)

    compiled.compile = compile_once
    return compiled


class Kernel:
    """A function with declared arguments that a program can call.

    It is compiled when its address is first needed, then cached. `operations` is the
    cost of one call as a rule of its arguments (a multiplication and an addition are
    two), `bytes_moved` the traffic with memory, by default each declared element once.
    `by_unit` says that products run on the processor's matrix unit.
    """

    def __init__(
        self,
        body: Callable[..., None],
        parameters: Mapping[str, Argument | Sizes] | None = None,
        *,
        operations: Any = 0,
        bytes_moved: Any = None,
        by_unit: bool = False,
    ) -> None:
        self.body, self.by_unit = body, by_unit
        self.parameters = dict(parameters or get_annotations(body))
        self.arguments = flat(self.parameters)
        self.operations, self.bytes_moved = operations, bytes_moved
        self.name = body.__name__.removesuffix("_kernel")
        self.__module__ = body.__module__
        self.recipe: tuple[Any, ...] | None = None  # of a family's kernel
        self._compiled: Any = None
        assert list(signature(body).parameters) == list(self.parameters), self.name

    @property
    def is_compiled(self) -> bool:
        """Whether this process has compiled or loaded it."""
        return self._compiled is not None

    def address(self, announce: Announce | None = None) -> int:
        """The address of the machine code, compiled or read from the disk first."""
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
        function = self._function
        with for_the_set(), compiling(function._cache.place(function._sig)):
            function.compile()
        return function

    @cached_property
    def _function(self) -> Any:
        parameters = tuple(self.parameters.values())
        body = njit(nogil=True, forceinline=True, **COMMON)(self.body)
        load = loader(parameters)

        def entry(words, tile, worker):
            body(*load(words, tile, worker))

        sig = normalize_signature(ENTRY_SIGNATURE)
        compiled: Any = CFunc(entry, sig, locals={}, options=COMMON)
        layout = tuple((type(each).__name__, str(each.type)) for each in parameters)
        compiled._cache = KernelCache(self.body, layout)
        return compiled


def flat(parameters: Mapping[str, Argument | Sizes]) -> dict[str, Any]:
    """Arguments by name, with each size for itself."""
    found: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if isinstance(parameter, Sizes):
            found |= dict.fromkeys(parameter.each(), SIZE)
        else:
            found[name] = parameter
    return found


def kernel_family(make: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """A function that makes one kernel for each set of its arguments."""

    @wraps(make)
    def named(*arguments: Any, **options: Any) -> Kernel:
        made = make(*arguments, **options)
        made.recipe = (family, arguments, options)
        return made

    family = cache(named)
    return family


def make_again(family: Any, arguments: tuple[Any, ...], options: Any) -> Kernel:
    """The kernel of a family with these arguments, for pickle."""
    made: Kernel = family(*arguments, **options)
    return made


def kernel_entry(
    *,
    operations: Any = 0,
    bytes_moved: Any = None,
    by_unit: bool = False,
    **parameters: Argument | Sizes,
) -> Callable[[Callable[..., None]], Kernel]:
    """Make a `Kernel` of a function; annotations or keywords declare its parameters."""
    costs = {"operations": operations, "bytes_moved": bytes_moved, "by_unit": by_unit}
    return lambda body: Kernel(body, parameters, **costs)
