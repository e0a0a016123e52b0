"""Watching a server on a thread while it is measured."""

import threading


class SampleWatch:
    """A context manager that collects samples on a thread; samples is complete when it has ended.

    A subclass has collect_(), which appends to samples until ending_ is set, and looks at that at least every
    longest_wait_s.
    """

    longest_wait_s = 5

    def __init__(self):
        self.thread_ = threading.Thread(target=self.collect_, daemon=True)
        self.ending_ = threading.Event()
        self.samples = []

    def __enter__(self):
        self.thread_.start()
        return self

    def __exit__(self, *_):
        self.ending_.set()
        self.thread_.join(self.longest_wait_s + 1)
