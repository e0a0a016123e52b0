# SPDX-License-Identifier: MIT

"""The page cache as the kernel tells it: one file's pages by cachestat(2), the machine's by /proc/meminfo."""

import ctypes
import os
import re

from loopscope_load import Json
from loopscope_load.terminal import Failure

CACHESTAT = 451  # the same number on every architecture; Linux 6.5 and newer
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class _Range(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_uint64), ("length", ctypes.c_uint64)]


class _Pages(ctypes.Structure):
    _fields_ = [
        ("cached", ctypes.c_uint64),
        ("dirty", ctypes.c_uint64),
        ("writeback", ctypes.c_uint64),
        ("evicted", ctypes.c_uint64),
        ("recently_evicted", ctypes.c_uint64),
    ]


def of_descriptor(descriptor: int) -> Json:
    """{"cached_bytes", "dirty_bytes", "writeback_bytes"} of an open file. Raises Failure where the kernel cannot tell."""
    libc = ctypes.CDLL(None, use_errno=True)
    everything, pages = _Range(0, 0), _Pages()
    if libc.syscall(CACHESTAT, descriptor, ctypes.byref(everything), ctypes.byref(pages), 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Failure(f"cachestat(2), which tells a file's pages in the cache, needs Linux 6.5 or newer ({reason}).")
    return {
        "cached_bytes": pages.cached * PAGE_BYTES,
        "dirty_bytes": pages.dirty * PAGE_BYTES,
        "writeback_bytes": pages.writeback * PAGE_BYTES,
    }


def of_folder(folder: str) -> Json:
    """The sum over the regular files of the folder. Raises Failure as of_descriptor()."""
    total = {"cached_bytes": 0, "dirty_bytes": 0, "writeback_bytes": 0}
    for entry in os.scandir(folder):
        try:
            if not entry.is_file(follow_symlinks=False):
                continue
            descriptor = os.open(entry.path, os.O_RDONLY)
        except OSError:
            continue  # renamed or removed meanwhile
        try:
            for name, size_bytes in of_descriptor(descriptor).items():
                total[name] += size_bytes
        finally:
            os.close(descriptor)
    return total


def machine() -> Json:
    """{"total_bytes", "available_bytes", "cached_bytes"}: the machine's memory and the part that is page cache."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        found = {name: int(kib) * 1024 for name, kib in re.findall(r"(?m)^(\w+): +(\d+) kB$", lines.read())}
    return {
        "total_bytes": found["MemTotal"],
        "available_bytes": found["MemAvailable"],
        "cached_bytes": found["Cached"],
    }


def life_of(path: str) -> Json:
    """What is in the page cache of a file that its writer has closed: then, after fsync, evicted, and read back."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        closed = of_descriptor(descriptor)
        os.fsync(descriptor)
        synced = of_descriptor(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        evicted = of_descriptor(descriptor)
        while os.read(descriptor, 1 << 20):
            pass
        return {
            "size_bytes": os.fstat(descriptor).st_size,
            "closed": closed,
            "synced": synced,
            "evicted": evicted,
            "read_back": of_descriptor(descriptor),
        }
    finally:
        os.close(descriptor)
