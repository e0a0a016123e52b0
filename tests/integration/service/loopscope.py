"""One loopscope process on free loopback ports, for a test."""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

BINARY = os.environ["LOOPSCOPE_BINARY"]
READY_TIMEOUT_S = 30


class Loopscope:
    """A context manager: starts the service, waits for its ready line, ends it by its pid."""

    def __init__(self, *flags, listen="127.0.0.1:0", data_dir=None, preexec=None, environment=None):
        self.flags_ = flags
        self.listen_ = listen
        self.own_directory_ = data_dir is None
        self.data_dir = pathlib.Path(data_dir or tempfile.mkdtemp(prefix="loopscope-test."))
        self.preexec_ = preexec
        self.environment_ = environment
        self.log = ""

    def __enter__(self):
        command = [BINARY, "--listen", self.listen_, "--admin", "127.0.0.1:0", "--data-dir", str(self.data_dir)]
        self.process = subprocess.Popen(command + list(self.flags_), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=self.preexec_, env={**os.environ, **(self.environment_ or {})})
        line = self.process.stdout.readline()
        self.log_reader_ = threading.Thread(target=self.read_log_)
        self.log_reader_.start()
        if not line:
            self.__exit__()
            raise AssertionError("no ready line: " + self.log)
        self.ready = json.loads(line)
        self.address = split_address(self.ready["listen"])
        self.admin_address = split_address(self.ready["admin"])
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log_reader_.join()
        self.process.stdout.close()
        self.process.stderr.close()
        if self.own_directory_:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def read_log_(self):
        self.log = self.process.stderr.read().decode(errors="replace")

    def connect(self, timeout=120):
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def ask(self, target, method="GET", headers=None, timeout=120):
        """Status, headers, body of one request on a connection of its own."""
        connection = self.connect(timeout)
        try:
            connection.request(method, target, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask_admin(self, target, timeout=10):
        """Status and text of one request to the admin plane."""
        connection = http.client.HTTPConnection(*self.admin_address, timeout=timeout)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def write(self, **parameters):
        """Status and JSON of one /write."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        status, headers, body = self.ask("/write?" + query)
        return status, json.loads(body)

    def hello_ms(self):
        started = time.monotonic()
        status, _, body = self.ask("/hello")
        assert (status, body) == (200, b"hello\n")
        return (time.monotonic() - started) * 1e3

    def parts(self):
        return list(self.data_dir.glob("*.part"))

    def stop(self, signal_number):
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=60)


def split_address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def expected_text(count):
    return "".join(f" {i} " for i in range(count)).encode()
