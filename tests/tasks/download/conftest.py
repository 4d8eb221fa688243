"""A server on loopback that can do what servers on the way do: ranges or none, cut connections, other files."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Origin:
    """Files to serve, how to serve them, and what was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ranges = True
        self.etags = True
        self.cut_after: list[int] = []
        """Bytes of body after which each of the next answers is cut off."""
        self.failures: list[int] = []
        """Status of each of the next answers."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and range of every request."""
        self.url = ""


def _handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Be silent."""

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            origin.asked.append((self.path, asked))
            content = origin.files.get(self.path)
            status = origin.failures.pop(0) if origin.failures else 404 if content is None else 200
            if status != 200 or content is None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            tag = f'"{hash(content)}"'
            start = 0
            if origin.ranges and asked and self.headers.get("If-Range") in (None, tag):
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content) > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if origin.etags:
                self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = content[start:]
            if origin.cut_after:
                self.wfile.write(body[: origin.cut_after.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(body)

    return Handler


@pytest.fixture
def origin() -> Iterator[Origin]:
    served = Origin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
