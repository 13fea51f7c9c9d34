"""The environment of a run: versions, processor and BLAS kernels."""

import os
import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import handgrad
from handgrad.errors import ConfigError

FIGURES = "HANDGRAD_FIGURES"
LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "safetensors")


def describe_environment() -> dict[str, Any]:
    """Return plain values for environment.json."""
    return {
        "handgrad": handgrad.__version__,
        "code_sha256": code_checksum(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "system": platform.platform(),
        "processor": processor_name(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        **matrix_kernels(),
    }


@cache
def _version(library: str) -> str:
    return version(library)


def matrix_kernels() -> dict[str, Any]:
    """Return the kernels in use, which determine the last bits of a run."""
    from handgrad.engine.processor import instruction_set

    return {"instruction_set": instruction_set(), "blas": blas_kernels()}


def blas_kernels() -> list[dict[str, Any]]:
    """Return the BLAS libraries in this process and the processor family of each."""
    from handgrad.engine.blas_family import family_in, matrix_libraries

    return [
        {
            "internal_api": library.internal_api,
            "version": library.version,
            "architecture": family_in(library),
        }
        for library in matrix_libraries()
    ]


def processor_name() -> str:
    """Return the processor's model name, if the system provides it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


@cache
def code_checksum() -> str:
    """SHA-256 over Handgrad's own source files, in order of name.

    Read once, when first asked for: what a process runs does not change with them.
    """
    digest = sha256()
    root = Path(handgrad.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def draws_figures() -> bool:
    """Whether runs of this process draw figures; ConfigError for a wrong variable."""
    value = os.environ.get(FIGURES, "")
    if value not in ("", "0", "1"):
        raise ConfigError(
            f"{FIGURES} takes 1, or 0 for runs without figures, got {value!r}. Set it "
            "to one of them, or remove it."
        )
    return value != "0"
