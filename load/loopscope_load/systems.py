"""The systems that can be measured: how each is started and which methods it has."""

import os
import shutil
import subprocess

from loopscope_load.build import ROOT
from loopscope_load.claims import CLAIMS, METHODS
from loopscope_load.failure import Failure

NODE_MAJOR_MIN = 18


class Loopscope:
    name = "loopscope"
    methods = METHODS

    def __init__(self, binary, file_io):
        self.binary_ = binary
        self.file_io_ = file_io

    def command(self, data_dir):
        return [
            self.binary_,
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--data-dir",
            data_dir,
            "--file-io",
            self.file_io_,
        ]

    def version(self):
        return version_of([self.binary_, "--version"])


class NodePeer:
    """load/peers/node: the articles' methods, so partition and offload are not among them."""

    name = "node"
    methods = tuple(CLAIMS)

    def __init__(self):
        self.node_ = shutil.which("node") or shutil.which("nodejs")
        if self.node_ is None:
            raise Failure("--peer node needs Node.js (Debian package nodejs), which is not installed.")
        major = int((self.version() or "v0").lstrip("v").split(".")[0])
        if major < NODE_MAJOR_MIN:
            raise Failure(f"--peer node needs Node.js {NODE_MAJOR_MIN} or newer; {self.node_} is {self.version()}.")

    def command(self, data_dir):
        return [
            self.node_,
            os.path.join(ROOT, "load", "peers", "node", "server.js"),
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data_dir,
        ]

    def version(self):
        return version_of([self.node_, "--version"])


def version_of(command):
    """The first line that the command prints; None when it cannot be had."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout.strip().splitlines() or [None])[0]
