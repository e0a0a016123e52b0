"""One loopscope process on free loopback ports, for a test."""

import contextlib
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

    def __init__(self, *flags, listen="127.0.0.1:0", data_dir=None, preexec=None, environment=None, binary=BINARY):
        self.flags_ = flags
        self.listen_ = listen
        self.own_directory_ = data_dir is None
        self.data_dir = pathlib.Path(data_dir or tempfile.mkdtemp(prefix="loopscope-test."))
        self.preexec_ = preexec
        self.environment_ = environment
        self.binary_ = binary
        self.log = ""

    def __enter__(self):
        command = [self.binary_, "--listen", self.listen_, "--admin", "127.0.0.1:0", "--data-dir", str(self.data_dir)]
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

    def events(self, timeout=10):
        """The samples of /events, one after the other, until closed."""
        connection = http.client.HTTPConnection(*self.admin_address, timeout=timeout)
        try:
            connection.request("GET", "/events")
            answer = connection.getresponse()
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line[len(b"data: "):])
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

    def footprint(self):
        """Resident KiB, descriptors, threads."""
        return footprint(self.process.pid)

    def running(self):
        """How many writes are under way, as the admin plane sees them."""
        return len(json.loads(self.ask_admin("/runs")[1])["running"])

    def writes_ended(self, outcome, **labels):
        """loopscope_writes_total of that outcome, summed over the labels not named."""
        wanted = [f'{name}="{value}"' for name, value in {**labels, "outcome": outcome}.items()]
        lines = [line for line in self.ask_admin("/metrics")[1].splitlines()
                 if line.startswith("loopscope_writes_total{") and all(each in line for each in wanted)]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)

    def stop(self, signal_number):
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=60)


def footprint(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}
    return {"rss_kib": int(field["VmRSS"][0]), "fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": own_threads(pid)}


def own_threads(pid):
    """Without the kernel's workers of a ring, which it lists beside them and of which it keeps one."""
    count = 0
    for name in pathlib.Path(f"/proc/{pid}/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # it has ended
            count += not name.read_text().startswith("iou-")
    return count


def wait_until(condition, what, timeout=60):
    """For what has no event to wait for; a defect is what never happens."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("never: " + what)
        time.sleep(0.005)


def split_address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def expected_text(count):
    return "".join(f" {i} " for i in range(count)).encode()


def holds_every_record(content, count):
    """All of them and nothing else, in whatever order: callback on threads loses the order."""
    text = expected_text(count)
    return content == text or (len(content) == len(text) and sorted(content.split()) == sorted(text.split()))
