# SPDX-License-Identifier: MIT

"""The README of the monitor: its commands install the monitor alone, and its pieces of C++ compile."""

import os
import re
import subprocess
import tempfile
import unittest

from readme_blocks import ROOT, Block, blocks

README = "server/monitor/README.md"
PROGRAM = ROOT / "tests/package/stranger/watch_your_own_loop.cpp"
# What stands around the pieces in a reader's program.
AROUND = """
#include <boost/asio.hpp>
#include <gtest/gtest.h>
#include <iostream>
#include <loopscope/monitor/loop_monitor.hpp>
#include <loopscope/monitor/prometheus.hpp>
"""


def pieces() -> list[Block]:
    return [block for block in blocks(README) if block.language == "cpp"]


def compilable(number: int, piece: Block) -> str:
    """The piece as a function with an io_context and a monitor, or as it is where it has functions of its own."""
    includes = "\n".join(re.findall(r"^#include.*", piece.text, re.M))
    rest = re.sub(r"^#include.*\n", "", piece.text, flags=re.M)
    if "TEST_F" in rest:
        return f"{AROUND}{includes}\nvoid parse_catalogue();\n{rest}"
    if "standalone" in includes:
        return f"#include <asio.hpp>\n{includes}\nvoid piece_{number}() {{\n{rest}}}\n"
    parameters = "boost::asio::io_context& io, loopscope::monitor::loop_monitor& monitor"
    return f"{AROUND}{includes}\nvoid piece_{number}({parameters}) {{\n{{{rest}}}\n(void)io, (void)monitor; }}\n"


class Monitor(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="loopscope-readme-"))
        [block] = [block for block in blocks(README) if block.language == "console"]
        commands = [command for command, _ in block.commands()]
        commands[0] = commands[0].replace("-S .", f"-S {ROOT}")
        with open(os.path.join(cls.folder, "server.cpp"), "w", encoding="utf-8") as program:
            program.write(PROGRAM.read_text())
        cls.installed = os.path.join(cls.folder, "installed")
        cls.run_all(" && ".join(commands).replace("/opt/loopscope", cls.installed))

    folder: str
    installed: str

    @classmethod
    def run_all(cls, commands: str) -> str:
        done = subprocess.run(["bash", "-c", commands], capture_output=True, text=True, check=False, cwd=cls.folder)
        if done.returncode:
            raise AssertionError(f"{commands}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def test_the_commands_build_a_program_that_is_watched(self) -> None:
        self.assertRegex(self.run_all("./server"), r"loop main was blocked for \d+ ms, .* in recompute_everything")

    def test_the_pieces_compile_against_what_was_installed(self) -> None:
        self.assertGreater(len(pieces()), 3)
        for number, piece in enumerate(pieces()):
            with self.subTest(line=piece.line):
                name = f"piece_{number}.cpp"
                with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                    file.write(compilable(number, piece))
                self.run_all(f"c++ -std=c++17 -fsyntax-only -I {self.installed}/include {name}")


if __name__ == "__main__":
    unittest.main()
