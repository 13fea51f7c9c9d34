"""Import Numba, which compiles the kernels, with checks of its environment.

Numba reads its variables (NUMBA_...) when it is imported; some values end that import,
or later the whole process. So other modules import Numba through this one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from handgrad.engine import processor
from handgrad.errors import ConfigError

try:
    import numba
except ImportError:
    raise
except Exception as error:  # of a variable, or of a line in .numba_config.yaml
    named = [key for key in sorted(os.environ) if key.startswith("NUMBA_")]
    reason = str(error).rstrip(".")
    raise ConfigError(
        f"Numba, which compiles the CPU engine, cannot start: {reason}. "
        f"Unset {', '.join(named) or 'what .numba_config.yaml sets'}, or train with "
        'the plain engine: --engine plain, in Python engine="plain".'
    ) from error

from numba.core.codegen import JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

config = numba.config


def check_features(features: str | None) -> None:
    """ConfigError for features that end the process: each begins with + or -."""
    for feature in (features or "").split(","):
        if feature and feature[0] not in "+-":
            raise ConfigError(
                f"NUMBA_CPU_FEATURES takes features that begin with + or -, such as "
                f"+avx2,-avx512f, got {feature!r}. Change or unset it."
            )


check_features(config.CPU_FEATURES)


class SetCodegen(JITCPUCodegen):  # type: ignore[misc]  # Numba has no types
    """Numba's code generator for an instruction set instead of this processor."""

    def __init__(self, name: str, features: str) -> None:
        self._set_name, self._set_features = name, features
        super().__init__("handgrad.kernels")

    def _get_host_cpu_name(self) -> str:
        return self._set_name

    def _get_host_cpu_features(self) -> str:
        return self._set_features


@cache
def _codegen(name: str, features: str) -> SetCodegen:
    return SetCodegen(name, features)


@contextmanager
def for_the_set() -> Iterator[None]:
    """A context in which Numba compiles for the engine's instruction set.

    Other functions in this process are still compiled for the processor.
    """
    target = processor.target()
    if target is None:
        yield
        return
    with global_compiler_lock:
        context = cpu_target.target_context
        before = context._internal_codegen
        context._internal_codegen = _codegen(*target)
        try:
            yield
        finally:
            context._internal_codegen = before
