# SPDX-License-Identifier: MIT

"""What the binaries that users run were compiled with, read from the binaries."""

import os
import subprocess
import unittest

BINARIES = (os.environ["LOOPSCOPE_BINARY"], os.environ["LOOPSCOPE_PROBE"])


def readelf(option: str, binary: str) -> str:
    return subprocess.run(["readelf", "--wide", option, binary], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def test_the_program_is_position_independent(self) -> None:
        for binary in BINARIES:
            self.assertRegex(readelf("--file-header", binary), r"Type:\s+DYN")
            self.assertRegex(readelf("--dynamic", binary), r"FLAGS_1.*\bPIE\b")

    def test_relocations_are_read_only_and_resolved_at_the_start(self) -> None:
        for binary in BINARIES:
            self.assertIn("GNU_RELRO", readelf("--program-headers", binary))
            self.assertRegex(readelf("--dynamic", binary), r"FLAGS_1.*\bNOW\b")

    def test_nothing_is_writable_and_executable(self) -> None:
        for binary in BINARIES:
            segments = readelf("--program-headers", binary)
            self.assertRegex(segments, r"GNU_STACK.* RW +0x")
            self.assertNotRegex(segments, r"LOAD.* RWE ")

    def test_the_checks_are_compiled_in(self) -> None:
        symbols = readelf("--dyn-syms", BINARIES[0])
        for name in ("__stack_chk_fail", "__memcpy_chk", "__glibcxx_assert_fail"):
            self.assertIn(name, symbols)


if __name__ == "__main__":
    unittest.main()
