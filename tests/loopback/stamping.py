"""An authority behind an HTTP server on loopback, and others that misbehave."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def served(
    behaviour: Callable[[BaseHTTPRequestHandler, bytes], None], context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Serve; yield the address, and headers and body of each question as they come."""
    questions: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            questions.append((dict(self.headers), body))
            with contextlib.suppress(OSError):
                behaviour(self, body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: object) -> None:
            """Say nothing of clients that go away."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}/tsr", questions
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(make: Callable[[bytes], bytes]) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    """Return a server that answers each question with what `make` makes of it."""

    def answer(handler: BaseHTTPRequestHandler, question: bytes) -> None:
        body = make(question)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/timestamp-reply")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def flooding(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Send a body without an end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\x30" * 65536)


def trickling(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Send a byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    for _each in range(600):
        handler.wfile.write(b"\x30")
        handler.wfile.flush()
        time.sleep(0.05)


def leading_away(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Redirect."""
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:1/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def failing(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Answer with an error of the server."""
    handler.send_response(503)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def hanging_up(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Close without a word."""
    handler.close_connection = True


def no_http(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Answer with something else than HTTP."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def packed(handler: BaseHTTPRequestHandler, _question: bytes) -> None:
    """Send what would be a flood if somebody unpacked it."""
    import gzip

    body = gzip.compress(b"\x30" * 10_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
