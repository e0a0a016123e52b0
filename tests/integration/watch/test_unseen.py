# SPDX-License-Identifier: MIT

"""Programs that `loopscope watch` cannot see, or only in part: each is left as it is, and the report says why."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from typing import Any

from watcher import run

# Waits for events 60 times, or as often as it is told; blocks its loop for 200 ms on the way.
LOOPS = """
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
int main(int count, char** arguments) {
  int times = count > 1 ? atoi(arguments[1]) : 60;
  int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec each = {{0, 10000000}, {0, 10000000}};
  struct epoll_event event = {.events = EPOLLIN};
  timerfd_settime(timer, 0, &each, 0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
  for (int i = 0; i < times; ++i) {
    uint64_t expirations;
    epoll_wait(epoll, &event, 1, -1);
    if (read(timer, &expirations, 8) != 8) return 1;
    if (i == 30) nanosleep(&(struct timespec){1, 0}, 0);
  }
  return 3;
}
"""
# Has a ring, and waits for 1.5 s without libc's calls for events. Ends with 77 where the kernel gives no ring.
USES_IO_URING = """
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  char parameters[120];
  memset(parameters, 0, sizeof parameters);
  if (syscall(SYS_io_uring_setup, 8, parameters) < 0) return 77;
  usleep(1500000);
  return 3;
}
"""
SPINS = """
#include <time.h>
int main(void) {
  time_t start = time(0);
  while (time(0) - start < 4) {}
  return 3;
}
"""
GO = """
package main
import ("os"; "time")
func main() { time.Sleep(time.Second); os.Exit(3) }
"""


def runs(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


@functools.cache
def new_namespace() -> tuple[str, ...]:
    """A command before another one, which then runs in a PID namespace of its own; empty where that is forbidden."""
    for command in (("unshare", "--pid", "--fork"), ("unshare", "--user", "--map-root-user", "--pid", "--fork")):
        if runs(*command, "true"):
            return command
    return ()


class Unseen(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="loopscope-watch.")))
        self.folder.chmod(0o755)

    def build(self, source: str, *compiler: str, name: str = "program") -> str:
        if compiler and not shutil.which(compiler[0]):
            self.skipTest(f"{compiler[0]} is not installed")
        file, binary = self.folder / f"{name}.c", self.folder / name
        file.write_text(source)
        made = subprocess.run([*(compiler or ("cc",)), "-o", binary, file], capture_output=True, check=False)
        if made.returncode:
            self.skipTest(f"{compiler} does not compile here")
        return str(binary)

    def watch(self, *command: str, status: int = 3, **options: Any) -> dict[str, Any]:
        report = self.folder / "json"
        # A busy machine adds no stalls above the threshold.
        done = run(*command, flags=("--quiet", "--threshold", "150ms", "--json", str(report)), **options)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        document: dict[str, Any] = json.loads(report.read_text())
        return document

    def assert_said(self, document: dict[str, Any], words: str) -> None:
        said = [text for process in document["processes"] for text in process["unseen"]]
        self.assertTrue(any(words in text for text in said), said)

    def assert_unseen(self, document: dict[str, Any], words: str) -> None:
        self.assert_said(document, words)
        self.assertEqual(document["stalls"], [])

    def test_a_static_program(self) -> None:
        self.assert_unseen(self.watch(self.build(LOOPS, "cc", "-static")), "linked statically")

    def test_a_static_program_of_musl(self) -> None:
        self.assert_unseen(self.watch(self.build(LOOPS, "musl-gcc", "-static")), "linked statically")

    def test_a_program_with_musl_goes_on(self) -> None:
        self.watch(self.build(LOOPS, "musl-gcc"))

    def test_a_go_program(self) -> None:
        if not shutil.which("go"):
            self.skipTest("there is no Go compiler")
        source = self.folder / "program.go"
        source.write_text(GO)
        variables = os.environ | {"GOCACHE": str(self.folder / "cache"), "GOPATH": str(self.folder / "path")}
        binary = str(self.folder / "program")
        subprocess.run(["go", "build", "-o", binary, source], env=variables, check=True)
        self.assert_unseen(self.watch(binary), "Go program")

    def test_a_program_of_io_uring(self) -> None:
        program = self.build(USES_IO_URING)
        if subprocess.run([program], check=False).returncode == 77:
            self.skipTest("the kernel gives no ring")
        self.assert_unseen(self.watch(program), "io_uring")

    def test_a_program_that_never_waits(self) -> None:
        self.assert_unseen(self.watch(self.build(SPINS)), "without a wait")

    @unittest.skipIf(os.geteuid(), "only root gives another user's rights away")
    def test_a_program_with_the_rights_of_its_file(self) -> None:
        program = self.build(LOOPS)
        os.chmod(program, 0o4755)
        # The watcher is another user as well.
        report = self.folder / "json"
        report.touch()
        self.folder.chmod(0o777)
        document = self.watch(program, user=1)
        self.assert_unseen(document, "gained rights")

    def test_a_program_in_another_namespace_is_told_by_its_id_here(self) -> None:
        if not (before := new_namespace()):
            self.skipTest("no PID namespace can be made here")
        (stall,) = self.watch(*before, self.build(LOOPS, name="inside"))["stalls"]
        self.assertNotEqual(stall["pid"], 1)
        self.assertEqual((stall["thread_name"], stall["verdict"]), ("inside", "off_cpu"))
        self.assertEqual(stall["syscall"], "clock_nanosleep")

    def test_programs_that_share_an_id_are_not_taken_for_one_another(self) -> None:
        if not (before := new_namespace()):
            self.skipTest("no PID namespace can be made here")
        both = " ".join((*before, self.build(LOOPS), "400"))
        # It is said also when both have ended some time ago.
        document = self.watch("sh", "-c", f"{both} & {both}; wait; sleep 2", status=0)
        self.assert_said(document, "several PID namespaces")
        # One may have been known before the other one came.
        self.assertLessEqual({stall["thread_name"] for stall in document["stalls"]}, {"program"})


if __name__ == "__main__":
    unittest.main()
