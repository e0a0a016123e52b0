# SPDX-License-Identifier: MIT

"""What the tests of the load kit share: the stand-in as a program, and a look at what a run left behind.

PYTHONPATH names load/, load/bench/ and tests/support/.
"""

import functools
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import jsonschema
from loopscope_load import Json, servers

HERE = pathlib.Path(__file__).resolve().parent
LOAD = HERE.parents[2] / "load"


class Folder(unittest.TestCase):
    """Gives every case a folder whose name has a space, with a subfolder for temporary files."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="load test ")
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = os.path.join(self.folder, "temporary")
        os.mkdir(self.temporary)

    def environment(self, **variables: str) -> dict[str, str]:
        return {**os.environ, "TMPDIR": self.temporary, **variables}

    def start(self, script: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Starts load/<script> in a folder that is not the repository."""
        process = subprocess.Popen(
            [LOAD / script, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**variables),
        )
        self.addCleanup(end, process)
        return process

    def run_script(self, script: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Returns the exit status, stdout and stderr."""
        process = self.start(script, *arguments, **variables)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def read_results(self, path: str) -> Json:
        """A results.json, which must be a document of the schema whatever happened to the run."""
        with open(path, encoding="utf-8") as file:
            document: Json = json.load(file)
        check_schema(document)
        return document


class StandIn(Folder):
    """Gives every case the stand-in as a program as well."""

    def setUp(self) -> None:
        super().setUp()
        self.started = os.path.join(self.folder, "started")
        self.binary = os.path.join(self.folder, "stand in")
        with open(self.binary, "w", encoding="utf-8") as script:
            script.write(f"#!/bin/sh\nexec '{sys.executable}' '{HERE}/stalling_service.py' \"$@\"\n")
        os.chmod(self.binary, stat.S_IRWXU)

    def environment(self, **variables: str) -> dict[str, str]:
        return super().environment(STANDIN_STARTED=self.started, **variables)

    def serve(self, write_s: float) -> str:
        """Starts a stand-in that runs until the case ends; returns its URL."""
        data_dir = tempfile.mkdtemp(dir=self.folder)
        os.environ["STANDIN_WRITE_S"] = str(write_s)
        self.addCleanup(lambda: os.environ.pop("STANDIN_WRITE_S", None))
        return self.enterContext(servers.running(servers.Loopscope(self.binary, "threads").command(data_dir))).url

    def started_servers(self) -> list[tuple[str, str]]:
        """The pid and the address of every stand-in that the scripts started."""
        with open(self.started, encoding="ascii") as lines:
            return [(pid, address) for pid, address in map(str.split, lines)]

    def assert_nothing_left(self) -> None:
        self.assertEqual(os.listdir(self.temporary), [])
        for pid, address in self.started_servers():
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "a server is left running")
            self.assertNotIn(address, command_lines(), "wrk is left running")


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line of stderr."""
    assert process.stderr
    return process.stderr.readline()


def command_lines() -> str:
    """The command lines of all processes."""
    lines = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass  # the process has ended
    return "\n".join(lines)


@functools.cache
def schema() -> Json:
    """load/report/results.schema.json."""
    document: Json = json.loads((LOAD / "report/results.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return document


def check_schema(document: Json) -> None:
    """Raises jsonschema.ValidationError when the document does not follow the schema."""
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
