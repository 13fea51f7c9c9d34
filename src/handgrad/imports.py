"""Imports of other libraries where they are needed, with no trace in the process."""

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Python's random numbers go on as before: some libraries draw when imported."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
