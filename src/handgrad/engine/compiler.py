"""Numba, which compiles the kernels, as long as the environment lets it work.

Numba reads its variables (NUMBA_...) when it is imported; some values end that import,
or later the whole process. Modules that import Numba stand behind this one.
"""

import os

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
