# SPDX-License-Identifier: MIT

"""A new write method is one file and one row.

Adds a method to a scratch copy of writers/ (a file in methods/ and a row in table.cpp, nothing else), builds the library
from it and runs the method by its name. The service has no list of its own: no other source names a method.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LOOPSCOPE_BUILD_DIR", ROOT / "build")).resolve()
COMPILER = os.environ.get("LOOPSCOPE_CXX", "c++")

METHOD = """
#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {

boost::asio::awaitable<error_code> write_reversed(write_task& task) {
  for (std::uint64_t left = task.count; left > 0; --left)
    if (const error_code error = blocking_write_all(task.file, record{left - 1}.bytes())) co_return error;
  co_return error_code{};
}

}  // namespace loopscope::writers
"""
ROW = """
    method{
        .name = "reversed",
        .effect = loop_effect::blocked,
        .back_ends = back_end_use::none,
        .description = "the last record first",
        .shows = "The file is complete and out of order.",
        .memory_bytes = &one_record,
        .run = &write_reversed,
    },
"""
PROGRAM = """
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>

#include "writers/write_run.hpp"

namespace asio = boost::asio;
namespace writers = loopscope::writers;

int main() {
  asio::io_context io{1};
  writers::io_pool pool{1};
  loopscope::system::peak_memory_meter memory;
  writers::write_environment environment{".", pool, memory};
  writers::write_progress progress;
  writers::write_request request;
  request.method = writers::find_method("reversed");
  request.count = 3;
  request.verify = true;
  for (const auto& each : writers::all_methods()) std::cout << each.name << ' ';
  std::cout << std::endl;
  asio::co_spawn(asio::any_io_executor{io.get_executor()}, writers::run_write(request, environment, progress, {}),
                 [](std::exception_ptr, writers::file_result<writers::write_report> report) {
                   if (report) std::cout << report->method->name << ' ' << report->content->complete << std::endl;
                 });
  io.run();
  pool.join();
}
"""
DECLARATIONS = "run_function write_sync,"
END_OF_TABLE = "};\n\n}  // namespace\n"


def add_method(writers: pathlib.Path) -> None:
    (writers / "methods" / "reversed.cpp").write_text(METHOD)
    table = writers / "methods" / "table.cpp"
    text = table.read_text()
    assert text.count(DECLARATIONS) == 1 and text.count(END_OF_TABLE) == 1, "table.cpp has another shape"
    text = text.replace(DECLARATIONS, "run_function write_reversed, write_sync,")
    table.write_text(text.replace(END_OF_TABLE, ROW.lstrip("\n") + END_OF_TABLE))


def unity(sources: list[pathlib.Path]) -> str:
    return "".join(f'#include "{source}"\n' for source in sources)


class NewMethod(unittest.TestCase):
    def test_it_takes_a_file_and_a_row(self) -> None:
        with tempfile.TemporaryDirectory(prefix="loopscope-method.") as name:
            scratch = pathlib.Path(name)
            shutil.copytree(ROOT / "writers", scratch / "writers")
            add_method(scratch / "writers")
            sources = [path for path in sorted((scratch / "writers").rglob("*.cpp")) if path.name != "asio.cpp"]
            (scratch / "program.cpp").write_text(unity(sources) + PROGRAM)
            asio = BUILD / "writers" / "libloopscope_asio.a"
            command = [
                COMPILER,
                "-std=c++20",
                "-O0",
                "-w",
                f"-I{scratch}",
                "-DBOOST_ASIO_SEPARATE_COMPILATION",
                "-DBOOST_ASIO_NO_DEPRECATED",
                "-DBOOST_ASIO_HAS_IO_URING",
                "program.cpp",
                str(asio),
                "-luring",
                "-pthread",
                "-o",
                "program",
            ]
            built = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            self.assertEqual(built.returncode, 0, built.stderr)
            done = subprocess.run(["./program"], cwd=scratch, capture_output=True, text=True, check=True, timeout=60)
            listed, ran = done.stdout.splitlines()
            self.assertTrue(listed.endswith(" offload reversed "), listed)
            self.assertEqual(ran, "reversed 1")
            self.assertEqual((scratch / "reversed.txt").read_text(), " 2  1  0 ")

    def test_no_other_source_names_a_method(self) -> None:
        table = (ROOT / "writers" / "methods" / "table.cpp").read_text()
        names = re.findall(r'\.name = "(\w+)"', table)
        self.assertGreaterEqual(len(names), 6)
        excluded = (
            ROOT / "writers" / "methods",
            ROOT / "server" / "monitor",
        )  # the monitor names system calls: sync(2)
        literal = re.compile(r'"(' + "|".join(names) + r')"')
        found = [
            (str(path.relative_to(ROOT)), match.group(0))
            for top in ("writers", "server")
            for path in (ROOT / top).rglob("*.[ch]pp")
            if not any(path.is_relative_to(folder) for folder in excluded) and "node_modules" not in path.parts
            for match in literal.finditer(path.read_text())
        ]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
