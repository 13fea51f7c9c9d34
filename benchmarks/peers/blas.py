"""The number of BLAS threads, for libraries that use NumPy's BLAS."""

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The controller of the loaded BLAS libraries, created once."""
    return ThreadpoolController()


def limit_blas(threads: int) -> None:
    """Set the number of BLAS threads."""
    _controller().limit(limits=threads, user_api="blas")
