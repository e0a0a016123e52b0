# SPDX-License-Identifier: MIT

"""The parts that the commands of load/bench share. Importing this package makes loopscope_load importable."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
