"""README.md against the binaries: its commands run, its flags exist, its tables have the defaults that are in force."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest
from collections.abc import Iterator

from loopscope import BINARY, Loopscope
from polling import wait_until

PROBE = os.environ["LOOPSCOPE_PROBE"]
ROOT = pathlib.Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
UNITS = {"s": 1000, "ms": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "": 1}
# Flags of other programs in commands of the README.
FOREIGN_FLAGS = {
    "cmake": {"--build", "--install", "--preset", "--prefix", "--target"},
    "docker compose": {"--profile", "--rm"},
    "wrk": {"--timeout"},
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def console_commands() -> Iterator[tuple[str, str]]:
    """Each command of the console blocks with the output that the README shows."""
    for block in blocks("console"):
        for text in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            command, _, output = text.partition("\n")
            yield command, output


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment}
    )


def flags_in_help(program: str, *subcommand: str) -> set[str]:
    all_flags = "--help-all" if program == BINARY and not subcommand else "--help"
    return set(FLAG.findall(run(program, *subcommand, all_flags).stdout))


def keys_of(text: str) -> set[str]:
    return set(re.findall(r'"(\w+)":', text))


class Commands(unittest.TestCase):
    service: Loopscope

    @classmethod
    def setUpClass(cls) -> None:
        # The budget of the README's example, a container with 128 MiB.
        cls.service = cls.enterClassContext(Loopscope("--max-pending-bytes", "48MiB"))

    def here(self, command: str) -> list[str]:
        """The command against this test's service, with shorter writes and runs."""
        for documented, address in (("127.0.0.1:8080", "listen"), ("127.0.0.1:8081", "admin")):
            command = command.replace(documented, self.service.ready[address])
        command = command.replace("method=sync&count=3000000", "method=sync&count=300000")
        command = command.replace("--duration 8s", "--duration 500ms").replace("--trigger-at 2s", "--trigger-at 100ms")
        words = shlex.split(command)
        programs = {"build/bin/loopscope": BINARY, "build/bin/loopscope-probe": PROBE, "curl": "curl"}
        self.assertIn(words[0], programs, "a program that this test does not know")
        return [programs[words[0]], *words[1:]]

    def test_every_console_command_runs_and_prints_what_is_shown(self) -> None:
        commands = list(console_commands())
        self.assertGreater(len(commands), 5)
        for command, shown in commands:
            with self.subTest(command=command):
                if command.strip() == "build/bin/loopscope":  # the service that runs already
                    self.assertEqual(keys_of(shown), keys_of(json.dumps(self.service.ready)))
                    continue
                done = run(*self.here(command))
                self.assertEqual(done.returncode, 0, done.stderr)
                if "loopscope-probe" in command:
                    self.check_rows(shown, done.stdout)
                elif "/stalls" in command:
                    self.check_keys(shown, self.stall_with_stack(command))
                elif shown.startswith('{"type":"about:blank"'):
                    self.assertEqual(json.loads(shown), json.loads(done.stdout))
                elif shown.startswith("{"):
                    self.check_keys(shown, json.loads(done.stdout))
                elif shown:
                    self.assertEqual(shown.splitlines()[0], done.stdout.splitlines()[0])

    def stall_with_stack(self, command: str) -> object:
        """Resolving a stack takes a moment. A busy machine adds stalls without one."""

        def stalls() -> list[dict[str, object]]:
            printed = json.loads(run(*self.here(command)).stdout)["stalls"]
            return [stall for stall in printed if stall["stack"]]

        return wait_until(stalls, "a stall with its stack")[0]

    def check_keys(self, shown: str, printed: object) -> None:
        """Every key that the README shows is in the output. The README may leave out some."""
        self.assertLessEqual(keys_of(shown), keys_of(json.dumps(printed)))

    def check_rows(self, shown: str, printed: str) -> None:
        """The words that begin the lines, such as "latency"."""

        def rows(text: str) -> set[str]:
            return set(re.findall(r"^([a-z][a-z ]*?)  ", text, re.MULTILINE))

        self.assertLessEqual(rows(shown) - {"then"}, rows(printed))

    def test_every_script_exists(self) -> None:
        commands = [line.split("#")[0] for block in blocks("sh") for line in block.splitlines()]
        scripts = {
            word for line in commands for word in line.split() if re.fullmatch(r"(load|tests|\.ci)/[\w./-]+", word)
        }
        scripts |= set(re.findall(r"`((?:load|tests|docker)/[\w./-]+\.(?:py|sh))", README))
        self.assertGreater(len(scripts), 10)
        for script in sorted(scripts):
            with self.subTest(script=script):
                access = os.R_OK if script.endswith(".lua") else os.X_OK  # wrk runs the Lua scripts
                self.assertTrue(os.access(ROOT / script, access), "missing or not executable")

    def test_the_program_that_watches_its_loop_is_the_tested_one(self) -> None:
        [program] = blocks("cpp")
        tested = (ROOT / "tests/package/stranger/watch_your_own_loop.cpp").read_text()
        self.assertEqual(program, tested.removeprefix("// SPDX-License-Identifier: MIT\n\n"))

    def test_every_preset_exists(self) -> None:
        presets = {each["name"] for each in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
        named = set(re.findall(r"--preset (\w[\w-]*)", README))
        [listed] = re.findall(r"`cmake --preset` knows (.*?);", README, re.DOTALL)
        self.assertEqual({name for name in re.findall(r"`([\w-]+)`", listed)}, presets - {"base", "whole"})
        self.assertTrue(named)
        self.assertLessEqual(named, presets)

    def test_the_write_command_of_the_text_runs(self) -> None:
        self.assertIn("`build/bin/loopscope write stream --verify`", README)
        with tempfile.TemporaryDirectory() as directory:
            done = run(BINARY, "write", "stream", "--verify", LOOPSCOPE_DATA_DIR=directory)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(json.loads(done.stdout)["content"]["in_order"])


class Flags(unittest.TestCase):
    def test_every_flag_exists(self) -> None:
        known = set().union(*FOREIGN_FLAGS.values())
        for subcommand in ((), ("serve",), ("write",), ("healthcheck",), ("watch",)):
            known |= flags_in_help(BINARY, *subcommand)
        known |= flags_in_help(PROBE)
        for script in ("load/compare.py", "tests/soak/soak.py", "tests/soak/kill.py"):
            known |= flags_in_help(str(ROOT / script))
        usage = re.findall(r"^#   tests/run\.sh .*", (ROOT / "tests/run.sh").read_text(), re.MULTILINE)
        known |= set(FLAG.findall("\n".join(usage)))
        self.assertEqual(set(FLAG.findall(README)) - known, set())

    def test_every_environment_variable_belongs_to_a_flag_or_to_cmake(self) -> None:
        cmake = (ROOT / "CMakeLists.txt").read_text() + (ROOT / "server/dashboard/CMakeLists.txt").read_text()
        cmake += (ROOT / ".cmake/hardening.cmake").read_text()
        names = set(re.findall(r"LOOPSCOPE_[A-Z_]*[A-Z]", README))
        self.assertTrue(names)
        text = run(BINARY, "--help-all").stdout
        self.assertEqual({name for name in names if f"Env:{name})" not in text and name not in cmake}, set())

    def test_every_limit_is_in_the_table(self) -> None:
        documented = {flag for flags, _ in table() for flag in flags}
        limits = {flag for flag in flags_in_help(BINARY) if re.search(r"^--max-|-timeout$|-grace$|^--shed-", flag)}
        self.assertEqual(limits - documented, set())

    def test_every_default_of_the_table_is_in_force(self) -> None:
        rows = list(table())
        self.assertGreater(len(rows), 15)
        # The defaults follow from the limits of a container, so this test leaves them out.
        config = json.loads(run(BINARY, "--print-config").stdout)
        derived = {"--" + name for name in config["container"]["derived"]}
        for flags, defaults in rows:
            with self.subTest(flags=flags):
                self.assertEqual(len(flags), len(defaults))
                for flag, default in zip(flags, defaults):
                    if flag not in derived:
                        self.assertEqual(value_of(config, flag), default_value(config, default))

    def test_the_defaults_of_write_are_in_force(self) -> None:
        with Loopscope() as service:
            defaults = {method["name"]: method["defaults"] for method in service.methods()}
        text = README[README.index("Parameters of `/write`") :]
        for parameter, pattern, method in (
            ("count", r"`count` \(1 to `--max-count`, default (\d+)\)", "sync"),
            ("high_water_mark", r"`high_water_mark` bytes \(stream, default (\d+)\)", "stream"),
            ("slice_us", r"`slice_us` \(partition, default (\d+)", "partition"),
        ):
            with self.subTest(parameter=parameter):
                found = re.search(pattern, text)
                assert found
                self.assertEqual(int(found.group(1)), defaults[method][parameter])


def table() -> Iterator[tuple[list[str], list[str]]]:
    """The flags and the defaults of each row of the table of limits."""
    lines = README[README.index("| flag | default |") :].split("\n\n")[0].splitlines()[2:]
    for line in lines:
        flags, defaults = (cell.strip() for cell in line.split("|")[1:3])
        names = FLAG.findall(flags)
        yield names, [each.strip() for each in defaults.split(", ")] if len(names) > 1 else [defaults]


def value_of(config: dict[str, object], flag: str) -> object:
    name = flag.removeprefix("--").replace("-", "_")
    return config[name] if name in config else config[name + "_ms"]


def default_value(config: dict[str, object], text: str) -> object:
    if text == "all on loopback, else half":
        return config["max_connections"]
    found = re.fullmatch(r"(\d+)(?: (s|ms|KiB|MiB|GiB))?", text)
    return int(found.group(1)) * UNITS[found.group(2) or ""] if found else text


if __name__ == "__main__":
    unittest.main()
