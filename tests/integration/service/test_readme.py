# SPDX-License-Identifier: MIT

"""The README files against the binaries: their flags exist, the tables have the defaults that are in force."""

import json
import os
import pathlib
import re
import subprocess
import unittest
from collections.abc import Iterator

from loopscope import BINARY, Loopscope
from readme_blocks import paths

PROBE = os.environ["LOOPSCOPE_PROBE"]
ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVER = (ROOT / "server/README.md").read_text()
USERS = "".join((ROOT / path).read_text() for path in paths() if not path.startswith(("tests/", "server/watch/")))
ALL = "".join((ROOT / path).read_text() for path in paths())
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
UNITS = {"s": 1000, "ms": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "": 1}
# Flags of other programs in the commands.
FOREIGN_FLAGS = {
    "cmake": {"--build", "--component", "--install", "--preset", "--prefix", "--target"},
    "ctest": {"--output-on-failure"},
    "docker compose": {"--profile", "--rm"},
    "flamegraph.pl": {"--countname"},
    "GoogleTest and Google Benchmark": {"--gtest", "--benchmark"},
    "git": {"--detach"},
    "lint.sh": {"--fix"},
    "Node.js": {"--perf-basic-prof-only-functions", "--interpreted-frames-native-stack"},
    "pkg-config": {"--cflags", "--libs"},
    "wrk": {"--latency", "--timeout"},
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment}
    )


def flags_in_help(program: str, *subcommand: str) -> set[str]:
    all_flags = "--help-all" if program == BINARY and not subcommand else "--help"
    return set(FLAG.findall(run(program, *subcommand, all_flags).stdout))


class Flags(unittest.TestCase):
    def test_every_preset_exists(self) -> None:
        presets = {each["name"] for each in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
        named = set(re.findall(r"--preset (\w[\w-]*)", ALL))
        [listed] = re.findall(r"`cmake --preset` knows (.*?)\. The", ALL, re.DOTALL)
        self.assertEqual({name for name in re.findall(r"`([\w-]+)`", listed)}, presets - {"base", "whole"})
        self.assertTrue(named)
        self.assertLessEqual(named, presets)

    def test_every_flag_exists(self) -> None:
        known = set().union(*FOREIGN_FLAGS.values())
        for subcommand in ((), ("serve",), ("write",), ("healthcheck",), ("watch",)):
            known |= flags_in_help(BINARY, *subcommand)
        known |= flags_in_help(PROBE)
        for script in (
            "load/compare.py",
            "load/bench/regression.py",
            "load/bench/responsiveness.py",
            "load/bench/side_by_side.py",
            "load/figures.py",
            "load/lying-tools.sh",
            "tests/soak/soak.py",
            "tests/soak/kill.py",
        ):
            known |= flags_in_help(str(ROOT / script))
        usage = re.findall(r"^#   tests/run\.sh .*", (ROOT / "tests/run.sh").read_text(), re.MULTILINE)
        known |= set(FLAG.findall("\n".join(usage)))
        self.assertEqual(set(FLAG.findall(ALL)) - known, set())

    def test_every_environment_variable_belongs_to_a_flag_or_to_cmake(self) -> None:
        cmake = (ROOT / "CMakeLists.txt").read_text() + (ROOT / "server/dashboard/CMakeLists.txt").read_text()
        cmake += (ROOT / ".cmake/hardening.cmake").read_text()
        names = set(re.findall(r"LOOPSCOPE_[A-Z_]*[A-Z]", USERS))
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
        text = SERVER[SERVER.index("Parameters of `/write`") :]
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
    lines = SERVER[SERVER.index("| flag | default |") :].split("\n\n")[0].splitlines()[2:]
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
