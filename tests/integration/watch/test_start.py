# SPDX-License-Identifier: MIT

"""How `loopscope watch` starts a command: nothing in it is other than under a shell. Signals and exit status."""

import contextlib
import fcntl
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import unittest
from typing import Any

from polling import wait_until
from watcher import BINARY, install, run, watch_command

TIMES = 20

SURROUNDINGS = """
import json, os, resource
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
umask = os.umask(0)
print(json.dumps({
    "descriptors": {n: os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                    if os.path.exists(f"/proc/self/fd/{n}") and "pipe" not in os.readlink(f"/proc/self/fd/{n}")
                    and "/proc/" not in os.readlink(f"/proc/self/fd/{n}")},
    "descriptor_count": len(os.listdir("/proc/self/fd")),
    "directory": os.getcwd(), "umask": umask, "nice": os.nice(0), "group": os.getpgrp(), "session": os.getsid(0),
    "limits": [resource.getrlimit(n) for n in range(16)], "oom": open("/proc/self/oom_score_adj").read(),
    "signals": {key: value for key, value in status.items() if key in ("SigBlk", "SigIgn", "SigPnd", "ShdPnd")},
    "environment": {k: v for k, v in os.environ.items() if k not in
        ("LD_PRELOAD", "LOOPSCOPE_WATCH_MAP", "NODE_OPTIONS", "PYTHONPERFSUPPORT")},
}))
"""


def unusual_surroundings() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o027)
    os.nice(3)
    os.chdir("/usr")


