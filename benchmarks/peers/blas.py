"""How many threads a matrix product may take, for libraries that use NumPy's."""

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The libraries of matrix products that are loaded; looked for once."""
    return ThreadpoolController()


def limit_blas(threads: int) -> None:
    """From now on so many."""
    _controller().limit(limits=threads, user_api="blas")
