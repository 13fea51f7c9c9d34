"""`handgrad` and `python -m handgrad`: the command line, from its first import on."""

import os
import signal
from contextlib import suppress
from time import monotonic
from typing import Any


def main() -> None:
    """Run the program; Ctrl-C ends it with one word also while it is imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    beginning = monotonic()
    from handgrad.cli.clock import begin
    from handgrad.cli.main import main as run

    begin(beginning)
    try:
        if signal.getsignal(signal.SIGINT) is _stop:  # from here on, `run` handles it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:
        _stop(signal.SIGINT)


def _stop(number: int, frame: Any = None) -> None:
    """Exit at once, with the message and the exit code of an interrupted command."""
    with suppress(OSError):
        os.write(2, b"Stopped.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
