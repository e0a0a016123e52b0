"""Installs the packages that are missing and builds the service, quietly unless something fails."""

import os
import re
import shutil
import signal
import subprocess

from loopscope_load.failure import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES_SHOWN = 40
PROGRAMS = ("loopscope", "loopscope-probe")


def install(sections):
    """The installer speaks for itself: it names what it installs and is silent when nothing is missing."""
    if shutil.which("dpkg-query") is None:
        if shutil.which("wrk") is None or ("build" in sections and shutil.which("cmake") is None):
            raise Failure(
                "Packages are missing and this is not a Debian system: install what "
                ".ci/packages.txt lists, then run this again."
            )
        return
    if subprocess.run([os.path.join(ROOT, ".ci", "install-packages.sh"), *sections], check=False).returncode:
        raise Failure("The packages that are missing could not be installed.")


def get_dashboard_modules():
    """Where npm is there, has it fetch what the page is built with; without it the service is built without the page."""
    if shutil.which("npm"):
        subprocess.run(
            [os.path.join(ROOT, ".ci", "install-node-modules.sh"), "server/dashboard"],
            check=False,
            stdin=subprocess.DEVNULL,
        )


def build(progress):
    """Builds the release preset; returns the paths of the service and the probe. Needs no test packages."""
    folder = os.path.join(ROOT, "build")
    os.makedirs(folder, exist_ok=True)
    log_path = os.path.join(folder, "demo-build.log")
    get_dashboard_modules()
    configure = ["cmake", "--preset", "release"]
    if not os.path.exists(os.path.join(folder, "CMakeCache.txt")):
        configure += ["-D", "LOOPSCOPE_BUILD_TESTS=OFF", "-D", "LOOPSCOPE_BUILD_BENCH=OFF"]
    with open(log_path, "w", encoding="utf-8") as log, progress.step("Building loopscope"):
        run(configure, log, progress)
        run(["cmake", "--build", "--preset", "release", "--target", *PROGRAMS], log, progress)
    binaries = [os.path.join(folder, "bin", name) for name in PROGRAMS]
    for binary in binaries:
        if not os.access(binary, os.X_OK):
            raise Failure(f"The build ended well but left no {binary}.")
    return binaries


def run(command, log, progress):
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
    try:
        for line in process.stdout:
            log.write(line)
            step = re.match(r"\[(\d+)/(\d+)\]", line)
            if step:
                progress.show(f"Building loopscope: {step[1]} of {step[2]}")
        code = process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)  # the compilers too, not just cmake
            process.wait()
        process.stdout.close()
    if code:
        log.flush()
        with open(log.name, encoding="utf-8", errors="replace") as text:
            end = "".join("  | " + line for line in text.readlines()[-LINES_SHOWN:])
        raise Failure(f"'{' '.join(command)}' failed:\n{end}  The whole output is in {log.name}.")
