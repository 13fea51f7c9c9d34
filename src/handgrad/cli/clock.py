"""How long the program has been running, for a command that must end in time."""

from time import monotonic

_beginning: list[float] = []


def begin(at: float) -> None:
    """Remember when the program began, in seconds of `time.monotonic`."""
    _beginning[:] = [at]


def seconds() -> float:
    """Seconds since then; 0 within another program, which may have run for long."""
    return monotonic() - _beginning[0] if _beginning else 0.0
