"""What the tests of this folder share: containers and compose projects on the engine of this machine."""

import http.client
import json
import os
import pathlib
import subprocess
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
IMAGE = "loopscope"
PATIENCE_S = 60


def docker(*arguments, check=True, timeout=120):
    """What the command printed on stdout."""
    done = subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout.strip()


def has_image(name):
    """Whether the image is here, or can be had."""
    if docker("image", "inspect", name, check=False) not in ("", "[]"):
        return True
    return subprocess.run(["docker", "pull", "--quiet", name], capture_output=True, timeout=300).returncode == 0


def inspect(name, what="container"):
    return json.loads(docker(what, "inspect", name))[0]


def ask(port, target, timeout=60):
    """Status and body of one request to a published port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def ask_json(port, target):
    return json.loads(ask(port, target)[1])


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Returns the first true answer of condition(); an engine that does not answer yet is no answer."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            answer = condition()
            if answer:
                return answer
        except (OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"after {patience_s} s still not: {what}")


def published(container, port):
    return int(docker("port", container, port).splitlines()[0].rsplit(":", 1)[1])


class Container:
    """A service alone, published on free loopback ports; a context manager that removes it and its volume."""

    def __init__(self, *flags, command=()):
        self.name = "loopscope-test-" + uuid.uuid4().hex[:8]
        self.flags_ = flags
        self.command_ = command

    def __enter__(self):
        docker("run", "--detach", "--name", self.name, "--publish", "127.0.0.1::8080", "--publish", "127.0.0.1::8081",
               *self.flags_, IMAGE, *self.command_)
        try:
            wait_until(lambda: '"event":"ready"' in docker("logs", self.name), "the ready line")
            self.port, self.admin_port = published(self.name, 8080), published(self.name, 8081)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        docker("rm", "--force", "--volumes", self.name, check=False)

    def log(self):
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def state(self):
        return inspect(self.name)["State"]


class Project:
    """docker/compose.yaml under a name of its own, on free ports; a context manager that brings it down."""

    def __init__(self, *profiles, files=("compose.yaml",), report_folder=None):
        v2 = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
        self.name = "loopscopetest" + uuid.uuid4().hex[:6]
        self.compose_ = [*(("docker", "compose") if v2 else ("docker-compose",)), "-p", self.name,
                         *(word for file in files for word in ("-f", str(DOCKER / file))),
                         *(word for profile in profiles for word in ("--profile", profile))]
        ports = ("DATA", "ADMIN", "BALANCER", "STATISTICS", "PROMETHEUS", "GRAFANA")
        self.environment_ = {**os.environ, **{port + "_PORT": "0" for port in ports}}
        if report_folder:
            self.environment_.update(REPORT_FOLDER=str(report_folder), REPORT_USER=f"{os.getuid()}:{os.getgid()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("down", "--volumes", "--remove-orphans", check=False)

    def run(self, *arguments, check=True, timeout=300):
        """What the command printed on stdout."""
        done = subprocess.run([*self.compose_, *arguments], capture_output=True, text=True, timeout=timeout,
                              env=self.environment_, cwd=DOCKER, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise AssertionError(f"compose {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def container(self, service):
        return self.run("ps", "-q", service).strip()

    def port(self, service, port):
        return published(self.container(service), port)
