"""The kernel family of OpenBLAS: of NumPy's copy, and of SciPy's.

OpenBLAS selects a family by the processor when it is loaded, and another family gives
other last bits. `OPENBLAS_CORETYPE` works only before loading; here a loaded library is
made to select again.
"""

import ctypes
import os
from typing import Any

from threadpoolctl import ThreadpoolController

from handgrad.errors import ConfigError

VARIABLE = "OPENBLAS_CORETYPE"


def hold_family(family: str) -> None:
    """Make every OpenBLAS of this process use the kernels of a `family`.

    No other thread may multiply meanwhile. Other matrix libraries have no families.
    ConfigError for a family that a library does not have.
    """
    import scipy.linalg.cython_blas  # noqa: F401  (loads SciPy's)

    for library in matrix_libraries():
        if library.internal_api != "openblas":
            continue
        before = family_in(library)
        if before != family and not _switches(library, family):
            if before is not None:
                _switches(library, before)
            raise ConfigError(
                f"The matrix library here uses its kernels for {before}, and cannot "
                f"change to those for {family}. Start Python with {VARIABLE}="
                f"{family} set, or use NumPy and SciPy as pip installs them."
            )


def matrix_libraries() -> list[Any]:
    """The matrix libraries that this process has loaded."""
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


def family_in(library: Any) -> str | None:
    """The current family of a library (threadpoolctl caches its first answer)."""
    name = _symbol(library, "gotoblas_corename")
    if name is None:
        return getattr(library, "architecture", None)
    name.restype = ctypes.c_char_p
    family: str = name().decode()
    return family


def _switches(library: Any, family: str) -> bool:
    """Make a library select again; whether it then uses the family."""
    leave, choose = (
        _symbol(library, f"gotoblas_dynamic_{step}") for step in ("quit", "init")
    )
    if leave is None or choose is None:
        return False
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = family
    try:
        leave()
        choose()
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
    return family_in(library) == family


def _symbol(library: Any, name: str) -> Any:
    return getattr(library.dynlib, name, None)
