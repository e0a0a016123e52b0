"""What the load scripts' tests share: the stand-in as a program, and a look at what a run left behind."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "load")
sys.path.insert(0, LOAD)

from loopscope_load import server_process, systems  # noqa: E402  (found through the path above)


class StandIn(unittest.TestCase):
    """Gives every case a folder whose name has a space, and the stand-in as a program in it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="load test ")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.temporary = os.path.join(self.folder, "temporary")
        os.mkdir(self.temporary)
        self.started = os.path.join(self.folder, "started")
        self.binary = os.path.join(self.folder, "stand in")
        with open(self.binary, "w", encoding="utf-8") as script:
            script.write(f"#!/bin/sh\nexec '{sys.executable}' '{HERE}/stalling_service.py' \"$@\"\n")
        os.chmod(self.binary, stat.S_IRWXU)

    def environment(self, **more):
        return {**os.environ, "TMPDIR": self.temporary, "STANDIN_STARTED": self.started, **more}

    def start(self, script, *arguments, **more):
        """Starts load/<script>, from a folder that is not the repository."""
        process = subprocess.Popen(
            [os.path.join(LOAD, script), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**more),
        )
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def run_script(self, script, *arguments, **more):
        """Returns (exit code, stdout, stderr)."""
        process = self.start(script, *arguments, **more)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def serve(self, write_s):
        """A running stand-in until the case ends; returns its URL."""
        data_dir = os.path.join(self.folder, "data")
        os.mkdir(data_dir)
        os.environ["STANDIN_WRITE_S"] = str(write_s)
        self.addCleanup(os.environ.pop, "STANDIN_WRITE_S")
        running = server_process.ServerProcess(systems.Loopscope(self.binary, "threads").command(data_dir))
        running.__enter__()
        self.addCleanup(running.__exit__)
        return running.url

    def servers(self):
        """(pid, address) of every stand-in that the scripts started."""
        with open(self.started, encoding="ascii") as lines:
            return [tuple(line.split()) for line in lines]

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.temporary), [])
        for pid, address in self.servers():
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "a server is left running")
            self.assertNotIn(address, command_lines(), "wrk is left running")


def command_lines():
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                lines.append(file.read().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    return "\n".join(lines)


def check_schema(document):
    """Raises jsonschema.ValidationError when the document is not what load/report/results.schema.json describes."""
    import jsonschema  # Debian's python3-jsonschema; only some of the tests need it

    with open(os.path.join(LOAD, "report", "results.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
