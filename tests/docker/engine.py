# SPDX-License-Identifier: MIT

"""Containers and compose projects on the engine of this machine, for the tests of this folder."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any, Self, TypeVar

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import polling  # noqa: E402

Value = TypeVar("Value")
DOCKER = ROOT / "docker"
VERSION = re.findall(r"^project\(loopscope VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[0]
IMAGE = f"loopscope:{VERSION}"


def docker(*arguments: str | pathlib.Path, check: bool = True, timeout: float = 120) -> str:
    """Returns the stdout of the command."""
    done = subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout.strip()


def has_image(name: str) -> bool:
    """Whether the image is here or can be pulled."""
    if docker("image", "inspect", name, check=False) not in ("", "[]"):
        return True
    return subprocess.run(["docker", "pull", "--quiet", name], capture_output=True, timeout=300).returncode == 0


def inspect(name: str, what: str = "container") -> Any:
    return json.loads(docker(what, "inspect", name))[0]


def ask(port: int, target: str, timeout: float = 60) -> tuple[int, str]:
    """Status and body of one request to a published port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def ask_json(port: int, target: str) -> Any:
    return json.loads(ask(port, target)[1])


def wait_until(condition: Callable[[], Value], what: str, timeout: float = 60) -> Value:
    """As polling.wait_until(). An engine or service that does not respond yet counts as false."""
    return polling.wait_until(condition, what, timeout, (OSError, http.client.HTTPException, ValueError))


def published(container: str, port: int) -> int:
    return int(docker("port", container, str(port)).splitlines()[0].rsplit(":", 1)[1])


class Container:
    """A service alone, published on free loopback ports; a context manager that removes it and its volume."""

    def __init__(self, *flags: str, command: tuple[str, ...] = ()) -> None:
        self.name = "loopscope-test-" + uuid.uuid4().hex[:8]
        self._flags = flags
        self._command = command

    def __enter__(self) -> Self:
        docker(
            "run",
            "--detach",
            "--name",
            self.name,
            "--publish",
            "127.0.0.1::8080",
            "--publish",
            "127.0.0.1::8081",
            *self._flags,
            IMAGE,
            *self._command,
        )
        try:
            wait_until(lambda: '"event":"ready"' in docker("logs", self.name), "the ready line")
            self.port, self.admin_port = published(self.name, 8080), published(self.name, 8081)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", "--volumes", self.name, check=False)

    def log(self) -> str:
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def state(self) -> Any:
        return inspect(self.name)["State"]


class Project:
    """What `docker compose` finds in the root, under a name of its own, on free ports; a context manager that brings it
    down. `files`: these of docker/ instead, from that folder."""

    def __init__(self, *profiles: str, files: tuple[str, ...] = (), report_folder: str | None = None) -> None:
        v2 = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
        self.name = "loopscopetest" + uuid.uuid4().hex[:6]
        self._compose = [
            *(("docker", "compose") if v2 else ("docker-compose",)),
            "-p",
            self.name,
            *(word for file in files for word in ("-f", str(DOCKER / file))),
            *(word for profile in profiles for word in ("--profile", profile)),
        ]
        self._folder = DOCKER if files else ROOT
        ports = ("DATA", "ADMIN", "BALANCER", "STATISTICS", "PROMETHEUS", "GRAFANA")
        self._environment = {**os.environ, **{port + "_PORT": "0" for port in ports}}
        if report_folder:
            self._environment.update(REPORT_FOLDER=str(report_folder), REPORT_USER=f"{os.getuid()}:{os.getgid()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.run("down", "--volumes", "--remove-orphans", check=False)

    def run(self, *arguments: str, check: bool = True, timeout: float = 300) -> str:
        """Returns the stdout of the command."""
        done = subprocess.run(
            [*self._compose, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"compose {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def container(self, service: str) -> str:
        return self.run("ps", "-q", service).strip()

    def port(self, service: str, port: int) -> int:
        return published(self.container(service), port)
