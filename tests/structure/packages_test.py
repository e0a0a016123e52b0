# SPDX-License-Identifier: MIT

"""The installer of packages: alternatives, what is there already, and machines without apt. Its tools are stand-ins."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ("awk", "bash", "cat", "dirname", "env", "readlink", "sort")
APT = {
    "apt-get": 'echo "$@" >>"$CALLS"',
    "apt-cache": 'case " $KNOWN " in *" $2 "*) echo "  Candidate: 1" ;; *) echo "  Candidate: (none)" ;; esac',
    "dpkg-query": 'case " $INSTALLED " in *" ${@: -1} "*) echo -n installed ;; esac',
    "id": "echo 0",
}


class Installer(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("install-packages.sh", "packages.txt"):
            shutil.copy(ROOT / ".ci" / name, self.folder)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))

    def add(self, name: str, script: str = "") -> None:
        (self.bin / name).write_text(f"#!/bin/bash\n{script}\n")
        (self.bin / name).chmod(0o755)

    def install(self, *sections: str, known: str = "", installed: str = "") -> tuple[int, str, str]:
        """The exit status, what was said, and the packages that apt-get was told to install."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run(
            [self.folder / "install-packages.sh", *sections],
            env={"PATH": str(self.bin), "CALLS": str(calls), "KNOWN": known, "INSTALLED": installed},
            capture_output=True,
            text=True,
            timeout=30,
        )
        called = calls.read_text() if calls.exists() else ""
        packages = re.findall(r"^install .*--no-install-recommends (.*)$", called, re.MULTILINE)
        return done.returncode, done.stderr, " ".join(packages)

    def with_apt(self) -> None:
        for name, script in APT.items():
            self.add(name, script)

    def test_takes_the_first_alternative_that_apt_knows(self) -> None:
        self.with_apt()
        others = "libdw1t64 libprometheus-cpp-core1.0 liburing2"
        for spdlog in ("libspdlog1.12", "libspdlog1.15"):
            code, said, packages = self.install("runtime", known=f"{others} {spdlog}")
            self.assertEqual(code, 0, said)
            self.assertEqual(sorted(packages.split()), sorted([*others.split(), spdlog]))

    def test_installs_nothing_when_any_alternative_is_installed(self) -> None:
        self.with_apt()
        found = self.install("runtime", installed="libdw1t64 libprometheus-cpp-core1.0 libspdlog1.15 liburing2")
        self.assertEqual(found, (0, "", ""))

    def test_a_command_that_exists_takes_the_place_of_its_package(self) -> None:
        self.with_apt()
        for name in ("curl", "python3"):
            self.add(name)
        self.assertEqual(self.install("demo", known="curl python3 wrk")[2], "wrk")

    def test_names_what_apt_does_not_know_and_installs_nothing(self) -> None:
        self.with_apt()
        code, said, packages = self.install("demo", known="curl python3")
        self.assertEqual((code, packages), (1, ""))
        self.assertRegex(said, r"apt knows none of these here: wrk ")

    def test_without_apt_one_sentence_names_what_is_missing(self) -> None:
        self.add("python3")
        code, said, _ = self.install("demo", "runtime")
        self.assertEqual(code, 1)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertRegex(said, r"there is no apt here.*: curl wrk$")

    def test_without_apt_nothing_is_missing_when_the_commands_are_there(self) -> None:
        for name in ("curl", "python3", "wrk"):
            self.add(name)
        self.assertEqual(self.install("demo"), (0, "", ""))

    def test_every_section_that_a_script_names_exists(self) -> None:
        sections = set(re.findall(r"^\[(\w+)\]", (ROOT / ".ci/packages.txt").read_text(), re.MULTILINE))
        for name in ("tests/run.sh", "Dockerfile", "docker/bake.hcl", ".ci/lint.sh", ".devcontainer/devcontainer.json"):
            for named in re.findall(r"install-packages\.sh ([a-z ]+)", (ROOT / name).read_text()):
                self.assertLessEqual(set(named.split()), sections, name)


if __name__ == "__main__":
    unittest.main()
