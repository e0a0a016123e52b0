"""Starts one loopscope on free loopback ports and stops it again; asks a running one to write."""

import contextlib
import http.client
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import urllib.parse

from failure import Failure, Refused

READY_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 3600


class Service:
    """A loopscope process of our own; a context manager that leaves no process behind.

    Its output file goes to data_dir and stays there; the directory is the caller's.
    """

    def __init__(self, binary, data_dir, file_io):
        self.binary_ = binary
        self.data_dir_ = data_dir
        self.file_io_ = file_io
        self.log_ = tempfile.TemporaryFile()
        self.process_ = None
        self.url = None

    def __enter__(self):
        command = [self.binary_, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                   "--data-dir", self.data_dir_, "--file-io", self.file_io_]
        try:
            self.process_ = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=self.log_, start_new_session=True)
        except OSError as error:
            raise Failure(f"Cannot start {self.binary_}: {error.strerror}.") from error
        try:
            self.url = "http://" + self.ready_line_()["listen"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process_.poll() is None:
            self.process_.send_signal(signal.SIGTERM)
            try:
                self.process_.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                pass
            finally:
                # Also on a second Ctrl-C while waiting.
                if self.process_.poll() is None:
                    self.process_.kill()
                    self.process_.wait()
        self.process_.stdout.close()
        self.log_.close()

    def ready_line_(self):
        deadline = time.monotonic() + READY_TIMEOUT_S
        received = b""
        descriptor = self.process_.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in received:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise Failure(f"The server printed no ready line within {READY_TIMEOUT_S} s." + self.last_words())
                piece = os.read(descriptor, 4096)
                if not piece:
                    raise Failure("The server ended before it was ready." + self.last_words())
                received += piece
        line = received.split(b"\n", 1)[0].decode(errors="replace")
        try:
            ready = json.loads(line)
            if ready["event"] == "ready" and ":" in ready["listen"]:
                return ready
        except (ValueError, KeyError, TypeError):
            pass
        raise Failure(f"Expected the server's ready line, got: {line[:200]}")

    def ended(self):
        """Whether the process has ended; waits a moment for one that is about to."""
        try:
            self.process_.wait(0.5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self):
        """How the process ended and the end of its log, for a message."""
        ending = "still running"
        if self.ended():
            code = self.process_.returncode
            ending = f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        self.log_.seek(0)
        lines = self.log_.read().decode(errors="replace").splitlines()[-8:]
        return f" ({ending})" + "".join(f"\n  | {line}" for line in lines)


@contextlib.contextmanager
def target(url, *own):
    """The URL to measure: the given one, or that of a Service(*own) for as long as this lasts."""
    if url:
        yield url
        return
    with Service(*own) as service:
        try:
            yield service.url
        except Refused:
            raise
        except Failure as failure:
            raise (Failure(f"{failure}{service.last_words()}") if service.ended() else failure) from None


class Client:
    """One keep-alive connection for the writes, so that short ones follow each other closely."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection_ = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection_.close()

    def check_hello(self):
        status, body = self.get_("/hello")
        if status != 200 or body.strip() != b"hello":
            raise Failure(f"This is not loopscope: /hello answered status {status}.")

    def write(self, method, count, verify):
        """Writes `count` records; returns the write report. Raises Refused when that is over a limit."""
        query = urllib.parse.urlencode({"method": method, "count": count, "verify": str(verify).lower()})
        status, body = self.get_("/write?" + query)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        if status == 200 and "timing_ms" in answer:
            return answer
        detail = str(answer.get("detail") or answer.get("title") or "no reason given")
        kind = Refused if status == 422 else Failure
        raise kind(f"The service answered {status}: {detail}")

    def get_(self, target):
        try:
            self.connection_.request("GET", target)
            response = self.connection_.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection_.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            where = f"{self.connection_.host}:{self.connection_.port}"
            raise Failure(f"No answer from {where} to GET {target}: {reason}.") from error


def base_url(given):
    """http://HOST:PORT of whatever of it was given: with or without scheme, slash or /hello."""
    url = given if "://" in given else "http://" + given
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/", "/hello"):
        raise Failure(f"'{given}' is not a server's address; expected http://HOST:PORT.")
    return f"http://{parts.netloc}"