class Surroundings(unittest.TestCase):
    def test_the_command_finds_what_it_finds_without_a_watcher(self) -> None:
        command = [sys.executable, "-c", SURROUNDINGS]
        with open("/dev/null", "rb") as kept:
            options: dict[str, Any] = {
                "preexec_fn": unusual_surroundings,
                "pass_fds": [kept.fileno()],
                "stdin": subprocess.DEVNULL,
            }
            alone = subprocess.run(command, capture_output=True, check=True, **options)
            # For runtime names, Python 3.13 keeps a file open.
            watched = run(*command, flags=("--quiet", "--no-runtime-names"), **options)
        self.assertEqual(watched.returncode, 0, watched.stderr)
        self.assertEqual(json.loads(watched.stdout), json.loads(alone.stdout))

    def test_closed_standard_descriptors_stay_closed(self) -> None:
        code = "import os; os.write(2, repr([os.path.exists(f'/proc/self/fd/{n}') for n in (0, 1, 2)]).encode())"
        shell = 'exec "$@" <&- >&-'
        result = subprocess.run(
            [
                "sh",
                "-c",
                shell,
                "sh",
                *watch_command(sys.executable, "-c", code, flags=("--quiet", "--no-runtime-names")),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertTrue(result.stderr.endswith("[False, False, True]"), result.stderr)

    def test_stdin_is_the_commands(self) -> None:
        self.assertEqual(run("tr", "a-z", "A-Z", input="hello " * 50_000).stdout, "HELLO " * 50_000)

    def test_a_pipes_writer_learns_that_the_command_has_closed_it(self) -> None:
        reading = "exec <&-; echo closed; exec sleep 100"
        with subprocess.Popen(
            watch_command("sh", "-c", reading), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin and process.stdout
            self.assertEqual(process.stdout.readline(), b"closed\n")

            def fails() -> bool:
                assert process.stdin
                try:
                    os.write(process.stdin.fileno(), b"x" * 65536)
                except BrokenPipeError:
                    return True
                return False

            wait_until(fails, "the pipe to be broken")
            process.terminate()

    def test_arguments_arrive_as_they_are(self) -> None:
        odd = ["", " ", "[a,b]", "--json", "--", "-h", "a\nb", "$HOME", "'\"\\", "*", "=", "\x1b[31m", "ü"]
        code = "import sys, json; print(json.dumps(sys.argv[1:]))"
        self.assertEqual(json.loads(run(sys.executable, "-c", code, *odd).stdout), odd)
        self.assertEqual(run("printf", "%s", b"\xff\xfe", text=False).stdout, b"\xff\xfe")

    def test_the_command_begins_at_the_first_argument_that_is_no_flag(self) -> None:
        program = watch_command()[0]
        for arguments in (("echo", "--json", "x"), ("--threshold", "5ms", "--quiet", "echo", "--json", "x")):
            result = subprocess.run(
                [program, "watch", *arguments], capture_output=True, text=True, timeout=60, check=False
            )
            self.assertEqual(result.stdout, "--json x\n", result.stderr)

    def test_what_the_environment_gets_is_kept_apart_from_what_it_had(self) -> None:
        had = {"LD_PRELOAD": "/none.so", "NODE_OPTIONS": "--title=x", "PATH": os.environ["PATH"]}
        got = dict(line.split("=", 1) for line in run("env", env=had).stdout.splitlines())
        self.assertRegex(got["LD_PRELOAD"], r"^/.*/libloopscope-watch\.so:/none\.so$")
        self.assertEqual(
            got["NODE_OPTIONS"], "--title=x --perf-basic-prof-only-functions --interpreted-frames-native-stack"
        )
        self.assertEqual(got["PYTHONPERFSUPPORT"], "1")
        self.assertRegex(got["LOOPSCOPE_WATCH_MAP"], r"^/proc/\d+/fd/\d+$")
        plain = run("env", env=had, flags=("--quiet", "--no-runtime-names")).stdout
        self.assertIn("NODE_OPTIONS=--title=x\n", plain)
        self.assertNotIn("PYTHONPERFSUPPORT", plain)


class Start(unittest.TestCase):
    def test_a_command_that_is_not_found_is_127(self) -> None:
        for command in ("no-such-command", "/no/such/file", "/etc/passwd/x", ""):
            for _ in range(TIMES):
                result = run(command)
                self.assertEqual(result.returncode, 127, result.stderr)
                self.assertRegex(result.stderr, r"^loopscope: watch: .*(not found|Not a directory)\n$")

    def test_a_command_that_is_not_executable_is_126(self) -> None:
        for command, reason in (("/etc/passwd", "Permission denied"), ("/", "is a directory")):
            for _ in range(TIMES):
                result = run(command)
                self.assertEqual(result.returncode, 126)
                self.assertEqual(result.stderr, f"loopscope: watch: {command}: {reason}\n")

    def test_no_command_is_bad_usage(self) -> None:
        usages: tuple[list[str], ...] = ([], ["--"], ["--quiet"], ["--threshold"], ["--bogus", "ls"])
        for arguments in (*usages, ["--fail-above", "x", "ls"]):
            result = subprocess.run(
                [str(BINARY), "watch", *arguments], capture_output=True, text=True, timeout=60, check=False
            )
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn("--help", result.stderr)

    def test_scripts_and_relative_paths_start_as_from_a_shell(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            script = pathlib.Path(name) / "script"
            script.write_text("echo $0 $1; exit 3\n")
            script.chmod(0o755)
            result = run("./script", "one", cwd=name)
            self.assertEqual((result.returncode, result.stdout), (3, "./script one\n"))
            script.write_text("#!/no/such/interpreter\n")
            result = run("./script", cwd=name)
            self.assertEqual(result.returncode, 127)
            self.assertIn("its interpreter or loader is not found", result.stderr)

    def test_the_library_is_found_beside_the_program_or_in_lib(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            for number, folder in enumerate(("bin", "lib/loopscope", "lib", "a b/bin", None)):
                root = pathlib.Path(name) / str(number)
                program = install(
                    root / ("a b/bin" if folder == "a b/bin" else "bin"), root / folder if folder else None
                )
                result = subprocess.run(
                    [program, "watch", "--quiet", "--", "grep", "-c", "libloopscope-watch.so", "/proc/self/maps"],
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                if folder:
                    self.assertEqual((result.returncode, result.stderr), (0, ""), folder)
                else:
                    self.assertEqual(result.returncode, 1)
                    self.assertIn("libloopscope-watch.so", result.stderr)


class Ends(unittest.TestCase):
    def test_the_exit_code_is_the_commands(self) -> None:
        for code in (0, 1, 2, 42, 255):
            self.assertEqual(run("sh", "-c", f"exit {code}").returncode, code)
        for _ in range(TIMES):
            self.assertEqual(run("true").returncode, 0)

    def test_a_signal_is_128_and_its_number(self) -> None:
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            self.assertEqual(run("sh", "-c", f"kill -{number} $$").returncode, 128 + number)

    def test_an_ignored_sigchld_does_not_hide_it(self) -> None:
        result = run("sh", "-c", "exit 9", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(result.returncode, 9)

    def test_a_process_that_detaches_itself_outlives_the_watcher_below_init(self) -> None:
        code = """
import os, sys, time
if os.fork(): os._exit(5)
os.setsid()
if os.fork(): os._exit(0)
for n in (0, 1, 2): os.dup2(os.open(os.devnull, os.O_RDWR), n)
open(sys.argv[1], "w").write(f"{os.getpid()}\\n")
time.sleep(100)
"""
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "pid"
            self.assertEqual(run(sys.executable, "-c", code, str(file)).returncode, 5)
            daemon = int(wait_until(lambda: file.read_text().strip(), "the daemon", ignored=(OSError,)))
            self.addCleanup(os.kill, daemon, signal.SIGKILL)
            stat = pathlib.Path(f"/proc/{daemon}/stat").read_text().rsplit(")", 1)[1].split()
            self.assertNotEqual(stat[0], "Z")
            self.assertNotIn("loopscope", pathlib.Path(f"/proc/{stat[1]}/comm").read_text())

    def test_unusual_commands_end_as_without_a_watcher(self) -> None:
        closes = "import os; os.closerange(0, 65536); os._exit(6)"
        threads = "import threading as t; a=[t.Thread(target=lambda: 0) for _ in range(64)]; [x.start() for x in a]"
        own = "import os; e=dict(os.environ, LD_PRELOAD=''); os.execvpe('sh', ['sh', '-c', 'exit 6'], e)"
        for command, code in (
            (["sh", "-c", "exec sh -c 'exec sh -c \"exit 6\"'"], 6),
            ([sys.executable, "-c", closes], 6),
            (["env", "-i", "/bin/sh", "-c", "exit 6"], 6),
            ([sys.executable, "-c", threads], 0),
            ([sys.executable, "-c", own], 6),
        ):
            for _ in range(TIMES):
                result = run(*command)
                self.assertEqual((result.returncode, result.stderr), (code, ""), command)

    @unittest.skipIf(os.getuid() != 0, "only root may become another user")
    def test_a_command_may_become_another_user(self) -> None:
        for _ in range(TIMES):
            result = run("setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", "id -u; exit 6", cwd="/")
            self.assertEqual((result.returncode, result.stdout), (6, "65534\n"), result.stderr)


# It waits with sigwait(): a handler in Python would run only after the next signal where one comes right before pause().
RECORDER = """
import os, signal
noted = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM}
signal.pthread_sigmask(signal.SIG_BLOCK, noted)
os.write(1, f"{os.getpid()}\\n".encode())
while (number := signal.sigwait(noted)) != signal.SIGALRM:
    os.write(1, f"{signal.Signals(number).name}\\n".encode())
os._exit(4)
"""


def leave_terminal() -> None:
    """Otherwise the watcher is a job of the shell that runs this test: it stops with its command until that continues it."""
    with contextlib.suppress(OSError):  # there is none
        terminal = os.open("/dev/tty", os.O_RDWR)
        fcntl.ioctl(terminal, termios.TIOCNOTTY)
        os.close(terminal)


class Recorder:
    """A watched command that prints the signals it gets, and ends with 4 on SIGALRM."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            # In a group of its own, which is no orphaned one whatever runs this test: the kernel stops no process of those.
            watch_command(sys.executable, "-c", RECORDER),
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
            preexec_fn=leave_terminal,
        )
        self.pid = int(self.line())

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.communicate(timeout=30)

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def state(self, pid: int | None = None) -> str:
        return pathlib.Path(f"/proc/{pid or self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


class Signals(unittest.TestCase):
    def test_what_is_sent_to_the_watcher_reaches_the_command_once(self) -> None:
        with Recorder() as command:
            for name in ("SIGTERM", "SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGTERM"):
                command.process.send_signal(getattr(signal, name))
                self.assertEqual(command.line(), name)
            os.kill(command.pid, signal.SIGALRM)
            output, _ = command.process.communicate(timeout=30)
            self.assertEqual((output, command.process.returncode), ("", 4))

    def test_a_killed_watcher_leaves_the_command_alone(self) -> None:
        with Recorder() as command:
            command.process.kill()
            command.process.wait(timeout=30)
            os.kill(command.pid, signal.SIGUSR1)
            self.assertEqual(command.line(), "SIGUSR1")
            os.kill(command.pid, signal.SIGKILL)

    def test_a_command_is_stopped_and_continued(self) -> None:
        with Recorder() as command:
            for _ in range(TIMES):
                for stop in (signal.SIGSTOP, signal.SIGTSTP):
                    os.kill(command.pid, stop)
                    wait_until(lambda: command.state() == "T", "the command to stop")
                    os.kill(command.pid, signal.SIGCONT)
                    wait_until(lambda: command.state() != "T", "the command to go on")
            self.assertNotEqual(command.state(command.process.pid), "T")
            command.process.send_signal(signal.SIGUSR1)
            self.assertEqual(command.line(), "SIGUSR1")

    def test_a_stop_and_a_continuation_of_the_watcher_are_passed_on(self) -> None:
        with Recorder() as command:
            command.process.send_signal(signal.SIGTSTP)
            wait_until(lambda: command.state() == "T", "the command to stop")
            wait_until(lambda: command.state(command.process.pid) in "ST", "the watcher to follow")
            command.process.send_signal(signal.SIGCONT)
            wait_until(lambda: command.state() != "T", "the command to go on")


if __name__ == "__main__":
    unittest.main()
