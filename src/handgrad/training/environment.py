"""On what a run was made: versions, processor and matrix kernels."""

import os
import platform
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import handgrad

LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "safetensors")


def describe_environment() -> dict[str, Any]:
    """Plain values for environment.json."""
    return {
        "handgrad": handgrad.__version__,
        "code_sha256": code_checksum(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "system": platform.platform(),
        "processor": processor_name(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        **matrix_kernels(),
    }


def matrix_kernels() -> dict[str, Any]:
    """What the last bits of a run depend on in this process, besides its settings."""
    from handgrad.engine.processor import instruction_set

    return {"instruction_set": instruction_set(), "blas": blas_kernels()}


def blas_kernels() -> list[dict[str, Any]]:
    """The matrix libraries in this process, and the processor family they work with."""
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
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


def code_checksum() -> str:
    """SHA-256 over Handgrad's own source files, in order of name."""
    digest = sha256()
    root = Path(handgrad.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
