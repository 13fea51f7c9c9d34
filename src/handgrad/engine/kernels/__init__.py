"""Compiled kernels: each a short loop over one tile, with an entry a program calls."""
