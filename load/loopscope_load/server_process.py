"""Starts one server on free loopback ports and stops it again; the server prints a ready line in JSON."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time

from loopscope_load.failure import Failure, Refused

READY_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5


class ServerProcess:
    """A server of our own; a context manager that leaves no process behind.

    url is its data plane; admin_url its admin plane, None when it has none.
    """

    def __init__(self, command):
        self.command_ = command
        self.log_ = tempfile.TemporaryFile()
        self.process_ = None
        self.url = self.admin_url = self.ready = None

    def __enter__(self):
        try:
            self.process_ = subprocess.Popen(
                self.command_,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self.log_,
                start_new_session=True,
            )
        except OSError as error:
            raise Failure(f"Cannot start {self.command_[0]}: {error.strerror}.") from error
        try:
            self.ready = self.ready_line_()
            self.url = "http://" + self.ready["listen"]
            self.admin_url = "http://" + self.ready["admin"] if self.ready.get("admin") else None
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

    @property
    def pid(self):
        return self.process_.pid

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
def running(command):
    """A ServerProcess for as long as this lasts; a failure meanwhile tells how the server ended, if it did."""
    with ServerProcess(command) as server:
        try:
            yield server
        except Refused:
            raise
        except Failure as failure:
            raise (Failure(f"{failure}{server.last_words()}") if server.ended() else failure) from None
