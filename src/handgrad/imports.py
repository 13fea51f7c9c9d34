"""Lazy imports of other libraries, without side effects on the process."""

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Restore Python's random state on exit: some libraries draw when imported."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
