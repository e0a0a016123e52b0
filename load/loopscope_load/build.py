# SPDX-License-Identifier: MIT

"""Installs missing packages and builds the service, quietly unless something fails."""

import argparse
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from typing import TextIO

from loopscope_load.terminal import Failure, Progress

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOG_LINES_MAX = 40
PROGRAMS = ("loopscope", "loopscope-probe")


def install(*sections: str) -> None:
    """Installs the sections of .ci/packages.txt. The installer names what it installs or cannot, or prints nothing."""
    if subprocess.run([os.path.join(ROOT, ".ci", "install-packages.sh"), *sections], check=False).returncode:
        raise Failure("The missing packages could not be installed.")


def programs(options: argparse.Namespace, progress: Progress) -> tuple[str, str]:
    """The paths of the service and the probe: those of --server and --probe, or else of a new build."""
    if options.server:
        install("demo")
        return options.server, options.probe
    install("build", "charts", "demo")
    return build(progress)


def build(progress: Progress) -> tuple[str, str]:
    """Builds the release preset, without packages for tests. Returns the paths of the service and the probe."""
    folder = os.path.join(ROOT, "build")
    os.makedirs(folder, exist_ok=True)
    log_path = os.path.join(folder, "demo-build.log")
    configure = ["cmake", "--preset", "release"]
    if not os.path.exists(os.path.join(folder, "CMakeCache.txt")):
        configure += ["-D", "LOOPSCOPE_BUILD_TESTS=OFF", "-D", "LOOPSCOPE_BUILD_BENCH=OFF"]
    with open(log_path, "w", encoding="utf-8") as log, progress.step("Building loopscope"):
        _run(configure, log, progress)
        _run(["cmake", "--build", "--preset", "release", "--target", *PROGRAMS], log, progress)
    server, probe = (os.path.join(folder, "bin", name) for name in PROGRAMS)
    for binary in (server, probe):
        if not os.access(binary, os.X_OK):
            raise Failure(f"The build succeeded but there is no {binary}.")
    return server, probe


def _run(command: Sequence[str], log: TextIO, progress: Progress) -> None:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            log.write(line)
            step = re.match(r"\[(\d+)/(\d+)\]", line)
            if step:
                progress.show(f"Building loopscope: {step[1]} of {step[2]}")
        code = process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)  # the compilers too, not only cmake
            process.wait()
        process.stdout.close()
    if code:
        log.flush()
        with open(log.name, encoding="utf-8", errors="replace") as text:
            end = "".join("  | " + line for line in text.readlines()[-LOG_LINES_MAX:])
        raise Failure(f"'{' '.join(command)}' failed:\n{end}  The whole output is in {log.name}.")
