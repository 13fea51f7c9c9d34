"""The instruction sets of this processor, asked for once in a process."""

from functools import cache


@cache
def features() -> frozenset[str]:
    """Names, as LLVM has them, of what Numba compiles for: `avx2`, `avx512f`, ...

    Those of the processor, unless NUMBA_CPU_FEATURES names others. Asking LLVM takes
    0.2 ms, and one network is lowered by tens of thousands of decisions.
    """
    from llvmlite import binding  # takes a while to import

    from handgrad.engine.compiler import config

    chosen = config.CPU_FEATURES
    if chosen is not None:
        return frozenset(name[1:] for name in chosen.split(",") if name[:1] == "+")
    return frozenset(n for n, has in binding.get_host_cpu_features().items() if has)


def has_wide_registers() -> bool:
    """Whether there are 32 registers of 16 floats (AVX-512)."""
    return "avx512f" in features()
