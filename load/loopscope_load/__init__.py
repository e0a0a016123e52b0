# SPDX-License-Identifier: MIT

"""The modules behind the commands of load/. They need Python's standard library only."""

from typing import Any

Json = dict[str, Any]  # an object of a JSON document: its schema or its source says what is in it
