"""The program `handgrad`: its commands, and error handling."""

import atexit
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

import typer

from handgrad.cli.bench import bench
from handgrad.cli.calibrate import calibrate
from handgrad.cli.check import check
from handgrad.cli.command import Command
from handgrad.cli.data import data
from handgrad.cli.evaluate import evaluate
from handgrad.cli.export import export
from handgrad.cli.inspect import inspect
from handgrad.cli.lessons import lessons
from handgrad.cli.models import models
from handgrad.cli.options import flag
from handgrad.cli.predict import predict
from handgrad.cli.race import race
from handgrad.cli.screens.sentences import of_system_error, of_usage_error
from handgrad.cli.screens.stopping import Interrupted
from handgrad.cli.screens.streams import open_streams, redirect_to_null
from handgrad.cli.screens.warned import own_warnings
from handgrad.cli.study import study
from handgrad.cli.summary import summary
from handgrad.cli.sweep import sweep
from handgrad.cli.train import train
from handgrad.cli.ui import ui
from handgrad.cli.verify import verify
from handgrad.docstrings import documented
from handgrad.errors import ConfigError, HandgradError
from handgrad.text import printable

# typer does not export it
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

INTERRUPTED = 130  # 128 + SIGINT, the convention of shells
CLOSED_PIPE = 141  # 128 + SIGPIPE

app = typer.Typer(
    name="handgrad",
    help="Train image classifiers with hand-written gradients.",
    epilog="To get started: handgrad train",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (train, evaluate, calibrate, predict, check, models, summary, bench, race)
for command in (*COMMANDS, export, verify, sweep, lessons, ui):
    app.command(cls=Command)(documented(command))
app.add_typer(data)
app.add_typer(study)
app.add_typer(inspect)


@app.callback(invoke_without_command=True)
def handgrad(
    version: Annotated[
        bool, flag("--version", says="Print the version and exit.")
    ] = False,
) -> None:
    """Train image classifiers with hand-written gradients."""
    if version:
        from handgrad import __version__

        print(f"handgrad {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the program with the arguments of the command line."""
    open_streams()
    _set_matplotlib()
    codes: list[int] = []
    atexit.register(_exit, codes)  # registered first, so it runs last
    codes.append(run())
    sys.exit(codes[0])


def _set_matplotlib() -> None:
    """Configure matplotlib: no display, no user settings, no messages.

    A relative path in an XDG variable is ignored, as the specification requires.
    """
    os.environ |= {"MPLBACKEND": "Agg", "MATPLOTLIBRC": os.devnull}
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        if not os.path.isabs(os.environ.get(name, os.sep)):
            del os.environ[name]


def _exit(codes: list[int]) -> None:
    """Exit immediately, after all other exit handlers have run.

    Finalizing the interpreter, object by object, is of no use to a process that ends,
    and takes seconds on a busy machine.
    """
    if codes:  # otherwise an unexpected exception, which Python will report
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(codes[0])


def run(words: Sequence[str] | None = None) -> int:
    """Run one command; an error becomes a message on stderr and an exit code."""
    try:
        with own_warnings():
            code = _call(words)
        sys.stdout.flush()
    except HandgradError as error:
        return _fail(str(error), error.exit_code)
    except UsageError as error:
        return _fail(of_usage_error(error), 2)
    except Interrupted as error:
        return _fail("Stopped.", 128 + error.number)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        code = _close_stdout()
    except OSError as error:
        return _fail(of_system_error(error), 2)
    except MemoryError:
        return _fail(
            "Out of memory. Use a smaller --batch-size, a smaller --image-size or "
            "fewer images (--train-count).",
            2,
        )
    if code == INTERRUPTED:
        return _fail("Stopped.", INTERRUPTED)
    return code


def _call(words: Sequence[str] | None) -> int:
    """Run a command and return its exit code; the caller handles its errors."""
    check_arguments(sys.argv[1:] if words is None else words)
    try:
        code = _command().main(args=words, prog_name="handgrad", standalone_mode=False)
    except SystemExit as end:  # typer's reaction to a closed pipe
        raise end.__context__ or end from None
    return code if isinstance(code, int) else 0


@cache
def _command() -> Any:
    """All commands with their options, which are read from the signatures."""
    return typer.main.get_command(app)


def check_arguments(words: Sequence[str]) -> None:
    """ConfigError for an empty argument, which as a path is the working directory."""
    for before, word in pairwise(("handgrad", *words)):
        option, equals, value = word.partition("=")
        is_own = bool(equals) and option.startswith("--")
        if not (value if is_own else word).strip():
            raise ConfigError(
                f"The value after {option if is_own else before} is empty, perhaps "
                "from an unset shell variable. Give a value, or remove it."
            )


def _fail(sentence: str, code: int) -> int:
    """Print a message on stderr, on one line."""
    print(printable(" ".join(sentence.split())), file=sys.stderr)
    return code


def _close_stdout() -> int:
    """Handle a closed output pipe (`| head`): no message, and no error at exit."""
    redirect_to_null(sys.stdout)
    return CLOSED_PIPE
