# SPDX-License-Identifier: MIT

"""Runs commands under `loopscope watch`."""

import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

BINARY = pathlib.Path(
    os.environ.get("LOOPSCOPE_BINARY") or pathlib.Path(__file__).resolve().parents[3] / "build/bin/loopscope"
)
LIBRARY_NAME = "libloopscope-watch.so"


def install(folder: pathlib.Path, library_folder: pathlib.Path | None) -> str:
    """Puts the program into `folder` and the library into the other one. Returns the program's path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "loopscope"
    shutil.copy(BINARY, program)
    if library_folder:
        library_folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(BINARY.parent / LIBRARY_NAME, library_folder / LIBRARY_NAME)
    return str(program)


@functools.cache
def installed() -> tuple[tempfile.TemporaryDirectory[str], str]:
    directory = tempfile.TemporaryDirectory(prefix="loopscope-watch.")
    os.chmod(directory.name, 0o755)  # for commands that become another user's
    folder = pathlib.Path(directory.name) / "bin"
    return directory, install(folder, folder)


def watch_command(*command: str | bytes, flags: tuple[str, ...] = ("--quiet",)) -> list[str | bytes]:
    return [installed()[1], "watch", *flags, "--", *command]


def run(
    *command: str | bytes, flags: tuple[str, ...] = ("--quiet",), **options: Any
) -> subprocess.CompletedProcess[str]:
    """The command's result under watch."""
    options.setdefault("text", True)
    return subprocess.run(watch_command(*command, flags=flags), capture_output=True, timeout=60, check=False, **options)
