"""Compiled kernels: each a short loop over one tile, with an entry a program calls."""

import handgrad.engine.compiler  # noqa: F401 - before any kernel imports Numba
