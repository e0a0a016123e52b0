# SPDX-License-Identifier: MIT

"""An HTTP client that sends bytes unchanged and accepts only what the standard allows in return."""

import contextlib
import dataclasses
import re
import socket
import threading
from collections.abc import Mapping
from typing import Self

STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]+")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


def request(target: bytes = b"/hello", method: bytes = b"GET", fields: bytes = b"") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class RawClient:
    """A context manager: one connection. Every wait ends after `timeout` seconds."""

    def __init__(self, address: tuple[str, int], timeout: float = 60) -> None:
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._sender: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        if self._sender:
            self._sender.join()

    def send(self, data: bytes) -> None:
        """Sends large data on a thread: a server may respond and close before it has read everything."""
        if len(data) < 32_768:
            self._send(data)
            return
        self._sender = threading.Thread(target=self._send, args=(data,))
        self._sender.start()

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # what the server made of it is seen in its response
            self.socket.sendall(data)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def _receive(self) -> bool:
        data = self.socket.recv(65_536)
        self._buffer += data
        return bool(data)

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not self._receive():
                raise EOFError("the connection ended inside a response" if self._buffer else "no response")
        text, self._buffer = self._buffer.split(mark, 1)
        return text

    def answer(self, headless: bool = False) -> Response:
        """The next response, interim ones included. Raises EOFError, ValueError or OSError."""
        lines = self._read_until(b"\r\n\r\n").split(b"\r\n")
        line = STATUS_LINE.fullmatch(lines[0])
        if not line:
            raise ValueError(f"no status line: {lines[0]!r}")
        status = int(line.group(1))
        headers: dict[str, str] = {}
        for each in lines[1:]:
            name, colon, value = each.decode("latin-1").partition(": ")
            if not colon or not re.fullmatch(r"[A-Za-z-]+", name) or not re.fullmatch(r"[ -~]*", value):
                raise ValueError(f"not a header: {each!r}")
            if name.lower() in headers:
                raise ValueError(f"repeated header: {each!r}")
            headers[name.lower()] = value
        return Response(status, headers, self._body(status, headers, headless))

    def _body(self, status: int, headers: Mapping[str, str], headless: bool) -> bytes:
        if headless or status < 200 or status in (204, 304):
            return b""
        size = int(headers["content-length"])
        while len(self._buffer) < size:
            if not self._receive():
                raise EOFError("the connection ended inside a body")
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def rest(self) -> bytes:
        """Everything until the server closes in order. Raises OSError after a reset or a time-out."""
        while self._receive():
            pass
        rest, self._buffer = self._buffer, b""
        return rest
