"""A local web server with correct and faulty responses."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from handgrad.datasets.source import File, Source


@contextmanager
def mirror(answers):
    """The URL of a server; `answers` maps a file name to its response.

    Bytes are sent unchanged; a number is a status code; ("short", bytes) announces all
    and sends half; ("encoded", bytes) uses Content-Encoding gzip.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path[1:])
            answer = answers.get(self.path[1:], 404)
            kind, content = answer if isinstance(answer, tuple) else ("all", answer)
            if isinstance(content, int):
                self.send_error(content)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            if kind == "encoded":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(
                content[: len(content) // 2] if kind == "short" else content
            )

        def log_message(self, *words):
            """Do not log."""

    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_address():
    """A URL without a server."""
    with mirror({}) as (address, _):
        return address


def file_of(name, content):
    """The `File` of a file with this content."""
    from hashlib import sha256

    return File(name, len(content), sha256(content).hexdigest())


def source_of(contents, mirrors, **options):
    """The `Source` of these files: name to unpacked content."""
    files = tuple(file_of(name, content) for name, content in contents.items())
    return Source(
        name="small",
        description="a few bytes",
        train_shape=(1, 1, 1, 1),
        class_names=("a", "b"),
        read=lambda place: (None, None),
        files=files,
        mirrors=tuple(mirrors),
        **{"folders": ("small",), **options},
    )


def packed(contents):
    """The files as stored on a mirror."""
    return {
        f"{name}.gz": gzip.compress(content, mtime=0)
        for name, content in contents.items()
    }
