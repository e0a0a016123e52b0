"""What the commands of this folder share: signals, exit codes, argument types."""

import argparse
import signal

from loopscope_load import progress
from loopscope_load.failure import Failure

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked for the end."""

    def __init__(self, number, _frame):
        super().__init__(signal.Signals(number).name)
        self.number = number
        # Cleaning up takes seconds at most; a second Ctrl-C must not leave a server behind.
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)


def stop(number, frame):
    raise Stopped(number, frame)


def run(name, work):
    """Calls work(progress); returns the exit code: 0 done, 1 failed, 128 + N ended by signal N."""
    report_progress = progress.Progress()
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        work(report_progress)
    except Failure as failure:
        report_progress.say(f"{name}: {failure}")
        return 1
    except Stopped as stopped:
        report_progress.say(f"{name}: stopped by {stopped}; nothing is left running.")
        return 128 + stopped.number
    return 0


def positive_number(text):
    """An argparse type."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def positive_seconds(text):
    """An argparse type."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0 and below an hour")
    return seconds
