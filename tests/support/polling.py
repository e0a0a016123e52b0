# SPDX-License-Identifier: MIT

"""Waiting for a condition that has no event of its own."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    condition: Callable[[], Value], what: str, timeout: float = 60, ignored: tuple[type[Exception], ...] = ()
) -> Value:
    """Returns the first true value of condition(). Raises AssertionError with `what` after `timeout` seconds.

    An exception of an `ignored` type counts as false.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            value = condition()
            if value:
                return value
        except ignored:
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)
