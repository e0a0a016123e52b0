# SPDX-License-Identifier: MIT

"""Directories on several file systems to measure in: the working one, tmpfs, and xfs on a loop device.

The xfs image is mounted in a mount namespace of this process alone, and its file is unlinked at once. The kernel therefore
unmounts it, detaches the loop device and frees the space when this process ends, however it ends.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

CLONE_NEWNS = 0x00020000
XFS_BYTES = 512 << 20  # mkfs.xfs needs at least 300 MB
TMPFS = "/dev/shm"


class Unavailable(Exception):
    """The reason why there is no such file system here."""


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed") from None
    if done.returncode:
        raise Unavailable(f"{command[0]}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
    return done.stdout.strip()


def type_of(directory: pathlib.Path | str) -> str:
    return _run("df", "--output=fstype", str(directory)).splitlines()[-1].strip()


@contextlib.contextmanager
def _directory(parent: str) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix="file_systems.", dir=parent) as path:
        yield pathlib.Path(path)


@contextlib.contextmanager
def working() -> Iterator[pathlib.Path]:
    with _directory(".") as path:
        yield path


@contextlib.contextmanager
def tmpfs() -> Iterator[pathlib.Path]:
    if not os.path.isdir(TMPFS) or type_of(TMPFS) != "tmpfs":
        raise Unavailable(f"{TMPFS} is not a tmpfs")
    with _directory(TMPFS) as path:
        yield path


@contextlib.contextmanager
def xfs() -> Iterator[pathlib.Path]:
    if os.geteuid() != 0:
        raise Unavailable("a loop device needs root")
    if not shutil.which("mkfs.xfs"):
        raise Unavailable("mkfs.xfs is not installed (xfsprogs)")
    with _directory(".") as path:
        image = path / "image"
        with image.open("wb") as file:
            file.truncate(XFS_BYTES)
        _run("mkfs.xfs", "-q", str(image))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) != 0:
            raise Unavailable(f"unshare: {os.strerror(ctypes.get_errno())}")
        _run("mount", "--make-rprivate", "/")
        mounted = path / "xfs"
        mounted.mkdir()
        _run("mount", "-o", "loop", str(image), str(mounted))
        try:
            image.unlink()
            yield mounted
        finally:
            _run("umount", "--lazy", str(mounted))


@contextlib.contextmanager
def directories() -> Iterator[dict[str, pathlib.Path | Unavailable]]:
    """Yields the directory of each file system, or the reason why there is none."""
    with contextlib.ExitStack() as stack:
        found: dict[str, pathlib.Path | Unavailable] = {}
        for enter in (working, xfs, tmpfs):
            try:
                path = stack.enter_context(enter())
                found[type_of(path) if enter is working else enter.__name__] = path
            except Unavailable as reason:
                found[enter.__name__] = reason
        yield found
