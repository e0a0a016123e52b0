"""A client that sends bytes as they are, and reads what comes back without forgiving anything."""

import re
import socket
import threading

STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]+")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class RawClient:
    """A context manager: one connection. Every wait ends after `timeout` seconds."""

    def __init__(self, address, timeout=10):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer_ = b""
        self.sender_ = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        if self.sender_:
            self.sender_.join()

    def send(self, data):
        """Sends beside whatever is read: a server may answer and close before it has read all of it."""
        if len(data) < 32_768:
            try:
                self.socket.sendall(data)
            except OSError:
                pass
            return
        self.sender_ = threading.Thread(target=self.blocking_send_, args=(data,))
        self.sender_.start()

    def blocking_send_(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def more_(self):
        data = self.socket.recv(65_536)
        self.buffer_ += data
        return bool(data)

    def read_until_(self, mark):
        while mark not in self.buffer_:
            if not self.more_():
                raise EOFError("the connection ended inside an answer" if self.buffer_ else "no answer")
        text, self.buffer_ = self.buffer_.split(mark, 1)
        return text

    def answer(self, headless=False):
        """The next answer, interim ones included. Raises EOFError, ValueError or OSError."""
        lines = self.read_until_(b"\r\n\r\n").split(b"\r\n")
        line = STATUS_LINE.fullmatch(lines[0])
        if not line:
            raise ValueError(f"no status line: {lines[0]!r}")
        status = int(line.group(1))
        headers = {}
        for each in lines[1:]:
            name, colon, value = each.decode("latin-1").partition(": ")
            if not colon or not re.fullmatch(r"[A-Za-z-]+", name) or not re.fullmatch(r"[ -~]*", value):
                raise ValueError(f"not a header: {each!r}")
            if name.lower() in headers:
                raise ValueError(f"repeated header: {each!r}")
            headers[name.lower()] = value
        return Answer(status, headers, self.body_(status, headers, headless))

    def body_(self, status, headers, headless):
        if headless or status < 200 or status in (204, 304):
            return b""
        size = int(headers["content-length"])
        while len(self.buffer_) < size:
            if not self.more_():
                raise EOFError("the connection ended inside a body")
        body, self.buffer_ = self.buffer_[:size], self.buffer_[size:]
        return body

    def rest(self):
        """What comes until the server closes in order; a reset or silence raises OSError."""
        while self.more_():
            pass
        rest, self.buffer_ = self.buffer_, b""
        return rest
