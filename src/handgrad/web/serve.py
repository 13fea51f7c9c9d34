"""Serve the page on this machine until Ctrl-C."""

import secrets
import socket
import warnings
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from handgrad.errors import ConfigError, HandgradWarning

HOST = "127.0.0.1"  # loopback: no other machine reaches it


def serve(
    runs: Path, port: int | None, *, is_opened: bool, say: Callable[[str], None]
) -> None:
    """Serve the run folders in `runs` on a `port`, or any free one.

    `say` prints the address, which holds the token. ConfigError without the extra
    `web`, if the port is in use, or if `runs` cannot be a folder.
    """
    try:
        import uvicorn

        from handgrad.web.app import make_app
        from handgrad.web.handles import Home
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"handgrad ui needs the package {error.name}, which is not installed. "
            "Install it: pip install 'handgrad[web]'"
        ) from error
    Home(runs).create()
    token = secrets.token_urlsafe(24)
    with _listening(port) as listener:
        port = listener.getsockname()[1]
        app = make_app(runs, token=token, port=port)
        settings = uvicorn.Config(
            app, log_level="error", access_log=False, server_header=False, ws="none"
        )
        address = f"http://{HOST}:{port}/?token={token}"
        say(address)
        if is_opened:
            webbrowser.open(address)
        warnings.simplefilter("ignore", HandgradWarning)  # the page says it itself
        with suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(settings).run(sockets=[listener])


def _listening(port: int | None) -> socket.socket:
    """A socket on loopback."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port or 0))
        listener.listen()  # a browser that comes before the server waits for it
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"Port {port} cannot be used: {str(error).rstrip('.')}. Give another "
            "--port, or leave it out."
        ) from error
    return listener
