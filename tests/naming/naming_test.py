# SPDX-License-Identifier: MIT

"""Code is named rightly or not at all, however it was built and whatever became of its files.

One source is compiled in several ways. A program that uses the monitor's symbolizer names return addresses in it.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "naming"
BUILD = pathlib.Path(os.environ.get("LOOPSCOPE_BUILD_DIR", ROOT / "build")).resolve()
COMPILER = os.environ.get("LOOPSCOPE_CXX", "c++")
SHARED = ["-O2", "-fPIC", "-shared", "-fvisibility=hidden"]
SOURCE = (HERE / "culprit.cpp").read_text().splitlines()


def line_of(comment: str) -> str:
    return f"culprit.cpp:{next(i for i, line in enumerate(SOURCE, 1) if comment in line)}"


INLINED = line_of("line of the inlined function")
CALL = line_of("line of the call")
ELEMENT = line_of("line of the element")


def run(*command: object, cwd: pathlib.Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")


class Namer:
    """The running program; ask() returns the lines of one answer."""

    def __init__(self, program: pathlib.Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Namer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, command: str) -> list[str]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"the program has ended during {command}, after {lines}")


class Naming(unittest.TestCase):
    scratch: pathlib.Path
    program: pathlib.Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="loopscope-naming.")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.scratch = pathlib.Path(cls.folder.name)
        monitor = os.environ.get("LOOPSCOPE_MONITOR_LIBRARY", BUILD / "server" / "monitor" / "libloopscope_monitor.a")
        libraries = [monitor, BUILD / "writers" / "system" / "libloopscope_system.a", "-ldw", "-lelf", "-pthread"]
        run(
            COMPILER,
            "-std=c++20",
            "-O1",
            "-g1",
            f"-I{ROOT}",
            HERE / "namer.cpp",
            "-c",
            "-o",
            "namer.o",
            cwd=cls.scratch,
        )
        cls.program = cls.scratch / "namer"
        run(
            COMPILER,
            "-std=c++20",
            "-O2",
            "-g",
            HERE / "culprit.cpp",
            "namer.o",
            *libraries,
            "-o",
            cls.program,
            cwd=cls.scratch,
        )

    def build(self, name: str, *flags: str, compiler: str = COMPILER) -> pathlib.Path:
        out = self.scratch / name
        run(compiler, "-std=c++20", *SHARED, *flags, HERE / "culprit.cpp", "-o", out, cwd=self.scratch)
        return out

    def names(self, plug_in: pathlib.Path) -> list[str]:
        with Namer(self.program) as namer:
            self.assertEqual(namer.ask(f"open {plug_in}"), [])
            return namer.ask("plug-in")

    def assert_fully_named(self, names: list[str]) -> None:
        self.assertEqual(names[:2], [f"app::account::charge {INLINED}", f"app::outer {CALL}"])
        self.assertEqual(names[2], f"app::settle::{{lambda}}::operator()::{{lambda}}::operator() {ELEMENT}")
        self.assertTrue(any(name.startswith("app::settle::{lambda}::operator() ") for name in names[3:]), names)
        self.assertFalse(any(name.startswith(" ") for name in names), names)

    def test_debugging_information_in_the_file(self) -> None:
        for name, flags in {
            "plain": ["-g"],
            "dwarf4": ["-g", "-gdwarf-4"],
            "compressed": ["-g", "-gz=zlib"],
        }.items():
            with self.subTest(name):
                self.assert_fully_named(self.names(self.build(f"{name}.so", *flags)))

    def test_lines_alone(self) -> None:
        names = self.names(self.build("few.so", "-g1"))
        self.assertEqual(names[:2], [f"app::account::charge {INLINED}", f"app::outer {CALL}"])
        # The file does not tell where a lambda belongs that is inlined.
        self.assertEqual(names[2], f"operator() {ELEMENT}")
        self.assertTrue(names[-1].startswith("app::settle::{lambda}::operator() culprit.cpp:"), names)

    def test_split_debugging_information(self) -> None:
        for name, flags in {"split5": [], "split4": ["-gdwarf-4"]}.items():
            with self.subTest(name):
                plug_in = self.build(f"{name}.so", "-g", "-gsplit-dwarf", *flags)
                self.assert_fully_named(self.names(plug_in))

    def test_clang(self) -> None:
        if not shutil.which("clang++"):
            self.skipTest("no clang++")
        self.assert_fully_named(self.names(self.build("clang.so", "-g", compiler="clang++")))
        # It writes no index of addresses, and here no linkage names and no namespaces.
        names = self.names(self.build("clang1.so", "-g1", compiler="clang++"))
        self.assertEqual(names[:2], [f"charge {INLINED}", f"app::outer {CALL}"])
        self.assertTrue(names[2].endswith(f" {ELEMENT}"), names)

    def test_separate_debug_file(self) -> None:
        plug_in = self.build("stripped.so", "-g")
        debug = self.scratch / "stripped.debug"
        run("objcopy", "--only-keep-debug", plug_in, debug, cwd=self.scratch)
        run("objcopy", "--strip-all", "--add-gnu-debuglink", debug, plug_in, cwd=self.scratch)
        self.assert_fully_named(self.names(plug_in))
        (self.scratch / ".debug").mkdir()
        debug = debug.rename(self.scratch / ".debug" / debug.name)
        self.assert_fully_named(self.names(plug_in))
        shutil.copy(debug, self.scratch / "kept")
        # One of another build is no better than none.
        other = self.build("other.so", "-g", "-DOUTER=wrong")
        run("objcopy", "--only-keep-debug", other, debug, cwd=self.scratch)
        self.assertEqual(self.names(plug_in), [" :0"] * 2)

    def test_separate_debug_file_without_build_id(self) -> None:
        plug_in = self.build("no_id.so", "-g", "-Wl,--build-id=none")
        run("objcopy", "--only-keep-debug", plug_in, "no_id.debug", cwd=self.scratch)
        run("objcopy", "--strip-all", "--add-gnu-debuglink", "no_id.debug", plug_in, cwd=self.scratch)
        self.assert_fully_named(self.names(plug_in))
        other = self.build("other.so", "-g", "-Wl,--build-id=none", "-DOUTER=wrong")
        run("objcopy", "--only-keep-debug", other, "no_id.debug", cwd=self.scratch)
        self.assertEqual(self.names(plug_in), [" :0"] * 2)

    def test_program_that_was_replaced(self) -> None:
        for name, replace in {
            "deleted": lambda program: program.unlink(),
            "replaced": lambda program: shutil.copy(self.program, program.with_suffix(".new")).rename(program),
        }.items():
            with self.subTest(name):
                program = self.scratch / name
                flags = ["-DOUTER=running", "-g", "-O2", "-std=c++20"]
                monitor = os.environ.get(
                    "LOOPSCOPE_MONITOR_LIBRARY", BUILD / "server" / "monitor" / "libloopscope_monitor.a"
                )
                libraries = [
                    monitor,
                    BUILD / "writers" / "system" / "libloopscope_system.a",
                    "-ldw",
                    "-lelf",
                    "-pthread",
                ]
                run(COMPILER, *flags, HERE / "culprit.cpp", "namer.o", *libraries, "-o", program, cwd=self.scratch)
                with Namer(program) as namer:
                    replace(program)
                    self.assertEqual(
                        namer.ask("program")[:2], [f"app::account::charge {INLINED}", f"app::running {CALL}"]
                    )

    def test_library_that_was_replaced(self) -> None:
        plug_in = self.build("live.so", "-g")
        other = self.build("other.so", "-g", "-DOUTER=wrong")
        with Namer(self.program) as namer:
            namer.ask(f"open {plug_in}")
            other.rename(plug_in)
            names = namer.ask("plug-in")
        # /proc/PID/map_files needs a privilege.
        self.assertIn(names[:2], [[f"app::account::charge {INLINED}", f"app::outer {CALL}"], [" :0"] * 2])

    def test_library_at_the_address_of_another(self) -> None:
        first = self.build("first.so", "-g", "-DOUTER=first")
        other = self.build("second.so", "-g", "-DOUTER=other")
        with Namer(self.program) as namer:
            namer.ask(f"open {first}")
            self.assertIn(f"app::first {CALL}", namer.ask("plug-in"))
            before = namer.ask("address")
            namer.ask("close")
            namer.ask(f"open {other}")
            self.assertEqual(namer.ask("address"), before, "the second library is at another address")
            self.assertIn(f"app::other {CALL}", namer.ask("plug-in"))
            # The same path, another file.
            namer.ask("close")
            self.build("third.so", "-g", "-DOUTER=third").rename(other)
            namer.ask(f"open {other}")
            self.assertEqual(namer.ask("address"), before, "the third library is at another address")
            self.assertIn(f"app::third {CALL}", namer.ask("plug-in"))

    def test_an_empty_answer_is_not_kept(self) -> None:
        plug_in = self.build("late.so", "-g")
        run("objcopy", "--only-keep-debug", plug_in, "late.debug", cwd=self.scratch)
        run("objcopy", "--strip-all", "--add-gnu-debuglink", "late.debug", plug_in, cwd=self.scratch)
        hidden = (self.scratch / "late.debug").rename(self.scratch / "hidden")
        with Namer(self.program) as namer:
            namer.ask(f"open {plug_in}")
            self.assertEqual(namer.ask("plug-in"), [" :0"] * 2)
            hidden.rename(self.scratch / "late.debug")
            namer.ask("forget")
            self.assertIn(f"app::outer {CALL}", namer.ask("plug-in"))


if __name__ == "__main__":
    unittest.main()
