"""Where the figures were measured; what cannot be found out is None."""

import os
import platform
import re
import subprocess


def facts(root, data_dir):
    """data_dir is None when the files are written elsewhere."""
    commit = git(root, "rev-parse", "HEAD")
    changes = git(root, "status", "--porcelain") if commit else None
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "file_system": file_system(data_dir) if data_dir else None,
        "load_average_1m": load_average(),
        "commit": commit or None,
        "uncommitted_changes": None if changes is None else changes != "",
    }


def load_average():
    """How busy the machine was in the last minute, in runnable threads."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    return re.sub(r"\s+", " ", value.strip())
    except OSError:
        pass
    return platform.machine() or None


def file_system(path):
    """The type of the file system that holds path, such as ext4."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found = None
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        for mount in mounts:
            left, _, right = mount.partition(" - ")
            if left.split()[2] == wanted:
                found = right.split()[0]
    return found


def git(root, *arguments):
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
